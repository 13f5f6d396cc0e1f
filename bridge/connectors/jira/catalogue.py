"""The fields of a site: from names in rules to ids, and from text to what each field takes.

A name that two fields share is refused with both ids: Jira lets anybody make a second "Customer Impact".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bridge.connectors.jira.client import Client
from bridge.connectors.jira.prose import Prose
from bridge.model.actions import Value
from bridge.model.errors import Refused

#: Our own names for fields of Jira.
_OWN = {"type": "issuetype", "fix_versions": "fixVersions"}
_RICH = frozenset({"description", "environment"})
_NAMED = frozenset({"priority", "resolution", "version", "component", "issuetype", "securitylevel", "group"})
_TRIED = "use a field of another type, or set it in Jira"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the site; ``type`` and ``items`` are its schema's, ``plugin`` ends its custom type."""

    id: str
    name: str
    type: str = "any"
    items: str = ""
    plugin: str = ""

    @property
    def wiki(self) -> bool:
        """Whether its text is wiki markup."""
        return self.id in _RICH or self.plugin == "textarea"


class Catalogue:
    """The fields of one site, read when a name is first looked up, and again for a name that it lacks."""

    def __init__(self, client: Client, prose: Prose) -> None:
        self._client = client
        self._prose = prose
        self._fields: tuple[Field, ...] = ()

    def field(self, name: str) -> Field:
        """Return the field with this id or name; ``Refused`` where there is none or more than one."""
        found = self._matching(name) if self._fields else []
        if not found:
            self._fields = self._read()
            found = self._matching(name)
        if len(found) == 1:
            return found[0]
        if not found:
            raise Refused(f"Jira has no field called {name!r}", next_step="correct the name in the rules")
        both = " and ".join(field.id for field in found)
        raise Refused(
            f"Jira has more than one field called {name!r}",
            why=both,
            next_step="write the id of the one you mean",
        )

    def encoded(self, fields: Iterable[tuple[str, Value]]) -> dict[str, Any]:
        """Return what the API takes for these names and values; ``Refused`` where a field does not."""
        pairs = [(self.field(name), value) for name, value in fields]
        return {field.id: self._value(field, value) for field, value in pairs}

    def _matching(self, name: str) -> list[Field]:
        wanted = _OWN.get(name, name)
        exact = [field for field in self._fields if field.id == wanted]
        return exact or [field for field in self._fields if field.name.casefold() == wanted.casefold()]

    def _read(self) -> tuple[Field, ...]:
        raw = self._client.get("field")
        with self._client.understood("reading the fields", write=False):
            return tuple(_field(each) for each in raw)

    def _value(self, field: Field, value: Value) -> Any:
        values = [each for each in ((value,) if isinstance(value, str) else value) if each.strip()]
        if field.type == "array":
            return [self._one(field, field.items, each) for each in values]
        if not values:
            return None
        return self._one(field, field.type, ", ".join(values))

    def _one(self, field: Field, kind: str, text: str) -> Any:
        if kind in _NAMED:
            return {"name": text}
        make = _ENCODERS.get(kind)
        if make is None:
            raise Refused(
                f"Jira: the field {field.name!r} cannot be set by the bridge",
                why=f"it is a {kind}",
                next_step=_TRIED,
            )
        if kind in ("string", "any"):
            return self._text(field, text)
        try:
            return make(text)
        except ValueError:
            raise Refused(
                f"Jira: {text[:80]!r} is no value for the field {field.name!r}",
                why=f"it takes a {kind}",
                next_step="correct the rule or its map",
            ) from None

    def _text(self, field: Field, text: str) -> str:
        if field.wiki:
            return self._prose.wiki(text)
        if field.type == "array":
            return label(text)
        return self._prose.line(text)


def label(text: str) -> str:
    """Return the text as a label, which holds no blanks."""
    return re.sub(r"\s+", "_", text.strip())[:255]


def _field(raw: dict[str, Any]) -> Field:
    schema = raw.get("schema") or {}
    return Field(
        id=str(raw["id"]),
        name=str(raw.get("name") or raw["id"]),
        type=str(schema.get("type") or "any"),
        items=str(schema.get("items") or ""),
        plugin=str(schema.get("custom") or "").rpartition(":")[2],
    )


def _number(text: str) -> int | float:
    number = float(text.replace(",", "."))
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


def _date(text: str) -> str:
    return date.fromisoformat(text.strip()[:10]).isoformat()


def _moment(text: str) -> str:
    when = datetime.fromisoformat(text.strip())
    if when.tzinfo is None:
        raise ValueError("a time without its zone")
    return when.strftime("%Y-%m-%dT%H:%M:%S.000%z")


def _cascade(text: str) -> dict[str, Any]:
    parent, _, child = (part.strip() for part in text.partition(" / "))
    return {"value": parent, "child": {"value": child}} if child else {"value": parent}


_ENCODERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "any": str,
    "number": _number,
    "date": _date,
    "datetime": _moment,
    "option": lambda text: {"value": text},
    "option-with-child": _cascade,
    "issuelink": lambda text: {"key": text.strip().upper()},
}
