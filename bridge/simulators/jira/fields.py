"""The fields of a site: what each is called, what it takes, and how its value is kept.

Inner forms: strings; ``Named`` for a priority, type or option; ``Resolution``; tuples of ``Named``
(components, options) or of version ids; ``Person``; numbers.  None is an empty field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bridge.simulators.jira import adf, problems
from bridge.simulators.jira.records import Change, Named, Project
from bridge.simulators.jira.settings import CustomField, Person
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.workflow import Resolution

SUMMARY_LIMIT = 255
_CUSTOM_SCHEMA = {
    "string": ("string", "textfield"),
    "textarea": ("string", "textarea"),
    "number": ("number", "float"),
    "select": ("option", "select"),
    "multiselect": ("array", "multiselect"),
    "labels": ("array", "labels"),
    "date": ("date", "datepicker"),
    "datetime": ("datetime", "datetime"),
    "user": ("user", "userpicker"),
    "url": ("string", "url"),
}
_ITEMS = {"multiselect": "option", "labels": "string"}
LISTS = frozenset({"labels", "components", "versions", "multiselect"})


class Bad(Exception):
    """A value that a field does not take; the text is what the site says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field; ``kind`` decides how its value is read and shown."""

    id: str
    name: str
    kind: str
    schema: Mapping[str, Any]
    clauses: tuple[str, ...]
    custom: CustomField | None = None

    @property
    def operations(self) -> list[str]:
        """The verbs of ``update`` that the field takes."""
        if self.kind in LISTS:
            return ["add", "set", "remove"]
        return ["add"] if self.kind in {"comment", "issuelinks"} else ["set"]

    @property
    def rich(self) -> bool:
        """Whether the value is a document on v3."""
        return self.kind in {"rich", "textarea"}


def _system(field: str, name: str, kind: str, type_: str, items: str | None = None, *clauses: str) -> Field:
    schema = {"type": type_, **({"items": items} if items else {}), "system": field}
    return Field(id=field, name=name, kind=kind, schema=schema, clauses=clauses or (field.lower(),))


SYSTEM = {
    field.id: field
    for field in (
        _system("summary", "Summary", "summary", "string"),
        _system("issuetype", "Issue Type", "issuetype", "issuetype", None, "issuetype", "type"),
        _system("project", "Project", "project", "project"),
        _system("description", "Description", "rich", "string"),
        _system("environment", "Environment", "rich", "string"),
        _system("priority", "Priority", "priority", "priority"),
        _system("labels", "Labels", "labels", "array", "string"),
        _system("components", "Components", "components", "array", "component", "component"),
        _system("fixVersions", "Fix versions", "versions", "array", "version", "fixVersion"),
        _system("versions", "Affects versions", "versions", "array", "version", "affectedVersion"),
        _system("assignee", "Assignee", "user", "user"),
        _system("reporter", "Reporter", "user", "user"),
        _system("duedate", "Due date", "date", "date", None, "due", "duedate"),
        _system("resolution", "Resolution", "resolution", "resolution"),
        _system("status", "Status", "status", "status"),
        _system("created", "Created", "stamp", "datetime", None, "created", "createdDate"),
        _system("updated", "Updated", "stamp", "datetime", None, "updated", "updatedDate"),
        _system("resolutiondate", "Resolved", "stamp", "datetime", None, "resolutiondate", "resolved"),
        _system("statuscategorychangedate", "Status Category Changed", "stamp", "datetime"),
        _system("creator", "Creator", "user", "user"),
        _system("issuelinks", "Linked Issues", "issuelinks", "array", "issuelinks"),
        _system("comment", "Comment", "comment", "comments-page"),
        _system("attachment", "Attachment", "attachment", "array", "attachment", "attachments"),
    )
}
SETTABLE = tuple(
    field
    for field in SYSTEM
    if field
    not in {
        "status",
        "created",
        "updated",
        "resolutiondate",
        "statuscategorychangedate",
        "creator",
        "resolution",
        "attachment",
    }
)


def catalogue(store: Store) -> dict[str, Field]:
    """Every field of the site by id."""
    return {**SYSTEM, **{field.id: _custom(field) for field in store.custom.values()}}


def on_screen(store: Store, project: Project) -> dict[str, Field]:
    """Give the fields on a project's create and edit screens, by id."""
    fields = catalogue(store)
    own = [
        field.id for field in store.custom.values() if field.projects is None or project.key in field.projects
    ]
    return {name: fields[name] for name in (*SETTABLE, *own) if name not in project.spec.off_screen}


