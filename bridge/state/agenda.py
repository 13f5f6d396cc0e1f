"""What to look at next: how far each stream was read, which incidents changed, and which ones are due.

A mark only means "look at this incident again".  One that comes while somebody is looking survives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, delete, func, select, union_all

from bridge.state.dialect import upsert
from bridge.state.schema import DIRTY, DOSSIERS, EFFECTS, WATERMARKS

#: States of effects that still want something to be done; a started one was left behind by a killed process.
_UNFINISHED = ("pending", "started", "unknown")

_LIMIT = bindparam("limit", type_=Integer)
_WATERMARK = select(WATERMARKS.c.at).where(
    WATERMARKS.c.pair == bindparam("pair"), WATERMARKS.c.stream == bindparam("stream")
)
_WATERMARKS = select(WATERMARKS.c.stream, WATERMARKS.c.at).where(WATERMARKS.c.pair == bindparam("pair"))
_MARKS = (
    select(DIRTY.c.incident, DIRTY.c.since, DIRTY.c.why, DIRTY.c.marks)
    .where(DIRTY.c.pair == bindparam("pair"))
    .order_by(DIRTY.c.since, DIRTY.c.incident)
    .limit(_LIMIT)
)
_CLEAR = delete(DIRTY).where(
    *(DIRTY.c[name] == bindparam(name) for name in ("pair", "incident", "since", "marks"))
)
_TO_LOOK_AT = (
    select(DOSSIERS.c.incident, DOSSIERS.c.look_again_at.label("at"))
    .where(DOSSIERS.c.pair == bindparam("pair"), DOSSIERS.c.look_again_at <= bindparam("now"))
    .order_by(DOSSIERS.c.look_again_at)
    .limit(_LIMIT)
)


def _to_finish(state: str) -> Select[tuple[str, datetime]]:
    # One state at a time, so that the index gives the order: asked together, finished effects would be read too.
    return (
        select(EFFECTS.c.incident, EFFECTS.c.not_before.label("at"))
        .where(EFFECTS.c.pair == bindparam("pair"), EFFECTS.c.state == state)
        .where(EFFECTS.c.not_before <= bindparam("now"))
        .order_by(EFFECTS.c.not_before)
        .limit(_LIMIT)
    )


_TO_DO = union_all(
    *(part.subquery().select() for part in (_TO_LOOK_AT, *(_to_finish(state) for state in _UNFINISHED)))
)
_NEXT_LOOK = select(func.min(DOSSIERS.c.look_again_at)).where(DOSSIERS.c.pair == bindparam("pair"))
_NEXT_STEP = select(func.min(EFFECTS.c.not_before)).where(
    EFFECTS.c.pair == bindparam("pair"), EFFECTS.c.state == bindparam("state")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An incident that changed: ``since`` its first mark, ``why`` by its last, ``marks`` counts them."""

    incident: str
    since: datetime
    why: str
    marks: int


class Agenda:
    """Watermarks, dirty marks and due times of all pairs."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def watermark(self, pair: str, stream: str) -> datetime | None:
        """Return the moment up to which a stream was read, None before its first time."""
        return self._connection.scalar(_WATERMARK, {"pair": pair, "stream": stream})

    def watermarks(self, pair: str) -> dict[str, datetime]:
        """Return the moments up to which all streams of a pair were read, by stream."""
        rows = self._connection.execute(_WATERMARKS, {"pair": pair})
        return {row.stream: row.at for row in rows}

    def move_watermark(self, pair: str, stream: str, at: datetime) -> None:
        """Move a stream's watermark forward; an earlier moment changes nothing."""
        row = {"pair": pair, "stream": stream, "at": at}
        upsert(self._connection, WATERMARKS, [row], only_if=_is_later)

    def mark_dirty(self, pair: str, numbers: Iterable[str], why: str, at: datetime) -> None:
        """Mark incidents to be looked at; where they are marked already, ``since`` stays."""
        rows = [
            {"pair": pair, "incident": number, "since": at, "why": why, "marks": 1}
            for number in dict.fromkeys(numbers)
        ]
        upsert(self._connection, DIRTY, rows, setting=_marked_again)

    def dirty(self, pair: str, limit: int) -> tuple[Mark, ...]:
        """Return the marked incidents, longest waiting first."""
        rows = self._connection.execute(_MARKS, {"pair": pair, "limit": limit})
        return tuple(Mark(**row._mapping) for row in rows)

    def clear_dirty(self, pair: str, mark: Mark) -> bool:
        """Take a mark away and return True; False where the incident was marked again since it was read."""
        given = {"pair": pair, "incident": mark.incident, "since": mark.since, "marks": mark.marks}
        return self._connection.execute(_CLEAR, given).rowcount == 1

    def due(self, pair: str, now: datetime, limit: int, *, effects: bool = True) -> tuple[str, ...]:
        """Return the incidents whose time has come, longest overdue first, at most ``limit``.

        Those are to be looked at again, or, where ``effects`` count, have one that is not finished and need not wait
        any longer.
        """
        asked = {"pair": pair, "now": now, "limit": limit}
        soonest: dict[str, datetime] = {}
        for number, at in self._connection.execute(_TO_DO if effects else _TO_LOOK_AT, asked):
            soonest[number] = min(at, soonest.get(number, at))
        return tuple(sorted(soonest, key=lambda number: (soonest[number], number)))[:limit]

    def next_due(self, pair: str) -> datetime | None:
        """Return the earliest moment at which an incident is due, None where none is."""
        moments = [self._connection.scalar(_NEXT_LOOK, {"pair": pair})]
        for state in _UNFINISHED:
            moments.append(self._connection.scalar(_NEXT_STEP, {"pair": pair, "state": state}))
        return min((moment for moment in moments if moment is not None), default=None)


def _is_later(offered: Any) -> ColumnElement[bool]:
    later: ColumnElement[bool] = offered.at > WATERMARKS.c.at
    return later


def _marked_again(offered: Any) -> dict[str, Any]:
    return {"why": offered.why, "marks": DIRTY.c.marks + 1}
