"""A question that is no longer there to be answered: the ticket was reopened, or a further one linked, before the check.

It is nobody's failure: the round ends without blame, and the incident waits again until there is something to check.
"""

from __future__ import annotations

from typing import Literal

from bridge.decide.answers import next_round, used_up
from bridge.decide.draft import Draft
from bridge.decide.stage import counting_ticket, stage
from bridge.model.dossier import Answer, Link, Round
from bridge.rules.shape import Rule, StatusIn


def withdraw(draft: Draft) -> None:
    """Take the question of the present round back where its ground is gone."""
    rule, attempt = draft.rule, draft.dossier.round
    if rule is None or attempt is None or not draft.dossier.held:
        return
    reopened = [link for link in draft.dossier.links if _was_reopened(draft, rule, link)]
    if not _was_asked(draft, attempt):
        # Nobody was told of it, so that the evidence of before is used up without a word.
        for link in reopened:
            draft.remember_link(used_up(draft, link))
    elif reopened:
        _end(draft, "reopened", reopened)
    elif further := _further(draft, rule, attempt):
        _end(draft, "extended", further)


def _was_asked(draft: Draft, attempt: Round) -> bool:
    handed_back = draft.settled(f"{draft.number}/verify/{attempt.number}")
    return attempt.asked_at is not None or handed_back


def _was_reopened(draft: Draft, rule: Rule, link: Link) -> bool:
    """Whether a ticket that was done in this round is not done any more; a status that is evidence is no way back."""
    ticket = counting_ticket(link, draft.seen.tickets)
    if ticket is None or link.lost or ticket.done or link.seen_done != ticket.id:
        return False
    sources = (*rule.hold.deployed.any_, *rule.hold.deployed.all_)
    deployed = {
        name.casefold() for source in sources if isinstance(source, StatusIn) for name in source.status.in_
    }
    return ticket.status.casefold() not in deployed


def _further(draft: Draft, rule: Rule, attempt: Round) -> list[Link]:
    """Return the tickets that were linked after the question and are not there to be checked yet."""
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    if attempt.asked_at is None or present.ready or present.undecided:
        return []
    return [
        each.link
        for each in present.links
        if each.link.linked_at > attempt.asked_at and not (each.deployed or each.needs_decision)
    ]


def _end(draft: Draft, how: Literal["reopened", "extended"], links: list[Link]) -> None:
    keys = ", ".join(link.ticket_key for link in links)
    answer = Answer(verdict="failed", how=how, by="", by_name="", at=draft.now, words=keys)
    next_round(draft, answer, links if how == "reopened" else [])
