"""The state as a whole: opening it, and its transactions.

A write transaction takes the database's only write lock at once, is short, and is durable when its block
ends.  It must never enclose a call to a server.  Nothing here reads a clock: every moment is an argument.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, Table, select, text

from bridge.model.errors import StateError
from bridge.state.agenda import Agenda
from bridge.state.approvals import Approvals
from bridge.state.audit import Audit
from bridge.state.backup import back_up
from bridge.state.diary import Diary
from bridge.state.dossiers import Dossiers
from bridge.state.drifts import Drifts
from bridge.state.failures import damaged, spoken
from bridge.state.journal import Journal
from bridge.state.links import Links
from bridge.state.lock import take_lock
from bridge.state.memory import Memory
from bridge.state.migrate import older_revision, require_current, upgrade
from bridge.state.outages import Outages
from bridge.state.shared import Shared
from bridge.state.sqlite import (
    BUSY_SECONDS,
    begun,
    copy_into,
    file_engine,
    file_of,
    make_file,
    memory_engine,
)


class Transaction:
    """What may be asked and written between a beginning and a commit; of no use after its block."""

    __slots__ = (
        "agenda",
        "approvals",
        "audit",
        "connection",
        "diary",
        "dossiers",
        "drifts",
        "journal",
        "links",
        "memory",
        "outages",
        "shared",
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.memory = Memory(connection)
        self.links = Links(connection)
        self.dossiers = Dossiers(connection)
        self.agenda = Agenda(connection)
        self.journal = Journal(connection)
        self.diary = Diary(connection)
        self.outages = Outages(connection)
        self.shared = Shared(connection)
        self.audit = Audit(connection)
        self.approvals = Approvals(connection)
        self.drifts = Drifts(connection)

    def rows(self, table: Table) -> Iterator[dict[str, Any]]:
        """Yield every row of a table by its columns' names, in the order of its primary key."""
        query = select(table).order_by(*table.primary_key.columns)
        return (dict(row._mapping) for row in self.connection.execute(query).yield_per(200))


