"""Three lines: a queue in Jira as second line, which hands on to a third line and takes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.decide.explain import Explanation, explain
from bridge.engine.observe import Observer
from bridge.model.dossier import Dossier
from bridge.rehearsal.world import Flavour
from bridge.rules.shape import RuleSet
from bridge.simulators.jira import CustomField, ProjectSpec
from tests.flow.ruled import rules_with
from tests.flow.scene import CAST, FLAVOURS, Scene, a_scene

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

TEAMS = replace(
    CAST,
    projects=(*CAST.projects, ProjectSpec(key="SUP", name="Second line")),
    custom_fields=(
        CustomField(
            id="customfield_10050", name="Team", kind="select", options=("Support", "Backend", "Mobile")
        ),
    ),
)
BY_PROJECT: dict[str, Any] = {
    "second_line": {"project": "SUP"},
    "third_line": {"project": ["CORE"]},
    "handed_on_by": ["is blocked by"],
}
BY_STATUS: dict[str, Any] = {
    "second_line": {"status": {"in": ["To Do", "In Progress"]}},
    "third_line": {"status": {"in": ["In Review"]}},
}
BY_TEAM: dict[str, Any] = {
    "second_line": {"field": "Team", "in": ["Support"]},
    "third_line": {"field": "Team", "in": ["Backend", "Mobile"]},
}


def lines(lines_of: dict[str, Any], **more: Any) -> RuleSet:
    """The usual rule with lines, whose tickets open in second line's project."""

    def change(rule: dict[str, Any]) -> None:
        rule["lines"] = {**lines_of, **more}
        rule["ticket"]["project"] = "SUP"
        rule["ticket"]["fields"].pop("components")

    return rules_with(change)


def the_scene(flavour: Flavour, lines_of: dict[str, Any], **more: Any) -> Scene:
    """A scene with these lines."""
    return a_scene(flavour, lines(lines_of, **more), cast=TEAMS)


def hands_on(scene: Scene, key: str) -> str:
    """Second line opens a ticket of third line, and links its own as blocked by it."""
    people = scene.world.tracker.people
    target = people.creates("CORE", "The sum is lost in the gateway", by="dev.max")
    people.links(target, "Blocks", key, "dev.ana")
    scene.settle()
    return target


def ball(scene: Scene, number: str) -> str:
    """Who has the ball as the living note shows it."""
    (living,) = scene.note_with(number, "LINKED FIX")
    return next(line for line in living.splitlines() if line.startswith("Now with:"))


def dossier(scene: Scene, number: str) -> Dossier:
    """What the bridge remembers of an incident."""
    with scene.store.reading() as tx:
        found = tx.dossiers.get(scene.bridge.pair.name, number)
    assert found is not None
    return found


def turns(scene: Scene, number: str) -> list[str]:
    """Who held the ball, in order."""
    return [turn.who for turn in dossier(scene, number).balls]


def explained(scene: Scene, number: str) -> Explanation:
    """What ``explain`` says of an incident."""
    pair = scene.bridge.pair
    seen = Observer(pair=pair, store=scene.store).take(number)
    assert seen is not None
    return explain(seen, pair.rules, pair.voice, pair.clock())


def test_second_line_has_a_new_ticket(flavour: Flavour) -> None:
    """A ticket in second line's project is with second line, and people read so."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    assert key.startswith("SUP-")
    assert ball(scene, number) == f"Now with: second line ({key})"
    assert scene.note_with(number, "State: second line works on it")
    told = explained(scene, number)
    assert told.ball == f"second line ({key})"
    assert told.ball_since == dossier(scene, number).balls[0].since


def test_a_ticket_is_handed_on_and_taken_back(flavour: Flavour) -> None:
    """Handing on by an issue link gives third line the ball; when it is done there, second line has it back, told once."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    target = hands_on(scene, key)
    assert ball(scene, number) == f"Now with: third line ({target})"
    scene.wait(hours=2)
    since = explained(scene, number).ball_since
    assert since is not None
    assert (scene.world.clock() - since).total_seconds() > 7000

    scene.world.tracker.people.moves_to(target, "Done", "dev.max", "Done")
    scene.settle()
    assert ball(scene, number) == f"Now with: second line ({key})"
    assert len(scene.note_with(number, f"{key}: third line returned it to second line ({target})")) == 1
    assert scene.status(number) == "Pending"
    assert turns(scene, number) == ["second_line", "third_line", "second_line"]
    moments = [turn.since for turn in dossier(scene, number).balls]
    assert moments == sorted(moments)

    scene.wait(hours=1)
    assert len(scene.note_with(number, "third line returned it")) == 1