def _custom(field: CustomField) -> Field:
    number = int(field.id.removeprefix("customfield_"))
    type_, plugin = _CUSTOM_SCHEMA[field.kind]
    schema = {
        "type": type_,
        **({"items": _ITEMS[field.kind]} if field.kind in _ITEMS else {}),
        "custom": f"com.atlassian.jira.plugin.system.customfieldtypes:{plugin}",
        "customId": number,
    }
    clauses = (f"cf[{number}]", field.name)
    return Field(id=field.id, name=field.name, kind=field.kind, schema=schema, clauses=clauses, custom=field)


def options(field: CustomField) -> tuple[Named, ...]:
    """Give the options of a select field, with ids that follow from the field's."""
    number = int(field.id.removeprefix("customfield_"))
    return tuple(Named(id=str(number * 100 + place), name=name) for place, name in enumerate(field.options))


class Reader:
    """Reads values as a caller of one API version sends them, for one project."""

    def __init__(self, store: Store, project: Project, api: str) -> None:
        self._store = store
        self._project = project
        self._api = api
        self._by_kind: dict[str, Callable[[Field, Any], Any]] = {
            "summary": self._summary,
            "string": self._line,
            "url": self._line,
            "rich": self._rich,
            "textarea": self._rich,
            "priority": lambda field, value: self._one(field, value, self._store.priorities),
            "issuetype": self._type,
            "resolution": self._resolution,
            "labels": self._labels,
            "components": lambda field, value: self._many(field, value, self._project.components),
            "versions": self._versions,
            "select": self._option,
            "multiselect": self._options,
            "user": self._user,
            "date": self._date,
            "datetime": self._datetime,
            "number": self._number,
        }

    def read(self, field: Field, value: Any) -> Any:
        """Turn a sent value into its inner form; ``Bad`` where the field does not take it."""
        reader = self._by_kind.get(field.kind)
        if reader is None:
            raise Bad(problems.OFF_SCREEN.format(field=field.id))
        if value is None:
            return self._cleared(field)
        return reader(field, value)

    def text(self, value: Any) -> str:
        """Read a rich text: a string on v2, a document on v3; ``Bad`` otherwise or where it is too long."""
        if self._api == "3":
            if not adf.is_document(value):
                raise Bad(problems.NOT_ADF)
            value = adf.markup(value)
        if not isinstance(value, str):
            raise Bad("Operation value must be a string")
        text: str = value.replace("\r\n", "\n").rstrip() if self._store.cloud else value
        if len(text) > self._store.settings.text_limit:
            raise Bad(problems.TOO_LONG.format(limit=self._store.settings.text_limit))
        return text

    def _cleared(self, field: Field) -> Any:
        if field.kind == "summary":
            raise Bad("You must specify a summary of the issue.")
        if field.kind == "issuetype":
            raise Bad("Specify an issue type")
        return () if field.kind in LISTS else None

    def _summary(self, field: Field, value: Any) -> str:
        text = self._line(field, value)
        if not text.strip():
            raise Bad("You must specify a summary of the issue.")
        if "\n" in text or "\r" in text:
            raise Bad("The summary is invalid because it contains newline characters.")
        return text.strip()

    def _line(self, field: Field, value: Any) -> str:
        if not isinstance(value, str):
            raise Bad("Operation value must be a string")
        if len(value) > SUMMARY_LIMIT:
            raise Bad(problems.LONG_SUMMARY if field.kind == "summary" else "The entered text is too long.")
        return value

    def _rich(self, _: Field, value: Any) -> str | None:
        return self.text(value) or None

    def _one(self, field: Field, value: Any, known: tuple[Named, ...]) -> Named:
        part, wanted = _reference(field, value)
        for each in known:
            if getattr(each, part) == wanted:
                return each
        raise Bad(f"{field.name.removesuffix('s')} {part} '{wanted}' is not valid")

    def _many(self, field: Field, value: Any, known: tuple[Named, ...]) -> tuple[Named, ...]:
        found = (self._one(field, each, known) for each in _listed(value))
        return tuple(dict.fromkeys(found))

    def _type(self, field: Field, value: Any) -> Named:
        names = self._project.spec.types
        return self._one(field, value, tuple(each for each in self._store.types if each.name in names))

    def _resolution(self, field: Field, value: Any) -> Resolution:
        part, wanted = _reference(field, value)
        for each in self._store.resolutions.values():
            if getattr(each, part) == wanted:
                return each
        raise Bad(f"Resolution {part} '{wanted}' is not valid")

    def _labels(self, _: Field, value: Any) -> tuple[str, ...]:
        labels = _listed(value)
        for label in labels:
            if not isinstance(label, str) or not label:
                raise Bad("string expected at index 0")
            if re.search(r"\s", label):
                raise Bad(f"The label '{label}' contains spaces which is invalid.")
            if len(label) > SUMMARY_LIMIT:
                raise Bad(f"The label '{label}' is too long (exceeds {SUMMARY_LIMIT} characters).")
        return tuple(sorted(dict.fromkeys(labels)))

    def _versions(self, field: Field, value: Any) -> tuple[str, ...]:
        known = self._store.versions_of(self._project.key)
        found = []
        for each in _listed(value):
            part, wanted = _reference(field, each)
            match = next((version for version in known if getattr(version, part) == wanted), None)
            if match is None:
                raise Bad(f"Version {part} '{wanted}' is not valid")
            found.append(match.id)
        return tuple(dict.fromkeys(found))

    def _option(self, field: Field, value: Any) -> Named:
        wanted = value if isinstance(value, dict) else {}
        for option in options(field.custom) if field.custom else ():
            if wanted.get("value") == option.name or str(wanted.get("id")) == option.id:
                return option
        raise Bad(f"Option value '{wanted.get('value', wanted.get('id'))}' is not valid")

    def _options(self, field: Field, value: Any) -> tuple[Named, ...]:
        return tuple(dict.fromkeys(self._option(field, each) for each in _listed(value)))

    def _user(self, _: Field, value: Any) -> Person:
        sent = value if isinstance(value, dict) else {}
        for person in self._store.people.values():
            if self._store.cloud and person.account_id in (sent.get("accountId"), sent.get("id")):
                return person
            if not self._store.cloud and person.name == sent.get("name"):
                return person
        raise Bad(f"User '{next(iter(sent.values()), value)}' does not exist.")

    def _date(self, _: Field, value: Any) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise Bad("Operation value must be a string in the format yyyy-MM-dd") from None

    def _datetime(self, _: Field, value: Any) -> datetime:
        try:
            parsed = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z")
        except (TypeError, ValueError):
            raise Bad("Operation value must be a date-time like 2026-01-31T09:15:00.000+0000") from None
        return parsed

    def _number(self, _: Field, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Bad("Operation value must be a number")
        return float(value)


def _reference(field: Field, value: Any) -> tuple[str, str]:
    if not isinstance(value, dict):
        raise Bad("data was not an object")
    for part in ("id", "name"):
        if value.get(part) is not None:
            return part, str(value[part])
    raise Bad(f"Could not find valid 'id' or 'name' in {field.name.lower()} object.")


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Bad("data was not an array")
    return value


def readable(store: Store, value: Any) -> tuple[str | None, str | None]:
    """Give a value as history shows it: raw, and for people."""
    match value:
        case None | ():
            return None, None
        case Person():
            return (value.account_id if store.cloud else value.key), value.display
        case Named() | Resolution():
            return value.id, value.name
        case tuple():
            pairs = [readable(store, store.versions.get(each, each)) for each in value]
            return ", ".join(raw or "" for raw, _ in pairs), ", ".join(text or "" for _, text in pairs)
        case _:
            name = getattr(value, "name", None)
            return (value.id, name) if name is not None else (None, str(value))


def change(store: Store, field: Field, old: Any, new: Any) -> Change | None:
    """Say what changed in a field; None where nothing did."""
    if (old or None) == (new or None):
        return None
    old_raw, old_text = readable(store, old)
    new_raw, new_text = readable(store, new)
    shown = field.clauses[0] if field.kind == "versions" else field.id if field.custom is None else field.name
    if shown == "fixVersion":
        shown = "Fix Version"
    return Change(field=shown, old=old_raw, old_text=old_text, new=new_raw, new_text=new_text)
