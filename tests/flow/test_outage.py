"""Calm in an outage: a server that is away is hardly asked, the other side's work goes on, and all is caught up with."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from bridge.connectors.remedy import RemedyDesk
from bridge.pulse import Pulse
from bridge.simulators.faults import Fault
from bridge.simulators.jira import Throttle
from bridge.simulators.jira.limits import Reason
from bridge.simulators.wire import Request, Response, TimedOut
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = pytest.mark.promise("calm")

HALF_AN_HOUR = 60


@pytest.fixture(params=FLAVOURS)
def scene(request: pytest.FixtureRequest) -> Scene:
    """A scene with either Jira."""
    return a_scene(request.param)


def asked(scene: Scene, side: str) -> int:
    """How often a side was asked so far."""
    return len((scene.world.desk_wire if side == "desk" else scene.world.tracker_wire).seen)


def breaks(scene: Scene, side: str, kind: str = "drop_before") -> Fault:
    """Let a side be away until further notice."""
    wire = scene.world.desk_wire if side == "desk" else scene.world.tracker_wire
    return wire.add(Fault(kind=kind, times=None))  # type: ignore[arg-type]


def mends(scene: Scene) -> None:
    """Let both sides be there again."""
    scene.world.desk_wire.clear()
    scene.world.tracker_wire.clear()


@pytest.mark.parametrize("kind", ["drop_before", "time_out_before", "answer_before"])
def test_a_tracker_that_is_away_is_hardly_asked_and_caught_up_with_at_once(
    scene: Scene, kind: str, figure: Callable[[str], None]
) -> None:
    """In 30 minutes without Jira at most 60 requests go there, and two looks after its return everything is across."""
    number, key = scene.linked()
    before = asked(scene, "tracker")
    breaks(scene, "tracker", kind)
    scene.look()
    scene.writes(number, "The customer rang again.")
    other = scene.opens()
    scene.asks(other)
    scene.look(HALF_AN_HOUR - 1)
    requests = asked(scene, "tracker") - before
    assert 0 < requests <= 60
    figure(f"{requests} requests in 30 minutes without Jira")
    assert not any("rang again" in text for text in scene.comments(key))
    mends(scene)
    scene.look(2)
    assert sum("rang again" in text for text in scene.comments(key)) == 1
    assert scene.key(other) == "FRONT-2"
    scene.settle()
    assert scene.keys() == ["FRONT-1", "FRONT-2"]


def test_a_desk_that_is_away_is_hardly_asked_and_caught_up_with_at_once(scene: Scene) -> None:
    """The same holds for Remedy: what was written in Jira meanwhile stands in the incident after two looks."""
    number, key = scene.linked()
    before = asked(scene, "desk")
    breaks(scene, "desk")
    scene.look()
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.look(HALF_AN_HOUR - 1)
    assert 0 < asked(scene, "desk") - before <= 60
    mends(scene)
    scene.look(2)
    assert len(scene.note_with(number, "Which browser is it?")) == 1


def written(scene: Scene, key: str) -> list[str]:
    """The numbered notes that crossed into a ticket, in their order."""
    return [number for text in scene.comments(key) for number in re.findall(r"note (\d+)", text)]


def works_through(scene: Scene, incidents: int, every: timedelta, hours: int = 24) -> dict[str, list[str]]:
    """Let people work at the desk for hours without Jira; returns what they wrote, by ticket."""
    people = {key: number for number, key in (scene.linked() for _ in range(incidents))}
    expected: dict[str, list[str]] = {key: [] for key in people}
    breaks(scene, "tracker")
    busy = sorted(people)
    turns = int(timedelta(hours=hours) / every)
    for turn in range(turns):
        key = busy[turn % len(busy)]
        scene.writes(people[key], f"The customer rang, note {turn}.")
        expected[key].append(str(turn))
        scene.world.clock.advance(every)
        scene.bridge.cycle()
    mends(scene)
    return expected


def test_a_day_without_jira_is_caught_up_with_in_minutes(scene: Scene) -> None:
    """What people wrote in 24 hours stands in the tickets after four minutes, in its order, and once each."""
    expected = works_through(scene, incidents=6, every=timedelta(minutes=20))
    back = scene.world.clock()
    while {key: written(scene, key) for key in expected} != expected:
        scene.look()
        assert scene.world.clock() - back <= timedelta(minutes=4)
    scene.settle()
    assert {key: written(scene, key) for key in expected} == expected
    assert len(scene.keys()) == 6


@pytest.mark.deep
def test_a_day_without_jira_with_two_hundred_busy_incidents() -> None:
    """The same with 200 incidents that change every few minutes: minutes, in order, once each."""
    scene = a_scene("cloud")
    expected = works_through(scene, incidents=200, every=timedelta(minutes=2))
    back = scene.world.clock()
    while {key: written(scene, key) for key in expected} != expected:
        scene.look()
        assert scene.world.clock() - back <= timedelta(minutes=10)
    scene.settle()
    assert {key: written(scene, key) for key in expected} == expected
    assert len(scene.keys()) == 200


def test_a_day_without_remedy_is_caught_up_with_in_minutes(scene: Scene) -> None:
    """What developers wrote in 24 hours without the desk stands in the incident in its order, and once each."""
    number, key = scene.linked()
    breaks(scene, "desk")
    for turn in range(48):
        scene.world.tracker.people.comments(key, f"Still looking, note {turn}.", "dev.ana")
        scene.world.clock.advance(timedelta(minutes=30))
        scene.bridge.cycle()
    mends(scene)
    scene.look(8)
    crossed = [found for text in scene.notes(number) for found in re.findall(r"note (\d+)", text)]
    assert crossed == [str(turn) for turn in range(48)]


def test_the_other_side_goes_on_while_an_answer_is_missing(scene: Scene) -> None:
    """A comment whose answer was lost waits for Jira to come back; the desk gets its note meanwhile."""
    number, key = scene.linked()
    scene.writes(number, "The customer rang again.")
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    lost = scene.world.tracker_wire.add(Fault(kind="drop_after", match=comments, times=1))
    scene.look()
    assert lost.times == 0
    breaks(scene, "tracker")
    scene.look(6)
    assert len(scene.note_with(number, "Which browser is it?")) == 1
    mends(scene)
    scene.look(3)
    assert sum("rang again" in text for text in scene.comments(key)) == 1


def test_what_waits_for_a_server_costs_nothing_and_crowds_nobody_out(scene: Scene) -> None:
    """An incident that only waits is not looked at again before something happens to it or the server is back."""
    linked = [scene.linked() for _ in range(3)]
    breaks(scene, "tracker")
    for number, _ in linked:
        scene.writes(number, "note 1")
    scene.look(4)
    assert scene.look(10).looked_at == 0
    scene.writes(linked[0][0], "note 2")
    assert scene.look().looked_at == 1
    mends(scene)
    scene.look(2)
    assert [written(scene, key) for _, key in linked] == [["1", "2"], ["1"], ["1"]]


def comments(request: Request) -> bool:
    """Whether a request writes a comment."""
    return request.method == "POST" and request.path.endswith("/comment")


def test_a_tracker_that_flaps_is_asked_calmly_and_nothing_is_doubled(scene: Scene) -> None:
    """Of ten requests one gets through for two hours: few are sent, none twice, and all is there after it."""
    number, key = scene.linked()
    before = asked(scene, "tracker")
    for turn in range(240):
        if turn % 20 == 0:
            scene.writes(number, f"The customer rang, note {turn}.")
        if not scene.world.tracker_wire.faults:
            scene.world.tracker_wire.add(Fault(kind="drop_after", times=9))
        scene.world.tracker_wire.faults = [one for one in scene.world.tracker_wire.faults if one.times]
        scene.look()
    assert asked(scene, "tracker") - before <= 240
    mends(scene)
    scene.look(12)
    assert written(scene, key) == [str(turn) for turn in range(0, 240, 20)]
    assert scene.keys() == ["FRONT-1"]


# -- limits


def throttle(scene: Scene, reason: Reason, after: int, match: Callable[[Request], bool]) -> None:
    """Let Cloud refuse the matching calls for so many seconds, as it does: every one that comes too early."""
    ends = scene.world.clock() + timedelta(seconds=after)
    world = scene.world

    def too_early(request: Request) -> bool:
        return world.clock() < ends and match(request)

    world.tracker.throttle(Throttle(times=None, reason=reason, retry_after=after, match=too_early))


def test_a_limit_of_one_ticket_holds_up_nobody_else() -> None:
    """jira-per-issue-on-write: the other incident is mirrored in the same look, this one when its time has come.

    Synchronisers that pause a connection for one object's trouble hold up everybody.
    """
    scene = a_scene("cloud")
    number, key = scene.linked()
    other, other_key = scene.linked()
    issue = scene.ticket(key)["id"]
    throttle(
        scene,
        "jira-per-issue-on-write",
        100,
        lambda request: request.method != "GET" and f"/issue/{issue}" in request.path,
    )
    before = asked(scene, "tracker")
    scene.writes(number, "note 1")
    scene.writes(number, "note 2")
    scene.writes(other, "note 3")
    scene.look()
    assert written(scene, other_key) == ["3"]
    scene.look(2)
    assert [(method, path) for method, path in writes(scene, before) if issue in path][1:] == []
    scene.look(3)
    assert written(scene, key) == ["1", "2"]


def writes(scene: Scene, since: int) -> list[tuple[str, str]]:
    """The requests that wrote to the tracker since a count."""
    seen = scene.world.tracker_wire.seen[since:]
    return [(method, path) for method, path in seen if method != "GET" and "search" not in path]


def test_a_burst_of_one_endpoint_slows_that_endpoint() -> None:
    """jira-burst-based on comments: a ticket is opened in the same look, and no comment is tried before its time."""
    scene = a_scene("cloud")
    number, key = scene.linked()
    throttle(scene, "jira-burst-based", 80, comments)
    before = asked(scene, "tracker")
    scene.writes(number, "note 1")
    scene.look()
    other = scene.opens()
    scene.asks(other)
    scene.look(2)
    assert scene.key(other) == "FRONT-2"
    assert sum(path.endswith("/comment") for _, path in writes(scene, before)) == 1
    scene.look(3)
    assert written(scene, key) == ["1"]


def test_a_burst_of_searches_does_not_hold_up_what_is_written() -> None:
    """A poll that is put off is no outage: what the desk said still crosses."""
    scene = a_scene("cloud")
    number, key = scene.linked()
    throttle(scene, "jira-burst-based", 600, lambda request: "search" in request.path)
    scene.writes(number, "note 1")
    scene.look()
    assert written(scene, key) == ["1"]


def test_a_quota_stops_that_tracker_and_nobody_else() -> None:
    """jira-quota-tenant-based: no request until it is given back, the desk is served, and then all is caught up with."""
    scene = a_scene("cloud")
    number, key = scene.linked()
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    throttle(scene, "jira-quota-tenant-based", 1500, lambda request: "search" not in request.path)
    scene.writes(number, "note 1")
    scene.look()
    assert len(scene.note_with(number, "Which browser is it?")) == 1
    before, desk = asked(scene, "tracker"), asked(scene, "desk")
    scene.look(45)
    assert asked(scene, "tracker") == before
    assert asked(scene, "desk") - desk >= 45
    scene.look(8)
    assert written(scene, key) == ["1"]


# -- Remedy's one session


def test_an_account_that_is_in_use_elsewhere_is_waited_for_calmly(scene: Scene) -> None:
    """ARERR 9093 for ten minutes: one try a look, and what developers wrote crosses once it is over."""
    number, key = scene.linked()
    scene.world.desk.sessions.occupy("svc-bridge")
    before = asked(scene, "desk")
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.look(20)
    assert 0 < asked(scene, "desk") - before <= 20
    scene.world.desk.sessions.vacate("svc-bridge")
    scene.look(2)
    assert len(scene.note_with(number, "Which browser is it?")) == 1


def test_two_pairs_never_call_one_remedy_at_once() -> None:
    """Threads that share a desk's account follow one another, also while it answers 9084."""
    scene = a_scene("cloud")
    number, _ = scene.linked()
    most, inside, lock = [0], [0], threading.Lock()
    door = scene.world.desk_wire.inner

    class Counting:
        """Counts who is inside at once."""

        def handle(self, request: Request) -> Response:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.002)
            answer = door.handle(request)
            with lock:
                inside[0] -= 1
            return answer

    scene.world.desk_wire.inner = Counting()
    desk = scene.bridge.pair.desk
    assert isinstance(desk, RemedyDesk)
    views = [desk.for_pair(name) for name in ("retail", "cards", "loans")]
    threads = [
        threading.Thread(target=lambda view=view: [view.notes(number) for _ in range(10)]) for view in views
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


# -- alive all the while


def test_servers_that_hang_are_no_reason_to_restart() -> None:
    """Both servers take every call to its end without an answer: the process counts as alive, and as ready."""
    scene = a_scene("cloud")
    scene.linked()
    clock = scene.world.clock
    pulse = Pulse(clock=clock, poll=timedelta(seconds=30), timeout=timedelta(seconds=60))
    pulse.begins(("retail",))
    late: list[str] = []

    def hangs() -> None:
        clock.advance(timedelta(seconds=60))
        late.extend(pulse.late())
        raise TimedOut

    def moves() -> bool:
        late.extend(pulse.late())
        pulse.moves("retail")
        return False

    scene.bridge.stopping = moves
    for wire in (scene.world.desk_wire, scene.world.tracker_wire):
        wire.add(Fault(kind="call_before", times=None, call=hangs))
    for _ in range(20):
        began = clock()
        summary = scene.look()
        pulse.beats("retail", began=began, sentence=summary.sentence, down=tuple(summary.down))
    assert late == []
    assert pulse.unready() == ()
    assert pulse.all()["retail"].down == ("desk", "tracker")
    clock.advance(timedelta(seconds=241))
    assert pulse.late() == ("retail",)


def test_what_crosses_and_what_echoes_is_counted(scene: Scene) -> None:
    """A note that was carried counts once by its direction; the comment that it became is an echo at the next poll."""
    number, _ = scene.linked()
    scene.writes(number, "The customer rang again.")
    first = scene.look()
    assert dict(first.carried) == {"tracker": 1}
    second = scene.look()
    assert dict(second.carried) == {}
    assert second.polled.echoes == 1
