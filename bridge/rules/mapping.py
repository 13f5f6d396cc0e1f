"""Chooses values, and translates them between the words of the desk and the words of the tracker.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.model.actions import Value
from bridge.model.incident import Incident
from bridge.rules.levels import WAITING
from bridge.rules.match import all_hold, condition_text, folded
from bridge.rules.shape import Rule
from bridge.rules.values import FieldSource, Source, ValueCase

#: The key of a map that stands for every word without an entry.
DEFAULT = "default"

Maps = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A value without an entry in its map: ``field`` of the ticket was to be set from ``of`` the incident."""

    field: str
    of: str
    map: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the cases of a field are asked about: the incident, and how many incidents wait for the ticket."""

    incident: Incident
    waiting: int = 1

    def value(self, name: str) -> str:
        """Return ``waiting``, or the incident's value of this name."""
        return str(self.waiting) if name == WAITING else self.incident.value(name)


def ticket_values(
    rule: Rule, incident: Incident, maps: Maps
) -> tuple[tuple[tuple[str, Value], ...], tuple[Unmapped, ...]]:
    """Return the fields of the rule's new ticket, and what could not be translated.

    A field whose source is empty is left out, unless its map has a default.
    """
    now = Circumstances(incident=incident)
    values: list[tuple[str, Value]] = []
    problems: list[Unmapped] = []
    for field, source in rule.ticket.fields.items():
        value, _ = field_value(field, source, now, maps)
        if isinstance(value, Unmapped):
            problems.append(value)
        elif value:
            values.append((field, value))
    return tuple(values), tuple(problems)


def field_value(
    field: str, source: FieldSource, now: Circumstances, maps: Maps
) -> tuple[Value | Unmapped, str]:
    """Return the value of a ticket's field, and which case decided it (empty where there are none)."""
    if not source.when:
        return sourced(field, source, now, maps), ""
    case, why = first_case(source.when, now)
    chosen = case or source.otherwise
    return (sourced(field, chosen, now, maps) if chosen else ""), why


def first_case(cases: Sequence[ValueCase], now: Circumstances) -> tuple[ValueCase | None, str]:
    """Return the first case whose conditions all hold and its words, or None and "otherwise"."""
    for number, case in enumerate(cases, 1):
        if all_hold(case.if_, now):
            return case, f"case {number}: {' and '.join(condition_text(part) for part in case.if_)}"
    return None, "otherwise"


def sourced(field: str, source: Source | FieldSource, now: Circumstances, maps: Maps) -> Value | Unmapped:
    """Return the value that one source gives."""
    if source.of is None:
        return source.value or ""
    seen = now.incident.value(source.of).strip()
    if source.map is None:
        return seen
    translated = translate(maps, source.map, seen)
    if translated is None and seen:
        return Unmapped(field=field, of=source.of, map=source.map, value=seen)
    return translated or ""


def translate(maps: Maps, name: str | None, value: str) -> str | None:
    """Return the tracker's word for the desk's ``value`` by the map ``name``; None without entry and default.

    Without a map the word stays as it is.  Raises ``KeyError`` where no map has the name.
    """
    if name is None:
        return value
    entries = maps[name]
    word = folded(value)
    known = (target for key, target in entries.items() if key != DEFAULT and folded(key) == word)
    return next(known, entries.get(DEFAULT))


def translate_back(maps: Maps, name: str | None, value: str) -> str | None:
    """Return the desk's word for the tracker's ``value``; None where none or several could be meant."""
    if name is None:
        return value
    entries = maps[name]
    word = folded(value)
    keys = [key for key, target in entries.items() if folded(target) == word]
    return keys[0] if len(keys) == 1 and keys[0] != DEFAULT else None
