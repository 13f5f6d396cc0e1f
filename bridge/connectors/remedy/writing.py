"""What the bridge writes into Remedy's forms: only the fields that change, by the form's own names.

Never the incident's number and never its owner group.  An update is partial: fields that are not sent stay
as they are, and null clears (as public clients rely on).
"""

from __future__ import annotations

from collections.abc import Iterable

from bridge.connectors.remedy import forms, qualification
from bridge.connectors.remedy.errors import RefusedByRemedy
from bridge.connectors.remedy.groups import Group, Groups
from bridge.connectors.remedy.listing import page
from bridge.connectors.remedy.session import Session
from bridge.decide.text import clean, cut
from bridge.model.errors import Gone, Refused
from bridge.model.incident import Incident

_GROUP = forms.OWN["assigned_group"]
_GROUP_ID, _COMPANY, _ORGANISATION = (
    "Assigned Group ID",
    "Assigned Support Company",
    "Assigned Support Organization",
)
_CUT_HERE = "… (cut)"

#: Values by the form's own field names; None clears.
Values = dict[str, str | None]


class Writer:
    """Changes to incidents and their work log.

    ``note_limit`` and ``summary_limit`` are the longest text and summary of a work info, in characters;
    None for no limit.
    """

    def __init__(
        self,
        session: Session,
        groups: Groups,
        *,
        ticket_field: str,
        note_limit: int | None,
        summary_limit: int,
    ) -> None:
        self._session = session
        self._groups = groups
        self._ticket_field = ticket_field
        self._note_limit = note_limit
        self._summary_limit = summary_limit

    def set_incident(self, incident: Incident, fields: Iterable[tuple[str, str]]) -> None:
        """Set fields by our own names or the form's; sends nothing where there are none."""
        values: Values = {self._name(name): clean(value) or None for name, value in fields}
        self._check(values)
        if _GROUP in values:
            values.update(self._assignment(incident, values[_GROUP]))
        if values:
            self._put(incident, values)

    def add_note(self, number: str, text: str, *, mark: str, internal: bool) -> str:
        """Write a work info and return its id, empty where the server does not tell it."""
        answer = self._session.call(
            "POST",
            forms.entry_path(forms.WORK_LOG),
            doing=f"add a work info to {number}",
            values={
                forms.NUMBER: number,
                "Work Log Type": "General Information",
                "Description": mark[: self._summary_limit],
                "Detailed Description": self._marked(text, mark),
                "View Access": "Internal" if internal else "Public",
                # A secure entry is locked for ever, also for its author.
                "Secure Work Log": "No",
            },
        )
        return forms.id_in_link(answer.location)

    def edit_note(self, note_id: str, text: str, *, mark: str) -> None:
        """Rewrite a work info."""
        self._session.call(
            "PUT",
            forms.entry_path(forms.WORK_LOG, note_id),
            doing=f"rewrite the work info {note_id}",
            values={"Detailed Description": self._marked(text, mark)},
        )

    def _marked(self, text: str, mark: str) -> str:
        """Return the text with its mark as the last thing, cut where the field ends."""
        plain, tail = clean(text), f"\n\n{mark}"
        if self._note_limit is not None:
            plain = cut(plain, max(self._note_limit - len(tail), 0), _CUT_HERE)
        return plain + tail

    def _name(self, name: str) -> str:
        return self._ticket_field if name == "ticket_field" else forms.OWN.get(name, name)

    def _check(self, values: Values) -> None:
        for name in values.keys() & forms.NEVER_WRITTEN:
            raise RefusedByRemedy(
                f"The bridge does not write {name!r}",
                why="an incident's number and its owner group are never the bridge's to change",
                next_step="take the field out of the rule",
            )

    def _put(self, incident: Incident, values: Values) -> None:
        """Update by the joined form as BMC's clients do, or by the record where that refuses the id."""
        doing = f"change {incident.number}"
        try:
            path = forms.entry_path(forms.INCIDENTS, incident.entry_id)
            self._session.call("PUT", path, doing=doing, values=values)
        except Refused as refusal:
            if not _refuses_id(refusal):
                raise
            path = forms.entry_path(forms.HELP_DESK, incident.entry_id.partition("|")[0])
            self._session.call("PUT", path, doing=doing, values=values)

    def _assignment(self, incident: Incident, name: str | None) -> Values:
        """Return the fields that must go together with the assigned group's name."""
        if name is None:
            return {_GROUP_ID: None, _COMPANY: None, _ORGANISATION: None}
        group = self._only(incident, name, [one for one in self._groups.named(name) if one.enabled])
        return {_GROUP_ID: group.id, _COMPANY: group.company, _ORGANISATION: group.organisation}

    def _only(self, incident: Incident, name: str, groups: list[Group]) -> Group:
        if len(groups) > 1:
            company = self._company(incident)
            groups = [one for one in groups if one.company == company] or groups
        if len(groups) == 1:
            return groups[0]
        raise RefusedByRemedy(
            f"The bridge cannot give {incident.number} to {name!r}",
            why=f"{len(groups)} active support groups of this name are visible to its account",
            next_step=f"correct the name in the rule, or let the account read {forms.GROUPS}"
            if not groups
            else "give the group a name of its own, or assign the incident to its company first",
        )

    def _company(self, incident: Incident) -> str:
        """Return the company that the incident is assigned to now."""
        query = qualification.equals(forms.NUMBER, incident.number)
        found = page(
            self._session,
            forms.INCIDENTS,
            (forms.NUMBER, _COMPANY),
            query,
            sort=f"{forms.NUMBER}.asc",
            limit=1,
        )
        return found.entries[0].text(_COMPANY) if found.entries else ""


def _refuses_id(refusal: Refused) -> bool:
    return isinstance(refusal, Gone) or (isinstance(refusal, RefusedByRemedy) and refusal.about_the_id)
