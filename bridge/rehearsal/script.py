"""What people did according to a log, as acts: a person's wish at a moment, not a row that is copied.

The acts of one incident are in order; whoever performs them looks at the world first, since by then it may
differ from the log's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from bridge.rehearsal.incident_log import ColumnMap, History, Row
from bridge.rehearsal.staff import login_of

Kind = Literal["open", "change", "note", "ask", "resolve", "auto_close", "close"]

RESOLVED = "Resolved"
CLOSED = "Closed"
#: An automatic closing waits at least this long, whatever the log says: no desk closes at once by itself.
SHORTEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that a person does to an incident.

    ``fields`` are Remedy's (group by ``Assigned Group``, person by ``Assignee Login ID``); ``after`` is how long an
    automatic closing waits after the resolve that it belongs to.
    """

    at: datetime
    number: str
    kind: Kind
    by: str
    fields: tuple[tuple[str, str], ...] = ()
    text: str = ""
    after: timedelta = timedelta(0)


@dataclass(kw_only=True)
class Script:
    """The acts of one incident; ``adapted`` counts what Remedy cannot do as the log has it."""

    acts: list[Act] = field(default_factory=list)
    adapted: Counter[str] = field(default_factory=Counter)
    asked_at: datetime | None = None
    resolves_at: datetime | None = None


def script_of(history: History, columns: ColumnMap) -> Script:
    """Return what people do to one incident."""
    script = Script()
    rows = _possible(history, columns, script)
    first = rows[0]
    script.acts.append(_opening(history, first))
    # The first row is compared with the incident as it was opened.
    opened = replace(first, state="", at=history.opened_at, handed_over=False)
    resolved_at: datetime | None = None
    for before, row in pairwise((opened, *rows)):
        for act in _acts(before, row, columns, asked=script.asked_at is not None, history=history):
            if act.kind == "ask":
                script.asked_at = act.at
            if act.kind == "resolve":
                resolved_at = act.at
                if script.asked_at is not None and script.resolves_at is None:
                    script.resolves_at = act.at
            script.acts.append(_closing(act, resolved_at, script) if act.kind == "auto_close" else act)
    return script


def _possible(history: History, columns: ColumnMap, script: Script) -> list[Row]:
    """Return the rows with what is missing filled from before, without closings that were undone later."""
    rows: list[Row] = []
    last = len(history.rows) - 1
    for index, row in enumerate(history.rows):
        undone = _status(row, columns) == CLOSED and any(
            _status(later, columns) != CLOSED for later in history.rows[index + 1 :]
        )
        if undone and index < last:
            script.adapted["closings undone later, which Remedy does not allow"] += 1
            continue
        rows.append(_filled(rows[-1], row) if rows else row)
    return rows


def _filled(before: Row, row: Row) -> Row:
    return replace(
        row,
        group=row.group or before.group,
        assignee=row.assignee or before.assignee,
        values={**before.values, **row.values},
    )


def _status(row: Row, columns: ColumnMap) -> str:
    return columns.states[row.state].status if row.state else ""


def _opening(history: History, first: Row) -> Act:
    values = dict(first.values)
    place = {"Assigned Group": first.group, "Assignee Login ID": login_of(first.assignee)}
    words = ", ".join(value for name, value in values.items() if name not in ("Impact", "Urgency"))
    fields = {
        "Description": f"{history.number}: {words or 'it does not work'}"[:100],
        "Detailed Decription": f"Reported by {history.opened_by or 'a customer'}: {words}.",
        **place,
        **values,
    }
    return Act(
        at=history.opened_at,
        number=history.number,
        kind="open",
        by=login_of(history.opened_by or "somebody"),
        fields=tuple((name, value) for name, value in fields.items() if value),
    )


def _acts(before: Row, row: Row, columns: ColumnMap, *, asked: bool, history: History) -> Iterator[Act]:
    """Yield what happened between two rows, the wish for a ticket first; what shows no change is a note."""
    note = Act(
        at=row.at,
        number=row.number,
        kind="note",
        by=login_of(row.by or "somebody"),
        text=f"Working on {row.number}, entry {row.order}.",
    )
    asks = row.handed_over and not asked
    if asks:
        yield replace(note, kind="ask", text=f"#ticket {row.state}: development is needed ({row.number}).")
    changes = _changes(before, row)
    moved, status = row.state != before.state, _status(row, columns)
    if moved and status not in (RESOLVED, CLOSED) and not (asks and row.state in columns.hand_over.states):
        changes += _wished_status(row, columns, first=not before.state)
    if changes:
        yield replace(note, kind="change", fields=tuple(changes), text="")
    if moved and status in (RESOLVED, CLOSED):
        yield replace(note, kind=_ending(before, status, columns), text=history.cause)
    elif not changes and not asks:
        yield note


def _ending(before: Row, status: str, columns: ColumnMap) -> Kind:
    if status == RESOLVED:
        return "resolve"
    return "auto_close" if _status(before, columns) == RESOLVED else "close"


def _changes(before: Row, row: Row) -> list[tuple[str, str]]:
    changes = [(name, value) for name, value in row.values.items() if value != before.values.get(name, "")]
    if row.group != before.group:
        changes.append(("Assigned Group", row.group))
    # A reassignment takes the assignee away unless it names one.
    if row.assignee and (row.assignee != before.assignee or row.group != before.group):
        changes.append(("Assignee Login ID", login_of(row.assignee)))
    return changes


def _wished_status(row: Row, columns: ColumnMap, *, first: bool) -> list[tuple[str, str]]:
    state = columns.states[row.state]
    if first and state.status == "Assigned":
        return []
    return [("Status", state.status), ("Status_Reason", state.reason)]


def _closing(act: Act, resolved_at: datetime | None, script: Script) -> Act:
    """Let an automatic closing follow its resolve by the log's wait."""
    wait = act.at - resolved_at if resolved_at else SHORTEST_WAIT
    if wait < SHORTEST_WAIT:
        script.adapted["automatic closings within a day of the resolve, moved to a day after it"] += 1
        wait = SHORTEST_WAIT
    return replace(act, at=act.at if resolved_at is None else resolved_at + wait, after=wait)
