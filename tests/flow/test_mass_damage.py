"""What would touch too many links at once is withheld until a person approved exactly that."""

from __future__ import annotations

import pytest

from bridge.rehearsal.world import Flavour
from bridge.rules.shape import RuleSet
from bridge.simulators.faults import Fault
from bridge.state.approvals import Withheld
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = [pytest.mark.promise("no mass damage"), pytest.mark.parametrize("flavour", FLAVOURS)]


def linked(scene: Scene, number: int) -> list[str]:
    """So many linked incidents, at rest."""
    found = [scene.opens() for _ in range(number)]
    for one in found:
        scene.asks(one)
    scene.settle()
    return found


def waiting(scene: Scene) -> tuple[Withheld, ...]:
    """The plans that wait for a person."""
    with scene.store.reading() as tx:
        return tx.approvals.waiting("retail")


def approved(scene: Scene) -> None:
    """A person approves what waits."""
    (plan,) = waiting(scene)
    with scene.store.transaction() as tx:
        tx.approvals.approve("retail", plan.checksum, "root", scene.world.clock())


def edited(rules: RuleSet) -> RuleSet:
    """The rules with another owner of the priority, which then is no longer that of the incident."""
    (rule,) = rules.rules
    field = rule.mirror.fields[0]
    other = rules.maps | {"priority": dict.fromkeys(rules.maps["priority"], "Lowest")}
    assert field.map == "priority"
    return rules.model_copy(update={"maps": other})


def with_rules(scene: Scene, rules: RuleSet) -> None:
    """The bridge is started anew with other rules."""
    scene.rules = rules
    scene.restart()


def priorities(scene: Scene) -> set[str]:
    """The priorities of all tickets."""
    return {str(scene.ticket(key)["priority"]) for key in scene.world.tracker.keys("FRONT")}


def test_a_rule_edit_that_touches_too_much_waits(flavour: Flavour) -> None:
    """Ten links and more than three of them touched: nothing is done before that plan is approved, then all of it."""
    scene = a_scene(flavour)
    linked(scene, 10)
    with_rules(scene, edited(scene.rules))
    scene.settle()
    assert priorities(scene) == {"High"}
    (plan,) = waiting(scene)
    assert "10 of 10 held incidents" in plan.sentence
    scene.wait(minutes=20)
    assert len(waiting(scene)) == 1
    approved(scene)
    scene.settle()
    assert priorities(scene) == {"Lowest"}
    assert waiting(scene) == ()


def test_meanwhile_new_incidents_are_served(flavour: Flavour) -> None:
    """What waits stops only what it would touch."""
    scene = a_scene(flavour)
    old = linked(scene, 10)
    with_rules(scene, edited(scene.rules))
    scene.settle()
    (new,) = linked(scene, 1)
    assert scene.key(new)
    scene.writes(old[0], "Any news?")
    scene.settle()
    assert not any("Any news?" in text for text in scene.comments(scene.key(old[0])))
    approved(scene)
    scene.settle()


def test_taking_the_edit_back_needs_no_approval(flavour: Flavour) -> None:
    """With the old rules again nothing waits, and what was left alone meanwhile is caught up with."""
    scene = a_scene(flavour)
    old = linked(scene, 10)
    before = scene.rules
    with_rules(scene, edited(before))
    scene.settle()
    scene.writes(old[0], "Any news?")
    scene.settle()
    with_rules(scene, before)
    scene.settle()
    assert any("Any news?" in text for text in scene.comments(scene.key(old[0])))
    assert priorities(scene) == {"High"}
    assert waiting(scene) == ()


def test_another_plan_needs_another_approval(flavour: Flavour) -> None:
    """An approval counts for exactly the plan that was shown: other rules are another plan."""
    scene = a_scene(flavour)
    linked(scene, 10)
    with_rules(scene, edited(scene.rules))
    scene.settle()
    first = waiting(scene)[0].checksum
    other = {"priority": dict.fromkeys(scene.rules.maps["priority"], "Low")}
    scene.rules = scene.rules.model_copy(update={"maps": scene.rules.maps | other})
    with scene.store.transaction() as tx:
        tx.approvals.approve("retail", first, "root", scene.world.clock())
    scene.restart()
    scene.settle()
    assert priorities(scene) == {"High"}
    assert waiting(scene)[0].checksum != first


