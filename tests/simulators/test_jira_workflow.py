"""Transitions: what is offered, what a screen demands, and what the status leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.simulators.jira import (
    NotAllowed,
    ProjectSpec,
    ScreenField,
    Transition,
    Workflow,
    default_workflow,
)
from tests.simulators.jira_world import FLAVOURS, World

FIXED = {"resolution": {"name": "Fixed"}}


@pytest.fixture(params=FLAVOURS)
def world(request: pytest.FixtureRequest) -> World:
    """Give a site with one issue in To Do."""
    made = World(request.param)
    made.people.creates("APP", "Mail is down", by="anna")
    return made


def _move(world: World, number: str, **body: Any) -> Any:
    return world.call("POST", "issue/APP-1/transitions", {"transition": {"id": number}, **body})


def _status(world: World) -> tuple[str, str | None]:
    seen = world.site.issue("APP-1")
    return seen["status"], seen["resolution"]


def test_offers_follow_the_status(world: World) -> None:
    """Each status offers its own ways.

    ``transitions.fields`` shows the screen with its required resolution.
    """
    offered = world.get("issue/APP-1/transitions")["transitions"]
    assert {way["to"]["name"] for way in offered} == {"In Progress", "Done"}
    assert all("fields" not in way for way in offered)
    world.people.moves_to("APP-1", "Done", "anna")
    offered = world.get("issue/APP-1/transitions")["transitions"]
    assert {way["to"]["name"] for way in offered} == {"In Progress", "Deployed", "Closed"}
    world.people.moves_to("APP-1", "To Do", "anna", force=True)
    shown = world.get("issue/APP-1/transitions", expand="transitions.fields", transitionId="31")[
        "transitions"
    ]
    assert [way["id"] for way in shown] == ["31"]
    field = shown[0]["fields"]["resolution"]
    assert field["required"] is True
    assert {"Done", "Fixed", "Won't Do", "Cannot Reproduce", "Duplicate"} == {
        each["name"] for each in field["allowedValues"]
    }


def test_done_deployed_closed_reopened(world: World) -> None:
    """The resolution is set on the way into Done, stays through Deployed and Closed.

    Reopening clears it.
    """
    assert _move(world, "31", fields=FIXED).status_code == 204
    assert _status(world) == ("Done", "Fixed")
    resolved = world.site.issue("APP-1")["resolved"]
    world.clock.passes(seconds=9)
    assert _move(world, "51").status_code == 204
    assert _move(world, "61").status_code == 204
    assert _status(world) == ("Closed", "Fixed")
    assert world.site.issue("APP-1")["resolved"] == resolved
    assert _move(world, "41").status_code == 204
    assert _status(world) == ("In Progress", None)
    fields = world.get("issue/APP-1")["fields"]
    assert (fields["resolution"], fields["resolutiondate"]) == (None, None)
    assert fields["status"]["statusCategory"]["key"] == "indeterminate"


def test_the_category_has_a_date_of_its_own() -> None:
    """Moving between two statuses of one category leaves the category's date alone."""
    world = World()
    world.people.creates("APP", "One", by="anna")
    dates = []
    for status in ("In Progress", "In Review", "Done"):
        world.clock.passes(seconds=1)
        world.people.moves_to("APP-1", status, "anna")
        dates.append(world.get("issue/APP-1")["fields"]["statuscategorychangedate"][17:19])
    assert dates == ["01", "01", "03"]


def test_status_and_resolution_change_in_one_history_entry(world: World) -> None:
    """A reader of the changelog sees both changes at one moment."""
    world.clock.passes(seconds=3)
    _move(world, "31", fields=FIXED)
    assert world.site.history("APP-1") == [
        (world.clock(), "bridge", "status", "To Do", "Done"),
        (world.clock(), "bridge", "resolution", None, "Fixed"),
    ]


@pytest.mark.parametrize(
    ("number", "body", "field", "text"),
    [
        ("31", {}, "resolution", "Field Resolution is required."),
        ("31", {"fields": {"resolution": None}}, "resolution", "Field Resolution is required."),
        ("31", {"fields": {"resolution": {"name": "Maybe"}}}, "resolution", "is not valid"),
        ("11", {"fields": FIXED}, "resolution", "cannot be set. It is not on the appropriate screen"),
        ("31", {"fields": {**FIXED, "summary": "x"}}, "summary", "cannot be set"),
    ],
)
def test_a_screen_refuses(world: World, number: str, body: dict[str, Any], field: str, text: str) -> None:
    """A missing, wrong or misplaced field is 400 under its id, and the issue stays where it is."""
    answer = _move(world, number, **body)
    assert answer.status_code == 400
    assert text in answer.json()["errors"][field]
    assert _status(world) == ("To Do", None)


