"""The straight road: asked, linked, fixed, deployed, verified, classified, resolved; over both flavours."""

from __future__ import annotations

import pytest

from bridge.rehearsal.world import Flavour
from tests.flow.scene import FLAVOURS, a_scene

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)


def test_a_request_becomes_a_linked_ticket(flavour: Flavour) -> None:
    """A person writes #ticket: the ticket is there, the key is written back, the incident waits in its own queue."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.asks(number)
    scene.settle()

    incident = scene.incident(number)
    assert scene.keys() == [scene.key(number)]
    assert incident["Status"] == "Pending"
    assert incident["Status_Reason"] == "Third Party Vendor Action Reqd"
    assert incident["Assigned Group"] == "Frontline Retail"
    assert incident["Assignee"] == "Ann Owner"


def test_the_ticket_tells_the_story(flavour: Flavour) -> None:
    """The ticket has the right project, priority, team and labels, the story, the steps tried, and a remote link."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.writes(number, "Tried another browser, same result.")
    scene.asks(number)
    scene.settle()

    fields = scene.ticket(scene.key(number))
    assert fields["summary"] == f"[{number}] Payment page shows a blank sum"
    assert fields["priority"] == "High"
    assert fields["components"] == ["Mobile"]
    assert "frontline" in fields["labels"]
    assert "sees no sum" in fields["description"]
    assert "another browser" in fields["description"]
    assert "sum is blank since this morning" in fields["description"]
    links = scene.world.tracker.remote_links(scene.key(number))
    assert [number in link["object"]["title"] for link in links] == [True]


def test_one_living_note_shows_the_state(flavour: Flavour) -> None:
    """Frontline sees key, state, who holds the ball and the next step in one note that is kept current."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    living = scene.note_with(number, "LINKED FIX")
    assert len(living) == 1
    assert key in living[0]
    assert "development works on the fix" in living[0]

    scene.fixes(key)
    scene.settle()
    living = scene.note_with(number, "LINKED FIX")
    assert len(living) == 1
    assert "not in production yet" in living[0]
    assert "second line" in living[0]


def test_notes_cross_once_without_echo(flavour: Flavour) -> None:
    """People's notes reach the other side once, with author, and never come back."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.writes(number, "Another customer called about it.")
    scene.world.tracker.people.comments(key, "Which *browser* do they use?", "dev.ana")
    scene.settle()
    scene.settle()

    carried = [text for text in scene.comments(key) if "Another customer called" in text]
    assert len(carried) == 1
    assert "Ann Owner" in carried[0]
    back = scene.note_with(number, "Which browser do they use?")
    assert len(back) == 1
    assert "Dev.Ana" in back[0] or "Dev Ana" in back[0] or "dev.ana" in back[0]


def test_done_in_the_tracker_frees_nothing(flavour: Flavour) -> None:
    """Done is only the second of the facts: the incident keeps waiting, and is put back when resolved."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    assert scene.status(number) == "Pending"
    assert len(scene.note_with(number, "This incident stays open")) == 1

    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Pending"
    put_back = scene.note_with(number, "resolved this incident")
    assert len(put_back) == 1
    assert "its deployment to production" in put_back[0]


def test_a_release_brings_the_question(flavour: Flavour) -> None:
    """A released fix version brings the incident back to its owner with the question to verify."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()

    assert scene.status(number) == "In Progress"
    assert scene.incident(number)["Assignee"] == "Ann Owner"
    question = scene.note_with(number, "Please check it with the customer")
    assert len(question) == 1
    assert "#verified" in question[0]
    assert "Resolution Category Tier 2" in question[0]


def test_verified_by_note_closes_the_ticket(flavour: Flavour) -> None:
    """#verified of the queue closes the ticket as verified; the owner resolves, and it stays resolved."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    scene.writes(number, "#verified sums are shown", by="bob")
    scene.settle()

    assert scene.ticket_status(key) == "Closed"
    assert any("verified the fix" in text and number in text for text in scene.comments(key))
    assert scene.status(number) == "In Progress"

    scene.resolves(number, **{"Resolution Category Tier 2": "Code"})
    scene.settle()
    assert scene.status(number) == "Resolved"
    links = scene.world.tracker.remote_links(key)
    assert links[0]["object"]["status"]["resolved"] is True


def test_resolving_once_deployed_is_the_answer(flavour: Flavour) -> None:
    """Resolving a deployed incident counts as verified."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.world.tracker.people.moves_to(key, "Deployed", "dev.ana")
    scene.settle()
    scene.resolves(number, **{"Resolution Category Tier 2": "Code"})
    scene.settle()

    assert scene.status(number) == "Resolved"
    assert scene.ticket_status(key) == "Closed"
    assert any("by resolving the incident" in text for text in scene.comments(key))


