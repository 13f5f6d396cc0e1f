"""The nightly comparison: what people or accidents changed behind the bridge's back is mended once, or told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bridge.engine.resync import Resynced
from bridge.model.note import split_mark
from bridge.rehearsal.world import DESK_ACCOUNT, Flavour
from bridge.state.audit import Entry
from bridge.state.drifts import Told
from tests.flow.scene import FLAVOURS, Scene, a_scene
from tests.flow.test_many_to_many import board, joins
from tests.flow.weather import night, watch

pytestmark = [pytest.mark.parametrize("flavour", FLAVOURS), pytest.mark.promise("drift")]


def a_morning(flavour: Flavour) -> tuple[Scene, str, str]:
    """A linked incident in which both sides have talked, at rest, some time later."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.wait(minutes=1)
    scene.writes(number, "The customer called again.")
    scene.world.tracker.people.comments(key, "Which browser?", "dev.ana")
    scene.settle()
    scene.wait(minutes=10)
    scene.settle()
    return scene, number, key


def kinds(found: Resynced) -> list[str]:
    """The kinds of the drift of a night."""
    return sorted(one.kind for one in found.found)


def told(scene: Scene) -> Told:
    """What the last night left in the state."""
    with scene.store.reading() as tx:
        return tx.drifts.told("retail")


def trail(scene: Scene) -> list[Entry]:
    """The drift in the audit trail."""
    with scene.store.reading() as tx:
        return [entry for entry in tx.audit.since() if entry.what == "drift"]


def requests(scene: Scene) -> int:
    """How many requests that write were sent so far, log-ins aside."""
    world = scene.world
    reads = ("/search", "/bulkfetch", "/jwt/login", "/search/jql")
    sent = (*world.desk_wire.seen, *world.tracker_wire.seen)
    return sum(method != "GET" and not path.endswith(reads) for method, path in sent)


def deletes_note(scene: Scene, number: str, words: str) -> None:
    """An administrator deletes the bridge's note with these words."""
    people = scene.world.desk.people
    (note,) = (
        one
        for one in people.notes(number)
        if words in one["Detailed Description"] and one["Submitter"] == DESK_ACCOUNT
    )
    people.deletes_note(note["Work Log ID"])


def deletes_comment(scene: Scene, key: str, words: str) -> None:
    """Max deletes the comment with these words."""
    tracker = scene.world.tracker
    (comment,) = (one for one in tracker.comments(key) if words in one["body"])
    tracker.people.deletes_comment(key, str(comment["id"]), "dev.max")


def quiet(scene: Scene) -> None:
    """The next night finds nothing new, mends nothing and writes nothing."""
    scene.wait(minutes=11)
    scene.settle()
    before, lines = requests(scene), len(trail(scene))
    found = night(scene)
    assert (found.fresh, found.mended) == ((), ())
    assert requests(scene) == before
    assert len(trail(scene)) == lines


def test_a_settled_world_has_no_drift(flavour: Flavour, figure: Callable[[str], None]) -> None:
    """Where nothing was changed behind the bridge's back nothing is found, and nothing is written."""
    scene, _, key = a_morning(flavour)
    joins(scene, key)
    scene.settle()
    before = requests(scene)
    found = night(scene)
    assert kinds(found) == []
    assert found.sentence.endswith("no drift.")
    assert requests(scene) == before
    assert told(scene).counts == {}
    figure("10 kinds of drift")
    quiet(scene)


@pytest.mark.parametrize("where", ["incident", "ticket"])
def test_a_note_that_a_person_deleted(flavour: Flavour, where: str) -> None:
    """A mirrored note that is gone is told of once and not written again."""
    scene, number, key = a_morning(flavour)
    if where == "incident":
        deletes_note(scene, number, "Which browser?")
    else:
        deletes_comment(scene, key, "called again")
    found = night(scene)
    assert kinds(found) == ["note_gone"]
    assert "1 note gone (1 new, 0 mended)" in found.sentence
    assert scene.note_with(number, "Which browser?") == [] or where == "ticket"
    assert sum("called again" in text for text in scene.comments(key)) == (where == "incident")
    (entry,) = trail(scene)
    assert (entry.incident, entry.reason, entry.outcome) == (number, "note gone", "reported")
    assert told(scene).counts == {"note_gone": 1}
    quiet(scene)


def test_a_living_note_that_is_gone(flavour: Flavour) -> None:
    """The living note is written again once; who deletes it once more is left alone."""
    scene, number, _ = a_morning(flavour)
    deletes_note(scene, number, "LINKED FIX")
    found = night(scene)
    assert kinds(found) == ["living_note_gone"]
    assert len(scene.note_with(number, "LINKED FIX")) == 1
    assert [entry.outcome for entry in trail(scene)] == ["mended"]
    quiet(scene)
    deletes_note(scene, number, "LINKED FIX")
    assert [one.kind for one in night(scene).fresh] == ["living_note_gone"]
    assert scene.note_with(number, "LINKED FIX") == []
    assert [entry.outcome for entry in trail(scene)] == ["mended", "reported"]
    quiet(scene)


def test_a_board_that_is_gone(flavour: Flavour) -> None:
    """The board of a ticket with several incidents is written again once."""
    scene, _, key = a_morning(flavour)
    joins(scene, key)
    scene.settle()
    before = board(scene, key)
    deletes_comment(scene, key, "wait for this fix")
    found = night(scene)
    assert kinds(found) == ["board_gone"]
    assert board(scene, key) == before
    quiet(scene)
    deletes_comment(scene, key, "wait for this fix")
    night(scene)
    assert not any("wait for this fix" in text for text in scene.comments(key))
    quiet(scene)


