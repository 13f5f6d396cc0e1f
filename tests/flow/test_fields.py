"""Mirrored fields: owners, the last writer, asking a person, both maps, cases, many incidents on one ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.decide.explain import Explanation, explain
from bridge.decide.plan import plan
from bridge.engine.observe import Observer
from bridge.rehearsal.world import Flavour
from tests.flow.ruled import mirroring, rules_with
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

SHARED = {"incident": "urgency", "ticket": "priority", "map": "urgency"}
FROM_URGENCY = {"of": "urgency", "map": "urgency"}


def sharing(flavour: Flavour, owner: str) -> Scene:
    """A scene in which the urgency is shared with the ticket's priority."""
    return a_scene(flavour, mirroring({**SHARED, "owner": owner}, priority=FROM_URGENCY))


def urgency(scene: Scene, number: str) -> str:
    """The incident's urgency."""
    return str(scene.incident(number)["Urgency"])


def priority(scene: Scene, key: str) -> str:
    """The ticket's priority."""
    return str(scene.ticket(key)["priority"])


def ann_sets(scene: Scene, number: str, value: str) -> None:
    """Ann sets the urgency."""
    scene.world.desk.people.sets(number, {"Urgency": value}, by="ann")


def ana_sets(scene: Scene, key: str, value: str) -> None:
    """Ana sets the priority."""
    scene.world.tracker.people.sets(key, {"priority": value}, "dev.ana")


def explained(scene: Scene, number: str) -> Explanation:
    """What ``explain`` says of an incident."""
    pair = scene.bridge.pair
    seen = Observer(pair=pair, store=scene.store).take(number)
    assert seen is not None
    assert plan(seen, pair.rules, pair.voice, pair.clock()).actions == ()
    return explain(seen, pair.rules, pair.voice, pair.clock())


def at_rest(scene: Scene) -> bool:
    """Whether an hour later nothing is left to do."""
    scene.wait(hours=1)
    return scene.look().done == 0


@pytest.mark.parametrize("owner", ["last_writer", "ask"])
def test_a_lone_change_crosses_either_way(flavour: Flavour, owner: str) -> None:
    """Where only one side changed, the other follows without a word."""
    scene = sharing(flavour, owner)
    number, key = scene.linked()
    assert priority(scene, key) == "High"
    ana_sets(scene, key, "Low")
    scene.settle()
    assert urgency(scene, number) == "4-Low"
    ann_sets(scene, number, "1-Critical")
    scene.settle()
    assert priority(scene, key) == "Highest"
    assert scene.note_with(number, "was changed") == []
    assert [text for text in scene.comments(key) if "follows customer incident" in text] == []
    assert at_rest(scene)


def test_the_last_writer_wins_and_the_loser_is_told(flavour: Flavour) -> None:
    """Both changed between two looks: the later one stands, and the other side reads of it once."""
    scene = sharing(flavour, "last_writer")
    number, key = scene.linked()
    ann_sets(scene, number, "1-Critical")
    scene.world.clock.advance(timedelta(seconds=10))
    ana_sets(scene, key, "Low")
    scene.settle()
    assert (urgency(scene, number), priority(scene, key)) == ("4-Low", "Low")
    assert len(scene.note_with(number, 'It was "1-Critical" and is "4-Low" now')) == 1

    ana_sets(scene, key, "Medium")
    scene.world.clock.advance(timedelta(seconds=10))
    ann_sets(scene, number, "2-High")
    scene.settle()
    assert (urgency(scene, number), priority(scene, key)) == ("2-High", "High")
    assert len([text for text in scene.comments(key) if 'it was "Medium" and is "High" now' in text]) == 1
    assert at_rest(scene)


def test_both_changed_to_the_same_is_agreed(flavour: Flavour) -> None:
    """Where both sides were changed to the same, nothing is written, and later changes are lone ones."""
    scene = sharing(flavour, "ask")
    number, key = scene.linked()
    ann_sets(scene, number, "4-Low")
    ana_sets(scene, key, "Low")
    scene.settle()
    assert scene.note_with(number, "changed on both sides") == []
    ana_sets(scene, key, "High")
    scene.settle()
    assert urgency(scene, number) == "2-High"


