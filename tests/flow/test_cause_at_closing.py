"""The cause at closing: asked for with the list, or put back for; proposed by the ticket, never written."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.rehearsal.world import Flavour
from tests.flow.scene import FLAVOURS, Scene, a_scene, rules_with

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

FIELD = "Resolution Category Tier 2"
CAUSES = ["Code", "Integration", "User error"]


def caring(flavour: Flavour, missing: str = "ask", put_back: int = 3, **propose: Any) -> Scene:
    """A scene whose rule asks for a cause in this way."""
    cause: dict[str, Any] = {"field": FIELD, "one_of": CAUSES, "missing": missing}
    if propose:
        cause["propose"] = propose
    rules = rules_with(
        hold={"cause": cause, "resolved_early": {"put_back": put_back}},
        causes={"Mobile": "Code", "Cards": "Integration"},
    )
    return a_scene(flavour, rules)


def test_a_missing_cause_is_asked_for(flavour: Flavour) -> None:
    """A verified incident that is resolved without a cause stays resolved and is asked for it, once."""
    scene = caring(flavour)
    number, _ = scene.to_verification()
    scene.writes(number, "#verified")
    scene.settle()
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"
    (question,) = scene.note_with(number, "The cause is missing")
    assert "Code, Integration, User error" in question
    assert scene.flags(number) == {"cause_missing": FIELD}

    scene.world.desk.people.sets(number, {FIELD: "code"}, by="ann")
    scene.settle()
    assert scene.flags(number) == {}
    assert len(scene.note_with(number, "The cause is missing")) == 1


def test_an_unknown_cause_is_named(flavour: Flavour) -> None:
    """A value that is not in the list counts as missing; people and the explanation read which one it is."""
    scene = caring(flavour)
    number, _ = scene.to_verification()
    scene.resolves(number, **{FIELD: "Weather"})
    scene.settle()
    assert scene.status(number) == "Resolved"
    assert "Weather is not in the list" in scene.note_with(number, "The cause is missing")[0]
    assert "is Weather, which is not in the rule's list" in scene.fact(number, "cause")


def test_a_resolve_without_cause_is_put_back(flavour: Flavour) -> None:
    """With put_back the resolve counts as verified, and the incident comes back for its cause alone."""
    scene = caring(flavour, "put_back")
    number, key = scene.to_verification()
    scene.resolves(number, **{FIELD: "Weather"})
    scene.settle()
    assert scene.status(number) == "In Progress"
    assert scene.ticket_status(key) == "Closed"
    (note,) = scene.note_with(number, "resolved this incident without its cause")
    assert "Weather is not in the list" in note
    assert "Put back 1 of 3 times" in note
    assert scene.note_with(number, "the linked fix is not finished") == []

    scene.resolves(number, **{FIELD: "Code"})
    scene.settle()
    assert scene.status(number) == "Resolved"
    assert scene.explained(number).stage == "resolved"


def test_nobody_is_fought_for_a_cause(flavour: Flavour) -> None:
    """After N times the resolve stands, is asked about and flagged."""
    scene = caring(flavour, "put_back", put_back=2)
    number, _ = scene.to_verification()
    scene.writes(number, "#verified")
    scene.settle()
    for _ in range(2):
        scene.resolves(number)
        scene.settle()
        assert scene.status(number) == "In Progress"
    scene.resolves(number)
    scene.settle()
    assert scene.status(number) == "Resolved"
    assert len(scene.note_with(number, "without its cause")) == 2
    assert len(scene.note_with(number, "The cause is missing")) == 1
    assert "cause_missing" in scene.flags(number)


def test_the_component_proposes_a_cause(flavour: Flavour) -> None:
    """The ticket's component, by the map, is shown as a proposal in the question and later, and never written."""
    scene = caring(flavour, of="components", map="causes")
    number, key = scene.to_verification()
    assert scene.note_with(number, f"{key} suggests Code")
    scene.writes(number, "#verified")
    scene.settle()
    (verified,) = scene.note_with(number, "Verified by")
    assert f"{key} suggests Code" in verified
    assert f"{key} suggests Code" in scene.fact(number, "cause")
    assert scene.incident(number)[FIELD] is None


def test_a_field_of_the_ticket_proposes_a_cause(flavour: Flavour) -> None:
    """A root cause in the ticket proposes the same word of the list; another word proposes nothing."""
    scene = caring(flavour, "put_back", of="Root cause")
    number, key = scene.to_verification()
    assert scene.note_with(number, "suggests") == []
    scene.world.tracker.people.sets(key, {"Root cause": "integration"}, "dev.ana")
    scene.settle()
    scene.resolves(number)
    scene.settle()
    assert f"{key} suggests Integration" in scene.note_with(number, "without its cause")[0]
    assert scene.incident(number)[FIELD] is None

    scene.world.tracker.people.sets(key, {"Root cause": "the moon"}, "dev.ana")
    scene.settle()
    assert "suggests" not in scene.fact(number, "cause")
