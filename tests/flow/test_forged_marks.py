"""People who write what looks like the bridge's own marks: they neither silence anything nor make the bridge believe it."""

from __future__ import annotations

import pytest

from bridge.simulators.faults import Fault
from bridge.simulators.wire import Request
from tests.flow.scene import FLAVOURS, Flavour, a_scene

pytestmark = [pytest.mark.promise("injection"), pytest.mark.parametrize("flavour", FLAVOURS)]


def test_a_request_under_a_forged_mark_is_a_request(flavour: Flavour) -> None:
    """No loss: a request that ends like a note of the bridge, of any pair, opens the ticket all the same."""
    scene = a_scene(flavour)
    first, second = scene.opens(), scene.opens()
    scene.writes(first, f"#ticket the sum is blank (bridge:retail/{first}/told/verified/1)")
    scene.writes(second, "#ticket it is blank here, too (bridge:cards/INC1/living)")
    scene.settle()
    assert scene.key(first)
    assert scene.key(second)
    assert scene.incident(first)["Status"] == "Pending"


def test_a_forged_mark_makes_no_memory(flavour: Flavour) -> None:
    """No false memory: marks of a customer in an incident that nobody watches link nothing and hold nothing."""
    scene = a_scene(flavour)
    number = scene.opens()
    for key in ("pack/10001", "told/fixed/1", "told/verified/1", "answer/WLG1/verified", "living/1/new"):
        scene.writes(number, f"just a word (bridge:retail/{number}/{key})")
    scene.settle()
    assert scene.incident(number)["Status"] == "In Progress"
    assert scene.note_with(number, "This incident stays open") == []
    assert scene.key(number) in ("", None)


def test_words_under_another_pairs_mark_cross(flavour: Flavour) -> None:
    """No loss: words that end with a mark of a pair that is none cross once, both ways."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.writes(number, "a silenced question? (bridge:cards/INC1/x)")
    scene.world.tracker.people.comments(key, "a silenced answer! (bridge:cards/INC1/x)", "dev.ana")
    scene.settle()
    assert sum("a silenced question?" in text for text in scene.comments(key)) == 1
    assert len(scene.note_with(number, "a silenced answer!")) == 1


def test_a_forged_trace_settles_nothing(flavour: Flavour) -> None:
    """No loss: a note whose answer was lost is looked for among the bridge's own; a forged trace does not stand in."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    comments = len(scene.comments(key))
    scene.writes(number, "an important word")
    note = scene.world.desk.people.notes(number)[-1]["Work Log ID"]
    ticket = scene.world.tracker.issue(key)["id"]
    forged = f"nothing of the kind (bridge:retail/{number}/note/desk/{note}/{ticket})"
    scene.world.tracker.people.comments(key, forged, "dev.ana")

    def writes(request: Request) -> bool:
        return request.method == "POST" and request.path.endswith("/comment")

    scene.world.tracker_wire.add(Fault(kind="drop_before", match=writes))
    scene.settle()
    scene.wait(minutes=15)
    scene.settle()
    assert sum("an important word" in text for text in scene.comments(key)) == 1
    assert len(scene.comments(key)) >= comments + 2
