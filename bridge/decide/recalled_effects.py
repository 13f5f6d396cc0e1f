"""Which effects must have been done to leave the marks that were found."""

from __future__ import annotations

from bridge.decide.marks import Traces, ordinal
from bridge.model.actions import Action, AddIncidentNote, AddTicketNote, CreateTicket, MoveTicket, Receipt
from bridge.model.dossier import Dossier
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.rules.shape import Rule

_WHY = "found by its mark after the state was lost"


def effects_done(traces: Traces, dossier: Dossier, rule: Rule) -> tuple[tuple[Action, Receipt], ...]:
    """Return the effects that left these marks, with what each left behind."""
    done: list[tuple[Action, Receipt]] = []
    for rest, note in traces.here():
        if rest != "living":
            done.append((_said_here(note, rest), Receipt(id=note.id)))
    for ticket, notes in (*traces.tickets, *traces.beside):
        for note in notes:
            if note.mark.startswith(f"{traces.number}/"):
                done.append((_said_there(note, ticket), Receipt(id=note.id)))
    for ticket, _ in traces.tickets:
        which = ordinal(ticket, traces.pair, traces.number)
        if which:
            done.append((_creation(traces, ticket, which), Receipt(id=ticket.id, key=ticket.key)))
    followed = {ticket_id for link in dossier.links for ticket_id in link.follows}
    for ticket, _ in (*traces.tickets, *(one for one in traces.beside if one[0].id in followed)):
        done += [(move, Receipt()) for move in _moves(traces, dossier, ticket, rule)]
    return tuple(done)


def _said_here(note: Note, rest: str) -> AddIncidentNote:
    kinds = {"note": "mirror", "answer": "answer", "living": "living"}
    return AddIncidentNote(
        key=note.mark,
        reason=_WHY,
        text=note.text,
        internal=note.internal,
        purpose=kinds.get(rest.split("/", 1)[0], "milestone"),  # type: ignore[arg-type]
    )


def _said_there(note: Note, ticket: Ticket) -> AddTicketNote:
    return AddTicketNote(
        key=note.mark, reason=_WHY, ticket_id=ticket.id, ticket_key=ticket.key, text=note.text
    )


def _creation(traces: Traces, ticket: Ticket, which: int) -> CreateTicket:
    return CreateTicket(
        key=f"{traces.number}/create/{which}",
        reason=_WHY,
        project=ticket.project,
        type=ticket.type,
        summary=ticket.summary,
        description="",
        mark_label=f"bridge-{traces.pair}-{traces.number}-{which}",
    )


def _moves(traces: Traces, dossier: Dossier, ticket: Ticket, rule: Rule) -> list[MoveTicket]:
    """Return the moves that were made: those that came before what the incident was told, or that can be seen.

    Whoever moved the ticket on since must not be fought.
    """
    found = []
    for attempt in dossier.rounds:
        verdict = attempt.answer.verdict if attempt.answer else ""
        if verdict and (
            traces.told(f"{verdict}_here/{attempt.number}") or _seen_moved(rule, ticket, verdict)
        ):
            found.append(
                MoveTicket(
                    key=f"{traces.number}/move/{verdict}/{attempt.number}/{ticket.id}",
                    reason=_WHY,
                    ticket_id=ticket.id,
                    ticket_key=ticket.key,
                    to_status=ticket.status,
                )
            )
    return found


def _seen_moved(rule: Rule, ticket: Ticket, verdict: str) -> bool:
    verify = rule.hold.verify
    target = verify.on_accept if verdict == "verified" else verify.on_reject
    there = target is not None and ticket.status.casefold() == target.transition_to.casefold()
    return there or (verdict == "failed" and not ticket.done)
