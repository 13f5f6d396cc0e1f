"""Where the words of an incident go: into its ticket, or into the one that the ticket duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.decide.draft import Draft
from bridge.decide.stage import own_ticket
from bridge.model.dossier import Link
from bridge.model.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A ticket that is written to on behalf of a link."""

    id: str
    key: str


def target_of(draft: Draft, link: Link) -> Ticket | None:
    """Return the ticket that a link follows, None where it follows none or the target was not seen."""
    ticket = own_ticket(link, draft.seen.tickets) if link.follows else None
    return ticket if ticket is not None and ticket.id != link.ticket_id else None


def place(draft: Draft, link: Link, at: datetime | None = None) -> Place:
    """Return where something said ``at`` a moment (else now) belongs: what came before following stays behind."""
    target = target_of(draft, link)
    earlier = at is not None and link.followed_at is not None and at < link.followed_at
    if target is None or earlier:
        return Place(id=link.ticket_id, key=link.ticket_key)
    return Place(id=target.id, key=target.key)
