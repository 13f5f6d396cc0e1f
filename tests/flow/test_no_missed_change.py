"""No missed change: every word of a person is seen at least once and carried at most once, whatever clocks and pages do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.rehearsal.world import Flavour
from bridge.simulators.faults import Fault, Faulty
from bridge.simulators.wire import Request
from tests.flow.scene import FLAVOURS, Scene
from tests.flow.weather import CLOCKS_CHANGE, ZONES, Ledger, Weather, linked_all, lived, night, under, watch

pytestmark = [pytest.mark.parametrize("flavour", FLAVOURS), pytest.mark.promise("no missed change")]

Figure = Callable[[str], None]
HOUR = 3600.0


def some_weather(flavour: Flavour) -> Iterator[Weather]:
    """Yield one of each kind of weather, several kinds at once."""
    fair = Weather(flavour=flavour)
    yield replace(fair, zone=ZONES[0], start=CLOCKS_CHANGE[0], lag=31.0, desk=-61.0, page_size=3)
    yield replace(
        fair, zone=ZONES[1], start=CLOCKS_CHANGE[1], tracker=61.0, steps=((2, "bridge", -2 * HOUR),)
    )
    yield replace(fair, pace=121.0, bridge=3000.0, steps=((1, "desk", -1.0), (3, "tracker", -61.0)))
    yield replace(fair, desk=3000.0, tracker=3000.0, steps=((2, "desk", -3000.0), (3, "tracker", -3000.0)))
    yield replace(fair, steps=((2, "desk", -2 * HOUR), (2, "tracker", -2 * HOUR)), needs_night=True)


def all_weather(flavour: Flavour) -> Iterator[Weather]:
    """Yield every kind of weather alone, and some of them together."""
    fair = Weather(flavour=flavour)
    yield fair
    yield from some_weather(flavour)
    for zone, start in zip(ZONES, (*CLOCKS_CHANGE, CLOCKS_CHANGE[0]), strict=True):
        yield replace(fair, zone=zone, start=start, pace=59.9)
    for lag in (5.0, 31.0, 95.0) if flavour == "cloud" else ():
        yield replace(fair, lag=lag)
        yield replace(fair, lag=lag, page_size=2, tracker=-61.0)
    for size in (2, 3, 7):
        yield replace(fair, page_size=size)
    for pace in (7.0, 61.0, 119.0, 121.0, 300.0):
        yield replace(fair, pace=pace)
    for who in ("desk", "tracker", "bridge"):
        for ahead in (-121.0, -0.5, 121.0, 3000.0):
            yield replace(fair, **{who: ahead})  # type: ignore[arg-type]
        for step in (-1.0, -61.0, 61.0, 2 * HOUR):
            yield replace(fair, steps=((2, who, step), (4, who, -step if step > 0 else 0.0)))
    for step in (-5 * HOUR, -600.0, 5 * HOUR):
        yield replace(fair, steps=((3, "bridge", step),))
    for who in ("desk", "tracker"):
        for step in (-600.0, -5 * HOUR):
            yield replace(fair, steps=((3, who, step),), needs_night=True)


def run(kinds: Iterator[Weather], *, rounds: int, changes: int) -> tuple[int, int, list[str]]:
    """Live through each kind of weather; return how many changes, how many kinds, and what went wrong."""
    cases, number, wrong = 0, 0, []
    for weather in kinds:
        ledger, found = lived(weather, rounds=rounds, changes=changes)
        cases, number, wrong = cases + ledger.cases, number + 1, wrong + found
    return cases, number, wrong


def test_some_weather(flavour: Flavour, figure: Figure) -> None:
    """In each kind of weather every change is carried exactly once and both sides agree."""
    cases, kinds, wrong = run(some_weather(flavour), rounds=4, changes=6)
    assert wrong == []
    figure(f"{cases} changes in {kinds} kinds of weather on {flavour}")


@pytest.mark.deep
def test_all_weather(flavour: Flavour, figure: Figure) -> None:
    """The same in every kind of weather, at every offset between the looks."""
    cases, kinds, wrong = run(all_weather(flavour), rounds=5, changes=9)
    assert wrong == []
    figure(f"{cases:,} changes in {kinds} kinds of weather on {flavour}")


# -- the edges of a poll's window


def committed_late(flavour: Flavour, delays: list[float]) -> tuple[int, list[str]]:
    """Write at the newest moment seen, and then words that say that they are older by each delay.

    Those within the overlap must be there after one look; return how many were written, and what is missing.
    """
    scene = under(Weather(flavour=flavour))
    pairs = tuple(linked_all(scene, 2))
    ledger, wrong = Ledger(scene=scene, pairs=pairs), []
    overlap = scene.bridge.pair.overlap.total_seconds()
    for delay in delays:
        scene.world.clock.advance(timedelta(minutes=10, seconds=0.37))
        ledger.notes(0)
        ledger.comments(0)
        scene.bridge.cycle()
        shift(scene, -delay)
        ledger.notes(1)
        ledger.comments(1)
        shift(scene, 0.0)
        scene.bridge.cycle()
        within = ledger.written[-4:] if delay <= overlap else ledger.written[-4:-2]
        wrong += [f"{delay} s late: {one}" for one in ledger.missing(within)]
    night(scene)
    return ledger.cases, wrong + ledger.wrong()


def shift(scene: Scene, seconds: float) -> None:
    """Set the clocks of both servers to so many seconds ahead."""
    for who in ("desk", "tracker"):
        watch(scene, who).ahead = timedelta(seconds=seconds)


def test_words_that_are_committed_late(flavour: Flavour, figure: Figure) -> None:
    """What becomes visible late is seen by the next poll within the overlap, and by the night beyond it."""
    delays = [0.0, 0.4, 1.0, 59.5, 60.0, 119.0, 119.6, 120.0, 120.4, 121.0, 122.0, 600.0]
    cases, wrong = committed_late(flavour, delays)
    assert wrong == []
    figure(f"{cases} changes around the edges of the window on {flavour}")


@pytest.mark.deep
def test_words_that_are_committed_late_at_every_second(flavour: Flavour, figure: Figure) -> None:
    """The same for every second of the window, whole and broken, and a while beyond."""
    delays = [float(second) for second in range(131)] + [0.4, 59.6, 118.9, 119.1, 119.9, 120.1, 120.9]
    cases, wrong = 0, []
    for first in range(0, len(delays), 30):
        some, found = committed_late(flavour, delays[first : first + 30])
        cases, wrong = cases + some, wrong + found
    assert wrong == []
    figure(f"{cases:,} changes around the edges of the window on {flavour}")


# -- pages that shift while they are read


def lists(request: Request) -> bool:
    """Whether a request reads a page of a list."""
    return "/search" in request.path or (request.method == "GET" and "/entry/" in request.path)


def shifted(flavour: Flavour, size: int, skips: range) -> tuple[int, list[str]]:
    """Let people write between the pages of a look, into each of five incidents, before each of so many pages."""
    scene = under(Weather(flavour=flavour, page_size=size))
    pairs = tuple(linked_all(scene, 5))
    ledger = Ledger(scene=scene, pairs=pairs)
    deeds = (ledger.notes, ledger.comments)
    for skip in skips:
        for which in range(len(pairs)):
            scene.world.clock.advance(timedelta(minutes=3))
            for place in range(len(pairs)):  # all in one second, so that it lies across the pages
                deeds[(place + skip) % 2](place)
            for wire in (scene.world.desk_wire, scene.world.tracker_wire):
                between(wire, skip, lambda one=which: [deed(one) for deed in deeds])
            scene.bridge.cycle()
            scene.world.desk_wire.clear()
            scene.world.tracker_wire.clear()
            scene.look(2)
    scene.settle()
    return ledger.cases, ledger.wrong()


def between(wire: Faulty, skip: int, call: Callable[[], object]) -> None:
    """Do something before the page after so many others is read."""
    wire.add(Fault(kind="call_before", match=lists, skip=skip, call=lambda: call() and None))


@pytest.mark.parametrize("size", [2])
def test_pages_that_shift(flavour: Flavour, size: int, figure: Figure) -> None:
    """What changes while a list is read page by page is neither lost nor carried twice."""
    cases, wrong = shifted(flavour, size, range(1, 2))
    assert wrong == []
    figure(f"{cases} changes between pages on {flavour}")


@pytest.mark.deep
@pytest.mark.parametrize("size", [2, 3])
def test_pages_that_shift_anywhere(flavour: Flavour, size: int, figure: Figure) -> None:
    """The same before every page of a look."""
    cases, wrong = shifted(flavour, size, range(6))
    assert wrong == []
    figure(f"{cases:,} changes between pages of {size} on {flavour}")
