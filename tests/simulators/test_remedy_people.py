"""People at work in the simulated Remedy without HTTP; the server under copies, threads and load."""

from __future__ import annotations

import copy
import threading
from datetime import timedelta

import pytest

from bridge.simulators.remedy import Rejected
from tests.simulators.remedy_world import INTERFACE, START, refused, world


def test_a_person_opens_an_incident_with_ordinary_values():
    """The contact is the person, the status follows the group, the owner is the person's own group."""
    people = world().server.people
    bare = people.incident(people.opens(by="ann"))
    assert (bare["Status"], bare["First Name"], bare["Customer Login ID"]) == ("New", "Ann", "ann")
    given = people.incident(
        people.opens({"Assigned Group": "Second Line", "Urgency": "1-Critical"}, by="ann")
    )
    assert (given["Status"], given["Assigned Group"], given["Owner Group"]) == (
        "Assigned",
        "Second Line",
        "Frontline",
    )
    assert (given["Submitter"], given["Submit Date"]) == ("ann", START)


def test_a_replayed_incident_keeps_its_real_number_once():
    """A number can be given, is never given twice, and the counter steps around it."""
    people = world().server.people
    taken = people.opens(by="ann", number="INC000000001001")
    assert taken == "INC000000001001"
    with pytest.raises(ValueError, match="INC000000001001"):
        people.opens(by="ann", number=taken)
    made = [people.opens(by="ann") for _ in range(3)]
    assert len({taken, *made}) == 4
    assert people.numbers() == [taken, *made]


def test_people_obey_the_same_rules_as_rest():
    """A refusal carries the server's text and changes nothing."""
    people = world().server.people
    number = people.opens({"Assigned Group": "Frontline"}, by="ann")
    with pytest.raises(Rejected, match="a Status Reason"):
        people.sets(number, {"Status": "Pending"}, by="ann")
    with pytest.raises(Rejected, match="No such field"):
        people.sets(number, {"Detailed_Decription": "x"}, by="ann")
    with pytest.raises(Rejected, match="NULL"):
        people.sets(number, {"Description": None}, by="ann")
    with pytest.raises(LookupError):
        people.sets("INC9", {"Urgency": "4-Low"}, by="ann")
    assert people.incident(number)["Status"] == "Assigned"


def test_the_life_of_an_incident_can_be_read_back():
    """Every change of status is kept with its time and its author."""
    desk = world()
    people = desk.server.people
    number = people.opens({"Assigned Group": "Frontline"}, by="cora")
    desk.clock.advance(minutes=1)
    people.sets(number, {"Status": "In Progress", "Assignee Login ID": "ann"}, by="ann")
    desk.clock.advance(minutes=1)
    cause = {"Resolution Category": "Software", "Generic Categorization Tier 1": "Defect"}
    people.resolves(number, "ann", resolution="Patched", fields=cause)
    desk.clock.advance(minutes=1)
    people.closes(number, "ann")
    told = [(step.time - START, step.who, step.old, step.new) for step in people.history(number)]
    assert told == [
        (timedelta(minutes=0), "cora", None, "Assigned"),
        (timedelta(minutes=1), "ann", "Assigned", "In Progress"),
        (timedelta(minutes=2), "ann", "In Progress", "Resolved"),
        (timedelta(minutes=3), "ann", "Resolved", "Closed"),
    ]
    changed = {step.field for step in people.changes(number) if step.time == START + timedelta(minutes=2)}
    assert changed >= {"Resolution", "Resolution Category", "Status", "Status_Reason"}
    assert not {"Owner Group", "Last Modified Date"} & changed
    assert set(people.incident(number)["Status History"]) == {"Assigned", "In Progress", "Resolved", "Closed"}


def test_resolving_takes_an_incident_that_nobody_has():
    """The resolver becomes the assignee; an assignee there is stays."""
    people = world().server.people
    loose = people.opens({"Assigned Group": "Frontline"}, by="cora")
    people.resolves(loose, "ann")
    assert people.incident(loose)["Assignee"] == "Ann Lee"
    held = people.opens({"Assigned Group": "Frontline", "Assignee": "Bob Ray"}, by="cora")
    people.resolves(held, "ann")
    assert people.incident(held)["Assignee"] == "Bob Ray"


