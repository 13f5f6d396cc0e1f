"""The audit trail, plans that wait for approval, and what was agreed about a pair as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    audit()
    approvals()
    op.create_table(
        "agreed", *words("pair", "name", "value"), sa.PrimaryKeyConstraint("pair", "name", name="agreed_key")
    )


def audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *words("who", "what", "pair", "incident", "rule", "reason", "before", "after", "request", "outcome"),
        *words("words", "chain"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_incident", "audit", ["pair", "incident", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit trail can only be added to'); END"
            )


def approvals() -> None:
    op.create_table(
        "approvals",
        *words("pair", "checksum", "cause", "sentence", "plan", "state", "decided_by"),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("pair", "checksum", name="approvals_key"),
    )
    op.create_index("approvals_state", "approvals", ["pair", "state"])
