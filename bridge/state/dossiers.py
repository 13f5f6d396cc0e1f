"""The dossiers: what is remembered of each incident, with its stage and when to look at it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, update

from bridge.model.dossier import Dossier
from bridge.state.codec import decode, encode
from bridge.state.dialect import chunks, pages, upsert
from bridge.state.links import Links
from bridge.state.schema import DOSSIERS, LINKS

_ONE = select(DOSSIERS).where(
    DOSSIERS.c.pair == bindparam("pair"), DOSSIERS.c.incident == bindparam("incident")
)
# What is set stands beside these names, so that they must not be those of columns.
_LOOK_AGAIN = update(DOSSIERS).where(
    DOSSIERS.c.pair == bindparam("of_pair"), DOSSIERS.c.incident == bindparam("number")
)
_AMONG = select(DOSSIERS.c.incident).where(
    DOSSIERS.c.pair == bindparam("pair"), DOSSIERS.c.incident.in_(bindparam("numbers", expanding=True))
)
_HELD_AMONG = _AMONG.where(DOSSIERS.c.held.is_(True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A dossier as it was saved: with its stage, when that was, and when to look at the incident again."""

    dossier: Dossier
    stage: str
    updated_at: datetime
    look_again_at: datetime | None


class Dossiers:
    """The dossiers of all pairs."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, pair: str, number: str) -> Dossier | None:
        """Return the dossier of an incident, None where there is none."""
        found = self.remembered(pair, number)
        return None if found is None else found.dossier

    def remembered(self, pair: str, number: str) -> Remembered | None:
        """Return the dossier of an incident with its stage and times, None where there is none."""
        row = self._connection.execute(_ONE, {"pair": pair, "incident": number}).one_or_none()
        return None if row is None else _remembered(row)

    def save(
        self, pair: str, dossier: Dossier, *, stage: str, look_again_at: datetime | None, at: datetime
    ) -> None:
        """Save a dossier and its links; from ``look_again_at`` on it is due even if nothing changes."""
        row = {
            "pair": pair,
            "incident": dossier.incident,
            "body": encode(dossier),
            "rule": dossier.rule,
            "stage": stage,
            "held": dossier.held,
            "updated_at": at,
            "look_again_at": look_again_at,
        }
        upsert(self._connection, DOSSIERS, [row])
        Links(self._connection).rewrite(pair, dossier)

    def look_again(self, pair: str, number: str, at: datetime | None) -> None:
        """Set when to look at a remembered incident again, None for not before it changes."""
        self._connection.execute(_LOOK_AGAIN, {"of_pair": pair, "number": number, "look_again_at": at})

    def each(self, pair: str, *, held: bool | None = None, stage: str | None = None) -> Iterator[Remembered]:
        """Yield the dossiers in the order of their incidents, a page at a time.

        ``held`` leaves only the held ones, or only the others; ``stage`` only those at one stage.
        """
        query = select(DOSSIERS).where(DOSSIERS.c.pair == pair)
        if held is not None:
            query = query.where(DOSSIERS.c.held.is_(held))
        if stage is not None:
            query = query.where(DOSSIERS.c.stage == stage)
        return (_remembered(row) for row in pages(self._connection, query, DOSSIERS.c.incident))

    def remembered_among(self, pair: str, numbers: Iterable[str]) -> frozenset[str]:
        """Return those of the incidents that have a dossier."""
        return self._among(_AMONG, pair, numbers)

    def held_among(self, pair: str, numbers: Iterable[str]) -> frozenset[str]:
        """Return those of the incidents that are held."""
        return self._among(_HELD_AMONG, pair, numbers)

    def _among(self, query: Select[tuple[str]], pair: str, numbers: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        for some in chunks(tuple(set(numbers))):
            found.update(self._connection.scalars(query, {"pair": pair, "numbers": some}))
        return frozenset(found)

    def with_evidence(
        self, pair: str, numbers: Iterable[str], kind: str, limit: int = 50
    ) -> Iterator[Dossier]:
        """Yield the dossiers of these incidents that hold evidence of a kind, at most ``limit``.

        They share a ticket, and what one heard all have heard, so that a few of many tell everything.
        """
        among = DOSSIERS.c.incident.in_(bindparam("numbers", expanding=True))
        query = select(DOSSIERS.c.body).where(
            DOSSIERS.c.pair == pair, among, DOSSIERS.c.body.contains(f'"kind":"{kind}"', autoescape=True)
        )
        left = limit
        for some in chunks(tuple(sorted(set(numbers)))):
            for body in self._connection.scalars(query.limit(left), {"numbers": some}).all():
                left -= 1
                yield decode(Dossier, body)
            if left <= 0:
                return

    def waiting(self, pair: str, rules: Iterable[str], stages: Iterable[str]) -> tuple[str, ...]:
        """Return the numbers of the incidents that are held at one of these stages under one of these rules, sorted."""
        query = select(DOSSIERS.c.incident).where(
            DOSSIERS.c.pair == pair,
            DOSSIERS.c.held.is_(True),
            DOSSIERS.c.stage.in_(tuple(stages)),
            DOSSIERS.c.rule.in_(tuple(rules)),
        )
        return tuple(self._connection.scalars(query.order_by(DOSSIERS.c.incident)))

    def held_by_stage(self, pair: str) -> dict[str, int]:
        """Return how many incidents are held at each stage."""
        query = select(DOSSIERS.c.stage, func.count().label("held")).where(
            DOSSIERS.c.pair == pair, DOSSIERS.c.held.is_(True)
        )
        rows = self._connection.execute(query.group_by(DOSSIERS.c.stage))
        return {row.stage: row.held for row in rows}

    def held_since(self, pair: str) -> datetime | None:
        """Return when the incident that is held for the longest time was linked, None where none is held."""
        query = select(func.min(LINKS.c.linked_at)).join(
            DOSSIERS, (DOSSIERS.c.pair == LINKS.c.pair) & (DOSSIERS.c.incident == LINKS.c.incident)
        )
        query = query.where(DOSSIERS.c.pair == pair, DOSSIERS.c.held.is_(True))
        found: datetime | None = self._connection.scalar(query)
        return found


def _remembered(row: Row[Any]) -> Remembered:
    return Remembered(
        dossier=decode(Dossier, row.body),
        stage=row.stage,
        updated_at=row.updated_at,
        look_again_at=row.look_again_at,
    )
