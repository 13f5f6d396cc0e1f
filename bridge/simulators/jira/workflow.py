"""Statuses, resolutions and the ways between statuses: what a transition may do, needs, and leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

CategoryKey = Literal["undefined", "new", "indeterminate", "done"]

# (id, colour, name) of the four categories, as issues.apache.org and Cloud sites answer them.
CATEGORIES: dict[CategoryKey, tuple[int, str, str]] = {
    "undefined": (1, "medium-gray", "No Category"),
    "new": (2, "blue-gray", "To Do"),
    "indeterminate": (4, "yellow", "In Progress"),
    "done": (3, "green", "Done"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status of the site."""

    id: str
    name: str
    category: CategoryKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """One way in which an issue can be finished."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenField:
    """A field on a transition's screen."""

    id: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One way to a status; ``sources`` None means from every other status."""

    id: str
    name: str
    to: str
    sources: frozenset[str] | None
    screen: tuple[ScreenField, ...] = ()

    def leaves(self, status: str) -> bool:
        """Whether the transition is offered in ``status`` (a status name)."""
        if self.sources is None:
            return status != self.to
        return status in self.sources

    def demands(self, field: str) -> bool:
        """Whether ``field`` must be filled on this transition's screen."""
        return any(shown.id == field and shown.required for shown in self.screen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The statuses a project's issues may have (by name) and the transitions between them."""

    initial: str
    transitions: tuple[Transition, ...]

    def statuses(self) -> frozenset[str]:
        """Give the names of every status that an issue of this workflow can have."""
        sources = [source for way in self.transitions for source in way.sources or ()]
        return frozenset({self.initial, *sources, *(way.to for way in self.transitions)})

    def offered(self, status: str) -> list[Transition]:
        """Give the transitions offered in ``status``, in order of definition."""
        return [way for way in self.transitions if way.leaves(status)]

    def way(self, status: str, to: str) -> Transition | None:
        """Give the first transition from ``status`` to ``to``, or None."""
        return next((way for way in self.offered(status) if way.to == to), None)


DEFAULT_STATUSES = (
    Status(id="10000", name="To Do", category="new"),
    Status(id="3", name="In Progress", category="indeterminate"),
    Status(id="10001", name="In Review", category="indeterminate"),
    Status(id="10002", name="Done", category="done"),
    Status(id="10003", name="Deployed", category="done"),
    Status(id="6", name="Closed", category="done"),
)

DEFAULT_RESOLUTIONS = (
    Resolution(id="10000", name="Done"),
    Resolution(id="1", name="Fixed"),
    Resolution(id="10001", name="Won't Do"),
    Resolution(id="10003", name="Cannot Reproduce"),
    Resolution(id="10002", name="Duplicate"),
)


def default_workflow(*, resolution_on_screen: bool = True) -> Workflow:
    """Make the usual workflow.

    Without ``resolution_on_screen`` the step into Done sets the resolution by itself.
    """
    asked = (ScreenField(id="resolution", required=True), ScreenField(id="fixVersions"))
    return Workflow(
        initial="To Do",
        transitions=(
            _way("11", "Start Progress", "In Progress", ("To Do", "In Review")),
            _way("21", "Send to Review", "In Review", ("In Progress",)),
            Transition(
                id="31",
                name="Done",
                to="Done",
                sources=None,
                screen=asked if resolution_on_screen else (),
            ),
            _way("41", "Reopen", "In Progress", ("Done", "Deployed", "Closed")),
            _way("51", "Deploy", "Deployed", ("Done",)),
            _way("61", "Close", "Closed", ("Done", "Deployed")),
            _way("71", "Stop Progress", "To Do", ("In Progress", "In Review")),
        ),
    )


def _way(number: str, name: str, to: str, sources: Iterable[str]) -> Transition:
    return Transition(id=number, name=name, to=to, sources=frozenset(sources))
