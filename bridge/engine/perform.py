"""Carry one action out through the connectors, and find the trace that one would have left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bridge.decide.text import clean
from bridge.engine.pair import Pair
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
)
from bridge.model.attachment import MOST_BYTES
from bridge.model.errors import Busy, LostCredentials, Refused, Unreachable
from bridge.model.incident import Incident
from bridge.model.note import Note, board_name, mark


def must_happen(action: Action) -> bool:
    """Whether people would lose something if the action never happened, so that it is tried again for long.

    The rest is told to a person and left, since the next look plans anew.
    """
    return isinstance(action, CreateTicket | AddTicketNote | AddIncidentNote)


def carries(action: Action) -> bool:
    """Whether an action brings to one side what people did on the other, and is not the bridge's own word."""
    if isinstance(action, AddIncidentNote | SetIncident):
        return action.purpose == "mirror"
    return isinstance(action, CreateTicket | AddTicketNote | SetTicketFields | AttachToTicket)


def keeps_order(action: Action) -> bool:
    """Whether an action waits behind an earlier one of its incident that was refused or given up.

    What people wrote, and what is told in tickets, stays in its order.  What only shows the present state (fields,
    statuses, the board, the remote link) and what the bridge says at the desk in its own name goes on, or an incident
    could be resolved too early, or be put back without a word, for want of one comment.
    """
    if isinstance(action, AddIncidentNote):
        return action.purpose == "mirror"
    if isinstance(action, AddTicketNote):
        return not action.board
    return isinstance(action, CreateTicket)


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Does what was decided, for one pair."""

    pair: Pair

    def do(self, action: Action, incident: Incident) -> Receipt:
        """Carry out one action; raises what the connectors raise."""
        desk, tracker = self.pair.desk, self.pair.tracker
        match action:
            case CreateTicket():
                return tracker.create_ticket(action)
            case AddTicketNote():
                return tracker.add_note(action.ticket_id, action.text, mark=self._mark(action))
            case EditTicketNote():
                tracker.edit_note(
                    action.ticket_id, action.note_id, action.text, mark=self._board_mark(action.ticket_id)
                )
            case SetTicketFields():
                tracker.set_fields(action.ticket_id, action.fields)
            case MoveTicket():
                tracker.move(action.ticket_id, action.to_status)
            case ShowIncident():
                tracker.show_incident(action, desk.url_of(incident.number))
            case AttachToTicket():
                return tracker.attach(action.ticket_id, action.name, self._file(action))
            case AddIncidentNote():
                return desk.add_note(
                    incident.number, action.text, mark=self._mark(action), internal=action.internal
                )
            case EditIncidentNote():
                desk.edit_note(action.note_id, action.text, mark=self._living_mark(incident))
            case SetIncident():
                desk.set_incident(incident, action.fields)
            case _:
                assert_never(action)
        return Receipt()

    def _file(self, action: AttachToTicket) -> bytes:
        """Fetch a file; a desk that is away only puts the effect off, since nothing was asked of the tracker yet."""
        try:
            data = self.pair.desk.attachment(action.ref)
        except (Busy, Unreachable, LostCredentials) as error:
            raise Busy(error.what, why=error.why, next_step=error.next_step) from None
        if len(data) > MOST_BYTES or (action.size and len(data) != action.size):
            raise Refused(
                f"{action.name} was not carried",
                why=f"the desk gave {len(data)} bytes where {action.size} were announced",
                next_step="attach the file to the ticket by hand",
            )
        return data

    def _mark(self, action: Action) -> str:
        if isinstance(action, AddTicketNote) and action.board:
            return self._board_mark(action.ticket_id)
        return mark(self.pair.name, action.key)

    def _board_mark(self, ticket_id: str) -> str:
        return mark(self.pair.name, board_name(ticket_id))

    def _living_mark(self, incident: Incident) -> str:
        return mark(self.pair.name, f"{incident.number}/living")

    def trace(self, action: Action, incident: Incident) -> Receipt | None:
        """Return what an earlier try of the action left behind, None where it left nothing.

        For a new ticket "nothing" may be believed only after the tracker's search grace.
        """
        match action:
            case CreateTicket():
                return self.pair.tracker.find_created(action)
            case AddTicketNote():
                name = board_name(action.ticket_id) if action.board else action.key
                return _marked(self.pair.tracker.notes(action.ticket_id), name)
            case EditTicketNote():
                notes = self.pair.tracker.notes(action.ticket_id)
                return _same_text(notes, action.note_id, action.text)
            case AddIncidentNote():
                return _marked(self.pair.desk.notes(incident.number), action.key)
            case EditIncidentNote():
                return self._edited(action, incident)
            case SetIncident():
                return self._incident_has(action, incident)
            case MoveTicket() | SetTicketFields():
                return self._ticket_has(action)
            case AttachToTicket():
                return self._attached(action)
            case ShowIncident():
                return None  # writing it again is harmless
            case _:
                assert_never(action)

    def _attached(self, action: AttachToTicket) -> Receipt | None:
        held = self.pair.tracker.attachments(action.ticket_id)
        found = next((one for one in held if (one.name, one.size) == (action.name, action.size)), None)
        return Receipt(id=found.ref) if found else None

    def _edited(self, action: EditIncidentNote, incident: Incident) -> Receipt | None:
        return _same_text(self.pair.desk.notes(incident.number), action.note_id, action.text)

    def _incident_has(self, action: SetIncident, incident: Incident) -> Receipt | None:
        present = next(iter(self.pair.desk.incidents([incident.number])), None)
        if present is None:
            return None
        return Receipt() if all(present.value(name) == value for name, value in action.fields) else None

    def _ticket_has(self, action: MoveTicket | SetTicketFields) -> Receipt | None:
        found = self.pair.tracker.ticket(action.ticket_id)
        if found is None:
            return None
        ticket = found[0]
        if isinstance(action, MoveTicket):
            same = ticket.status.casefold() == action.to_status.casefold()
        else:
            same = all(
                ticket.value(name) == (value if isinstance(value, str) else ", ".join(value))
                for name, value in action.fields
            )
        return Receipt() if same else None


def _same_text(notes: tuple[Note, ...], note_id: str, text: str) -> Receipt | None:
    note = next((note for note in notes if note.id == note_id), None)
    return Receipt(id=note_id) if note and clean(note.text) == clean(text) else None


def _marked(notes: tuple[Note, ...], key: str) -> Receipt | None:
    found = next((note for note in notes if note.mark == key), None)
    return Receipt(id=found.id) if found else None
