"""Which servers are left alone since they do not answer, as the daemon knows it, for the commands that tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from bridge.state.schema import OUTAGES

_GONE = delete(OUTAGES).where(OUTAGES.c.pair == bindparam("pair"))
_NEW = insert(OUTAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A side without an answer ``since`` when and ``why``; it is asked again from ``next_probe`` on."""

    side: str
    since: datetime
    why: str
    next_probe: datetime


class Outages:
    """The outages that the last look of each pair ended with."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, pair: str, found: Iterable[Away]) -> None:
        """Write down the outages of a pair in place of those before."""
        self._connection.execute(_GONE, {"pair": pair})
        for one in found:
            row = {"pair": pair, "side": one.side, "why": one.why}
            moments = {"since": one.since, "next_probe": one.next_probe}
            self._connection.execute(_NEW, {**row, **moments})

    def of(self, pair: str) -> tuple[Away, ...]:
        """Return the outages of a pair, by side."""
        query = select(OUTAGES.c.side, OUTAGES.c.since, OUTAGES.c.why, OUTAGES.c.next_probe)
        rows = self._connection.execute(query.where(OUTAGES.c.pair == pair).order_by(OUTAGES.c.side))
        return tuple(Away(**row._mapping) for row in rows)
