"""A side that suddenly shows nothing, or not to us: nothing is taken for gone before a person approved exactly that."""

from __future__ import annotations

import pytest

from bridge.engine.poll import Poll
from bridge.engine.resync import resync
from bridge.model.errors import LostCredentials
from bridge.rehearsal.world import DESK_ACCOUNT, DESK_PASSWORD, Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Request, Response
from tests.flow.scene import FLAVOURS, Scene, a_scene
from tests.flow.test_mass_damage import linked, waiting

pytestmark = [pytest.mark.promise("no mass damage"), pytest.mark.parametrize("flavour", FLAVOURS)]


def shows_only(scene: Scene, *companies: str) -> None:
    """The desk's account sees rows of these companies only, as when a row permission is lost."""
    scene.world.desk.add_account(DESK_ACCOUNT, DESK_PASSWORD, companies=companies)


def sees_all_again(scene: Scene) -> None:
    """The permission is back."""
    scene.world.desk.add_account(DESK_ACCOUNT, DESK_PASSWORD)


def picture(scene: Scene) -> list[object]:
    """All that people see in both worlds."""
    desk, tracker = scene.world.desk.people, scene.world.tracker
    incidents = [(scene.incident(number), desk.notes(number)) for number in desk.numbers()]
    tickets = [(tracker.issue(key), tracker.comments(key)) for key in tracker.keys("FRONT")]
    return [*incidents, *tickets]


def night(scene: Scene) -> None:
    """The nightly comparison, and the look after it."""
    resync(
        scene.bridge.pair,
        scene.store,
        Poll(pair=scene.bridge.pair, store=scene.store, begin=scene.bridge.begin),
    )
    scene.look()


def empty(request: Request) -> bool:
    """Whether a request lists incidents or notes."""
    return request.method == "GET" and "/entry/HPD:" in request.path and "q" in request.query


def approve(scene: Scene) -> None:
    """A person approves what waits."""
    (plan,) = waiting(scene)
    with scene.store.transaction() as tx:
        tx.approvals.approve("retail", plan.checksum, "root", scene.world.clock())


@pytest.mark.parametrize("how", ["no row", "an empty list"])
def test_a_desk_that_shows_nothing_stops_what_it_would_touch(flavour: Flavour, how: str) -> None:
    """All held incidents out of sight: nothing is written anywhere and a person is asked; later all goes on."""
    scene = a_scene(flavour)
    links = [(number, scene.key(number)) for number in linked(scene, 10)]
    for _, key in links:
        scene.fixes(key)
    scene.settle()
    if how == "no row":
        shows_only(scene, "Somebody Else")
    else:
        nothing = Response.of_json(200, {"entries": []})
        scene.world.desk_wire.add(Fault(kind="answer_before", match=empty, times=None, answer=nothing))
    before = picture(scene)
    scene.releases()
    scene.wait(minutes=6)
    scene.wait(minutes=20)
    (plan,) = waiting(scene)
    assert "10 of 10 held incidents are out of sight" in plan.sentence
    assert picture(scene) == before
    scene.restart()
    scene.look(2)
    assert picture(scene) == before
    sees_all_again(scene)
    scene.world.desk_wire.clear()
    scene.wait(minutes=6)
    scene.settle()
    assert waiting(scene) == ()
    assert [len(scene.note_with(number, "Please check it")) for number, _ in links] == [1] * 10


def test_the_night_finds_a_desk_that_shows_nothing(flavour: Flavour) -> None:
    """Where nothing happens the nightly comparison notices it; other incidents are served, those out of sight are not."""
    scene = a_scene(flavour)
    old = linked(scene, 10)
    key = scene.key(old[0])
    shows_only(scene, "Somebody Else")
    night(scene)
    assert "10 of 10" in waiting(scene)[0].sentence
    scene.world.tracker.people.comments(key, "Which browser is it?", "dev.ana")
    scene.look(4)
    assert scene.note_with(old[0], "Which browser") == []
    new = scene.opens(Company="Somebody Else")
    scene.asks(new)
    scene.look(4)
    assert scene.key(new)
    before = picture(scene)
    approve(scene)
    sees_all_again(scene)
    scene.look(4)
    assert len(scene.note_with(old[0], "Which browser")) == 1
    assert len(picture(scene)) == len(before)


