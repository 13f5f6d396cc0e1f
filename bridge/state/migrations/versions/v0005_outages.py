"""The servers that are left alone since they do not answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outages",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("pair", "side", "why")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("since", "next_probe")),
        sa.PrimaryKeyConstraint("pair", "side", name="outages_key"),
    )
