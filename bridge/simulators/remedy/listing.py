"""Reading: which rows, in which order, which fields, how many.

Without ``sort`` the order is shuffled, and rows that tie stay shuffled: a caller that relies on an order the
server never promised finds out here.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from bridge.simulators.remedy import refusal
from bridge.simulators.remedy.change_forms import ASSOCIATIONS
from bridge.simulators.remedy.desk import Desk
from bridge.simulators.remedy.fields import Field, Form, Kind, Row
from bridge.simulators.remedy.incident_forms import CREATE, HELP_DESK, INTERFACE
from bridge.simulators.remedy.other_forms import MEMBERSHIPS, WORK_LOG
from bridge.simulators.remedy.predicates import Asking, Condition, condition
from bridge.simulators.remedy.sessions import Account
from bridge.simulators.remedy.values import Show, shower

_VALUES = re.compile(r"values\(([^()]*)\)")
_ASSOC = re.compile(r"assoc(?:\(([^()]*)\))?")
_WORK_LOG_ASSOC = "HPD:INC:Worklog"
_LONGEST_ID = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What ``fields=`` asks for: the shown fields (None for no values at all) and the associations."""

    shows: tuple[tuple[str, Show], ...] | None
    associations: tuple[str, ...] = ()


class Reader:
    """Answers reads of any form for one account at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wanted: dict[tuple[str, str | None], Wanted] = {}
        self._conditions: dict[tuple[str, str], Condition] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> Reader:
        return Reader(copy.deepcopy(self._desk, memo))

    def forget(self) -> None:
        """Drop what was worked out for earlier settings."""
        self._wanted.clear()
        self._conditions.clear()

    def one(self, form: Form, entry: str, account: Account) -> Row:
        """Return the row called ``entry``; raise ``Rejected`` 101 or 302."""
        halves = entry.split("|") if form.name == INTERFACE else [entry]
        if any(len(half) > _LONGEST_ID for half in halves):
            raise refusal.id_too_long(entry)
        if form.name == INTERFACE and len(halves) == 1 and self._desk.settings.single_entry_id:
            entry = f"{entry}|{entry}"
        table = self._desk.table(form.name)
        found = table.equal(form.identity, entry)
        if not found or not self._visible(form, table.rows[found[0]], account):
            raise refusal.no_such_entry(f"{form.name} : {entry}")
        return table.rows[found[0]]

    def entry(self, form: Form, row: Row, fields: str | None) -> dict[str, Any]:
        """Return one record as the server writes it: ``values`` and ``_links``."""
        wanted = self.wanted(form, fields)
        answer: dict[str, Any] = {}
        if wanted.shows is not None:
            answer["values"] = {name: show(row) for name, show in wanted.shows}
        answer["_links"] = {"self": [{"href": self.href(form, row)}], **self._associated(form, row, wanted)}
        return answer

    def page(
        self, form: Form, query: Mapping[str, str], asking: Asking, account: Account, target: str
    ) -> dict[str, Any]:
        """Return a list answer for the parameters ``q``, ``fields``, ``sort``, ``offset`` and ``limit``."""
        offset, limit = _count(query, "offset"), _count(query, "limit")
        order = self._order(form, query.get("sort", ""))
        self.wanted(form, query.get("fields"))
        rows = self._found(form, query.get("q", ""), asking, account)
        self._desk.random.shuffle(rows)
        for key, down in reversed(order):
            rows.sort(key=lambda row: _rank(row.get(key)), reverse=down)
        size, most = limit or len(rows), self._desk.settings.maximum_rows
        taken = min(size, most) if most else size
        shown = rows[offset : offset + taken]
        answer: dict[str, Any] = {
            "entries": [self._listed(form, row, query.get("fields")) for row in shown],
            "numMatches": None,
            "_links": self._page_links(target, query, offset, taken, more=offset + taken < len(rows)),
        }
        if taken < size and offset + taken < len(rows):
            text = "The query matched more entries than the server's maximum; the list is truncated."
            answer["messages"] = [refusal.message("WARNING", 72, text, str(most))]
        return answer

    def _listed(self, form: Form, row: Row, fields: str | None) -> dict[str, Any]:
        """Return one entry of a list; the Help Desk leaves out the status history there, as captured."""
        entry = self.entry(form, row, fields)
        if form.name == HELP_DESK and "Status History" in entry.get("values", ()):
            entry["values"]["Status History"] = None
        return entry

    def href(self, form: Form, row: Row) -> str:
        """Return the address of a record under the server's own name."""
        entry = row[form.identity]
        if form.name == INTERFACE and not self._desk.settings.double_links:
            entry = row["Entry ID"]
        return (
            f"{self._desk.settings.server_url}/api/arsys/v1/entry/{quote(form.name, safe=':')}/{quote(entry)}"
        )

    def wanted(self, form: Form, text: str | None) -> Wanted:
        """Return what ``fields=`` asks for.

        Raise ``Rejected`` 314 for an unknown field, 400 for bad grammar.
        """
        key = (form.name, text)
        if key not in self._wanted:
            self._wanted[key] = self._read_fields(form, text)
        return self._wanted[key]

    def _read_fields(self, form: Form, text: str | None) -> Wanted:
        if not text:
            return Wanted(shows=self._shows(form, list(form.fields.values())))
        values, rest = _VALUES.search(text), _VALUES.sub("", text)
        parts = [part.strip() for part in re.split(r",(?![^(]*\))", rest) if part.strip()]
        matches = [_ASSOC.fullmatch(part) for part in parts]
        if not all(matches) or (values is None and not matches):
            raise refusal.bad_request(f"fields={text}")
        names = [
            name.strip() for match in matches if match for name in (match[1] or "").split(",") if name.strip()
        ]
        shows = self._shows(form, self._fields(form, values[1])) if values else None
        return Wanted(shows=shows, associations=tuple(names))

    def _fields(self, form: Form, text: str) -> list[Field]:
        return [self._field(form, name.strip()) for name in text.split(",") if name.strip()]

    def _field(self, form: Form, name: str) -> Field:
        field = form.find(name)
        if field is None:
            raise refusal.no_such_field(name, form.name, self._desk.settings.unknown_field_status)
        return field

    def _shows(self, form: Form, fields: list[Field]) -> tuple[tuple[str, Show], ...]:
        def href(row: Row, name: str) -> str:
            return f"{self.href(form, row)}/attach/{quote(name)}"

        return tuple((field.name, shower(field, href)) for field in fields)

    def _associated(self, form: Form, row: Row, wanted: Wanted) -> dict[str, list[dict[str, str]]]:
        if _WORK_LOG_ASSOC not in wanted.associations or form.name not in {CREATE, INTERFACE, HELP_DESK}:
            return {}
        log = self._desk.forms[WORK_LOG]
        notes = self._desk.notes.equal("Incident Number", row["Incident Number"]) or ()
        hrefs = [{"href": self.href(log, self._desk.notes.rows[note])} for note in notes]
        return {f"assoc-{_WORK_LOG_ASSOC}": hrefs} if hrefs else {}

    def _order(self, form: Form, text: str) -> list[tuple[str, bool]]:
        order = []
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, dot, direction = part.rpartition(".")
            if not dot or direction.lower() not in {"asc", "desc"}:
                raise refusal.bad_request(f"sort={part}")
            order.append((self._field(form, name).key, direction.lower() == "desc"))
        return order

    def _found(self, form: Form, text: str, asking: Asking, account: Account) -> list[Row]:
        table = self._desk.table(form.name)
        if not text.strip():
            if not self._desk.settings.unqualified_allowed:
                raise refusal.Rejected(361, "Unqualified searches are not allowed", form.name)
            return [row for row in table.rows.values() if self._visible(form, row, account)]
        wanted = self._condition(form, text)
        near = wanted.near(table, asking)
        rows = table.rows.values() if near is None else [table.rows[entry] for entry in near]
        return [row for row in rows if wanted.test(row, asking) and self._visible(form, row, account)]

    def _condition(self, form: Form, text: str) -> Condition:
        key = (form.name, text)
        if key not in self._conditions:
            if len(self._conditions) > 500:
                self._conditions.clear()
            self._conditions[key] = condition(text, form, self._desk.settings)
        return self._conditions[key]

    def _visible(self, form: Form, row: Row, account: Account) -> bool:
        """Whether the account's companies include one of the row's; rows of others are silently missing."""
        if account.companies is None:
            return True
        if form.name == WORK_LOG:
            number = row["Incident Number"]
            return self._visible(self._desk.forms[HELP_DESK], self._desk.called(number), account)
        if form.name == ASSOCIATIONS:
            mine = (row["Request ID01"], row["Request ID02"])
            numbers = [number for number in mine if self._desk.incidents.equal("Incident Number", number)]
            seen = (self._desk.called(number) for number in numbers)
            return any(self._visible(self._desk.forms[HELP_DESK], one, account) for one in seen)
        if form.name == MEMBERSHIPS:
            row = self._desk.directory.groups.rows[row["Support Group ID"]]
        return not account.companies.isdisjoint((row.get("Company"), row.get("Assigned Support Company")))

    def _page_links(
        self, target: str, query: Mapping[str, str], offset: int, taken: int, *, more: bool
    ) -> dict[str, Any]:
        path = target.partition("?")[0]
        links = {"self": [{"href": f"{self._desk.settings.server_url}{target}"}]}
        if more:
            rest = urlencode({**query, "offset": offset + taken, "limit": taken}, quote_via=quote)
            links["next"] = [{"href": f"{self._desk.settings.server_url}{path}?{rest}"}]
        return links


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def _count(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "0") or "0"
    if not (text.isascii() and text.isdigit()):
        raise refusal.bad_request(f"{name}={text}")
    return int(text)


def described(field: Field) -> dict[str, Any]:
    """Return a field's metadata: name, id, data type, whether it must be given, and its limits.

    The exact shape of the real answer was not found in public documents; names follow AR System's own.
    """
    shape = field.shape
    limits: dict[str, Any] = {}
    if shape.kind is Kind.TEXT:
        limits["maxLength"] = shape.limit or 0
    if shape.domain is not None:
        limits["values"] = [{"id": code, "label": label} for label, code in shape.domain.codes.items()]
    option = "DISPLAY" if shape.display else "REQUIRED" if shape.required else "OPTIONAL"
    return {
        "id": field.number,
        "name": field.name,
        "datatype": shape.kind.value,
        "fieldOption": option,
        "limits": limits,
    }
