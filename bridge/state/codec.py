"""The model's frozen dataclasses as JSON text and back, exactly: tuples stay tuples, moments stay in UTC.

A field that the model gained since a text was written takes its default.  No error repeats a stored value.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from bridge.model.actions import Action
from bridge.model.change import Related
from bridge.model.dossier import Dossier
from bridge.model.errors import StateError
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.ticket import Ticket

Body = TypeVar("Body", Dossier, Incident, Ticket, Note, Related)


@cache
def _adapters() -> dict[type[object], TypeAdapter[Any]]:
    return {kind: TypeAdapter(kind) for kind in (Dossier, Incident, Ticket, Note, Related)}


@cache
def _actions() -> TypeAdapter[Action]:
    return TypeAdapter(Annotated[Action, Field(discriminator="kind")])


def encode(body: Dossier | Incident | Ticket | Note | Related) -> str:
    """Return a dossier, incident, ticket, note or an incident's changes as JSON text."""
    return _dump(_adapters()[type(body)], body)


def decode(kind: type[Body], text: str) -> Body:
    """Return the body of this kind that ``text`` holds; ``StateError`` where it holds none."""
    found: Body = _load(_adapters()[kind], text, kind.__name__.lower())
    return found


def encode_action(action: Action) -> str:
    """Return an action as JSON text; its ``kind`` tells which."""
    return _dump(_actions(), action)


def decode_action(text: str) -> Action:
    """Return the action that ``text`` holds; ``StateError`` where it holds none."""
    found: Action = _load(_actions(), text, "action")
    return found


def _dump(adapter: TypeAdapter[Any], value: object) -> str:
    try:
        return adapter.dump_json(value, warnings="error").decode("utf-8")
    except PydanticSerializationError:
        # A server may send half of a surrogate pair, which no UTF-8 can hold: it becomes a question mark.
        plain = adapter.dump_python(value, mode="json", warnings="error")
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace").decode("utf-8")


def _load(adapter: TypeAdapter[Any], text: str, name: str) -> Any:
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as failure:
        raise _unreadable(name, failure) from None


def _unreadable(name: str, failure: ValidationError) -> StateError:
    first = failure.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "its beginning"
    return StateError(
        f"The state holds {name} data that cannot be read",
        why=f"at {where}: {first['type']}",
        next_step="start the version of the bridge that wrote it, or restore the newest backup",
    )
