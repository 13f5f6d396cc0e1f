"""What other bridges were seen to fail at, by name: what is taken for done, hidden, told to the wrong people, or late.

Each docstring begins with the products and the numbers of the issues in which the failure can be read.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.model.errors import ConfigError
from tests.flow.ruled import mirroring, rules_with
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = pytest.mark.promise("the rivals' failures")


@pytest.fixture(params=FLAVOURS)
def scene(request: pytest.FixtureRequest) -> Scene:
    """A scene with either Jira."""
    return a_scene(request.param)


# -- done is not released


def test_done_is_not_released(scene: Scene) -> None:
    """Sentry #66363, Sentry #19673, Sentry #61352, Sentry #42620: done in Jira was taken for shipped and resolved it."""
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    assert scene.ticket_status(key) == "Done"
    assert scene.status(number) == "Pending"
    assert scene.note_with(number, "Please check it") == []


def test_the_fix_version_is_what_is_waited_for(scene: Scene) -> None:
    """Sentry #114208: the ticket's fix version is asked for as the release to wait for."""
    number, key = scene.linked()
    scene.fixes(key, "4.3")
    scene.settle()
    scene.releases("4.2")
    scene.wait(minutes=6)
    scene.settle()
    assert scene.note_with(number, "Please check it") == []
    scene.releases("4.3")
    scene.wait(minutes=6)
    scene.settle()
    assert len(scene.note_with(number, "Please check it")) == 1


def test_jira_done_never_solves_the_incident(scene: Scene) -> None:
    """Zendesk (its own guide): the helpdesk's ticket was set to solved when Jira was done; here people resolve."""
    number, _ = scene.to_verification()
    scene.wait(hours=48)
    assert scene.status(number) == "In Progress"
    assert all(
        change.who == "ann" for change in scene.world.desk.people.history(number) if change.new == "Resolved"
    )


# -- two ways


def test_words_and_fields_cross_both_ways(scene: Scene) -> None:
    """issue-sync #37, issue-sync #40, DefectDojo #12625, Sync2Jira #355, JBI #1372, JBI #1398, ZenHub #579: one way only."""
    field = {"incident": "urgency", "ticket": "priority", "owner": "last_writer", "map": "urgency"}
    scene = a_scene(scene.world.flavour, mirroring(field))
    number, key = scene.linked()
    people = scene.world.tracker.people
    scene.writes(number, "From the desk.")
    people.comments(key, "From the tracker.", "dev.ana")
    people.sets(key, {"priority": "Low"}, "dev.ana")
    scene.settle()
    assert any("From the desk." in text for text in scene.comments(key))
    assert len(scene.note_with(number, "From the tracker.")) == 1
    assert scene.incident(number)["Urgency"] == "4-Low"


def test_many_statuses_are_one_stage_and_never_mapped_back(scene: Scene) -> None:
    """JBI #1386: a map of statuses that is many to one cannot be turned round; here Jira's status is never set by one."""
    number, key = scene.linked()
    people = scene.world.tracker.people
    for status in ("In Progress", "To Do", "In Progress"):
        people.moves_to(key, status, "dev.ana", force=True)
        scene.settle()
        assert scene.status(number) == "Pending"
        assert scene.ticket_status(key) == status


# -- seen in one's own tool


def test_the_tickets_state_is_current_in_the_incident(scene: Scene) -> None:
    """FreeScout #2937, csf_profile #17, Icinga #44: the ticket's state in the helpdesk was stale, or without assignee.

    The due date that csf_profile is asked for is not read; the planned version stands in its place.
    """
    number, key = scene.linked()
    assert "not started yet" in scene.living(number)
    scene.world.tracker.people.starts(key, "dev.ana")
    scene.world.tracker.people.plans_for(key, "4.2", "dev.ana")
    scene.settle()
    told = scene.living(number)
    assert "In Progress" in told
    assert "Dev Ana" in told
    assert "4.2" in told


# -- it occurs again


def test_what_failed_in_production_goes_back(scene: Scene) -> None:
    """Reportportal #1378, reportportal #1413, Sentry #71643, Sentry #70336, ghas #46: a regression was not pushed."""
    number, key = scene.to_verification()
    scene.writes(number, "#failed still blank in Safari")
    scene.settle()
    assert scene.ticket_status(key) == "In Progress"
    assert any("still blank in Safari" in text for text in scene.comments(key))
    assert scene.status(number) == "Pending"


def test_a_ticket_that_is_reopened_takes_the_question_back(scene: Scene) -> None:
    """FreeScout #2937: the helpdesk's ticket did not become active again when work went on."""
    number, key = scene.to_verification()
    scene.world.tracker.people.moves_to(key, "In Progress", "dev.ana", force=True)
    scene.settle()
    assert scene.status(number) == "Pending"


