"""Counterexamples that random histories found, each cut down to the smallest scene; every one names its law."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from bridge.decide.plan import plan
from bridge.engine.observe import Observer
from bridge.engine.poll import Poll
from bridge.engine.resync import resync
from bridge.rehearsal.world import DESK_ACCOUNT, DESK_PASSWORD, Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Request, Response
from tests.flow.scene import FLAVOURS, Scene, a_scene
from tests.property.death import Death, die

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

SLOW_DOWN = Response.of_text(429, "slow down", headers={"Retry-After": "20"})
RETRY_IN_TWO_MINUTES = Response.of_text(429, "slow down", headers={"Retry-After": "120"})


def writes_work_info(request: Request) -> bool:
    """Whether a request adds a work info."""
    return request.method == "POST" and "HPD:WorkLog" in request.path


def busy_once(scene: Scene, kind: Literal["answer_before"] = "answer_before") -> None:
    """Let the desk put off the next work info."""
    scene.world.desk_wire.add(Fault(kind=kind, match=writes_work_info, answer=SLOW_DOWN))


def resyncs(scene: Scene) -> None:
    """Let the bridge read everything again, as it does every night, and act on it."""
    bridge = scene.bridge
    resync(bridge.pair, bridge.store, Poll(pair=bridge.pair, store=bridge.store, begin=bridge.begin))
    scene.settle()


@pytest.mark.parametrize(
    ("words", "by", "answer"),
    [("#ticket please hurry", "bob", "already linked to"), ("#verified", "zoe", "only members of")],
)
def test_an_answer_survives_a_busy_desk(flavour: Flavour, words: str, by: str, answer: str) -> None:
    """No loss: an answer that could not be written at once is written later, not dropped by the next plan."""
    scene = a_scene(flavour)
    number, _ = scene.linked()
    scene.writes(number, words, by=by)
    busy_once(scene)
    scene.wait(minutes=1)
    scene.wait(minutes=1)
    scene.settle()
    assert len(scene.note_with(number, answer)) == 1


def test_a_refused_request_survives_a_busy_desk(flavour: Flavour) -> None:
    """No loss: whoever typed a key that does not exist is told so, however busy the desk was then."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": "FRONT-4711"}, by="ann")
    busy_once(scene)
    scene.wait(minutes=1)
    scene.wait(minutes=1)
    scene.settle()
    assert len(scene.note_with(number, "FRONT-4711 was not linked")) == 1


def test_an_adopted_ticket_gets_each_note_once(flavour: Flavour) -> None:
    """No duplicate: notes in the story that an adopted ticket gets are not carried a second time."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.writes(number, "Tried another browser, same result.")
    key = scene.world.tracker.people.creates("FRONT", "Blank sums", by="dev.ana")
    scene.look()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": key}, by="ann")
    scene.settle()
    assert sum(text.count("Tried another browser") for text in scene.comments(key)) == 1


def test_a_comment_in_a_moved_ticket_arrives_after_the_hold(flavour: Flavour) -> None:
    """No loss: the resync finds a ticket that moved to a project that nobody polls, also once the hold has ended."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.writes(number, "#release the customer left", by="lena")
    scene.settle()
    people = scene.world.tracker.people
    people.comments(key, "We found the cause.", "dev.ana")
    people.moves(key, "CORE")
    scene.settle()
    resyncs(scene)
    assert len(scene.note_with(number, "We found the cause.")) == 1


def test_an_unanswerable_request_costs_nothing_for_ever(flavour: Flavour) -> None:
    """Idle costs three requests: a request in a cancelled incident is not looked up again in every cycle."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.world.desk.people.sets(number, {"Status": "Cancelled"}, by="ann")
    scene.asks(number)
    scene.settle()
    before = len(scene.world.desk_wire.seen)
    scene.look(5)
    assert len(scene.world.desk_wire.seen) - before == 10


def test_a_quarrel_stays_ended(flavour: Flavour) -> None:
    """A settled world plans nothing: two incidents of one ticket do not fight about its priority again an hour later."""
    scene = a_scene(flavour)
    _, key = scene.linked()
    other = scene.opens(Impact="4-Minor/Localized", Urgency="4-Low")
    scene.world.desk.people.sets(other, {"Vendor Ticket Number": key}, by="ann")
    scene.settle(most=30)
    before = len(priorities(scene, key))
    for _ in range(3):
        scene.world.tracker.people.comments(key, "Still looking.", "dev.ana")
        scene.wait(hours=2)
        scene.settle(most=30)
    assert len(priorities(scene, key)) == before


def priorities(scene: Scene, key: str) -> list[str | None]:
    """The priorities that a ticket had one after the other."""
    return [new for _, _, name, _, new in scene.world.tracker.history(key) if name == "priority"]


def test_a_plan_that_only_learns_is_followed_by_another(flavour: Flavour) -> None:
    """A settled world plans nothing: what a look only remembers is thought through before the incident rests."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    _, other = scene.linked()
    people = scene.world.tracker.people
    people.moves(other, "CORE")
    resyncs(scene)  # from here on CORE is polled, too
    scene.world.desk.people.sets(number, {"Status": "Cancelled"}, by="bob")
    people.moves(key, "CORE")
    moved = people.moves(key, "FRONT")
    scene.settle()
    scene.world.desk.people.sets(number, {"Vendor Ticket Number": moved}, by="ann")
    people.moves(moved, "CORE")
    scene.settle()
    observer = Observer(pair=scene.bridge.pair, store=scene.store)
    seen = observer.take(number)
    assert seen is not None
    decided = plan(seen, scene.rules, scene.bridge.pair.voice, scene.world.clock())
    assert decided.dossier == seen.dossier
    assert decided.actions == ()


