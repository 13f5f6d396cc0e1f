"""What the last resync found: so that each drift is told once, mended once, and can be shown meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.state.dialect import upsert
from bridge.state.schema import AGREED

_NAME = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last resync of a pair: when it began (None before the first), its sentence, how much of each kind it found.

    ``names`` tell each drift that it found, ``mended`` each that it, or one before it, put right.
    """

    at: datetime | None = None
    sentence: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    mended: frozenset[str] = frozenset()


class Drifts:
    """The last resync of each pair."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def told(self, pair: str) -> Told:
        """Return what the last resync of a pair found."""
        query = select(AGREED.c.value).where(AGREED.c.pair == pair, AGREED.c.name == _NAME)
        value = self._connection.scalar(query)
        if not value:
            return Told()
        held = json.loads(value)
        return Told(
            at=datetime.fromisoformat(held["at"]) if held["at"] else None,
            sentence=held["sentence"],
            counts=held["counts"],
            names=frozenset(held["names"]),
            mended=frozenset(held["mended"]),
        )

    def keep(self, pair: str, told: Told) -> None:
        """Keep what a resync found, in place of the one before."""
        held = {
            "at": told.at.isoformat() if told.at else "",
            "sentence": told.sentence,
            "counts": dict(told.counts),
            "names": sorted(told.names),
            "mended": sorted(told.mended),
        }
        row = {"pair": pair, "name": _NAME, "value": json.dumps(held, ensure_ascii=False)}
        upsert(self._connection, AGREED, [row])
