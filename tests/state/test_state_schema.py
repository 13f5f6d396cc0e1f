"""The migrations and the tables in the code say the same."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import bridge.state
from bridge.state.migrate import upgrade
from bridge.state.schema import METADATA, REVISION
from bridge.state.sqlite import begun, memory_engine
from bridge.state.store import Store

pytestmark = pytest.mark.promise("state that lasts")


def test_migrating_from_nothing_gives_the_tables_of_the_code(url: str) -> None:
    """A fresh state has exactly the tables, columns, keys and indexes that the code uses."""
    with Store.open(url, exclusive=True) as store, store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == REVISION


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    """There is one newest migration, it is ours, and every version can be reached from nothing."""
    folder = Path(bridge.state.__file__).with_name("migrations")
    scripts = ScriptDirectory(folder)
    assert scripts.get_heads() == [REVISION]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert all(len(revision) == len(REVISION) for revision in revisions)


def test_a_migration_that_does_not_end_leaves_nothing() -> None:
    """Migrating happens in one transaction: without its commit the database is as it was."""
    engine = memory_engine()
    with suppress(InterruptedError), begun(engine, reading=False) as connection:
        upgrade(connection, "in memory")
        assert "effects" in inspect(connection).get_table_names()
        raise InterruptedError
    with begun(engine, reading=True) as connection:
        assert inspect(connection).get_table_names() == []


def test_migrating_twice_changes_nothing(url: str) -> None:
    """Opening a current state again leaves its schema as it is."""
    texts = []
    for _ in range(2):
        with Store.open(url, exclusive=True) as store, store.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master ORDER BY name").all()
            texts.append([row[0] for row in rows])
    assert texts[0] == texts[1]


def test_the_tables_can_be_made_on_postgresql() -> None:
    """Nothing in the tables is bound to SQLite."""
    dialect = postgresql.dialect()
    texts = [str(CreateTable(table).compile(dialect=dialect)) for table in METADATA.sorted_tables]
    texts += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in METADATA.sorted_tables
        for index in table.indexes
    ]
    assert any("id BIGSERIAL NOT NULL" in text for text in texts)
    assert not any("AUTOINCREMENT" in text for text in texts)
