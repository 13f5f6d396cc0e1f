"""What decides how a run goes on, in a few bytes: the state, what the bridge keeps in mind, and both worlds.

Nothing else decides: the clock is virtual, chance is fixed, and the servers are simulated.  Two runs of the same deed
with the same fingerprint therefore go on alike, and one of them is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Table

from bridge.engine.reconcile import Reconciler
from bridge.rehearsal.world import World
from bridge.state.schema import AUDIT, CYCLES, DIRTY, EFFECTS, METADATA, OUTAGES, Moment
from bridge.state.store import Store

#: What is only counted, and never asked again.
_COUNTED = {"answers", "sent", "seconds", "seen", "faults", "before_commit", "_serial"}
#: What no deed of the story changes, and what is worked out again from what was asked.
_FIXED = {
    "settings",
    "_settings",
    "forms",
    "directory",
    "_shapes",
    "_routes",
    "voice",
    "rules",
    "_conditions",
    "_wanted",
}
#: Tokens that Remedy gave out and names of its own making, of which the bridge knows nothing but its own token; and
#: what is about approvals, which nobody gives in the story.
_NOBODYS = {"_live", "InstanceId", "_settled"}
#: What a server asked to be spared is over at rest, whoever remembers it.
_OVER = frozenset({"_rests"})
_LEFT_OUT = frozenset(_COUNTED | _FIXED | _NOBODYS)
#: What only matters as whether it is there at all: a token, and whether a process looked yet.
_WHETHER = frozenset({"_token", "cycles"})
_TOLD_TABLES = frozenset({AUDIT, CYCLES, OUTAGES})
_TOLD_COLUMNS = frozenset({EFFECTS.c.error, EFFECTS.c.reason, DIRTY.c.why})
#: What only an effect that is still open is asked for; at rest there is none.
_OPEN_COLUMNS = frozenset({EFFECTS.c.id, EFFECTS.c.attempts, DIRTY.c.marks})
#: Numbers that are moments: seconds since 1970, and microseconds in the state.
_SECONDS = range(1_000_000_000, 10_000_000_000)
_MICROSECONDS = range(1_000_000_000_000_000, 10_000_000_000_000_000)
#: Moments as either product, and the bridge, tell them.
_MOMENTS = re.compile(
    r"(?P<iso>\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2}| UTC)?"
    r"|\b(?P<seconds>1\d{9})\b"
    r"|\b(?P<micros>1\d{15})\b"
)


def fingerprint(
    store: Store, bridge: Reconciler, world: World, look: timedelta, *, at_rest: bool = False
) -> bytes:
    """Return the fingerprint of a run between two looks, which are ``look`` apart.

    When something happened counts in looks ago: a call that was tried twice shifts what follows by a second or two, and
    nothing in the story hangs on less than a look.  ``at_rest`` leaves out when things happened, and how often they were
    tried, altogether: nothing is open, no pause runs, and whatever will be due is due days from now.
    """
    _catch_up(world)
    teller = _Teller(now=world.clock(), look=look, at_rest=at_rest)
    parts = [*_rows(store, teller), teller.tell(world), teller.tell(bridge)]
    return blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _catch_up(world: World) -> None:
    """Let everything happen that is due by now: the servers do it when they are asked next, as of its own second."""
    for number in world.desk.people.numbers():
        world.desk.people.incident(number)
    world.tracker._store.index.advance(world.tracker_watch())


def _rows(store: Store, teller: _Teller) -> Iterator[str]:
    with store.reading() as tx:
        raw: Any = tx.connection.connection.driver_connection
        for table in METADATA.sorted_tables:
            query = _query(table, teller.at_rest)
            if query:
                yield teller.text(repr(raw.execute(query).fetchall()))


@cache
def _query(table: Table, at_rest: bool) -> str:
    """Return the query for what decides in a table, empty where nothing does."""
    if table in _TOLD_TABLES:
        return ""
    columns = [one for one in table.columns if one not in _TOLD_COLUMNS]
    if at_rest:
        columns = [one for one in columns if one not in _OPEN_COLUMNS and not isinstance(one.type, Moment)]
    names = ", ".join(f'"{one.name}"' for one in columns)
    return f'SELECT {names} FROM "{table.name}" ORDER BY {names}'


class _Teller:
    """Tells objects of the bridge and of its simulators in one line each, wherever they are kept."""

    def __init__(self, *, now: datetime, look: timedelta, at_rest: bool) -> None:
        self.at_rest = at_rest
        self._now, self._look = now.timestamp(), look.total_seconds()
        self._told: set[int] = set()
        self._left_out = _LEFT_OUT | _OVER if at_rest else _LEFT_OUT

    def _ago(self, seconds: float) -> str:
        return "" if self.at_rest else f"~{round((self._now - seconds) / self._look)}"

    def text(self, words: str) -> str:
        """Return words as they count."""
        return _MOMENTS.sub(self._moment, words)

    def _moment(self, found: re.Match[str]) -> str:
        if self.at_rest:
            return ""
        if found["seconds"]:
            return self._ago(int(found["seconds"]))
        if found["micros"]:
            return self._ago(int(found["micros"]) / 1e6)
        zone = (found["zone"] or "").strip().replace("UTC", "").replace("Z", "")
        return self._ago(datetime.fromisoformat(f"{found['iso']}{zone or '+00:00'}").timestamp())

    def tell(self, thing: Any) -> str:
        """Return what decides in an object, and in everything that it holds."""
        if isinstance(thing, str):
            return self.text(repr(thing))
        if isinstance(thing, datetime):
            return self._ago(thing.timestamp())
        if thing is None or isinstance(thing, bool | int | float | bytes):
            return self._number(thing)
        if isinstance(thing, Mapping):
            kept = ((key, value) for key, value in thing.items() if key not in self._left_out)
            pairs = sorted(f"{self.tell(key)}:{self.tell(value)}" for key, value in kept)
            return f"{{{','.join(pairs)}}}"
        if isinstance(thing, set | frozenset):
            return f"{{{','.join(sorted(map(self.tell, thing)))}}}"
        if isinstance(thing, Iterable) and not isinstance(thing, Iterator) and not _ours(thing):
            return f"[{','.join(map(self.tell, thing))}]"
        if not _ours(thing):
            return type(thing).__name__
        return self._object(thing)

    def _number(self, number: Any) -> str:
        if isinstance(number, int | float):
            if int(number) in _SECONDS:
                return self._ago(number)
            if int(number) in _MICROSECONDS:
                return self._ago(number / 1e6)
        return repr(number)

    def _object(self, thing: Any) -> str:
        if id(thing) in self._told and not _is_value(thing):
            return f"the {type(thing).__name__}"
        self._told.add(id(thing))
        parts = [
            f"{name}={self.tell(bool(value) if name in _WHETHER else value)}"
            for name, value in _attributes(thing)
            if name not in self._left_out and not isinstance(value, Store)
        ]
        return f"{type(thing).__name__}({','.join(parts)})"


def _ours(thing: Any) -> bool:
    return type(thing).__module__.startswith("bridge.")


def _is_value(thing: Any) -> bool:
    return is_dataclass(thing) and type(thing).__dataclass_params__.frozen  # type: ignore[attr-defined]


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    kept = getattr(thing, "__dict__", None)
    if kept is not None:
        yield from kept.items()
    elif is_dataclass(thing):
        yield from ((one.name, getattr(thing, one.name)) for one in fields(thing))
    else:
        for owner in type(thing).__mro__:
            for name in getattr(owner, "__slots__", ()):
                if hasattr(thing, name):
                    yield name, getattr(thing, name)
