"""What incidents of one ticket know of each other, the tickets' boards, and the numbers that people wrote into tickets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def moment(name: str, *, empty: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=empty)


def flags(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]


def upgrade() -> None:
    links()
    boards()
    claims()


def links() -> None:
    """Make the index of links anew: the dossiers, from which it is filled, are the truth."""
    op.drop_index("links_ticket", "links")
    op.drop_table("links")
    table = op.create_table(
        "links",
        *words("pair", "incident", "ticket_id", "ticket_key"),
        *flags("follows", "waits", "verified"),
        moment("linked_at"),
        moment("ended_at", empty=True),
        *words("priority", "queue"),
        sa.PrimaryKeyConstraint("pair", "incident", "ticket_id", name="links_key"),
        sa.ForeignKeyConstraint(
            ["pair", "incident"],
            ["dossiers.pair", "dossiers.incident"],
            name="links_dossier",
            ondelete="CASCADE",
        ),
    )
    op.create_index("links_ticket", "links", ["pair", "ticket_id", "incident"])
    dossiers = sa.table("dossiers", *(sa.column(name) for name in ("pair", "incident", "body")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(dossiers)).all():
        for filled in rows_of(json.loads(row.body)):
            connection.execute(sa.insert(table), {"pair": row.pair, "incident": row.incident, **filled})


def rows_of(dossier: dict[str, Any]) -> Iterator[dict[str, Any]]:
    tickets: dict[str, tuple[dict[str, Any], bool]] = {}
    for link in dossier["links"]:
        tickets |= dict.fromkeys((*link.get("follows", ()), *link.get("handed", ())), (link, True))
    tickets |= {link["ticket_id"]: (link, False) for link in dossier["links"]}
    for ticket_id, (link, follows) in tickets.items():
        yield {
            "ticket_id": ticket_id,
            "ticket_key": "" if follows else link["ticket_key"],
            "follows": follows,
            "waits": not dossier["ending"] and not link["lost"] and ticket_id not in only_beside(link),
            "verified": dossier["ending"] == "verified",
            "linked_at": microseconds(link["linked_at"]),
            "ended_at": microseconds(dossier["ended_at"]) if dossier.get("ended_at") else None,
            "priority": "",
            "queue": dossier.get("queue", ""),
        }


def only_beside(link: dict[str, Any]) -> set[str]:
    return set(link.get("handed", ())) - {link.get("counting", "")}


def microseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def boards() -> None:
    op.create_table(
        "boards",
        *words("pair", "ticket_id", "note_id", "text"),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pair", "ticket_id", name="boards_key"),
    )


def claims() -> None:
    op.create_table(
        "claims",
        *words("pair", "incident", "ticket_id", "ticket_key"),
        moment("at"),
        *flags("done", "absent"),
        sa.PrimaryKeyConstraint("pair", "incident", "ticket_id", name="claims_key"),
    )
    op.create_table(
        "examined",
        *words("pair", "stream", "what"),
        moment("at"),
        sa.PrimaryKeyConstraint("pair", "stream", "what", name="examined_key"),
    )
