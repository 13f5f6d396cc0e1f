"""One line of Jira's wiki markup to plain text: marks, links, mentions, images, escapes, entities."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.decide.wiki_signs import ESCAPABLE, JOINER, URL, breaks_line, joins_word

_LINK = r"\[(?P<body>(?:\\.|[^\[\]\n\\])++)\]"
_IMAGE = r"!(?P<name>[^!\s|][^!|\n]{0,400}+)(?:\|[^!\n]{0,400}+)?(?<!\s)!"
_SIGN = re.compile(
    rf"(?P<url>{URL})"
    rf"|(?P<joiner>{JOINER}+)"
    r"|(?P<backslash>\\+)"
    rf"|(?P<link>{_LINK})"
    rf"|(?P<image>{_IMAGE})"
    r"|(?P<braced>\{(?:[*_+^~-]|\?\?)\}|\{\{\{\}|\{\}\}\})"
    r"|(?P<mono>\{\{(?P<code>(?:[^{}\n]|\{(?!\{)|\}(?!\}))++)\}\})"
    r"|(?P<entity>&\#?\w{1,31};)"
    r"|(?P<mark>[*_+^~]|\?\?)"
)
_CELL = re.compile(rf"\\.|{_LINK}|{_IMAGE}|(?P<pipe>\|+)")
_SMILE = re.compile(r"[:;]-?[()PpD](?![A-Za-z0-9])|\((?:[-+yni/x!?*]|on|off|flag|flagoff)\)(?![A-Za-z0-9])")
_ESCAPED = re.compile(r"\\([-#*_+?^~|%{}\[\]()!@])")
_FILE = re.compile(r"\A\S*://\S*\Z|\.\w{1,5}\Z")
_TARGET = re.compile(r"(?:https?|ftps?|file|mailto|irc|news|nntp):\S|www\.\S", re.IGNORECASE)
_OWN_TARGET = re.compile(r"[a-z][a-z0-9+.-]{1,30}:\S|www\.\S|[/#~^]\S|\\\\\S", re.IGNORECASE)
_CARDS = frozenset({"", "smart-link", "smart-card", "smart-embed", "block-card"})


def flat(line: str) -> str:
    r"""Return the line without its marks; a forced break (``\\``) becomes a newline."""
    return _Flat(line).text()


def cells(row: str) -> Iterator[str]:
    """Yield the markup of every cell of a table row, without outer blanks."""
    row = row.strip()
    start = 0
    for found in _CELL.finditer(row):
        if found["pipe"]:
            if found.start() > 0:
                yield row[start : found.start()].strip()
            start = found.end()
    if start < len(row):
        yield row[start:].strip()


@dataclass(slots=True)
class _Flat:
    """One line being flattened; ``marks`` holds every bold or italic mark by the place of its piece."""

    line: str
    pieces: list[str] = field(default_factory=list)
    marks: dict[str, list[tuple[int, bool, bool]]] = field(default_factory=dict)

    def text(self) -> str:
        done = 0
        while found := _SIGN.search(self.line, done):
            self.pieces.append(self.line[done : found.start()])
            done = getattr(self, f"_{found.lastgroup}")(found)
        self.pieces.append(self.line[done:])
        self._drop_pairs()
        return "".join(self.pieces)

    def _drop_pairs(self) -> None:
        """Drop every mark that opens together with the one that closes it; a lone one is a human's sign."""
        for places in self.marks.values():
            opened = -1
            for place, opens, closes in places:
                if opened >= 0 and closes:
                    self.pieces[opened] = self.pieces[place] = ""
                    opened = -1
                elif opened < 0 and opens:
                    opened = place

    def _around(self, found: re.Match[str]) -> tuple[str, str]:
        before = self.line[found.start() - 1] if found.start() else ""
        return before, self.line[found.end() : found.end() + 1]

    def _url(self, found: re.Match[str]) -> int:
        self.pieces.append(found[0])
        return found.end()

    def _joiner(self, found: re.Match[str]) -> int:
        self.pieces.append(JOINER * (len(found[0]) // 2))
        return found.end()

    def _backslash(self, found: re.Match[str]) -> int:
        run, after = found[0], self.line[found.end() : found.end() + 1]
        if len(run) == 2 and breaks_line(self.line, found.end()):
            self.pieces.append("\n")
        elif len(run) > 1:
            self.pieces.append(run)
        elif after and after in ESCAPABLE:
            self.pieces.append(after)
            return found.end() + 1
        elif _SMILE.match(self.line, found.end()) is None:
            self.pieces.append(run)
        return found.end()

    def _link(self, found: re.Match[str]) -> int:
        said = _link_text(found["body"])
        self.pieces.append("[" if said is None else said)
        return found.start() + 1 if said is None else found.end()

    def _image(self, found: re.Match[str]) -> int:
        before, after = self._around(found)
        if joins_word(before) or joins_word(after) or not _FILE.search(found["name"]):
            self.pieces.append("!")
            return found.start() + 1
        self.pieces.append(f"[image: {_undo(found['name'])}]")
        return found.end()

    def _braced(self, found: re.Match[str]) -> int:
        self.pieces.append("-" if found[0] == "{-}" else "")
        return found.end()

    def _mono(self, found: re.Match[str]) -> int:
        self.pieces.append(_undo(found["code"]))
        return found.end()

    def _entity(self, found: re.Match[str]) -> int:
        self.pieces.append(html.unescape(found[0]).replace("\xa0", " "))
        return found.end()

    def _mark(self, found: re.Match[str]) -> int:
        sign, (before, after) = found[0], self._around(found)
        opens = not joins_word(before) and before != "\\" and bool(after.strip()) and after != sign[0]
        closes = bool(before.strip()) and before != "\\" and not joins_word(after)
        self.marks.setdefault(sign, []).append((len(self.pieces), opens, closes))
        self.pieces.append(sign)
        return found.end()


def _undo(markup: str) -> str:
    return _ESCAPED.sub(r"\1", markup)


def _link_text(body: str) -> str | None:
    """Return what a link says, or None where the brackets are only brackets."""
    parts = re.split(r"(?<!\\)\|", body)
    text, target = parts[0], parts[1] if len(parts) > 1 else ""
    if len(parts) == 1:
        return _bare_link(text)
    if not _OWN_TARGET.match(target):
        return None
    said, address = flat(text).strip(), _address(target)
    more = "".join(f", {flat(part)}" for part in parts[2:] if part not in _CARDS)
    if not said or said == address:
        return address + more
    return f"{said} ({address}{more})"


def _bare_link(body: str) -> str | None:
    if body[0] == "~" or body[0] == "^":
        return _address(body) if len(body) > 1 else None
    return _address(body) if _TARGET.match(body) else None


def _address(target: str) -> str:
    if target[0] == "~":
        return "@" + _undo(target[1:].removeprefix("accountid:"))
    if target[0] == "^":
        return f"[attachment: {_undo(target[1:])}]"
    return target.removeprefix("mailto:")
