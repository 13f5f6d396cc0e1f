"""Early closes: by a person, by the desk itself, by a mass action; refusals, moved queues, empty and retired ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.rehearsal.world import DESK_ACCOUNT, Flavour
from tests.flow.scene import FLAVOURS, Scene, a_scene, rules_with

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

FALLBACK = "Frontline Cards"


def with_fallback(flavour: Flavour, queue: str = FALLBACK) -> Scene:
    """A scene whose rule has a fallback queue."""
    return a_scene(flavour, rules_with(hold={"fallback_queue": queue}))


def queue_of(scene: Scene, number: str) -> str:
    """The queue that has the incident."""
    return str(scene.incident(number)["Assigned Group"])


def test_the_desk_closes_what_was_resolved_too_often(flavour: Flavour) -> None:
    """After N put-backs a resolve stands and is flagged; when the desk closes it after 15 days the ticket is told."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    for _ in range(4):
        scene.resolves(number)
        scene.settle()
    assert scene.status(number) == "Resolved"
    assert "put back 3 times" in scene.flags(number)["resolved_early"]
    assert "Needs a person: resolved early" in scene.living(number)
    assert not any("before this fix was verified" in text for text in scene.comments(key))

    scene.wait(days=16)
    scene.settle()
    assert scene.status(number) == "Closed"
    assert scene.flags(number)["closed_early"] == "Closed"
    assert scene.explained(number).stage == "closed_early"
    assert len([text for text in scene.comments(key) if "before this fix was verified" in text]) == 1
    assert len(scene.note_with(number, "resolved this incident")) == 3


def test_an_incident_that_was_put_back_is_never_closed_by_the_desk(flavour: Flavour) -> None:
    """The desk closes only what stays resolved: an incident that came back in time is there a month later."""
    scene = a_scene(flavour)
    number, _ = scene.linked()
    scene.resolves(number)
    scene.settle()
    scene.wait(days=31)
    scene.settle()
    assert scene.status(number) == "Pending"
    assert scene.flags(number) == {}


def test_a_cancelled_incident_is_flagged_only(flavour: Flavour) -> None:
    """A cancelled incident cannot be put back; the ticket learns that nobody waits."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.desk.people.sets(number, {"Status": "Cancelled"}, by="zoe")
    scene.settle()
    assert scene.status(number) == "Cancelled"
    assert any("set to Cancelled before this fix" in text for text in scene.comments(key))
    assert scene.flags(number)["closed_early"] == "Cancelled"


def test_a_mass_action_is_put_back_once_each(flavour: Flavour) -> None:
    """Thirty held incidents resolved at once come back, each with one note, at a bounded number of requests."""
    scene = a_scene(flavour)
    numbers = [scene.opens() for _ in range(30)]
    for number in numbers:
        scene.asks(number)
    scene.settle()
    for number in numbers:
        scene.resolves(number, by="lena")
    desk, tracker = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    scene.settle()
    assert {scene.status(number) for number in numbers} == {"Pending"}
    for number in numbers:
        (note,) = scene.note_with(number, "resolved this incident")
        assert scene.key(number) in note
        assert "Put back 1 of 3 times" in note
    looks = 4
    assert len(scene.world.desk_wire.seen) - desk <= 30 * 4 + looks * 3
    assert len(scene.world.tracker_wire.seen) - tracker <= 30 * 3 + looks * 2


def test_the_desks_refusal_is_flagged_word_for_word(flavour: Flavour) -> None:
    """Where the desk does not let an incident be reopened its words are put before people, and it is not asked for ever."""
    scene = a_scene(flavour)
    scene.world.desk.settings = replace(scene.world.desk.settings, reopening_forbidden=True)
    number, _ = scene.linked()
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"
    refusal = "A resolved incident cannot be re-opened. Open a new one."
    assert refusal in scene.flags(number)["put_back_refused"]
    assert refusal in scene.living(number)
    assert scene.note_with(number, "resolved this incident") == []

    def tries() -> int:
        return len(
            [path for method, path in scene.world.desk_wire.seen if method == "PUT" and "/HPD:Incid" in path]
        )

    for turn in range(3):
        scene.world.desk.people.sets(number, {"Resolution": f"Done, really ({turn})."}, by="ann")
        scene.settle()
    before = tries()
    for turn in range(3):
        scene.world.desk.people.sets(number, {"Resolution": f"Done and done ({turn})."}, by="ann")
        scene.settle()
    assert tries() == before
    assert refusal in scene.flags(number)["put_back_refused"]


def test_a_moved_queue_is_respected_and_noted(flavour: Flavour) -> None:
    """A person's reassignment stands; it is noted once in the incident, in the living note, and shown in the ticket."""
    scene = with_fallback(flavour)
    number, key = scene.linked()
    scene.world.desk.people.reassigns(number, "Back Office", "zoe", by="ann")
    scene.settle()
    scene.wait(days=2)
    scene.settle()
    assert queue_of(scene, number) == "Back Office"
    (note,) = scene.note_with(number, "came from Frontline Retail to Back Office")
    assert key in note
    assert "it was Frontline Retail" in scene.living(number)
    assert any("Frontline Retail → Back Office" in line for line in scene.explained(number).history)
    (link,) = scene.world.tracker.remote_links(key)
    assert link["object"]["title"].endswith("Back Office")


