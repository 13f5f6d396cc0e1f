"""Copies of a state while it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bridge.model.errors import StateError
from bridge.state.failures import damaged, os_error, spoken


def back_up(engine: Engine, place: str, target: Path) -> int:
    """Copy a whole state in use into a new file of mode 0600 and return its size in bytes.

    ``StateError`` where the file is there already, cannot be written, or turns out to be damaged.
    """
    if os.path.lexists(target):
        raise StateError(
            f"There is a file {target} already",
            why="a backup never overwrites anything",
            next_step="name another file, for instance with the date in it",
        )
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as failure:
        raise os_error(str(target), failure) from failure
    try:
        _copy(engine, place, target)
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise
    return target.stat().st_size


def _copy(engine: Engine, place: str, target: Path) -> None:
    with (
        spoken(str(target)),
        closing(sqlite3.connect(target)) as copy,
        spoken(place),
        engine.connect() as source,
    ):
        raw: Any = source.connection.driver_connection
        raw.backup(copy)
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(place, str(found).splitlines()[-1])
