"""Whatever a request or a commit meets, both worlds end as if nothing had happened.

The standard story is played once undisturbed; then in every way in which one request or two are lost, badly answered, or
the last one of a process, or in which one commit fails (``ways.py``).  After every deed of the people both worlds have to
be those of the undisturbed run: nothing doubled, nothing lost, nothing left to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache, partial

import pytest

from bridge.rehearsal.world import FLAVOURS, Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Response
from tests.crash.picture import differences
from tests.crash.rehearsed import Asked
from tests.crash.story import Story
from tests.crash.ways import MOMENTS, Deeds, Ground, Lived, Trouble, nowhere
from tests.property.trouble import trouble

#: How long a server that answers 429 with a date wants to be spared: three looks, and a little of the fourth.
SPARED = timedelta(seconds=100)
#: How far Jira's search index is behind: not at all, or three looks, which only Cloud knows.
LAGS = (timedelta(0), timedelta(seconds=90))
PLACES: tuple[tuple[Flavour, timedelta], ...] = (
    ("cloud", LAGS[0]),
    ("cloud", LAGS[1]),
    ("datacenter", LAGS[0]),
)
#: Where the first of two troubles comes: in which of the four deeds of the short road, and what a deep run tries of these.
DEEDS = range(4)
TRIED = {("datacenter", LAGS[0], 0), ("cloud", LAGS[1], 1)}
PLACES_OF_TWO = [
    pytest.param(*place, deed, marks=pytest.mark.deep if (*place, deed) in TRIED else pytest.mark.whole)
    for place in PLACES
    for deed in DEEDS
]
#: Every so many of the requests, and of the commits, are tried in an ordinary run.
SAMPLE = 59
#: Tells what was measured.
Figure = Callable[[str], None]


def _slow_down(at: datetime) -> Fault:
    until = format_datetime(at + SPARED, usegmt=True)
    return Fault(
        kind="answer_before", answer=Response.of_text(429, "slow down", headers={"Retry-After": until})
    )


def _named(name: str, _at: datetime) -> Fault:
    return trouble(name)


#: By name, what a request may meet.
TROUBLES: dict[str, Trouble] = {
    **{
        name: partial(_named, name)
        for name in (
            "lost request",
            "lost answer",
            "500 before",
            "500 after",
            "death before",
            "death after",
            "time-out after",
        )
    },
    "429 date": _slow_down,
}
#: To a read a trouble after the server did what it was asked is the one before it: nothing was done.
ALIKE = {"lost request": "lost answer", "500 before": "500 after", "death before": "death after"}
#: A read without an answer is asked again within the same call, and no more comes of it.
PASSING = ("lost request", "lost answer", "time-out after")
#: The troubles after which nobody knows what was done.
MEANEST = ("lost answer", "death after")


@cache
def ground(flavour: Flavour, lag: timedelta = LAGS[0], deeds: Deeds = Story.long) -> Ground:
    """The story as it goes without trouble."""
    return Ground(flavour=flavour, lag=lag, deeds=deeds)


def place_of(flavour: Flavour, lag: timedelta) -> str:
    """Say where a story was played."""
    return f"{flavour}, index {lag.total_seconds():.0f} s behind" if lag else flavour


def reads(asked: Asked) -> bool:
    """Whether a request changes nothing at the server."""
    return asked.method == "GET" or asked.path.endswith(("/search", "/jql", "/bulkfetch"))


def unlike(asked: Asked) -> tuple[str, ...]:
    """The troubles of a request without those that come to nothing, or to the same as another one."""
    if not reads(asked):
        return tuple(TROUBLES)
    return tuple(name for name in TROUBLES if name not in ALIKE and name not in PASSING)


def every(step: int, first: int) -> Callable[[int, int], bool]:
    """Take every so many of the requests, or of the commits, in no order."""
    return lambda deed, number: (7 * deed + 5 * number) % step == first


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_story_takes_every_kind_of_request(flavour: Flavour) -> None:
    """The sweep is worth something: the story opens, comments, sets, moves and shows in Jira, writes and edits in Remedy."""
    clean = ground(flavour).clean
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


def test_a_way_that_ends_differently_is_found() -> None:
    """The sweep can fail: a world in which somebody else wrote, or resolved, is not the world of the undisturbed run."""
    there = ground("cloud")

    def meddle(word: str, _at: datetime) -> Fault:
        people = there.living.world.desk.people
        return Fault(kind="call_before", call=lambda: people.writes(people.numbers()[0], word, by="bob"))

    words = ("Something else", "Another thing")
    lived = there.lives(
        {word: partial(meddle, word) for word in words},
        at_requests=lambda deed, number: deed == 1 and number in (0, 4),
    )
    assert lived.ways == 4
    for word in words:
        assert sum(word in line and "after deed 1" in line for line in lived.wrong) >= 2


def test_a_way_that_was_lived_is_lived_once() -> None:
    """A read that never came and one whose answer was lost lead to the same place; a write's do not."""
    there = ground("cloud")
    asked, mine = there.clean.asked, there.numbers(1)
    read = next(number for number in mine if reads(asked[number]))
    write = next(number for number in mine if not reads(asked[number]))
    lived = there.lives(
        TROUBLES, at_requests=lambda deed, number: deed == 1 and mine[number] in (read, write)
    )
    assert lived.wrong == []
    assert all(_meet_alike(lived, read, *pair) for pair in ALIKE.items())
    assert not any(_meet_alike(lived, write, *pair) for pair in ALIKE.items())


