"""``bridge run``: it links, tells of itself, ends when told to, and goes on after it was killed."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from bridge.simulators.faults import Fault
from tests.system.place import Place, Running, creates, until

SENTENCE = re.compile(r"cycle \d+: \d+ incidents? looked at, \d+ effects? done.*\.")


class Slow:
    """A write that does not come back before it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.let_go = threading.Event()

    def __call__(self) -> None:
        """Keep the caller waiting."""
        self.entered.set()
        self.let_go.wait(60)


@pytest.fixture
def slow(place: Place) -> Slow:
    """Opening a ticket takes until it is let go."""
    fault = Slow()
    place.world.tracker_wire.add(Fault(kind="call_before", match=creates, call=fault))
    return fault


def test_a_request_is_linked_and_told_in_json(place: Place) -> None:
    """The daemon opens the ticket; every line of its log is JSON that names pair, cycle and incident; SIGTERM ends it."""
    number = place.opens("#ticket the sum is blank")
    with place.running() as bridge:
        until(lambda: place.key(number) == "FRONT-1")
        bridge.looks_again()
        bridge.signals(signal.SIGTERM)
        assert bridge.ends() == 0
    events = bridge.events()
    assert events[0]["event"] == "daemon_started"
    assert events[-1]["event"] == "daemon_stopped"
    assert all({"event", "level", "timestamp"} <= event.keys() for event in events)
    done = bridge.events("effect_done")
    assert {event["incident"] for event in done} == {number}
    assert all(event["pair"] == "retail" and event["cycle"] >= 1 and event["reason"] for event in done)
    cycles = bridge.events("cycle_done")
    assert all(SENTENCE.fullmatch(event["sentence"]) for event in cycles)
    assert [event["cycle"] for event in cycles] == list(range(1, len(cycles) + 1))
    assert place.status(number) == "Pending"


def test_sigterm_lets_a_slow_write_finish(place: Place, slow: Slow) -> None:
    """A write that is under way is finished and recorded; no effect is left started, and nothing is begun after it."""
    place.opens("#ticket the sum is blank")
    with place.running() as bridge:
        until(slow.entered.is_set)
        bridge.signals()
        told = time.monotonic()
        until(lambda: bridge.events("daemon_stopping"))
        slow.let_go.set()
        assert bridge.ends() == 0
        assert time.monotonic() - told < 10
    assert place.tickets() == ["FRONT-1"]
    assert place.effects("started") == ()
    assert [effect.key.split("/")[1] for effect in place.effects("done")] == ["create"]


def test_a_second_signal_ends_at_once_and_nothing_is_done_twice(place: Place, slow: Slow) -> None:
    """Told twice the process is gone within a second; what it had begun is looked for at the next start."""
    number = place.opens("#ticket the sum is blank")
    with place.running() as bridge:
        until(slow.entered.is_set)
        bridge.signals()
        until(lambda: bridge.events("daemon_stopping"))
        told = time.monotonic()
        bridge.signals()
        assert bridge.ends() == 1
        assert time.monotonic() - told < 1
    assert len(place.effects("started")) == 1
    slow.let_go.set()
    until(lambda: place.tickets() == ["FRONT-1"])  # the server did it all the same
    with place.running() as again:
        until(lambda: place.key(number) == "FRONT-1")
        assert again.events("effect_found")
    assert place.tickets() == ["FRONT-1"]


@pytest.mark.deep
def test_a_write_that_never_ends_does_not_keep_the_process(place: Place, slow: Slow) -> None:
    """The drain ends after ten seconds even where a server does not answer, and says what happens next."""
    place.opens("#ticket the sum is blank")
    with place.running() as bridge:
        until(slow.entered.is_set)
        bridge.signals()
        told = time.monotonic()
        assert bridge.ends() == 1
        assert time.monotonic() - told < 10
    stopped = bridge.events("daemon_stopped")[0]
    assert stopped["drained"] is False
    assert "looks for what it was about to write" in stopped["next"]
    slow.let_go.set()


