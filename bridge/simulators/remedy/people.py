"""People at work in Remedy, driven directly: for tests, a demonstration, a replay of real logs.

The same rules apply as over HTTP.  Fields carry the Help Desk's names; values are labels, text, numbers and
``datetime``. Nothing here needs an account or a licence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.simulators.remedy import domains, worklog
from bridge.simulators.remedy.change_forms import CHANGES
from bridge.simulators.remedy.desk import Change, Desk
from bridge.simulators.remedy.fields import Field, Form, Kind, Row
from bridge.simulators.remedy.incident_forms import HELP_DESK
from bridge.simulators.remedy.other_forms import ATTACHMENTS, WORK_LOG
from bridge.simulators.remedy.turn import Turn
from bridge.simulators.remedy.values import demand, moment, wishes

_OPENING = {
    "Description": "It does not work",
    "Impact": "4-Minor/Localized",
    "Urgency": "3-Medium",
    "Service Type": "User Service Restoration",
    "Reported Source": "Phone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One field of an incident that somebody changed; values as ``incident`` shows them."""

    time: datetime
    who: str
    field: str
    old: Any
    new: Any


class People:
    """What people do, and what can be seen afterwards; every reader returns copies."""

    def __init__(self, desk: Desk, turn: Turn, now: Callable[[], int]) -> None:
        self._desk = desk
        self._turn = turn
        self._now = now

    def opens(self, fields: Mapping[str, Any] | None = None, *, by: str, number: str | None = None) -> str:
        """Open an incident and return its number.

        Fields not given get ordinary values, the contact is ``by`` where it is a person, and the status is
        Assigned with a group and New without.  ``number`` gives the incident the number of a real log.
        Raises ``Rejected``.
        """
        with self._turn:
            self._settle()
            given = self._wish(HELP_DESK, {**_OPENING, **(fields or {})})
            if number and self._desk.incidents.equal("Incident Number", number):
                raise ValueError(f"incident {number} is there already")
            person = self._desk.directory.person(given.get("Customer Login ID") or by)
            contact = self._desk.contact({"Customer Login ID": person["Remedy Login ID"]}) if person else {}
            plain = {"First Name": by, "Last Name": by, "Company": self._desk.settings.company}
            status = {"Status": int(given.get("Assigned Group") is not None)}
            wish = {**plain, **status, **contact, **given}
            demand(self._form(HELP_DESK), wish, fresh=True)
            row = self._desk.open(wish, by=by, now=self._now(), number=number)
            return str(row["Incident Number"])

    def sets(self, number: str, fields: Mapping[str, Any], *, by: str) -> None:
        """Write fields of an incident.

        Raises ``Rejected`` with the server's text, ``LookupError`` for no such number.
        """
        with self._turn:
            self._settle()
            wish = self._wish(HELP_DESK, fields)
            demand(self._form(HELP_DESK), wish, fresh=False)
            self._desk.write(self._desk.called(number)["Entry ID"], wish, by=by, now=self._now())

    def resolves(
        self,
        number: str,
        by: str,
        *,
        resolution: str = "Resolved.",
        reason: str = "No Further Action Required",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Resolve an incident, with ``fields`` such as the cause.

        An incident without an assignee is taken first.
        """
        taken = {} if self.incident(number)["Assignee"] else {"Assignee Login ID": by}
        done = {"Status": "Resolved", "Status_Reason": reason, "Resolution": resolution}
        self.sets(number, {**taken, **done, **(fields or {})}, by=by)

    def closes(self, number: str, by: str, *, reason: str | None = None) -> None:
        """Close an incident; ``reason`` is needed unless it is Resolved."""
        self.sets(number, {"Status": "Closed", **({"Status_Reason": reason} if reason else {})}, by=by)

    def reassigns(
        self, number: str, group: str | None = None, assignee: str | None = None, *, by: str
    ) -> None:
        """Give an incident to a group (by name; None keeps it) and to a person (by login.

        None leaves it open).
        """
        fields = {"Assigned Group": group} if group else {}
        self.sets(number, {**fields, "Assignee Login ID": assignee}, by=by)

    def writes(
        self,
        number: str,
        text: str,
        *,
        by: str,
        internal: bool = True,
        summary: str | None = None,
        fields: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> str:
        """Add a work info note and return its id.

        ``fields`` are further fields of the work log form, ``files`` at most three (name, bytes).
        """
        ordinary = {
            "Incident Number": number,
            "Work Log Type": "General Information",
            "Detailed Description": text,
            "Description": summary,
            "View Access": "Internal" if internal else "Public",
        }
        with self._turn:
            self._settle()
            wish = self._wish(WORK_LOG, {**ordinary, **(fields or {})})
            held = dict(zip(ATTACHMENTS, files, strict=False))
            return worklog.add(self._desk, {**wish, **held}, by=by, now=self._now())

    def edits_note(self, note: str, text: str, *, by: str) -> None:
        """Change the text of one's own unlocked note.

        Raises ``Rejected``, ``LookupError`` for no such note.
        """
        with self._turn:
            self._settle()
            if self._desk.notes.get(note) is None:
                raise LookupError(note)
            wish = self._wish(WORK_LOG, {"Detailed Description": text})
            worklog.amend(self._desk, note, wish, by=by, now=self._now())

    def plans_change(self, summary: str, *, by: str) -> str:
        """Plan a change and return its number."""
        row = {"Description": summary, "Change Request Status": "Scheduled"}
        with self._turn:
            self._settle()
            wish = self._wish(CHANGES, {**row, "Location Company": self._desk.settings.company})
            return self._desk.plan_change(wish, by=by, now=self._now())

    def relates_change(
        self, number: str, change: str, *, kind: str = "Related To", turned: bool = False
    ) -> None:
        """Relate an incident to a change; ``turned`` writes the relation the other way round."""
        with self._turn:
            self._settle()
            code = domains.ASSOCIATION_TYPE.codes[kind]
            self._desk.relate_change(number, change, code, self._now(), turned=turned)

    def sets_change(self, change: str, status: str, reason: str | None = None, *, by: str) -> None:
        """Move a change to a status, for instance Completed."""
        with self._turn:
            self._settle()
            wish = self._wish(CHANGES, {"Change Request Status": status, "Status Reason": reason})
            stamps = {"Last Modified By": by, "Last Modified Date": self._now()}
            row = self._desk.change_called(change)
            self._desk.changes_table.change(row["Request ID"], {**wish, **stamps})

    def deletes(self, number: str) -> None:
        """Delete an incident with its notes, as an administrator."""
        with self._turn:
            self._settle()
            self._desk.remove(self._desk.called(number)["Entry ID"])

    def deletes_note(self, note: str) -> None:
        """Delete one note, as an administrator; ``KeyError`` where there is none."""
        with self._turn:
            self._desk.notes.drop(note)

    def numbers(self) -> list[str]:
        """Return every Incident Number, the oldest first."""
        with self._turn:
            return [row["Incident Number"] for row in self._desk.incidents.rows.values()]

    def incident(self, number: str) -> dict[str, Any]:
        """Return every stored field of an incident by its Help Desk name.

        ``LookupError`` for no such number.
        """
        with self._turn:
            self._settle()
            return _seen(self._form(HELP_DESK), self._desk.called(number))

    def notes(self, number: str) -> list[dict[str, Any]]:
        """Return the incident's work log, the oldest first."""
        with self._turn:
            self._settle()
            found = self._desk.notes.equal("Incident Number", number) or ()
            return [_seen(self._form(WORK_LOG), self._desk.notes.rows[entry]) for entry in found]

    def history(self, number: str) -> list[Happened]:
        """Return every change of status in order, the opening (from None) first."""
        return [change for change in self.changes(number) if change.field == "Status"]

    def changes(self, number: str) -> list[Happened]:
        """Return every change of any field in order; stamps of modification are left out."""
        with self._turn:
            self._settle()
            shown = {field.key: field for field in self._form(HELP_DESK).fields.values()}
            logged = self._desk.changes.get(number, ())
            return [_happened(change, shown) for change in logged if change.key in shown]

    def _settle(self) -> None:
        self._desk.settle(self._now())

    def _form(self, name: str) -> Form:
        return self._desk.forms[name]

    def _wish(self, form: str, fields: Mapping[str, Any]) -> Row:
        return wishes(self._form(form), fields, status=self._desk.settings.unknown_field_status)


def _happened(change: Change, shown: Mapping[str, Field]) -> Happened:
    field = shown[change.key]
    return Happened(
        time=moment(change.at),
        who=change.who,
        field=field.name,
        old=_value(field, change.old),
        new=_value(field, change.new),
    )


def _seen(form: Form, row: Row) -> dict[str, Any]:
    fields = form.fields.values()
    return {field.name: _value(field, row.get(field.key)) for field in fields if not field.shape.display}


def _value(field: Field, held: Any) -> Any:
    if held is None:
        return None
    match field.shape.kind:
        case Kind.SELECTION:
            return field.shape.domain.labels[held] if field.shape.domain else held
        case Kind.TIME:
            return moment(held)
        case Kind.HISTORY:
            return {label: (who, moment(stamp)) for label, (who, stamp) in held.items()}
    return held