def test_the_bridge_never_moves_a_queue_by_itself(flavour: Flavour) -> None:
    """From the request to the verified incident the queue and the owner stay whose they were."""
    scene = with_fallback(flavour)
    number, _ = scene.to_verification()
    scene.writes(number, "#verified")
    scene.settle()
    groups = [
        change.new for change in scene.world.desk.people.changes(number) if change.field == "Assigned Group"
    ]
    assert groups == ["Frontline Retail"]
    assert scene.incident(number)["Assignee"] == "Ann Owner"


def test_an_empty_queue_goes_to_the_fallback(flavour: Flavour) -> None:
    """An incident in nobody's queue is given to the rule's fallback, which reads why."""
    scene = with_fallback(flavour)
    number, _ = scene.linked()
    empty = {"Assigned Group": None, "Assignee Login ID": None}
    scene.world.desk.people.sets(number, empty, by="ann")
    scene.settle()
    assert queue_of(scene, number) == FALLBACK
    (note,) = scene.note_with(number, "was given to Frontline Cards")
    assert "Frontline Retail is empty or out of use" in note
    assert any("by the bridge" in line for line in scene.explained(number).history)


def test_a_retired_queue_goes_to_the_fallback(flavour: Flavour) -> None:
    """A group that was taken out of use touches no incident: the bridge notices within a day."""
    scene = with_fallback(flavour)
    number, _ = scene.linked()
    scene.world.desk.retire_group("Frontline Retail")
    scene.wait(hours=25)
    scene.settle()
    assert queue_of(scene, number) == FALLBACK
    assert len(scene.note_with(number, "was given to Frontline Cards")) == 1
    by = {change.who for change in scene.world.desk.people.changes(number) if change.new == FALLBACK}
    assert by == {DESK_ACCOUNT}


def test_a_fallback_that_is_no_use_is_flagged(flavour: Flavour) -> None:
    """Where the fallback itself is out of use the refusal is put before people and the incident stays."""
    scene = with_fallback(flavour)
    number, _ = scene.linked()
    scene.world.desk.retire_group(FALLBACK)
    scene.world.desk.people.sets(number, {"Assigned Group": None, "Assignee Login ID": None}, by="ann")
    scene.settle()
    assert not scene.incident(number)["Assigned Group"]
    assert "active support groups" in scene.flags(number)["not_rerouted"]


def test_a_quiet_month_asks_for_groups_once_a_day(flavour: Flavour) -> None:
    """Watching for retired groups costs a held incident one request a day and changes nothing."""
    scene = with_fallback(flavour)
    scene.linked()
    scene.wait(days=2)
    before = len(scene.world.desk_wire.seen)
    for _ in range(3):
        assert scene.wait(hours=25).done == 0
    logins = 3
    assert len(scene.world.desk_wire.seen) - before <= 3 * (2 + 1) + logins
