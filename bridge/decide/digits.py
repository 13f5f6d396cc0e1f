"""Groups of digits as people write long numbers: ``4111 1111-1111 1111``, ``+7 (912) 345-67-89``.

Offers neighbouring groups as candidates and replaces those that a caller recognises, in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_BLANK = "[ \t\xa0\u2007\u2009\u200b\u202f\u2060]"
_BETWEEN = rf"{_BLANK}?[-().\u2010-\u2014]{{0,2}}{_BLANK}?"
# Possessive, so that no digit is looked at twice.
_RUN = re.compile(rf"[+(]{{0,2}}+[0-9]++(?:{_BETWEEN}[0-9]++)*+")
_GROUP = re.compile(r"[0-9]++")
# A bracket around the whole number stays where it is, one around its first group belongs to it.
_PLUS = re.compile(r"\+\Z")
_BRACKET = re.compile(r"\+?\(\Z")
# Nobody writes a number in more groups (+380 44 12 34 56 7).
_MOST_GROUPS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Neighbouring groups of digits in ``text`` from ``start`` to ``end``, with what stands between them.

    ``before`` and ``after`` separate them from the next digits of the same run, empty where there are none.
    """

    text: str
    start: int
    end: int
    groups: tuple[str, ...]
    between: tuple[str, ...]
    before: str
    after: str

    @property
    def digits(self) -> str:
        """All digits."""
        return "".join(self.groups)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many digits every group has."""
        return tuple(map(len, self.groups))

    @property
    def mixes_dots(self) -> bool:
        """Whether some groups but not all are parted by dots, as in an amount or between machine addresses."""
        return len({"." in sign for sign in self.between}) > 1

    @property
    def written(self) -> str:
        """The number as it is written."""
        return self.text[self.start : self.end]


def replace_numbers(text: str, digits: range, is_one: Callable[[Number], bool], by: str) -> str:
    """Return the text with ``by`` for every number of so many ``digits`` that ``is_one`` recognises.

    Only whole groups are tried; of several that begin with the same group the longest wins.
    """
    pieces: list[str] = []
    done = 0
    for run in _RUN.finditer(text):
        for number in _found(text, run, digits, is_one):
            pieces += (text[done : number.start], by)
            done = number.end
    return "".join([*pieces, text[done:]])


def _found(
    text: str, run: re.Match[str], digits: range, is_one: Callable[[Number], bool]
) -> Iterator[Number]:
    spans = [found.span() for found in _GROUP.finditer(text, run.start(), run.end())]
    first = 0
    while first < len(spans):
        for last in _ends(spans, first, digits):
            number = _number(text, spans, first, last)
            if is_one(number):
                yield number
                first = last
                break
        first += 1


def _ends(spans: list[tuple[int, int]], first: int, digits: range) -> list[int]:
    """Return the last groups of the numbers of so many digits that begin at ``first``, longest first."""
    ends: list[int] = []
    total = 0
    for last in range(first, min(first + _MOST_GROUPS, len(spans))):
        total += spans[last][1] - spans[last][0]
        if total in digits:
            ends.append(last)
    return ends[::-1]


def _number(text: str, spans: list[tuple[int, int]], first: int, last: int) -> Number:
    start, end = spans[first][0], spans[last][1]
    between = [text[spans[at][1] : spans[at + 1][0]] for at in range(first, last)]
    before = text[spans[first - 1][1] : start] if first else ""
    inside = "".join(between)
    bracketed = inside.count(")") > inside.count("(")
    prefix = (_BRACKET if bracketed else _PLUS).search(text, max(start - 2, 0), start)
    start -= len(prefix[0]) if prefix else 0
    return Number(
        text=text,
        start=start,
        end=end,
        groups=tuple(text[low:high] for low, high in spans[first : last + 1]),
        between=tuple(between),
        before=before,
        after=text[end : spans[last + 1][0]] if last + 1 < len(spans) else "",
    )
