"""Development and second line at work in the simulated Jira: each linked ticket lives a real issue's life.

Comments come at the real issue's pace, scaled to the time that the log leaves; then second line deploys, one of
four ways.  Most fixes are in production before Frontline wants to resolve, some are not, and some do not work.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from bridge.rehearsal.frontline import Frontline
from bridge.rehearsal.jira_history import Life, Lives
from bridge.rehearsal.schedule import Deed, Diary, Schedule
from bridge.rehearsal.staff import INSTALLER
from bridge.simulators.jira import JiraSimulator
from bridge.simulators.jira.people import NotAllowed

PROJECT = "FRONT"
FIXED = ("Fixed", "Done")
DUPLICATE = "Duplicate"
Way = Literal["version", "status", "incident", "ticket"]
WAYS: tuple[Way, ...] = ("version", "status", "incident", "ticket")

#: The share of fixes that is in production before the log's resolve.
IN_TIME = 0.8
#: The share of fixes that fails when it is checked, and of decisions that Frontline does not accept.
FAILS = 0.1
#: The share of fixes that is answered by a note rather than by resolving.
BY_NOTE = 0.5
#: By then the bridge has asked for versions again.
VERSIONS_SEEN = timedelta(minutes=6)
#: The longest time after the fix in which people still comment.
AFTERWARDS = timedelta(days=2)
#: No fix takes less than this, however soon the log resolves.
SHORTEST = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What will become of one ticket in one round."""

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
    round: int = 1

    @property
    def outcome(self) -> Literal["fixed", "duplicate", "declined"]:
        """How development ends it; a second round always ends with a fix."""
        if self.round > 1 or self.life.resolution in FIXED:
            return "fixed"
        return "duplicate" if self.life.resolution == DUPLICATE else "declined"


