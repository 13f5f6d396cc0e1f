"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def moment(name: str, *, empty: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=empty)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"{table}_key")


def upgrade() -> None:
    effects()
    dossiers()
    links()
    last_seen()
    agenda()


def effects() -> None:
    op.create_table(
        "effects",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *words("pair", "incident", "key", "kind", "action", "reason", "state"),
        sa.Column("attempts", sa.Integer, nullable=False),
        moment("not_before"),
        moment("created_at"),
        moment("started_at", empty=True),
        moment("finished_at", empty=True),
        *words("receipt_id", "receipt_key", "error"),
        sa.UniqueConstraint("pair", "key", name="effects_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("effects_incident", "effects", ["pair", "incident", "state"])
    op.create_index("effects_due", "effects", ["pair", "state", "not_before"])


def dossiers() -> None:
    op.create_table(
        "dossiers",
        *words("pair", "incident", "body", "rule", "stage"),
        flag("held"),
        moment("updated_at"),
        moment("look_again_at", empty=True),
        key("dossiers", "pair", "incident"),
    )
    op.create_index("dossiers_held", "dossiers", ["pair", "held", "incident"])
    op.create_index("dossiers_stage", "dossiers", ["pair", "held", "stage", "incident"])
    op.create_index("dossiers_due", "dossiers", ["pair", "look_again_at"])


def links() -> None:
    op.create_table(
        "links",
        *words("pair", "incident", "ticket_id", "ticket_key"),
        flag("follows"),
        key("links", "pair", "incident", "ticket_id"),
        sa.ForeignKeyConstraint(
            ["pair", "incident"],
            ["dossiers.pair", "dossiers.incident"],
            name="links_dossier",
            ondelete="CASCADE",
        ),
    )
    op.create_index("links_ticket", "links", ["pair", "ticket_id", "incident"])


def last_seen() -> None:
    op.create_table(
        "incidents",
        *words("pair", "number", "body"),
        moment("modified_at"),
        moment("seen_at"),
        key("incidents", "pair", "number"),
    )
    op.create_table(
        "tickets",
        *words("pair", "ticket_id", "ticket_key", "project", "body"),
        moment("updated_at"),
        moment("seen_at"),
        key("tickets", "pair", "ticket_id"),
    )
    op.create_index("tickets_by_key", "tickets", ["pair", "ticket_key"])
    op.create_index("tickets_project", "tickets", ["pair", "project", "ticket_id"])
    op.create_table(
        "notes",
        *words("pair", "side", "parent", "note_id", "body"),
        moment("at"),
        moment("seen_at"),
        key("notes", "pair", "side", "note_id"),
    )
    op.create_index("notes_parent", "notes", ["pair", "side", "parent", "at", "note_id"])


def agenda() -> None:
    op.create_table("watermarks", *words("pair", "stream"), moment("at"), key("watermarks", "pair", "stream"))
    op.create_table(
        "dirty",
        *words("pair", "incident", "why"),
        moment("since"),
        sa.Column("marks", NUMBER, nullable=False),
        key("dirty", "pair", "incident"),
    )
    op.create_index("dirty_since", "dirty", ["pair", "since", "incident"])
    op.create_table(
        "cycles",
        *words("pair", "sentence"),
        sa.Column("number", NUMBER, nullable=False),
        moment("started_at"),
        key("cycles", "pair", "number"),
    )
