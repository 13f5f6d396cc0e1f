"""No value that a person set gives way to the other side's without a word that names it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.decide.unwiki import from_wiki
from bridge.rehearsal.world import DESK_ACCOUNT
from tests.property.laws import Court, Place
from tests.property.town import CUSTOM

#: (the incident's field, the ticket's, the ticket's words for the incident's), as the rules mirror them.
_MIRRORED = (
    ("Priority", "priority", {"Critical": "Highest", "High": "High", "Medium": "Medium", "Low": "Low"}),
    ("Product Name", "Product", {}),
    ("Urgency", "Severity", {}),
    ("Categorization Tier 3", "Area", {}),
)
#: A write that the bridge had decided on may meet what a person did right before it.
_RACE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Span:
    """One value of a field, who set it, from when to when it stood, and who ended it."""

    value: str
    by: str
    since: datetime
    until: datetime
    ended_by: str


def nobody_is_overruled_in_silence(court: Court) -> None:
    """Where the bridge writes over what a person set, and both sides never agreed on it, somebody reads the lost value."""
    if court.town.ledger.losses:
        return  # what was overruled without a word yet leaves no mark
    for number, dossier in court.dossiers.items():
        for link in dossier.links:
            if link.ticket_id in court.tickets and dossier.rule == "retail-defects":
                _fields_of(court, court.incidents[number], court.tickets[link.ticket_id])


def _fields_of(court: Court, incident: Place, ticket: Place) -> None:
    for ours, theirs, words in _MIRRORED:
        mine = [_said(span, words) for span in _incident_spans(court, incident.name, ours)]
        other = list(_ticket_spans(court, ticket, theirs))
        for lost, facing in [(span, mine) for span in other] + [(span, other) for span in mine]:
            if _overruled(lost) and not _agreed(lost, facing) and court.is_final(incident.name) is False:
                assert _read(court, incident, ticket, lost), f"{theirs} of {ticket.facts['key']} lost {lost}"


def _overruled(span: Span) -> bool:
    return bool(span.value) and span.by != DESK_ACCOUNT and span.ended_by == DESK_ACCOUNT


def _agreed(lost: Span, facing: list[Span]) -> bool:
    """Whether the other side ever said the same while it stood, or it came between a decision and its write."""
    same = [span for span in facing if span.value.casefold() == lost.value.casefold()]
    return lost.until - lost.since < _RACE or any(
        span.since <= lost.until and span.until >= lost.since for span in same
    )


def _read(court: Court, incident: Place, ticket: Place, lost: Span) -> bool:
    """Whether a note of the bridge quotes the value, on either side."""
    places = [*court.incidents.values(), ticket, incident]
    return any(
        f'"{lost.value}"' in from_wiki(text) or f'"{lost.value}"' in text for p in places for text in p.bridge
    )


def _said(span: Span, words: dict[str, str]) -> Span:
    value = words.get(span.value, span.value)
    return Span(value=value, by=span.by, since=span.since, until=span.until, ended_by=span.ended_by)


def _incident_spans(court: Court, number: str, field: str) -> Iterator[Span]:
    changes = [c for c in court.town.world.desk.people.changes(number) if c.field == field]
    yield from _spans([(c.time, c.who, str(c.new or "")) for c in changes], court.town.now)


def _ticket_spans(court: Court, ticket: Place, field: str) -> Iterator[Span]:
    history = court.town.world.tracker.history(ticket.facts["key"])
    moments = [
        (at, who, str(new or "")) for at, who, name, _, new in history if name in (field, CUSTOM.get(field))
    ]
    yield from _spans(moments, court.town.now)


def _spans(moments: list[tuple[datetime, str, str]], now: datetime) -> Iterator[Span]:
    for index, (at, who, value) in enumerate(moments):
        until, ended_by = (
            (moments[index + 1][0], moments[index + 1][1]) if index + 1 < len(moments) else (now, "")
        )
        yield Span(value=value, by=who, since=at, until=until, ended_by=ended_by)
