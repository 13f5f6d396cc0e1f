"""The journal: every effect on the outside world, written down before it happens.

    pending -> started -> done
       ^          |-> pending    surely not done, later may help
       |          |-> unknown    perhaps done: look for its trace, then done, pending, refused or dead
       |          |-> refused    the server said no
       |          `-> dead       given up, a person must look
       `-- dropped               no longer wanted before it began

One cause has one row for ever: ``key`` is unique within a pair, so that the same cause is carried out once,
however often it is planned.  A step that the present state does not allow is a ``StateError``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from bridge.model.actions import Action, Receipt, Side, kinds_on
from bridge.model.errors import StateError
from bridge.state.codec import decode_action, encode_action
from bridge.state.schema import EFFECTS

EffectState = Literal["pending", "started", "done", "unknown", "refused", "dead", "dropped"]
_OPEN: tuple[EffectState, ...] = ("pending", "started", "unknown")
_SENT: tuple[EffectState, ...] = ("started", "unknown")
_ERROR_LIMIT = 2_000

# Statements are built once: building one costs several times what carrying it out does.
_MINE = (EFFECTS.c.pair == bindparam("pair"), EFFECTS.c.incident == bindparam("incident"))
_OUTCOMES = select(EFFECTS.c.key, EFFECTS.c.state, EFFECTS.c.error, EFFECTS.c.receipt_id).where(*_MINE)
_PLANNED_BEFORE: Select[Any] = select(EFFECTS.c.id, EFFECTS.c.key, EFFECTS.c.state, EFFECTS.c.action).where(
    *_MINE, (EFFECTS.c.state == "pending") | EFFECTS.c.key.in_(bindparam("keys", expanding=True))
)
_OF_CAUSE = select(EFFECTS).where(EFFECTS.c.pair == bindparam("pair"), EFFECTS.c.key == bindparam("key"))
_OPEN_SINCE = (
    select(EFFECTS.c.kind, func.min(EFFECTS.c.created_at).label("since"))
    .where(EFFECTS.c.pair == bindparam("pair"), EFFECTS.c.state.in_(_OPEN))
    .group_by(EFFECTS.c.kind)
)
_DONE_SINCE = (
    select(EFFECTS.c.id)
    .where(
        EFFECTS.c.pair == bindparam("pair"),
        EFFECTS.c.state == "done",
        EFFECTS.c.kind.in_(bindparam("kinds", expanding=True)),
        EFFECTS.c.finished_at >= bindparam("since"),
    )
    .order_by(EFFECTS.c.id.desc())
    .limit(1)
)
_NEW = insert(EFFECTS)


@cache
def _of_incident(states: tuple[EffectState, ...]) -> Select[Any]:
    return select(EFFECTS).where(*_MINE, _in(states)).order_by(EFFECTS.c.id)


@cache
def _step_from(states: tuple[EffectState, ...]) -> Update:
    return update(EFFECTS).where(EFFECTS.c.id == bindparam("effect"), _in(states))


def _in(states: tuple[EffectState, ...]) -> ColumnElement[bool]:
    # A list behind IN is written into the statement at each call, which costs as much as carrying it out.
    return or_(*(EFFECTS.c.state == state for state in states))


_START = _step_from(("pending",)).values(state="started", attempts=EFFECTS.c.attempts + 1, error="")
_AWAIT = _step_from(("started",)).values(state="pending", attempts=EFFECTS.c.attempts - 1, error="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One row of the journal.

    ``not_before`` is the earliest moment of its next step, ``error`` the words of its last failure.
    """

    id: int
    pair: str
    incident: str
    action: Action
    state: EffectState
    attempts: int
    not_before: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    receipt: Receipt
    error: str

    @property
    def key(self) -> str:
        """The name of its cause."""
        return self.action.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How the effects of an incident stand, each by its cause.

    ``done`` are carried out, and ``written`` are the ids of the notes and tickets that they left behind; the rest comes
    with a server's words: ``refused`` for good, ``dead`` until a person decides, ``failing`` but tried again later.
    What was lost on the way twice (``NO_TRACE``) is none of these.
    """

    done: frozenset[str]
    written: dict[str, str]
    refused: dict[str, str]
    dead: dict[str, str]
    failing: dict[str, str]


#: What is said of an effect that was lost on the way twice: that may be chance, and nobody is told.
NO_TRACE = "it was sent, and left no trace"


class Journal:
    """The effects of all pairs."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- planning

    def record(
        self, pair: str, incident: str, actions: Sequence[Action], now: datetime
    ) -> tuple[Effect, ...]:
        """Write down what is planned for an incident, and return what is pending now, in the plan's order.

        New causes and dropped ones become pending; pending ones take the new plan's words and keep their
        waiting time; pending ones that are no longer planned are dropped.  All other states stay as they are:
        what was done, sent, refused or given up is never planned again by itself.
        """
        planned: dict[str, Action] = {}
        for action in actions:
            planned.setdefault(action.key, action)
        asked = {"pair": pair, "incident": incident, "keys": tuple(planned)}
        there: dict[str, Row[Any]] = {
            row.key: row for row in self._connection.execute(_PLANNED_BEFORE, asked)
        }
        self._drop_unplanned([row for row in there.values() if row.key not in planned], now)
        for key, action in planned.items():
            self._plan(pair, incident, action, there.get(key), now)
        return self._pending_of(pair, incident, planned)

    def _drop_unplanned(self, rows: Sequence[Row[Any]], now: datetime) -> None:
        for row in rows:
            self._step(row.id, ("pending",), state="dropped", finished_at=now)

    def _plan(self, pair: str, incident: str, action: Action, row: Row[Any] | None, now: datetime) -> None:
        words = {"action": encode_action(action), "kind": action.kind, "reason": action.reason}
        if row is None:
            fresh = {"pair": pair, "incident": incident, "key": action.key, **words, **_blank(now)}
            self._connection.execute(_NEW, fresh)
        elif row.state == "dropped":
            self._step(row.id, ("dropped",), state="pending", not_before=now, finished_at=None, **words)
        elif row.state == "pending" and row.action != words["action"]:
            self._step(row.id, ("pending",), **words)

    def _pending_of(self, pair: str, incident: str, planned: dict[str, Action]) -> tuple[Effect, ...]:
        if not planned:
            return ()
        found = {effect.key: effect for effect in self._of(pair, incident, ("pending",))}
        return tuple(found[key] for key in planned if key in found)

    # -- carrying out

    def start(self, effect_id: int, now: datetime) -> None:
        """Note, before the call, that a pending effect is about to be sent."""
        given = {"effect": effect_id, "started_at": now}
        if self._connection.execute(_START, given).rowcount != 1:
            raise self._not_allowed(effect_id, "started")

    def finish(self, effect_id: int, receipt: Receipt | None, now: datetime) -> None:
        """Note that an effect that was sent is done, and what it left behind."""
        left = receipt or Receipt()
        self._step(
            effect_id,
            _SENT,
            state="done",
            finished_at=now,
            receipt_id=left.id,
            receipt_key=left.key,
            error="",
        )

    def await_server(self, effect_id: int, not_before: datetime) -> None:
        """Note that a server that is busy or away took nothing of an effect; it is sent from ``not_before`` on.

        The try does not count, or one that waited for long would be given up at its first refusal.
        """
        if self._connection.execute(_AWAIT, {"effect": effect_id, "not_before": not_before}).rowcount != 1:
            raise self._not_allowed(effect_id, "pending")

    def postpone(self, effect_id: int, not_before: datetime, error: str) -> None:
        """Note that an effect is surely not done and may be sent again from ``not_before`` on."""
        self._step(effect_id, _OPEN, state="pending", not_before=not_before, error=_cut(error))

    def doubt(self, effect_id: int, error: str, now: datetime, *, not_before: datetime | None = None) -> None:
        """Note that an effect may be done or not; look for its trace from ``not_before`` on, or at once."""
        self._step(effect_id, _SENT, state="unknown", not_before=not_before or now, error=_cut(error))

    def refuse(self, effect_id: int, error: str, now: datetime) -> None:
        """Note that the server said no, in its words."""
        self._step(effect_id, _OPEN, state="refused", finished_at=now, error=_cut(error))

    def bury(self, effect_id: int, error: str, now: datetime) -> None:
        """Note that an effect is given up until a person replays or drops it."""
        self._step(effect_id, _OPEN, state="dead", finished_at=now, error=_cut(error))

    def drop(self, effect_id: int, now: datetime) -> None:
        """Note that an effect is no longer wanted; where its cause persists it will be planned anew.

        Only a person should drop one that was given up: it may have been done without anybody knowing.
        """
        self._step(effect_id, ("pending", "refused", "dead"), state="dropped", finished_at=now)

    def forgo(self, effect_id: int, words: str, now: datetime) -> None:
        """Note that a person does without an effect that was given up: it will not be planned again."""
        self._step(effect_id, ("dead",), state="refused", finished_at=now, error=_cut(words))

    def suspect(self, effect_id: int, since: datetime, now: datetime) -> None:
        """Note that a pending effect may have been done, at ``since``, by a bridge whose state was lost."""
        self._step(effect_id, ("pending",), state="unknown", started_at=since, not_before=now)

    def recall(self, pair: str, incident: str, action: Action, receipt: Receipt, now: datetime) -> None:
        """Write down an effect that was found by the trace that it left, where its cause is not known yet."""
        if self.effect(pair, action.key) is not None:
            return
        words = {
            "key": action.key,
            "action": encode_action(action),
            "kind": action.kind,
            "reason": action.reason,
        }
        left = {"state": "done", "receipt_id": receipt.id, "receipt_key": receipt.key, "finished_at": now}
        self._connection.execute(_NEW, {"pair": pair, "incident": incident, **words, **_blank(now), **left})

    def replay(self, effect_id: int, now: datetime) -> None:
        """Make an effect that was refused or given up pending again; its count of attempts begins anew."""
        self._step(
            effect_id, ("refused", "dead"), state="pending", not_before=now, finished_at=None, attempts=0
        )

    def _step(self, effect_id: int, allowed: tuple[EffectState, ...], **values: Any) -> None:
        if self._connection.execute(_step_from(allowed), {"effect": effect_id, **values}).rowcount != 1:
            raise self._not_allowed(effect_id, str(values.get("state", "changed")))

    def _not_allowed(self, effect_id: int, wanted: str) -> StateError:
        query = select(EFFECTS.c.key, EFFECTS.c.state).where(EFFECTS.c.id == effect_id)
        row = self._connection.execute(query).one_or_none()
        name, state = (f"number {effect_id}", "not in the journal") if row is None else row
        return StateError(
            f"The effect {name} cannot become {wanted}",
            why=f"it is {state}",
            next_step="look at the incident again (bridge explain)",
        )

    # -- asking

    def open_effects(self, pair: str, incident: str) -> tuple[Effect, ...]:
        """Return the effects of an incident that are pending, started or unknown, oldest first."""
        return self._of(pair, incident, _OPEN)

    def effect(self, pair: str, key: str) -> Effect | None:
        """Return the effect of a cause, None where it was never planned."""
        row = self._connection.execute(_OF_CAUSE, {"pair": pair, "key": key}).one_or_none()
        return None if row is None else _effect(row)

    def outcomes(self, pair: str, incident: str) -> Outcomes:
        """Return how the effects of an incident stand."""
        rows = self._connection.execute(_OUTCOMES, {"pair": pair, "incident": incident}).all()
        said: dict[str, dict[str, str]] = {"pending": {}, "refused": {}, "dead": {}}
        for row in rows:
            said.setdefault(row.state, {})[row.key] = row.error
        return Outcomes(
            done=frozenset(row.key for row in rows if row.state == "done"),
            written={row.key: row.receipt_id for row in rows if row.state == "done" and row.receipt_id},
            refused=said["refused"],
            dead=said["dead"],
            failing={key: error for key, error in said["pending"].items() if error not in ("", NO_TRACE)},
        )

    def finished(self, pair: str, incident: str) -> tuple[Effect, ...]:
        """Return the effects of an incident that are done, in order."""
        return self._of(pair, incident, ("done",))

    def numbered(self, effect_id: int) -> Effect | None:
        """Return the effect with this number, None where there is none."""
        row = self._connection.execute(select(EFFECTS).where(EFFECTS.c.id == effect_id)).one_or_none()
        return None if row is None else _effect(row)

    def anything_done(self, pair: str, kinds: Sequence[str], since: datetime) -> bool:
        """Whether an effect of these kinds was done since a moment, by any incident of the pair."""
        asked = {"pair": pair, "kinds": tuple(kinds), "since": since}
        return self._connection.execute(_DONE_SINCE, asked).first() is not None

    def counts(self, pair: str) -> dict[EffectState, int]:
        """Return how many effects are in each state, all states named; reads an index of all effects."""
        query = (
            select(EFFECTS.c.state, func.count().label("number"))
            .where(EFFECTS.c.pair == pair)
            .group_by(EFFECTS.c.state)
        )
        found = {row.state: row.number for row in self._connection.execute(query)}
        return {state: found.get(state, 0) for state in get_args(EffectState)}

    def open_since(self, pair: str) -> dict[Side, datetime]:
        """Return when the oldest effect was planned that is still open, for each side that waits for one."""
        since = {row.kind: row.since for row in self._connection.execute(_OPEN_SINCE, {"pair": pair})}
        waiting = {side: since.keys() & kinds_on(side) for side in get_args(Side)}
        return {side: min(since[kind] for kind in kinds) for side, kinds in waiting.items() if kinds}

    def effects(
        self, pair: str, *, incident: str | None = None, state: EffectState | None = None, limit: int = 100
    ) -> tuple[Effect, ...]:
        """Return effects, newest first: of one incident or all, in one state or any."""
        query = select(EFFECTS).where(EFFECTS.c.pair == pair)
        if incident is not None:
            query = query.where(EFFECTS.c.incident == incident)
        if state is not None:
            query = query.where(EFFECTS.c.state == state)
        rows = self._connection.execute(query.order_by(EFFECTS.c.id.desc()).limit(limit))
        return tuple(_effect(row) for row in rows)

    def _of(self, pair: str, incident: str, states: tuple[EffectState, ...]) -> tuple[Effect, ...]:
        rows = self._connection.execute(_of_incident(states), {"pair": pair, "incident": incident})
        return tuple(_effect(row) for row in rows)


def _blank(now: datetime) -> dict[str, Any]:
    empty = {"receipt_id": "", "receipt_key": "", "error": ""}
    return {"state": "pending", "attempts": 0, "not_before": now, "created_at": now, **empty}


def _effect(row: Row[Any]) -> Effect:
    return Effect(
        id=row.id,
        pair=row.pair,
        incident=row.incident,
        action=decode_action(row.action),
        state=row.state,
        attempts=row.attempts,
        not_before=row.not_before,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        receipt=Receipt(id=row.receipt_id, key=row.receipt_key),
        error=row.error,
    )


def _cut(error: str) -> str:
    return error[:_ERROR_LIMIT]
