"""What the audit trail says of an effect: what was there before, what after, and how it went."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bridge.model.actions import (
    Action,
    AddIncidentNote,
    AddTicketNote,
    AttachToTicket,
    CreateTicket,
    EditIncidentNote,
    EditTicketNote,
    MoveTicket,
    SetIncident,
    SetTicketFields,
    ShowIncident,
    Value,
)
from bridge.model.dossier import Dossier
from bridge.model.incident import Incident
from bridge.model.shared import Board
from bridge.model.ticket import Ticket
from bridge.state.audit import Entry
from bridge.state.journal import Effect

#: Who acts when no person does.
BRIDGE = "bridge"


def account_of(
    effect: Effect,
    outcome: str,
    at: datetime,
    *,
    words: str = "",
    incident: Incident | None = None,
    ticket: Ticket | None = None,
    dossier: Dossier | None = None,
    board: Board | None = None,
    left: str = "",
) -> Entry:
    """Return the line about one outcome of an effect; ``left`` is the id or key of what it left behind."""
    after = after_of(effect.action)
    return Entry(
        at=at,
        who=BRIDGE,
        what=effect.action.kind,
        outcome=outcome,
        pair=effect.pair,
        incident=effect.incident,
        rule=dossier.rule if dossier else "",
        reason=effect.action.reason,
        before=before_of(effect.action, incident, ticket, dossier, board),
        after={**after, "left": left} if left else after,
        request=f"{effect.key}#{effect.attempts}",
        words=words,
    )


def after_of(action: Action) -> dict[str, str]:
    """Return what an action sets or says, by name."""
    match action:
        case CreateTicket():
            named = {name: _text(value) for name, value in action.fields}
            return {"project": action.project, "type": action.type, "summary": action.summary, **named}
        case SetTicketFields() | SetIncident():
            return {name: _text(value) for name, value in action.fields}
        case AddTicketNote() | EditTicketNote() | AddIncidentNote() | EditIncidentNote():
            return {"text": action.text}
        case MoveTicket():
            return {"status": action.to_status}
        case ShowIncident():
            return {"title": action.title}
        case AttachToTicket():
            return {"file": action.name, "bytes": str(action.size)}
        case _:
            assert_never(action)


def before_of(
    action: Action,
    incident: Incident | None,
    ticket: Ticket | None,
    dossier: Dossier | None,
    board: Board | None = None,
) -> dict[str, str]:
    """Return what was last seen of that which an action overwrites, by name; nothing where it only adds."""
    match action:
        case SetIncident() if incident is not None:
            return {name: incident.value(name) for name, _ in action.fields}
        case SetTicketFields() if ticket is not None:
            return {name: ticket.value(name) for name, _ in action.fields}
        case MoveTicket() if ticket is not None:
            return {"status": ticket.status}
        case EditIncidentNote() if dossier is not None:
            return {"text": dossier.living.text}
        case EditTicketNote() if board is not None:
            return {"text": board.text}
        case ShowIncident() if dossier is not None:
            link = dossier.link(action.ticket_id)
            return {"title": link.told} if link else {}
        case _:
            return {}


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)
