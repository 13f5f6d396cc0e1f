"""What will become of one ticket in one round: when it is fixed and deployed, how, and who waits for it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from bridge.rehearsal.jira_history import Life
from bridge.rehearsal.side_roads import NEEDS_FIX, SLOW, WAYS, Road, Way

FIXED = ("Fixed", "Done")
DUPLICATE = "Duplicate"
Outcome = Literal["fixed", "duplicate", "declined"]

#: The share of fixes that is in production before the log's resolve.
IN_TIME = 0.8
#: The share of fixes that fails when it is checked, and of decisions that Frontline does not accept.
FAILS = 0.1
#: The share of fixes that is answered by a note rather than by resolving.
BY_NOTE = 0.5
#: No fix takes less than this, however soon the log resolves, and none of a road on which people lose patience.
SHORTEST, SLOWEST = timedelta(hours=4), timedelta(days=20)

#: How a road ends at development, where it decides that.
_ENDS: dict[Road, tuple[Outcome, str]] = {
    "declined as Won't Do": ("declined", "Won't Do"),
    "declined as Cannot Reproduce": ("declined", "Cannot Reproduce"),
    "a duplicate": ("duplicate", DUPLICATE),
    "a chain of duplicates": ("duplicate", DUPLICATE),
    "a fix that failed, with a screenshot": ("fixed", FIXED[0]),
    **dict.fromkeys(NEEDS_FIX, ("fixed", FIXED[0])),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What will become of one ticket in one round; ``joined`` are further incidents that wait for it."""

    number: str
    key: str
    life: Life
    way: Way
    started: datetime
    fixed_at: datetime
    deployed_at: datetime
    works: bool
    by_note: bool
    chance: random.Random = field(repr=False)
    outcome: Outcome
    resolution: str
    road: Road | None = None
    joined: list[str] = field(default_factory=list)
    round: int = 1

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every incident that waits for the ticket."""
        return (self.number, *self.joined)

    @property
    def project(self) -> str:
        """The project of the ticket."""
        return self.key.rpartition("-")[0]

    def part(self, share: float) -> datetime:
        """Return the moment at which this share of the work is done."""
        return self.started + (self.fixed_at - self.started) * share

    def again(self, now: datetime) -> Course:
        """Return the next round, which always ends with a fix that works."""
        fixed_at = now + timedelta(hours=self.chance.uniform(4, 72))
        return replace(
            self,
            way=self.chance.choice(WAYS),
            started=now,
            fixed_at=fixed_at,
            deployed_at=fixed_at + timedelta(hours=self.chance.uniform(1, 24)),
            works=True,
            outcome="fixed",
            resolution=self.resolution if self.resolution in FIXED else FIXED[0],
            round=self.round + 1,
        )


def course_of(
    number: str,
    key: str,
    *,
    life: Life,
    way: Way,
    now: datetime,
    wished: datetime,
    road: Road | None,
    chance: random.Random,
) -> Course:
    """Return what will become of a new ticket; ``wished`` is when the log wants to resolve its incident."""
    window = max(wished - now, SLOWEST if road in SLOW else SHORTEST)
    fixed_at = now + window * chance.uniform(0.3 if road in SLOW else 0.2, 0.6)
    late = chance.random() >= IN_TIME or road == "a question that nobody answers in time"
    deployed_at = (
        max(wished, fixed_at) + timedelta(hours=chance.uniform(2, 72))
        if late
        else fixed_at + window * chance.uniform(0.1, 0.35)
    )
    ends = _ENDS.get(road) if road else None
    outcome, resolution = ends or (_outcome(life), life.resolution)
    fails = chance.random() < FAILS and road is None
    return Course(
        number=number,
        key=key,
        life=life,
        way=way,
        started=now,
        fixed_at=fixed_at,
        deployed_at=deployed_at,
        works=not (fails or road == "a fix that failed, with a screenshot"),
        by_note=chance.random() < BY_NOTE,
        chance=chance,
        outcome=outcome,
        resolution=resolution,
        road=road,
    )


def _outcome(life: Life) -> Outcome:
    if life.resolution in FIXED:
        return "fixed"
    return "duplicate" if life.resolution == DUPLICATE else "declined"
