"""What an effect that was done changes in the memory: the base moves only when the world did.

Saved in the same transaction as the effect's outcome.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bridge.decide.merge import base_with
from bridge.model.actions import (
    Action,
    AddIncidentNote,
    AddTicketNote,
    AttachToTicket,
    CreateTicket,
    EditIncidentNote,
    EditTicketNote,
    MoveTicket,
    Receipt,
    SetIncident,
    SetTicketFields,
    ShowIncident,
    Value,
)
from bridge.model.dossier import Dossier, Link, Living, Reassigned, Round
from bridge.model.shared import Board
from bridge.model.ticket import Ticket

#: How many moments of field writes are remembered; enough to see a quarrel.
KEEP_WRITES = 20


def agreed(dossier: Dossier, action: Action, receipt: Receipt, at: datetime) -> Dossier:
    """Return the memory after ``action`` was done."""
    match action:
        case CreateTicket():
            return _opened(dossier, action, receipt, at)
        case AddTicketNote():
            return _with_link(dossier, action.ticket_id, packed=action.packed)
        case SetTicketFields():
            return _wrote(dossier, action.ticket_id, action.agreed, at)
        case ShowIncident():
            return _with_link(dossier, action.ticket_id, told=action.title)
        case AddIncidentNote():
            return _said(dossier, action, receipt, at)
        case EditIncidentNote():
            living = replace(dossier.living, text=action.text, revision=action.revision)
            return replace(dossier, living=living)
        case SetIncident():
            return _set(dossier, action, at)
        case MoveTicket() | AttachToTicket() | EditTicketNote():
            return dossier


def _opened(dossier: Dossier, action: CreateTicket, receipt: Receipt, at: datetime) -> Dossier:
    link = Link(
        ticket_id=receipt.id,
        ticket_key=receipt.key,
        how="opened",
        linked_at=at,
        packed=action.packed,
        team=action.team,
        base=base_with((), action.agreed),
    )
    known = dossier.link(receipt.id) is not None
    return replace(
        dossier,
        links=dossier.links if known else (*dossier.links, link),
        rounds=dossier.rounds or (Round(number=1, started_at=at),),
        requests=tuple(
            replace(request, answered="opened", key=receipt.key)
            if request.source == action.source
            else request
            for request in dossier.requests
        ),
    )


def _with_link(dossier: Dossier, ticket_id: str, *, packed: tuple[str, ...] = (), told: str = "") -> Dossier:
    def changed(link: Link) -> Link:
        if link.ticket_id != ticket_id:
            return replace(link, told_target=told) if told and ticket_id in link.follows[-1:] else link
        return replace(link, packed=(*link.packed, *packed), told=told or link.told)

    return replace(dossier, links=tuple(changed(link) for link in dossier.links))


def _wrote(
    dossier: Dossier, ticket_id: str, pairs: tuple[tuple[str, str, str], ...], at: datetime
) -> Dossier:
    links = tuple(_agreeing(link, pairs) if link.ticket_id == ticket_id else link for link in dossier.links)
    writes = (*dossier.field_writes, *((name, at) for name, _, _ in pairs))[-KEEP_WRITES:]
    return replace(dossier, links=links, field_writes=writes)


def _agreeing(link: Link, pairs: tuple[tuple[str, str, str], ...]) -> Link:
    settled = {name for name, _, _ in pairs}
    asked = tuple(item for item in link.asked if item.field not in settled)
    return replace(link, base=base_with(link.base, pairs), asked=asked)


def _said(dossier: Dossier, action: AddIncidentNote, receipt: Receipt, at: datetime) -> Dossier:
    if action.purpose == "living":
        living = Living(note_id=receipt.id, text=action.text, revision=dossier.living.revision + 1)
        return replace(dossier, living=living)
    if action.purpose == "question" and dossier.rounds:
        asked = replace(dossier.rounds[-1], asked_at=at)
        return replace(dossier, rounds=(*dossier.rounds[:-1], asked))
    return dossier


def _set(dossier: Dossier, action: SetIncident, at: datetime) -> Dossier:
    values = dict(action.fields)
    if "ticket_field" in values:
        written = tuple(
            link.ticket_key for link in dossier.links if link.ticket_key in values["ticket_field"]
        )
        dossier = replace(dossier, written_keys=tuple(dict.fromkeys((*dossier.written_keys, *written))))
    if "status" in values:
        # Where the bridge itself put it is where an early resolve goes back to, even if no look comes in between.
        reason = values.get("status_reason", "")
        dossier = replace(dossier, open_status=values["status"], open_reason=reason)
    if action.purpose == "waiting" and dossier.round is not None:
        dossier = replace(dossier, waited=dossier.round.number)
    if action.purpose == "put_back":
        dossier = replace(dossier, put_backs=dossier.put_backs + 1)
    if action.purpose == "route" and values.get("assigned_group"):
        dossier = _routed(dossier, values["assigned_group"], at)
    if action.agreed:
        dossier = _wrote(dossier, action.ticket_id, action.agreed, at)
    return dossier


def _routed(dossier: Dossier, queue: str, at: datetime) -> Dossier:
    moved = Reassigned(old=dossier.queue, new=queue, by="", at=at)
    return replace(dossier, queue=queue, reassigned=(*dossier.reassigned, moved))


def missing(dossier: Dossier, ticket_id: str, at: datetime) -> Dossier:
    """Return the memory after a ticket was not found where it should be; not believed until confirmed."""
    return replace(
        dossier,
        links=tuple(
            replace(link, missing_since=at)
            if link.ticket_id == ticket_id and link.missing_since is None
            else link
            for link in dossier.links
        ),
    )


def board_after(action: AddTicketNote | EditTicketNote, receipt: Receipt) -> Board:
    """Return a ticket's board after it was written."""
    note_id = action.note_id if isinstance(action, EditTicketNote) else receipt.id
    return Board(note_id=note_id, text=action.text, revision=action.revision)


def ticket_created(action: CreateTicket, receipt: Receipt) -> Ticket:
    """Return a new ticket as it must look, until a poll shows it: any real look is newer than this one."""
    values = dict(action.fields)
    return Ticket(
        id=receipt.id,
        key=receipt.key,
        project=action.project,
        type=action.type,
        summary=action.summary,
        priority=_text(values.get("priority", "")),
        components=_many(values.get("components", ())),
        labels=(*_many(values.get("labels", ())), action.mark_label),
        updated_at=datetime.fromtimestamp(0, UTC),
        fields=tuple(
            sorted(
                (name, _text(value))
                for name, value in values.items()
                if name not in ("priority", "components", "labels")
            )
        ),
    )


def ticket_after(ticket: Ticket, action: SetTicketFields) -> Ticket:
    """Return the ticket as it must look after ``action``, until the next poll shows it."""
    changed = ticket
    desk = dict(ticket.fields)
    for name, value in action.fields:
        if name in ("labels", "components"):
            changed = replace(changed, **{name: _many(value)})  # type: ignore[arg-type]
        elif name in ("priority", "summary", "assignee"):
            changed = replace(changed, **{name: _text(value)})  # type: ignore[arg-type]
        else:
            desk[name] = _text(value)
    return replace(changed, fields=tuple(sorted(desk.items())))


def _many(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)
