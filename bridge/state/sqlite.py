"""How the state is opened on SQLite: durable, one writer at a time, readers never in its way.

WAL with ``synchronous=FULL``, because WAL with NORMAL may lose committed rows on a power loss (sqlite.org,
"PRAGMA synchronous"), which a journal of intents cannot bear.  Never on a network file system (sqlite.org,
"Write-Ahead Logging").
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool

from bridge.model.errors import StateError
from bridge.state.failures import os_error

#: How long a statement waits for another process's transaction.
BUSY_SECONDS = 10.0
_WAL_BYTES = 64 * 1024 * 1024


def file_of(url: str) -> Path | None:
    """Return the file that a database URL names, None for one in memory; ``StateError`` for any other."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _bad_url("it is not a database URL") from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite") or parsed.query:
        raise _bad_url("only SQLite files are supported, without options")
    if not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def _bad_url(why: str) -> StateError:
    # The URL itself is not repeated: it may hold a password.
    return StateError(
        "The state's database URL cannot be used",
        why=why,
        next_step="write it as sqlite:////var/lib/bridge/state.db (four slashes before an absolute path)",
    )


def make_file(path: Path) -> None:
    """Create an empty state file that only its owner may read; a file that is there stays as it is."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as failure:
        raise os_error(str(path), failure) from failure


def memory_engine() -> Engine:
    """Return an engine over one connection to a new state in memory."""
    engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        hide_parameters=True,
        connect_args={"isolation_level": None, "check_same_thread": False},
    )
    _listen(engine, wal=False)
    return engine


def file_engine(path: Path, *, wal: bool) -> Engine:
    """Return an engine over a state file; ``wal`` switches the file to write-ahead logging."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        max_overflow=-1,
        hide_parameters=True,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": BUSY_SECONDS},
    )
    _listen(engine, wal=wal)
    return engine


@contextmanager
def begun(engine: Engine, *, reading: bool) -> Iterator[Connection]:
    """Give a connection inside a transaction that commits at the end of its block; with ``reading`` it cannot write.

    The driver opens no transaction by itself (isolation_level None), so that a write takes its lock at the very
    beginning and can never fail half-way because somebody else wrote first.  An engine that is listened to would do the
    same at more than twice the cost, at every statement.
    """
    with engine.begin() as connection:
        raw: Any = connection.connection.driver_connection
        if not reading:
            raw.execute("BEGIN IMMEDIATE")
            yield connection
            return
        try:
            raw.execute("PRAGMA query_only=1")
            raw.execute("BEGIN")
            yield connection
        finally:
            # Ctrl-C in the middle of a statement closes the connection, and is what has to be told.
            if not connection.invalidated:
                raw.execute("PRAGMA query_only=0")


def copy_into(source: Connection, target: Connection) -> None:
    """Copy a whole database into another, empty one."""
    raw: Any = source.connection.driver_connection
    raw.backup(target.connection.driver_connection)


def _listen(engine: Engine, *, wal: bool) -> None:
    def prepare(raw: Any, _record: Any) -> None:
        _prepare(raw, wal=wal)

    event.listen(engine, "connect", prepare)


def _prepare(raw: sqlite3.Connection, *, wal: bool) -> None:
    if wal:
        _switch_to_wal(raw)
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute(f"PRAGMA journal_size_limit={_WAL_BYTES}")


def _switch_to_wal(raw: sqlite3.Connection) -> None:
    mode = raw.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise StateError(
            "The state file cannot be opened with write-ahead logging",
            why=f"the file system only allows the journal mode {mode}",
            next_step="put the state file on a local disk",
        )
