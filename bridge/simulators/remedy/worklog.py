"""The rules of work info: who may add a note, who may change one, and the incident fields that make one."""

from __future__ import annotations

from bridge.simulators.remedy import domains, refusal
from bridge.simulators.remedy.desk import Desk, note_stamps
from bridge.simulators.remedy.domains import CLOSED
from bridge.simulators.remedy.fields import Row
from bridge.simulators.remedy.incident_forms import INTERFACE
from bridge.simulators.remedy.other_forms import ATTACHMENTS

_INTERNAL = domains.VIEW_ACCESS.codes["Internal"]
_UNLOCKED = domains.YES_NO.codes["No"]
_GENERAL = domains.WORK_LOG_TYPE.codes["General Information"]

_ACTIVITY = {
    "z1D_Details": "Detailed Description",
    "z1D_WorklogDetails": "Description",
    "z1D_Summary": "Description",
    "z1D_Activity_Type": "Work Log Type",
    "z1D_View_Access": "View Access",
    "z1D_Secure_Log": "Secure Work Log",
    "z1D_CommunicationSource": "Communication Source",
    "z1D_ActivityDate_tab": "Work Log Date",
}
_AUTHORS = ("Work Log Submitter",)


def add(desk: Desk, wish: Row, *, by: str, now: int) -> str:
    """Add a note to the incident that ``wish`` names and return its id.

    The author is always ``by``.  Raises ``Rejected`` with an application number where the incident does not
    exist, or is closed and the settings forbid it.
    """
    number = wish["Incident Number"]
    try:
        incident = desk.called(number)
    except LookupError as error:
        raise refusal.ruled_out(
            refusal.NO_INCIDENT, f"The Incident Number {number} does not exist."
        ) from error
    if incident["Status"] == CLOSED and not desk.settings.worklog_on_closed:
        raise refusal.ruled_out(refusal.CLOSED, "The incident is closed and cannot be modified.")
    given = {key: value for key, value in wish.items() if value is not None and key not in _AUTHORS}
    defaults = {"View Access": _INTERNAL, "Secure Work Log": _UNLOCKED}
    entry = desk.add_note({**note_stamps(by, now), **defaults, **given, **_counted(given)})
    if desk.settings.worklog_touches_incident:
        desk.touch(number, by=by, now=now)
    return entry


def _counted(given: Row) -> Row:
    held = {slot: given[slot][0] for slot in ATTACHMENTS if given.get(slot)}
    names = {f"FileNameAttachment{slot[-1]}": name for slot, name in held.items()}
    return {**names, "Number of Attachments": len(held) or None}


def amend(desk: Desk, entry: str, wish: Row, *, by: str, now: int) -> None:
    """Change a note: one's own, unlocked, on an incident that is not closed; else ``Rejected``."""
    note = desk.notes.rows[entry]
    number = note["Incident Number"]
    if note["Secure Work Log"] != _UNLOCKED:
        raise refusal.ruled_out(refusal.NOTE_LOCKED, "The work log is locked and cannot be modified.")
    if note["Submitter"] != by:
        raise refusal.ruled_out(refusal.NOTE_LOCKED, "Only the submitter can modify this work log.")
    if desk.called(number)["Status"] == CLOSED:
        raise refusal.ruled_out(refusal.CLOSED, "The incident is closed and cannot be modified.")
    if wish.get("Incident Number", number) != number:
        raise refusal.ruled_out(refusal.NO_INCIDENT, "A work log stays with its incident.")
    kept = {key: value for key, value in wish.items() if key not in _AUTHORS}
    stamps = {"Last Modified By": by, "Last Modified Date": now}
    desk.notes.change(entry, {**kept, **_counted({**note, **kept}), **stamps})
    if desk.settings.worklog_touches_incident:
        desk.touch(number, by=by, now=now)


def split(form: str, wish: Row) -> tuple[Row, Row]:
    """Return the incident's own fields of ``wish`` and the note its display fields make (empty for none).

    The joined form makes a note only with ``z1D Action`` = MODIFY and otherwise drops the text without a
    word; the Help Desk needs no action.
    """
    own = {key: value for key, value in wish.items() if not key.startswith("z1D")}
    action = str(wish.get("z1D Action") or "").upper()
    if action != "MODIFY" and form == INTERFACE:
        return own, {}
    note = {part: wish[key] for key, part in _ACTIVITY.items() if wish.get(key) is not None}
    written = note.get("Detailed Description") or note.get("Description")
    return own, {"Work Log Type": _GENERAL, **note} if written else {}