def test_a_conflict_asks_a_person(flavour: Flavour) -> None:
    """Both values are put before a person once; whoever changes a side settles it."""
    scene = sharing(flavour, "ask")
    number, key = scene.linked()
    ann_sets(scene, number, "1-Critical")
    ana_sets(scene, key, "Low")
    scene.settle()
    assert (urgency(scene, number), priority(scene, key)) == ("1-Critical", "Low")
    asked = scene.note_with(number, f'here it is "1-Critical", in {key} it is "Low"')
    assert len(asked) == 1
    assert scene.note_with(number, "Needs a person: field asked")
    stand = explained(scene, number).fields[0]
    assert (stand.here, stand.there, stand.agreed) == ("1-Critical", "Low", "2-High / High")
    assert stand.stands == "a person has to settle it"
    assert at_rest(scene)

    ana_sets(scene, key, "Medium")
    scene.settle()
    assert urgency(scene, number) == "3-Medium"
    assert scene.note_with(number, "Needs a person") == []
    assert explained(scene, number).fields[0].stands == "equal"


def test_a_person_may_make_both_sides_equal(flavour: Flavour) -> None:
    """A conflict is over once both sides are equal; the next one is asked about anew."""
    scene = sharing(flavour, "ask")
    number, key = scene.linked()
    for _ in range(2):
        ann_sets(scene, number, "1-Critical")
        ana_sets(scene, key, "Low")
        scene.settle()
        assert scene.note_with(number, "Needs a person: field asked")
        ann_sets(scene, number, "2-High")
        ana_sets(scene, key, "High")
        scene.settle()
        assert scene.note_with(number, "Needs a person") == []
    assert len(scene.note_with(number, "The bridge changed nothing")) == 2


def test_the_incident_owns_and_the_ticket_is_told(flavour: Flavour) -> None:
    """A developer's change of what the incident owns is set back, with one comment."""
    scene = a_scene(flavour)
    _, key = scene.linked()
    ana_sets(scene, key, "Lowest")
    scene.settle()
    assert priority(scene, key) == "High"
    assert len([text for text in scene.comments(key) if 'it was "Lowest" and is "High" now' in text]) == 1


def test_the_ticket_owns_and_the_incident_is_told(flavour: Flavour) -> None:
    """Ann's change of what the ticket owns is set back, with one note."""
    scene = sharing(flavour, "ticket")
    number, key = scene.linked()
    ann_sets(scene, number, "4-Low")
    scene.settle()
    assert (urgency(scene, number), priority(scene, key)) == ("2-High", "High")
    assert len(scene.note_with(number, f"{key} decides")) == 1


def test_each_direction_has_its_own_map(flavour: Flavour) -> None:
    """With a map for each way, words need not be one for one."""
    field = {"incident": "urgency", "ticket": "priority", "owner": "last_writer"}
    rules = mirroring(
        {**field, "map_to_ticket": "there", "map_to_incident": "back"},
        priority={"of": "urgency", "map": "there"},
    )
    scene = a_scene(flavour, rules)
    number, key = scene.linked()
    assert (urgency(scene, number), priority(scene, key)) == ("2-High", "Highest")
    ana_sets(scene, key, "Lowest")
    scene.settle()
    assert (urgency(scene, number), priority(scene, key)) == ("4-Low", "Lowest")
    ann_sets(scene, number, "3-Medium")
    scene.settle()
    assert priority(scene, key) == "Medium"
    assert at_rest(scene)


def test_a_value_without_a_word_is_put_before_a_person(flavour: Flavour) -> None:
    """Where the other side has no word for a change, it stays, and is flagged until it has one."""
    scene = sharing(flavour, "last_writer")
    number, key = scene.linked()
    ana_sets(scene, key, "Lowest")
    scene.settle()
    assert urgency(scene, number) == "2-High"
    assert scene.note_with(number, "field without word: priority = Lowest")
    ana_sets(scene, key, "Low")
    scene.settle()
    assert urgency(scene, number) == "4-Low"
    assert scene.note_with(number, "Needs a person") == []


