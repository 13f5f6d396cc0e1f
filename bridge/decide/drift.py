"""Drift: where the two worlds, read again at night, are not what the journal and the memory say.

Pure: what was read and what is remembered in, sentences out.  Nothing here decides what people wrote; what a person
deleted stays deleted, but for the few things that only show the present state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bridge.model.actions import Action, AddIncidentNote, AddTicketNote, CreateTicket, Receipt
from bridge.model.dossier import Dossier, Flag, Link
from bridge.model.incident import Incident
from bridge.model.note import Note, board_name
from bridge.model.shared import Board
from bridge.model.ticket import Ticket

Kind = Literal[
    "missed",
    "note_gone",
    "living_note_gone",
    "board_gone",
    "remote_link_gone",
    "mark_twice",
    "two_tickets",
    "incident_gone",
    "ticket_gone",
    "ticket_field",
]
#: What the bridge puts right by itself, once; the rest is a person's.
MENDED: frozenset[Kind] = frozenset({"missed", "living_note_gone", "board_gone", "remote_link_gone"})
#: What is put before a person at the incident.
TWO_TICKETS, INCIDENT_GONE = "two_tickets", "incident_gone"
#: How the title of a remote link begins in the memory that a person removed; its moment follows.
GONE = "gone "


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference, in an incident's or one of its tickets' (``ticket_id``); ``what`` names it, always the same."""

    kind: Kind
    incident: str
    what: str
    ticket_id: str = ""

    @property
    def name(self) -> str:
        """What tells it from every other one."""
        return f"{self.kind} {self.incident} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An effect of an incident that was done, with what it left behind."""

    action: Action
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What one night's reading showed of one incident, beside what is remembered of it.

    ``incident`` is None where the desk does not show it.  ``bearers`` are the tickets that a search shows with each mark
    label; ``shown`` the incidents that each ticket shows by remote links, as far as they were read; ``missed`` what was
    new to the bridge although no later poll would have shown it.
    """

    pair: str
    dossier: Dossier
    incident: Incident | None
    notes: tuple[Note, ...] = ()
    tickets: Mapping[str, tuple[Ticket, tuple[Note, ...]]] = field(default_factory=dict)
    finished: tuple[Finished, ...] = ()
    boards: Mapping[str, Board] = field(default_factory=dict)
    bearers: Mapping[str, tuple[Receipt, ...]] = field(default_factory=dict)
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missed: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The incident's number."""
        return self.dossier.incident

    @property
    def links(self) -> Iterator[Link]:
        """The links whose tickets were read."""
        return (link for link in self.dossier.links if link.ticket_id in self.tickets)


def compare(night: Night) -> tuple[Drift, ...]:
    """Return everything that is not as remembered, each once."""
    return tuple(dict.fromkeys(one for step in _STEPS for one in step(night)))


def _missed(night: Night) -> Iterator[Drift]:
    for what in night.missed:
        yield Drift(kind="missed", incident=night.number, what=what)


def _gone(night: Night) -> Iterator[Drift]:
    if night.incident is None:
        yield Drift(kind="incident_gone", incident=night.number, what=night.number)
    for link in night.dossier.links:
        if not link.lost and link.ticket_id not in night.tickets:
            yield Drift(
                kind="ticket_gone", incident=night.number, what=link.ticket_key, ticket_id=link.ticket_id
            )


def _notes_gone(night: Night) -> Iterator[Drift]:
    for one in night.finished:
        match one.action:
            case AddIncidentNote(purpose="living") | AddTicketNote(board=True):
                continue
            case AddIncidentNote(key=key):
                there = night.notes if night.incident is not None else None
            case AddTicketNote(key=key, ticket_id=ticket_id):
                there = night.tickets[ticket_id][1] if ticket_id in night.tickets else None
            case _:
                continue
        if one.left and there is not None and not _stands(there, one.left, key):
            ticket_id = one.action.ticket_id if isinstance(one.action, AddTicketNote) else ""
            yield Drift(kind="note_gone", incident=night.number, what=key, ticket_id=ticket_id)


def _stands(notes: Iterable[Note], note_id: str, mark: str) -> bool:
    return any(note_id == note.id or note.mark == mark for note in notes)


def _living_gone(night: Night) -> Iterator[Drift]:
    living = night.dossier.living
    if living.note_id and night.incident is not None and all(one.id != living.note_id for one in night.notes):
        yield Drift(kind="living_note_gone", incident=night.number, what="living note")


