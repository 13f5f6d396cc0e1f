"""Evidence of a deployment: any or all of a rule's sources, with source and time in the explanation."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.rehearsal.world import DESK_ACCOUNT, DESK_PASSWORD, Flavour
from tests.flow.scene import FLAVOURS, Scene, a_scene, rules_with

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)

A_CHANGE = {"change": {"status": ["Completed", "Closed"]}}
A_RELEASE = {"fix_version": "released"}
A_STATUS = {"status": {"in": ["Deployed"]}}
A_PHRASE = {"phrase": {"says": ["#deployed"], "from_group": ["L2 Retail"]}}


def waiting_for(flavour: Flavour, group: str, *sources: dict[str, Any]) -> Scene:
    """A scene whose rule waits for any or all of these sources."""
    return a_scene(flavour, rules_with(hold={"deployed": {group: list(sources)}}))


def asked(scene: Scene, number: str) -> bool:
    """Whether Frontline was asked to check the fix."""
    return bool(scene.note_with(number, "Please check it"))


def fixed(scene: Scene, version: str | None = None) -> tuple[str, str]:
    """An incident whose ticket is fixed."""
    number, key = scene.linked()
    scene.fixes(key, version=version)
    scene.settle()
    return number, key


def related(scene: Scene, number: str, **how: Any) -> str:
    """A change that is planned for the incident."""
    change = scene.world.desk.people.plans_change("Install payment page 4.2", by="igor")
    scene.world.desk.people.relates_change(number, change, **how)
    return change


def finishes(scene: Scene, change: str, status: str = "Completed", reason: str | None = None) -> None:
    """Igor moves a change; the bridge then has time to see it."""
    scene.world.desk.people.sets_change(change, status, reason, by="igor")
    scene.wait(minutes=6)
    scene.settle()


def test_a_completed_change_is_evidence(flavour: Flavour) -> None:
    """A change related to the incident counts once it is completed, although nothing touches the incident."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, _ = fixed(scene)
    change = related(scene, number)
    scene.wait(minutes=6)
    scene.settle()
    assert not asked(scene, number)

    finishes(scene, change, reason="Final Review Complete")
    assert scene.status(number) == "In Progress"
    (question,) = scene.note_with(number, "Please check it")
    assert f"{change}, Completed, Final Review Complete" in question
    told = scene.fact(number, "deployed")
    assert f"change: {change}, Completed, Final Review Complete [change:{change}]" in told
    assert f"{scene.world.clock():%Y-%m-%d}" in told
    assert "UTC" in told


@pytest.mark.parametrize("turned", [False, True])
def test_relations_are_read_from_either_side(flavour: Flavour, turned: bool) -> None:
    """It does not matter which of the two records stands first in the relation."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, _ = fixed(scene)
    finishes(scene, related(scene, number, turned=turned), "Closed", "Successful")
    assert asked(scene, number)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Cancelled", "No Longer Required"),
        ("Rejected", None),
        ("Closed", "Unsuccessful"),
        ("Closed", "Backed Out"),
        ("Implementation In Progress", None),
    ],
)
def test_a_failed_change_counts_for_nothing(flavour: Flavour, status: str, reason: str | None) -> None:
    """A change that was cancelled, rejected, backed out or is not finished frees nothing."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, _ = fixed(scene)
    finishes(scene, related(scene, number), status, reason)
    assert not asked(scene, number)
    assert "waits for a change that is Completed or Closed" in scene.fact(number, "deployed")


def test_the_change_that_broke_it_is_no_cure(flavour: Flavour) -> None:
    """A change by which the incident was caused frees nothing, however it ended."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, _ = fixed(scene)
    finishes(scene, related(scene, number, kind="Caused By"))
    assert not asked(scene, number)


def test_a_change_from_before_the_incident_is_no_cure(flavour: Flavour) -> None:
    """A change that was finished before the incident was opened cannot have cured it."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    change = scene.world.desk.people.plans_change("Last week's release", by="igor")
    scene.world.desk.people.sets_change(change, "Completed", by="igor")
    scene.wait(hours=1)
    number, _ = fixed(scene)
    scene.world.desk.people.relates_change(number, change)
    scene.wait(minutes=6)
    scene.settle()
    assert not asked(scene, number)


def test_a_change_counts_only_for_a_fixed_ticket(flavour: Flavour) -> None:
    """A finished change before the patch is ready installs something else; it counts once the ticket is fixed."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, key = scene.linked()
    finishes(scene, related(scene, number))
    assert not asked(scene, number)
    scene.fixes(key, version=None)
    scene.settle()
    assert asked(scene, number)


def test_a_failed_round_needs_another_change(flavour: Flavour) -> None:
    """The change that brought a fix which failed is used up; the next round needs a new one."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, key = fixed(scene)
    finishes(scene, related(scene, number))
    scene.writes(number, "#failed still blank")
    scene.settle()
    scene.fixes_again(key)
    scene.wait(minutes=6)
    scene.settle()
    assert scene.status(number) == "Pending"
    finishes(scene, related(scene, number))
    assert scene.status(number) == "In Progress"
    assert len(scene.note_with(number, "Please check it")) == 2


