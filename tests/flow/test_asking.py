"""One action for Frontline: a phrase with a team, a phrase with a key, the agreed value of a field, a number in a ticket."""

from __future__ import annotations

import pytest
import yaml

from bridge.rehearsal.world import Flavour
from bridge.rules.shape import RuleSet
from bridge.simulators.faults import Fault
from tests.flow.scene import FLAVOURS, RULES, Scene, a_scene

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

TEAMS = {
    "Core": {"project": "CORE", "type": "Task", "fields": {"components": {"value": ""}}},
    "Cards Team": {"fields": {"components": {"value": ["Cards"]}}},
}


def a_desk(flavour: Flavour, **more: object) -> Scene:
    """A scene whose rule knows every way of asking; ``more`` are further keys of its ticket."""
    data = yaml.safe_load(RULES.read_text("utf-8"))
    rule = data["rules"][0]
    rule["ticket"] |= {"teams": TEAMS, "incident_field": "environment", **more}
    rule["ask_field"] = {"Vendor Group": {"is": "Development"}}
    return a_scene(flavour, rules=RuleSet.model_validate({"maps": data["maps"], "rules": [rule]}))


def creates(scene: Scene, project: str = "FRONT", **fields: object) -> str:
    """A ticket that development opened by itself."""
    return scene.world.tracker.people.creates(project, "Blank sums", by="dev.max", fields=fields or None)


def sets(scene: Scene, number: str, **fields: str | None) -> None:
    """Ann sets fields of the incident."""
    names = {name.replace("_", " "): value for name, value in fields.items()}
    scene.world.desk.people.sets(number, names, by="ann")


# -- a team


@pytest.mark.parametrize(
    "text", ["#ticket Core sum is blank", "#TICKET: core - sum is blank", "# Тикет «CORE», sum is blank"]
)
def test_a_team_is_asked_by_its_name(flavour: Flavour, text: str) -> None:
    """The team's name after the phrase opens the ticket in its project; the words after it are the story."""
    scene = a_desk(flavour)
    number = scene.opens()
    scene.asks(number, text)
    scene.look()
    [key] = scene.keys("CORE")
    assert scene.keys("FRONT") == []
    ticket = scene.ticket(key)
    assert (ticket["issuetype"], ticket["components"]) == ("Task", [])
    assert "sum is blank" in ticket["description"]
    assert "core" not in ticket["description"].split("IMPACT")[0].lower()
    assert scene.key(number) == key


def test_an_unknown_word_is_just_text(flavour: Flavour) -> None:
    """A word that is no team opens the rule's ticket, and stays part of the story."""
    scene = a_desk(flavour)
    number = scene.opens()
    scene.asks(number, "#ticket Corey cannot pay")
    scene.look()
    assert "Corey cannot pay" in scene.ticket(scene.key(number))["description"]
    assert scene.keys("CORE") == []


def test_a_further_team_gets_a_further_ticket(flavour: Flavour) -> None:
    """A linked incident gets a ticket for each team that is asked for, once, and waits for all of them."""
    scene = a_desk(flavour)
    number, first = scene.linked()
    scene.asks(number, "#ticket core the ledger, too", by="bob")
    scene.look()
    [second] = scene.keys("CORE")
    assert len(scene.note_with(number, f"{second} was opened as well")) == 1
    assert scene.key(number) == f"{first}, {second}"
    scene.asks(number, "#ticket cards team as well")
    scene.asks(number, "#ticket Core again")
    scene.asks(number, "#ticket please hurry")
    scene.settle()
    third = scene.keys("FRONT")[-1]
    assert scene.ticket(third)["components"] == ["Cards"]
    assert len(scene.keys("FRONT")) == 2
    assert len(scene.keys("CORE")) == 1
    assert len(scene.note_with(number, f"already linked to {first}, {second}")) == 2


# -- naming a ticket


@pytest.mark.parametrize(
    "text",
    ["#link {0}", "# Link: {1} same error", "#связать {0}.", "#зв’язати https://jira.example.com/browse/{0}"],
)
def test_a_named_ticket_is_linked(flavour: Flavour, text: str) -> None:
    """The key or address after the phrase, in any case, does what typing it into the field does."""
    scene = a_desk(flavour)
    key = creates(scene)
    number = scene.opens()
    scene.writes(number, text.format(key, key.lower()))
    scene.look()
    assert scene.key(number) == key
    assert scene.status(number) == "Pending"
    assert any("waits for this fix" in text for text in scene.comments(key))
    assert not any("#" in text for text in scene.comments(key))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#link", "write the ticket's key after the phrase, for instance #link CORE-12"),
        ("#link the old one", "nothing was linked"),
        ("#link ELSE-1", "ELSE-1 was not linked: only tickets of CORE, FRONT"),
        ("#link FRONT-4711", "FRONT-4711 was not linked: it does not exist"),
    ],
)
def test_what_cannot_be_linked_is_answered(flavour: Flavour, text: str, answer: str) -> None:
    """A missing, foreign or unknown key is answered by a note within one look, once."""
    scene = a_desk(flavour)
    number = scene.opens()
    scene.writes(number, text)
    scene.look()
    assert len(scene.note_with(number, answer)) == 1
    scene.settle()
    assert len(scene.notes(number)) == 1
    assert scene.status(number) == "In Progress"