# -- told to the wrong people


def test_what_developers_write_stays_inside_the_house(scene: Scene) -> None:
    """mozilla/fxa #13267, Sentry #104931, Icinga #63, JBI #586: internal words were published, or went to customers."""
    number, key = scene.linked()
    scene.world.tracker.people.comments(key, "The hole is in the login form.", "dev.ana")
    scene.settle()
    (note,) = [
        one
        for one in scene.world.desk.people.notes(number)
        if "The hole is" in str(one["Detailed Description"])
    ]
    assert note["View Access"] == "Internal"


def test_what_the_desk_writes_is_internal_in_a_service_project(scene: Scene) -> None:
    """mcp-atlassian #847: a comment's visibility was taken for internal, and customers of the project could read it."""
    number, key = scene.linked()
    scene.writes(number, "The customer is angry.")
    scene.settle()
    (comment,) = [one for one in scene.world.tracker.comments(key) if "is angry" in str(one["body"])]
    assert comment["properties"]["sd.public.comment"] == {"internal": True}


# -- what was there before


def test_what_was_said_before_the_link_is_there(scene: Scene) -> None:
    """JBI #976: comments that were older than the link never crossed; here the story and the steps tried open the ticket."""
    number = scene.opens()
    scene.writes(number, "Tried another browser: the same.")
    scene.asks(number)
    scene.settle()
    told = [str(scene.ticket(scene.key(number))["description"]), *scene.comments(scene.key(number))]
    assert sum("Tried another browser" in text for text in told) == 1


def test_an_edited_note_is_never_carried_twice(scene: Scene) -> None:
    """Redpanda #17500, hubs #4520: an edit on one side became one more copy on the other."""
    number, key = scene.linked()
    note = scene.writes(number, "The sum is blnk.")
    scene.settle()
    scene.world.desk.people.edits_note(note, "The sum is blank.", by="ann")
    scene.settle()
    assert sum("The sum is bl" in text for text in scene.comments(key)) == 1


# -- many


def test_many_incidents_wait_for_one_ticket(scene: Scene) -> None:
    """JBI #708, JBI #407, Zendesk (its manual): with many records on one issue the sync stopped for it."""
    number, key = scene.linked()
    other = scene.opens(**{"Vendor Ticket Number": key})
    scene.settle()
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.settle()
    assert [len(scene.note_with(one, "Which browser")) for one in (number, other)] == [1, 1]
    assert scene.keys() == [key]


def test_one_incident_waits_for_many_tickets(scene: Scene) -> None:
    """JBI #407: one record with several issues; here it is asked about only when all are in production."""
    number, first = scene.linked()
    second = scene.world.tracker.people.creates("FRONT", "The other half", by="dev.max")
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": f"{first} {second}"}, by="ann")
    scene.settle()
    scene.fixes(first)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    assert scene.note_with(number, "Please check it") == []


# -- late


def test_the_tenth_does_not_wait_for_nine(scene: Scene) -> None:
    """Getint, Unito, ghas-jira-integration (their manuals): minutes to hours, one behind the other; here all in one look."""
    linked = [scene.linked() for _ in range(10)]
    for number, _ in linked:
        scene.writes(number, "The customer rang again.")
    before = scene.world.clock()
    scene.look()
    assert [sum("rang again" in text for text in scene.comments(key)) for _, key in linked] == [1] * 10
    assert scene.world.clock() - before <= timedelta(minutes=1)


# -- mistakes in the rules


def test_a_mistake_in_the_rules_is_found_before_anything_is_sent() -> None:
    """JBI #1100, DefectDojo #491: mistakes of the configuration were found in production; there was no way to try it."""

    def misspelt(rule: dict[str, object]) -> None:
        rule["hold"]["waitng"] = rule["hold"].pop("waiting")  # type: ignore[index, attr-defined]

    with pytest.raises(ConfigError) as mistake:
        rules_with(misspelt)
    assert "waitng" in str(mistake.value)


def test_a_priority_without_a_word_is_put_before_a_person(scene: Scene) -> None:
    """Exalate (its own blog): a critical incident was lost by a wrong map of priorities; here a person is told at once."""
    field = {"incident": "urgency", "ticket": "priority", "owner": "last_writer", "map": "urgency"}
    scene = a_scene(scene.world.flavour, mirroring(field))
    number, key = scene.linked()
    scene.world.tracker.people.sets(key, {"priority": "Lowest"}, "dev.ana")
    scene.settle()
    assert scene.incident(number)["Urgency"] == "2-High"
    assert scene.note_with(number, "field without word: priority = Lowest")
