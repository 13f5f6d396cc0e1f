"""One bad incident stops only itself: five tries, then a person decides; its own later words wait in order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.engine.execute import SCHEDULE
from bridge.rehearsal.world import DESK_ACCOUNT, Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.jira import Person
from bridge.simulators.wire import Request, Response
from bridge.state.journal import Effect
from tests.flow.scene import FLAVOURS, Scene, a_scene, creates

pytestmark = [pytest.mark.promise("one bad incident"), pytest.mark.parametrize("flavour", FLAVOURS)]

#: Jira names the account in every answer; without it a refusal would not be believed.
ACCOUNT = {"X-AAccountId": Person.of(DESK_ACCOUNT).account_id, "X-AUSERNAME": DESK_ACCOUNT}
NO = Response.of_json(400, {"errorMessages": ["The comment is poisonous."], "errors": {}}, ACCOUNT)


def poisonous(words: str) -> Fault:
    """The tracker refuses whatever holds these words, for ever."""

    def holds(request: Request) -> bool:
        return request.method == "POST" and words.encode() in request.body

    return Fault(kind="answer_before", match=holds, times=None, answer=NO)


def behind_a_firewall(words: str, status: int = 403) -> Fault:
    """Something in front of a server answers whatever holds these words with a web page."""
    page = Response(
        status=status, headers={"Content-Type": "text/html"}, body=b"<html>Request rejected</html>"
    )

    def holds(request: Request) -> bool:
        return request.method == "POST" and words.encode() in request.body

    return Fault(kind="answer_before", match=holds, times=None, answer=page)


def until_dead(scene: Scene) -> Effect:
    """Let the whole schedule pass; returns the one effect that was given up."""
    scene.look()
    for pause in SCHEDULE:
        scene.wait(seconds=pause.total_seconds() + 1)
    with scene.store.reading() as tx:
        (dead,) = tx.journal.effects("retail", state="dead")
    return dead


def test_a_refused_note_is_tried_five_times_and_then_dead(flavour: Flavour) -> None:
    """Five tries on a schedule that grows, then no more; request and answer are kept, and a person is told."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    tries: list[str] = []
    fault = poisonous("arsenic")
    scene.world.tracker_wire.add(fault)
    counter = Fault(kind="call_before", match=fault.match, times=None, call=lambda: tries.append("try"))
    scene.world.tracker_wire.faults.insert(0, counter)
    scene.writes(number, "a pinch of arsenic")
    scene.look()
    assert len(tries) == 1
    dead = until_dead(scene)
    assert len(tries) == dead.attempts == 5
    assert "poisonous" in dead.error
    assert "arsenic" in getattr(dead.action, "text", "")
    scene.wait(hours=24)
    assert len(tries) == 5
    assert any("given up: " in text and "poisonous" in text for text in scene.notes(number))
    assert not any("arsenic" in text for text in scene.comments(key))


def test_later_notes_wait_behind_it_in_order_and_others_do_not(flavour: Flavour) -> None:
    """What people wrote later in the same incident waits, both ways; another incident is served in the same look."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    other, other_key = scene.linked()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    scene.writes(number, "the second word")
    scene.writes(other, "a word elsewhere")
    scene.look()
    assert any("a word elsewhere" in text for text in scene.comments(other_key))
    until_dead(scene)
    scene.writes(number, "the third word")
    scene.world.tracker.people.comments(key, "an answer from Ana", "dev.ana")
    scene.settle()
    assert not any("word" in text for text in scene.comments(key))
    assert scene.note_with(number, "an answer from Ana") == []


def test_replay_sends_it_and_what_waited_in_order(flavour: Flavour) -> None:
    """Once the cause is cured a replay sends the note, and then those behind it, each once."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    fault = scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    scene.writes(number, "the second word")
    dead = until_dead(scene)
    scene.world.tracker_wire.faults.remove(fault)
    with scene.store.transaction() as tx:
        tx.journal.replay(dead.id, scene.world.clock())
        tx.agenda.mark_dirty("retail", [number], "replayed", scene.world.clock())
    scene.settle()
    said = [text for text in scene.comments(key) if "arsenic" in text or "second word" in text]
    assert ["arsenic" in text for text in said] == [True, False]
    assert len(said) == 2


def test_forgoing_it_lets_the_rest_go_on(flavour: Flavour) -> None:
    """What a person does without is never sent again, and what waited behind it follows."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    scene.writes(number, "the second word")
    dead = until_dead(scene)
    with scene.store.transaction() as tx:
        tx.journal.forgo(dead.id, "dropped by root: not needed", scene.world.clock())
        tx.agenda.mark_dirty("retail", [number], "dropped", scene.world.clock())
    scene.settle()
    scene.world.tracker_wire.clear()
    scene.writes(number, "the third word")
    scene.settle()
    assert [("second" in text, "third" in text) for text in scene.comments(key) if "word" in text] == [
        (True, False),
        (False, True),
    ]
    assert not any("arsenic" in text for text in scene.comments(key))
    assert "given up" not in scene.notes(number)[-1]


def test_the_hold_and_the_question_do_not_wait(flavour: Flavour) -> None:
    """An early resolve is put back with a word, and the fix is asked about, although a note was given up."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.writes(number, "a pinch of arsenic")
    until_dead(scene)
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Pending"
    scene.fixes(key)
    scene.settle()
    scene.releases()
    scene.wait(minutes=6)
    scene.settle()
    assert scene.note_with(number, "Please check it")