@pytest.mark.parametrize(("high", "asked"), [(3, False), (4, True)])
def test_thirty_per_cent_are_followed_and_more_is_asked_about(
    flavour: Flavour, high: int, asked: bool
) -> None:
    """An edit that touches three of ten is followed as it is; one that touches four waits, and touches none of them."""
    scene = a_scene(flavour)
    linked(scene, high)
    for _ in range(10 - high):
        scene.asks(scene.opens(Impact="4-Minor/Localized", Urgency="4-Low"))
    scene.settle()
    other = {"priority": {**scene.rules.maps["priority"], "High": "Highest"}}
    with_rules(scene, scene.rules.model_copy(update={"maps": scene.rules.maps | other}))
    scene.settle()
    assert priorities(scene) == {"High" if asked else "Highest", "Low"}
    assert [f"{high} of 10 held" in plan.sentence for plan in waiting(scene)] == [True] * asked


def test_what_people_write_meanwhile_frees_nobody_and_changes_no_plan(flavour: Flavour) -> None:
    """However many notes come in while it waits, the plan stays the one that was shown, and then the notes cross."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    with_rules(scene, edited(scene.rules))
    scene.look()
    first = waiting(scene)[0].checksum
    for number in numbers:
        scene.writes(number, "Any news?")
    for _ in range(3):
        scene.wait(minutes=6)
    scene.restart()
    scene.look(2)
    assert priorities(scene) == {"High"}
    assert [plan.checksum for plan in waiting(scene)] == [first]
    approved(scene)
    scene.settle()
    assert priorities(scene) == {"Lowest"}
    told = [sum("Any news?" in text for text in scene.comments(scene.key(number))) for number in numbers]
    assert told == [1] * 10


def test_when_the_world_moves_on_the_old_approval_does_not_count(flavour: Flavour) -> None:
    """Approved was what would be done then: where a priority changes before it is done, a person is asked anew."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    with_rules(scene, edited(scene.rules))
    scene.look()
    first = waiting(scene)[0].checksum
    scene.world.tracker.people.sets(scene.key(numbers[0]), {"priority": "Lowest"}, "dev.ana")
    scene.look()
    approved(scene)
    scene.settle()
    (plan,) = waiting(scene)
    assert plan.checksum != first
    assert priorities(scene) == {"High", "Lowest"}
    approved(scene)
    scene.settle()
    assert priorities(scene) == {"Lowest"}


def test_an_edit_while_all_are_busy_is_counted_as_well(flavour: Flavour) -> None:
    """After an outage, when everything waits to be done, an edit of the rules is no less a mass."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    outage = scene.world.tracker_wire.add(Fault(kind="drop_before", times=None))
    for number in numbers:
        scene.writes(number, "Any news?")
    scene.look(2)
    with_rules(scene, edited(scene.rules))
    scene.look()
    scene.world.tracker_wire.faults.remove(outage)
    scene.settle()
    assert priorities(scene) == {"High"}
    assert "10 of 10 held" in waiting(scene)[0].sentence


def test_few_links_and_small_edits_are_followed_at_once(flavour: Flavour) -> None:
    """Below ten links an edit is followed as it is."""
    scene = a_scene(flavour)
    linked(scene, 9)
    with_rules(scene, edited(scene.rules))
    scene.settle()
    assert priorities(scene) == {"Lowest"}
    assert waiting(scene) == ()


def test_a_side_that_went_dark_is_not_believed_lost(flavour: Flavour) -> None:
    """All tickets out of sight at once: nobody is told that they were deleted; in sight again, all goes on."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    keys = scene.keys()
    for key in keys:
        scene.world.tracker.people.hides(key)
    for number in numbers:
        scene.writes(number, "Any news?")
    scene.look()
    for _ in range(4):
        scene.wait(minutes=6)
    assert sum(len(scene.note_with(number, "was deleted")) for number in numbers) == 0
    (plan,) = waiting(scene)
    assert "10 of 10 linked tickets are out of sight" in plan.sentence
    for key in keys:
        scene.world.tracker.people.hides(key, hidden=False)
    for _ in range(8):
        scene.wait(hours=2)
    assert sum(len(scene.note_with(number, "was deleted")) for number in numbers) == 0


def test_tickets_that_really_went_are_told_once_approved(flavour: Flavour) -> None:
    """With the approval Frontline is told of every ticket that is gone, each once."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    for key in scene.world.tracker.keys("FRONT"):
        scene.world.tracker.people.deletes(key)
    for number in numbers:
        scene.writes(number, "Any news?")
    scene.look()
    scene.wait(minutes=6)
    approved(scene)
    for _ in range(4):
        scene.wait(minutes=6)
    assert [len(scene.note_with(number, "was deleted")) for number in numbers] == [1] * 10
