"""Rounds of verification: who answered, when, with which words and files; reminders; what failed before."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.rehearsal.world import Flavour
from bridge.rules.shape import RuleSet
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Request
from tests.flow.scene import FLAVOURS, Scene, a_scene, rules_with, verify_with

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

SHOT = ("shot of payment.png", b"\x89PNG a picture of a blank sum")
PAGE = ("page.html", b"<html><body>the blank page</body></html>")


def fails_with(scene: Scene, number: str, text: str, *files: tuple[str, bytes], by: str = "ann") -> None:
    """Somebody rejects the fix and shows files."""
    scene.world.desk.people.writes(number, text, by=by, files=files)
    scene.settle()


def reminding(**keys: Any) -> RuleSet:
    """The usual rule with reminders."""
    return rules_with(hold={"verify": verify_with(remind={"after": "1d", **keys})})


def is_upload(request: Request) -> bool:
    """Whether a file is sent to a ticket."""
    return request.method == "POST" and request.path.endswith("/attachments")


def test_files_of_the_answer_go_to_the_ticket(flavour: Flavour) -> None:
    """The files of the note that rejects arrive in the ticket, whole and once, and are named beside the words."""
    scene = a_scene(flavour)
    number, key = scene.to_verification()
    fails_with(scene, number, "#failed still blank in Safari", SHOT, PAGE)
    held = scene.world.tracker.attachments(key)
    assert [one["data"] for one in held] == [SHOT[1], PAGE[1]]
    assert [one["name"].split(".")[0] for one in held] == ["shot of payment", "page"]
    assert [one["name"].rsplit(".")[-1] for one in held] == ["png", "html"]
    (told,) = [text for text in scene.comments(key) if "still blank in Safari" in text]
    assert f"{SHOT[0]} ({len(SHOT[1])} B), {PAGE[0]} ({len(PAGE[1])} B)" in told
    assert SHOT[0] in scene.fact(number, "verified")
    scene.wait(hours=1)
    scene.settle()
    assert len(scene.world.tracker.attachments(key)) == 2


def test_files_stay_where_the_rule_keeps_them(flavour: Flavour) -> None:
    """With attachments: none the files are named and stay at the desk."""
    scene = a_scene(flavour, rules_with(mirror={"attachments": "none"}))
    number, key = scene.to_verification()
    fails_with(scene, number, "#failed still blank", SHOT)
    assert scene.world.tracker.attachments(key) == []
    assert any(SHOT[0] in text for text in scene.comments(key))


def test_a_lost_answer_attaches_no_second_file(flavour: Flavour) -> None:
    """The server took the file but its answer was lost: it is found by its name and size, not sent again."""
    scene = a_scene(flavour)
    number, key = scene.to_verification()
    scene.world.tracker_wire.add(Fault(kind="drop_after", match=is_upload))
    fails_with(scene, number, "#failed still blank", SHOT)
    scene.wait(minutes=11)
    scene.settle()
    assert [one["data"] for one in scene.world.tracker.attachments(key)] == [SHOT[1]]


def test_a_refused_file_is_put_before_a_person(flavour: Flavour) -> None:
    """Where the tracker takes no files the words arrive all the same, and people read that the file did not."""
    scene = a_scene(flavour)
    number, key = scene.to_verification()
    scene.world.tracker.switches.attachments_off = True
    fails_with(scene, number, "#failed still blank", SHOT)
    assert any("still blank" in text for text in scene.comments(key))
    assert scene.ticket_status(key) == "In Progress"
    assert SHOT[0] in scene.flags(number)["file_not_carried"]
    assert "file not carried" in scene.living(number)


def test_a_file_that_is_too_large_is_named_only(flavour: Flavour) -> None:
    """A file above the cap is not carried; people read its name and size."""
    scene = a_scene(flavour)
    scene.world.desk.settings = scene.world.desk.settings.__class__(attachment_limit=30_000_000)
    number, key = scene.to_verification()
    fails_with(scene, number, "#failed still blank", ("film.mp4", b"x" * (11 * 2**20)))
    assert scene.world.tracker.attachments(key) == []
    assert scene.flags(number)["file_too_large"] == "film.mp4 (11.5 MB)"


def test_a_desk_that_is_down_only_puts_the_file_off(flavour: Flavour) -> None:
    """The tracker is not blamed for a desk that cannot be asked for the file; the file follows."""
    scene = a_scene(flavour)
    number, key = scene.to_verification()
    outage = Fault(kind="drop_before", times=None, match=lambda request: "/attach/" in request.path)
    scene.world.desk_wire.add(outage)
    scene.world.desk.people.writes(number, "#failed still blank", by="ann", files=[SHOT])
    assert "tracker" not in scene.look(3).sentence
    assert scene.world.tracker.attachments(key) == []
    scene.world.desk_wire.faults.remove(outage)
    scene.wait(minutes=2)
    scene.settle()
    assert [one["data"] for one in scene.world.tracker.attachments(key)] == [SHOT[1]]


def test_later_rounds_say_what_failed_before(flavour: Flavour) -> None:
    """The third round's question and the second failure's comment name every earlier failure with who and round."""
    scene = a_scene(flavour)
    number, key = scene.to_verification()
    fails_with(scene, number, "#failed blank in Safari", by="bob")
    scene.fixes_again(key, "4.3")
    scene.releases("4.3")
    scene.wait(minutes=6)
    scene.settle()
    second = scene.note_with(number, "Please check it")[-1]
    assert "What failed before: round 1, Bob Second: blank in Safari" in second

    fails_with(scene, number, "#failed now blank in Firefox")
    (told,) = [text for text in scene.comments(key) if "blank in Firefox" in text]
    assert "round 2" in told
    assert "round 1, Bob Second: blank in Safari" in told
    scene.fixes_again(key)
    scene.world.tracker.people.moves_to(key, "Deployed", "dev.ana")
    scene.settle()
    third = scene.note_with(number, "Please check it")[-1]
    assert "round 1, Bob Second: blank in Safari; round 2, Ann Owner: now blank in Firefox" in third

    scene.writes(number, "#verified at last", by="bob")
    scene.settle()
    told = scene.fact(number, "verified")
    assert "round 1: failed by Bob Second (note), 2026-03-02" in told
    assert "round 2: failed by Ann Owner (note)" in told
    assert "round 3: verified by Bob Second (note)" in told
    assert told.endswith("at last")


def test_an_unanswered_question_is_repeated_then_flagged(flavour: Flavour) -> None:
    """Every day a reminder that names the owner, three times; with the last one the incident is put before a lead."""
    scene = a_scene(flavour, reminding(times=3))
    number, key = scene.to_verification()
    asked_at = scene.world.clock()
    deadline = scene.explained(number).deadline
    assert deadline is not None
    assert 2.9 < (deadline - asked_at).total_seconds() / 86400 <= 3
    assert f"Answer by: {deadline:%Y-%m-%d %H:%M} UTC" in scene.living(number)
    assert scene.note_with(number, "Reminder") == []

    for count in (1, 2, 3):
        assert "no_answer" not in scene.flags(number)
        scene.wait(days=1)
        scene.settle()
        reminders = scene.note_with(number, "Reminder")
        assert len(reminders) == count
        assert reminders[-1].startswith(f"Ann Owner, {key} has been waiting for your answer since 2026-03-02")
        assert f"Reminder {count} of 3" in reminders[-1]
    assert "reminded 3 times" in scene.flags(number)["no_answer"]
    assert "no answer" in scene.living(number)
    scene.wait(days=30)
    scene.settle()
    assert len(scene.note_with(number, "Reminder")) == 3


def test_an_answer_ends_the_reminders(flavour: Flavour) -> None:
    """Once somebody answered nobody is reminded, and nothing is put before a lead any more."""
    scene = a_scene(flavour, reminding(times=2))
    number, _ = scene.to_verification()
    scene.wait(days=5)
    scene.settle()
    assert len(scene.note_with(number, "Reminder")) == 1
    assert "no_answer" in scene.flags(number)
    scene.writes(number, "#failed still blank", by="bob")
    scene.settle()
    assert "no_answer" not in scene.flags(number)
    assert scene.explained(number).deadline is None
    scene.wait(days=5)
    scene.settle()
    assert len(scene.note_with(number, "Reminder")) == 1


def test_missed_reminders_are_not_made_up_for(flavour: Flavour) -> None:
    """A bridge that stood still for days writes the reminder that is due now, not the ones that it missed."""
    scene = a_scene(flavour, reminding(times=5))
    number, _ = scene.to_verification()
    scene.world.clock.advance(3.5 * scene.bridge.pair.rules.rules[0].hold.verify.remind.after)
    scene.restart()
    scene.settle()
    (reminder,) = scene.note_with(number, "Reminder")
    assert "Reminder 3 of 5" in reminder


def test_a_decision_is_reminded_of_too(flavour: Flavour) -> None:
    """A declined ticket waits for Frontline's decision, with the same reminders."""
    scene = a_scene(flavour, reminding())
    number, key = scene.linked()
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Won't Do")
    scene.settle()
    scene.wait(days=1)
    scene.settle()
    (reminder,) = scene.note_with(number, "Reminder")
    assert "resolve, or write #failed and why" in reminder
