"""The records of one form, with the indexes that keep ten thousand polls cheap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from typing import Any

from bridge.simulators.remedy.fields import Row


class Table:
    """Rows by entry id.

    ``same`` names the keys with an equality index, ``ordered`` those with a range index.
    """

    def __init__(self, identity: str, *, same: tuple[str, ...] = (), ordered: tuple[str, ...] = ()) -> None:
        self.identity = identity
        self.rows: dict[str, Row] = {}
        self._same: dict[str, dict[Any, dict[str, None]]] = {key: {} for key in (identity, *same)}
        self._ordered: dict[str, list[tuple[int, str]]] = {key: [] for key in ordered}

    def get(self, entry: str) -> Row | None:
        """Return the row called ``entry``; it is the table's own, so only ``change`` may write it."""
        return self.rows.get(entry)

    def add(self, row: Row) -> str:
        """Insert ``row`` and return its entry id; ``KeyError`` where the id is taken."""
        entry: str = row[self.identity]
        if entry in self.rows:
            raise KeyError(entry)
        self.rows[entry] = row
        for key in self._indexes():
            self._enter(key, row.get(key), entry)
        return entry

    def change(self, entry: str, changes: Mapping[str, Any]) -> None:
        """Write ``changes`` into the row called ``entry``."""
        row = self.rows[entry]
        moved = [key for key in self._indexes() if key in changes and changes[key] != row.get(key)]
        for key in moved:
            self._leave(key, row.get(key), entry)
        row.update(changes)
        for key in moved:
            self._enter(key, row[key], entry)

    def drop(self, entry: str) -> None:
        """Delete the row called ``entry``."""
        row = self.rows.pop(entry)
        for key in self._indexes():
            self._leave(key, row.get(key), entry)

    def equal(self, key: str, value: Any) -> list[str] | None:
        """Return the ids of the rows that hold ``value``; None where ``key`` has no index."""
        index = self._same.get(key)
        return None if index is None else list(index.get(value, ()))

    def between(self, key: str, low: float | None, high: float | None) -> list[str] | None:
        """Return the ids of the rows from ``low`` to ``high`` (both included), in order.

        None without an index.
        """
        index = self._ordered.get(key)
        if index is None:
            return None
        start = 0 if low is None else bisect_left(index, low, key=_stamp)
        stop = len(index) if high is None else bisect_right(index, high, key=_stamp)
        return [entry for _, entry in index[start:stop]]

    def _indexes(self) -> tuple[str, ...]:
        return (*self._same, *self._ordered)

    def _enter(self, key: str, value: Any, entry: str) -> None:
        if value is None:
            return
        if key in self._same:
            self._same[key].setdefault(value, {})[entry] = None
        else:
            insort(self._ordered[key], (value, entry))

    def _leave(self, key: str, value: Any, entry: str) -> None:
        if value is None:
            return
        if key in self._same:
            del self._same[key][value][entry]
        else:
            index = self._ordered[key]
            del index[bisect_left(index, (value, entry))]


def _stamp(pair: tuple[int, str]) -> int:
    return pair[0]