def test_naming_a_linked_ticket_is_answered(flavour: Flavour) -> None:
    """The key of a ticket that is linked already changes nothing, and the person is told."""
    scene = a_desk(flavour)
    number, key = scene.linked()
    scene.writes(number, f"#link {key}", by="bob")
    scene.settle()
    assert len(scene.note_with(number, f"already linked to {key}")) == 1


def test_a_ticket_is_linked_only_where_a_rule_matches(flavour: Flavour) -> None:
    """Where no rule matches the refusal says what was seen, and the ticket is linked once that is corrected."""
    scene = a_desk(flavour)
    key = creates(scene)
    number = scene.opens(**{"Categorization Tier 1": "Question"})
    scene.writes(number, f"#link {key}")
    scene.look()
    refusal = scene.note_with(number, "no rule matches")
    assert len(refusal) == 1
    assert "The queue is Frontline Retail" in refusal[0]
    assert "Question" in refusal[0]
    sets(scene, number, Categorization_Tier_1="Defect")
    scene.settle()
    assert scene.key(number) == key


# -- the agreed value of a field


def test_the_agreed_value_of_a_field_asks(flavour: Flavour) -> None:
    """The value opens a ticket once, and again asks only after it went away and came back."""
    scene = a_desk(flavour)
    number = scene.opens()
    sets(scene, number, Vendor_Group="development")
    scene.look()
    [key] = scene.keys()
    assert scene.key(number) == key
    scene.settle()
    sets(scene, number, Vendor_Group=None)
    scene.settle()
    assert not scene.note_with(number, "already linked")
    sets(scene, number, Vendor_Group="Development")
    scene.settle()
    assert scene.keys() == [key]
    assert len(scene.note_with(number, f"already linked to {key}")) == 1


def test_the_agreed_value_is_answered_where_no_rule_matches(flavour: Flavour) -> None:
    """A value that asks in vain is answered; taken away, it no longer asks."""
    scene = a_desk(flavour)
    number = scene.opens(**{"Categorization Tier 1": "Question"})
    sets(scene, number, Vendor_Group="Development")
    scene.look()
    assert len(scene.note_with(number, "no rule matches")) == 1
    sets(scene, number, Vendor_Group=None)
    scene.settle()
    sets(scene, number, Categorization_Tier_1="Defect")
    scene.settle()
    assert scene.keys() == []
    sets(scene, number, Vendor_Group="Development")
    scene.settle()
    assert len(scene.keys()) == 1


def test_the_agreed_value_of_a_resolved_incident_asks_nothing(flavour: Flavour) -> None:
    """A resolved incident's field is history."""
    scene = a_desk(flavour)
    number = scene.opens()
    scene.resolves(number)
    sets(scene, number, Vendor_Group="Development")
    scene.settle()
    assert scene.keys() == []
    assert scene.notes(number) == []


# -- the incident's number in a ticket


@pytest.mark.parametrize("place", ["label", "field", "link"])
def test_an_incidents_number_in_a_ticket_links_it(flavour: Flavour, place: str) -> None:
    """A label, the agreed field, or a web link with the incident's number links the ticket."""
    scene = a_desk(flavour, incident_links=True)
    number, people = scene.opens(), scene.world.tracker.people
    key = creates(scene)
    if place == "label":
        people.sets(key, {"labels": [number.lower(), "urgent"]}, "dev.max")
    elif place == "field":
        people.sets(key, {"environment": f"production, see {number}."}, "dev.max")
    else:
        people.points_at(key, f"https://itsm.example.com/incident/{number}", "The incident", "dev.max")
    scene.look()
    assert scene.key(number) == key
    assert scene.status(number) == "Pending"
    assert len(scene.note_with(number, f"{key} is linked: somebody wrote this incident's number")) == 1
    scene.settle()
    assert len([text for text in scene.comments(key) if "waits for this fix" in text]) == 1


def test_a_ticket_may_name_several_incidents(flavour: Flavour) -> None:
    """A ticket that names several incidents, also one linked already, gets all of them and its board."""
    scene = a_desk(flavour)
    first, key = scene.linked()
    others = [scene.opens(), scene.opens()]
    labels = [*scene.ticket(key)["labels"], *others]
    scene.world.tracker.people.sets(key, {"labels": labels}, "dev.max")
    scene.settle()
    assert [scene.key(number) for number in (first, *others)] == [key] * 3
    assert any("wait for this fix: 3" in text for text in scene.comments(key))


def test_a_web_link_counts_only_where_the_rule_asks_for_it(flavour: Flavour) -> None:
    """Without the rule's key no web link is read and none links."""
    scene = a_desk(flavour)
    number, key = scene.opens(), creates(scene)
    scene.world.tracker.people.points_at(key, f"https://x.example/{number}", number, "dev.max")
    scene.settle()
    assert scene.key(number) == ""
    assert not any(path.endswith("/remotelink") for _, path in scene.world.tracker_wire.seen)


