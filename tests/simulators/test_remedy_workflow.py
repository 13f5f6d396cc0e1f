"""What the simulated Remedy's incident workflow demands, computes, and does by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.simulators.remedy import APPLICATION_SERVICE, ESCALATOR, RemedySettings
from tests.simulators.remedy_world import HELP_DESK, INTERFACE, START, World, ruled_out, world

DONE = {"Status": "Resolved", "Status_Reason": "No Further Action Required", "Resolution": "Restarted"}
TAKEN = {"Assignee Login ID": "ann"}


def working(settings: RemedySettings | None = None) -> tuple[World, str]:
    """Return a world with one incident In Progress with Ann, and the incident's path."""
    desk = world(settings)
    path = desk.path(desk.opened())
    assert desk.put(path, {**TAKEN, "Status": "In Progress"}).status_code == 204
    return desk, path


def seen(desk: World, path: str) -> dict[str, object]:
    """Return the incident's values."""
    values: dict[str, object] = desk.get(path).json()["values"]
    return values


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"Status": "Pending"}, "Status Reason"),
        ({"Status": "Resolved"}, "Status Reason"),
        ({"Status": "Resolved", "Status_Reason": "No Further Action Required"}, "Resolution"),
        ({"Status": "Resolved", "Resolution": "Done"}, "Status Reason"),
        ({"Status": "Closed", "Resolution": "Done"}, "Status Reason"),
        ({"Status": "Pending", "Status_Reason": "No Further Action Required"}, "not valid"),
        ({**DONE, "Status_Reason": "Client Action Required"}, "not valid"),
        ({"Status_Reason": "Request"}, "not valid"),
        ({"Status": "Pending", "Status_Reason": "Pending Original Incident"}, "not valid"),
        ({"Assignee": None}, "Assignee"),
        ({"Assigned Group": "Third Line"}, "Assigned Group"),
        ({"Assignee": "Nobody Special"}, "Assignee"),
        ({"Assignee Login ID": "bob", "Assignee": "Ann Lee"}, "Assignee"),
    ],
)
def test_a_change_against_the_rules_is_refused_whole(values, text):
    """The text says what is missing, and no part of the change is written."""
    desk, path = working()
    before = seen(desk, path)
    assert text in ruled_out(desk.put(path, {**values, "Urgency": "4-Low"}))
    assert seen(desk, path) == before


def test_in_progress_and_resolved_need_an_assignee():
    """Nobody works on an incident that nobody has."""
    desk = world()
    path = desk.path(desk.opened())
    assert "an Assignee" in ruled_out(desk.put(path, {"Status": "In Progress"}))
    assert "an Assignee" in ruled_out(desk.put(path, DONE))
    assert desk.put(path, {**DONE, **TAKEN}).status_code == 204


def test_a_person_may_be_named_by_login_or_by_full_name():
    """Either spelling fills in the other; null clears both."""
    desk = world()
    path = desk.path(desk.opened())
    for values in ({"Assignee Login ID": "ann"}, {"Assignee": "Bob Ray"}):
        desk.put(path, values)
        now = seen(desk, path)
        assert (now["Assignee"], now["Assignee Login ID"]) in {("Ann Lee", "ann"), ("Bob Ray", "bob")}
        assert now.items() >= values.items()
    desk.put(path, {"Assignee": None})
    assert (seen(desk, path)["Assignee"], seen(desk, path)["Assignee Login ID"]) == (None, None)


def test_membership_of_the_assignee_may_be_demanded():
    """Where the server insists, a person of another group is refused."""
    desk = world(RemedySettings(assignee_must_belong=True))
    path = desk.path(desk.opened())
    assert "does not belong" in ruled_out(desk.put(path, {"Assignee Login ID": "bob"}))
    assert desk.put(path, {"Assignee Login ID": "ann"}).status_code == 204