@pytest.mark.parametrize("pair", ["retail"])
def test_a_person_who_copies_a_mark_is_still_a_person(flavour: Flavour, pair: str) -> None:
    """No loss: words of a person cross although they end with a copied mark, since the account tells who wrote them."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    mark = f"(bridge:{pair}/{number}/told/fixed/1)"
    scene.writes(number, f"As the bridge said, is that so? {mark}")
    scene.world.tracker.people.comments(key, f"Yes, it is so. {mark}", "dev.ana")
    scene.settle()
    assert sum("is that so" in text for text in scene.comments(key)) == 1
    assert len(scene.note_with(number, "it is so.")) == 1


def test_closing_ends_a_link_made_after_the_resolve(flavour: Flavour) -> None:
    """Idle costs three requests: an incident resolved before it was linked is over once it is closed."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.resolves(number)
    scene.wait(hours=1)
    scene.asks(number)
    scene.settle()
    scene.fixes(scene.key(number))
    scene.settle()
    assert scene.note_with(number, "This incident stays open") == []
    scene.world.desk.people.closes(number, "ann")
    scene.settle()
    scene.wait(minutes=30)
    before = len(scene.world.tracker_wire.seen)
    scene.wait(minutes=30)
    assert len(scene.world.tracker_wire.seen) - before == 1


def test_a_busy_desk_is_waited_for(flavour: Flavour) -> None:
    """No false alarm: a desk that puts a read off is waited for; nobody is told that it cannot be decided."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.asks(number)
    scene.world.desk_wire.add(
        Fault(kind="answer_before", match=reads_work_info, skip=1, answer=RETRY_IN_TWO_MINUTES)
    )
    assert scene.look().failed == ()
    scene.wait(minutes=2)
    assert scene.key(number)


def test_a_put_back_after_a_crash_goes_back_to_waiting(flavour: Flavour) -> None:
    """No early close: after a crash an early resolve goes back to the waiting status that the bridge itself had set."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.asks(number)
    scene.world.tracker_wire.add(Fault(kind="call_after", match=shows_incident, call=die))
    with pytest.raises(Death):
        scene.look()
    assert scene.status(number) == "Pending"
    scene.resolves(number)
    scene.restart()
    scene.settle()
    assert scene.status(number) == "Pending"


def reads_work_info(request: Request) -> bool:
    """Whether a request reads work infos."""
    return request.method == "GET" and "HPD:WorkLog" in request.path


def shows_incident(request: Request) -> bool:
    """Whether a request writes the remote link."""
    return request.method == "POST" and request.path.endswith("/remotelink")


def test_a_release_where_nobody_can_be_recognised_is_answered_honestly(flavour: Flavour) -> None:
    """A lead whose group cannot be read is not told to be none."""
    scene = a_scene(flavour)
    scene.world.desk.add_account(DESK_ACCOUNT, DESK_PASSWORD, reads_memberships=False)
    number, _ = scene.linked()
    scene.writes(number, "#release please", by="lena")
    scene.settle()
    assert len(scene.note_with(number, "cannot read who belongs to Frontline Leads")) == 1
    assert scene.note_with(number, "only members of") == []


def test_a_request_outlives_a_cancelling_that_was_undone(flavour: Flavour) -> None:
    """No loss: who asked before a cancelling that was undone gets a ticket or an answer."""
    scene = a_scene(flavour)
    number = scene.opens()
    scene.world.tracker_wire.add(Fault(kind="drop_before", times=None))
    scene.asks(number)
    scene.look()
    scene.world.desk.people.sets(number, {"Status": "Cancelled"}, by="ann")
    scene.look()
    scene.world.tracker_wire.clear()
    scene.settle()
    assert scene.keys() == []
    scene.world.desk.people.sets(number, {"Status": "In Progress"}, by="ann")
    scene.settle()
    assert scene.keys() or scene.notes(number)


def test_a_deleted_ticket_is_not_opened_again_by_a_new_memory(flavour: Flavour) -> None:
    """One ticket a request: a ticket that was deleted before the state was lost is lost, and its request was answered."""
    scene = a_scene(flavour)
    number, key = scene.to_verification()
    scene.resolves(number)
    scene.settle()
    scene.world.tracker.people.deletes(key)
    scene.forgets()
    scene.settle()
    scene.wait(minutes=11)
    scene.settle()
    assert scene.keys() == []
    assert len(scene.note_with(number, f"{key} was deleted")) == 1
    assert scene.status(number) == "Resolved"


def test_the_second_ticket_tells_that_the_first_request_was_answered(flavour: Flavour) -> None:
    """One ticket a request: of two tickets the first was deleted; a new memory opens none for the first request."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.deletes(key)
    scene.writes(number, "Any news?")
    scene.look()
    scene.wait(minutes=6)
    scene.settle()
    scene.asks(number, "#ticket the first one is gone", by="bob")
    scene.settle()
    keys = list(scene.keys())
    scene.forgets()
    scene.settle()
    scene.wait(minutes=11)
    scene.settle()
    assert list(scene.keys()) == keys


def test_the_first_ticket_of_a_lost_state_is_found_by_a_late_search(flavour: Flavour) -> None:
    """One ticket a request: that nothing was opened before is believed only once a search would show it."""
    scene = a_scene(flavour, index_lag=timedelta(minutes=4))
    number = scene.opens()
    scene.asks(number)
    lost_answer = Fault(kind="drop_after", match=lambda request: request.path.endswith("/issue"))
    scene.world.tracker_wire.add(lost_answer)
    scene.look()
    scene.forgets()
    scene.settle()
    scene.wait(minutes=11)
    scene.settle()
    assert len(scene.keys()) == 1
    assert scene.key(number) == scene.keys()[0]