def test_web_links_cost_one_request_a_changed_ticket(flavour: Flavour) -> None:
    """A ticket's web links are read once for each of its changes, however many looks see it."""
    scene = a_desk(flavour, incident_links=True)
    key = creates(scene)
    scene.look(6)
    assert _link_reads(scene) == 1
    scene.world.tracker.people.sets(key, {"labels": ["urgent"]}, "dev.max")
    scene.look(6)
    assert _link_reads(scene) == 2


def _link_reads(scene: Scene) -> int:
    seen = scene.world.tracker_wire.seen
    return sum(method == "GET" and path.endswith("/remotelink") for method, path in seen)


def test_an_unknown_number_is_answered_in_the_ticket(flavour: Flavour) -> None:
    """A number that the desk does not show is answered by one comment, however often the ticket changes."""
    scene = a_desk(flavour)
    key = creates(scene, labels=["INC000000999999"])
    scene.look()
    assert len(scene.comments(key)) == 1
    assert (
        "INC000000999999 was not linked: Remedy shows the bridge no such incident" in scene.comments(key)[0]
    )
    scene.world.tracker.people.sets(key, {"labels": ["INC000000999999", "urgent"]}, "dev.max")
    scene.settle()
    scene.restart()
    scene.settle()
    assert len(scene.comments(key)) == 1


def test_an_unknown_number_is_looked_up_no_more_once_it_was_answered(flavour: Flavour) -> None:
    """The ticket goes on to show the answer with its mark; a look at it costs what every idle look costs."""
    scene = a_desk(flavour)
    creates(scene, labels=["INC000000999999"])
    scene.look(2)
    before = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    scene.look()
    after = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    assert (after[0] - before[0], after[1] - before[1]) == (2, 1)


def test_a_number_that_no_rule_matches_is_answered_in_the_ticket(flavour: Flavour) -> None:
    """The comment says why, without what may not leave the desk; once corrected the incident is linked by itself."""
    scene = a_desk(flavour)
    number = scene.opens(**{"Categorization Tier 1": "Question from a.b@example.com"})
    key = creates(scene, labels=[number])
    scene.settle()
    [refusal] = scene.comments(key)
    assert f"{number} was not linked: no rule matches. The queue is Frontline Retail" in refusal
    assert "example.com" not in refusal
    assert scene.notes(number) == []
    sets(scene, number, Categorization_Tier_1="Defect")
    scene.settle()
    assert scene.key(number) == key


@pytest.mark.parametrize("done", [False, True])
def test_a_closed_incidents_number(flavour: Flavour, done: bool) -> None:
    """A closed incident's number is answered in the ticket, unless the ticket is history as well."""
    scene = a_desk(flavour)
    number, key = scene.opens(), creates(scene)
    sets(scene, number, Status="Cancelled")
    people = scene.world.tracker.people
    if done:
        people.moves_to(key, "Done", "dev.max", "Done")
    people.sets(key, {"labels": [number]}, "dev.max")
    scene.settle()
    told = [
        text for text in scene.comments(key) if f"{number} was not linked: the incident is Cancelled" in text
    ]
    assert len(told) == (0 if done else 1)
    assert scene.key(number) == ""


def test_a_cancelling_that_is_undone_links_after_all(flavour: Flavour) -> None:
    """What a ticket asked for while the incident was cancelled is done once that is taken back."""
    scene = a_desk(flavour)
    number = scene.opens()
    sets(scene, number, Status="Cancelled")
    key = creates(scene, labels=[number])
    scene.settle()
    assert scene.key(number) == ""
    sets(scene, number, Status="In Progress")
    scene.settle()
    assert scene.key(number) == key
    assert len([text for text in scene.comments(key) if "was not linked" in text]) == 1


def test_our_own_marks_name_nobody(flavour: Flavour) -> None:
    """The label and the remote link that the bridge itself wrote link nothing anew."""
    scene = a_desk(flavour, incident_links=True)
    number, key = scene.linked()
    scene.writes(number, "#release enough", by="lena")
    scene.settle()
    comments = len(scene.comments(key))
    scene.world.tracker.people.sets(key, {"environment": "test"}, "dev.max")
    scene.settle()
    assert len(scene.comments(key)) == comments
    assert not scene.note_with(number, "somebody wrote this incident's number")


def test_a_number_is_not_forgotten_while_the_desk_is_away(flavour: Flavour) -> None:
    """What a ticket names is kept until the desk can be asked, also over a restart."""
    scene = a_desk(flavour)
    number, key = scene.opens(), creates(scene)
    outage = scene.world.desk_wire.add(Fault(kind="drop_before", times=None))
    scene.world.tracker.people.sets(key, {"labels": [number]}, "dev.max")
    scene.look(3)
    scene.restart()
    scene.wait(hours=1)
    assert scene.comments(key) == []
    scene.world.desk_wire.faults.remove(outage)
    scene.wait(minutes=11)
    scene.settle()
    assert scene.key(number) == key