def test_loose_servers_take_groups_people_and_reasons_they_do_not_know():
    """The three checks can be turned off one by one."""
    loose = RemedySettings(groups_must_exist=False, assignee_must_exist=False, status_reason_pairs=False)
    desk, path = working(loose)
    odd = {"Assigned Group": "Third Line", "Assignee": "Nobody Special"}
    assert desk.put(path, {**odd, "Status": "Pending", "Status_Reason": "No Further Action Required"}).ok
    assert seen(desk, path).items() >= odd.items()


def test_a_new_group_completes_its_fields_and_waits_for_a_person():
    """Reassigning clears the assignee, sends In Progress back to Assigned, and counts the transfer."""
    desk, path = working()
    desk.put(path, {"Assigned Group": "Second Line"})
    now = seen(desk, path)
    assert (now["Assigned Group"], now["Assignee"], now["Status"]) == ("Second Line", None, "Assigned")
    groups = desk.found("CTM:Support Group", "'Support Group Name' = \"Second Line\"")
    assert now["Assigned Group ID"] == groups[0]["Support Group ID"]
    assert now["Owner Group"] == "Frontline"
    assert now["Total Transfers"] == 2


def test_a_group_and_a_person_can_be_given_together():
    """With its new assignee the incident stays In Progress."""
    desk, path = working()
    desk.put(path, {"Assigned Group": "Second Line", "Assignee Login ID": "bob"})
    now = seen(desk, path)
    assert (now["Status"], now["Assignee"]) == ("In Progress", "Bob Ray")


def test_groups_of_one_name_are_told_apart_by_company():
    """An ambiguous name is refused; with its company it is understood."""
    desk, path = working()
    desk.server.add_group("Second Line", company="Elsewhere Ltd")
    assert "2 active support groups" in ruled_out(desk.put(path, {"Assigned Group": "Second Line"}))
    both = {"Assigned Group": "Second Line", "Assigned Support Company": "Elsewhere Ltd"}
    assert desk.put(path, both).status_code == 204
    assert seen(desk, path)["Assigned Support Company"] == "Elsewhere Ltd"


def test_a_retired_group_keeps_its_incidents_but_gets_no_more():
    """Other changes of the incident still pass."""
    desk, path = working()
    desk.server.retire_group("Second Line")
    assert "Assigned Group" in ruled_out(desk.put(path, {"Assigned Group": "Second Line"}))
    desk.server.retire_group("Frontline")
    assert desk.put(path, {"Urgency": "4-Low"}).status_code == 204


def test_a_group_can_be_cleared_and_assigned_then_needs_one():
    """Null empties the four fields of the group and the two of the person."""
    desk, path = working()
    desk.put(path, {"Assigned Group": None, "Assignee": None, "Status": "New"})
    now = seen(desk, path)
    assert {now[key] for key in ("Assigned Group", "Assigned Group ID", "Assigned Support Company")} == {None}
    assert "an Assigned Group" in ruled_out(desk.put(path, {"Status": "Assigned"}))


@pytest.mark.parametrize(
    ("impact", "urgency", "weight", "priority"),
    [
        ("2-Significant/Large", "1-Critical", 25, "Critical"),
        ("1-Extensive/Widespread", "2-High", 24, "Critical"),
        ("3-Moderate/Limited", "2-High", 18, "High"),
        ("4-Minor/Localized", "2-High", 15, "Medium"),
        ("4-Minor/Localized", "3-Medium", 10, "Medium"),
        ("1-Extensive/Widespread", "4-Low", 9, "Low"),
        ("2-Significant/Large", "4-Low", 5, "Low"),
        ("4-Minor/Localized", "4-Low", 0, "Low"),
    ],
)
def test_priority_is_computed_from_impact_and_urgency(impact, urgency, weight, priority):
    """The weights add up; a priority that is written is ignored."""
    desk, path = working()
    desk.put(path, {"Impact": impact, "Urgency": urgency, "Priority": "High", "Priority Weight": 1})
    now = seen(desk, path)
    assert (now["Priority Weight"], now["Priority"]) == (weight, priority)


