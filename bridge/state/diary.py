"""The last cycles of each pair in one sentence each, for the commands that tell how it is going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from bridge.state.schema import CYCLES

#: How many cycles of a pair are kept.
KEPT = 200
_LAST = select(func.max(CYCLES.c.number)).where(CYCLES.c.pair == bindparam("pair"))
_NEW = insert(CYCLES)
_OLD = delete(CYCLES).where(CYCLES.c.pair == bindparam("pair"), CYCLES.c.number <= bindparam("last"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One cycle: its running number, when it began, and what it did."""

    number: int
    started_at: datetime
    sentence: str


class Diary:
    """The last cycles of all pairs."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, pair: str, started_at: datetime, sentence: str) -> int:
        """Write down a cycle and return its number; the oldest beyond ``KEPT`` are forgotten."""
        number = (self._connection.scalar(_LAST, {"pair": pair}) or 0) + 1
        row = {"pair": pair, "number": number, "started_at": started_at, "sentence": sentence}
        self._connection.execute(_NEW, row)
        self._connection.execute(_OLD, {"pair": pair, "last": number - KEPT})
        return number

    def last(self, pair: str, limit: int = 1) -> tuple[Cycle, ...]:
        """Return the last cycles, newest first."""
        query = select(CYCLES.c.number, CYCLES.c.started_at, CYCLES.c.sentence).where(CYCLES.c.pair == pair)
        rows = self._connection.execute(query.order_by(CYCLES.c.number.desc()).limit(limit))
        return tuple(Cycle(**row._mapping) for row in rows)
