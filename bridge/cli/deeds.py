"""What the bridge does, in the words of the people who read it: one sentence and its details for every action."""

from __future__ import annotations

from typing import Any, assert_never

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
from bridge.model.attachment import size_in_words

#: How much of a note is shown.
_LONGEST = 300


def deed(action: Action) -> str:
    """Return what is done in a few words, without the incident."""
    match action:
        case CreateTicket():
            return f"open a ticket in {action.project}"
        case AddTicketNote():
            return f"write into {action.ticket_key}"
        case EditTicketNote():
            return f"update the board in {action.ticket_key}"
        case SetTicketFields():
            return f"set fields of {action.ticket_key}"
        case MoveTicket():
            return f"move {action.ticket_key} to {action.to_status}"
        case ShowIncident():
            return f"show the incident in {action.ticket_key}"
        case AttachToTicket():
            return f"attach {action.name} to {action.ticket_key}"
        case AddIncidentNote():
            return "write into the incident" if action.internal else "write publicly into the incident"
        case EditIncidentNote():
            return "update the note in the incident"
        case SetIncident():
            return "set the incident"
        case _:
            assert_never(action)


def details(action: Action) -> list[tuple[str, str]]:
    """Return the values of an action by name, in the order in which people want them."""
    match action:
        case CreateTicket():
            return [("type", action.type), ("summary", action.summary), *_values(action.fields)]
        case SetTicketFields() | SetIncident():
            return _values(action.fields)
        case AddTicketNote() | EditTicketNote() | AddIncidentNote() | EditIncidentNote():
            return [("text", _short(action.text))]
        case AttachToTicket():
            return [("size", size_in_words(action.size))]
        case MoveTicket() | ShowIncident():
            return []
        case _:
            assert_never(action)


def shown(value: Value) -> str:
    """Return a field's value as people write it."""
    text = value if isinstance(value, str) else ", ".join(value)
    return text or "(empty)"


def _values(fields: tuple[tuple[str, Value], ...]) -> list[tuple[str, str]]:
    return [(name, shown(value)) for name, value in fields]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def as_data(action: Action) -> dict[str, Any]:
    """Return an action as programs read it: the same keys for every kind, empty where they say nothing."""
    return {
        "incident": action.key.split("/", 1)[0],
        "kind": action.kind,
        "does": deed(action),
        "reason": action.reason,
        "key": action.key,
        "ticket": getattr(action, "ticket_key", ""),
        "project": getattr(action, "project", ""),
        "type": getattr(action, "type", ""),
        "summary": getattr(action, "summary", ""),
        "text": getattr(action, "text", "") or getattr(action, "description", ""),
        "to_status": getattr(action, "to_status", ""),
        "fields": dict(getattr(action, "fields", ())),
    }