def test_a_ticket_that_cannot_be_opened_is_dead_and_can_be_done_without(flavour: Flavour) -> None:
    """A refused opening is told to the person at once; dropped, the next request gets its own ticket."""
    scene = a_scene(flavour)
    number = scene.opens()
    fault = scene.world.tracker_wire.add(poisonous("arsenic"))
    scene.asks(number, "#ticket arsenic in the sum")
    scene.settle()
    assert len(scene.note_with(number, "poisonous")) == 1
    dead = until_dead(scene)
    assert dead.action.kind == "create_ticket"
    scene.asks(number, "#ticket again, without poison")
    scene.world.tracker_wire.faults.remove(fault)
    scene.settle()
    assert scene.keys() == []
    with scene.store.transaction() as tx:
        tx.journal.forgo(dead.id, "dropped by root: asked for again", scene.world.clock())
        tx.agenda.mark_dirty("retail", [number], "dropped", scene.world.clock())
    scene.settle()
    assert scene.keys() == [scene.key(number)]
    assert len(scene.note_with(number, "poisonous")) == 1


def test_a_server_that_always_fails_after_taking_a_note_is_not_asked_for_ever(flavour: Flavour) -> None:
    """A write that never leaves a trace is not repeated without end: it is dead after five tries as well."""
    scene = a_scene(flavour)
    number, _ = scene.linked()
    broken = poisonous("arsenic")
    broken.answer = Response.of_text(500, "NullPointerException")
    scene.world.tracker_wire.add(broken)
    scene.writes(number, "a pinch of arsenic")
    for _ in range(12):
        scene.wait(hours=3)
    with scene.store.reading() as tx:
        (dead,) = tx.journal.effects("retail", state="dead")
    assert dead.attempts == 5


def test_one_poisoned_incident_of_many_delays_nobody(flavour: Flavour) -> None:
    """Of a dozen incidents whose notes come at once all but the bad one are served in the same look."""
    scene = a_scene(flavour)
    pairs = []
    for _ in range(12):
        number = scene.opens()
        scene.asks(number)
        pairs.append(number)
    scene.settle()
    scene.world.tracker_wire.add(poisonous("arsenic"))
    for index, number in enumerate(pairs):
        scene.writes(number, "a pinch of arsenic" if index == 3 else "a good word")
    scene.world.clock.advance(timedelta(seconds=30))
    summary = scene.bridge.cycle()
    assert summary.refused == 1
    served = [any("a good word" in text for text in scene.comments(scene.key(number))) for number in pairs]
    assert served == [index != 3 for index in range(12)]


def test_an_answer_that_was_given_up_comes_after_a_replay(flavour: Flavour) -> None:
    """The answer to a second request is not forgotten while it is dead: replayed, it stands in the incident once."""
    scene = a_scene(flavour)
    number, _ = scene.linked()
    no = Response.of_json(400, [{"messageType": "ERROR", "messageText": "no", "messageNumber": 1440089}])
    fault = Fault(
        kind="answer_before",
        match=lambda request: request.method == "POST" and b"/answer/" in request.body,
        times=None,
        answer=no,
    )
    scene.world.desk_wire.add(fault)
    scene.asks(number, "#ticket once more")
    dead = until_dead(scene)
    assert "/answer/" in dead.key
    scene.world.desk_wire.faults.remove(fault)
    with scene.store.transaction() as tx:
        tx.journal.replay(dead.id, scene.world.clock())
        tx.agenda.mark_dirty("retail", [number], "replayed", scene.world.clock())
    scene.settle()
    assert len([text for text in scene.notes(number) if "already" in text.lower()]) == 1


# -- a firewall in front of a server


