"""What becomes of linked tickets: moved, lost, closed as duplicates of others.

A missing ticket is believed lost only after two looks by id, minutes apart, with verified credentials.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bridge.decide.draft import Draft
from bridge.decide.stage import closed_as_duplicate
from bridge.model.dossier import Link
from bridge.model.ticket import Ticket

#: How far apart the two looks for a missing ticket must be.
CONFIRM_AFTER = timedelta(minutes=5)
#: A chain of duplicates longer than this is a person's to untangle.
LONGEST_CHAIN = 10
#: What is put before a person where a chain of duplicates leads nowhere.
WITHOUT_TARGET, IN_A_CIRCLE = "duplicate_without_target", "duplicate_in_a_circle"


def refresh(draft: Draft) -> None:
    """Record what happened to each linked ticket."""
    troubles: list[tuple[str, str]] = []
    for link in draft.dossier.links:
        link = _confirm_missing(draft, link)
        link = _take_new_key(draft, link)
        draft.remember_link(link)
        if draft.rule is not None and not link.lost and draft.dossier.held:
            draft.remember_link(_follow(draft, link, troubles))
    if draft.dossier.held and not draft.needs:
        _put_before_people(draft, troubles)


def _put_before_people(draft: Draft, troubles: list[tuple[str, str]]) -> None:
    """Flag the chains that lead nowhere now, and take back the flags of those that lead somewhere again."""
    kept = tuple(
        flag
        for flag in draft.dossier.flags
        if flag.what not in (WITHOUT_TARGET, IN_A_CIRCLE) or (flag.what, flag.detail) in troubles
    )
    draft.remember(flags=kept)
    for what, detail in troubles:
        draft.flag(what, detail)


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


def _follow(draft: Draft, link: Link, troubles: list[tuple[str, str]]) -> Link:
    """Follow a duplicate to the last ticket of its chain; back to the original when that is reopened."""
    original = draft.seen.tickets.get(link.ticket_id)
    if original is None or draft.rule is None:
        return link
    follows: tuple[str, ...] = ()
    last = original
    while closed_as_duplicate(draft.rule.hold, last):
        target = _next(draft, (original.id, *follows), last, troubles)
        if target is None:
            break
        follows = (*follows, target.id)
        last = target
    if draft.needs or follows == link.follows:
        return link
    return replace(link, follows=follows, followed_at=draft.now if follows else None, told_target="")


def _next(
    draft: Draft, chain: tuple[str, ...], last: Ticket, troubles: list[tuple[str, str]]
) -> Ticket | None:
    """Return the ticket that the last one of a chain duplicates, None where there is none to follow (yet)."""
    target = last.duplicate_of
    if target in chain:
        keys = (draft.seen.tickets[one].key for one in (*chain, target))
        troubles.append((IN_A_CIRCLE, " → ".join(keys)))
        return None
    if not target or len(chain) > LONGEST_CHAIN:
        troubles.append((WITHOUT_TARGET, last.key))
        return None
    if target not in draft.seen.tickets and target not in draft.seen.found:
        draft.need("ticket", target)
    elif target not in draft.seen.tickets:
        troubles.append((WITHOUT_TARGET, last.key))
    return draft.seen.tickets.get(target)
