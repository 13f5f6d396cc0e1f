"""What becomes of linked tickets: moved, lost, closed as duplicates of others.

A missing ticket is believed lost only after two looks by id, minutes apart, with verified credentials.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bridge.decide.draft import Draft
from bridge.decide.stage import outcome, own_ticket
from bridge.model.dossier import Link
from bridge.model.ticket import Ticket

#: How far apart the two looks for a missing ticket must be.
CONFIRM_AFTER = timedelta(minutes=5)
#: A chain of duplicates longer than this is a person's to untangle.
LONGEST_CHAIN = 10


def refresh(draft: Draft) -> None:
    """Record what happened to each linked ticket."""
    for link in draft.dossier.links:
        link = _confirm_missing(draft, link)
        link = _take_new_key(draft, link)
        draft.remember_link(link)
        if draft.rule is not None and not link.lost and draft.dossier.held:
            draft.remember_link(_follow(draft, link))


def _confirm_missing(draft: Draft, link: Link) -> Link:
    if link.missing_since is None or link.lost:
        return link
    if link.ticket_id not in draft.seen.found:
        draft.need("ticket", link.ticket_id)
        return link
    if draft.seen.found[link.ticket_id] is not None:
        return replace(link, missing_since=None)
    sure_at = link.missing_since + CONFIRM_AFTER
    if draft.now < sure_at:
        draft.look_again(sure_at)
        return link
    draft.flag("lost", link.ticket_key)
    return replace(link, lost=True)


def _take_new_key(draft: Draft, link: Link) -> Link:
    ticket = draft.seen.tickets.get(link.ticket_id)
    if ticket is None or ticket.key == link.ticket_key or not ticket.key:
        return link
    former = tuple(key for key in (*link.former_keys, link.ticket_key) if key != ticket.key)
    return replace(link, ticket_key=ticket.key, former_keys=former)


def _follow(draft: Draft, link: Link) -> Link:
    """Follow a duplicate to the ticket that it points to; back to the original when that is reopened."""
    original = draft.seen.tickets.get(link.ticket_id)
    if original is None or draft.rule is None:
        return link
    if outcome(draft.rule.hold, link, original) != "duplicate":
        return replace(link, follows=())
    last = own_ticket(link, draft.seen.tickets) if link.follows else original
    if last is None or outcome(draft.rule.hold, link, last) != "duplicate":
        return link
    return _one_further(draft, link, last)


def _one_further(draft: Draft, link: Link, last: Ticket) -> Link:
    target = last.duplicate_of
    chain = (link.ticket_id, *link.follows)
    if not target or target in chain or len(chain) > LONGEST_CHAIN:
        draft.flag("duplicate_without_target", last.key)
        return link
    if target in draft.seen.tickets or draft.seen.found.get(target) is not None:
        return replace(link, follows=(*link.follows, target))
    if target in draft.seen.found:
        draft.flag("duplicate_without_target", last.key)
        return link
    draft.need("ticket", target)
    return link