def test_a_quarrel_stops_and_asks(flavour: Flavour) -> None:
    """Somebody's automation that sets the field again and again is not fought: three writes, then a person."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    for _ in range(5):
        ana_sets(scene, key, "Lowest")
        scene.settle()
    assert priority(scene, key) == "Lowest"
    assert len(scene.note_with(number, "was written back and forth")) == 1
    assert scene.note_with(number, "Needs a person: field conflict")
    assert at_rest(scene)
    assert priority(scene, key) == "Lowest"

    ana_sets(scene, key, "High")
    scene.settle()
    assert scene.note_with(number, "Needs a person") == []
    scene.world.desk.people.sets(
        number, {"Urgency": "1-Critical", "Impact": "1-Extensive/Widespread"}, by="ann"
    )
    scene.settle()
    assert priority(scene, key) == "Highest"


def test_several_values_keep_their_company(flavour: Flavour) -> None:
    """Of several components only the incident's own is exchanged; the ones developers added stay."""
    field = {"incident": "Product Name", "ticket": "components", "owner": "incident", "map": "team"}
    scene = a_scene(flavour, mirroring(field))
    number, key = scene.linked()
    scene.world.tracker.people.sets(key, {"components": ["Mobile", "Front Office"]}, "dev.ana")
    scene.settle()
    assert scene.ticket(key)["components"] == ["Mobile", "Front Office"]
    scene.world.desk.people.sets(number, {"Product Name": "Cards"}, by="ann")
    scene.settle()
    assert sorted(scene.ticket(key)["components"]) == ["Cards", "Front Office"]
    assert at_rest(scene)


def test_several_values_of_the_ticket_reach_the_incident(flavour: Flavour) -> None:
    """The incident keeps its value as long as the ticket has it, else it gets the first that has a word."""
    maps = {"area": {"Mobile Bank": "Mobile", "Cards": "Cards"}}
    field = {"incident": "Product Name", "ticket": "components", "owner": "ticket", "map": "area"}
    scene = a_scene(flavour, rules_with(lambda rule: rule["mirror"].update(fields=[field]), **maps))
    number, key = scene.linked()
    people = scene.world.tracker.people
    people.sets(key, {"components": ["Cards", "Mobile"]}, "dev.ana")
    scene.settle()
    assert scene.incident(number)["Product Name"] == "Mobile Bank"
    people.sets(key, {"components": ["Front Office", "Cards"]}, "dev.ana")
    scene.settle()
    assert scene.incident(number)["Product Name"] == "Cards"
    assert at_rest(scene)


CASES: dict[str, Any] = {
    "when": [
        {"if": {"impact": "1-Extensive/Widespread", "urgency": {"at_least": "High"}}, "value": "Highest"},
        {"if": [{"waiting": {"at_least": "2"}}], "value": "High"},
        {"if": {"Product Name": "VIP Desk"}, "of": "priority", "map": "priority"},
    ],
}
BY_CASE = {"incident": "priority", "ticket": "priority", "owner": "incident", "map": "priority", **CASES}


def by_case(flavour: Flavour, otherwise: str = "Low") -> Scene:
    """A scene in which cases decide the ticket's priority, when it opens and later."""
    rules = mirroring(BY_CASE, priority={**CASES, "otherwise": otherwise})
    return a_scene(flavour, rules)


def test_a_case_decides_the_new_ticket(flavour: Flavour) -> None:
    """The first case that holds decides; the explanation names it, before the ticket opens and after."""
    scene = by_case(flavour)
    number = scene.opens(Impact="1-Extensive/Widespread", Urgency="2-High")
    scene.asks(number)
    scene.settle()
    assert priority(scene, scene.key(number)) == "Highest"
    stand = explained(scene, number).fields[0]
    assert stand.case == "case 1: impact is 1-Extensive/Widespread and urgency at least High"
    assert stand.stands == "equal"


