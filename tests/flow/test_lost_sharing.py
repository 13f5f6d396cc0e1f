"""A lost state among incidents that share a ticket, and of one that has several: nothing is made or said twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from bridge.rehearsal.world import START, Flavour
from tests.flow.scene import FLAVOURS, Scene
from tests.flow.test_asking import a_desk, creates, sets
from tests.flow.test_lost_state import GRACE, PACE, lived_in, worlds_of
from tests.flow.test_many_to_many import asked, board, joins, to_verification

pytestmark = [pytest.mark.promise("state that lasts"), pytest.mark.parametrize("flavour", FLAVOURS)]

#: A step of a story, told of the incidents and the first ticket.
Step = Callable[[Scene, list[str], list[str]], None]


def shared(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """Three incidents wait for one ticket."""
    first, key = scene.linked()
    numbers.append(first)
    scene.wait(minutes=3)
    scene.writes(first, "The customer called again.")
    numbers.extend((joins(scene, key), joins(scene, key)))
    keys.append(key)


def talked(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """Both sides talk."""
    scene.writes(numbers[1], "The second customer called.")
    scene.world.tracker.people.comments(keys[0], "Which browser?", "dev.ana")


def fixed(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """The fix is installed, and everybody is asked."""
    to_verification(scene, keys[0])


def reopened(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """One of them rejects, so that the ticket is reopened for all."""
    scene.writes(numbers[0], "#failed still blank")


def fixed_again(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """The next fix is installed."""
    to_verification(scene, keys[0], "4.3")


def one_verified(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """The oldest of them is content."""
    scene.writes(numbers[0], "#verified")


def more_verified(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """The second one is content."""
    scene.writes(numbers[2], "#verified")


def all_verified(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """The last one is content."""
    scene.writes(numbers[1], "#verified")


SHARED: tuple[Step, ...] = (
    shared,
    talked,
    fixed,
    reopened,
    fixed_again,
    one_verified,
    more_verified,
    all_verified,
)


def two_tickets(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """One incident has a ticket of its own, one of a further team, and one that was there before."""
    number, key = scene.linked()
    numbers.append(number)
    there = creates(scene)
    scene.writes(number, f"#link {there}")
    scene.settle()
    scene.asks(number, "#ticket core the ledger, too", by="bob")
    scene.settle()
    keys.extend((key, there, *scene.keys("CORE")))


def asked_again(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """Somebody asks for the same team again, and names a ticket that is linked."""
    scene.asks(numbers[0], "#ticket Core again")
    scene.writes(numbers[0], f"#link {keys[1]}")


def mostly_fixed(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """Two of the tickets are done and installed."""
    people = scene.world.tracker.people
    for key in keys[:2]:
        people.plans_for(key, "4.2", "dev.ana")
        people.moves_to(key, "Done", "dev.ana", "Done")
    scene.releases()


def all_fixed(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """Second line installs the third one as well."""
    scene.world.tracker.people.moves_to(keys[2], "Done", "dev.ana", "Done")
    scene.settle()
    scene.writes(numbers[0], "#deployed", by="igor")


def extended(scene: Scene, numbers: list[str], keys: list[str]) -> None:
    """A further team is asked before anybody checked."""
    scene.asks(numbers[0], "#ticket cards team as well")


SEVERAL: tuple[Step, ...] = (two_tickets, asked_again, mostly_fixed, all_fixed, extended)


def rest(scene: Scene) -> None:
    """Let the bridge look until it rests."""
    for pause in (timedelta(0), timedelta(minutes=6), GRACE):
        scene.world.clock.advance(pause)
        scene.settle()


def told(
    scene: Scene, steps: tuple[Step, ...], lost_after: frozenset[int]
) -> tuple[Scene, list[str], list[str]]:
    """Tell a story, a step every two hours; the state is lost once the consequences of these steps settled."""
    numbers: list[str] = []
    keys: list[str] = []
    for index, step in enumerate(steps):
        scene.world.clock.jump_to(START + (index + 1) * PACE)
        step(scene, numbers, keys)
        rest(scene)
        if index in lost_after:
            scene.forgets()
        rest(scene)
    return scene, numbers, keys


@cache
def undisturbed(flavour: Flavour, steps: tuple[Step, ...]) -> tuple[dict[str, Any], list[str], list[str]]:
    """How a story ends where nothing is lost."""
    scene, numbers, keys = told(begun(flavour, steps), steps, frozenset())
    return worlds_of(scene, *numbers), numbers, keys


def begun(flavour: Flavour, steps: tuple[Step, ...]) -> Scene:
    """The scene of a story."""
    return lived_in(flavour) if steps is SHARED else a_desk(flavour)


@pytest.mark.parametrize(
    "lost_after",
    [*(pytest.param({step}, marks=pytest.mark.deep) for step in (0, 2, 3, 5, 6)), set(range(8))],
    ids=str,
)
def test_incidents_of_one_ticket(flavour: Flavour, lost_after: set[int]) -> None:
    """Wherever the state is lost, three incidents on one ticket end in the same two worlds."""
    kept, numbers, keys = undisturbed(flavour, SHARED)
    scene, again, _ = told(begun(flavour, SHARED), SHARED, frozenset(lost_after))
    assert again == numbers
    assert worlds_of(scene, *numbers) == kept
    assert "wait for this fix: 0" in board(scene, keys[0])
    assert scene.ticket_status(keys[0]) == "Closed"
    assert {asked(scene, number) for number in numbers} == {2}


@pytest.mark.parametrize(
    "lost_after",
    [*(pytest.param({step}, marks=pytest.mark.deep) for step in (0, 2, 3, 4)), set(range(5))],
    ids=str,
)
def test_several_tickets_of_one_incident(flavour: Flavour, lost_after: set[int]) -> None:
    """Wherever the state is lost, an incident with several tickets ends in the same two worlds."""
    kept, numbers, keys = undisturbed(flavour, SEVERAL)
    scene, again, same = told(begun(flavour, SEVERAL), SEVERAL, frozenset(lost_after))
    assert (again, same) == (numbers, keys)
    assert worlds_of(scene, *numbers) == kept
    assert len(scene.keys("CORE")) == 1
    assert len(scene.keys("FRONT")) == 3


def test_what_names_an_incident_in_vain_is_answered_once(flavour: Flavour) -> None:
    """A number in a ticket that leads nowhere is not answered a second time, nor linked before it is corrected."""
    scene = a_desk(flavour)
    number = scene.opens(**{"Categorization Tier 1": "Question"})
    key = creates(scene, labels=[number, "INC000000999999"])
    rest(scene)
    answers = scene.comments(key)
    assert len(answers) == 2
    scene.forgets()
    rest(scene)
    assert scene.comments(key) == answers
    sets(scene, number, Categorization_Tier_1="Defect")
    rest(scene)
    assert scene.key(number) == key


def test_a_ticket_that_was_named_is_linked_once(flavour: Flavour) -> None:
    """An incident that a ticket names is neither linked nor told anew."""
    scene = a_desk(flavour)
    number = scene.opens()
    key = creates(scene, labels=[number])
    rest(scene)
    before = worlds_of(scene, number)
    assert scene.key(number) == key
    scene.forgets()
    rest(scene)
    assert worlds_of(scene, number) == before


def test_an_agreed_value_that_was_answered_asks_no_more(flavour: Flavour) -> None:
    """The value that opened the ticket still stands in its field and means nothing new."""
    scene = a_desk(flavour)
    number = scene.opens(**{"Vendor Group": "Development"})
    rest(scene)
    before = worlds_of(scene, number)
    scene.forgets()
    rest(scene)
    assert worlds_of(scene, number) == before
    sets(scene, number, Vendor_Group=None)
    rest(scene)
    sets(scene, number, Vendor_Group="Development")
    rest(scene)
    assert len(scene.note_with(number, "already linked")) == 1


@pytest.mark.parametrize("verified", [False, True])
def test_a_duplicate_that_two_incidents_follow(flavour: Flavour, verified: bool) -> None:
    """The ticket that theirs duplicates is told once that they wait, and heard as before."""
    scene = lived_in(flavour)
    people = scene.world.tracker.people
    first, key = scene.linked()
    second = joins(scene, key)
    scene.settle()
    target = creates(scene)
    people.links_duplicate(key, target, "dev.ana")
    people.moves_to(key, "Done", "dev.ana", "Duplicate")
    rest(scene)
    if verified:
        to_verification(scene, target)
        scene.writes(first, "#verified")
        rest(scene)
    before = worlds_of(scene, first, second)
    scene.forgets()
    rest(scene)
    assert worlds_of(scene, first, second) == before
    assert len([text for text in scene.comments(target) if "closed as a duplicate" in text]) == 2