def test_every_return_is_told(flavour: Flavour) -> None:
    """A ticket that goes to third line twice comes back twice."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    target = hands_on(scene, key)
    people = scene.world.tracker.people
    for _ in range(2):
        people.moves_to(target, "Done", "dev.max", "Done")
        scene.settle()
        people.moves_to(target, "In Progress", "dev.max")
        scene.settle()
    assert ball(scene, number) == f"Now with: third line ({target})"
    assert len(scene.note_with(number, "third line returned it")) == 2


def test_second_lines_ticket_is_the_one_that_counts(flavour: Flavour) -> None:
    """Third line being deployed frees nothing: second line's ticket says what is fixed, and gets the answer."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    target = hands_on(scene, key)
    people = scene.world.tracker.people
    people.moves_to(target, "Done", "dev.max", "Done")
    people.moves_to(target, "Deployed", "dev.max")
    scene.settle()
    assert scene.status(number) == "Pending"

    people.moves_to(key, "Done", "dev.ana", "Done")
    scene.settle()
    assert ball(scene, number) == f"Now with: second line ({key})"
    people.moves_to(key, "Deployed", "dev.ana")
    scene.settle()
    assert scene.status(number) == "In Progress"
    scene.writes(number, "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"
    assert scene.ticket_status(target) == "Deployed"
    assert scene.comments(target) == []
    assert turns(scene, number)[-2:] == ["second_line", "frontline"]


def test_third_lines_ticket_may_count(flavour: Flavour) -> None:
    """Where the rule says so, third line's ticket tells that the fix is there; second line's still gets the answer."""
    scene = the_scene(flavour, BY_PROJECT, counts="third_line")
    number, key = scene.linked()
    target = hands_on(scene, key)
    people = scene.world.tracker.people
    people.moves_to(target, "Done", "dev.max", "Done")
    people.moves_to(target, "Deployed", "dev.max")
    scene.settle()
    assert scene.status(number) == "In Progress"
    scene.writes(number, "#verified")
    scene.settle()
    assert any("verified the fix" in text for text in scene.comments(key))
    assert scene.comments(target) == []


def test_a_link_taken_away_is_taken_back(flavour: Flavour) -> None:
    """A ticket of third line that is deleted is with it no longer, once second line's own ticket was seen again."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    target = hands_on(scene, key)
    scene.world.tracker.people.deletes(target)
    scene.world.tracker.people.comments(key, "third line had nothing for us", "dev.ana")
    scene.settle()
    assert ball(scene, number) == f"Now with: second line ({key})"


def test_other_links_hand_nothing_on(flavour: Flavour) -> None:
    """Neither another kind of link, nor one to another project, nor one the other way round hands a ticket on."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    people = scene.world.tracker.people
    core = people.creates("CORE", "Something near", by="dev.max")
    front = people.creates("FRONT", "Something else", by="dev.max")
    people.links(key, "Relates", core, "dev.ana")
    people.links(key, "Blocks", core, "dev.ana")
    people.links(front, "Blocks", key, "dev.ana")
    scene.settle()
    assert ball(scene, number) == f"Now with: second line ({key})"
    assert turns(scene, number) == ["second_line"]


def test_a_ticket_out_of_sight_is_followed_once_it_is_seen(flavour: Flavour) -> None:
    """Jira shows no link to a ticket that the bridge may not see: second line has the ball until it may."""
    scene = the_scene(flavour, BY_PROJECT)
    number, key = scene.linked()
    people = scene.world.tracker.people
    target = people.creates("CORE", "Secret", by="dev.max")
    people.hides(target)
    people.links(target, "Blocks", key, "dev.ana")
    scene.settle()
    assert ball(scene, number) == f"Now with: second line ({key})"
    people.hides(target, hidden=False)
    people.comments(key, "You can see it now", "dev.ana")
    scene.settle()
    assert ball(scene, number) == f"Now with: third line ({target})"


def test_a_status_may_tell_the_line(flavour: Flavour) -> None:
    """A ticket that is handed on within itself tells by its status."""
    scene = the_scene(flavour, BY_STATUS)
    number, key = scene.linked()
    people = scene.world.tracker.people
    people.starts(key, "dev.ana")
    people.moves_to(key, "In Review", "dev.ana")
    scene.settle()
    assert ball(scene, number) == f"Now with: third line ({key})"
    people.moves_to(key, "In Progress", "dev.max")
    scene.settle()
    assert ball(scene, number) == f"Now with: second line ({key})"
    assert len(scene.note_with(number, f"{key}: third line returned it to second line. Second line")) == 1


def test_a_field_may_tell_the_line(flavour: Flavour) -> None:
    """A ticket that is handed on within itself tells by a field of the tracker's own."""
    scene = the_scene(flavour, BY_TEAM)
    number, key = scene.linked()
    assert ball(scene, number) == "Now with: development"
    people = scene.world.tracker.people
    for team, line in (("Support", "second line"), ("Backend", "third line"), ("Support", "second line")):
        people.sets(key, {"Team": team}, "dev.ana")
        scene.settle()
        assert ball(scene, number) == f"Now with: {line} ({key})"
    assert turns(scene, number) == ["development", "second_line", "third_line", "second_line"]


def test_turns_are_remembered_without_lines(flavour: Flavour) -> None:
    """Who held the ball since when is remembered of every linked incident, to its end."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    scene.writes(number, "#verified")
    scene.resolves(number, **{"Resolution Category Tier 2": "Code"})
    scene.settle()
    assert turns(scene, number) == ["development", "second_line", "frontline", "nobody"]


def test_a_world_with_lines_comes_to_rest(flavour: Flavour) -> None:
    """Handed on and settled, looking again costs three requests a look and changes nothing."""
    scene = the_scene(flavour, BY_PROJECT)
    _, key = scene.linked()
    hands_on(scene, key)
    scene.wait(hours=1)
    before = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    assert scene.look(5).done == 0
    after = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    assert (after[0] - before[0], after[1] - before[1]) == (10, 5)
