"""A clock that only moves when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


class VirtualClock:
    """Virtual time, UTC; calling it gives the present moment.  Safe to share between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the present moment."""
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        """Return the present moment in seconds, for deadlines."""
        return self().timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass instead of waiting."""
        self.advance(timedelta(seconds=seconds))

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        with self._lock:
            self._now += span

    def jump_to(self, moment: datetime) -> None:
        """Go to a later moment; an earlier one changes nothing."""
        with self._lock:
            self._now = max(self._now, moment)


@dataclass(kw_only=True)
class Watch:
    """Somebody's own clock: ``ahead`` of the true time by as much as its owner's is wrong, negative where it is late."""

    clock: Callable[[], datetime]
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Return the moment that this clock shows."""
        return self.clock() + self.ahead
