"""What the server does by itself later: the second modification and the automatic closing.

Nothing runs in the background.  Whoever asks the server anything first lets everything happen that is due by
then, each at its own second, so a reader cannot tell the difference.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Deed(Enum):
    """What is to happen to an incident."""

    BUMP = "second modification"
    CLOSE = "automatic closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """``deed`` to the incident ``entry`` at epoch second ``at``; ``since`` is the second it was caused in."""

    at: int
    deed: Deed
    entry: str
    since: int


class Timeline:
    """A queue of deeds by time."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Due]] = []
        self._order = 0

    def add(self, deed: Deed, entry: str, *, since: int, after: int) -> None:
        """Plan ``deed`` for ``after`` seconds from ``since``."""
        self._order += 1
        due = Due(at=since + after, deed=deed, entry=entry, since=since)
        heapq.heappush(self._queue, (due.at, self._order, due))

    def until(self, now: int) -> Iterator[Due]:
        """Take out what is due by ``now``, the earliest first; deeds added meanwhile take their turn."""
        while self._queue and self._queue[0][0] <= now:
            yield heapq.heappop(self._queue)[2]
