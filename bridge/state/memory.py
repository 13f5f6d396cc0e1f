"""What was last seen of the world: the watched incidents, their tickets, and the notes of both.

An incident is watched when its snapshot is here.  Which ticket belongs to which incident stands in ``links``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from bridge.model.change import Change, Related
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.state.codec import decode
from bridge.state.dialect import chunks
from bridge.state.schema import CHANGES, EPOCH, INCIDENTS, NOTES, TICKETS
from bridge.state.shelf import Shelf

#: On which side a note stands.
Side = Literal["incident", "ticket"]

_INCIDENTS = Shelf(
    kind=Incident,
    table=INCIDENTS,
    identity=INCIDENTS.c.number,
    name=lambda incident: incident.number,
    columns=lambda incident: {"modified_at": incident.modified_at},
    content=lambda incident: replace(incident, modified_at=EPOCH, modified_by=""),
    version=lambda incident: incident.modified_at,
)
_TICKETS = Shelf(
    kind=Ticket,
    table=TICKETS,
    identity=TICKETS.c.ticket_id,
    name=lambda ticket: ticket.id,
    columns=lambda ticket: {
        "ticket_key": ticket.key,
        "project": ticket.project,
        "updated_at": ticket.updated_at,
    },
    content=lambda ticket: replace(ticket, updated_at=EPOCH),
    version=lambda ticket: ticket.updated_at,
)
_NOTES = Shelf(
    kind=Note,
    table=NOTES,
    identity=NOTES.c.note_id,
    name=lambda note: note.id,
    columns=lambda note: {"parent": note.parent, "at": note.at},
    content=lambda note: note.text,
)

_CHANGES = Shelf(
    kind=Related,
    table=CHANGES,
    identity=CHANGES.c.incident,
    name=lambda related: related.incident,
    columns=lambda related: {},  # noqa: ARG005 - nothing is looked up by anything else
    content=lambda related: tuple(replace(change, modified_at=EPOCH) for change in related.changes),
)


_WATCHED = select(INCIDENTS.c.number).where(
    INCIDENTS.c.pair == bindparam("pair"), INCIDENTS.c.number.in_(bindparam("numbers", expanding=True))
)
_NOTES_OF = (
    select(NOTES.c.body)
    .where(*(NOTES.c[name] == bindparam(name) for name in ("pair", "side", "parent")))
    .order_by(NOTES.c.at, NOTES.c.note_id)
)
_OF_KEY = (
    select(TICKETS.c.body)
    .where(TICKETS.c.pair == bindparam("pair"), TICKETS.c.ticket_key == bindparam("key"))
    .order_by(TICKETS.c.updated_at.desc())
    .limit(1)
)


class Memory:
    """The last-seen snapshots of all pairs."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- seeing

    def see_incidents(
        self, pair: str, incidents: Iterable[Incident], at: datetime, *, surely: bool = False
    ) -> frozenset[str]:
        """Keep these looks and return the numbers of those that are new or changed in more than who and when.

        A look older than the kept one, by ``modified_at``, is ignored, unless it is ``surely`` the present state.
        """
        return _INCIDENTS.see(self._connection, {"pair": pair}, incidents, at, surely=surely)

    def see_incident(self, pair: str, incident: Incident, at: datetime) -> bool:
        """Keep one look and return whether its content is new or changed; see ``see_incidents``."""
        return bool(self.see_incidents(pair, (incident,), at))

    def see_tickets(
        self, pair: str, tickets: Iterable[Ticket], at: datetime, *, surely: bool = False
    ) -> frozenset[str]:
        """Keep these looks and return the ids whose content is new or changed, apart from ``updated_at``.

        A look older than the kept one, by ``updated_at``, is ignored, unless it is ``surely`` the present state.
        """
        return _TICKETS.see(self._connection, {"pair": pair}, tickets, at, surely=surely)

    def tickets_behind(self, pair: str, tickets: Iterable[Ticket]) -> frozenset[str]:
        """Return the ids of those looks that differ from the kept ones and say that they are older.

        Either a search index is late, or the tracker's clock was put back; only a read by id tells.
        """
        return _TICKETS.behind(self._connection, {"pair": pair}, tickets)

    def see_ticket(self, pair: str, ticket: Ticket, at: datetime) -> bool:
        """Keep one look and return whether its content is new or changed; see ``see_tickets``."""
        return bool(self.see_tickets(pair, (ticket,), at))

    def see_notes(self, pair: str, side: Side, notes: Iterable[Note], at: datetime) -> frozenset[str]:
        """Keep these notes and return the ids of those that are new or whose text changed."""
        return _NOTES.see(self._connection, {"pair": pair, "side": side}, notes, at)

    def see_note(self, pair: str, side: Side, note: Note, at: datetime) -> bool:
        """Keep one note and return whether it is new or its text changed."""
        return bool(self.see_notes(pair, side, (note,), at))

    def see_changes(self, pair: str, related: Iterable[Related], at: datetime) -> frozenset[str]:
        """Keep incidents' changes and return the numbers of those where more than a change's date is different."""
        return _CHANGES.see(self._connection, {"pair": pair}, related, at)

    # -- what was seen

    def watched(self, pair: str, numbers: Iterable[str]) -> frozenset[str]:
        """Return those of the numbers whose incidents are watched."""
        found: set[str] = set()
        for some in chunks(tuple(set(numbers))):
            found.update(self._connection.scalars(_WATCHED, {"pair": pair, "numbers": some}))
        return frozenset(found)

    def incident(self, pair: str, number: str) -> Incident | None:
        """Return the incident as last seen, None where it is not watched."""
        return _INCIDENTS.snapshot(self._connection, {"pair": pair}, number)

    def ticket(self, pair: str, ticket_id: str) -> Ticket | None:
        """Return the ticket as last seen, None where it never was."""
        return _TICKETS.snapshot(self._connection, {"pair": pair}, ticket_id)

    def tickets(self, pair: str, ids: Sequence[str]) -> dict[str, Ticket]:
        """Return the tickets as last seen, by id; those never seen are left out."""
        return _TICKETS.snapshots(self._connection, {"pair": pair}, ids)

    def ticket_of_key(self, pair: str, key: str) -> Ticket | None:
        """Return the ticket that last bore this key, None where none did."""
        body = self._connection.scalar(_OF_KEY, {"pair": pair, "key": key})
        return None if body is None else decode(Ticket, body)

    def changes(self, pair: str, number: str) -> tuple[Change, ...]:
        """Return the changes of an incident as last seen, sorted by id."""
        found = _CHANGES.snapshot(self._connection, {"pair": pair}, number)
        return found.changes if found else ()

    def notes(self, pair: str, side: Side, parent: str) -> tuple[Note, ...]:
        """Return the notes of an incident's number or a ticket's id, oldest first."""
        bodies = self._connection.scalars(_NOTES_OF, {"pair": pair, "side": side, "parent": parent})
        return tuple(decode(Note, body) for body in bodies)
