"""What is still going to happen, in the order of time; and a diary of what people did."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Deed = Callable[[], None]
What = Literal[
    "asked", "adopted", "fixed", "declined", "duplicate", "deployed", "failed", "verified", "resolved", "closed",
    "reopened", "workaround", "worked_around", "released", "returned", "took",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that somebody did that matters to an incident's fix; ``key`` is the ticket, where one is meant.

    ``detail``: a duplicate's target, a change, a file's name, or which side road was taken.
    """

    at: datetime
    number: str
    what: What
    key: str = ""
    detail: str = ""


@dataclass(kw_only=True)
class Diary:
    """What people did, and what had to be made up or could not be done."""

    entries: list[Entry] = field(default_factory=list)
    made_up: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    roads: Counter[str] = field(default_factory=Counter)

    def note(self, at: datetime, number: str, what: What, key: str = "", detail: str = "") -> None:
        """Write down what somebody did; to the second, as servers keep their times."""
        at = at.replace(microsecond=0)
        self.entries.append(Entry(at=at, number=number, what=what, key=key, detail=detail))

    def takes(self, at: datetime, number: str, road: str, key: str = "") -> None:
        """Write down that somebody really took a side road."""
        self.roads[road] += 1
        self.note(at, number, "took", key, road)


class Schedule:
    """Deeds by time; those of one moment in the order in which they were planned, ``planned`` in all."""

    def __init__(self) -> None:
        self._queue: list[tuple[datetime, int, Deed]] = []
        self.planned = 0

    def at(self, moment: datetime, deed: Deed) -> None:
        """Plan a deed."""
        heapq.heappush(self._queue, (moment, self.planned, deed))
        self.planned += 1

    @property
    def next_at(self) -> datetime | None:
        """The moment of the next deed, None where nothing is planned."""
        return self._queue[0][0] if self._queue else None

    def take(self, now: datetime) -> Deed | None:
        """Take out the next deed that is due by now, None where there is none."""
        if self._queue and self._queue[0][0] <= now:
            return heapq.heappop(self._queue)[2]
        return None
