"""A state that is lost altogether is rebuilt from the marks: nothing is made or said twice, and nothing is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from bridge.decide.unwiki import from_wiki
from bridge.model.note import split_mark
from bridge.rehearsal.world import START, Flavour
from bridge.simulators.faults import Fault
from tests.flow.scene import FLAVOURS, Scene, a_scene

pytestmark = [pytest.mark.promise("state that lasts"), pytest.mark.parametrize("flavour", FLAVOURS)]

#: Longer than the search grace of either flavour.
GRACE = timedelta(minutes=11)
PACE = timedelta(hours=2)


@dataclass(kw_only=True)
class Story:
    """One incident's story in steps, told to a scene."""

    scene: Scene
    number: str = ""
    key: str = ""
    told: list[str] = field(default_factory=list)

    def opened(self) -> None:
        """Ann opens, and says what she tried."""
        self.number = self.scene.opens()
        self.scene.writes(self.number, "Tried another browser.")

    def asked(self) -> None:
        """Ann asks for a ticket."""
        self.scene.asks(self.number)

    def asked_again(self) -> None:
        """Bob asks again, and both sides talk."""
        self.key = self.scene.key(self.number)
        self.scene.asks(self.number, "#ticket please hurry", by="bob")
        self.scene.writes(self.number, "The customer called again.")
        self.scene.world.tracker.people.comments(self.key, "Which browser?", "dev.ana")

    def resolved_early(self) -> None:
        """Ann resolves far too early."""
        self.scene.resolves(self.number)

    def fixed(self) -> None:
        """Ana fixes it."""
        self.scene.fixes(self.key)

    def released(self) -> None:
        """It is installed."""
        self.scene.releases()

    def rejected(self) -> None:
        """Frontline rejects it."""
        self.scene.writes(self.number, "#failed still blank on iOS")

    def fixed_again(self) -> None:
        """Ana fixes it for the next version."""
        people = self.scene.world.tracker.people
        people.plans_for(self.key, "4.3", "dev.ana")
        people.moves_to(self.key, "Done", "dev.ana", "Done")

    def released_again(self) -> None:
        """That one is installed as well."""
        self.scene.releases("4.3")

    def verified(self) -> None:
        """Ann is content."""
        self.scene.writes(self.number, "#verified works now")

    def resolved(self) -> None:
        """Ann resolves at last."""
        self.scene.resolves(self.number, **{"Resolution Category Tier 2": "Code"})

    def steps(self) -> list[Callable[[], None]]:
        """The story in its order."""
        return [
            self.opened,
            self.asked,
            self.asked_again,
            self.resolved_early,
            self.fixed,
            self.released,
            self.rejected,
            self.fixed_again,
            self.released_again,
            self.verified,
            self.resolved,
        ]


def plain(text: str) -> str:
    """A text without its mark, in which numbers stand that the servers gave."""
    return split_mark(from_wiki(text))[0]


def worlds(story: Story) -> dict[str, Any]:
    """Everything that people see in both worlds at the end."""
    return worlds_of(story.scene, story.number)


def worlds_of(scene: Scene, *numbers: str) -> dict[str, Any]:
    """Everything that people see of these incidents and of every ticket."""
    names = ("Status", "Status_Reason", "Assigned Group", "Assignee", "Vendor Ticket Number", "Priority")
    incidents = {number: scene.incident(number) for number in numbers}
    tickets = {}
    for key in (*scene.keys(), *scene.keys("CORE")):
        ticket = scene.ticket(key)
        tickets[key] = {
            **{name: ticket[name] for name in ("status", "summary", "description", "priority", "labels")},
            "comments": [plain(text) for text in scene.comments(key)],
            "links": [link["object"]["title"] for link in scene.world.tracker.remote_links(key)],
        }
    return {
        "incidents": {number: {name: one[name] for name in names} for number, one in incidents.items()},
        "notes": sorted(plain(text) for number in numbers for text in scene.notes(number)),
        "tickets": tickets,
    }


