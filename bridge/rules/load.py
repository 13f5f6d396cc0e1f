"""Loads the rules of a pair from one or several files, and tells every mistake with its place.

A later file's maps and rules come after those of the earlier ones.  Nothing half right is ever returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bridge.rules.match import folded
from bridge.rules.meaning import findings, map_findings
from bridge.rules.meaning_hold import phrases
from bridge.rules.problems import ConfigProblems, Problem, shown
from bridge.rules.reach import shadowed
from bridge.rules.shape import Rule, RuleFile, RuleSet
from bridge.rules.shaped import shaped
from bridge.rules.yamlfile import KEY, Document, Steps, load_yaml


@dataclass(frozen=True, slots=True)
class _Placed:
    """A rule of the right shape, and where it stands."""

    document: Document
    index: int
    rule: Rule

    def problem(self, loc: Steps, text: str) -> Problem:
        return self.document.problem(("rules", self.index, *loc), text)

    @property
    def place(self) -> str:
        spot = self.document.spots[("rules", self.index)].value
        return f"{self.document.file}:{spot.line}"


def load_rules(paths: Sequence[Path]) -> RuleSet:
    """Return the rules of these files in order; ``ConfigProblems`` tells every mistake in any of them."""
    rules, problems = read_rules(paths)
    if rules is None:
        raise ConfigProblems(problems or [Problem(file="rules", text="no rules file is named")])
    return rules


def read_rules(paths: Sequence[Path]) -> tuple[RuleSet | None, tuple[Problem, ...]]:
    """Return the rules of these files (None where they cannot be used) and every problem in them."""
    documents, problems = _documents(paths)
    readable = not problems
    files: list[RuleFile] = []
    for document in documents:
        file, mistakes = shaped(document, RuleFile)
        problems += mistakes
        files += [file] if file is not None else []
    placed = [one for document in documents for one in _placed(document)]
    problems += _meaning_problems(documents, placed, readable=readable)
    if problems or not files:
        return None, tuple(problems)
    maps = {name: dict(entries) for file in files for name, entries in file.maps.items()}
    return RuleSet(maps=maps, rules=tuple(one.rule for one in placed)), ()


def _documents(paths: Sequence[Path]) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            documents.append(load_yaml(path))
        except ConfigProblems as error:
            problems += error.problems
    return documents, problems


def _placed(document: Document) -> Iterator[_Placed]:
    """Yield the rules that have the right shape, so that one mistake hides no other."""
    data = document.data.get("rules") if isinstance(document.data, dict) else None
    for index, entry in enumerate(data if isinstance(data, list) else ()):
        try:
            yield _Placed(document, index, Rule.model_validate(entry))
        except ValidationError:
            continue


def _meaning_problems(
    documents: Sequence[Document], placed: Sequence[_Placed], *, readable: bool
) -> Iterator[Problem]:
    maps = {name: entries for _, name, entries in _maps(documents)}
    yield from _map_problems(documents)
    yield from _second_names(placed)
    for one in placed:
        for loc, text in findings(one.rule, maps if readable else None):
            yield one.problem(loc, text)
    yield from _asked_elsewhere(placed)
    for index, earlier in shadowed([one.rule for one in placed]):
        yield _unreachable(placed[index], placed[earlier])


def _maps(documents: Sequence[Document]) -> Iterator[tuple[Document, str, Mapping[str, str]]]:
    for document in documents:
        maps = document.data.get("maps") if isinstance(document.data, dict) else None
        for name, entries in maps.items() if isinstance(maps, dict) else ():
            words = entries.items() if isinstance(entries, dict) else ()
            yield document, name, {key: str(word) for key, word in words}


def _map_problems(documents: Sequence[Document]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for document, name, entries in _maps(documents):
        spot = document.spots[("maps", name)]
        place = f"{document.file}:{(spot.key or spot.value).line}"
        if first.setdefault(name, place) != place:
            text = f"the map {shown(name)} stands in {first[name]} already"
            yield document.problem(("maps", name, KEY), text)
        for loc, text in map_findings(entries):
            yield document.problem(("maps", name, *loc, KEY), text)


def _second_names(placed: Sequence[_Placed]) -> Iterator[Problem]:
    first: dict[str, _Placed] = {}
    for one in placed:
        earlier = first.setdefault(one.rule.name, one)
        if earlier is not one:
            text = f"the name {shown(one.rule.name)} is taken by the rule in {earlier.place}"
            yield one.problem(("name",), text)


def _asked_elsewhere(placed: Sequence[_Placed]) -> Iterator[Problem]:
    """Yield the phrases that ask for or link a ticket in another rule: a note is read before its rule is known."""
    asks = {folded(phrase): (one, "ask") for one in placed for phrase in one.rule.ask}
    asks |= {folded(phrase): (one, "link") for one in placed for phrase in one.rule.link}
    for one in placed:
        for loc, purpose, phrase in phrases(one.rule):
            other, meaning = asks.get(folded(phrase), (one, purpose))
            if purpose != meaning and other.rule.name != one.rule.name:
                does = "asks for" if meaning == "ask" else "links"
                text = f"the phrase {shown(phrase)} of {purpose} {does} a ticket in the rule in {other.place}"
                yield one.problem(loc, text)


def _unreachable(one: _Placed, earlier: _Placed) -> Problem:
    name = shown(earlier.rule.name)
    return one.problem(
        ("name",), f"this rule is never reached: {name} in {earlier.place} matches everything that it matches"
    )