def test_a_remote_link_that_is_gone(flavour: Flavour) -> None:
    """The remote link to the incident is written again once."""
    scene, _, key = a_morning(flavour)
    people = scene.world.tracker.people
    people.removes_links(key, "dev.max")
    assert kinds(night(scene)) == ["remote_link_gone"]
    assert len(scene.world.tracker.remote_links(key)) == 1
    quiet(scene)
    people.removes_links(key, "dev.max")
    night(scene)
    assert scene.world.tracker.remote_links(key) == []
    quiet(scene)


@pytest.mark.parametrize("where", ["incident", "ticket"])
def test_a_mark_that_stands_twice(flavour: Flavour, where: str) -> None:
    """One mark on two notes of one place is told of, and neither note is touched."""
    scene, number, key = a_morning(flavour)
    pair = scene.bridge.pair
    if where == "incident":
        (text,) = scene.note_with(number, "Which browser?")
        words, _, mark = split_mark(text)
        pair.desk.add_note(number, words, mark=f"(bridge:retail/{mark})", internal=True)
    else:
        (text,) = (one for one in scene.comments(key) if "called again" in one)
        words, _, mark = split_mark(text)
        ticket_id = str(scene.ticket(key)["id"])
        pair.tracker.add_note(ticket_id, words, mark=f"(bridge:retail/{mark})")
    scene.settle()
    before = (scene.notes(number), scene.comments(key))
    found = night(scene)
    assert kinds(found) == ["mark_twice"]
    assert found.found[0].what == mark
    assert (scene.notes(number), scene.comments(key)) == before
    quiet(scene)


def test_two_tickets_with_one_mark(flavour: Flavour) -> None:
    """A second ticket with the mark label of the first is put before a person, told once; the first one stays linked."""
    scene, number, key = a_morning(flavour)
    labels = [label for label in scene.ticket(key)["labels"] if label.startswith("bridge-")]
    people = scene.world.tracker.people
    copy = people.creates("FRONT", "Blank sum (copy)", by="dev.ana", fields={"labels": labels})
    scene.settle()
    found = night(scene)
    assert kinds(found) == ["two_tickets"]
    assert scene.flags(number)["two_tickets"] == f"{copy} ({labels[0]})"
    (note,) = scene.note_with(number, "bears the same mark")
    assert copy in note
    assert key in note
    assert scene.key(number) == key
    assert scene.comments(copy) == []
    quiet(scene)
    people.sets(copy, {"labels": []}, "dev.ana")
    scene.settle()
    assert kinds(night(scene)) == []
    assert "two_tickets" not in scene.flags(number)
    assert "two tickets" not in scene.living(number)


def test_an_incident_that_is_gone(flavour: Flavour) -> None:
    """An incident that the desk shows no more is put before a person."""
    scene, number, _ = a_morning(flavour)
    scene.world.desk.people.deletes(number)
    assert kinds(night(scene)) == ["incident_gone"]
    assert scene.flags(number)["incident_gone"] == number


def test_a_ticket_that_is_gone(flavour: Flavour) -> None:
    """A ticket that was deleted is told of that night, and is believed lost after a second look."""
    scene, number, key = a_morning(flavour)
    scene.world.tracker.people.deletes(key)
    assert kinds(night(scene)) == ["ticket_gone"]
    scene.wait(minutes=6)
    scene.settle()
    assert scene.flags(number)["lost"] == key
    quiet(scene)


def test_a_ticket_field_that_names_another(flavour: Flavour) -> None:
    """A ticket field that no longer names the ticket is told of and left as it is."""
    scene, number, key = a_morning(flavour)
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": "V-4711"}, by="ann")
    scene.settle()
    found = night(scene)
    assert kinds(found) == ["ticket_field"]
    assert found.found[0].what == key
    assert scene.key(number) == "V-4711"
    quiet(scene)


@pytest.mark.parametrize("late", [121, 600, 7200])
def test_words_that_no_poll_shows(flavour: Flavour, late: int) -> None:
    """A note or comment that was committed later than any overlap is carried by the night, once."""
    scene, number, key = a_morning(flavour)
    for _ in range(3):
        scene.writes(number, f"A pacemaker at {scene.world.clock()}.")
        scene.world.tracker.people.comments(key, f"A pacemaker at {scene.world.clock()}.", "dev.ana")
        scene.settle()
    for who in ("desk", "tracker"):
        watch(scene, who).ahead = -timedelta(seconds=late + 60)
    scene.writes(number, "It happens on tablets, too.")
    scene.world.tracker.people.comments(key, "Is it only new accounts?", "dev.ana")
    for who in ("desk", "tracker"):
        watch(scene, who).ahead = timedelta(0)
    scene.settle()
    found = night(scene)
    assert set(kinds(found)) <= {"missed"}
    assert len(found.mended) >= 2
    assert sum("on tablets, too" in text for text in scene.comments(key)) == 1
    assert len(scene.note_with(number, "only new accounts")) == 1
    quiet(scene)


def test_a_request_that_no_poll_shows(flavour: Flavour) -> None:
    """A request that was committed too late, in an incident that nobody watches, is served by the night, once."""
    scene, _, _ = a_morning(flavour)
    scene.wait(hours=3)
    number = scene.linked()[0]
    watch(scene, "desk").ahead = -timedelta(minutes=30)
    late = scene.opens()
    scene.asks(late)
    watch(scene, "desk").ahead = timedelta(0)
    scene.writes(number, "Something newer.")
    scene.settle()
    night(scene)
    assert scene.key(late)
    assert len(scene.keys()) == 3
    quiet(scene)
