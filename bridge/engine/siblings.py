"""The incidents that share a ticket: what one of them becomes may change what the ticket shows for all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bridge.model.dossier import Dossier, Link
from bridge.model.shared import Sibling
from bridge.state.store import Transaction


def siblings_of(tx: Transaction, pair: str, dossier: Dossier) -> dict[str, tuple[Sibling, ...]]:
    """Return the other incidents of each ticket of an incident, as last seen and remembered, by ticket id."""
    ids = [link.ticket_id for link in dossier.links]
    numbers = {
        ticket: [number for number in some if number != dossier.incident]
        for ticket, some in tx.links.incidents_of_tickets(pair, ids).items()
    }
    everyone = sorted({number for some in numbers.values() for number in some})
    if not everyone:
        return dict.fromkeys(ids, ())
    dossiers, incidents = tx.dossiers.several(pair, everyone), tx.memory.incidents(pair, everyone)
    found: dict[str, tuple[Sibling, ...]] = dict.fromkeys(ids, ())
    for ticket, some in numbers.items():
        for number in some:
            link = _link(dossiers.get(number), ticket)
            if link is not None and number in incidents:
                seen = incidents[number]
                one = Sibling(
                    number=number,
                    priority=seen.priority,
                    queue=seen.assigned_group,
                    linked_at=link.linked_at,
                    waits=dossiers[number].held and not link.lost,
                    verified=dossiers[number].ending == "verified",
                    ended_at=dossiers[number].ended_at,
                )
                found[ticket] = (*found[ticket], one)
    return found


def _link(dossier: Dossier | None, ticket: str) -> Link | None:
    """Return the link of an incident to a ticket, be it the linked one or one that is looked at for it."""
    links = dossier.links if dossier else ()
    return next((link for link in links if ticket == link.ticket_id or ticket in link.beside), None)


def mark_siblings(tx: Transaction, pair: str, numbers: Iterable[str], now: datetime) -> None:
    """Ask for a look at every incident that shares a ticket with one of these."""
    found = sorted(tx.links.sharing(pair, numbers))
    if found:
        tx.agenda.mark_dirty(pair, found, "an incident of the same ticket changed", now)
