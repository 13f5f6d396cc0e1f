"""Moving a ticket: what transitions demand, what they refuse, and that the ticket really arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bridge.connectors.jira import JiraTracker
from bridge.model.errors import Ambiguous, BridgeError, Busy, Refused
from bridge.model.ticket import Ticket
from bridge.simulators.jira import (
    Account,
    JiraSettings,
    Person,
    ProjectSpec,
    ScreenField,
    Transition,
    Workflow,
    default_workflow,
)
from tests.connectors.jira_sites import FLAVOURS, Flavour, Site, gets

ANY = None


def workflow(*screen: ScreenField) -> Workflow:
    """Return a workflow with one way, to Done, over this screen."""
    way = Transition(id="31", name="Finish", to="Done", sources=ANY, screen=screen)
    back = Transition(id="41", name="Reopen", to="In Progress", sources=frozenset({"Done"}))
    return Workflow(initial="To Do", transitions=(way, back))


def site_with(flavour: Flavour, flow: Workflow) -> Site:
    """Return a site whose one project has this workflow."""
    return Site(
        flavour, settings=JiraSettings(projects=(ProjectSpec(key="APP", name="Application", workflow=flow),))
    )


def now(tracker: JiraTracker, key: str) -> Ticket:
    """Return the ticket as it is."""
    seen = tracker.ticket(key)
    assert seen is not None
    return seen[0]


def failure(what: Callable[[], object]) -> BridgeError:
    """Return the error that a call must end in."""
    with pytest.raises(BridgeError) as caught:
        what()
    return caught.value


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_status_may_be_given_by_its_id(flavour: Flavour) -> None:
    """A status is named by its name or by its id."""
    site = Site(flavour)
    tracker = site.opened()
    key = site.issue()
    tracker.move(key, "3")
    assert now(tracker, key).status == "In Progress"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_demanded_resolution_that_is_not_listed_is_given_after_the_refusal(flavour: Flavour) -> None:
    """A resolution that is demanded but not listed is given once Jira refused, which did nothing."""
    site = Site(flavour)
    site.simulator.switches.screens_under_report = True
    tracker = site.opened()
    key = site.issue()
    tracker.move(key, "Done")
    assert (now(tracker, key).status, now(tracker, key).resolution) == ("Done", "Done")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_resolution_is_chosen_from_what_is_allowed(flavour: Flavour) -> None:
    """The first of the configured resolutions that the screen allows is given, whatever its case."""
    site = Site(flavour)
    tracker = site.opened(resolutions=("Verified", "fixed"))
    key = site.issue()
    tracker.move(key, "Done")
    assert now(tracker, key).resolution == "Fixed"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_no_fitting_resolution_is_refused_with_those_allowed(flavour: Flavour) -> None:
    """Where none of the configured resolutions is allowed, the refusal names those that are."""
    site = Site(flavour)
    tracker = site.opened(resolutions=("Verified",))
    key = site.issue()
    error = failure(lambda: tracker.move(key, "Done"))
    assert isinstance(error, Refused)
    assert "Won't Do" in error.why
    assert now(tracker, key).status == "To Do"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_resolution_that_people_gave_is_kept(flavour: Flavour) -> None:
    """A ticket that already has a resolution keeps it when the next transition demands one."""
    again = Transition(
        id="61",
        name="Close",
        to="Closed",
        sources=frozenset({"Done"}),
        screen=(ScreenField(id="resolution", required=True),),
    )
    first = workflow(ScreenField(id="resolution"))
    site = site_with(flavour, replace(first, transitions=(*first.transitions, again)))
    key = site.issue()
    site.people.moves_to(key, "Done", "dev", "Won't Do")
    tracker = site.opened()
    tracker.move(key, "Closed")
    assert (now(tracker, key).status, now(tracker, key).resolution) == ("Closed", "Won't Do")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_other_demands_are_refused_by_name(flavour: Flavour) -> None:
    """A transition that demands more than a resolution is refused unsent, naming the fields."""
    site = site_with(flavour, workflow(ScreenField(id="fixVersions", required=True)))
    tracker = site.opened()
    key = site.issue()
    error = failure(lambda: tracker.move(key, "Done"))
    assert isinstance(error, Refused)
    assert "Fix versions" in error.why
    assert site.asked("POST", "/transitions") == 0


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_transition_without_a_screen_gets_no_resolution(flavour: Flavour) -> None:
    """Where the workflow sets the resolution by itself nothing is sent that it would refuse."""
    site = site_with(flavour, default_workflow(resolution_on_screen=False))
    tracker = site.opened()
    key = site.issue()
    tracker.move(key, "Done")
    assert now(tracker, key).status == "Done"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_transition_that_does_nothing_is_refused(flavour: Flavour) -> None:
    """Jira's 204 is not believed: a ticket that stayed where it was is a refusal."""
    site = Site(flavour)
    site.simulator.switches.transition_silences = 1
    tracker = site.opened()
    key = site.issue()
    error = failure(lambda: tracker.move(key, "In Progress"))
    assert isinstance(error, Refused)
    assert error.next_step
    tracker.move(key, "In Progress")
    assert now(tracker, key).status == "In Progress"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_conflict_is_tried_again_later(flavour: Flavour) -> None:
    """Somebody else's transition at the same moment makes ours busy, with a time to wait."""
    site = Site(flavour)
    site.simulator.switches.transition_conflicts = 1
    tracker = site.opened()
    key = site.issue()
    error = failure(lambda: tracker.move(key, "In Progress"))
    assert isinstance(error, Busy)
    assert error.retry_after > 0
    assert now(tracker, key).status == "To Do"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_move_that_cannot_be_seen_to_arrive_is_in_doubt(flavour: Flavour) -> None:
    """Where the ticket cannot be read after the transition, the outcome is in doubt, not undone."""
    site = Site(flavour)
    tracker = site.opened()
    key = site.issue()
    site.fault("drop_before", gets(key), skip=1, times=3)
    assert isinstance(failure(lambda: tracker.move(key, "In Progress")), Ambiguous)
    assert now(tracker, key).status == "In Progress"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_automation_that_moves_on_is_no_failure(flavour: Flavour) -> None:
    """A ticket that was moved and at once moved on by somebody else did move."""
    site = Site(flavour)
    tracker = site.opened()
    key = site.issue()
    site.fault(
        "call_after",
        lambda request: request.method == "POST" and request.path.endswith("/transitions"),
        call=lambda: site.people.moves_to(key, "In Review", "automation"),
    )
    tracker.move(key, "In Progress")
    assert now(tracker, key).status == "In Review"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_account_without_the_permission_is_told_so(flavour: Flavour) -> None:
    """Without the permission nothing is offered, which the refusal says and the probe names."""
    account = Account(
        person=Person.of("bridge"),
        token="bridge-token",
        permissions=frozenset({"browse", "comment", "create"}),
    )
    site = Site(flavour, settings=JiraSettings(accounts=(account,)))
    tracker = site.opened()
    key = site.issue()
    error = failure(lambda: tracker.move(key, "In Progress"))
    assert isinstance(error, Refused)
    assert "no transition at all" in error.why
    [missing] = [finding for finding in tracker.probe(["APP"]) if finding.verdict == "error"]
    assert "TRANSITION_ISSUES" in missing.detail
    assert "EDIT_ISSUES" in missing.detail
    assert "LINK_ISSUES" in missing.detail
    assert "ADD_COMMENTS" not in missing.detail
    assert "APP" in missing.next_step
