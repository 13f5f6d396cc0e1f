"""The service desk itself: incidents, their history, and everything that follows from writing one.

Callers hold the simulator's lock and have let ``settle`` run for the present second.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.simulators.remedy import domains, refusal
from bridge.simulators.remedy.assignment import GROUP_FIELDS
from bridge.simulators.remedy.change_forms import ASSOCIATIONS, CHANGES, change_forms, relation_row
from bridge.simulators.remedy.directory import Directory
from bridge.simulators.remedy.domains import CLOSED, RESOLVED
from bridge.simulators.remedy.fields import Form, Row
from bridge.simulators.remedy.incident_forms import CREATE, HELP_DESK, INTERFACE, incident_forms
from bridge.simulators.remedy.other_forms import (
    GROUPS,
    MEMBERSHIPS,
    PEOPLE,
    WORK_LOG,
    foundation_forms,
    work_log_form,
)
from bridge.simulators.remedy.settings import APPLICATION_SERVICE, ESCALATOR, RemedySettings
from bridge.simulators.remedy.table import Table
from bridge.simulators.remedy.timeline import Deed, Due, Timeline
from bridge.simulators.remedy.values import complete
from bridge.simulators.remedy.workflow import Writing, outcome

_OWNER_FIELDS = {
    "Owner Group": "Support Group Name",
    "Owner Group ID": "Support Group ID",
    "Owner Support Company": "Company",
    "Owner Support Organization": "Support Organization",
}
_CONTACT_FIELDS = {
    "First Name": "First Name",
    "Last Name": "Last Name",
    "Company": "Company",
    "Contact Company": "Company",
    "Person ID": "Person ID",
    "Customer Login ID": "Remedy Login ID",
    "Internet E-mail": "Internet E-mail",
}
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_UNLOGGED = frozenset({"Last Modified Date", "Last Modified By", "Status History"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one incident that changed.

    Epoch second, login, field, and both values as rows hold them.
    """

    at: int
    who: str
    key: str
    old: Any
    new: Any


