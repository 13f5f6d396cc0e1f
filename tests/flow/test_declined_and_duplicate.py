"""Declined, duplicate and worked around: the decision with its reason, chains and circles, closures by workaround."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from bridge.rehearsal.world import Flavour
from tests.flow.scene import FLAVOURS, Scene, a_scene, rules_with

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)


def closed_as_duplicate(scene: Scene, key: str, of_key: str) -> None:
    """Ana closes a ticket as a duplicate of another one."""
    people = scene.world.tracker.people
    people.links_duplicate(key, of_key, "dev.ana")
    people.moves_to(key, "Done", "dev.ana", "Duplicate")


def a_chain(scene: Scene, key: str, length: int) -> list[str]:
    """A chain of tickets, each closed as a duplicate of the next one; the last is open."""
    keys = [
        key,
        *(scene.world.tracker.people.creates("CORE", f"Copy {n}", by="dev.max") for n in range(length)),
    ]
    for one, following in pairwise(keys):
        closed_as_duplicate(scene, one, following)
    return keys


def working_around(flavour: Flavour, **keys: Any) -> Scene:
    """A scene whose rule knows workarounds."""
    return a_scene(flavour, rules_with(hold={"workaround": keys}))


# -- declined


@pytest.mark.parametrize("resolution", ["Won't Do", "Cannot Reproduce"])
def test_the_decision_comes_with_its_reason(flavour: Flavour, resolution: str) -> None:
    """Frontline reads the resolution and the last words of a person around it, in the question and in explain."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    people = scene.world.tracker.people
    people.comments(key, "Looking into it", "dev.max")
    scene.wait(days=3)
    people.comments(key, "Works as *designed* since 4.0", "dev.ana")
    people.moves_to(key, "Done", "dev.ana", resolution)
    scene.settle()
    (question,) = scene.note_with(number, "development will not fix this")
    assert f"({resolution})" in question
    assert f"wrote in {key}: Works as designed since 4.0" in question
    assert "Works as designed" in scene.fact(number, "fixed")
    assert "Looking into it" not in question

    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"
    assert "declined by Ann Owner" in scene.fact(number, "verified")
    assert any(f"Ann Owner resolved {number}" in text for text in scene.comments(key))


def test_old_words_are_no_reason(flavour: Flavour) -> None:
    """A comment from days before the resolution is not taken for its reason."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.comments(key, "Looking into it", "dev.max")
    scene.wait(days=3)
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Won't Do")
    scene.settle()
    (question,) = scene.note_with(number, "development will not fix this")
    assert "Looking into it" not in question


# -- duplicates


def test_a_chain_is_followed_to_its_end(flavour: Flavour) -> None:
    """Eight duplicates in a row lead to the ninth ticket, told once; its fix is the incident's fix."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    keys = a_chain(scene, key, 8)
    scene.settle()
    told = scene.note_with(number, "as a duplicate of")
    assert [f"The incident now waits for {keys[-1]}." in text for text in told] == [True]
    assert f"duplicate of {keys[-1]}" in scene.living(number)
    assert f"{keys[-1]} is" in scene.fact(number, "fixed")
    assert f"of which {key} is a duplicate" in scene.fact(number, "fixed")

    scene.world.tracker.people.moves_to(keys[-1], "Done", "dev.max", "Done")
    scene.world.tracker.people.moves_to(keys[-1], "Deployed", "dev.max")
    scene.settle()
    assert scene.status(number) == "In Progress"
    assert scene.note_with(number, "Please check it")


def test_the_target_knows_who_waits(flavour: Flavour) -> None:
    """The ticket that is followed reads of the incident, shows it, and gets Frontline's notes; its comments come back."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.writes(number, "An old remark")
    target = scene.world.tracker.people.creates("CORE", "The real one", by="dev.max")
    scene.world.tracker.people.comments(target, "An old comment", "dev.max")
    scene.settle()
    closed_as_duplicate(scene, key, target)
    scene.settle()
    assert len([text for text in scene.comments(target) if f"because {key} was closed" in text]) == 1
    (link,) = scene.world.tracker.remote_links(target)
    assert number in link["object"]["title"]

    scene.writes(number, "Another customer called")
    scene.world.tracker.people.comments(target, "Which browser?", "dev.max")
    scene.settle()
    assert any("Another customer called" in text for text in scene.comments(target))
    assert not any("An old remark" in text for text in scene.comments(target))
    assert len(scene.note_with(number, "Which browser?")) == 1
    assert scene.note_with(number, "An old comment") == []


def test_a_failed_fix_reopens_the_target(flavour: Flavour) -> None:
    """The words go to the ticket that brought the fix, and that one is reopened; the incident goes on following it."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    (_, target) = a_chain(scene, key, 1)
    people = scene.world.tracker.people
    people.moves_to(target, "Done", "dev.max", "Done")
    people.moves_to(target, "Deployed", "dev.max")
    scene.settle()
    scene.writes(number, "#failed still blank")
    scene.settle()
    assert scene.ticket_status(target) == "In Progress"
    assert scene.ticket_status(key) == "Done"
    assert any("still blank" in text for text in scene.comments(target))
    assert f"duplicate of {target}" in scene.living(number)

    people.moves_to(target, "Done", "dev.max", "Done")
    people.moves_to(target, "Deployed", "dev.max")
    scene.settle()
    scene.writes(number, "#verified")
    scene.settle()
    assert scene.ticket_status(target) == "Closed"