def test_leaving_a_status_clears_its_reason_but_not_the_resolution():
    """Put back from Resolved, the text stays, the reason goes, the re-opening is dated."""
    desk, path = working()
    desk.put(path, DONE)
    desk.clock.advance(minutes=1)
    desk.put(path, {"Status": "In Progress"})
    number = str(seen(desk, path)["Incident Number"])
    incident = desk.server.people.incident(number)
    assert (incident["Status"], incident["Status_Reason"], incident["Resolution"]) == (
        "In Progress",
        None,
        "Restarted",
    )
    assert incident["Re-Opened Date"] == START + timedelta(minutes=1)
    assert incident["Last Resolved Date"] == START


def test_a_reason_given_with_the_change_replaces_the_old_one():
    """From Pending to Resolved the new reason counts, and the old one is not enough."""
    desk, path = working()
    desk.put(path, {"Status": "Pending", "Status_Reason": "Client Hold"})
    assert "Status Reason" in ruled_out(desk.put(path, {"Status": "Resolved", "Resolution": "Done"}))
    assert desk.put(path, DONE).status_code == 204
    assert seen(desk, path)["Status_Reason"] == "No Further Action Required"


def test_the_milestones_are_dated():
    """Responded, resolved and closed each get the second in which they happened."""
    desk = world()
    path = desk.path(desk.opened())
    assert seen(desk, path)["Responded Date"] is None
    for step in ({**TAKEN, "Status": "In Progress"}, DONE, {"Status": "Closed"}):
        desk.clock.advance(minutes=1)
        assert desk.put(path, step).status_code == 204
    now = seen(desk, path)
    assert [now[f"{name} Date"] for name in ("Responded", "Last Resolved", "Closed")] == [
        f"2026-03-02T09:0{minute}:00.000+0000" for minute in (1, 2, 3)
    ]


def test_a_closed_incident_is_read_only_unless_the_server_allows_it():
    """Not even a harmless field can be written."""
    strict, path = working()
    strict.put(path, DONE)
    strict.put(path, {"Status": "Closed"})
    assert "closed" in ruled_out(strict.put(path, {"Urgency": "4-Low"}))
    assert "closed" in ruled_out(strict.put(path, {"Status": "Assigned"}))
    loose, path = working(RemedySettings(closed_read_only=False))
    loose.put(path, DONE)
    loose.put(path, {"Status": "Closed"})
    assert loose.put(path, {"Status": "In Progress"}).status_code == 204


def test_every_write_is_followed_by_a_second_modification():
    """One second later the server's own workflow has touched the record, once."""
    desk = world()
    path = desk.path(desk.opened())
    desk.clock.advance(minutes=5)
    desk.put(path, {"Urgency": "4-Low"})
    first = seen(desk, path)
    assert (first["Last Modified Date"], first["Last Modified By"]) == (
        "2026-03-02T09:05:00.000+0000",
        "bridge",
    )
    desk.clock.advance(minutes=5)
    second = seen(desk, path)
    assert second["Last Modified Date"] == "2026-03-02T09:05:01.000+0000"
    assert second["Last Modified By"] == APPLICATION_SERVICE
    since = int(START.timestamp()) + 301
    assert len(desk.found(INTERFACE, f"'Last Modified Date' >= {since}")) == 1
    assert desk.found(INTERFACE, f"'Last Modified Date' > {since}") == []


def test_the_second_modification_can_be_unsigned_or_absent():
    """Captures show the person's name kept; a server without the workflow shows the first second."""
    unsigned, quiet = world(RemedySettings(second_bump_by=None)), world(RemedySettings(second_bump=False))
    for desk, stamp in ((unsigned, "09:00:01"), (quiet, "09:00:00")):
        path = desk.path(desk.opened())
        desk.clock.advance(minutes=1)
        now = seen(desk, path)
        assert (now["Last Modified By"], now["Last Modified Date"]) == (
            "bridge",
            f"2026-03-02T{stamp}.000+0000",
        )


