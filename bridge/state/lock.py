"""The lock file beside the state file: a second daemon on the same state refuses to start.

The operating system lets go of the lock when its process ends, however it ends; the file itself stays.
"""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

from bridge.model.errors import StateError
from bridge.state.failures import os_error


def take_lock(state: Path) -> FileLock:
    """Lock the state file for this process until ``release``; ``StateError`` where another one holds it."""
    if not os.path.isdir(state.parent):
        raise _no_folder(state)
    path = state.with_name(state.name + ".lock")
    lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
        path.write_text(f"{os.getpid()}\n", encoding="ascii")
    except Timeout:
        raise _held(state, path) from None
    except OSError as failure:
        lock.release()
        raise os_error(str(state), failure) from failure
    return lock


def _no_folder(state: Path) -> StateError:
    # The lock would create the folder, with whatever rights: a mistyped path must not go unnoticed.
    return StateError(
        f"The state file {state} cannot be created",
        why=f"there is no folder {state.parent} that this account can enter",
        next_step="create the folder, owned by the bridge's account, or correct the path of the state file",
    )


def _held(state: Path, path: Path) -> StateError:
    return StateError(
        f"Another bridge is running on the state file {state}",
        why=f"the lock {path} is held by {_holder(path)}",
        next_step="stop that one first (systemctl stop bridge), or give this one a state file of its own",
    )


def _holder(path: Path) -> str:
    try:
        written = path.read_bytes()[:20].strip()
    except OSError:
        written = b""
    return f"process {int(written)}" if written.isdigit() else "another process"
