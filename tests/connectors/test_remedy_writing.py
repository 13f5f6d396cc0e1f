"""What reaches Remedy: only the wanted fields, notes of any text, and Remedy's own words where it says no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.connectors.remedy import RemedyDesk
from bridge.model.errors import Ambiguous, Gone, Refused
from bridge.model.incident import Incident
from bridge.simulators.wire import Response
from tests.connectors.remedy_world import LOGIN, MARK, World, said, writes


def read(desk: RemedyDesk, number: str) -> Incident:
    """Read one incident afresh."""
    (incident,) = desk.incidents([number])
    return incident


def put(world: World, number: str, *fields: tuple[str, str], **options: Any) -> None:
    """Set fields of an incident as it is now."""
    desk = world.desk(**options)
    desk.set_incident(read(desk, number), fields)


def written_by_bridge(world: World, number: str) -> dict[str, tuple[Any, Any]]:
    """Return old and new value of every field that the bridge's account changed."""
    return {one.field: (one.old, one.new) for one in world.people.changes(number) if one.who == LOGIN}


def test_the_waiting_status_is_set_with_its_reason() -> None:
    """Our own names reach the form's fields, and nothing else changes."""
    world = World()
    number = world.opens()
    put(world, number, ("status", "Pending"), ("status_reason", "Infrastructure Change"))
    changed = written_by_bridge(world, number)
    # Remedy's own workflow stamps the first response.
    changed.pop("Responded Date", None)
    assert changed == {
        "Status": ("Assigned", "Pending"),
        "Status_Reason": (None, "Infrastructure Change"),
    }


@pytest.mark.parametrize("field", ["Vendor Ticket Number", "Product Name"])
def test_the_ticket_field_is_the_configured_one(field: str) -> None:
    """The ticket's key goes into the field that the configuration names."""
    world = World()
    number = world.opens()
    put(world, number, ("ticket_field", "SHOP-1"), ticket_field=field)
    assert written_by_bridge(world, number) == {field: (None, "SHOP-1")}


def test_an_empty_text_clears() -> None:
    """Clearing a field leaves it null, whatever stood there."""
    world = World()
    number = world.opens(Vendor_Ticket_Number="SHOP-1")
    put(world, number, ("ticket_field", ""))
    assert world.people.incident(number)["Vendor Ticket Number"] is None


def test_nothing_to_set_sends_nothing() -> None:
    """Without fields the incident's date stays as it is."""
    world = World()
    number = world.opens()
    before = world.people.incident(number)
    world.clock.sleep(60)
    put(world, number)
    assert world.people.incident(number) == before


def test_fields_that_were_not_named_stay() -> None:
    """What a person changed meanwhile survives the bridge's update of another field."""
    world = World()
    desk, number = world.desk(), world.opens()
    seen = read(desk, number)
    world.people.sets(number, {"Description": "news", "Urgency": "1-Critical"}, by="ann")
    desk.set_incident(seen, [("ticket_field", "SHOP-1")])
    now = world.people.incident(number)
    assert (now["Description"], now["Urgency"]) == ("news", "1-Critical")


def test_a_group_is_assigned_with_its_company_and_organisation() -> None:
    """A group's name alone brings id, company and organisation along; the owner group stays."""
    world = World()
    group = world.simulator.add_group("Second Line", organization="Applications")
    number = world.opens()
    owner = world.people.incident(number)["Owner Group"]
    put(world, number, ("assigned_group", "Second Line"))
    now = world.people.incident(number)
    assert (now["Assigned Group"], now["Assigned Group ID"]) == ("Second Line", group)
    assert now["Assigned Support Organization"] == "Applications"
    assert now["Owner Group"] == owner


def test_of_several_groups_of_a_name_the_one_of_the_same_company_is_taken() -> None:
    """Two companies may use one name; the incident stays in its company."""
    world = World()
    world.simulator.add_group("Second Line", company="Elsewhere Ltd")
    here = world.simulator.add_group("Second Line")
    number = world.opens()
    put(world, number, ("assigned_group", "Second Line"))
    assert world.people.incident(number)["Assigned Group ID"] == here


def test_an_ambiguous_group_is_refused() -> None:
    """Where the name fits two groups of foreign companies the bridge does not guess."""
    world = World()
    for company in ("Elsewhere Ltd", "Nowhere Inc"):
        world.simulator.add_group("Second Line", company=company)
    number = world.opens()
    with pytest.raises(Refused) as caught:
        put(world, number, ("assigned_group", "Second Line"))
    assert "2 active support groups" in caught.value.why
    assert written_by_bridge(world, number) == {}


