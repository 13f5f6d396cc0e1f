"""The changes of incidents, as last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "changes",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("pair", "incident", "body")),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pair", "incident", name="changes_key"),
    )