def test_what_was_fixed_again_is_not_pulled_back_by_the_old_failure(flavour: Flavour) -> None:
    """After a failed fix of the target development reopens the duplicate itself and fixes that: it stays fixed."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    (_, target) = a_chain(scene, key, 1)
    people = scene.world.tracker.people
    people.moves_to(target, "Done", "dev.max", "Done")
    people.moves_to(target, "Deployed", "dev.max")
    scene.settle()
    scene.writes(number, "#failed still blank")
    scene.settle()
    people.moves_to(key, "In Progress", "dev.max")
    scene.settle()
    assert any("still blank" in text for text in scene.comments(key))
    people.moves_to(key, "Done", "dev.max", "Done")
    people.moves_to(key, "Deployed", "dev.max")
    scene.settle()
    assert scene.ticket_status(key) == "Deployed"
    assert scene.note_with(number, "Please check it")[-1].count("still blank") == 1
    scene.writes(number, "#verified")
    scene.settle()
    assert scene.ticket_status(key) == "Closed"


def test_a_circle_of_duplicates_is_put_before_people(flavour: Flavour) -> None:
    """Tickets that are duplicates of each other bring no fix: the incident waits, people are told once, then it heals."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    _, middle, last = a_chain(scene, key, 2)
    closed_as_duplicate(scene, last, middle)
    scene.settle()
    assert scene.status(number) == "Pending"
    (note,) = scene.note_with(number, "no ticket brings the fix")
    assert f"{key} → {middle} → {last} → {middle}" in note
    assert "duplicate_in_a_circle" in scene.flags(number)
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Pending"

    scene.world.tracker.people.moves_to(last, "In Progress", "dev.max")
    scene.settle()
    assert scene.flags(number) == {}
    assert f"duplicate of {last}" in scene.living(number)


def test_a_duplicate_of_nothing_is_put_before_people(flavour: Flavour) -> None:
    """Without a link there is nothing to follow; once somebody links the ticket it is followed."""
    scene = a_scene(flavour)
    number, key = scene.linked()
    scene.world.tracker.people.moves_to(key, "Done", "dev.ana", "Duplicate")
    scene.settle()
    assert len(scene.note_with(number, "no ticket brings the fix")) == 1
    target = scene.world.tracker.people.creates("CORE", "The real one", by="dev.max")
    scene.world.tracker.people.links_duplicate(key, target, "dev.ana")
    scene.settle()
    assert scene.flags(number) == {}
    assert scene.note_with(number, f"The incident now waits for {target}")


# -- workarounds


def test_a_workaround_in_a_comment_reaches_every_incident(flavour: Flavour) -> None:
    """A comment under the label reaches both incidents of the ticket, once, and once more when it changes."""
    scene = working_around(flavour, label="workaround")
    number, key = scene.linked()
    other = scene.opens(**{"Vendor Ticket Number": key})
    scene.settle()
    people = scene.world.tracker.people
    people.comments(key, "#workaround clear the cookies", "dev.ana")
    scene.settle()
    assert scene.note_with(number, "A workaround is known") == []

    people.sets(key, {"labels": ["frontline", "workaround"]}, "dev.ana")
    scene.settle()
    for one in (number, other):
        (note,) = scene.note_with(one, "A workaround is known")
        assert f"({key}): clear the cookies" in note
        assert "stays open until the fix is verified" in note
        assert "Workaround: clear the cookies" in scene.living(one)
        assert f"workaround known in {key}: clear the cookies" in scene.explained(one).history
    people.comments(key, "#workaround: use a private window", "dev.ana")
    scene.settle()
    assert len(scene.note_with(number, "A workaround is known")) == 2
    assert "private window" in scene.note_with(number, "A workaround is known")[-1]


def test_a_workaround_alone_frees_nothing(flavour: Flavour) -> None:
    """Unless the rule says so a known workaround does not let a resolve stand."""
    scene = working_around(flavour, field="Workaround")
    number, key = scene.linked()
    scene.world.tracker.people.sets(key, {"Workaround": "Use the *app* instead"}, "dev.ana")
    scene.settle()
    assert "Use the app instead" in scene.note_with(number, "A workaround is known")[0]
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Pending"


def test_a_closure_by_workaround_is_recorded_as_that(flavour: Flavour) -> None:
    """Where the rule lets it, the owner's resolve stands as a closure by workaround, and everybody reads that."""
    scene = working_around(flavour, field="Workaround", frees=True)
    number, key = scene.linked()
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Pending"

    scene.world.tracker.people.sets(key, {"Workaround": "Use the app instead"}, "dev.ana")
    scene.settle()
    assert "may be resolved with it" in scene.note_with(number, "A workaround is known")[0]
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"
    explained = scene.explained(number)
    assert explained.stage == "workaround"
    assert "workaround by Ann Owner: Use the app instead" in scene.fact(number, "verified")
    assert "resolved by a workaround" in scene.living(number)
    (told,) = [text for text in scene.comments(key) if "by the known workaround" in text]
    assert f"Ann Owner resolved {number}" in told
    assert "Use the app instead" in told

    scene.fixes(key)
    scene.settle()
    assert scene.status(number) == "Resolved"


def test_a_deployed_fix_is_no_workaround(flavour: Flavour) -> None:
    """Once the fix is in production resolving verifies it, workaround or not."""
    scene = working_around(flavour, field="Workaround", frees=True)
    number, key = scene.to_verification()
    scene.world.tracker.people.sets(key, {"Workaround": "Use the app instead"}, "dev.ana")
    scene.resolves(number, **{"Resolution Category Tier 2": "Code"})
    scene.settle()
    assert scene.explained(number).stage == "resolved"
    assert scene.ticket_status(key) == "Closed"