@pytest.mark.parametrize("retired", [True, False])
def test_a_group_that_is_not_active_is_refused(retired: bool) -> None:
    """An obsolete or unknown group gets no incidents, and the message names it."""
    world = World()
    if retired:
        world.simulator.add_group("Old Line")
        world.simulator.retire_group("Old Line")
    number = world.opens()
    with pytest.raises(Refused) as caught:
        put(world, number, ("assigned_group", "Old Line"))
    assert "Old Line" in caught.value.what
    assert caught.value.next_step


@pytest.mark.parametrize(
    "name", ["Owner Group", "Owner Group ID", "Owner Support Company", "number", "Owner"]
)
def test_owner_and_number_are_never_written(name: str) -> None:
    """Not even a rule can make the bridge touch them."""
    world = World()
    number = world.opens()
    with pytest.raises(Refused):
        put(world, number, (name, "x"))
    assert written_by_bridge(world, number) == {}


def test_a_closed_incident_is_refused_in_remedys_words() -> None:
    """What Remedy says about a closed incident reaches people word for word."""
    world = World()
    number = world.opens()
    world.people.resolves(number, "ann")
    world.people.closes(number, "ann")
    with pytest.raises(Refused) as caught:
        put(world, number, ("status", "Assigned"))
    with pytest.raises(Exception, match="closed") as said_to_people:
        world.people.sets(number, {"Status": "Assigned"}, by="ann")
    assert getattr(said_to_people.value, "appended") in caught.value.why  # noqa: B009
    assert getattr(caught.value, "number", 0) >= 10_000
    assert world.people.incident(number)["Status"] == "Closed"


def test_a_field_of_another_name_is_refused_with_the_name() -> None:
    """Names differ from form to form; a wrong one is told apart from a missing permission."""
    world = World()
    number = world.opens()
    with pytest.raises(Refused) as caught:
        put(world, number, ("Service_Type", "User Service Request"))
    assert "Service_Type" in caught.value.why
    assert "names differ" in caught.value.next_step


@pytest.mark.parametrize("answer", [said(101, "Entry ID too long"), said(302, "No such entry", status=404)])
def test_a_form_that_refuses_the_joined_id_is_passed_by(answer: Response) -> None:
    """Where the joined form does not take the id, the record itself is written."""
    world = World()
    number = world.opens()
    world.fault("answer_before", writes("HPD:IncidentInterface"), times=None, answer=answer)
    put(world, number, ("ticket_field", "SHOP-1"))
    assert written_by_bridge(world, number) == {"Vendor Ticket Number": (None, "SHOP-1")}


def test_a_deleted_incident_is_gone() -> None:
    """Writing to what is not there any more says so."""
    world = World()
    desk, number = world.desk(), world.opens()
    seen = read(desk, number)
    world.people.deletes(number)
    with pytest.raises(Gone):
        desk.set_incident(seen, [("ticket_field", "SHOP-1")])


def test_a_lost_answer_to_an_update_is_in_doubt() -> None:
    """The value may be there; the caller looks."""
    world = World()
    desk, number = world.desk(), world.opens()
    seen = read(desk, number)
    world.fault("drop_after", writes("HPD:IncidentInterface"))
    with pytest.raises(Ambiguous):
        desk.set_incident(seen, [("ticket_field", "SHOP-1")])
    assert read(desk, number).ticket_field == "SHOP-1"


@pytest.mark.parametrize(("internal", "access"), [(True, "Internal"), (False, "Public")])
def test_a_note_carries_its_mark_twice_and_can_be_edited(internal: bool, access: str) -> None:
    """The mark is the summary and ends the text; the entry is not locked; the receipt names it."""
    world = World()
    desk, number = world.desk(), world.opens()
    receipt = desk.add_note(number, "Hello", mark=MARK, internal=internal)
    (entry,) = world.people.notes(number)
    assert receipt.id == entry["Work Log ID"]
    assert (entry["Description"], entry["Detailed Description"]) == (MARK, f"Hello\n\n{MARK}")
    assert (entry["View Access"], entry["Secure Work Log"]) == (access, "No")
    desk.edit_note(receipt.id, "Changed", mark=MARK)
    (note,) = desk.notes(number)
    assert (note.text, note.mark, note.origin) == ("Changed", "INC1/milestone/1", "bridge")


def test_a_note_to_a_missing_incident_is_refused() -> None:
    """A note needs its incident."""
    with pytest.raises(Refused):
        World().desk().add_note("INC000000099999", "Hello", mark=MARK, internal=True)


