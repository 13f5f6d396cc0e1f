"""Whatever a request or a commit meets, both worlds end as if nothing had happened.

The standard story is played once undisturbed; then again and again, each time with one request or two that are lost, badly
answered, or the last one of a process, or with one commit that fails.  After every deed of the people both worlds have to be
those of the undisturbed run: nothing doubled, nothing lost, nothing left to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import product

import pytest

from bridge.rehearsal.world import FLAVOURS, Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Response
from tests.crash.branches import Branch, Chapter, Tree
from tests.crash.picture import differences
from tests.crash.rehearsed import Rehearsal, delivered_rules
from tests.property.death import Moment
from tests.property.trouble import trouble

TROUBLES = (
    "lost request",
    "lost answer",
    "500 before",
    "500 after",
    "death before",
    "death after",
    "429 date",
    "time-out after",
)
#: The troubles after which nobody knows what was done.
MEANEST = ("lost answer", "death after")
#: Every so many of the requests of a look that does something are tried in an ordinary run.
SAMPLE = 32
#: How many requests after the first trouble the second one comes.
NEXT = (1, 2)
#: How far Jira's search index is behind: not at all, or three looks, which only Cloud knows.
LAGS = (timedelta(0), timedelta(seconds=90))
PLACES: tuple[tuple[Flavour, timedelta], ...] = (
    ("cloud", LAGS[0]),
    ("cloud", LAGS[1]),
    ("datacenter", LAGS[0]),
)
#: Tells what was measured.
Figure = Callable[[str], None]
MOMENTS: tuple[Moment, ...] = ("before", "after", "full")


@cache
def tree(flavour: Flavour, lag: timedelta = LAGS[0]) -> Tree:
    """The story as it goes without trouble, and what may branch off it."""
    return Tree(flavour=flavour, lag=lag)


def place_of(flavour: Flavour, lag: timedelta) -> str:
    """Say where a story was played."""
    return f"{flavour}, index {lag.total_seconds():.0f} s behind" if lag else flavour


def a_trouble(name: str, at: datetime) -> Fault:
    """Return the trouble of this name for a request that comes at about this moment."""
    return _slow_down(at) if name == "429 date" else trouble(name)


def _slow_down(at: datetime) -> Fault:
    until = format_datetime(at + timedelta(seconds=100), usegmt=True)
    return Fault(
        kind="answer_before", answer=Response.of_text(429, "slow down", headers={"Retry-After": until})
    )


def meeting(there: Tree, *meetings: tuple[int, str]) -> Branch:
    """A branch in which the requests of these numbers meet these troubles."""
    asked = there.clean.asked

    def arrange(rehearsal: Rehearsal) -> None:
        for number, name in meetings:
            at = asked[min(number, len(asked) - 1)].at
            rehearsal.meets(number, lambda name=name, at=at: a_trouble(name, at))  # type: ignore[misc]

    told = (f"{name} at {number} ({_request(there, number)})" for number, name in meetings)
    return Branch(name=f"{there.flavour}, {', '.join(told)}", arrange=arrange)


def _request(there: Tree, number: int) -> str:
    asked = there.clean.asked[min(number, len(there.clean.asked) - 1)]
    return f"{asked.side} {asked.method} {asked.path}"


def singles(there: Tree, name: str, *, of_all: bool) -> Callable[[Chapter], Iterator[Branch]]:
    """Branches in which one request of a chapter meets this trouble: each of them, or some of the busy ones."""
    some = set(sorted(there.clean.busy)[4 * TROUBLES.index(name) :: SAMPLE])

    def of_chapter(chapter: Chapter) -> Iterator[Branch]:
        for number in range(chapter.first, chapter.last):
            if of_all or number in some:
                yield meeting(there, (number, name))

    return of_chapter


def doubles(there: Tree, name: str) -> Callable[[Chapter], Iterator[Branch]]:
    """Branches in which a busy request meets this trouble, and one of the next requests any trouble."""

    def of_chapter(chapter: Chapter) -> Iterator[Branch]:
        for number, later, second in product(chapter.busy, NEXT, TROUBLES):
            yield meeting(there, (number, name), (number + later, second))

    return of_chapter


def failing_commits(there: Tree, moment: Moment, every: int = 1) -> Callable[[Chapter], Iterator[Branch]]:
    """Branches in which the n-th commit of a chapter fails, for each n, or every so many of them."""

    def of_chapter(chapter: Chapter) -> Iterator[Branch]:
        for number in range(MOMENTS.index(moment) if every > 1 else 0, chapter.commits, every):

            def arrange(rehearsal: Rehearsal, number: int = number) -> None:
                rehearsal.store.strike(number, moment)

            name = f"{there.flavour}, commit {number} of deed {chapter.deed}, {moment}"
            yield Branch(name=name, arrange=arrange)

    return of_chapter


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_story_takes_every_kind_of_request(flavour: Flavour) -> None:
    """The sweep is worth something: the story opens, comments, sets, moves and shows in Jira, writes and edits in Remedy."""
    clean = tree(flavour).clean
    paths = [f"{asked.method} {asked.path}" for asked in clean.asked]
    kinds = (
        r"POST .*/issue",
        r"PUT .*/issue/\d+",
        r"POST .*/comment",
        r"POST .*/remotelink",
        r"POST .*/transitions",
        r"PUT .*/HPD:IncidentInterface/.*",
        r"POST .*/HPD:WorkLog",
        r"PUT .*/HPD:WorkLog/.*",
    )
    assert [kind for kind in kinds if not any(re.fullmatch(kind, path) for path in paths)] == []
    assert clean.left() == {}


def test_a_branch_that_ends_differently_is_found() -> None:
    """The sweep can fail: a world in which somebody else resolved the incident is not the world of the undisturbed run."""
    there = tree("cloud")

    def meddle(rehearsal: Rehearsal) -> None:
        people = rehearsal.world.desk.people
        people.writes(people.numbers()[0], "Something else", by="bob")

    def of_chapter(chapter: Chapter) -> Iterator[Branch]:
        if chapter.deed == 1:
            yield Branch(name="meddled", arrange=meddle)

    count, wrong = there.grow(of_chapter)
    assert count == 1
    assert any("Something else" in line for line in wrong)


@pytest.mark.promise("one effect")
@pytest.mark.parametrize("name", TROUBLES)
def test_one_trouble_changes_nothing(name: str) -> None:
    """A trouble at some of the requests, one in each run: the worlds end as ever."""
    there = tree(FLAVOURS[TROUBLES.index(name) % len(FLAVOURS)])
    count, wrong = there.grow(singles(there, name, of_all=False))
    assert wrong == []
    assert count >= 2


@pytest.mark.promise("one effect")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_failing_commit_changes_nothing(moment: Moment) -> None:
    """The disk is full, or the process dies before or after a commit, at some of them: the worlds end as ever."""
    there = tree(FLAVOURS[MOMENTS.index(moment) % len(FLAVOURS)])
    count, wrong = there.grow(failing_commits(there, moment, every=SAMPLE))
    assert wrong == []
    assert count > 2


@pytest.mark.promise("one effect")
@pytest.mark.parametrize(
    "name",
    [name if name in MEANEST else pytest.param(name, marks=pytest.mark.deep) for name in TROUBLES],
)
def test_trouble_again_and_again_changes_nothing(name: str) -> None:
    """Every eleventh request meets the same trouble, in one run: the worlds end as ever."""
    start = TROUBLES.index(name)
    there = tree(FLAVOURS[(start + 1) % len(FLAVOURS)])
    rehearsal = Rehearsal(flavour=there.flavour, rules=delivered_rules())
    # A process has to live for nine requests to get a ticket opened.
    meeting(there, *((number, name) for number in range(start, 400, 11))).arrange(rehearsal)
    rehearsal.plays()
    wrong = [
        f"after deed {deed}: {line}"
        for deed, (expected, found) in enumerate(zip(there.clean.pictures, rehearsal.pictures, strict=True))
        for line in differences(expected, found)
    ]
    assert wrong == []


@pytest.mark.promise("one effect")
@pytest.mark.deep
@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_every_single_trouble_changes_nothing(
    flavour: Flavour, lag: timedelta, name: str, figure: Figure
) -> None:
    """Every request of the story meets the trouble, one in each run: the worlds end as ever."""
    there = tree(flavour, lag)
    count, wrong = there.grow(singles(there, name, of_all=True))
    assert wrong == []
    assert count == len(there.clean.asked)
    figure(f"{place_of(flavour, lag)}: each of {count} requests x {len(TROUBLES)} troubles")


@pytest.mark.promise("one effect")
@pytest.mark.deep
@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_two_troubles_change_nothing(flavour: Flavour, lag: timedelta, name: str, figure: Figure) -> None:
    """Every request of a look that does something meets the trouble, and one of the next two any: all end as ever."""
    there = tree(flavour, lag)
    count, wrong = there.grow(doubles(there, name))
    assert wrong == []
    assert count == len(there.clean.busy) * len(NEXT) * len(TROUBLES)
    figure(f"{place_of(flavour, lag)}: {count} x {len(TROUBLES)} pairs of troubles")


@pytest.mark.promise("one effect")
@pytest.mark.deep
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_every_failing_commit_changes_nothing(
    flavour: Flavour, lag: timedelta, moment: Moment, figure: Figure
) -> None:
    """Every commit of the story fails in one run each: nothing is doubled, nothing lost."""
    there = tree(flavour, lag)
    count, wrong = there.grow(failing_commits(there, moment))
    assert wrong == []
    assert count == sum(chapter.commits for chapter in there.chapters)
    figure(f"{place_of(flavour, lag)}: each of {count} commits x {len(MOMENTS)} moments")
