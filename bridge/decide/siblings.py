"""Incidents that wait for the same ticket: who of them speaks for all, and what they have in common.

One incident at a time speaks for all of a ticket: the waiting one with the oldest link; when none waits any more, the
one that was verified last.  It keeps the board and has the last word, so that nothing is said or done once for each of
them.  Mirrored fields show the most serious one (``fieldlook``).  Whoever changes for all to see wakes both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bridge.decide.draft import Draft
from bridge.model.dossier import Dossier, Link
from bridge.model.plan import Observation
from bridge.model.shared import Sibling
from bridge.rules.levels import level


def all_on(draft: Draft, ticket_id: str) -> tuple[Sibling, ...]:
    """Return every incident on a ticket, this one included, the oldest link first."""
    me = standing(draft.dossier, ticket_id)
    siblings = draft.seen.siblings.get(ticket_id, ())
    return tuple(sorted((*siblings, *((me,) if me else ())), key=_age))


def waiting(draft: Draft, ticket_id: str) -> tuple[Sibling, ...]:
    """Return the incidents that wait for a ticket, this one included, the oldest link first."""
    return tuple(sibling for sibling in all_on(draft, ticket_id) if sibling.waits)


def others(seen: Observation, ticket_id: str) -> tuple[Sibling, ...]:
    """Return the other incidents that wait for a ticket, the oldest link first."""
    return tuple(sibling for sibling in seen.siblings.get(ticket_id, ()) if sibling.waits)


def speaker(draft: Draft, ticket_id: str) -> str:
    """Return the number of the incident that speaks for all on a ticket; empty where there is none."""
    everybody = all_on(draft, ticket_id)
    held = [sibling for sibling in everybody if sibling.waits]
    if held:
        return held[0].number
    ended = [sibling for sibling in everybody if sibling.verified] or list(everybody)
    return max(ended, key=_end).number if ended else ""


def speaks(draft: Draft, ticket_id: str) -> bool:
    """Whether this incident speaks for all on a ticket."""
    return speaker(draft, ticket_id) == draft.number


def has_last_word(draft: Draft, ticket_id: str) -> bool:
    """Whether nobody waits for a ticket any more and this incident was the last that did."""
    everybody = all_on(draft, ticket_id)
    over = not any(sibling.waits for sibling in everybody)
    return over and max(everybody, key=_end).number == draft.number


def highest_priority(incidents: tuple[Sibling, ...]) -> str:
    """Return the most serious priority among incidents, empty where none has one."""
    return min((one.priority for one in incidents if one.priority), key=seriousness, default="")


def seriousness(priority: str) -> int:
    """Return the rank of a priority, 1 the most serious; what is none comes last."""
    return level("priority", priority) or 9


def wakes(draft: Draft) -> tuple[str, ...]:
    """Return the other incidents that must look again because of what this plan changes for all to see.

    Where a standing changed these are the speaker and the most serious one; what second line wrote counts for all.
    """
    numbers = [
        number
        for ticket_id in shifted(draft.seen.dossier, draft.dossier)
        for number in (speaker(draft, ticket_id), _worst(draft, ticket_id))
    ]
    numbers += [one.number for link in draft.dossier.links for one in _hearers(draft, link)]
    return tuple(dict.fromkeys(number for number in numbers if number not in ("", draft.number)))


def shifted(before: Dossier, after: Dossier) -> tuple[str, ...]:
    """Return the ids of the tickets on which others see an incident differently than before."""
    awaited = dict.fromkeys(ticket_id for link in after.links for ticket_id in link.awaited)
    return tuple(one for one in awaited if standing(before, one) != standing(after, one))


def _hearers(draft: Draft, link: Link) -> tuple[Sibling, ...]:
    """Return the other incidents of a ticket where one of this incident's notes newly is evidence for it."""
    before = draft.seen.dossier.link(link.ticket_id)
    known = {item.source for item in before.evidence} if before else set()
    here = {f"note:{note.id}" for note in draft.seen.notes} - known
    heard = any(item.source in here for item in link.evidence)
    return draft.seen.siblings.get(link.ticket_id, ()) if heard else ()


def _worst(draft: Draft, ticket_id: str) -> str:
    """Return the number of the most serious incident that waits, whose values the ticket's mirrored fields show."""
    ranks = [(seriousness(one.priority), *_age(one)) for one in waiting(draft, ticket_id)]
    return min(ranks)[2] if ranks else ""


def tickets_of(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield (id, key) of every ticket that the incident waits for, those that it follows included."""
    for link in draft.dossier.links:
        yield link.ticket_id, link.ticket_key
        for ticket_id in link.awaited[1:]:
            if ticket_id in draft.seen.tickets:
                yield ticket_id, draft.seen.tickets[ticket_id].key


def standing(dossier: Dossier, ticket_id: str) -> Sibling | None:
    """Return an incident as its siblings on a ticket see it, None where it is not on that ticket."""
    link = _link_to(dossier, ticket_id)
    if link is None:
        return None
    return Sibling(
        number=dossier.incident,
        linked_at=link.linked_at,
        priority=dossier.priority,
        queue=dossier.queue,
        waits=dossier.held and not link.lost and ticket_id in link.awaited,
        verified=dossier.ending == "verified",
        ended_at=dossier.ended_at,
    )


def _link_to(dossier: Dossier, ticket_id: str) -> Link | None:
    beside = (link for link in dossier.links if ticket_id in link.beside)
    return dossier.link(ticket_id) or next(beside, None)


def _age(sibling: Sibling) -> tuple[datetime, str]:
    return sibling.linked_at, sibling.number


def _end(sibling: Sibling) -> tuple[datetime, str]:
    return sibling.ended_at or sibling.linked_at, sibling.number
