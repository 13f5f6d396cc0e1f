"""What the bridge asked of the two servers, against the least that its design needs.

polls        three a look                          versions   one a project with a fixed, undeployed ticket, every 5 minutes
sessions     log-in, /myself and membership hourly effects    one request for each thing that changes
pre-reads    two before an act against a person    changes    one for all incidents that wait for one, every 5 minutes
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.rehearsal.schedule import Diary
from bridge.rehearsal.world import World

HOUR = timedelta(hours=1)
VERSIONS_EVERY = timedelta(minutes=5)
#: What ends the waiting for a fix.
_OVER = ("deployed", "declined", "verified", "released", "worked_around", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Requests made by kind, and the floor by reason."""

    made: dict[str, int]
    floor: dict[str, int]

    @property
    def ratio(self) -> float:
        """How many requests were made for each one of the floor."""
        return sum(self.made.values()) / max(sum(self.floor.values()), 1)


def cost_of(world: World, diary: Diary, looks: Sequence[datetime], *, effects: int, put_backs: int) -> Cost:
    """Return what a replay cost; ``effects`` and ``put_backs`` are how many the bridge carried out."""
    seen = (*world.desk_wire.seen, *world.tracker_wire.seen)
    made = Counter(f"{method} {_kind(path)}" for method, path in seen)
    commands = {(deed.what, deed.at.replace(minute=0)) for deed in diary.entries}
    answers = sum(what in ("verified", "failed", "deployed") for what, _ in commands)
    floor = {
        "polls": 3 * len(looks),
        "versions": _at_most_every(VERSIONS_EVERY, _while_fixed(diary, looks)),
        "changes": _at_most_every(VERSIONS_EVERY, _while_waiting(diary, looks)),
        "sessions": _at_most_every(HOUR, looks) + answers,
        "effects": effects,
        "pre-reads": 2 * put_backs,
    }
    return Cost(made=dict(made.most_common()), floor=floor)


def _kind(path: str) -> str:
    """Return a path without the numbers and names in it."""
    parts = [part for part in path.split("/") if part]
    return "/".join("*" if re.search(r"\d{3,}|-\d", part) else part for part in parts[2:])


def _at_most_every(span: timedelta, moments: Iterable[datetime]) -> int:
    count, last = 0, None
    for moment in moments:
        if last is None or moment - last >= span:
            count, last = count + 1, moment
    return count


def _while_fixed(diary: Diary, looks: Sequence[datetime]) -> list[datetime]:
    """Return the looks at which a fixed ticket was not in production yet."""
    steps = [
        (deed.at, 1 if deed.what == "fixed" else -1)
        for deed in diary.entries
        if deed.what in ("fixed", "deployed")
    ]
    return _while_any(steps, looks)


def _while_waiting(diary: Diary, looks: Sequence[datetime]) -> list[datetime]:
    """Return the looks at which an incident waited for a fix that was not known to be in production."""
    begun: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    for deed in diary.entries:
        if deed.what in ("asked", "adopted"):
            begun.setdefault(deed.number, deed.at)
        elif deed.what in _OVER:
            ended.setdefault(deed.number, deed.at)
    spans = [(at, ended.get(number, looks[-1])) for number, at in begun.items()]
    steps = [step for start, end in spans for step in ((start, 1), (max(start, end), -1))]
    return _while_any(steps, looks)


def _while_any(steps: list[tuple[datetime, int]], looks: Sequence[datetime]) -> list[datetime]:
    """Return the looks at which more had begun (1) than ended (-1)."""
    steps = sorted(steps)
    found, waiting, index = [], 0, 0
    for look in looks:
        while index < len(steps) and steps[index][0] <= look:
            waiting += steps[index][1]
            index += 1
        if waiting > 0:
            found.append(look)
    return found
