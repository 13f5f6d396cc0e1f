"""The only place where a database's errors become words for people.

Nothing outside this package ever sees an error of SQLAlchemy or sqlite3, and no message holds a stored value.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from bridge.model.errors import StateError

#: What happened and what to do next, by SQLite's primary result code (sqlite.org, "Result and Error Codes").
_CORRUPT = (
    "The state file {place} is damaged or not a state file",
    "stop the bridge, move the file with its -wal and -shm away, then: bridge state rebuild; a backup of the last "
    "minutes may be put in its place instead",
)
_FULL = (
    "The disk that holds the state file {place} is full",
    "make room on it and start again; the bridge goes on where it stopped",
)
_CLOSED = (
    "The state file {place} cannot be written",
    "let the bridge's account read and write the file and its directory, then start again",
)
_SAID = {
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: (
        "The state file {place} cannot be opened",
        "check that its directory exists and that the bridge's account may read and write both",
    ),
    sqlite3.SQLITE_BUSY: (
        "The state file {place} is in use by another program",
        "end the program that keeps it locked, for instance a backup or a database browser",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk failed while the state file {place} was used",
        "check the disk and the system's log, then start again",
    ),
}
#: The same by the number of the operating system's error.
_REFUSED = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: (_CLOSED[0], "mount that file system for writing, or name a file on another one"),
    errno.EISDIR: (_CLOSED[0], "name a file, not a folder"),
    errno.ENOENT: (_CLOSED[0], "create its folder first, or name a file in another one"),
}
_OTHER = (
    "The state {place} could not be used",
    "start again; should it happen once more, report it with this message",
)


@contextmanager
def spoken(place: str) -> Iterator[None]:
    """Raise a ``StateError`` in place of any database error of the block."""
    try:
        yield
    except SQLAlchemyError as failure:
        raise state_error(place, getattr(failure, "orig", None) or failure) from failure
    except sqlite3.Error as failure:
        raise state_error(place, failure) from failure


def state_error(place: str, cause: BaseException) -> StateError:
    """Return what a person should read about a database error at ``place``."""
    code = getattr(cause, "sqlite_errorcode", None)
    # The low byte is the primary code; the rest only says more about it.
    what, next_step = _OTHER if code is None else _SAID.get(code & 0xFF, _OTHER)
    return StateError(what.format(place=place), why=str(cause), next_step=next_step)


def damaged(place: str, found: str) -> StateError:
    """Return what a person should read of a state file in which a check found this."""
    what, next_step = _CORRUPT
    return StateError(what.format(place=place), why=found, next_step=next_step)


def os_error(place: str, cause: OSError) -> StateError:
    """Return what a person should read where the file or its lock cannot be made at all."""
    what, next_step = _REFUSED.get(cause.errno or 0, _CLOSED)
    return StateError(
        what.format(place=place), why=cause.strerror or type(cause).__name__, next_step=next_step
    )