def test_logging_out_does_not_keep_the_process(place: Place) -> None:
    """A desk that hangs at logging out is left behind after a moment."""
    leaving = Slow()
    fault = Fault(kind="call_before", match=lambda request: request.path.endswith("/logout"), call=leaving)
    place.world.desk_wire.add(fault)
    with place.running() as bridge:
        bridge.looks_again(1)
        bridge.signals()
        told = time.monotonic()
        assert bridge.ends() == 0
        assert time.monotonic() - told < 5
    assert leaving.entered.is_set()
    leaving.let_go.set()


def test_a_second_daemon_refuses_to_start(place: Place) -> None:
    """On a state in use another daemon says by whom, why and what to do, and ends; the first goes on."""
    with place.running() as bridge:
        bridge.looks_again(1)
        second = place.run("run")
        assert second.code == 1
        assert "Another bridge is running on the state file" in second.err
        assert f"held by process {bridge.process.pid}" in second.told
        assert "next:" in second.err
        bridge.looks_again()


def test_a_tracker_that_is_down_is_waited_for_calmly(place: Place) -> None:
    """Without Jira the daemon starts, says so once, asks a few times a look, and catches up; Ctrl-C ends it."""
    number = place.opens("#ticket the sum is blank")
    outage = place.world.tracker_wire.add(Fault(kind="drop_before", times=None))
    with place.running() as bridge:
        bridge.looks_again(3)
        asked, looks = len(place.world.tracker_wire.seen), bridge.cycles() + 1
        assert 0 < asked <= 3 * looks
        lost = bridge.events("side_lost")
        assert [(event["pair"], event["side"]) for event in lost] == [("retail", "tracker")]
        assert lost[0]["what"]
        assert lost[0]["why"]
        assert lost[0]["next"]
        assert "the tracker cannot be asked" in bridge.events("cycle_done")[-1]["sentence"]
        until(lambda: place.run("status", "--json").json[0]["outages"])
        told = place.run("status").told
        assert "the tracker is away since" in told
        assert "asked again" in told
        assert place.key(number) == ""
        place.world.tracker_wire.faults.remove(outage)
        until(lambda: place.key(number) == "FRONT-1")
        until(lambda: bridge.events("side_back"))
        until(lambda: place.run("status", "--json").json[0]["outages"] == [])
        bridge.signals(signal.SIGINT)
        assert bridge.ends() == 0
    assert place.tickets() == ["FRONT-1"]


def _killed_by(bridge: Running) -> None:
    bridge.process.kill()
    bridge.process.wait(timeout=10)


def test_killed_in_the_middle_of_a_write_it_goes_on(place: Place) -> None:
    """Killed after Jira opened the ticket and before the answer came, it finds that ticket again and opens no second."""
    number = place.opens("#ticket the sum is blank")
    killed: list[Running] = []
    fault = Fault(kind="call_after", match=creates, call=lambda: _killed_by(killed[0]))
    with place.running() as bridge:
        killed.append(bridge)
        place.world.tracker_wire.add(fault)
        assert bridge.ends() == -signal.SIGKILL
    assert place.tickets() == ["FRONT-1"]
    assert place.key(number) == ""
    with place.running() as again:
        until(lambda: place.key(number) == "FRONT-1")
        again.looks_again()
        again.signals()
        assert again.ends() == 0
    assert place.tickets() == ["FRONT-1"]
    assert place.status(number) == "Pending"
    assert place.effects("started") == ()


def test_what_happens_while_it_is_away_is_caught_up(place: Place) -> None:
    """Requests made while no daemon ran are answered at the next start, each once."""
    first = place.opens("#ticket the sum is blank")
    with place.running() as bridge:
        until(lambda: place.key(first) == "FRONT-1")
        bridge.signals()
        bridge.ends()
    second = place.opens("#ticket the sum is blank here, too")
    place.world.tracker.people.comments("FRONT-1", "Which browser is it?", "dev.ana")
    with place.running():
        until(lambda: place.key(second) == "FRONT-2")
        until(lambda: any("Which browser" in note for note in place.notes(first)))
    assert place.tickets() == ["FRONT-1", "FRONT-2"]