def lived_in(flavour: Flavour, **world: Any) -> Scene:
    """A scene in which the bridge has been at work for a while, in another incident."""
    scene = a_scene(flavour, **world)
    scene.linked()
    scene.wait(minutes=10)
    return scene


def play(flavour: Flavour, lost_after: Sequence[int] = ()) -> Story:
    """Tell the story, a step every two hours; the state is lost once the consequences of these steps settled."""
    story = Story(scene=lived_in(flavour))
    scene = story.scene
    for index, step in enumerate(story.steps()):
        scene.world.clock.jump_to(START + (index + 1) * PACE)
        step()
        rest(scene)
        if index in lost_after:
            scene.forgets()
    scene.world.clock.advance(GRACE)
    rest(scene)
    return story


def rest(scene: Scene) -> None:
    """Let the bridge look until it rests; should it die, another one starts without any memory."""
    try:
        for pause in (timedelta(0), timedelta(minutes=6), GRACE):
            scene.world.clock.advance(pause)
            scene.settle()
    except Died:
        scene.forgets()
        rest(scene)


@cache
def undisturbed(flavour: Flavour) -> dict[str, Any]:
    """How the story ends where nothing is lost."""
    return worlds(play(flavour))


@pytest.mark.parametrize("lost_after", [0, 1, 2, 4, 6, 8, 9])
def test_whenever_it_is_lost_the_worlds_end_the_same(flavour: Flavour, lost_after: int) -> None:
    """The story ends in the same two worlds, wherever the state is lost."""
    assert worlds(play(flavour, (lost_after,))) == undisturbed(flavour)


def test_lost_after_every_step_the_worlds_end_the_same(flavour: Flavour) -> None:
    """Even where the state is lost again and again nothing is made or said twice."""
    assert worlds(play(flavour, range(11))) == undisturbed(flavour)


@pytest.mark.parametrize("write", [2, 8, 14, 18, 26, 30, 33])
def test_killed_and_lost_at_a_write_the_worlds_end_the_same(flavour: Flavour, write: int) -> None:
    """The process dies right after its n-th write and its state with it: still nothing twice, nothing missing."""
    killed_and_lost(flavour, write)


@pytest.mark.deep
@pytest.mark.parametrize("write", range(1, 34))
def test_killed_and_lost_at_any_write_the_worlds_end_the_same(flavour: Flavour, write: int) -> None:
    """The same at every write of the story."""
    killed_and_lost(flavour, write)


def killed_and_lost(flavour: Flavour, write: int) -> None:
    """Tell the story to a bridge that loses its life and its memory right after a write."""
    scene = lived_in(flavour, index_lag=timedelta(minutes=3))
    story = Story(scene=scene)
    fault = Fault(
        kind="call_after",
        match=lambda request: request.method in ("POST", "PUT") and writes(request.path),
        skip=write - 1,
        call=die,
    )
    scene.world.desk_wire.add(fault)
    scene.world.tracker_wire.add(fault)
    for index, step in enumerate(story.steps()):
        scene.world.clock.jump_to(START + (index + 1) * PACE)
        step()
        rest(scene)
    assert fault.times == 0
    found, clean = worlds(story), undisturbed(flavour)
    # A put-back leaves no mark of its own: where its word was not said yet, nobody can know that it is owed.
    owed = [
        text for text in clean["notes"] if text not in found["notes"] and "resolved this incident" in text
    ]
    assert len(owed) <= 1
    assert {**found, "notes": sorted([*found["notes"], *owed])} == clean


class Died(BaseException):
    """The process was killed."""


def die() -> None:
    """End the process where it stands."""
    raise Died


def writes(path: str) -> bool:
    """Whether a request to this path changes what people see."""
    return "/entry/" in path or (
        "/rest/api/" in path and not path.endswith(("/search", "/search/jql", "/bulkfetch", "/jql/match"))
    )
