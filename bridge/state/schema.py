"""The tables of the state, and the column types that make a value survive any database.

Moments are whole microseconds since 1970 in UTC, because integers sort and compare alike everywhere.  Bodies
are JSON text of our own making (``codec``), never a database's JSON type.  Any change here needs a new
version under ``migrations/versions`` and the new ``REVISION``; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

#: The newest version under ``migrations/versions``.
REVISION = "0005"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as whole microseconds since 1970 in UTC; a naive one is a ``ValueError``."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002
        """Return the microseconds since 1970."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment without a time zone")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Return the moment in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text from anywhere; half of a surrogate pair, which no UTF-8 can hold, becomes ``?``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002
        """Return the text as every database can keep it."""
        if value is None:
            return None
        return value.encode("utf-8", "replace").decode("utf-8")


METADATA = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _words(name: str, *, empty: bool = False) -> Column[str]:
    return Column(name, Words, nullable=empty)


def _moment(name: str, *, empty: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=empty)


EFFECTS = Table(
    "effects",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    _words("pair"),
    _words("incident"),
    _words("key"),
    _words("kind"),
    _words("action"),
    _words("reason"),
    _words("state"),
    Column("attempts", Integer, nullable=False),
    _moment("not_before"),
    _moment("created_at"),
    _moment("started_at", empty=True),
    _moment("finished_at", empty=True),
    _words("receipt_id"),
    _words("receipt_key"),
    _words("error"),
    UniqueConstraint("pair", "key", name="effects_key"),
    Index("effects_incident", "pair", "incident", "state"),
    Index("effects_due", "pair", "state", "not_before"),
    sqlite_autoincrement=True,
)

DOSSIERS = Table(
    "dossiers",
    METADATA,
    _words("pair"),
    _words("incident"),
    _words("body"),
    _words("rule"),
    _words("stage"),
    Column("held", Boolean, nullable=False),
    _moment("updated_at"),
    _moment("look_again_at", empty=True),
    PrimaryKeyConstraint("pair", "incident", name="dossiers_key"),
    Index("dossiers_held", "pair", "held", "incident"),
    Index("dossiers_stage", "pair", "held", "stage", "incident"),
    Index("dossiers_due", "pair", "look_again_at"),
)

LINKS = Table(
    "links",
    METADATA,
    _words("pair"),
    _words("incident"),
    _words("ticket_id"),
    _words("ticket_key"),
    Column("follows", Boolean, nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("verified", Boolean, nullable=False),
    _moment("linked_at"),
    _moment("ended_at", empty=True),
    _words("priority"),
    _words("queue"),
    PrimaryKeyConstraint("pair", "incident", "ticket_id", name="links_key"),
    ForeignKeyConstraint(
        ["pair", "incident"], ["dossiers.pair", "dossiers.incident"], name="links_dossier", ondelete="CASCADE"
    ),
    Index("links_ticket", "pair", "ticket_id", "incident"),
)

BOARDS = Table(
    "boards",
    METADATA,
    _words("pair"),
    _words("ticket_id"),
    _words("note_id"),
    _words("text"),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("pair", "ticket_id", name="boards_key"),
)

CLAIMS = Table(
    "claims",
    METADATA,
    _words("pair"),
    _words("incident"),
    _words("ticket_id"),
    _words("ticket_key"),
    _moment("at"),
    Column("done", Boolean, nullable=False),
    Column("absent", Boolean, nullable=False),
    PrimaryKeyConstraint("pair", "incident", "ticket_id", name="claims_key"),
)

EXAMINED = Table(
    "examined",
    METADATA,
    _words("pair"),
    _words("stream"),
    _words("what"),
    _moment("at"),
    PrimaryKeyConstraint("pair", "stream", "what", name="examined_key"),
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    _words("pair"),
    _words("number"),
    _words("body"),
    _moment("modified_at"),
    _moment("seen_at"),
    PrimaryKeyConstraint("pair", "number", name="incidents_key"),
)

TICKETS = Table(
    "tickets",
    METADATA,
    _words("pair"),
    _words("ticket_id"),
    _words("ticket_key"),
    _words("project"),
    _words("body"),
    _moment("updated_at"),
    _moment("seen_at"),
    PrimaryKeyConstraint("pair", "ticket_id", name="tickets_key"),
    Index("tickets_by_key", "pair", "ticket_key"),
    Index("tickets_project", "pair", "project", "ticket_id"),
)

NOTES = Table(
    "notes",
    METADATA,
    _words("pair"),
    _words("side"),
    _words("parent"),
    _words("note_id"),
    _moment("at"),
    _words("body"),
    _moment("seen_at"),
    PrimaryKeyConstraint("pair", "side", "note_id", name="notes_key"),
    Index("notes_parent", "pair", "side", "parent", "at", "note_id"),
)

CHANGES = Table(
    "changes",
    METADATA,
    _words("pair"),
    _words("incident"),
    _words("body"),
    _moment("seen_at"),
    PrimaryKeyConstraint("pair", "incident", name="changes_key"),
)

WATERMARKS = Table(
    "watermarks",
    METADATA,
    _words("pair"),
    _words("stream"),
    _moment("at"),
    PrimaryKeyConstraint("pair", "stream", name="watermarks_key"),
)

DIRTY = Table(
    "dirty",
    METADATA,
    _words("pair"),
    _words("incident"),
    _moment("since"),
    _words("why"),
    Column("marks", _NUMBER, nullable=False),
    PrimaryKeyConstraint("pair", "incident", name="dirty_key"),
    Index("dirty_since", "pair", "since", "incident"),
)

CYCLES = Table(
    "cycles",
    METADATA,
    _words("pair"),
    Column("number", _NUMBER, nullable=False),
    _moment("started_at"),
    _words("sentence"),
    PrimaryKeyConstraint("pair", "number", name="cycles_key"),
)

OUTAGES = Table(
    "outages",
    METADATA,
    _words("pair"),
    _words("side"),
    _words("why"),
    _moment("since"),
    _moment("next_probe"),
    PrimaryKeyConstraint("pair", "side", name="outages_key"),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    _moment("at"),
    _words("who"),
    _words("what"),
    _words("pair"),
    _words("incident"),
    _words("rule"),
    _words("reason"),
    _words("before"),
    _words("after"),
    _words("request"),
    _words("outcome"),
    _words("words"),
    _words("chain"),
    Index("audit_at", "at"),
    Index("audit_incident", "pair", "incident", "id"),
    sqlite_autoincrement=True,
)

APPROVALS = Table(
    "approvals",
    METADATA,
    _words("pair"),
    _words("checksum"),
    _words("cause"),
    _words("sentence"),
    _words("plan"),
    _words("state"),
    _moment("asked_at"),
    _moment("decided_at", empty=True),
    _words("decided_by"),
    PrimaryKeyConstraint("pair", "checksum", name="approvals_key"),
    Index("approvals_state", "pair", "state"),
)

AGREED = Table(
    "agreed",
    METADATA,
    _words("pair"),
    _words("name"),
    _words("value"),
    PrimaryKeyConstraint("pair", "name", name="agreed_key"),
)
