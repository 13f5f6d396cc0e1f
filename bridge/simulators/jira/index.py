"""The search index: what search believes, which on Cloud is later than what is true."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bridge.simulators.jira.records import Issue


class _Pending(NamedTuple):
    due: datetime
    turn: int
    snapshot: Issue


class Index:
    """Snapshots of issues, each visible from its due time on; kept sorted by the second of ``updated``."""

    def __init__(self, *, flicker: timedelta) -> None:
        self._flicker = flicker
        self._turn = 0
        self._pending: list[_Pending] = []
        self._shown: dict[int, tuple[int, Issue]] = {}
        self._by_updated: list[tuple[int, int]] = []
        self._by_label: defaultdict[str, set[int]] = defaultdict(set)
        self._by_global_id: defaultdict[str, set[int]] = defaultdict(set)
        self._gaps: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)

    def offer(self, snapshot: Issue, due: datetime) -> None:
        """Take a new state of an issue, to be seen by searches from ``due`` on."""
        self._turn += 1
        heapq.heappush(self._pending, _Pending(due, self._turn, snapshot))
        if self._flicker:
            self.vanish(snapshot.id, due + self._flicker, due + 2 * self._flicker)

    def vanish(self, issue: int, start: datetime, end: datetime) -> None:
        """Let searches miss the issue from ``start`` until ``end``."""
        self._gaps[issue].append((start, end))

    def forget(self, issue: int) -> None:
        """Drop a deleted issue at once: its record can no longer be loaded."""
        shown = self._shown.pop(issue, None)
        if shown is not None:
            self._unfile(shown[1])
        self._pending = [waiting for waiting in self._pending if waiting.snapshot.id != issue]
        heapq.heapify(self._pending)

    def advance(self, now: datetime) -> None:
        """Let every state that is due by ``now`` be seen."""
        while self._pending and self._pending[0].due <= now:
            waiting = heapq.heappop(self._pending)
            self._show(waiting.turn, waiting.snapshot)

    def seen(self, issue: int, now: datetime) -> Issue | None:
        """Give the state of ``issue`` that a search sees at ``now``, or None."""
        shown = self._shown.get(issue)
        if shown is None or self._missed(issue, now):
            return None
        return shown[1]

    def all_ids(self) -> Iterable[int]:
        """Give the ids of every indexed issue, oldest ``updated`` first."""
        return (issue for _, issue in self._by_updated)

    def updated_since(self, second: int) -> Iterable[int]:
        """Give the ids of issues whose ``updated`` is at or after ``second`` (Unix time), oldest first."""
        start = bisect_left(self._by_updated, (second, -1))
        return (issue for _, issue in self._by_updated[start:])

    def labelled(self, label: str) -> set[int]:
        """Give the ids of issues with ``label``, whatever its case."""
        return self._by_label.get(label.lower(), set())

    def linked(self, global_id: str) -> set[int]:
        """Give the ids of issues with a remote link of exactly this ``globalId``."""
        return self._by_global_id.get(global_id, set())

    def _missed(self, issue: int, now: datetime) -> bool:
        gaps = self._gaps.get(issue)
        if not gaps:
            return False
        if all(end <= now for _, end in gaps):
            del self._gaps[issue]
            return False
        return any(start <= now < end for start, end in gaps)

    def _show(self, turn: int, snapshot: Issue) -> None:
        shown = self._shown.get(snapshot.id)
        if shown is not None:
            if shown[0] > turn:
                return
            self._unfile(shown[1])
        self._shown[snapshot.id] = (turn, snapshot)
        insort(self._by_updated, _place(snapshot))
        for label in snapshot.values.get("labels") or ():
            self._by_label[label.lower()].add(snapshot.id)
        for link in snapshot.remote_links:
            if link.global_id is not None:
                self._by_global_id[link.global_id].add(snapshot.id)

    def _unfile(self, snapshot: Issue) -> None:
        place = bisect_left(self._by_updated, _place(snapshot))
        del self._by_updated[place]
        for label in snapshot.values.get("labels") or ():
            self._by_label[label.lower()].discard(snapshot.id)
        for link in snapshot.remote_links:
            if link.global_id is not None:
                self._by_global_id[link.global_id].discard(snapshot.id)


def _place(snapshot: Issue) -> tuple[int, int]:
    return (int(snapshot.updated.timestamp()), snapshot.id)