class Desk:
    """The records and the rules; times are epoch seconds, values are as rows hold them."""

    def __init__(self, settings: RemedySettings) -> None:
        self.settings = settings
        self.directory = Directory()
        stamps = ("Submit Date", "Last Modified Date")
        self.incidents = Table("Entry ID", same=("Incident Number", "Join ID"), ordered=stamps)
        self.staging = Table("Request ID", same=("Incident Number",), ordered=stamps)
        self.notes = Table(
            "Work Log ID", same=("Incident Number",), ordered=(*stamps, "Work Log Submit Date")
        )
        self.changes_table = Table("Request ID", same=("Infrastructure Change ID",), ordered=stamps)
        self.associations = Table("Associations ID", same=("Request ID01", "Request ID02"))
        self._tables = {
            CHANGES: self.changes_table,
            ASSOCIATIONS: self.associations,
            CREATE: self.staging,
            INTERFACE: self.incidents,
            HELP_DESK: self.incidents,
            WORK_LOG: self.notes,
            PEOPLE: self.directory.people,
            GROUPS: self.directory.groups,
            MEMBERSHIPS: self.directory.memberships,
        }
        self.changes: dict[str, list[Change]] = {}
        self.random = random.Random(settings.seed)  # noqa: S311  (determinism is wanted, secrecy is not)
        self._timeline = Timeline()
        self._bumps: dict[str, int] = {}
        self._opened = 0
        self._skipped = 0
        self._staged = 605
        self._noted = 0
        self._turns: dict[str, int] = {}
        self.forms = self._built_forms()

    def configure(self, settings: RemedySettings) -> None:
        """Behave as ``settings`` say from now on; what is stored stays."""
        self.settings = settings
        self.forms = self._built_forms()

    def _built_forms(self) -> dict[str, Form]:
        forms = (
            *incident_forms(self.settings),
            work_log_form(self.settings),
            *foundation_forms(),
            *change_forms(),
        )
        return {form.name: form for form in forms}

    def table(self, form: str) -> Table:
        """Return where the records of ``form`` are kept."""
        return self._tables[form]

    def settle(self, now: int) -> None:
        """Do what the server itself does by ``now``: second modifications and automatic closings."""
        for due in self._timeline.until(now):
            if due.entry not in self.incidents.rows:
                continue
            if due.deed is Deed.BUMP:
                self._bump(due)
            else:
                self._close(due)

    def _bump(self, due: Due) -> None:
        if self._bumps.get(due.entry) != due.at:
            return
        del self._bumps[due.entry]
        signed = {"Last Modified By": self.settings.second_bump_by} if self.settings.second_bump_by else {}
        self.incidents.change(due.entry, {"Last Modified Date": due.at, **signed})

    def _close(self, due: Due) -> None:
        row = self.incidents.rows[due.entry]
        if row["Status"] == RESOLVED and row["Last Resolved Date"] == due.since:
            self.write(due.entry, {"Status": CLOSED}, by=ESCALATOR, now=due.at, system=True)

    def called(self, number: str) -> Row:
        """Return the incident of this Incident Number; ``LookupError`` where there is none."""
        found = self.incidents.equal("Incident Number", number)
        if not found:
            raise LookupError(number)
        return self.incidents.rows[found[0]]

    def open(self, wish: Row, *, by: str, now: int, number: str | None = None) -> Row:
        """Create an incident as ``by`` wishes it and return its row.

        Raises ``Rejected`` as ``write`` does.
        """
        wish = self._routed(wish)
        drawn = self._drawn_assignee(wish)
        writing = Writing(by=by, now=now, settings=self.settings, directory=self.directory)
        changes = outcome({}, {**wish, **drawn}, writing)
        row = complete(self.forms[HELP_DESK], {**changes, **self._birth(by, now, number)})
        row |= self._owners(row, by)
        self.incidents.add(row)
        self._log(row["Incident Number"], {}, changes, by, now)
        self._follow(row["Entry ID"], changes, now)
        if drawn:
            self._system_note(
                row, "Assignment Change", f"Assigned To: {row['Assignee']} by {APPLICATION_SERVICE}", now
            )
        return row

    def stage(self, row: Row) -> str:
        """Keep the create form's own record of an incident just opened; return its 15-digit id."""
        self._staged += 1
        entry = f"{self._staged:015d}"
        form = self.forms[CREATE]
        held = {field.key: row.get(field.key) for field in form.fields.values() if not field.shape.display}
        return self.staging.add({**held, "Request ID": entry})

    def write(self, entry: str, wish: Row, *, by: str, now: int, system: bool = False) -> None:
        """Change an incident as far as the rules allow; raise ``Rejected`` where they do not."""
        before = self.incidents.rows[entry]
        writing = Writing(by=by, now=now, settings=self.settings, directory=self.directory, system=system)
        changes = outcome(before, wish, writing)
        self._log(before["Incident Number"], before, changes, by, now)
        self.incidents.change(entry, {**changes, "Last Modified By": by, "Last Modified Date": now})
        self._follow(entry, changes, now)
        if self.settings.smart_it_notes and "Status" in changes:
            label = domains.STATUS.labels[changes["Status"]]
            self._system_note(before, "Status Update", f"Status has been changed to {label}", now)

    def touch(self, number: str, *, by: str, now: int) -> None:
        """Modify an incident without changing a field."""
        entry = self.called(number)["Entry ID"]
        self.incidents.change(entry, {"Last Modified By": by, "Last Modified Date": now})
        self._follow(entry, {}, now)

    def remove(self, entry: str) -> None:
        """Delete an incident with its work log and its history, as only administrators can."""
        number = self.incidents.rows[entry]["Incident Number"]
        for note in self.notes.equal("Incident Number", number) or ():
            self.notes.drop(note)
        self.incidents.drop(entry)
        self.changes.pop(number, None)

    def add_note(self, row: Row) -> str:
        """Store one complete work log row under a fresh id and return it."""
        self._noted += 1
        entry = f"WLG{self._noted:012d}"
        form = self.forms[WORK_LOG]
        return self.notes.add(complete(form, {**row, "Work Log ID": entry, "InstanceId": self.instance_id()}))

    def plan_change(self, row: Row, *, by: str, now: int) -> str:
        """Store a new change and return its number."""
        serial = len(self.changes_table.rows) + 1
        number = f"CRQ{serial:012d}"
        form = self.forms[CHANGES]
        stamps = {"Submitter": by, "Submit Date": now, "Last Modified By": by, "Last Modified Date": now}
        known = {"Request ID": f"CHG{serial:012d}", "Infrastructure Change ID": number}
        self.changes_table.add(complete(form, {**row, **stamps, **known}))
        return number

    def change_called(self, number: str) -> Row:
        """Return the change of this number; ``LookupError`` where there is none."""
        found = self.changes_table.equal("Infrastructure Change ID", number)
        if not found:
            raise LookupError(number)
        return self.changes_table.rows[found[0]]

    def relate_change(self, number: str, change: str, kind: int, now: int, *, turned: bool) -> None:
        """Relate an incident to a change; neither of them is modified by that."""
        self.called(number)
        summary = self.change_called(change)["Description"]
        row = relation_row(number, change, summary, kind, now, turned=turned)
        entry = f"ASO{len(self.associations.rows) + 1:012d}"
        self.associations.add(complete(self.forms[ASSOCIATIONS], {**row, "Associations ID": entry}))

    def instance_id(self) -> str:
        """Return a fresh 30-character GUID."""
        return "AGG" + "".join(self.random.choices(_ALPHABET, k=27))

    def contact(self, wish: Row) -> Row:
        """Return the contact fields of the one person ``wish`` names.

        Raise ``Rejected`` unless it is exactly one.
        """
        wanted = {
            part: wish[key]
            for key, part in _CONTACT_FIELDS.items()
            if key not in {"Internet E-mail", "Contact Company"} and wish.get(key) is not None
        }
        found = self.directory.contacts(wanted)
        if len(found) != 1:
            raise refusal.ruled_out(
                refusal.CONTACT,
                f"{len(found) or 'No'} records have been found for the Incident contact information"
                " you have provided. Please provide information that identifies one person.",
            )
        return {key: found[0][part] for key, part in _CONTACT_FIELDS.items()}

    def _birth(self, by: str, now: int, number: str | None) -> Row:
        entry = f"INC{self.settings.first_entry_id + self._opened:012d}"
        number = number or self._free_number()
        self._opened += 1
        close = self.settings.auto_close
        return {
            "Entry ID": entry,
            "Join ID": f"{entry}|{entry}",
            "Incident Number": number,
            "InstanceId": self.instance_id(),
            "Submitter": by,
            "Submit Date": now,
            "Last Modified By": by,
            "Last Modified Date": now,
            "Total Transfers": 0,
            "Group Transfers": 0,
            "Individual Transfers": 0,
            "INCAutoCloseResolved_Sec": int(close.total_seconds()) if close else None,
        }

    def _free_number(self) -> str:
        while self.incidents.equal("Incident Number", self._number()):
            self._skipped += 1
        return self._number()

    def _number(self) -> str:
        return f"INC{self.settings.first_incident_number + self._opened + self._skipped:012d}"

    def _routed(self, wish: Row) -> Row:
        group = self.settings.default_group
        routed = group and not any(wish.get(key) for key in GROUP_FIELDS)
        return {**wish, "Assigned Group": group} if routed else wish

    def _drawn_assignee(self, wish: Row) -> Row:
        """Return whom the assignment engine chooses: the members of the group take turns."""
        name = wish.get("Assigned Group")
        if (
            not self.settings.auto_assignment
            or not name
            or wish.get("Assignee")
            or wish.get("Assignee Login ID")
        ):
            return {}
        groups = self.directory.groups_like({"Support Group Name": name})
        members = self.directory.members(groups[0]["Support Group ID"]) if groups else []
        if not members:
            return {}
        turn = self._turns[name] = self._turns.get(name, -1) + 1
        return {"Assignee Login ID": members[turn % len(members)]}

    def _owners(self, row: Row, by: str) -> Row:
        """Return the owner fields: the submitter's own group, else the one the incident was given to."""
        mine = self.directory.groups_of(by)
        if mine:
            return {key: mine[0][part] for key, part in _OWNER_FIELDS.items()}
        given = {part: row.get(key) for key, part in GROUP_FIELDS.items()}
        return {key: given[part] for key, part in _OWNER_FIELDS.items()}

    def _log(self, number: str, before: Row, changes: Mapping[str, Any], by: str, now: int) -> None:
        log = self.changes.setdefault(number, [])
        for key, new in changes.items():
            old = before.get(key)
            if key not in _UNLOGGED and old != new:
                log.append(Change(at=now, who=by, key=key, old=old, new=new))

    def _follow(self, entry: str, changes: Mapping[str, Any], now: int) -> None:
        if self.settings.second_bump:
            self._bumps[entry] = now + 1
            self._timeline.add(Deed.BUMP, entry, since=now, after=1)
        if changes.get("Status") == RESOLVED and self.settings.auto_close is not None:
            wait = int(self.settings.auto_close.total_seconds())
            self._timeline.add(Deed.CLOSE, entry, since=now, after=wait)

    def _system_note(self, incident: Row, kind: str, text: str, now: int) -> None:
        self.add_note(
            {
                **note_stamps(APPLICATION_SERVICE, now),
                "Incident Number": incident["Incident Number"],
                "Work Log Type": domains.WORK_LOG_TYPE.codes[kind],
                "Description": kind if kind == "Assignment Change" else text,
                "Detailed Description": text,
                "View Access": domains.VIEW_ACCESS.codes["Internal"],
                "Secure Work Log": domains.YES_NO.codes["Yes"],
                "Communication Source": domains.COMMUNICATION_SOURCE.codes["System Assignment"],
                "ActivityValueSelection_1": domains.ACTIVITY.codes["System"],
                "MessageId": "48930",
            }
        )


def note_stamps(by: str, now: int) -> Row:
    """Return the fields of a work log that say who wrote it and when."""
    return {
        "Submitter": by,
        "Submit Date": now,
        "Last Modified By": by,
        "Last Modified Date": now,
        "Work Log Submitter": by,
        "Work Log Submit Date": now,
        "Work Log Date": now,
        "Status": domains.RECORD_STATUS.codes["Enabled"],
        "Short Description": ".",
        "Communication Type": domains.COMMUNICATION_TYPE.codes["Inbound"],
        "Total Time Spent": 0,
    }