def test_failed_reopens_the_ticket_with_the_words(flavour: Flavour) -> None:
    """#failed reopens the ticket with the words; the old release does not count in the next round."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    scene.writes(number, "#failed still blank in Safari")
    scene.settle()

    assert scene.ticket_status(key) == "In Progress"
    assert any("still blank in Safari" in text for text in scene.comments(key))
    assert scene.status(number) == "Pending"

    people = scene.world.tracker.people
    people.moves_to(key, "Done", "dev.ana", "Done")
    scene.settle()
    assert scene.status(number) == "Pending"
    people.plans_for(key, "4.3", "dev.ana")
    scene.releases("4.3")
    scene.wait(minutes=6)
    scene.settle()
    assert scene.status(number) == "In Progress"
    assert any("still blank in Safari" in text for text in scene.note_with(number, "What failed before"))


def test_second_lines_phrase_counts_for_the_ticket(flavour: Flavour) -> None:
    """#deployed counts from second line's group only."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key, version=None)
    scene.settle()
    scene.writes(number, "#deployed hotfix 17", by="bob")
    scene.settle()
    assert scene.status(number) == "Pending"
    scene.writes(number, "#deployed hotfix 17", by="igor")
    scene.settle()
    assert scene.status(number) == "In Progress"


def test_early_resolves_are_put_back_a_few_times_then_flagged(flavour: Flavour) -> None:
    """Nobody is fought for long: the fourth early resolve stands and is flagged."""
    scene = a_scene(flavour)
    number, _ = scene.linked()
    for _ in range(3):
        scene.resolves(number)
        scene.settle()
        assert scene.status(number) == "Pending"
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"
    assert len(scene.note_with(number, "resolved this incident")) == 3


def test_release_ends_the_hold(flavour: Flavour) -> None:
    """#release of a lead ends the hold on both sides; anybody else is refused with an answer."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.writes(number, "#release please", by="bob")
    scene.settle()
    assert len(scene.note_with(number, "the hold was not ended")) == 1
    scene.writes(number, "#release customer left the bank", by="lena")
    scene.settle()
    assert any("customer left the bank" in text for text in scene.comments(key))
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"


def test_an_existing_key_is_adopted(flavour: Flavour) -> None:
    """A key typed into the ticket field links that ticket; it gets the story, and old comments stay where they are."""
    scene = a_scene(flavour)
    key = scene.world.tracker.people.creates("FRONT", "Blank sums", by="dev.ana")
    scene.world.tracker.people.comments(key, "an old remark", "dev.ana")
    number = scene.opens(**{"Vendor Ticket Number": "VENDOR 77"})
    scene.look()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": f"VENDOR 77, {key}"}, by="ann")
    scene.settle()

    assert scene.keys() == [key]
    assert any("waits for this fix" in text for text in scene.comments(key))
    assert scene.note_with(number, "an old remark") == []
    assert scene.key(number) == f"VENDOR 77, {key}"
    assert scene.status(number) == "Pending"


def test_declined_puts_the_decision_to_frontline(flavour: Flavour) -> None:
    """Won't Do asks the owner to decide; the owner's resolve is the decision."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Won't Do")
    scene.settle()
    assert scene.status(number) == "In Progress"
    assert len(scene.note_with(number, "development will not fix this")) == 1
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"


def test_a_settled_world_plans_nothing(flavour: Flavour) -> None:
    """Looking again and again at a settled world costs three requests a look and changes nothing."""
    scene = a_scene(flavour)
    scene.linked()
    scene.settle()
    scene.wait(hours=1)
    before = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    summary = scene.look(5)
    after = len(scene.world.desk_wire.seen), len(scene.world.tracker_wire.seen)
    assert summary.done == 0
    assert (after[0] - before[0], after[1] - before[1]) == (10, 5)
