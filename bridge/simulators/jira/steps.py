"""Going through a transition: what its screen demands, and which resolution the issue has afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.simulators.jira.edits import Edit, move_status, perform
from bridge.simulators.jira.records import Change, Issue
from bridge.simulators.jira.settings import Person
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.workflow import Resolution, Transition


def check_step(way: Transition, asked: Edit, errors: Mapping[str, str]) -> dict[str, str]:
    """Say which required fields of the screen are missing, by field id."""
    missing = [
        shown.id
        for shown in way.screen
        if shown.required and not asked.values.get(shown.id) and shown.id not in errors
    ]
    return {name: f"Field {name.capitalize()} is required." for name in missing}


def step(store: Store, issue: Issue, way: Transition, asked: Edit, by: Person) -> None:
    """Take an issue through a transition with what its screen was filled with."""
    values = dict(asked.values)
    given = values.pop("resolution", None)
    moved = arrive(store, issue, way.to, given)
    if not moved:
        # A transition that leads back to the same status is a change all the same.
        store.touch(issue, by)
    perform(store, issue, Edit(values=values, comments=asked.comments), by, moved)


def arrive(store: Store, issue: Issue, to: str, given: Resolution | None) -> list[Change]:
    """Put an issue into status ``to``; a done status keeps or gets a resolution, any other clears it."""
    target = store.statuses[to]
    resolution: Resolution | None = None
    if target.category == "done":
        resolution = given or issue.values.get("resolution") or next(iter(store.resolutions.values()))
    return move_status(store, issue, target, resolution)
