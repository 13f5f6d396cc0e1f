"""Which ticket belongs to which incident, as an index over the dossiers.

The dossier is the truth; its rows here are rewritten whenever it is saved, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    select,
)

from bridge.model.dossier import Dossier, Link
from bridge.model.shared import Sibling
from bridge.model.ticket import Ticket
from bridge.state.codec import decode
from bridge.state.dialect import chunks, pages, upsert
from bridge.state.schema import DOSSIERS, LINKS, TICKETS

_MINE = (LINKS.c.pair == bindparam("pair"), LINKS.c.incident == bindparam("incident"))
_AMONG = LINKS.c.ticket_id.in_(bindparam("tickets", expanding=True))
_OF_INCIDENT = select(LINKS).where(*_MINE)
_SIBLINGS = (
    select(LINKS)
    .where(LINKS.c.pair == bindparam("pair"), LINKS.c.incident != bindparam("incident"), _AMONG)
    .order_by(LINKS.c.ticket_id, LINKS.c.linked_at, LINKS.c.incident)
)
_OF_TICKETS = (
    select(LINKS.c.ticket_id, LINKS.c.incident)
    .where(LINKS.c.pair == bindparam("pair"), _AMONG)
    .order_by(LINKS.c.ticket_id, LINKS.c.incident)
)
_GONE = delete(LINKS).where(*_MINE, _AMONG)
_PROJECTS_AT = (
    select(TICKETS.c.project)
    .join(LINKS, (LINKS.c.pair == TICKETS.c.pair) & (LINKS.c.ticket_id == TICKETS.c.ticket_id))
    .join(DOSSIERS, (DOSSIERS.c.pair == LINKS.c.pair) & (DOSSIERS.c.incident == LINKS.c.incident))
    .where(DOSSIERS.c.pair == bindparam("pair"), DOSSIERS.c.held.is_(True))
    .where(DOSSIERS.c.stage == bindparam("stage"))
    .distinct()
)


class Links:
    """The links of all pairs; a ticket that a link follows (its duplicate's target, third line's) counts as linked too."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rewrite(self, pair: str, dossier: Dossier) -> None:
        """Make the rows of an incident say what its dossier says."""
        same = {"pair": pair, "incident": dossier.incident}
        wanted = {ticket_id: {**same, **row} for ticket_id, row in _rows(dossier).items()}
        there = {row.ticket_id: dict(row._mapping) for row in self._connection.execute(_OF_INCIDENT, same)}
        if there == wanted:
            return
        gone = sorted(there.keys() - wanted.keys())
        if gone:
            self._connection.execute(_GONE, {**same, "tickets": gone})
        upsert(self._connection, LINKS, list(wanted.values()))

    def incidents_of_tickets(self, pair: str, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each of the ticket ids that is linked the numbers of its incidents, sorted."""
        found: dict[str, tuple[str, ...]] = {}
        for some in chunks(tuple(set(ids))):
            for ticket_id, number in self._connection.execute(_OF_TICKETS, {"pair": pair, "tickets": some}):
                found[ticket_id] = (*found.get(ticket_id, ()), number)
        return found

    def incidents_on(self, pair: str, ids: Iterable[str]) -> set[str]:
        """Return the numbers of all incidents that are linked to any of the tickets."""
        return {number for some in self.incidents_of_tickets(pair, ids).values() for number in some}

    def incidents_of_ticket(self, pair: str, ticket_id: str) -> tuple[str, ...]:
        """Return the numbers of the incidents that are linked to a ticket, sorted."""
        return self.incidents_of_tickets(pair, (ticket_id,)).get(ticket_id, ())

    def siblings(self, pair: str, number: str, ids: Iterable[str]) -> dict[str, tuple[Sibling, ...]]:
        """Return for each of the ticket ids the other incidents that are linked to it, the oldest link first."""
        found: dict[str, tuple[Sibling, ...]] = {}
        for some in chunks(tuple(set(ids))):
            asked = {"pair": pair, "incident": number, "tickets": some}
            for row in self._connection.execute(_SIBLINGS, asked):
                sibling = Sibling(
                    number=row.incident,
                    linked_at=row.linked_at,
                    priority=row.priority,
                    queue=row.queue,
                    waits=row.waits,
                    verified=row.verified,
                    ended_at=row.ended_at,
                )
                found[row.ticket_id] = (*found.get(row.ticket_id, ()), sibling)
        return found

    def linked_among(self, pair: str, ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ticket ids that are linked."""
        return frozenset(self.incidents_of_tickets(pair, ids))

    def linked_tickets(self, pair: str) -> Iterator[str]:
        """Yield the id of every linked ticket once, sorted."""
        query = select(LINKS.c.ticket_id).where(LINKS.c.pair == pair).distinct()
        return (row.ticket_id for row in pages(self._connection, query, LINKS.c.ticket_id))

    def projects(self, pair: str) -> tuple[str, ...]:
        """Return the projects of the linked tickets, sorted; costs a look-up a project, not a ticket."""
        return tuple(sorted(self._connection.scalars(_PROJECTS, {"pair": pair})))

    def projects_at(self, pair: str, stage: str) -> tuple[str, ...]:
        """Return the projects of the tickets of held incidents at a stage, sorted."""
        asked = {"pair": pair, "stage": stage}
        return tuple(sorted(self._connection.scalars(_PROJECTS_AT, asked)))

    def tickets_of_project(self, pair: str, project: str, *, held: bool = False) -> Iterator[Ticket]:
        """Yield the seen tickets of a project, sorted by id; with ``held`` only those of held incidents."""
        query = select(TICKETS.c.ticket_id, TICKETS.c.body).where(
            TICKETS.c.pair == pair, TICKETS.c.project == project
        )
        if held:
            query = query.where(_of_a_held_incident())
        return (decode(Ticket, row.body) for row in pages(self._connection, query, TICKETS.c.ticket_id))


def _rows(dossier: Dossier) -> dict[str, dict[str, Any]]:
    followed = {
        ticket_id: _row(dossier, link, ticket_id) for link in dossier.links for ticket_id in link.beside
    }
    return followed | {link.ticket_id: _row(dossier, link, link.ticket_id) for link in dossier.links}


def _row(dossier: Dossier, link: Link, ticket_id: str) -> dict[str, Any]:
    follows = ticket_id != link.ticket_id
    return {
        "ticket_id": ticket_id,
        "ticket_key": "" if follows else link.ticket_key,
        "follows": follows,
        "waits": dossier.held and not link.lost and ticket_id in link.awaited,
        "verified": dossier.ending == "verified",
        "linked_at": link.linked_at,
        "ended_at": dossier.ended_at,
        "priority": dossier.priority,
        "queue": dossier.queue,
    }


def _of_a_held_incident() -> ColumnElement[bool]:
    return (
        exists()
        .where(LINKS.c.pair == TICKETS.c.pair, LINKS.c.ticket_id == TICKETS.c.ticket_id)
        .where(DOSSIERS.c.pair == LINKS.c.pair, DOSSIERS.c.incident == LINKS.c.incident)
        .where(DOSSIERS.c.held.is_(True))
        .correlate(TICKETS)
    )


def _projects() -> Select[tuple[str]]:
    names = _projects_seen()
    pair: BindParameter[str] = bindparam("pair")
    linked = (
        exists()
        .where(TICKETS.c.pair == pair, TICKETS.c.project == names.c.project)
        .where(LINKS.c.pair == pair, LINKS.c.ticket_id == TICKETS.c.ticket_id)
    )
    return select(names.c.project).where(names.c.project.is_not(None), linked)


def _projects_seen() -> CTE:
    # Each step asks the index for the next name (PostgreSQL wiki, "Loose indexscan"), where DISTINCT would
    # read every ticket.
    pair: BindParameter[str] = bindparam("pair")
    first = select(func.min(TICKETS.c.project).label("project")).where(TICKETS.c.pair == pair)
    names = first.cte("names", recursive=True)
    later = TICKETS.alias("later")
    after = (
        select(func.min(later.c.project))
        .where(later.c.pair == pair, later.c.project > names.c.project)
        .correlate(names)
        .scalar_subquery()
    )
    return names.union_all(select(after).select_from(names).where(names.c.project.is_not(None)))


_PROJECTS = _projects()