def test_all_sources_are_needed_where_the_rule_says_all(flavour: Flavour) -> None:
    """Under all every source must be there; the explanation names those that are not."""
    scene = waiting_for(flavour, "all", A_RELEASE, A_STATUS, A_PHRASE, A_CHANGE)
    number, key = fixed(scene, version="4.2")
    change = related(scene, number)
    scene.releases()
    finishes(scene, change)
    scene.world.tracker.people.moves_to(key, "Deployed", "dev.ana")
    scene.settle()
    assert not asked(scene, number)
    told = scene.fact(number, "deployed")
    assert "fix_version: 4.2 [version:" in told
    assert "status: Deployed [status:Deployed]" in told
    assert f"{key} waits for #deployed of L2 Retail" in told

    scene.writes(number, "#deployed hotfix 17", by="igor")
    scene.settle()
    assert asked(scene, number)
    told = scene.fact(number, "deployed")
    assert "phrase: #deployed hotfix 17 by Igor Installer [note:" in told
    assert "waits for" not in told


def test_two_sources_of_one_kind_are_two_sources(flavour: Flavour) -> None:
    """Under all, second line's word does not stand in for the leads' word."""
    leads = {"phrase": {"says": ["#live"], "from_group": ["Frontline Leads"]}}
    scene = waiting_for(flavour, "all", A_PHRASE, leads)
    number, key = fixed(scene)
    scene.writes(number, "#deployed at noon", by="igor")
    scene.settle()
    assert not asked(scene, number)
    scene.world.tracker.people.comments(key, "#live since noon", "Lena Lead")
    scene.settle()
    assert asked(scene, number)


def test_second_lines_word_counts_for_every_incident_of_the_ticket(flavour: Flavour) -> None:
    """The phrase is written into one incident; the other incident of the same ticket is asked as well."""
    scene = waiting_for(flavour, "any", A_PHRASE)
    number, key = fixed(scene)
    other = scene.opens(**{"Vendor Ticket Number": key})
    scene.settle()
    scene.writes(number, "#deployed hotfix 17", by="igor")
    scene.settle()
    assert asked(scene, number)
    assert asked(scene, other)
    assert "hotfix 17 by Igor Installer" in scene.fact(other, "deployed")


def test_an_early_resolve_is_judged_by_changes_read_again(flavour: Flavour) -> None:
    """A change that was finished a moment ago lets the resolve stand, although no poll has seen it."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    number, key = fixed(scene)
    change = related(scene, number)
    scene.wait(minutes=6)
    scene.settle()
    scene.world.desk.people.sets_change(change, "Completed", by="igor")
    scene.resolves(number, **{"Resolution Category Tier 2": "Code"})
    scene.settle()
    assert scene.status(number) == "Resolved"
    assert scene.ticket_status(key) == "Closed"


def test_changes_cost_two_requests_for_all_incidents(flavour: Flavour) -> None:
    """Thirty waiting incidents cost two requests every five minutes, and a rule without changes costs none."""
    scene = waiting_for(flavour, "any", A_CHANGE)
    numbers = [scene.opens() for _ in range(30)]
    for number in numbers:
        scene.asks(number)
    scene.settle()
    related(scene, numbers[0])
    scene.wait(minutes=6)
    before = len(scene.world.desk_wire.seen)
    scene.wait(minutes=6)
    assert len(scene.world.desk_wire.seen) - before == 4
    scene.look()
    assert len(scene.world.desk_wire.seen) - before == 6

    plain = a_scene(flavour)
    fixed(plain)
    plain.wait(hours=1)
    before = len(plain.world.desk_wire.seen)
    plain.wait(minutes=6)
    assert len(plain.world.desk_wire.seen) - before == 2


def test_closed_forms_stop_nothing_else(flavour: Flavour) -> None:
    """Where the account may not read changes the rest goes on, and the check names the permission."""
    scene = waiting_for(flavour, "any", A_CHANGE, A_PHRASE)
    scene.world.desk.add_account(DESK_ACCOUNT, DESK_PASSWORD, reads_changes=False)
    number, _ = fixed(scene)
    assert "cannot be asked" not in scene.wait(minutes=6).sentence
    scene.writes(number, "#deployed hotfix 17", by="igor")
    scene.settle()
    assert asked(scene, number)
    findings = {finding.what: finding for finding in scene.bridge.pair.desk.probe()}
    assert findings["read changes"].verdict == "error"
    assert "HPD:Associations" in findings["read changes"].next_step
