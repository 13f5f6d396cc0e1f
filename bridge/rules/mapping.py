"""Translates values between the words of the desk and the words of the tracker.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.model.actions import Value
from bridge.model.incident import Incident
from bridge.rules.match import folded
from bridge.rules.shape import FieldSource, Rule

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


def ticket_values(
    rule: Rule, incident: Incident, maps: Maps
) -> tuple[tuple[tuple[str, Value], ...], tuple[Unmapped, ...]]:
    """Return the fields of the rule's new ticket, and what could not be translated.

    A field whose source is empty is left out, unless its map has a default.
    """
    values: list[tuple[str, Value]] = []
    problems: list[Unmapped] = []
    for field, source in rule.ticket.fields.items():
        value = _value(field, source, incident, maps)
        if isinstance(value, Unmapped):
            problems.append(value)
        elif value:
            values.append((field, value))
    return tuple(values), tuple(problems)


def _value(field: str, source: FieldSource, incident: Incident, maps: Maps) -> Value | Unmapped:
    if source.of is None:
        return source.value or ""
    seen = incident.value(source.of).strip()
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
