"""Small worlds for the tests of the state: one of everything, and strategies for the model's fields."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from bridge.model.actions import AddIncidentNote
from bridge.model.dossier import Dossier, Link, Round
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.ticket import Ticket

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOBODY = 65534

moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


def later(seconds: float) -> datetime:
    """Return a moment after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


def incident(number: str = "INC1", **changed: Any) -> Incident:
    """Return an incident."""
    return Incident(
        **{"number": number, "entry_id": f"E{number}", "status": "Assigned", "modified_at": NOW} | changed
    )


def ticket(ticket_id: str = "10001", **changed: Any) -> Ticket:
    """Return a ticket of the project PAY."""
    return Ticket(
        **{"id": ticket_id, "key": f"PAY-{ticket_id}", "project": "PAY", "updated_at": NOW} | changed
    )


def note(note_id: str = "1", **changed: Any) -> Note:
    """Return a note of INC1."""
    return Note(**{"id": note_id, "parent": "INC1", "author": "ann", "at": NOW, "text": "Hello"} | changed)


def link(ticket_id: str = "10001", **changed: Any) -> Link:
    """Return a link to a ticket."""
    fresh = {"ticket_id": ticket_id, "ticket_key": f"PAY-{ticket_id}", "how": "opened", "linked_at": NOW}
    return Link(**fresh | changed)


def dossier(number: str = "INC1", *links: Link, **changed: Any) -> Dossier:
    """Return a dossier with these links."""
    fresh = {"incident": number, "rule": "pay", "links": links, "rounds": (Round(number=1, started_at=NOW),)}
    return Dossier(**fresh | changed)


def action(key: str = "INC1/note/1", **changed: Any) -> AddIncidentNote:
    """Return an action with this cause."""
    return AddIncidentNote(**{"key": key, "reason": "Ann wrote a comment", "text": "Hello"} | changed)


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any type that the model uses."""
    if is_dataclass(hint):
        return st.builds(hint, **_fields_of(hint))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of([of(one) for one in inner])
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(of(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(of(one) for one in inner))
    return _PLAIN[hint]


def _fields_of(kind: Any) -> dict[str, st.SearchStrategy[Any]]:
    hints = get_type_hints(kind)
    return {field.name: of(hints[field.name]) for field in fields(kind)}


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    bool: st.booleans(),
    int: st.integers(min_value=0, max_value=2**40),
    datetime: moments,
    NoneType: st.none(),
}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Act as an account without rights, where the tests run as root, whom no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def open_to_all() -> Iterator[Path]:
    """Give a folder that every account may enter and nobody but its owner may change."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)
