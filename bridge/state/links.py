"""Which ticket belongs to which incident, as an index over the dossiers.

The dossier is the truth; its rows here are rewritten whenever it is saved, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import CTE, ColumnElement, Connection, bindparam, delete, exists, func, select

from bridge.model.dossier import Dossier
from bridge.model.ticket import Ticket
from bridge.state.codec import decode
from bridge.state.dialect import chunks, pages, upsert
from bridge.state.schema import DOSSIERS, LINKS, TICKETS

_MINE = (LINKS.c.pair == bindparam("pair"), LINKS.c.incident == bindparam("incident"))
_AMONG = LINKS.c.ticket_id.in_(bindparam("tickets", expanding=True))
_OF_INCIDENT = select(LINKS.c.ticket_id, LINKS.c.ticket_key, LINKS.c.follows).where(*_MINE)
_OF_TICKETS = (
    select(LINKS.c.ticket_id, LINKS.c.incident)
    .where(LINKS.c.pair == bindparam("pair"), _AMONG)
    .order_by(LINKS.c.ticket_id, LINKS.c.incident)
)
_GONE = delete(LINKS).where(*_MINE, _AMONG)


class Links:
    """The links of all pairs; a ticket that a link follows (its duplicate's target, third line's) counts as linked too."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rewrite(self, pair: str, dossier: Dossier) -> None:
        """Make the rows of an incident say what its dossier says."""
        wanted = _rows(dossier)
        same = {"pair": pair, "incident": dossier.incident}
        rows = self._connection.execute(_OF_INCIDENT, same)
        there = {row.ticket_id: (row.ticket_key, row.follows) for row in rows}
        if there == wanted:
            return
        gone = sorted(there.keys() - wanted.keys())
        if gone:
            self._connection.execute(_GONE, {**same, "tickets": gone})
        fresh = [
            {**same, "ticket_id": ticket_id, "ticket_key": key, "follows": follows}
            for ticket_id, (key, follows) in wanted.items()
        ]
        upsert(self._connection, LINKS, fresh)

    def incidents_of_tickets(self, pair: str, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each of the ticket ids that is linked the numbers of its incidents, sorted."""
        found: dict[str, tuple[str, ...]] = {}
        for some in chunks(tuple(set(ids))):
            for ticket_id, number in self._connection.execute(_OF_TICKETS, {"pair": pair, "tickets": some}):
                found[ticket_id] = (*found.get(ticket_id, ()), number)
        return found

    def incidents_of_ticket(self, pair: str, ticket_id: str) -> tuple[str, ...]:
        """Return the numbers of the incidents that are linked to a ticket, sorted."""
        return self.incidents_of_tickets(pair, (ticket_id,)).get(ticket_id, ())

    def linked_among(self, pair: str, ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ticket ids that are linked."""
        return frozenset(self.incidents_of_tickets(pair, ids))

    def sharing(self, pair: str, numbers: Iterable[str]) -> frozenset[str]:
        """Return the other incidents that share a ticket with any of these."""
        mine, others = LINKS.alias("mine"), LINKS.alias("others")
        query = (
            select(others.c.incident)
            .join(mine, (mine.c.pair == others.c.pair) & (mine.c.ticket_id == others.c.ticket_id))
            .where(mine.c.pair == pair, mine.c.incident != others.c.incident)
        )
        given = set(numbers)
        found: set[str] = set()
        for some in chunks(tuple(given)):
            found.update(self._connection.scalars(query.where(mine.c.incident.in_(some))))
        return frozenset(found - given)

    def linked_tickets(self, pair: str) -> Iterator[str]:
        """Yield the id of every linked ticket once, sorted."""
        query = select(LINKS.c.ticket_id).where(LINKS.c.pair == pair).distinct()
        return (row.ticket_id for row in pages(self._connection, query, LINKS.c.ticket_id))

    def projects(self, pair: str) -> tuple[str, ...]:
        """Return the projects of the linked tickets, sorted; costs a look-up a project, not a ticket."""
        names = _projects_seen(pair)
        linked = (
            exists()
            .where(TICKETS.c.pair == pair, TICKETS.c.project == names.c.project)
            .where(LINKS.c.pair == pair, LINKS.c.ticket_id == TICKETS.c.ticket_id)
        )
        query = select(names.c.project).where(names.c.project.is_not(None), linked)
        return tuple(sorted(self._connection.scalars(query)))

    def projects_at(self, pair: str, stage: str) -> tuple[str, ...]:
        """Return the projects of the tickets of held incidents at a stage, sorted."""
        query = (
            select(TICKETS.c.project)
            .join(LINKS, (LINKS.c.pair == TICKETS.c.pair) & (LINKS.c.ticket_id == TICKETS.c.ticket_id))
            .join(DOSSIERS, (DOSSIERS.c.pair == LINKS.c.pair) & (DOSSIERS.c.incident == LINKS.c.incident))
            .where(DOSSIERS.c.pair == pair, DOSSIERS.c.held.is_(True), DOSSIERS.c.stage == stage)
        )
        return tuple(sorted(self._connection.scalars(query.distinct())))

    def tickets_of_project(self, pair: str, project: str, *, held: bool = False) -> Iterator[Ticket]:
        """Yield the seen tickets of a project, sorted by id; with ``held`` only those of held incidents."""
        query = select(TICKETS.c.ticket_id, TICKETS.c.body).where(
            TICKETS.c.pair == pair, TICKETS.c.project == project
        )
        if held:
            query = query.where(_of_a_held_incident())
        return (decode(Ticket, row.body) for row in pages(self._connection, query, TICKETS.c.ticket_id))


def _rows(dossier: Dossier) -> dict[str, tuple[str, bool]]:
    followed = {ticket_id: ("", True) for link in dossier.links for ticket_id in link.beside}
    return followed | {link.ticket_id: (link.ticket_key, False) for link in dossier.links}


def _of_a_held_incident() -> ColumnElement[bool]:
    return (
        exists()
        .where(LINKS.c.pair == TICKETS.c.pair, LINKS.c.ticket_id == TICKETS.c.ticket_id)
        .where(DOSSIERS.c.pair == LINKS.c.pair, DOSSIERS.c.incident == LINKS.c.incident)
        .where(DOSSIERS.c.held.is_(True))
        .correlate(TICKETS)
    )


def _projects_seen(pair: str) -> CTE:
    # Each step asks the index for the next name (PostgreSQL wiki, "Loose indexscan"), where DISTINCT would
    # read every ticket.
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
