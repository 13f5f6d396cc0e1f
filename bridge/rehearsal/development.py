"""Development and second line at work in the simulated Jira: each linked ticket lives a real issue's life.

Comments come at the real issue's pace, scaled to the time that the log leaves; then second line deploys, one of
five ways.  Most fixes are in production before Frontline wants to resolve, some are not, and some do not work.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bridge.rehearsal.course import DUPLICATE, FIXED, Course, course_of
from bridge.rehearsal.frontline import ENDED, Frontline
from bridge.rehearsal.jira_history import Lives
from bridge.rehearsal.schedule import Deed, Diary, Schedule
from bridge.rehearsal.side_roads import WAYS, Road, way_road
from bridge.rehearsal.staff import INSTALLER
from bridge.simulators.jira import JiraSimulator
from bridge.simulators.jira.people import NotAllowed

#: Where development works, where second line's queue is, and where third line works for it.
PROJECT, SECOND_LINE, THIRD_LINE = "FRONT", "SUP", "CORE"
PROJECTS = (PROJECT, SECOND_LINE)
#: The component by which a ticket tells a likely cause, and the label of a ticket with a workaround.
COMPONENT, WORKAROUND = "Gateway", "workaround"
#: By then the bridge has asked for versions and changes again.
VERSIONS_SEEN = timedelta(minutes=6)
#: The longest time after the fix in which people still comment.
AFTERWARDS = timedelta(days=2)
#: How long the rule waits for an answer until it reminds, and how often it does.
REMIND_AFTER, REMINDERS = timedelta(days=2), 2


@dataclass(kw_only=True)
class Development:
    """Everybody who works on tickets; ``roads`` are the side roads by incident, ``taken_up`` is told of each ticket."""

    tracker: JiraSimulator
    frontline: Frontline
    clock: Callable[[], datetime]
    schedule: Schedule
    diary: Diary
    lives: Lives
    seed: int
    roads: dict[str, Road] = field(default_factory=dict)
    taken_up: Callable[[Course], None] = lambda _: None
    taken: int = 0
    known: set[str] = field(default_factory=set)
    courses: list[Course] = field(default_factory=list)

    def notices(self, pair: str) -> None:
        """Take up the tickets that the bridge opened since the last look."""
        for project in PROJECTS:
            for key in self.tracker.keys(project):
                if key in self.known:
                    continue
                self.known.add(key)
                number = opened_for(self.tracker, key, pair)
                if number:
                    self._takes(number, key)

    def opens_own(self, number: str) -> str:
        """Open a ticket on a developer's own account for what an incident is about, and return its key."""
        key = self.tracker.people.creates(PROJECT, f"Seen in the logs, like {number}", by="dev.own")
        self.known.add(key)
        self._takes(number, key)
        return key

    def joinable(self) -> Course | None:
        """Return the newest course on which work goes on for a while and that another incident may join."""
        soon = self.clock() + timedelta(hours=1)
        return next(
            (
                course
                for course in reversed(self.courses)
                if course.road in (None, "a workaround", "a fix that failed, with a screenshot")
                and course.outcome == "fixed"
                and course.round == 1
                and course.fixed_at > soon
                and self.frontline.look(course.number)["Status"] not in ENDED
            ),
            None,
        )

    def _takes(self, number: str, key: str) -> None:
        # Each incident draws for itself, so that one more or less changes no other.
        chance = random.Random(f"{self.seed}/{number}")  # noqa: S311  (a replay must be repeatable, not secret)
        now = self.clock()
        course = course_of(
            number,
            key,
            life=chance.choice(self.lives.lives),
            way=WAYS[self.taken % len(WAYS)],
            now=now,
            wished=self.frontline.scripts[number].resolves_at or now,
            road=self.roads.get(number),
            chance=chance,
        )
        # Only fixes are deployed: the ways take turns among them.
        self.taken += course.outcome != "declined"
        self.courses.append(course)
        self._plan(course)
        self._plan_remarks(course)
        self.taken_up(course)

    def _plan_remarks(self, course: Course) -> None:
        length = course.fixed_at - course.started
        for remark in course.life.remarks:
            at = course.started + length * min(remark.share, 1.0)
            if remark.share > 1:
                # Some issues were finished within seconds and discussed for years.
                at = course.fixed_at + min(length * min(remark.share - 1, 10.0), AFTERWARDS)
            self.does(at, partial(self.tracker.people.comments, course.key, remark.body, remark.author))

    def _plan(self, course: Course) -> None:
        self.does(course.part(0.1), partial(self._begins, course))
        self.does(course.fixed_at, partial(self._ends, course))

    def does(self, at: datetime, deed: Callable[[], object]) -> None:
        """Plan what somebody does in Jira; what it does not allow is counted by its words."""
        self.schedule.at(at, self._careful(deed))

    def _careful(self, deed: Callable[[], object]) -> Deed:
        def done() -> None:
            try:
                deed()
            except NotAllowed as error:
                self.diary.refused[f"Jira: {error}"] += 1

        return done

    def _note(self, course: Course, what: str, key: str, detail: str = "") -> None:
        for number in course.numbers:
            self.diary.note(self.clock(), number, what, key, detail)  # type: ignore[arg-type]

    def _begins(self, course: Course) -> None:
        if self.tracker.issue(course.key)["status"] != "In Progress":
            self.tracker.people.moves_to(course.key, "In Progress", course.life.assignee)
        self.tracker.people.sets(course.key, {"assignee": course.life.assignee}, course.life.assignee)

    def _ends(self, course: Course) -> None:
        if course.outcome == "fixed":
            self._fixes(course, course.key)
        elif course.outcome == "duplicate":
            self._is_duplicate(course, course.key, links=2 if course.road == "a chain of duplicates" else 1)
        else:
            self._declines(course)

    def _declines(self, course: Course) -> None:
        self.tracker.people.moves_to(course.key, "Done", course.life.assignee, course.resolution)
        self._note(course, "declined", course.key)
        if course.road in ("declined as Won't Do", "declined as Cannot Reproduce"):
            self.diary.takes(self.clock(), course.number, course.road, course.key)
        self._checked(course, self.clock())

    def _is_duplicate(self, course: Course, key: str, *, links: int) -> None:
        """Close a ticket as a duplicate of another one, which is fixed later, or is a duplicate itself."""
        people = self.tracker.people
        original = people.creates(course.project, f"The same as {key}", by=course.life.assignee)
        people.links_duplicate(key, original, course.life.assignee)
        people.moves_to(key, "Done", course.life.assignee, DUPLICATE)
        self._note(course, "duplicate", key, original)
        self.diary.made_up["originals of duplicates"] += 1
        if links == 1:
            road = "a duplicate" if key == course.key else "a chain of duplicates"
            self.diary.takes(self.clock(), course.number, road, course.key)
        rest = (course.deployed_at - self.clock()) / (links + 1)
        following = (
            partial(self._fixes, course, original)
            if links == 1
            else partial(self._is_duplicate, course, original, links=links - 1)
        )
        self.does(self.clock() + max(rest, timedelta(minutes=2)), following)

    def _fixes(self, course: Course, key: str) -> None:
        resolution = course.resolution if course.resolution in FIXED else FIXED[0]
        version = f"{key}.{course.round}"
        if course.way == "version":
            self.tracker.people.adds_version(course.project, version)
            self.tracker.people.plans_for(key, version, course.life.assignee)
            self.diary.made_up["versions"] += 1
        if course.road == "a cause proposed by a component" and course.round == 1:
            self.tracker.people.sets(key, {"components": [COMPONENT]}, course.life.assignee)
            self.diary.takes(self.clock(), course.number, course.road, key)
        self.tracker.people.moves_to(key, "Done", course.life.assignee, resolution)
        self._note(course, "fixed", key)
        self.does(max(course.deployed_at, self.clock()), partial(self._deploys, course, key, version))

    def _deploys(self, course: Course, key: str, version: str) -> None:
        detail = self._installs(course, key, version)
        self._note(course, "deployed", key, detail)
        self.diary.roads[way_road(course.way)] += 1
        self._checked(course, self.clock())

    def _installs(self, course: Course, key: str, version: str) -> str:
        """Bring a fix to production and say so the way it is done here; returns the change, where there is one."""
        people, where = self.tracker.people, f"{key} is in production"
        match course.way:
            case "version":
                people.releases(version, course.project)
                # A release touches no ticket: the bridge learns of it when it asks for versions, so it must look then.
                self.does(self.clock() + VERSIONS_SEEN, _nothing)
            case "status":
                people.moves_to(key, "Deployed", INSTALLER)
            case "incident":
                number = next(iter(self._waiting(course)), course.number)
                self.frontline.installs(number, f"#deployed {where}, round {course.round} ({number}).")
            case "ticket":
                people.comments(course.key, f"#deployed {where}.", INSTALLER)
            case "change":
                self.does(self.clock() + VERSIONS_SEEN, _nothing)
                numbers = tuple(self._waiting(course)) or (course.number,)
                return self.frontline.completes_change(f"Install the fix of {key}", numbers)
        return ""

    def _waiting(self, course: Course) -> Iterator[str]:
        """Yield the incidents of a ticket that are still open."""
        for number in course.numbers:
            if self.frontline.look(number)["Status"] not in ENDED:
                yield number

    def _checked(self, course: Course, since: datetime) -> None:
        """Let every incident of a ticket be checked, in its own time."""
        ignored = course.road == "a question that nobody answers in time" and course.round == 1
        patience = REMIND_AFTER * (REMINDERS + 1) if ignored else timedelta(0)
        if ignored:
            self.does(since + patience, partial(self._was_ignored, course))
        for number in course.numbers:
            works = course.works or course.round > 1 or number != course.number
            check = partial(
                self.frontline.checks,
                number,
                course.key,
                works=works,
                by_note=course.by_note and course.outcome != "declined",
                again=partial(self._again, course),
            )
            self.does(since + patience + timedelta(hours=course.chance.uniform(0.5, 8)), check)

    def _was_ignored(self, course: Course) -> None:
        if course.road is not None and any(self._waiting(course)):
            self.diary.takes(self.clock(), course.number, course.road, course.key)

    def _again(self, course: Course) -> None:
        """Work on a ticket that came back from Frontline."""
        following = course.again(self.clock())
        self.courses.append(following)
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
