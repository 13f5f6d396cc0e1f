"""Many to many: several incidents on one ticket, several tickets for one incident."""

from __future__ import annotations

import pytest

from bridge.decide.explain import explain
from bridge.engine.observe import Observer
from bridge.model.note import split_mark
from bridge.rehearsal.world import Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Request, Response
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

HIGH = {"Impact": "1-Extensive/Widespread", "Urgency": "1-Critical"}
LOW = {"Impact": "4-Minor/Localized", "Urgency": "4-Low"}


def joins(scene: Scene, key: str, **fields: object) -> str:
    """A further incident, in whose ticket field somebody types the key of a ticket that is there."""
    number = scene.opens(**fields)
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": key}, by="ann")
    return number


def on_one_ticket(scene: Scene, more: int = 1) -> tuple[list[str], str]:
    """Several incidents on one ticket, everything at rest; the first one opened it."""
    first, key = scene.linked()
    numbers = [first, *(joins(scene, key) for _ in range(more))]
    scene.settle()
    return numbers, key


def to_verification(scene: Scene, key: str, version: str = "4.2") -> None:
    """Fix the ticket and release the version."""
    people = scene.world.tracker.people
    if scene.ticket_status(key) != "In Progress":
        people.starts(key, "dev.ana")
    people.plans_for(key, version, "dev.ana")
    people.moves_to(key, "Done", "dev.ana", "Done")
    scene.settle()
    scene.releases(version)
    scene.wait(minutes=6)
    scene.settle()


def boards(scene: Scene, key: str) -> list[str]:
    """The boards of a ticket as they stand there, found by their mark."""
    return [text for text in scene.comments(key) if split_mark(text)[2].startswith("board/")]


def board(scene: Scene, key: str) -> str:
    """The one board of a ticket."""
    found = boards(scene, key)
    assert len(found) == 1, found
    return found[0]


def asked(scene: Scene, number: str) -> int:
    """How often the owner of an incident was asked to check."""
    return len(scene.note_with(number, "Please check it"))


def explained(scene: Scene, number: str) -> str:
    """What explain says of the links and the verification."""
    bridge = scene.bridge
    seen = Observer(pair=bridge.pair, store=bridge.store).take(number)
    assert seen is not None
    told = explain(seen, bridge.pair.rules, bridge.pair.voice, bridge.pair.clock())
    return "\n".join(fact.evidence for fact in told.facts)


def test_the_ticket_shows_who_waits_in_one_place(flavour: Flavour) -> None:
    """From the second incident on one comment counts them and names the highest priority; a single one needs none."""
    scene = a_scene(flavour)
    first, key = scene.linked(**LOW)
    assert scene.comments(key) == []
    second = joins(scene, key, **HIGH)
    scene.settle()
    assert "wait for this fix: 2, highest priority: Critical" in board(scene, key)
    assert f"{second}: Critical, Frontline Retail, since" in board(scene, key)

    third = joins(scene, key)
    scene.settle()
    assert scene.comments(key) == [board(scene, key)]
    assert "wait for this fix: 3" in board(scene, key)
    assert all(number in board(scene, key) for number in (first, second, third))
    assert {scene.key(number) for number in (first, second, third)} == {key}
    assert {scene.status(number) for number in (first, second, third)} == {"Pending"}
    assert "2 other incidents wait too" in explained(scene, second)


def test_a_changed_priority_shows_on_the_board(flavour: Flavour) -> None:
    """The board follows the incidents' priorities and queues, in its place, whoever of them changes."""
    scene = a_scene(flavour)
    (first, second), key = on_one_ticket(scene)
    scene.world.desk.people.sets(second, {**HIGH, "Assigned Group": "Frontline Cards"}, by="ann")
    scene.settle()
    assert "highest priority: Critical" in board(scene, key)
    assert f"{second}: Critical, Frontline Cards" in board(scene, key)
    scene.world.desk.people.sets(second, LOW, by="ann")
    scene.settle()
    assert "highest priority: High" in board(scene, key)
    assert scene.comments(key) == [board(scene, key)]
    assert first in board(scene, key)


def test_the_ticket_has_the_highest_priority_of_all(flavour: Flavour) -> None:
    """A mirrored priority is the highest of those that wait, and the incidents do not quarrel about it."""
    scene = a_scene(flavour)
    _, key = scene.linked(**LOW)
    second = joins(scene, key, **HIGH)
    scene.settle()
    assert scene.ticket(key)["priority"] == "Highest"
    for _ in range(4):
        scene.wait(minutes=5)
    assert scene.ticket(key)["priority"] == "Highest"
    scene.writes(second, "#release the customer left", by="lena")
    scene.settle()
    assert scene.ticket(key)["priority"] == "Low"
    assert not any("back and forth" in text for text in scene.notes(second))


