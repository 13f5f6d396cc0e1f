"""YAML as this product reads it: plain data with the place of every value, and nothing clever.

Refused: more than 1 MiB, more than one document, duplicate keys, anchors and aliases, tags, keys that are
not texts, keys without a value, deep nesting.  Plain words follow YAML 1.2: ``NO``, ``on``, ``12:30:45`` and
``1.10`` are texts; only ``true``, ``false`` and whole decimal numbers are anything else, since no setting is
a fraction.

It must never construct an object that a file names, nor repeat a value in an error: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bridge.rules.problems import ConfigProblems, Problem, shown

#: The largest file that is read, in bytes.
SIZE_LIMIT = 1024 * 1024
#: How deep lists and mappings may stand in each other.
DEPTH_LIMIT = 64
#: How many values one file may hold: ten times what thousands of rules need.
VALUES_LIMIT = 100_000

#: The keys and indexes that lead to a value.
Steps = tuple[str | int, ...]
#: As the last of some steps: the key itself, not its value.
KEY = "<the key>"

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
# The printable characters of YAML 1.2, chapter 5.1.
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HINTS = {
    "found character that cannot start any token": "quote the text; indent with blanks, never tabs",
    "mapping values are not allowed in this context": "a text with ': ' in it must stand in quotes",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a value begins, and its key where it has one."""

    value: Mark
    key: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its data, where each value stands, and what is wrong with it already.

    ``bad`` are the steps to values that were refused; nothing more need be said of them.
    """

    file: str
    data: Any
    spots: Mapping[Steps, Spot]
    bad: frozenset[Steps] = frozenset()
    problems: tuple[Problem, ...] = ()

    def steps(self, loc: Steps) -> Steps:
        """Return the steps of ``loc`` that the file really has.

        A shape may have further steps in between, without a place of their own: tags of a union, and
        ``test`` for the one value of a condition.
        """
        steps: Steps = ()
        for step in loc:
            if (*steps, step) in self.spots:
                steps = (*steps, step)
            elif step in ("field", "test") and (only := self._only_key(steps)) is not None:
                steps = (*steps, only)
        return steps

    def _only_key(self, steps: Steps) -> str | None:
        data = self.data
        for step in steps:
            data = data[step]
        return next(iter(data)) if isinstance(data, dict) and len(data) == 1 else None

    def problem(self, loc: Steps, text: str) -> Problem:
        """Return the problem at the value (with ``KEY``: its key) to which ``loc`` leads, or around it."""
        spot = self.spots.get(self.steps(loc), Spot(value=Mark(1, 1)))
        mark = spot.key if loc[-1:] == (KEY,) and spot.key is not None else spot.value
        return Problem(file=self.file, line=mark.line, column=mark.column, text=text)


def load_yaml(path: Path) -> Document:
    """Read one file; ``ConfigProblems`` where it cannot be read or is no YAML at all.

    Smaller mistakes are in the document's ``problems``, so that further ones can be told with them.
    """
    return parse_yaml(_text(path), str(path))


def parse_yaml(text: str, file: str) -> Document:
    """Read the text of a file called ``file``; raises and returns as ``load_yaml`` does."""
    strange = _NOT_YAML.search(text)
    if strange is not None:
        raise _at(file, text[: strange.start()], "a control character is not allowed here")
    try:
        return _Reader(file, text).document()
    except yaml.MarkedYAMLError as error:
        raise ConfigProblems([_syntax_problem(file, error)]) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigProblems([Problem(file=str(path), text=f"cannot be read: {error.strerror}")]) from None
    if len(raw) > SIZE_LIMIT:
        raise ConfigProblems(
            [Problem(file=str(path), text="is larger than 1 MiB; split it into several files")]
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        raise _at(str(path), before, "is not UTF-8 from here on; save the file as UTF-8") from None


def _at(file: str, before: str, text: str) -> ConfigProblems:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return ConfigProblems([Problem(file=file, line=line, column=column, text=text)])


def _syntax_problem(file: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = _mark(error.problem_mark or error.context_mark)
    what = error.problem or "it cannot be read"
    hint = _HINTS.get(what) or error.context or ""
    text = f"not valid YAML: {what}" + (f" ({hint})" if hint else "")
    return Problem(file=file, line=mark.line, column=mark.column, text=text)


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)


class _Reader:
    """Builds plain data from the events of libyaml, so that nothing is constructed, resolved or expanded."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        self._spots: dict[Steps, Spot] = {}
        self._bad: set[Steps] = set()
        self._problems: list[Problem] = []

    def document(self) -> Document:
        """Read the whole stream."""
        data = self._first()
        return Document(
            file=self._file,
            data=data,
            spots=self._spots,
            bad=frozenset(self._bad),
            problems=tuple(self._problems),
        )

    def _first(self) -> Any:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._refuse((), Mark(1, 1), "the file is empty")
            return None
        data = self._value((), None, next(self._events))
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse((), _mark(after.start_mark), "only one document per file; remove '---'")
        return data

    def _value(self, steps: Steps, key: Mark | None, event: Any) -> Any:
        mark = _mark(event.start_mark)
        self._spots[steps] = Spot(value=mark, key=key)
        if len(steps) > DEPTH_LIMIT:
            raise self._end(mark, f"nested deeper than {DEPTH_LIMIT} levels")
        if len(self._spots) > VALUES_LIMIT:
            raise self._end(mark, f"more than {VALUES_LIMIT} values; split it into several files")
        if isinstance(event, yaml.AliasEvent):
            self._refuse(steps, mark, "aliases (*) are not used here; write the value out")
            return None
        self._refuse_extras(steps, mark, event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(steps)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(steps)
        return self._scalar(steps, event)

    def _end(self, mark: Mark, text: str) -> ConfigProblems:
        return ConfigProblems([Problem(file=self._file, line=mark.line, column=mark.column, text=text)])

    def _refuse_extras(self, steps: Steps, mark: Mark, event: Any) -> None:
        if event.anchor is not None:
            self._refuse(steps, mark, "anchors (&) are not used here")
        if event.tag is not None:
            self._refuse(
                steps, mark, "tags (!) are not used here; a text that begins with ! stands in quotes"
            )

    def _refuse(self, steps: Steps, mark: Mark, text: str) -> None:
        self._bad.add(steps)
        self._problems.append(Problem(file=self._file, line=mark.line, column=mark.column, text=text))

    def _list(self, steps: Steps) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value((*steps, len(items)), None, event))
        return items

    def _mapping(self, steps: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            mark = _mark(event.start_mark)
            name = self._key(steps, mark, event)
            if name in found:
                self._refuse_second(steps, mark, name)
                self._value((*steps, name, "<second>"), mark, next(self._events))
            else:
                found[name] = self._value((*steps, name), mark, next(self._events))
        return found

    def _refuse_second(self, steps: Steps, mark: Mark, name: str) -> None:
        first = self._spots[(*steps, name)].key
        line = first.line if first is not None else 0
        self._refuse(
            (*steps, name),
            mark,
            f"the key {shown(name)} stands here for the second time (first: line {line})",
        )

    def _key(self, steps: Steps, mark: Mark, event: Any) -> str:
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_extras(steps, mark, event)
            return str(event.value)
        name = f"<key {mark.line}:{mark.column}>"
        self._value((*steps, name), mark, event)
        self._refuse((*steps, name), mark, "a key must be a text")
        return name

    def _scalar(self, steps: Steps, event: Any) -> str | int | bool | None:
        text = str(event.value)
        if not event.implicit[0]:
            return text
        if text in _NULLS:
            spot = self._spots[steps]
            self._refuse(steps, spot.key or spot.value, "a value is missing here; write one, or leave it out")
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        return int(text) if _WHOLE_NUMBER.fullmatch(text) else text
