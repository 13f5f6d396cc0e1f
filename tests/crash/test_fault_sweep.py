"""Whatever a single request meets, both worlds end as if nothing had happened.

The standard story is played once undisturbed; then again and again, each time with one request (or two, or every eleventh)
that is lost, badly answered, or the last one of a process.  After every deed of the people both worlds have to be those of
the undisturbed run: nothing doubled, nothing lost, nothing left to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from random import Random

import pytest

from bridge.rehearsal.world import FLAVOURS, Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Response
from tests.crash.picture import differences
from tests.crash.rehearsed import Asked, Rehearsal, delivered_rules
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
#: Every so many of the requests of a look that does something are tried in an ordinary run.
SAMPLE = 24
#: How many pairs of troubles are tried for each flavour and lag.
PAIRS = 150
#: How far Jira's search index is behind: not at all, or three looks, which only Cloud knows.
LAGS = (timedelta(0), timedelta(seconds=90))
PLACES: tuple[tuple[Flavour, timedelta], ...] = (
    ("cloud", LAGS[0]),
    ("cloud", LAGS[1]),
    ("datacenter", LAGS[0]),
)

#: One trouble that one request meets, by the request's number.
Meeting = tuple[int, str]


@cache
def undisturbed(flavour: Flavour, lag: timedelta) -> Rehearsal:
    """The story as it goes without trouble."""
    rehearsal = Rehearsal(flavour=flavour, rules=delivered_rules(), index_lag=lag)
    rehearsal.plays()
    return rehearsal


def a_trouble(name: str, asked: Asked) -> Fault:
    """Return the trouble of this name for a request."""
    return _slow_down(asked.at) if name == "429 date" else trouble(name)


def _slow_down(at: datetime) -> Fault:
    until = format_datetime(at + timedelta(seconds=100), usegmt=True)
    return Fault(
        kind="answer_before", answer=Response.of_text(429, "slow down", headers={"Retry-After": until})
    )


def ends_as_ever(flavour: Flavour, lag: timedelta, meetings: Iterable[Meeting]) -> list[str]:
    """Play the story with these meetings; returns a line for everything that is not as in the undisturbed run."""
    clean = undisturbed(flavour, lag)
    meetings = tuple(meetings)
    rehearsal = Rehearsal(flavour=flavour, rules=delivered_rules(), index_lag=lag)
    for number, name in meetings:
        asked = clean.asked[min(number, len(clean.asked) - 1)]
        rehearsal.meets(number, lambda name=name, asked=asked: a_trouble(name, asked))  # type: ignore[misc]
    try:
        rehearsal.plays()
    except AssertionError as error:
        return [f"{_told(clean, meetings)}: {error}"]
    for deed, (expected, found) in enumerate(zip(clean.pictures, rehearsal.pictures, strict=True)):
        wrong = differences(expected, found)
        if wrong:
            return [f"{_told(clean, meetings)}: after deed {deed}: {line}" for line in wrong]
    return []


def _told(clean: Rehearsal, meetings: tuple[Meeting, ...]) -> str:
    parts = []
    for number, name in meetings[:3]:
        asked = clean.asked[min(number, len(clean.asked) - 1)]
        parts.append(f"{name} at {number} ({asked.side} {asked.method} {asked.path})")
    return f"{clean.flavour}: {', '.join(parts)}"


def flavour_for(number: int) -> Flavour:
    """Take the flavours in turn."""
    return FLAVOURS[number % len(FLAVOURS)]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_story_takes_every_kind_of_request(flavour: Flavour) -> None:
    """The sweep is worth something: the story opens, comments, sets, moves and shows in Jira, writes and edits in Remedy."""
    clean = undisturbed(flavour, LAGS[0])
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


@pytest.mark.parametrize("name", TROUBLES)
def test_one_trouble_changes_nothing(name: str) -> None:
    """A trouble at some of the requests, one in each run: the worlds end as ever."""
    start = TROUBLES.index(name)
    flavour = flavour_for(start)
    busy = sorted(undisturbed(flavour, LAGS[0]).busy)
    wrong = [
        line
        for number in busy[start * 3 % SAMPLE :: SAMPLE]
        for line in ends_as_ever(flavour, LAGS[0], [(number, name)])
    ]
    assert wrong == []


@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_again_and_again_changes_nothing(name: str) -> None:
    """Every eleventh request meets the same trouble, in one run: the worlds end as ever."""
    start = TROUBLES.index(name)
    # A process has to live for nine requests to get a ticket opened.
    numbers = range(start, 400, 11)
    wrong = ends_as_ever(flavour_for(start + 1), LAGS[0], [(number, name) for number in numbers])
    assert wrong == []


@pytest.mark.deep
@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_every_single_trouble_changes_nothing(flavour: Flavour, lag: timedelta, name: str) -> None:
    """Every request of the story meets the trouble, one in each run: the worlds end as ever."""
    wrong = [
        line
        for number in range(len(undisturbed(flavour, lag).asked))
        for line in ends_as_ever(flavour, lag, [(number, name)])
    ]
    assert wrong == []


@pytest.mark.deep
@pytest.mark.parametrize(("flavour", "lag"), PLACES)
def test_two_troubles_change_nothing(flavour: Flavour, lag: timedelta) -> None:
    """Two requests meet any two troubles, drawn at random and always the same: the worlds end as ever."""
    chance = Random(f"{flavour} {lag}")
    count = len(undisturbed(flavour, lag).asked)
    wrong = []
    for _ in range(PAIRS):
        first = chance.randrange(count)
        second = first + chance.choice((1, 2, 3, 5, chance.randrange(1, count)))
        meetings = [(first, chance.choice(TROUBLES)), (second, chance.choice(TROUBLES))]
        wrong += ends_as_ever(flavour, lag, meetings)
    assert wrong == []