class Store:
    """An open state; threads may share it, each with its own transactions.  A context manager that closes."""

    def __init__(
        self, engine: Engine, *, place: str, one_connection: bool, lock: FileLock | None = None
    ) -> None:
        self.engine = engine
        self.place = place
        self._lock = lock
        self._writers = threading.Lock()
        # In memory there is one connection for all threads, so that readers wait for writers too.
        self._readers = self._writers if one_connection else None
        self._inside = threading.local()

    @classmethod
    def open(cls, url: str, *, exclusive: bool) -> Store:
        """Open the state at a database URL: ``sqlite:////path/state.db``, or ``sqlite://`` for one in memory.

        ``exclusive`` is for the daemon: it locks the state against a second daemon, creates the file, and
        brings its schema to this version.  Without it opening creates and changes nothing.  ``StateError``
        where the state is locked, missing, damaged, closed to this account, or written by a newer version.
        """
        path = file_of(url)
        if path is None:
            return cls(_copy_of_blank(), place="in memory", one_connection=True)
        return cls._exclusive(path) if exclusive else cls._beside(path)

    @classmethod
    def scratch(cls, url: str) -> Store:
        """Return a copy in memory of the state at ``url``, an empty one where there is none yet: to try things out.

        Nothing that is written to it reaches the file.  ``StateError`` where the file cannot be read.
        """
        path = file_of(url)
        # Whatever is wrong with the copy is wrong with the file.
        copy = cls(memory_engine(), place=str(path or "in memory"), one_connection=True)
        if path is None or not path.exists():
            return copy._ready(change=True)
        with (
            cls._beside(path) as original,
            spoken(str(path)),
            original.engine.connect() as source,
            copy.engine.connect() as target,
        ):
            copy_into(source, target)
        return copy._ready(change=True)

    @classmethod
    def _exclusive(cls, path: Path) -> Store:
        lock = take_lock(path)
        try:
            make_file(path)
        except StateError:
            lock.release()
            raise
        store = cls(file_engine(path, wal=True), place=str(path), one_connection=False, lock=lock)
        store._refuse_damage()
        store._keep_old(path)
        return store._ready(change=True)

    def _refuse_damage(self) -> None:
        """Look through the whole file before anything is done from it.

        Damage in a page that is met later, when an effect is recorded, would come after a write to a tracker.
        """
        failure: StateError | None = None
        try:
            with spoken(self.place), begun(self.engine, reading=True) as connection:
                found = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
            failure = None if found == "ok" else damaged(self.place, found.splitlines()[-1])
        except StateError as error:
            failure = error
        if failure is not None:
            self.close()
            raise failure

    def _keep_old(self, path: Path) -> None:
        """Copy a state of an older version aside before it is migrated, once: an upgrade can be taken back."""
        try:
            with spoken(self.place), begun(self.engine, reading=True) as connection:
                found = older_revision(connection, self.place)
            copy = path.with_name(f"{path.name}.{found}.bak")
            if found and not copy.exists():
                back_up(self.engine, self.place, copy)
        except BaseException:
            self.close()
            raise

    @classmethod
    def _beside(cls, path: Path) -> Store:
        # Unlike Path.exists this also answers where the account may not look.
        if not os.path.exists(path):
            raise StateError(
                f"There is no state file {path} that this account can see",
                why="the daemon has not run yet with this configuration, or its folder is closed",
                next_step="start the daemon once (bridge run), or use the bridge's account or the right path",
            )
        return cls(file_engine(path, wal=False), place=str(path), one_connection=False)._ready(change=False)

    def _ready(self, *, change: bool) -> Store:
        prepare = upgrade if change else require_current
        try:
            with spoken(self.place), begun(self.engine, reading=not change) as connection:
                prepare(connection, self.place)
        except BaseException:
            self.close()
            raise
        return self

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give a transaction that commits at the end of its block and rolls back where the block raises.

        ``StateError`` where the state cannot be written, and where this thread is inside another one already.
        """
        with self._alone(self._writers), spoken(self.place), begun(self.engine, reading=False) as connection:
            yield Transaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give a view of one moment of the state; writing through it is a ``StateError``.

        What it iterates must be used up inside the block.
        """
        with self._alone(self._readers), spoken(self.place), begun(self.engine, reading=True) as connection:
            yield Transaction(connection)

    @contextmanager
    def _alone(self, gate: threading.Lock | None) -> Iterator[None]:
        if getattr(self._inside, "now", False):
            raise StateError(
                "A transaction of the state was begun inside another one",
                next_step="report this as a defect of the bridge",
            )
        if gate is not None and not gate.acquire(timeout=BUSY_SECONDS):
            raise _busy(self.place)
        self._inside.now = True
        try:
            yield
        finally:
            self._inside.now = False
            if gate is not None:
                gate.release()

    def verify(self) -> tuple[str, ...]:
        """Return what is damaged in the state file, nothing where it is whole; reads all of it."""
        with self._alone(self._readers), spoken(self.place), begun(self.engine, reading=True) as connection:
            damage = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check"))]
            orphans = [str(row[0]) for row in connection.execute(text("PRAGMA foreign_key_check"))]
        found = [line for line in damage if line != "ok"]
        return (*found, *(f"a row of {table} belongs to nothing" for table in orphans))

    def back_up(self, target: Path) -> int:
        """Copy the state, as it is now, into a new file; returns its size in bytes.  See ``backup.back_up``."""
        return back_up(self.engine, self.place, target)

    def close(self) -> None:
        """Let go of the connections and of the lock; closing twice is harmless."""
        self.engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def _blank() -> Engine:
    # Migrating takes longer than a whole simulated day: it is done once, and every state in memory is a copy.
    engine = memory_engine()
    with spoken("in memory"), begun(engine, reading=False) as connection:
        upgrade(connection, "in memory")
    return engine


def _copy_of_blank() -> Engine:
    engine = memory_engine()
    with spoken("in memory"), engine.connect() as copy, _blank().connect() as blank:
        copy_into(blank, copy)
    return engine


def _busy(place: str) -> StateError:
    return StateError(
        f"The state {place} stayed busy for {BUSY_SECONDS:.0f} seconds",
        why="another thread keeps a transaction open",
        next_step="report this as a defect of the bridge",
    )
