"""One at a time: the lock of a simulator, which survives a deep copy of what it guards."""

from __future__ import annotations

import threading
from types import TracebackType


class Turn:
    """A re-entrant lock; a copy is a fresh, free one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def __deepcopy__(self, memo: dict[int, object]) -> Turn:
        return Turn()