@pytest.mark.parametrize(("hidden", "asked"), [(3, False), (4, True)])
def test_three_of_ten_are_ordinary_and_four_are_not(flavour: Flavour, hidden: int, asked: bool) -> None:
    """Thirty per cent out of sight is followed one by one, more is asked about: at the desk and in the tracker alike."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    for number in numbers[:hidden]:
        scene.world.tracker.people.hides(scene.key(number))
    night(scene)
    for _ in range(3):
        scene.wait(minutes=6)
    assert bool(waiting(scene)) == asked
    assert sum(len(scene.note_with(number, "was deleted")) for number in numbers) == (0 if asked else hidden)


def test_a_tracker_that_went_dark_is_noticed_as_a_whole(flavour: Flavour) -> None:
    """One comment that cannot be written makes all tickets be looked for: not even the first is told to be deleted."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    for number in numbers:
        scene.world.tracker.people.hides(scene.key(number))
    scene.writes(numbers[0], "Any news?")
    for _ in range(5):
        scene.wait(minutes=6)
    assert "10 of 10 linked tickets" in waiting(scene)[0].sentence
    assert scene.note_with(numbers[0], "was deleted") == []
    for number in numbers:
        scene.world.tracker.people.hides(scene.key(number), hidden=False)
    for _ in range(3):
        scene.wait(minutes=6)
    assert waiting(scene) == ()


def test_an_approval_names_the_tickets_and_ends_with_them(flavour: Flavour) -> None:
    """One more ticket out of sight is another plan; and what was approved once is no leave for the next darkness."""
    scene = a_scene(flavour)
    numbers = linked(scene, 12)
    people = scene.world.tracker.people
    for number in numbers[:5]:
        people.hides(scene.key(number))
    night(scene)
    scene.wait(minutes=6)
    approve(scene)
    people.hides(scene.key(numbers[5]))
    scene.wait(minutes=6)
    assert "6 of 12" in waiting(scene)[0].sentence
    assert sum(len(scene.note_with(number, "was deleted")) for number in numbers) == 0
    for number in numbers[:6]:
        people.hides(scene.key(number), hidden=False)
    for _ in range(3):
        scene.wait(minutes=6)
    assert waiting(scene) == ()
    for number in numbers[:5]:
        people.hides(scene.key(number))
    night(scene)
    for _ in range(3):
        scene.wait(minutes=6)
    assert "5 of 12" in waiting(scene)[0].sentence
    assert sum(len(scene.note_with(number, "was deleted")) for number in numbers) == 0


def test_a_tracker_that_takes_us_for_anybody_is_not_believed(flavour: Flavour) -> None:
    """Credentials that became anonymous: answers without rows prove nothing, nothing is written, and later all goes on."""
    scene = a_scene(flavour)
    numbers = linked(scene, 10)
    scene.world.tracker.revoke(DESK_ACCOUNT)
    before = picture(scene)
    summary = scene.wait(minutes=6)
    assert "tracker" in summary.down
    with pytest.raises(LostCredentials):
        night(scene)
    for _ in range(3):
        scene.wait(minutes=20)
    assert picture(scene) == before
    assert waiting(scene) == ()
    scene.world.tracker.reissue(DESK_ACCOUNT)
    scene.writes(numbers[0], "Any news?")
    for _ in range(4):
        scene.wait(hours=1)
    assert any("Any news?" in text for text in scene.comments(scene.key(numbers[0])))
    assert sum(len(scene.note_with(number, "was deleted")) for number in numbers) == 0
