"""Keeping a state for long: an export that other programs read, and pruning.

Pruning forgets words, never causes: the keys of all effects stay, so that nothing is said a second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from bridge.model.actions import (
    Action,
    AddIncidentNote,
    AddTicketNote,
    CreateTicket,
    EditIncidentNote,
    EditTicketNote,
)
from bridge.model.incident import FINAL, Incident
from bridge.state.codec import decode, decode_action, encode_action
from bridge.state.dialect import chunks, pages
from bridge.state.schema import EFFECTS, INCIDENTS, METADATA, NOTES
from bridge.state.store import Store, Transaction

#: The columns whose text is JSON of ours.
_BODIES = frozenset({"body", "action", "before", "after", "plan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How much was forgotten: effects that lost their words or were never carried out, and last looks at notes."""

    effects: int
    notes: int


def export(tx: Transaction) -> Iterator[str]:
    """Yield every row of the state as a line of JSON: its table's name and its columns, moments in ISO 8601."""
    for table in METADATA.sorted_tables:
        for row in tx.rows(table):
            values = {name: _plain(name, value) for name, value in row.items()}
            yield json.dumps({"table": table.name, **values}, ensure_ascii=False)


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if name in _BODIES and isinstance(value, str) and value:
        return json.loads(value)
    return value


def prune(store: Store, pair: str, before: datetime) -> Pruned:
    """Forget the words of effects, and the last looks at notes, of incidents that ended for good before a moment.

    What no longer was wanted before it began goes altogether.  Keys, outcomes and receipts stay.
    """
    with store.reading() as tx:
        numbers = tuple(_ended(tx, pair, before))
    effects = notes = 0
    for some in chunks(numbers, 50):
        with store.transaction() as tx:
            effects += _forget_words(tx, pair, some)
            notes += _forget_notes(tx, pair, some)
    with store.transaction() as tx:
        gone = delete(EFFECTS).where(
            EFFECTS.c.pair == pair, EFFECTS.c.state == "dropped", EFFECTS.c.finished_at < before
        )
        effects += tx.connection.execute(gone).rowcount
    return Pruned(effects=effects, notes=notes)


def _ended(tx: Transaction, pair: str, before: datetime) -> Iterator[str]:
    query = select(INCIDENTS.c.number, INCIDENTS.c.body).where(
        INCIDENTS.c.pair == pair, INCIDENTS.c.modified_at < before
    )
    for row in pages(tx.connection, query, INCIDENTS.c.number):
        if decode(Incident, row.body).status in FINAL:
            yield row.number


def _forget_words(tx: Transaction, pair: str, numbers: tuple[str, ...] | Any) -> int:
    query = select(EFFECTS.c.id, EFFECTS.c.action).where(
        EFFECTS.c.pair == pair, EFFECTS.c.incident.in_(numbers), EFFECTS.c.state == "done"
    )
    forgotten = 0
    for row in tx.connection.execute(query).all():
        action = encode_action(_wordless(decode_action(row.action)))
        if action != row.action:
            tx.connection.execute(update(EFFECTS).where(EFFECTS.c.id == row.id).values(action=action))
            forgotten += 1
    return forgotten


def _wordless(action: Action) -> Action:
    match action:
        case AddIncidentNote() | AddTicketNote() | EditIncidentNote() | EditTicketNote():
            return replace(action, text="")
        case CreateTicket():
            return replace(action, description="")
        case _:
            return action


def _forget_notes(tx: Transaction, pair: str, numbers: Any) -> int:
    where = (NOTES.c.pair == pair, NOTES.c.side == "incident", NOTES.c.parent.in_(numbers))
    count = tx.connection.scalar(select(func.count()).select_from(NOTES).where(*where)) or 0
    tx.connection.execute(delete(NOTES).where(*where))
    return count