def test_a_resolved_incident_closes_by_itself_after_fifteen_days():
    """The escalation closes it at its second, whenever somebody looks."""
    desk, path = working()
    desk.put(path, DONE)
    desk.clock.advance(days=15, seconds=-1)
    desk.log_in()
    assert seen(desk, path)["Status"] == "Resolved"
    desk.clock.advance(hours=3)
    desk.log_in()
    now = seen(desk, path)
    assert (now["Status"], now["Closed Date"]) == ("Closed", "2026-03-17T09:00:00.000+0000")
    history = desk.server.people.history(str(now["Incident Number"]))
    assert (history[-1].who, history[-1].old, history[-1].new) == (ESCALATOR, "Resolved", "Closed")


def test_re_opening_stops_the_automatic_closing_and_resolving_restarts_it():
    """The fifteen days count from the last resolving."""
    desk, path = working()
    number = str(seen(desk, path)["Incident Number"])
    desk.put(path, DONE)
    desk.clock.advance(days=10)
    desk.server.people.sets(number, {"Status": "In Progress"}, by="ann")
    desk.clock.advance(days=2)
    assert desk.server.people.incident(number)["Status"] == "In Progress"
    desk.server.people.resolves(number, "ann")
    desk.clock.advance(days=4)
    assert desk.server.people.incident(number)["Status"] == "Resolved"
    desk.clock.advance(days=10)
    assert desk.server.people.incident(number)["Status"] == "Resolved"
    desk.clock.advance(days=1)
    assert desk.server.people.incident(number)["Status"] == "Closed"


def test_automatic_closing_can_be_turned_off():
    """Without it a resolved incident stays."""
    desk, path = working(RemedySettings(auto_close=None))
    number = str(seen(desk, path)["Incident Number"])
    desk.put(path, DONE)
    desk.clock.advance(days=400)
    assert desk.server.people.incident(number)["Status"] == "Resolved"


def test_the_assignment_engine_chooses_and_leaves_a_note():
    """The members take turns; the note is internal, locked, and the system's."""
    desk = world(RemedySettings(auto_assignment=True))
    desk.server.add_person("dan", "Dan Fox", groups=["Frontline"])
    chosen = [desk.server.people.incident(desk.opened())["Assignee"] for _ in range(3)]
    assert chosen == ["Ann Lee", "Dan Fox", "Ann Lee"]
    (note,) = desk.server.people.notes(desk.server.people.numbers()[0])
    assert (note["Work Log Type"], note["Submitter"]) == ("Assignment Change", APPLICATION_SERVICE)
    assert (note["View Access"], note["Secure Work Log"]) == ("Internal", "Yes")
    assert (note["Communication Source"], note["ActivityValueSelection_1"]) == ("System Assignment", "System")
    assert note["MessageId"]


def test_an_incident_without_a_group_is_routed_where_the_server_routes():
    """The default group takes what names none."""
    desk = world(RemedySettings(default_group="Second Line"))
    number = desk.opened(**{"Assigned Group": None})
    assert desk.server.people.incident(number)["Assigned Group"] == "Second Line"


def test_smart_it_notes_every_change_of_status():
    """The switch makes the server write a note of its own for each."""
    desk, path = working(RemedySettings(smart_it_notes=True))
    desk.put(path, DONE)
    notes = desk.server.people.notes(str(seen(desk, path)["Incident Number"]))
    assert [note["Detailed Description"] for note in notes] == [
        "Status has been changed to In Progress",
        "Status has been changed to Resolved",
    ]
    assert {note["Submitter"] for note in notes} == {APPLICATION_SERVICE}


def test_cancelling_needs_no_reason():
    """A cancelled incident may carry its one reason or none."""
    desk, path = working()
    assert desk.put(path, {"Status": "Cancelled"}).status_code == 204
    assert desk.found(HELP_DESK, "'Status' = 6")[0]["Status_Reason"] is None
