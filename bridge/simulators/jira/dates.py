"""Dates in the query language, as spans of whole Unix seconds: the search index knows nothing finer.

A bare number is epoch milliseconds; a *quoted* number is a duration in minutes; a date string is read in
the caller's own time zone to the minute or the day (JQL reference; public Jira source of JqlDateSupport).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.simulators.jira.jql import BadQuery, Empty, Function, Literal, Operand

_FORMATS = (
    ("%Y/%m/%d %H:%M", 60),
    ("%Y-%m-%d %H:%M", 60),
    ("%Y/%m/%d", 86_400),
    ("%Y-%m-%d", 86_400),
)
_NUMBER = re.compile(r"^[-+]?\d+$")
_DURATION = re.compile(r"^([-+]?)((?:\d+[wdhm]\s*)+)$")
_UNIT = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60}


@dataclass(frozen=True, slots=True)
class Span:
    """The seconds from ``start`` to ``end``, both included."""

    start: int
    end: int

    def holds(self, operator: str, second: int) -> bool:
        """Whether ``second operator span`` is true."""
        match operator:
            case "=":
                return self.start <= second <= self.end
            case "!=":
                return not self.start <= second <= self.end
            case ">=":
                return second >= self.start
            case ">":
                return second > self.start
            case "<=":
                return second <= self.start
            case _:
                return second < self.start


def span(field: str, operand: Operand, now: datetime, zone: ZoneInfo) -> Span:
    """Read a date operand; ``BadQuery`` where it is none."""
    match operand:
        case Function(name, arguments):
            return _function(name, arguments, now, zone)
        case Empty():
            raise BadQuery(
                f"The operator does not support searching for empty values for the field '{field}'."
            )
        case Literal(text, quoted):
            return _literal(field, text.strip(), quoted, now, zone)


def _literal(field: str, text: str, quoted: bool, now: datetime, zone: ZoneInfo) -> Span:
    if _NUMBER.match(text):
        second = int(now.timestamp()) + int(text) * 60 if quoted else int(text) // 1000
        return Span(second, second)
    offset = _duration(text)
    if offset is not None:
        second = int(now.timestamp()) + offset
        return Span(second, second)
    found = _date(text, zone)
    if found is None:
        raise BadQuery(
            f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )
    return found


def _date(text: str, zone: ZoneInfo) -> Span | None:
    for form, length in _FORMATS:
        try:
            local = datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        start = int(local.timestamp())
        return Span(start, start + length - 1)
    return None


def _duration(text: str) -> int | None:
    found = _DURATION.match(text)
    if found is None:
        return None
    seconds = sum(int(count) * _UNIT[unit] for count, unit in re.findall(r"(\d+)([wdhm])", found.group(2)))
    return -seconds if found.group(1) == "-" else seconds


def _function(name: str, arguments: tuple[str, ...], now: datetime, zone: ZoneInfo) -> Span:
    offset = _duration(arguments[0]) if arguments else 0
    if offset is None:
        raise BadQuery(f"Duration for function '{name}' should have the format (+/-)n(wdhm).")
    match name.lower():
        case "now":
            moment = now
        case "startofday":
            moment = now.astimezone(zone).replace(hour=0, minute=0, second=0)
        case "endofday":
            day = now.astimezone(zone).replace(hour=0, minute=0, second=0)
            moment = day + timedelta(days=1, seconds=-1)
        case _:
            raise BadQuery(f"Unable to find JQL function '{name}()'.")
    second = int(moment.timestamp()) + offset
    return Span(second, second)
