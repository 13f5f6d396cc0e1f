"""Says of every ending secret once what is due: 30, 14, 7 and 1 day before its last day, and after it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from bridge.settings.holding import Ending


class Herald:
    """Remembers what was announced in this process; a renewed secret is announced anew when its time comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, tuple[str, int]] = {}

    def news(self, endings: Iterable[Ending]) -> tuple[Ending, ...]:
        """Return those whose present announcement was not made yet, and take it for made."""
        with self._lock:
            fresh = {one.what: one for one in endings if self._told.get(one.what) != (str(one.on), one.stage)}
            self._told.update({what: (str(one.on), one.stage) for what, one in fresh.items()})
            return tuple(fresh.values())
