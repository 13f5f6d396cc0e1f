"""Plans that were withheld because they would touch too much, and what a person said about exactly that plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from bridge.state.dialect import upsert
from bridge.state.schema import AGREED, APPROVALS

_UNDER = (
    select(APPROVALS)
    .where(APPROVALS.c.pair == bindparam("pair"), APPROVALS.c.cause == bindparam("cause"))
    .where(APPROVALS.c.state != "over")
    .order_by(APPROVALS.c.asked_at.desc())
)
_AGREED = select(AGREED.c.value).where(AGREED.c.pair == bindparam("pair"), AGREED.c.name == bindparam("name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """One withheld plan: ``checksum`` names exactly it, ``plan`` is JSON, ``state`` is waiting, approved or over."""

    pair: str
    checksum: str
    cause: str
    sentence: str
    plan: str
    state: str
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str


class Approvals:
    """The withheld plans of all pairs, and what was agreed about each pair as a whole."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, pair: str, checksum: str, cause: str, sentence: str, plan: str, at: datetime) -> bool:
        """Put a plan before a person and return True; False where exactly that one is there already.

        An earlier plan of the same cause that still waits is over: the world has moved on since.
        """
        if self.of(pair, checksum) is not None:
            return False
        self.settle(pair, cause)
        row = {"pair": pair, "checksum": checksum, "cause": cause, "sentence": sentence, "plan": plan}
        fresh = {**row, "state": "waiting", "asked_at": at, "decided_at": None, "decided_by": ""}
        self._connection.execute(insert(APPROVALS), fresh)
        return True

    def of(self, pair: str, checksum: str) -> Withheld | None:
        """Return the plan of this checksum that waits or is approved, None where there is none."""
        query = select(APPROVALS).where(
            APPROVALS.c.pair == pair, APPROVALS.c.checksum == checksum, APPROVALS.c.state != "over"
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _withheld(row)

    def under(self, pair: str, cause: str) -> Withheld | None:
        """Return the plan of a cause that waits or is approved, None where there is none."""
        row = self._connection.execute(_UNDER, {"pair": pair, "cause": cause}).first()
        return None if row is None else _withheld(row)

    def approve(self, pair: str, checksum: str, by: str, at: datetime) -> None:
        """Note that a person approved exactly this plan."""
        self._set(pair, APPROVALS.c.checksum == checksum, state="approved", decided_at=at, decided_by=by)

    def settle(self, pair: str, cause: str) -> None:
        """Forget every plan of a cause: it was carried out, or nothing of it is left to do."""
        self._connection.execute(
            delete(APPROVALS).where(APPROVALS.c.pair == pair, APPROVALS.c.cause == cause)
        )

    def waiting(self, pair: str) -> tuple[Withheld, ...]:
        """Return the plans that wait for a person, oldest first."""
        query = select(APPROVALS).where(APPROVALS.c.pair == pair, APPROVALS.c.state == "waiting")
        return tuple(map(_withheld, self._connection.execute(query.order_by(APPROVALS.c.asked_at))))

    def _set(self, pair: str, which: Any, **values: Any) -> None:
        self._connection.execute(update(APPROVALS).where(APPROVALS.c.pair == pair, which).values(**values))

    def agreed(self, pair: str, name: str) -> str:
        """Return a value that was agreed about a pair as a whole, empty where none was."""
        return self._connection.scalar(_AGREED, {"pair": pair, "name": name}) or ""

    def agree(self, pair: str, name: str, value: str) -> None:
        """Agree on a value about a pair as a whole."""
        upsert(self._connection, AGREED, [{"pair": pair, "name": name, "value": value}])


def _withheld(row: Row[Any]) -> Withheld:
    return Withheld(**row._mapping)
