"""Jira's wiki markup to plain text that reads well in Remedy.

Loses marks, never words; what is quoted stays recognisable (``> ``), since a quoted request is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bridge.decide.text import clean
from bridge.decide.unwiki_line import cells, flat

_TAG = re.compile(
    r"(?<!\\)\{(?P<name>code|noformat|quote|panel|color|anchor|expand|tip|info|note|warning|loremipsum)"
    r"(?::(?P<settings>[^{}\n]*))?\}",
    re.IGNORECASE,
)
_LITERAL = frozenset({"code", "noformat"})
_INLINE = frozenset({"color", "anchor", "loremipsum"})
_TITLE = re.compile(r"(?:^|\|)title=([^|]*)")

_HEADING = re.compile(r"\s*+h[1-6]\.\s*+(?P<text>.*)")
_QUOTE = re.compile(r"\s*+bq\.\s*+(?P<text>.*)")
_ITEM = re.compile(r"\s*+(?P<signs>[*#]+|-)\s++(?P<text>.*)")
_ROW = re.compile(r"\s*+\|")


def from_wiki(wiki: str) -> str:
    """Return what the markup says as plain text; undoes ``to_wiki`` exactly.

    Contents of code and noformat stay as they are, quotes get ``> ``, list items ``- `` or a number, links
    their address in brackets, images and mentions their names.  Never fails, takes linear time.
    """
    page = _Page()
    text = clean(wiki)
    tags = list(_TAG.finditer(text))
    closers = _closers(tags)
    done = at = 0
    while at < len(tags):
        tag = tags[at]
        page.wiki(text[done : tag.start()])
        done = tag.end()
        name = tag["name"].lower()
        if name in _LITERAL:
            page.block(tag["settings"])
            if closers[at]:
                at = closers[at]
                page.literal(text[done : tags[at].start()])
                done = tags[at].end()
        elif name == "quote":
            page.quote(opens=bool(closers[at]))
        elif name not in _INLINE:
            page.block(tag["settings"])
        at += 1
    page.wiki(text[done:])
    return clean(page.text())


def _closers(tags: list[re.Match[str]]) -> list[int]:
    """Return for every tag the index of the next tag of its name without settings, 0 where there is none."""
    following: dict[str, int] = {}
    found = [0] * len(tags)
    for at in range(len(tags) - 1, -1, -1):
        name = tags[at]["name"].lower()
        found[at] = following.get(name, 0)
        if tags[at]["settings"] is None:
            following[name] = at
    return found


@dataclass(slots=True)
class _Page:
    """The plain text being put together; ``pending`` is markup whose lines are not complete yet."""

    lines: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    quoted: bool = False

    def wiki(self, markup: str) -> None:
        self.pending.append(markup)

    def block(self, settings: str | None) -> None:
        """Begin or end a block of its own lines; its title is text like any other."""
        self._flush()
        title = _TITLE.search(settings or "")
        if title:
            self._add([flat(title[1])])

    def quote(self, *, opens: bool) -> None:
        self._flush()
        self.quoted = opens and not self.quoted

    def literal(self, text: str) -> None:
        self._add(text.strip("\n").split("\n"))

    def text(self) -> str:
        self._flush()
        return "\n".join(self.lines)

    def _flush(self) -> None:
        markup = "".join(self.pending).strip("\n")
        self.pending.clear()
        if markup:
            self._add(_plain_lines(markup))

    def _add(self, lines: list[str]) -> None:
        self.lines.extend(f"> {line}" if self.quoted else line for line in lines)


def _plain_lines(markup: str) -> list[str]:
    lines: list[str] = []
    numbers: list[int] = []
    for line in markup.split("\n"):
        item = _ITEM.fullmatch(line)
        if item is None:
            numbers.clear()
            lines.extend(_plain_line(line).split("\n"))
        else:
            lines.append(_bullet(item["signs"], numbers) + flat(item["text"]))
    return lines


def _plain_line(line: str) -> str:
    if _ROW.match(line):
        return " | ".join(flat(cell) for cell in cells(line))
    heading = _HEADING.fullmatch(line)
    if heading:
        return flat(heading["text"])
    quote = _QUOTE.fullmatch(line)
    if quote:
        return "> " + flat(quote["text"])
    return flat(line)


def _bullet(signs: str, numbers: list[int]) -> str:
    """Return the indented bullet or number of a list item; ``numbers`` counts every open level."""
    # Jira itself stops at some depth; deeper nesting is nobody's list.
    depth = min(len(signs), 20)
    del numbers[depth:]
    numbers.extend([0] * (depth - len(numbers)))
    numbers[-1] = numbers[-1] + 1 if signs[-1] == "#" else 0
    return "  " * (depth - 1) + (f"{numbers[-1]}. " if signs[-1] == "#" else "- ")
