"""Where Alembic starts: it uses the connection, and the open transaction, that it is given."""

from __future__ import annotations

from alembic import context

from bridge.state.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
