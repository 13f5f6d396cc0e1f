"""The closed set of things the bridge may do to the outside world, as data.

Each action's ``key`` names its cause, not its content, and is unique in the journal: the same cause is
carried out once, however often it is seen.  ``reason`` is the sentence that ``bridge plan`` prints.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

#: The side on which an action leaves its effect.
Side = Literal["desk", "tracker"]
#: Name and value of a field; several values are a tuple.
Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTicket:
    """Open a ticket.  Its trace: the label ``mark_label``, searched for after a grace.

    ``agreed`` are mirrored fields that it is opened with: (field, the incident's value, the ticket's).
    """

    key: str
    reason: str
    project: str
    type: str
    summary: str
    description: str
    fields: tuple[tuple[str, Value], ...] = ()
    mark_label: str
    source: str = ""
    team: str = ""
    packed: tuple[str, ...] = ()
    agreed: tuple[tuple[str, str, str], ...] = ()
    kind: Literal["create_ticket"] = "create_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTicketNote:
    """Write a comment (plain text, without mark).  Its trace: the mark in the ticket's own comments.

    A ``board`` is the one comment of all incidents of the ticket: its mark names the ticket, whoever writes it.
    """

    key: str
    reason: str
    ticket_id: str
    ticket_key: str
    text: str
    packed: tuple[str, ...] = ()
    board: bool = False
    revision: int = 0
    kind: Literal["add_ticket_note"] = "add_ticket_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTicketNote:
    """Rewrite the board of a ticket.  Its trace: the text."""

    key: str
    reason: str
    ticket_id: str
    ticket_key: str
    note_id: str
    text: str
    revision: int
    kind: Literal["edit_ticket_note"] = "edit_ticket_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTicketFields:
    """Set fields of a ticket.  Its trace: the fields themselves."""

    key: str
    reason: str
    ticket_id: str
    ticket_key: str
    fields: tuple[tuple[str, Value], ...]
    agreed: tuple[tuple[str, str, str], ...] = ()
    kind: Literal["set_ticket_fields"] = "set_ticket_fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTicket:
    """Move a ticket to a status by whichever transition leads there.  Its trace: the status."""

    key: str
    reason: str
    ticket_id: str
    ticket_key: str
    to_status: str
    kind: Literal["move_ticket"] = "move_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowIncident:
    """Write the remote link that shows the incident in the ticket.  Repeating it is harmless (upsert by ``global_id``)."""

    key: str
    reason: str
    ticket_id: str
    ticket_key: str
    global_id: str
    title: str
    summary: str = ""
    resolved: bool = False
    kind: Literal["show_incident"] = "show_incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachToTicket:
    """Carry a file of a note into a ticket.  Its trace: an attachment of this ``name``, which no other effect gives.

    ``ref`` names the file at the desk, ``size`` is in bytes.
    """

    key: str
    reason: str
    ticket_id: str
    ticket_key: str
    name: str
    size: int
    ref: str
    kind: Literal["attach_to_ticket"] = "attach_to_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddIncidentNote:
    """Write a work info (plain text, without mark).  Its trace: the mark in the incident's own work log."""

    key: str
    reason: str
    text: str
    internal: bool = True
    purpose: Literal["mirror", "milestone", "question", "living", "answer"] = "mirror"
    kind: Literal["add_incident_note"] = "add_incident_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditIncidentNote:
    """Rewrite the living note.  Its trace: the text."""

    key: str
    reason: str
    note_id: str
    text: str
    revision: int
    kind: Literal["edit_incident_note"] = "edit_incident_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetIncident:
    """Set an incident's status or fields, by our own names or the desk's.  Its trace: the values themselves.

    ``purpose`` tells the memory what it was for: the waiting status of a round, giving it back to be verified,
    putting an early resolve back, mirroring a field, or a routing repair.
    """

    key: str
    reason: str
    fields: tuple[tuple[str, str], ...]
    purpose: Literal["linked", "waiting", "verify", "put_back", "mirror", "route"]
    agreed: tuple[tuple[str, str, str], ...] = ()
    ticket_id: str = ""
    kind: Literal["set_incident"] = "set_incident"


Action = (
    CreateTicket
    | AddTicketNote
    | EditTicketNote
    | SetTicketFields
    | MoveTicket
    | ShowIncident
    | AttachToTicket
    | AddIncidentNote
    | EditIncidentNote
    | SetIncident
)
_AT_DESK = (AddIncidentNote, EditIncidentNote, SetIncident)


def side_of(action: Action) -> Side:
    """Return the side that an action changes."""
    return "desk" if isinstance(action, _AT_DESK) else "tracker"


def kinds_on(side: Side) -> tuple[str, ...]:
    """Return the kinds of actions that change a side."""
    classes = [one for one in get_args(Action) if issubclass(one, _AT_DESK) == (side == "desk")]
    return tuple(str(field.default) for one in classes for field in fields(one) if field.name == "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an effect left behind: the new note's or ticket's id, and the ticket's key."""

    id: str = ""
    key: str = ""
