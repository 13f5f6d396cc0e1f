"""``check --live`` for Remedy: every permission tried by reading, each failure with what to do.

Writes nothing.  A write licence can therefore not be tried; the finding says which refusal would name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from bridge.connectors.base import Finding
from bridge.connectors.remedy import forms, qualification
from bridge.connectors.remedy.changes import changes_of
from bridge.connectors.remedy.listing import Page, page
from bridge.connectors.remedy.session import Session
from bridge.model.errors import BridgeError

#: Seconds after which a poll of a day is slow enough to ask for an index.
_SLOW = 2.0
_DAY = timedelta(days=1)
_ROWS = 100
#: What the bridge's longest usual ticket key needs.
_SHORT_FIELD = 30
#: Names that field metadata give a field's length and name under, by version.
_LENGTHS = ("maxLength", "max_length", "maximumLength", "length", "limit")
_NAMES = ("name", "fieldName", "field_name")
#: The record behind each form that is polled.
_INDEXED = {forms.INCIDENTS: forms.HELP_DESK, forms.WORK_LOG: forms.WORK_LOG}


class Probe:
    """One pass over everything that the bridge needs of its account."""

    def __init__(
        self,
        session: Session,
        *,
        clock: Callable[[], datetime],
        incident_fields: tuple[str, ...],
        note_fields: tuple[str, ...],
        ticket_field: str,
        reads_changes: bool = False,
    ) -> None:
        self._session = session
        self._clock = clock
        self._incident_fields = incident_fields
        self._note_fields = note_fields
        self._ticket_field = ticket_field
        self._reads_changes = reads_changes

    def findings(self) -> list[Finding]:
        """Return the findings, each building on those before; without a log-in there is only that one."""
        found = [self._answering()]
        if found[0].verdict == "ok":
            found.append(self._logged_in())
        return found if found[-1].verdict == "error" else [*found, *self._reading()]

    def _reading(self) -> Iterator[Finding]:
        yield self._poll("incidents", forms.INCIDENTS, self._incident_fields, forms.NUMBER)
        yield self._poll("work infos", forms.WORK_LOG, self._note_fields, forms.WORK_LOG_ID)
        yield self._visible("support groups", forms.GROUPS, (forms.GROUP_ID, forms.GROUP_NAME))
        yield self._visible("group members", forms.MEMBERSHIPS, ("Login ID", forms.GROUP_ID))
        if self._reads_changes:
            yield self._changes()
        yield self._ticket_room()
        yield _fine(
            "write licence",
            "not tried, since that would be a write; without it the first write is refused (ARERR 8932)",
        )

    def _answering(self) -> Finding:
        try:
            self._session.knock()
        except BridgeError as error:
            return _failed("address", error)
        return _fine("address", "AR System REST answers")

    def _logged_in(self) -> Finding:
        try:
            self._session.log_in()
        except BridgeError as error:
            return _failed("log-in", error)
        return _fine("log-in", f"as {self._session.account}")

    def _poll(self, what: str, form: str, fields: tuple[str, ...], key: str) -> Finding:
        began = self._clock()
        query = qualification.from_second(forms.MODIFIED, qualification.epoch(began - _DAY))
        order = f"{forms.MODIFIED}.asc,{key}.asc"
        try:
            found = page(self._session, form, fields, query, sort=order, limit=_ROWS)
        except BridgeError as error:
            return _failed(f"read {what}", error)
        seconds = (self._clock() - began).total_seconds()
        return _polled(what, form, found, seconds)

    def _visible(self, what: str, form: str, fields: tuple[str, ...]) -> Finding:
        step = f"give the account read access to {form}: without it nobody can verify a fix by a note"
        try:
            query = f"{qualification.field(forms.GROUP_ID)} != $NULL$"
            found = page(self._session, form, fields, query, sort=f"{forms.GROUP_ID}.asc", limit=1)
        except BridgeError as error:
            return _of("error", f"read {what}", error.why or error.what, step)
        if not found.entries:
            return _of("error", f"read {what}", f"no row of {form} is visible", step)
        return _fine(f"read {what}", form)

    def _changes(self) -> Finding:
        """Ask for the changes of an incident that is not there: what matters is whether the forms may be read."""
        step = f"give the account read access to {forms.ASSOCIATIONS} and {forms.CHANGES}, or take change: out of the rules"
        try:
            changes_of(self._session, ["INC000000000000"], limit=1)
            query = qualification.equals(forms.CHANGE_ID, "CRQ000000000000")
            fields = (forms.CHANGE_ID, forms.CHANGE_STATUS, forms.CHANGE_REASON, forms.MODIFIED)
            page(self._session, forms.CHANGES, fields, query, sort=f"{forms.CHANGE_ID}.asc", limit=1)
        except BridgeError as error:
            return _of("error", "read changes", error.why or error.what, step)
        return _fine("read changes", f"{forms.ASSOCIATIONS} and {forms.CHANGES}")

    def _ticket_room(self) -> Finding:
        """Find the ticket field's length by the form's field metadata (BMC docs, 19.02 and later)."""
        what = f"field {self._ticket_field!r} for the ticket's key"
        try:
            answer = self._session.call("GET", _fields_path(forms.INCIDENTS), doing="describe its fields")
        except BridgeError as error:
            return _of(
                "warning",
                what,
                f"its length is not known: {error.why or error.what}",
                f"ask an administrator for its length; {_SHORT_FIELD} characters or more are comfortable",
            )
        return _room(what, _described(answer.body, self._ticket_field))


def _room(what: str, described: dict[str, Any] | None) -> Finding:
    if described is None:
        step = f"name a character field of {forms.INCIDENTS} as the ticket field"
        return _of("warning", what, "the form's description does not list it", step)
    length = _length(described)
    if length is None or length == 0:
        return _fine(what, "it exists, without a limit" if length == 0 else "it exists")
    if length < _SHORT_FIELD:
        return _of(
            "warning",
            what,
            f"it holds {length} characters",
            "choose a longer field if incidents get several tickets",
        )
    return _fine(what, f"it holds {length} characters")


def _polled(what: str, form: str, found: Page, seconds: float) -> Finding:
    detail = f"{len(found.entries)} of the last day in {seconds:.1f} s"
    if seconds > _SLOW:
        return _of(
            "warning",
            f"read {what}",
            detail,
            f"ask for an index on {forms.MODIFIED!r} of {_INDEXED[form]}: this is read in every cycle",
        )
    if not found.entries:
        step = "if that cannot be, give the account access to the companies whose incidents it should see"
        return _of("warning", f"read {what}", f"none of the last day is visible ({seconds:.1f} s)", step)
    return _fine(f"read {what}", detail)


def _fields_path(form: str) -> str:
    return forms.entry_path(form).replace("/entry/", "/fields/", 1)


def _described(body: Any, name: str) -> dict[str, Any] | None:
    """Return the description of the field ``name``, wherever this version's answer holds it."""
    if isinstance(body, list):
        return next((found for item in body if (found := _described(item, name)) is not None), None)
    if not isinstance(body, dict):
        return None
    if any(body.get(key) == name for key in _NAMES):
        return body
    return _described([value for value in body.values() if isinstance(value, dict | list)], name)


def _length(described: dict[str, Any]) -> int | None:
    """Return the first length in a field's description, also one level down (``limit: {maxLength: 30}``)."""
    for key in _LENGTHS:
        value = described.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    inner = [value for value in described.values() if isinstance(value, dict)]
    return next((found for value in inner if (found := _length(value)) is not None), None)


def _fine(what: str, detail: str) -> Finding:
    return Finding(what=what, verdict="ok", detail=detail)


def _of(verdict: Literal["warning", "error"], what: str, detail: str, step: str) -> Finding:
    return Finding(what=what, verdict=verdict, detail=detail, next_step=step)


def _failed(what: str, error: BridgeError) -> Finding:
    detail = f"{error.what}: {error.why}" if error.why else error.what
    return Finding(what=what, verdict="error", detail=detail, next_step=error.next_step)