def _boards_gone(night: Night) -> Iterator[Drift]:
    for link in night.links:
        board, (ticket, notes) = night.boards.get(link.ticket_id), night.tickets[link.ticket_id]
        if board is not None and not _stands(notes, board.note_id, board_name(ticket.id)):
            # The board belongs to the ticket: it is told of once, whichever of its incidents comes first.
            yield Drift(kind="board_gone", incident=night.number, what=ticket.id, ticket_id=ticket.id)


def _remote_links_gone(night: Night) -> Iterator[Drift]:
    for link in night.links:
        shown = night.shown.get(link.ticket_id)
        if link.told and shown is not None and night.number not in shown:
            yield Drift(
                kind="remote_link_gone", incident=night.number, what=link.ticket_id, ticket_id=link.ticket_id
            )


def _marks_twice(night: Night) -> Iterator[Drift]:
    for ticket_id, notes in (("", night.notes), *((one, seen[1]) for one, seen in night.tickets.items())):
        marks = Counter(note.mark for note in notes if note.origin == "bridge" and note.mark)
        for mark, times in marks.items():
            # Other incidents' marks in a shared ticket are told of by those.
            if times > 1 and mark.startswith((f"{night.number}/", board_name(ticket_id))):
                yield Drift(kind="mark_twice", incident=night.number, what=mark, ticket_id=ticket_id)


def _two_tickets(night: Night) -> Iterator[Drift]:
    own = {link.ticket_id for link in night.dossier.links}
    for label, bearers in night.bearers.items():
        others = [one for one in bearers if one.id not in own]
        for one in others if len(others) < len(bearers) or len(others) > 1 else ():
            yield Drift(
                kind="two_tickets", incident=night.number, what=f"{one.key} ({label})", ticket_id=one.id
            )


def _ticket_field(night: Night) -> Iterator[Drift]:
    dossier = night.dossier
    if night.incident is None or not dossier.held:
        return
    for link in dossier.links:
        keys = {link.ticket_key, *link.former_keys}
        written = not link.lost and bool(keys & set(dossier.written_keys))
        if written and not any(key in night.incident.ticket_field for key in keys):
            yield Drift(
                kind="ticket_field", incident=night.number, what=link.ticket_key, ticket_id=link.ticket_id
            )


_STEPS: tuple[Callable[[Night], Iterator[Drift]], ...] = (
    _gone,
    _missed,
    _notes_gone,
    _living_gone,
    _boards_gone,
    _remote_links_gone,
    _marks_twice,
    _two_tickets,
    _ticket_field,
)


def labels_of(pair: str, number: str, finished: Iterable[Finished], tickets: Iterable[Ticket]) -> set[str]:
    """Return the mark labels of an incident's tickets: those that it opened, and those that they bear."""
    opened = {one.action.mark_label for one in finished if isinstance(one.action, CreateTicket)}
    prefix = f"bridge-{pair}-{number}-"
    return opened | {label for ticket in tickets for label in ticket.labels if label.startswith(prefix)}


def after(dossier: Dossier, found: Iterable[Drift], mended: Iterable[Drift], now: datetime) -> Dossier:
    """Return the memory after a comparison: what is to be shown again is forgotten, what a person must see flagged."""
    wanted = {(one.kind, one.what) for one in found if one.kind in (TWO_TICKETS, INCIDENT_GONE)}
    kept = [
        flag
        for flag in dossier.flags
        if flag.what not in (TWO_TICKETS, INCIDENT_GONE) or (flag.what, flag.detail) in wanted
    ]
    known = {(flag.what, flag.detail) for flag in kept}
    kept += [Flag(what=kind, detail=what, at=now) for kind, what in sorted(wanted - known)]
    changed = replace(dossier, flags=tuple(kept))
    for one in mended:
        if one.kind == "living_note_gone":
            changed = replace(changed, living=replace(changed.living, note_id="", text=""))
        elif one.kind == "remote_link_gone":
            changed = replace(changed, links=tuple(_not_told(link, one, now) for link in changed.links))
    return changed


def _not_told(link: Link, gone: Drift, now: datetime) -> Link:
    # Not simply empty: the same title at the same version was written before and would count as done.
    return replace(link, told=f"{GONE}{int(now.timestamp())}") if link.ticket_id == gone.ticket_id else link