@dataclass(kw_only=True)
class Development:
    """Everybody who works on tickets."""

    tracker: JiraSimulator
    frontline: Frontline
    clock: Callable[[], datetime]
    schedule: Schedule
    diary: Diary
    lives: Lives
    seed: int
    taken: int = 0
    known: set[str] = field(default_factory=set)

    def notices(self, pair: str) -> None:
        """Take up the tickets that the bridge opened since the last look."""
        for key in self.tracker.keys(PROJECT):
            if key in self.known:
                continue
            self.known.add(key)
            number = opened_for(self.tracker, key, pair)
            if number:
                self._takes(number, key)

    def _takes(self, number: str, key: str) -> None:
        # Each incident draws for itself, so that one more or less changes no other.
        chance = random.Random(f"{self.seed}/{number}")  # noqa: S311  (a replay must be repeatable, not secret)
        now = self.clock()
        wished = self.frontline.scripts[number].resolves_at or now
        window = max(wished - now, SHORTEST)
        fixed_at = now + window * chance.uniform(0.2, 0.6)
        late = chance.random() >= IN_TIME
        deployed_at = (
            max(wished, fixed_at) + timedelta(hours=chance.uniform(2, 72))
            if late
            else fixed_at + window * chance.uniform(0.1, 0.35)
        )
        course = Course(
            number=number,
            key=key,
            life=chance.choice(self.lives.lives),
            way=WAYS[self.taken % len(WAYS)],
            started=now,
            fixed_at=fixed_at,
            deployed_at=deployed_at,
            works=chance.random() >= FAILS,
            by_note=chance.random() < BY_NOTE,
            chance=chance,
        )
        self.taken += 1
        self._plan(course)
        self._plan_remarks(course)

    def _plan_remarks(self, course: Course) -> None:
        length = course.fixed_at - course.started
        for remark in course.life.remarks:
            at = course.started + length * min(remark.share, 1.0)
            if remark.share > 1:
                # Some issues were finished within seconds and discussed for years.
                at = course.fixed_at + min(length * min(remark.share - 1, 10.0), AFTERWARDS)
            self._do(at, partial(self.tracker.people.comments, course.key, remark.body, remark.author))

    def _plan(self, course: Course) -> None:
        begin = course.started + (course.fixed_at - course.started) * 0.1
        self._do(begin, partial(self._begins, course))
        self._do(course.fixed_at, partial(self._ends, course))

    def _do(self, at: datetime, deed: Callable[[], object]) -> None:
        self.schedule.at(at, self._careful(deed))

    def _careful(self, deed: Callable[[], object]) -> Deed:
        def done() -> None:
            try:
                deed()
            except NotAllowed as error:
                self.diary.refused[f"Jira: {error}"] += 1

        return done

    def _begins(self, course: Course) -> None:
        if self.tracker.issue(course.key)["status"] != "In Progress":
            self.tracker.people.moves_to(course.key, "In Progress", course.life.assignee)
        self.tracker.people.sets(course.key, {"assignee": course.life.assignee}, course.life.assignee)

    def _ends(self, course: Course) -> None:
        if course.outcome == "fixed":
            self._fixes(course, course.key)
        elif course.outcome == "duplicate":
            self._is_duplicate(course)
        else:
            self._declines(course)

    def _declines(self, course: Course) -> None:
        self.tracker.people.moves_to(course.key, "Done", course.life.assignee, course.life.resolution)
        self.diary.note(self.clock(), course.number, "declined", course.key)
        self._checked(course, self.clock())

    def _is_duplicate(self, course: Course) -> None:
        people = self.tracker.people
        original = people.creates(PROJECT, f"The same as {course.key}", by=course.life.assignee)
        people.links_duplicate(course.key, original, course.life.assignee)
        people.moves_to(course.key, "Done", course.life.assignee, DUPLICATE)
        self.diary.note(self.clock(), course.number, "duplicate", course.key)
        self.diary.made_up["originals of duplicates"] += 1
        half = self.clock() + max((course.deployed_at - self.clock()) / 2, timedelta(minutes=1))
        self._do(half, partial(self._fixes, course, original))

    def _fixes(self, course: Course, key: str) -> None:
        resolution = course.life.resolution if course.life.resolution in FIXED else FIXED[0]
        version = f"{key}.{course.round}"
        if course.way == "version":
            self.tracker.people.adds_version(PROJECT, version)
            self.tracker.people.plans_for(key, version, course.life.assignee)
            self.diary.made_up["versions"] += 1
        self.tracker.people.moves_to(key, "Done", course.life.assignee, resolution)
        self.diary.note(self.clock(), course.number, "fixed", key)
        self._do(max(course.deployed_at, self.clock()), partial(self._deploys, course, key, version))

    def _deploys(self, course: Course, key: str, version: str) -> None:
        people = self.tracker.people
        if course.way == "version":
            people.releases(version, PROJECT)
            # A release touches no ticket: the bridge learns of it when it asks for versions, so it must look then.
            self._do(self.clock() + VERSIONS_SEEN, _nothing)
        elif course.way == "status":
            people.moves_to(key, "Deployed", INSTALLER)
        elif course.way == "incident":
            self.frontline.installs(
                course.number, f"#deployed {key} is in production, round {course.round} ({course.number})."
            )
        else:
            people.comments(course.key, f"#deployed {key} is in production.", INSTALLER)
        self.diary.note(self.clock(), course.number, "deployed", key)
        self.diary.made_up[f"deployments by {course.way}"] += 1
        self._checked(course, self.clock())

    def _checked(self, course: Course, since: datetime) -> None:
        works = course.works or course.round > 1
        check = partial(
            self.frontline.checks,
            course.number,
            course.key,
            works=works,
            by_note=course.by_note and course.outcome != "declined",
            again=partial(self._again, course),
        )
        self._do(since + timedelta(hours=course.chance.uniform(0.5, 8)), check)

    def _again(self, course: Course) -> None:
        """Work on a ticket that came back from Frontline."""
        now, chance = self.clock(), course.chance
        fixed_at = now + timedelta(hours=chance.uniform(4, 72))
        following = Course(
            number=course.number,
            key=course.key,
            life=course.life,
            way=chance.choice(WAYS),
            started=now,
            fixed_at=fixed_at,
            deployed_at=fixed_at + timedelta(hours=chance.uniform(1, 24)),
            works=True,
            by_note=course.by_note,
            chance=chance,
            round=course.round + 1,
        )
        self._plan(following)


def _nothing() -> None:
    """Let a moment come at which the bridge looks."""


def opened_for(tracker: JiraSimulator, key: str, pair: str) -> str:
    """Return the incident that a ticket was opened for, by the bridge's label; empty for people's own tickets."""
    prefix = f"bridge-{pair}-"
    for label in tracker.issue(key)["labels"]:
        if label.startswith(prefix):
            return str(label[len(prefix) :].rsplit("-", 1)[0])
    return ""