def test_one_deployment_asks_every_owner_once(flavour: Flavour) -> None:
    """Each incident gets its question once; the ticket is closed and told when the last one is verified."""
    scene = a_scene(flavour)
    numbers, key = on_one_ticket(scene, more=2)
    to_verification(scene, key)
    assert [asked(scene, number) for number in numbers] == [1, 1, 1]

    scene.writes(numbers[0], "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Done"
    assert "wait for this fix: 2" in board(scene, key)
    assert "already verified by: 1" in board(scene, key)
    scene.writes(numbers[2], "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Done"
    scene.writes(numbers[1], "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"
    assert "wait for this fix: 0, already verified by: 3" in board(scene, key)
    told = [text for text in scene.comments(key) if "verified the fix in" in text]
    assert len(told) == 1
    assert numbers[1] in told[0]
    assert [asked(scene, number) for number in numbers] == [1, 1, 1]
    scene.wait(minutes=10)
    scene.settle()
    assert len(scene.comments(key)) == 2


def test_the_last_that_waits_may_leave_otherwise(flavour: Flavour) -> None:
    """Where the last incident is released, the one that was verified closes the ticket and says so."""
    scene = a_scene(flavour)
    (first, second), key = on_one_ticket(scene)
    to_verification(scene, key)
    scene.writes(first, "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Done"
    scene.writes(second, "#release the customer left", by="lena")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"
    assert any(f"verified the fix in {first}" in text for text in scene.comments(key))
    assert "wait for this fix: 0, already verified by: 1" in board(scene, key)


def test_notes_never_reach_siblings(flavour: Flavour) -> None:
    """An incident's notes go to the ticket and no further; people's comments there reach all incidents."""
    scene = a_scene(flavour)
    (first, second), key = on_one_ticket(scene)
    scene.writes(first, "Her name is Maria and she is upset")
    scene.writes(second, "The other customer has an old phone")
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.settle()
    everything = "\n".join(scene.comments(key))
    assert everything.count("Her name is Maria") == everything.count("an old phone") == 1
    assert not any("Maria" in text for text in scene.notes(second))
    assert not any("old phone" in text for text in scene.notes(first))
    assert [len(scene.note_with(number, "Which browser")) for number in (first, second)] == [1, 1]


def test_the_story_of_a_further_incident_stays_at_home(flavour: Flavour) -> None:
    """What was written before an incident joined is not told in a ticket for which others wait already."""
    scene = a_scene(flavour)
    _, key = scene.linked()
    number = scene.opens()
    scene.writes(number, "We tried another browser")
    scene.settle()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": key}, by="ann")
    scene.settle()
    assert scene.comments(key) == [board(scene, key)]
    scene.writes(number, "Now it fails in all browsers")
    scene.settle()
    assert any("fails in all browsers" in text for text in scene.comments(key))
    assert not any("tried another browser" in text for text in scene.comments(key))


def test_one_rejection_takes_the_question_back_from_all(flavour: Flavour) -> None:
    """Where one incident rejects, the ticket is reopened; the others wait again and are asked anew."""
    scene = a_scene(flavour)
    (first, second), key = on_one_ticket(scene)
    to_verification(scene, key)
    assert scene.status(second) == "In Progress"
    scene.writes(first, "#failed still blank in Safari")
    scene.settle()
    assert scene.ticket_status(key) == "In Progress"
    assert scene.status(second) == "Pending"
    assert len(scene.note_with(second, f"{key} was reopened before the fix was checked")) == 1
    assert not scene.note_with(second, "reports that the fix does not work")
    assert not scene.note_with(second, "Safari")
    assert "not checked, since" in explained(scene, second)
    scene.writes(second, "#verified", by="bob")
    scene.settle()
    assert len(scene.note_with(second, "is not there yet")) == 1

    to_verification(scene, key, "4.3")
    assert [asked(scene, number) for number in (first, second)] == [2, 2]
    assert not any("What failed before" in text for text in scene.notes(second))
    assert len([text for text in scene.comments(key) if "does not work for the customer" in text]) == 1


def test_development_reopens_before_the_check(flavour: Flavour) -> None:
    """A ticket that development reopens itself takes the question back without blame."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    to_verification(scene, key)
    scene.world.tracker.people.moves_to(key, "In Progress", "dev.ana")
    scene.settle()
    assert scene.status(number) == "Pending"
    assert len(scene.note_with(number, "was reopened before")) == 1
    assert scene.comments(key) == []
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Pending"
    assert scene.note_with(number, "resolved this incident, but") or scene.note_with(number, "Still missing")

    to_verification(scene, key, "4.3")
    assert asked(scene, number) == 2
    scene.writes(number, "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"


def test_a_phrase_of_second_line_needs_no_done_ticket(flavour: Flavour) -> None:
    """Evidence given while the ticket was never done stays, whatever the ticket does."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.starts(key, "dev.ana")
    scene.writes(number, "#deployed as a hot fix", by="igor")
    scene.settle()
    assert asked(scene, number) == 1
    scene.world.tracker.people.moves_to(key, "In Review", "dev.ana")
    scene.settle()
    assert scene.status(number) == "In Progress"
    assert not scene.note_with(number, "was reopened")


def test_a_ticket_moved_on_is_not_reopened(flavour: Flavour) -> None:
    """A ticket that goes from Done to Deployed and on to Closed keeps its question."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.fixes(key)
    scene.settle()
    for status in ("Deployed", "Closed"):
        scene.world.tracker.people.moves_to(key, status, "dev.ana")
        scene.settle()
    assert asked(scene, number) == 1
    assert not scene.note_with(number, "was reopened")
    assert scene.status(number) == "In Progress"


def test_an_incident_is_free_when_all_of_its_tickets_are(flavour: Flavour) -> None:
    """An incident with two tickets is asked when both are in production, and both are told and closed."""
    scene = a_scene(flavour)
    number, first = scene.linked()
    second = scene.world.tracker.people.creates("FRONT", "The other half", by="dev.max")
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": f"{first}, {second}"}, by="ann")
    scene.settle()
    assert len(scene.note_with(number, f"{second} is linked as well")) == 1
    to_verification(scene, first)
    assert asked(scene, number) == 0
    assert scene.status(number) == "Pending"
    to_verification(scene, second, "4.3")
    assert asked(scene, number) == 1
    scene.writes(number, "#verified")
    scene.settle()
    assert (scene.ticket_status(first), scene.ticket_status(second)) == ("Closed", "Closed")


def test_a_further_ticket_puts_the_check_off(flavour: Flavour) -> None:
    """Where a further ticket is linked after the question, the question comes again once all are in production."""
    scene = a_scene(flavour)
    number, first = scene.linked()
    to_verification(scene, first)
    second = scene.world.tracker.people.creates("FRONT", "The other half", by="dev.max")
    scene.writes(number, f"#link {second}")
    scene.settle()
    assert scene.status(number) == "Pending"
    assert len(scene.note_with(number, "The check waits until all of")) == 1
    to_verification(scene, second, "4.3")
    assert asked(scene, number) == 2
    scene.writes(number, "#verified")
    scene.settle()
    assert (scene.ticket_status(first), scene.ticket_status(second)) == ("Closed", "Closed")


def test_the_board_outlives_its_writer(flavour: Flavour) -> None:
    """When the incident that wrote the board leaves, the next one goes on in the same comment."""
    scene = a_scene(flavour)
    (first, second, third), key = on_one_ticket(scene, more=2)
    scene.writes(first, "#release the customer left", by="lena")
    scene.settle()
    assert "wait for this fix: 2" in board(scene, key)
    assert first not in board(scene, key)
    scene.restart()
    scene.writes(second, "#release the customer left, too", by="lena")
    scene.settle()
    assert "wait for this fix: 1" in board(scene, key)
    assert third in board(scene, key)


def test_a_deleted_board_is_written_anew(flavour: Flavour) -> None:
    """Where somebody deleted the board, the next change writes one new comment."""
    scene = a_scene(flavour)
    _, key = on_one_ticket(scene)
    comment = scene.world.tracker.comments(key)[0]
    scene.world.tracker.people.deletes_comment(key, str(comment["id"]), "admin")
    joins(scene, key)
    scene.settle()
    assert "wait for this fix: 3" in board(scene, key)
    joins(scene, key)
    scene.settle()
    assert "wait for this fix: 4" in board(scene, key)


def test_a_board_that_may_not_be_rewritten_is_flagged(flavour: Flavour) -> None:
    """Without the right to edit its comments the bridge writes no comment an incident; it says what is wrong."""
    scene = a_scene(flavour)
    numbers, key = on_one_ticket(scene)
    words = {"errorMessages": ["You do not have permission to edit"], "errors": {}}
    no = Response.of_json(400, words, {"X-AUSERNAME": "svc-bridge"})
    refusal = scene.world.tracker_wire.add(
        Fault(kind="answer_before", match=_rewrites, times=None, answer=no)
    )
    joins(scene, key)
    joins(scene, key)
    scene.settle()
    assert "wait for this fix: 2" in board(scene, key)
    assert scene.note_with(numbers[0], "board not updated")
    scene.world.tracker_wire.faults.remove(refusal)
    joins(scene, key)
    scene.settle()
    assert "wait for this fix: 5" in board(scene, key)
    assert not scene.note_with(numbers[0], "board not updated")


def _rewrites(request: Request) -> bool:
    return request.method == "PUT" and "/comment/" in request.path


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_lost_answer_makes_no_second_board(flavour: Flavour, method: str) -> None:
    """Where the answer to writing or rewriting the board is lost, it is found and not written again."""
    scene = a_scene(flavour)
    numbers, key = on_one_ticket(scene, more=1 if method == "PUT" else 0)
    scene.world.tracker_wire.add(
        Fault(kind="drop_after", match=lambda it: it.method == method and "/comment" in it.path)
    )
    joins(scene, key)
    scene.look()
    scene.restart()
    scene.settle()
    assert f"wait for this fix: {len(numbers) + 1}" in board(scene, key)
    scene.wait(minutes=15)
    assert len(scene.comments(key)) == 1


def test_followers_of_a_duplicate_show_in_its_target(flavour: Flavour) -> None:
    """Incidents whose tickets were closed as duplicates of one are counted there, where they wait now."""
    scene = a_scene(flavour)
    first, target = scene.linked()
    second, duplicate = scene.linked()
    people = scene.world.tracker.people
    people.links_duplicate(duplicate, target, "dev.ana")
    people.moves_to(duplicate, "Done", "dev.ana", "Duplicate")
    scene.settle()
    assert "wait for this fix: 2" in board(scene, target)
    assert first in board(scene, target)
    assert second in board(scene, target)
    assert boards(scene, duplicate) == []


@pytest.mark.deep
def test_forty_incidents_on_one_ticket(flavour: Flavour) -> None:
    """Forty incidents make a handful of comments, one question each, and a bounded number of requests."""
    scene = a_scene(flavour)
    first, key = scene.linked()
    before = len(scene.world.tracker_wire.seen)
    numbers = [first, *(joins(scene, key, **(HIGH if index == 20 else LOW)) for index in range(39))]
    scene.settle()
    # A ticket that was looked up, its remote link, and a share of the polls and of the board.
    assert len(scene.world.tracker_wire.seen) - before < 39 * 3 + 20
    text = board(scene, key)
    assert "wait for this fix: 40, highest priority: Critical" in text
    assert text.count(" since ") == 20
    assert "and 20 more" in text
    assert scene.comments(key) == [text]

    to_verification(scene, key)
    assert [asked(scene, number) for number in numbers] == [1] * 40
    before = len(scene.world.tracker_wire.seen)
    for number in numbers:
        scene.writes(number, "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"
    assert "wait for this fix: 0, already verified by: 40" in board(scene, key)
    assert len(scene.comments(key)) == 2
    assert [asked(scene, number) for number in numbers] == [1] * 40
    scene.wait(minutes=30)
    scene.settle()
    assert len(scene.comments(key)) == 2
    assert len(scene.world.tracker_wire.seen) - before < 40 * 2 + 40


@pytest.mark.parametrize("joining", [True, False])
def test_what_one_incident_reads_first_reaches_the_others(flavour: Flavour, joining: bool) -> None:
    """A comment that comes after the poll, and that another incident of the ticket reads first, is carried to all."""
    scene = a_scene(flavour)
    numbers, key = on_one_ticket(scene)
    if joining:
        joins(scene, key)
    else:  # an early resolve is put back, and everything is read afresh before that
        scene.resolves(numbers[1], "ann")
    comment = Fault(
        kind="call_after",
        match=lambda request: "/search" in request.path,
        call=lambda: scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana"),
    )
    scene.world.tracker_wire.add(comment)
    scene.settle()
    for number in numbers:
        assert len(scene.note_with(number, "Which browser is it?")) == 1