def test_a_note_that_may_not_be_edited_is_refused_in_remedys_words() -> None:
    """A locked note, or one of somebody else, stays as it is."""
    world = World()
    desk, number = world.desk(), world.opens()
    entry = world.people.writes(number, "mine", by="ann")
    with pytest.raises(Refused) as caught:
        desk.edit_note(entry, "yours", mark=MARK)
    assert "submitter" in caught.value.why
    assert world.people.notes(number)[0]["Detailed Description"] == "mine"


def round_trip(text: str, **options: Any) -> tuple[str, str]:
    """Write a note and return its text and mark as they are read back."""
    world = World()
    desk, number = world.desk(**options), world.opens()
    desk.add_note(number, text, mark=MARK, internal=True)
    (note,) = desk.notes(number)
    return note.text, note.mark


@pytest.mark.parametrize(
    "text",
    [
        "x" * 40_000,
        "🚀 𝒻𝒾𝓍𝑒𝒹 " * 2_000 + "end",
        'She said "no", then ""yes""',
        "C:\\temp\\new\n\n* not a list\n{code}",
        "Ошибка: «не сохраняется» — ґанок",
        "(not a mark) and (bridge:acme/fake) inside",
        "https://example.com/a?b=c&d=%20#x",
    ],
)
def test_any_human_text_survives(text: str) -> None:
    """Length, scripts, emoji, quotes and markup come back as they were written."""
    assert round_trip(text) == (text, "INC1/milestone/1")


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_at_all_can_be_written(text: str) -> None:
    """No text, not even half a surrogate pair, stops a note or hides its mark."""
    assert round_trip(text)[1] == "INC1/milestone/1"


def test_a_long_text_is_cut_and_keeps_its_mark() -> None:
    """Where the field has a limit the text gives way, never the mark."""
    world = World(settings=replace(World().settings, note_limit=200))
    desk, number = world.desk(note_limit=200), world.opens()
    desk.add_note(number, "word " * 100, mark=MARK, internal=True)
    (entry,) = world.people.notes(number)
    assert len(entry["Detailed Description"]) <= 200
    assert entry["Detailed Description"].endswith(MARK)
    assert "(cut)" in entry["Detailed Description"]


def test_a_mark_longer_than_the_summary_is_still_found() -> None:
    """The summary gives way; the mark at the end of the text is whole."""
    long_mark = f"(bridge:acme/{'k' * 150})"
    world = World()
    desk, number = world.desk(), world.opens()
    desk.add_note(number, "Hello", mark=long_mark, internal=True)
    (note,) = desk.notes(number)
    assert (note.text, note.mark) == ("Hello", "k" * 150)


def test_a_create_without_location_leaves_the_id_open() -> None:
    """Where the server does not name the new note its mark still finds it."""
    world = World()
    desk, number = world.desk(), world.opens()
    world.fault("answer_after", writes("HPD:WorkLog"), answer=Response(status=204))
    assert desk.add_note(number, "Hello", mark=MARK, internal=True).id == ""
    assert [note.mark for note in desk.notes(number)] == ["INC1/milestone/1"]


def members_of(found: Iterable[Any] | None) -> set[tuple[str, str]]:
    """Return login and name of every member."""
    return {(member.login, member.name) for member in found or ()}


def test_members_of_all_groups_of_a_name() -> None:
    """Membership is by login, over every company that has a group of the name."""
    world = World()
    other = world.simulator.add_group("Frontline", company="Elsewhere Ltd")
    world.simulator.add_person("eve", "Eve Long", groups=[other])
    found = world.desk().members("Frontline")
    assert members_of(found) == {("ann", "Ann Ruiz"), ("bob", "Bob Hall"), ("eve", "Eve Long")}


def test_an_unknown_group_has_no_members() -> None:
    """A name that no group bears is an empty group, not an unreadable one."""
    assert World().desk().members('No "such" group') == ()


def test_membership_is_remembered_for_an_hour() -> None:
    """A new member is seen after an hour and not before."""
    world = World()
    desk = world.desk()
    before = members_of(desk.members("Frontline"))
    world.simulator.add_person("eve", "Eve Long", groups=["Frontline"])
    world.clock.sleep(3590)
    assert members_of(desk.members("Frontline")) == before
    world.clock.sleep(20)
    assert members_of(desk.members("Frontline")) == before | {("eve", "Eve Long")}


def test_membership_that_may_not_be_read_is_none_until_it_is_granted() -> None:
    """A missing permission is not an empty group; granting it shows within minutes."""
    world = World()
    world.account.reads_memberships = False
    desk = world.desk()
    assert desk.members("Frontline") is None
    world.account.reads_memberships = True
    world.clock.sleep(301)
    assert ("ann", "Ann Ruiz") in members_of(desk.members("Frontline"))
