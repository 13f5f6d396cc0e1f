"""Handing on between the lines: who holds the ball since when, and which ticket third line works on.

Second line's ticket is handed on by an issue link to a ticket of third line.  That ticket is looked at from then
on; second line's stays the one that counts, unless the rule says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bridge.decide.draft import Draft
from bridge.decide.stage import own_ticket, stage
from bridge.decide.words import Words
from bridge.model.actions import AddIncidentNote
from bridge.model.dossier import Link, Turn
from bridge.model.incident import FINAL
from bridge.model.ticket import Relation, Ticket
from bridge.rules.match import folded
from bridge.rules.shape import Lines

#: How many turns are remembered of one incident; the oldest are forgotten first.
KEEP_TURNS = 50
#: To how many tickets at once one is handed on; more is a person's to untangle.
MOST_HANDED = 5


def follow(draft: Draft) -> None:
    """Record to which tickets of third line each ticket is handed on now."""
    lines = draft.rule.lines if draft.rule else None
    if lines is None or not draft.dossier.held:
        return
    for link in draft.dossier.links:
        own = own_ticket(link, draft.seen.tickets)
        if own is not None and not link.lost:
            draft.remember_link(_handed(draft, lines, link, own))


def _handed(draft: Draft, lines: Lines, link: Link, own: Ticket) -> Link:
    seen: list[Ticket] = []
    for relation in [one for one in own.relations if _hands_on(lines, one)][:MOST_HANDED]:
        ticket = draft.seen.tickets.get(relation.ticket_id) or draft.seen.found.get(relation.ticket_id)
        if ticket is not None:
            seen.append(ticket)
        elif relation.ticket_id not in draft.seen.found:
            draft.need("ticket", relation.ticket_id)
    counting = _newest(seen) if lines.counts == "third_line" else ""
    return replace(link, handed=tuple(ticket.id for ticket in seen), counting=counting)


def _hands_on(lines: Lines, relation: Relation) -> bool:
    readings = {folded(reading) for reading in lines.handed_on_by or ()}
    projects = {folded(project) for project in lines.third_line.project or ()}
    project = folded(relation.key.rpartition("-")[0])
    return folded(relation.reading) in readings and (not projects or project in projects)


def _newest(tickets: list[Ticket]) -> str:
    """Return the ticket that counts: one on which third line still works, else the newest."""
    ordered = sorted(tickets, key=lambda ticket: (not ticket.done, ticket.id.zfill(20)))
    return ordered[-1].id if ordered else ""


def record(draft: Draft) -> None:
    """Record who holds the ball, whenever that changed."""
    if draft.rule is None:
        return
    present = stage(draft.rule, draft.incident, draft.dossier, draft.seen.tickets)
    turns = draft.dossier.balls
    if turns and turns[-1].who == present.ball:
        return
    turn = Turn(
        who=present.ball,
        since=draft.now,
        tickets=Words(draft).tickets_of(present),
        stage=present.name,
    )
    draft.remember(balls=(*turns, turn)[-KEEP_TURNS:])


def tell_returns(draft: Draft) -> None:
    """Say once of every ticket that third line returned it to second line."""
    if not draft.dossier.held or draft.incident.status in FINAL:
        return
    turns = draft.dossier.balls
    for before, turn in pairwise(turns):
        if (before.who, turn.who, turn.stage) == ("third_line", "second_line", "linked"):
            draft.do(
                AddIncidentNote(
                    key=f"{draft.number}/told/returned/{int(turn.since.timestamp())}",
                    reason="milestone: third line returned the ticket to second line",
                    text=draft.voice.say("returned", key=turn.tickets, target=before.tickets),
                    purpose="milestone",
                )
            )