def _meet_alike(lived: Lived, number: int, one: str, other: str) -> bool:
    """Whether two troubles of the same request led to the same place."""
    return lived.met[number, one] == lived.met[number, other]


@pytest.mark.promise("one effect")
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_one_trouble_changes_nothing(flavour: Flavour, figure: Figure) -> None:
    """Any trouble at some of the requests, or one of the commits, one in each run: the worlds end as ever."""
    some = every(SAMPLE, FLAVOURS.index(flavour))
    lived = ground(flavour).lives(TROUBLES, at_requests=some, at_commits=some)
    assert lived.wrong == []
    assert lived.ways > 20
    figure(f"{flavour}: {lived.ways} single troubles of the ordinary run")


@pytest.mark.promise("one effect")
@pytest.mark.parametrize(
    "name",
    [name if name in MEANEST else pytest.param(name, marks=pytest.mark.deep) for name in TROUBLES],
)
def test_trouble_again_and_again_changes_nothing(name: str) -> None:
    """Every eleventh request meets the same trouble, in one run: the worlds end as ever."""
    start = tuple(TROUBLES).index(name)
    there = ground(FLAVOURS[(start + 1) % len(FLAVOURS)])
    rehearsal = there.rehearsal()
    # A process has to live for nine requests to get a ticket opened.
    for number in range(start, 400, 11):
        asked = there.clean.asked
        at = asked[min(number, len(asked) - 1)].at
        rehearsal.meets(number, partial(TROUBLES[name], at))
    rehearsal.plays()
    wrong = [
        f"after deed {deed}: {line}"
        for deed, (expected, found) in enumerate(zip(there.pictures, rehearsal.pictures, strict=True))
        for line in differences(expected, found)
    ]
    assert wrong == []


@pytest.mark.promise("one effect")
@pytest.mark.deep
@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_every_single_trouble_changes_nothing(
    flavour: Flavour, lag: timedelta, part: int, figure: Figure
) -> None:
    """Every request of the story meets every trouble, one in each run: the worlds end as ever."""
    there = ground(flavour, lag)
    lived = there.lives(TROUBLES, at_requests=lambda deed, _number: deed % 2 == part)
    assert lived.wrong == []
    mine = [number for deed in range(part, len(there.requests), 2) for number in there.numbers(deed)]
    assert set(lived.met) == {(number, name) for number in mine for name in TROUBLES}
    for number in mine:
        if reads(there.clean.asked[number]):
            assert all(_meet_alike(lived, number, *pair) for pair in ALIKE.items()), number
            assert {lived.met[number, name] for name in PASSING} <= set(there.looks), number
    figure(f"{place_of(flavour, lag)}: each of {len(there.clean.asked)} requests x {len(TROUBLES)} troubles")


@pytest.mark.promise("one effect")
@pytest.mark.deep
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_every_failing_commit_changes_nothing(flavour: Flavour, lag: timedelta, figure: Figure) -> None:
    """Every commit of the story fails in one run each: the worlds end as ever."""
    there = ground(flavour, lag)
    lived = there.lives(TROUBLES, at_requests=nowhere, at_commits=lambda _deed, _number: True)
    assert lived.wrong == []
    assert lived.ways == sum(there.commits) * len(MOMENTS)
    figure(f"{place_of(flavour, lag)}: each of {sum(there.commits)} commits x {len(MOMENTS)} moments")


@pytest.mark.promise("one effect")
@pytest.mark.parametrize(("flavour", "lag", "deed"), PLACES_OF_TWO)
def test_two_troubles_change_nothing(flavour: Flavour, lag: timedelta, deed: int, figure: Figure) -> None:
    """Every sequence of two troubles on the short road, of which the first comes in this deed: all end as ever."""
    there = ground(flavour, lag, Story.short)
    lived = there.lives(TROUBLES, most=2, at_requests=lambda now, _number: now == deed, choice=unlike)
    assert lived.wrong == []
    figure(f"{place_of(flavour, lag)}: {lived.ways} ways with one or two troubles from deed {deed + 1} on")
