"""Kill the real process at named points, start it again: both worlds end as if nobody had been killed.

The points lie before, at and after each kind of write.  The undisturbed run against which the worlds are held is
played in one process under a virtual clock; after every deed of the people the worlds have to be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from bridge.rehearsal.world import FLAVOURS, Flavour
from bridge.simulators.wire import Request
from tests.crash.killing import Killer, Match, Moment, a_trial
from tests.crash.picture import Picture
from tests.crash.rehearsed import Rehearsal, delivered_rules
from tests.crash.story import Story


def asks(method: str, place: str, *words: str) -> Match:
    """Match requests of this method whose path contains or ends with a place and whose body has all the words."""

    def match(request: Request) -> bool:
        body = request.body.decode("utf-8", "replace")
        path = request.path
        there = path.endswith(place) if place.startswith("/") else place in path
        return request.method == method and there and all(word in body for word in words)

    return match


OPENS = asks("POST", "/issue")
WRITES_BACK = asks("PUT", "HPD:IncidentInterface", "Vendor Ticket Number")
PUTS_BACK = asks("PUT", "HPD:IncidentInterface", '"Pending"')
TELLS_STATE = asks("POST", "HPD:WorkLog", "LINKED FIX")
EDITS_STATE = asks("PUT", "HPD:WorkLog")
ASKS_TO_VERIFY = asks("POST", "HPD:WorkLog", "/told/verify/")
COMMENTS = asks("POST", "/comment", "Another customer called")
CARRIES_COMMENT = asks("POST", "HPD:WorkLog", "Which browser is it")
SHOWS = asks("POST", "/remotelink")
MOVES = asks("POST", "/transitions")

#: The short story takes about so many; how many looks fall between the deeds is for the machine to say.
MOST_REQUESTS = 45

#: Name of the point, the request, the moment, how many such requests go well first, and the flavour of Jira.
POINTS: tuple[tuple[str, Match, Moment, int, Flavour], ...] = (
    ("before the ticket is opened", OPENS, "before", 0, "cloud"),
    ("while the ticket is opened", OPENS, "at", 0, "datacenter"),
    ("after the ticket was opened", OPENS, "after", 0, "cloud"),
    ("while key and waiting status are set", WRITES_BACK, "at", 0, "datacenter"),
    ("while the living note is written", TELLS_STATE, "at", 0, "cloud"),
    ("before the question is written", ASKS_TO_VERIFY, "before", 0, "datacenter"),
    ("after the question was written", ASKS_TO_VERIFY, "after", 0, "cloud"),
    ("while a note is carried", COMMENTS, "at", 0, "datacenter"),
    ("while a resolved incident is put back", PUTS_BACK, "at", 1, "cloud"),
    ("while the incident is shown in the ticket", SHOWS, "at", 0, "datacenter"),
    ("while the ticket is moved", MOVES, "at", 0, "cloud"),
)


@cache
def undisturbed(flavour: Flavour) -> list[Picture]:
    """The worlds after each deed where nobody is killed."""
    rehearsal = Rehearsal(flavour=flavour, rules=delivered_rules())
    rehearsal.plays(Story.short)
    return rehearsal.pictures


#: Every third point in an ordinary run: each of them is a process that is killed and started again.
TRIED = [
    pytest.param(*point[1:], id=point[0], marks=[pytest.mark.deep] if index % 3 else [])
    for index, point in enumerate(POINTS)
]


@pytest.mark.promise("killed anywhere")
@pytest.mark.parametrize(("match", "moment", "skip", "flavour"), TRIED)
def test_killed_at_a_named_point(
    tmp_path: Path, match: Match, moment: Moment, skip: int, flavour: Flavour
) -> None:
    """The worlds are as ever after every deed, and nothing is left open in an undamaged journal."""
    killer = Killer(match=match, moment=moment, skip=skip)
    with a_trial(tmp_path, flavour, undisturbed(flavour), killer) as trial:
        wrong = trial.plays()
    assert wrong == []
    assert killer.killed
    assert trial.starts == 2


@pytest.mark.promise("killed anywhere")
@pytest.mark.parametrize("flavour", [pytest.param("cloud", marks=pytest.mark.deep), "datacenter"])
def test_a_real_process_does_as_it_was_rehearsed(tmp_path: Path, flavour: Flavour) -> None:
    """Where nobody is killed the real process leaves the same worlds as the rehearsal under a virtual clock."""
    with a_trial(tmp_path, flavour, undisturbed(flavour), None) as trial:
        assert trial.plays() == []
    assert trial.starts == 1


@pytest.mark.promise("killed anywhere")
@pytest.mark.deep
@pytest.mark.parametrize("moment", ["before", "at", "after"])
@pytest.mark.parametrize("number", range(MOST_REQUESTS))
def test_killed_at_any_request(
    tmp_path: Path, number: int, moment: Moment, figure: Callable[[str], None]
) -> None:
    """Killed at the request of this number, whatever it is, the bridge leaves the worlds as ever."""
    flavour = FLAVOURS[number % len(FLAVOURS)]
    killer = Killer(match=lambda _request: True, moment=moment, skip=number)
    with a_trial(tmp_path, flavour, undisturbed(flavour), killer) as trial:
        assert trial.plays() == []
    assert trial.starts == 1 + killer.killed
    figure(f"{MOST_REQUESTS} requests x 3 moments on the real process")