@pytest.mark.parametrize("status", [400, 403])
def test_words_that_a_firewall_dislikes_stop_only_their_incident(flavour: Flavour, status: int) -> None:
    """Others cross in the same look; the disliked one is given up once others were seen to pass, and a person is told."""
    scene = a_scene(flavour)
    (number, key), (other, other_key) = scene.linked(), scene.linked()
    scene.world.tracker_wire.add(behind_a_firewall("arsenic", status))
    scene.writes(number, "a pinch of arsenic")
    scene.writes(number, "what came later")
    scene.writes(other, "a good word")
    scene.look()
    assert sum("a good word" in text for text in scene.comments(other_key)) == 1
    dead = until_dead(scene)
    assert (dead.incident, dead.attempts) == (number, 5)
    assert "web page" in dead.error
    assert scene.note_with(number, "given up: ")
    assert not any("what came later" in text for text in scene.comments(key))
    scene.world.tracker_wire.clear()
    with scene.store.transaction() as tx:
        tx.journal.replay(dead.id, scene.world.clock())
        tx.agenda.mark_dirty("retail", [number], "replayed", scene.world.clock())
    scene.settle()
    crossed = [text for text in scene.comments(key) if "arsenic" in text or "later" in text]
    assert ["arsenic" in text for text in crossed] == [True, False]


def test_the_same_at_the_desk(flavour: Flavour) -> None:
    """A comment that a firewall in front of Remedy dislikes keeps no other comment from its incident."""
    scene = a_scene(flavour)
    (number, key), (other, other_key) = scene.linked(), scene.linked()
    scene.world.desk_wire.add(behind_a_firewall("arsenic"))
    scene.world.tracker.people.comments(key, "a pinch of arsenic", "dev.ana")
    scene.world.tracker.people.comments(other_key, "a good word", "dev.ana")
    scene.look()
    assert len(scene.note_with(other, "a good word")) == 1
    assert until_dead(scene).incident == number


def test_a_firewall_that_lets_nothing_pass_is_an_outage(flavour: Flavour) -> None:
    """Every write is answered by a page for a day: nothing is given up, few are sent, and then all cross in minutes."""
    scene = a_scene(flavour)
    linked = [scene.linked() for _ in range(6)]
    fault = scene.world.tracker_wire.add(behind_a_firewall("good word"))
    for number, _ in linked:
        scene.writes(number, "a good word")
    before = len(scene.world.tracker_wire.seen)
    for _ in range(24):
        scene.wait(minutes=59.5)
    sent = [path for method, path in scene.world.tracker_wire.seen[before:] if path.endswith("/comment")]
    assert len(sent) <= 2 * 24
    with scene.store.reading() as tx:
        assert tx.journal.counts("retail")["dead"] == 0
    scene.world.tracker_wire.faults.remove(fault)
    scene.look(12)
    assert [sum("a good word" in text for text in scene.comments(key)) for _, key in linked] == [1] * 6


def test_many_that_a_firewall_dislikes_starve_nobody(flavour: Flavour) -> None:
    """Five disliked notes stand first in each look, and still every other incident has its turn."""
    scene = a_scene(flavour)
    linked = [scene.linked() for _ in range(8)]
    scene.world.tracker_wire.add(behind_a_firewall("arsenic"))
    for number, _ in linked[:5]:
        scene.writes(number, "a pinch of arsenic")
    for number, _ in linked[5:]:
        scene.writes(number, "a good word")
    scene.look(8)
    crossed = [sum("a good word" in text for text in scene.comments(key)) for _, key in linked]
    assert crossed == [0] * 5 + [1] * 3


def test_a_try_that_a_server_did_not_take_does_not_count(flavour: Flavour) -> None:
    """A tracker that is too busy for an hour is waited for; the refusal that comes then is the first, not the last."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    busy = poisonous("arsenic")
    busy.answer = Response(status=429, headers={"Retry-After": "60"}, body=b"busy")
    scene.world.tracker_wire.add(busy)
    scene.writes(number, "a pinch of arsenic")
    for _ in range(12):
        scene.wait(minutes=5)
    busy.answer = NO
    scene.wait(minutes=2)
    with scene.store.reading() as tx:
        (refused,) = tx.journal.effects("retail", state="pending")
    assert "poisonous" in refused.error
    assert refused.attempts == 1
    scene.world.tracker_wire.faults.remove(busy)
    scene.wait(minutes=2)
    assert [words for words in scene.comments(key) if "arsenic" in words]


def test_an_opening_that_is_lost_again_and_again_is_told_from_the_third_on(flavour: Flavour) -> None:
    """Two lost tries may be chance; after the third the person who asked reads that the ticket is not there yet."""
    scene = a_scene(flavour)
    fault = Fault(
        kind="answer_before", match=creates, times=None, answer=Response.of_text(500, "NullPointerException")
    )
    scene.world.tracker_wire.add(fault)
    number = scene.opens()
    scene.asks(number)
    told: list[int] = []
    for _ in range(5):
        scene.wait(minutes=13)
        scene.look()
        with scene.store.reading() as tx:
            (create,) = tx.journal.open_effects("retail", number)
        told.append(create.attempts if scene.note_with(number, "could not be opened yet") else 0)
    assert told[0] == 0
    assert next(tries for tries in told if tries) >= 3
    scene.world.tracker_wire.faults.remove(fault)
    scene.wait(hours=1)
    scene.settle()
    assert len(scene.keys()) == 1
