"""A bridge alone in its process, whose looks somebody else tells: what the process takes is the bridge's alone.

Told over standard input, a JSON object a line: the moment, and what to do.  Answered over standard output with a line
each.  It is put together as the daemon is, from a configuration file; only the clock is not its own.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import gc
import json
import os
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from pydantic_core import from_json

from bridge.app import App, build
from bridge.settings import load_settings
from bridge.state.store import Store


class Told:
    """The moment that was told last."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return it."""
        return self.at


class Counting:
    """A log that keeps nothing but its size."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, text: str) -> int:
        """Count."""
        self.size += len(text.encode())
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


def kept_by_sqlite() -> int:
    """Return the bytes that SQLite keeps, mostly pages that it read: at most 2 MB for each connection."""
    asked = ctypes.CDLL(getattr(_sqlite3, "__file__", None)).sqlite3_memory_used
    asked.restype = ctypes.c_int64
    return int(asked())


def fill_strings() -> None:
    """Fill the short strings that pydantic keeps while it reads JSON: a fixed number, which would fill for some weeks."""
    for some in range(40):
        from_json(json.dumps([f"a short string, number {some} {number}" for number in range(5_000)]))


def sample(state: Path, log: Counting) -> dict[str, int]:
    """Return what this process takes: sizes in bytes, and numbers."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    wal = state.with_name(state.name + "-wal")
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE"),
        "pages": kept_by_sqlite(),
        "objects": len(gc.get_objects()),
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "wal": wal.stat().st_size if wal.exists() else 0,
        "state": state.stat().st_size,
        "log": log.size,
    }


def look(app: App) -> dict[str, Any]:
    """Let every pair look once, and write it into the diary as the daemon does."""
    wrong: list[str] = []
    for name, one in app.reconcilers.items():
        summary = one.cycle()
        wrong += [str(error) for error in summary.down.values()] + list(summary.failed)
        with app.store.transaction() as tx:
            tx.diary.write(name, one.pair.clock(), summary.sentence)
            tx.outages.write(name, app.outages(name))
    return {"wrong": wrong}


def main(configuration: Path, state: Path) -> None:
    """Do as told until nothing more is told."""
    log, clock = Counting(), Told(datetime.fromisoformat(sys.stdin.readline().strip()))
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(file=log),  # type: ignore[arg-type]
    )
    with Store.open(f"sqlite:///{state}", exclusive=True) as store:
        fill_strings()
        # Reads all of it, so that the pages that SQLite keeps are full from the beginning.
        assert store.verify() == ()
        app = build(
            load_settings(configuration), store, os.environ, clock=clock, since=clock() - timedelta(hours=1)
        )
        deeds = {
            "look": lambda: look(app),
            "resync": lambda: {"read": [app.resync(name) and name for name in app.reconcilers]},
            "sample": lambda: sample(state, log),
        }
        for line in sys.stdin:
            told = json.loads(line)
            clock.at = datetime.fromisoformat(told["at"])
            print(json.dumps(deeds[told["do"]]()), flush=True)  # noqa: T201 - the answer
        app.let_go()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