@pytest.mark.parametrize("number", ["51", "999"])
def test_a_wrong_transition(world: World, number: str) -> None:
    """A way that is not offered now is 400 on Cloud and 500 on Data Center."""
    answer = _move(world, number)
    assert answer.status_code == (400 if world.cloud else 500)
    assert f"Transition id '{number}' is not valid for this issue." in answer.text
    assert world.call("POST", "issue/APP-1/transitions", {"fields": {}}).status_code == 400


def test_a_comment_comes_along(world: World) -> None:
    """A transition may bring a comment; the numeric id that the library sends is taken."""
    answer = _move(world, "11", update={"comment": [{"add": {"body": "On it"}}]}, fields={})
    assert answer.status_code == 204
    body = {"transition": {"id": 21}}
    assert world.call("POST", "issue/APP-1/transitions", body).status_code == 204
    assert _status(world)[0] == "In Review"
    assert [comment["body"] for comment in world.site.comments("APP-1")] == ["On it"]


def test_conflicts_and_silences(world: World) -> None:
    """With the switches on a transition is 409, or 204 although nothing moved; then it works."""
    world.site.switches.transition_conflicts = 1
    world.site.switches.transition_silences = 1
    assert _move(world, "11").status_code == 409
    assert _move(world, "11").status_code == 204
    assert _status(world)[0] == "To Do"
    assert _move(world, "11").status_code == 204
    assert _status(world)[0] == "In Progress"


def test_screens_may_under_report(world: World) -> None:
    """With the switch on the screen keeps quiet about the resolution that it demands all the same."""
    world.site.switches.screens_under_report = True
    shown = world.get("issue/APP-1/transitions", expand="transitions.fields")["transitions"]
    assert all("resolution" not in way["fields"] for way in shown)
    assert _move(world, "31").status_code == 400


def test_a_workflow_without_screens_resolves_by_itself() -> None:
    """Where no screen asks, the step into Done sets the site's first resolution."""
    workflow = default_workflow(resolution_on_screen=False)
    world = World(projects=(ProjectSpec(key="APP", name="Application", workflow=workflow),))
    world.people.creates("APP", "One", by="anna")
    assert _move(world, "31").status_code == 204
    assert _status(world) == ("Done", "Done")


def test_a_project_can_have_a_workflow_of_its_own() -> None:
    """Statuses, ways and screens are the project's."""
    asked = (ScreenField(id="fixVersions", required=True),)
    ways = (Transition(id="5", name="Ship", to="Deployed", sources=frozenset({"In Progress"}), screen=asked),)
    spec = ProjectSpec(
        key="APP",
        name="Application",
        versions=("1.0",),
        workflow=Workflow(initial="In Progress", transitions=ways),
    )
    world = World(projects=(spec,))
    world.people.creates("APP", "One", by="anna")
    assert _move(world, "5").status_code == 400
    assert _move(world, "5", fields={"fixVersions": [{"name": "1.0"}]}).status_code == 204
    assert world.site.issue("APP-1")["fixVersions"] == ["1.0"]
    assert world.get("issue/APP-1/transitions")["transitions"] == []
    statuses = world.get("project/APP/statuses")[0]["statuses"]
    assert {status["name"] for status in statuses} == {"In Progress", "Deployed"}


def test_people_are_bound_by_the_workflow_unless_forced(world: World) -> None:
    """A developer cannot deploy what is not done; force can; declining is Done with Won't Do."""
    with pytest.raises(NotAllowed, match="no transition from 'To Do' to 'Deployed'"):
        world.people.moves_to("APP-1", "Deployed", "anna")
    with pytest.raises(NotAllowed, match="no status"):
        world.people.moves_to("APP-1", "Nirvana", "anna")
    world.people.moves_to("APP-1", "Done", "anna", "Won't Do")
    assert _status(world) == ("Done", "Won't Do")
    world.people.moves_to("APP-1", "To Do", "anna", force=True)
    assert _status(world) == ("To Do", None)
    world.people.moves_to("APP-1", "Deployed", "anna", force=True)
    assert _status(world) == ("Deployed", "Done")
