"""The zeros of a replay can fail: each is broken once by hand, and the witness sees it."""

from __future__ import annotations

import pytest

from bridge.rehearsal.schedule import Diary, What
from bridge.rehearsal.witness import Finding, Witness
from bridge.rehearsal.world import DESK_ACCOUNT
from tests.flow.scene import Scene, a_scene


def witness_of(scene: Scene, diary: Diary | None = None) -> Witness:
    """A witness of a scene."""
    return Witness(world=scene.world, diary=diary or Diary(), projects=("FRONT",))


def found(finding: Finding) -> int:
    """How often something that must not be was found."""
    return finding.count


def test_a_settled_link_is_innocent() -> None:
    """A linked incident at rest gives no finding, except that it is still open."""
    scene = a_scene()
    number, _ = scene.linked()
    witness = witness_of(scene)
    assert found(witness.unlinked(frozenset({number}))) == 0
    assert found(witness.duplicate_tickets()) == 0
    assert found(witness.duplicate_notes()) == 0
    assert found(witness.lost_notes()) == 0
    assert found(witness.lost_comments()) == 0
    assert found(witness.unverified()) == 0
    assert witness.still_open().examples == (number,)


def test_hand_overs_and_links_are_compared_one_by_one() -> None:
    """One link too many and one too few are two findings, not none."""
    scene = a_scene()
    number, _ = scene.linked()
    assert witness_of(scene).unlinked(frozenset({"INC-other"})).examples == ("INC-other", number)


def test_a_second_ticket_is_a_duplicate() -> None:
    """A second ticket with the label of the same incident is found."""
    scene = a_scene()
    number, _ = scene.linked()
    people = scene.world.tracker.people
    second = people.creates("FRONT", "again", by="dev.ana", fields={"labels": [f"bridge-retail-{number}-1"]})
    assert witness_of(scene).duplicate_tickets().examples == (second,)


def test_a_note_written_twice_is_a_duplicate() -> None:
    """Two notes with the same mark are found, on the desk's side and in the ticket."""
    scene = a_scene()
    number, key = scene.linked()
    scene.writes(number, "Another customer called.")
    scene.settle()
    scene.writes(number, scene.notes(number)[0], by=DESK_ACCOUNT)
    scene.world.tracker.people.comments(key, scene.comments(key)[0], DESK_ACCOUNT)
    assert found(witness_of(scene).duplicate_notes()) == 2


def test_a_note_that_did_not_cross_is_lost() -> None:
    """A note is lost as long as the bridge has not carried it; a second copy is a finding as well."""
    scene = a_scene()
    number, key = scene.linked()
    scene.writes(number, "Another customer called.")
    assert found(witness_of(scene).lost_notes()) == 1
    scene.settle()
    assert found(witness_of(scene).lost_notes()) == 0
    scene.world.tracker.people.comments(key, scene.comments(key)[0], DESK_ACCOUNT)
    assert found(witness_of(scene).lost_notes()) == 1


def test_a_comment_that_did_not_cross_whole_is_lost() -> None:
    """A comment is lost as long as it is not in the incident with its words."""
    scene = a_scene()
    number, key = scene.linked()
    scene.world.tracker.people.comments(
        key, "Which browser does this customer use, and since when?", "dev.ana"
    )
    assert found(witness_of(scene).lost_comments()) == 1
    scene.settle()
    assert found(witness_of(scene).lost_comments()) == 0
    (note,) = [
        note
        for note in scene.world.desk.people.notes(number)
        if "/note/tracker/" in str(note["Detailed Description"])
    ]
    mark = str(note["Detailed Description"]).splitlines()[-1]
    scene.world.desk.people.edits_note(note["Work Log ID"], f"Which browser\n{mark}", by=DESK_ACCOUNT)
    assert found(witness_of(scene).lost_comments()) == 1


@pytest.mark.parametrize(
    ("deeds", "findings"),
    [
        ((), 1),
        (("fixed",), 1),
        (("fixed", "deployed"), 0),
        (("fixed", "deployed", "failed"), 1),
        (("fixed", "deployed", "failed", "fixed", "deployed"), 0),
        (("declined",), 0),
        (("declined", "failed"), 1),
        (("verified",), 0),
    ],
)
def test_a_resolve_needs_a_reason(deeds: tuple[What, ...], findings: int) -> None:
    """Staying resolved needs a deployment, a decision or a verification after the last failure."""
    scene = a_scene()
    number, _ = scene.linked()
    diary = Diary()
    for deed in deeds:
        scene.world.clock.sleep(3600)
        diary.note(scene.world.clock(), number, deed)
    scene.world.clock.sleep(3600)
    scene.resolves(number)
    assert found(witness_of(scene, diary).unverified()) == findings


def test_a_resolve_that_was_put_back_at_once_is_none() -> None:
    """An early resolve that the bridge put back at its next look is no finding; one that it left alone is."""
    scene = a_scene()
    number, _ = scene.linked()
    scene.resolves(number)
    assert found(witness_of(scene).unverified()) == 1
    scene.settle()
    assert found(witness_of(scene).unverified()) == 0
    assert witness_of(scene).put_backs(number) == 1


def test_who_was_resolved_before_must_not_be_put_back() -> None:
    """An incident that was resolved when it was linked stays resolved; putting it back is found."""
    scene = a_scene()
    number = scene.opens()
    scene.resolves(number)
    scene.wait(hours=1)
    scene.asks(number)
    scene.settle()
    assert found(witness_of(scene).put_back_in_vain()) == 0
    assert found(witness_of(scene).unverified()) == 0
    scene.world.desk.people.sets(number, {"Status": "In Progress"}, by=DESK_ACCOUNT)
    assert found(witness_of(scene).put_back_in_vain()) == 1
