"""Calm in an outage: a server that is away is hardly asked, the other side's work goes on, and all is caught up with."""

from __future__ import annotations

import pytest

from bridge.simulators.faults import Fault
from tests.flow.scene import FLAVOURS, Scene, a_scene

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
def test_a_tracker_that_is_away_is_hardly_asked_and_caught_up_with_at_once(scene: Scene, kind: str) -> None:
    """In 30 minutes without Jira at most 60 requests go there, and two looks after its return everything is across."""
    number, key = scene.linked()
    before = asked(scene, "tracker")
    breaks(scene, "tracker", kind)
    scene.look()
    scene.writes(number, "The customer rang again.")
    other = scene.opens()
    scene.asks(other)
    scene.look(HALF_AN_HOUR - 1)
    assert 0 < asked(scene, "tracker") - before <= 60
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