def test_without_a_case_the_field_itself_counts(flavour: Flavour) -> None:
    """Where no case holds, a new ticket gets what stands under otherwise, and the mirror the incident's field."""
    scene = a_scene(flavour, mirroring(priority={**CASES, "otherwise": "Low"}))
    _, key = scene.linked()
    assert priority(scene, key) == "Low"
    scene = by_case(flavour)
    number, key = scene.linked(Impact="4-Minor/Localized", Urgency="3-Medium")
    assert scene.incident(number)["Priority"] in ("Medium", "Low")
    assert priority(scene, key) == scene.incident(number)["Priority"]
    assert explained(scene, number).fields[0].case == "otherwise"


def adopts(scene: Scene, key: str, **fields: Any) -> str:
    """Another incident is linked to a ticket that is there."""
    number = scene.opens(**fields)
    scene.look()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": key}, by="ann")
    scene.settle()
    return number


def test_waiting_incidents_raise_the_priority(flavour: Flavour) -> None:
    """A second incident that waits raises the ticket's priority; when its hold ends, it falls back."""
    low = {"Impact": "4-Minor/Localized", "Urgency": "4-Low"}
    scene = by_case(flavour)
    number, key = scene.linked(**low)
    assert priority(scene, key) == "Low"
    second = adopts(scene, key, **low)
    assert priority(scene, key) == "High"
    assert explained(scene, number).fields[0].case == "case 2: waiting at least 2"
    scene.writes(second, "#release it was something else", by="lena")
    scene.settle()
    assert priority(scene, key) == "Low"
    assert at_rest(scene)


def test_the_most_serious_incident_speaks_for_the_ticket(flavour: Flavour) -> None:
    """Of several incidents the most serious one decides the ticket's priority, and nobody quarrels."""
    scene = a_scene(flavour)
    first, key = scene.linked(Impact="4-Minor/Localized", Urgency="4-Low")
    assert priority(scene, key) == "Low"
    second = adopts(scene, key, Impact="1-Extensive/Widespread", Urgency="1-Critical")
    assert priority(scene, key) == "Highest"
    assert explained(scene, first).fields[0].stands == f"{second} speaks for the ticket"
    assert at_rest(scene)

    scene.world.desk.people.sets(second, {"Impact": "3-Moderate/Limited", "Urgency": "3-Medium"}, by="ann")
    scene.world.desk.people.sets(first, {"Impact": "1-Extensive/Widespread", "Urgency": "2-High"}, by="ann")
    scene.settle()
    assert scene.incident(first)["Priority"] in ("High", "Critical")
    expected = {"High": "High", "Critical": "Highest"}[str(scene.incident(first)["Priority"])]
    assert priority(scene, key) == expected
    assert [text for number in (first, second) for text in scene.note_with(number, "Needs a person")] == []


def test_a_change_in_the_ticket_reaches_every_incident(flavour: Flavour) -> None:
    """A shared field crosses from one incident over the ticket to the others."""
    scene = sharing(flavour, "last_writer")
    first, key = scene.linked()
    second = adopts(scene, key)
    ann_sets(scene, first, "4-Low")
    scene.settle()
    assert (priority(scene, key), urgency(scene, second)) == ("Low", "4-Low")
    assert at_rest(scene)


def test_an_empty_value_is_never_carried(flavour: Flavour) -> None:
    """Clearing a field on one side clears nothing on the other."""
    field = {"incident": "Product Name", "ticket": "environment", "owner": "last_writer"}
    scene = a_scene(flavour, mirroring(field))
    number, key = scene.linked()
    assert scene.ticket(key)["environment"] == "Mobile Bank"
    scene.world.tracker.people.sets(key, {"environment": None}, "dev.ana")
    scene.settle()
    assert scene.incident(number)["Product Name"] == "Mobile Bank"
    assert not scene.ticket(key)["environment"]
    scene.world.desk.people.sets(number, {"Product Name": "Cards"}, by="ann")
    scene.settle()
    assert scene.ticket(key)["environment"] == "Cards"
