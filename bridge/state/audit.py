"""The audit trail: who did what, when, why, with which outcome.  It can only be added to.

Every row carries a digest of itself and of the row before it, so that a row which was changed or taken out
from behind the database's back is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from bridge.state.dialect import pages
from bridge.state.schema import AUDIT, EPOCH

#: How much of one value is kept.
_VALUE_LIMIT = 2_000
_LAST = select(AUDIT.c.chain).order_by(AUDIT.c.id.desc()).limit(1)
_NEW = insert(AUDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the trail.

    ``who`` is the bridge or a person, ``what`` the kind of action, ``reason`` why, ``before`` and ``after`` values by
    name, ``request`` the effect's key with the number of its attempt, ``words`` what the server or the person said.
    """

    at: datetime
    who: str
    what: str
    outcome: str
    pair: str = ""
    incident: str = ""
    rule: str = ""
    reason: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    request: str = ""
    words: str = ""


class Audit:
    """The audit trail of the whole bridge."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, entry: Entry) -> None:
        """Add one line."""
        row = _row(entry)
        previous = self._connection.scalar(_LAST) or ""
        self._connection.execute(_NEW, {**row, "at": entry.at, "chain": _chain(previous, row)})

    def since(
        self, at: datetime | None = None, *, pair: str | None = None, incident: str | None = None
    ) -> Iterator[Entry]:
        """Yield the lines from a moment on, oldest first, of one pair or incident or all."""
        query = select(AUDIT)
        if at is not None:
            query = query.where(AUDIT.c.at >= at)
        if pair is not None:
            query = query.where(AUDIT.c.pair == pair)
        if incident is not None:
            query = query.where(AUDIT.c.incident == incident)
        return (_entry(row) for row in pages(self._connection, query, AUDIT.c.id))

    def broken(self) -> str:
        """Return what is wrong with the trail in one sentence, empty where it is whole; reads all of it."""
        previous = ""
        for row in pages(self._connection, select(AUDIT), AUDIT.c.id):
            if row.chain != _chain(previous, _row(_entry(row))):
                return f"line {row.id} of the audit trail, or one before it, was changed or taken out"
            previous = row.chain
        return ""


def _row(entry: Entry) -> dict[str, Any]:
    # The moment in whole microseconds, as it is kept: what cannot be read back cannot be compared.
    return {
        "at": (entry.at - EPOCH).total_seconds(),
        "who": _clean(entry.who),
        "what": entry.what,
        "pair": entry.pair,
        "incident": _clean(entry.incident),
        "rule": entry.rule,
        "reason": _clean(entry.reason),
        "before": _values(entry.before),
        "after": _values(entry.after),
        "request": _clean(entry.request),
        "outcome": entry.outcome,
        "words": _clean(entry.words),
    }


def _clean(text: str) -> str:
    return text[:_VALUE_LIMIT].encode("utf-8", "replace").decode("utf-8")


def _values(values: Mapping[str, str]) -> str:
    return json.dumps({name: _clean(value) for name, value in values.items()}, ensure_ascii=False)


def _chain(previous: str, row: Mapping[str, Any]) -> str:
    text = json.dumps([previous, *(row[name] for name in sorted(row))], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        at=row.at,
        who=row.who,
        what=row.what,
        outcome=row.outcome,
        pair=row.pair,
        incident=row.incident,
        rule=row.rule,
        reason=row.reason,
        before=json.loads(row.before),
        after=json.loads(row.after),
        request=row.request,
        words=row.words,
    )