def test_incidents_pass_between_groups_and_people():
    """A group without a person waits; a person alone keeps the group."""
    people = world().server.people
    number = people.opens({"Assigned Group": "Frontline"}, by="cora")
    people.reassigns(number, "Second Line", by="ann")
    assert (people.incident(number)["Assigned Group"], people.incident(number)["Assignee"]) == (
        "Second Line",
        None,
    )
    people.reassigns(number, assignee="bob", by="bob")
    assert (people.incident(number)["Assigned Group"], people.incident(number)["Assignee"]) == (
        "Second Line",
        "Bob Ray",
    )


def test_people_write_and_change_notes():
    """Notes keep their order, audience and author; further fields may be given."""
    desk = world()
    people = desk.server.people
    number = people.opens(by="cora")
    first = people.writes(number, "for us", by="ann")
    mail = {"Communication Source": "Email", "Work Log Type": "Customer Communication"}
    people.writes(number, "for all", by="cora", internal=False, summary="Mail", fields=mail)
    desk.clock.advance(minutes=1)
    people.edits_note(first, "for us only", by="ann")
    one, two = people.notes(number)
    assert (one["Work Log ID"], one["Detailed Description"], one["View Access"]) == (
        first,
        "for us only",
        "Internal",
    )
    assert (one["Last Modified Date"] - one["Submit Date"], one["Work Log Submitter"]) == (
        timedelta(minutes=1),
        "ann",
    )
    assert (two["View Access"], two["Communication Source"], two["Description"]) == (
        "Public",
        "Email",
        "Mail",
    )
    with pytest.raises(Rejected, match="submitter"):
        people.edits_note(first, "mine", by="bob")
    with pytest.raises(LookupError):
        people.edits_note("WLG9", "x", by="ann")


def test_a_deleted_incident_is_gone_from_everywhere():
    """Its record, its notes and its history vanish, and nothing planned for it happens."""
    desk = world()
    number = desk.opened()
    path = desk.path(number)
    desk.server.people.writes(number, "x", by="ann")
    desk.server.people.deletes(number)
    desk.clock.advance(seconds=5)
    refused(desk.get(path), 302, 404)
    assert desk.found("HPD:WorkLog", f"'Incident Number' = \"{number}\"") == []
    assert desk.server.people.numbers() == []
    with pytest.raises(LookupError):
        desk.server.people.incident(number)


def test_what_is_read_is_a_copy():
    """Changing it changes nothing in the server."""
    people = world().server.people
    number = people.opens(by="ann")
    people.incident(number)["Status"] = "Closed"
    people.incident(number)["Status History"].clear()
    assert people.incident(number)["Status"] == "New"
    assert people.incident(number)["Status History"]


def test_a_deep_copy_lives_on_by_itself():
    """Copy and original share no record, no session and no lock."""
    desk = world()
    number = desk.opened()
    twin = copy.deepcopy(desk.server)
    twin.people.sets(number, {"Urgency": "4-Low"}, by="ann")
    twin.people.opens(by="ann")
    twin.revoke_all()
    assert desk.server.people.incident(number)["Urgency"] == "1-Critical"
    assert len(desk.server.people.numbers()) == 1
    assert desk.get(INTERFACE).status_code == 200
    assert twin.people.incident(number)["Urgency"] == "4-Low"


def test_threads_take_turns():
    """Concurrent creates lose nothing and number nothing twice."""
    desk = world()

    def work() -> None:
        for _ in range(25):
            desk.server.people.opens(by="ann")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(desk.server.people.numbers())) == 100


def test_polling_a_large_desk_tests_only_what_is_recent():
    """Of two thousand incidents a poll of the last minutes returns the few that changed, page by page."""
    desk = world()
    for _ in range(2_000):
        desk.server.people.opens(by="ann")
        desk.clock.advance(seconds=60)
    desk.log_in()
    last = desk.server.people.numbers()[-5:]
    since = desk.server.now() - 5 * 60
    order = "Last Modified Date.asc,Incident Number.asc"
    rows = desk.found(
        INTERFACE, f"'Last Modified Date' >= {since}", sort=order, fields="values(Incident Number)"
    )
    assert [row["Incident Number"] for row in rows] == last
