"""Incidents and notes as the bridge sees them: ids, words, who wrote what, and what is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.connectors.remedy.forms import as_moment, as_text, id_in_link
from bridge.model.errors import Refused
from bridge.model.note import Note
from bridge.simulators.wire import Response
from tests.connectors.remedy_world import DAWN, LOGIN, MARK, World, numbers, reads, said


def only(desk_notes: tuple[Note, ...]) -> Note:
    """Return the only note."""
    (note,) = desk_notes
    return note


def note_from(**values: Any) -> Note:
    """Return the one note of a server that shows this entry."""
    world = World()
    entry = {
        "Work Log ID": "WLG000000000001",
        "Incident Number": "INC1",
        "Work Log Type": "General Information",
        "Work Log Submitter": "ann",
        "Submitter": "ann",
        "Submit Date": "2026-11-20T08:00:00.000+0000",
        "Last Modified Date": "2026-11-20T08:00:00.000+0000",
        "View Access": "Internal",
        **{name.replace("_", " "): value for name, value in values.items() if name != "selection"},
    }
    entry |= {"ActivityValueSelection_1": values["selection"]} if "selection" in values else {}
    answer = Response.of_json(200, {"entries": [{"values": entry}]})
    world.fault("answer_before", reads("HPD:WorkLog"), answer=answer)
    return only(world.desk().notes("INC1"))


def test_an_incident_arrives_whole() -> None:
    """Every field has its place, null is the empty text, and times are UTC."""
    world = World()
    number = world.opens(
        Description="Checkout fails",
        Detailed_Decription="On save.\r\nSince Monday.",
        Impact="2-Significant/Large",
        Urgency="1-Critical",
        Vendor_Ticket_Number="SHOP-1",
        Product_Name="Shop",
    )
    (incident,) = world.desk(fields=["Product Name", "Manufacturer"]).incidents([number])
    assert incident.number == number
    assert (incident.status, incident.status_reason) == ("Assigned", "")
    assert (incident.summary, incident.story) == ("Checkout fails", "On save.\nSince Monday.")
    assert (incident.impact, incident.urgency, incident.priority) == (
        "2-Significant/Large",
        "1-Critical",
        "Critical",
    )
    assert incident.service_type == "User Service Restoration"
    assert (incident.assigned_group, incident.assignee, incident.resolution) == ("Frontline", "", "")
    assert incident.ticket_field == "SHOP-1"
    assert incident.fields == (("Manufacturer", ""), ("Product Name", "Shop"))
    assert incident.submitted_at == incident.modified_at == DAWN
    assert incident.modified_by == "ann"


def test_the_entry_id_is_the_joined_one_and_not_the_number() -> None:
    """The id under which an incident is written is another than its number, and is read off the record."""
    world = World()
    number = world.opens()
    (incident,) = world.desk().incidents([number])
    entry = world.people.incident(number)["Entry ID"]
    assert incident.entry_id == f"{entry}|{entry}"
    assert entry != number


def test_the_entry_id_is_taken_from_the_link_where_the_record_hides_it() -> None:
    """Without a Request ID the self link tells the id, whatever host it names."""
    world = World()
    values = {"Incident Number": "INC1", "Last Modified Date": "2026-11-20T08:00:00.000+0000"}
    link = "https://inside.example.net:8443/api/arsys/v1/entry/HPD:IncidentInterface/INC7%7CINC7"
    entries = [{"values": values, "_links": {"self": [{"href": link}]}}]
    world.fault("answer_before", reads("HPD"), answer=Response.of_json(200, {"entries": entries}))
    (incident,) = world.desk().incidents(["INC1"])
    assert incident.entry_id == "INC7|INC7"


def test_a_field_that_does_not_exist_is_named() -> None:
    """A misspelt field of a rule ends the reading with the field's name and where to correct it."""
    world = World()
    world.opens()
    with pytest.raises(Refused) as caught:
        list(world.desk(fields=["Produkt Name"]).incidents_since(DAWN))
    assert "Produkt Name" in caught.value.why
    assert "configuration" in caught.value.next_step


def test_only_visible_companies_are_seen() -> None:
    """Incidents of companies that the account may not see are left out and are no error."""
    world = World()
    world.opens()
    world.account.companies = frozenset({"Another Company"})
    assert list(world.desk().incidents_since(DAWN)) == []


def test_a_persons_note() -> None:
    """A work info of a person is text, author, moment, parent and who may see it."""
    world = World()
    number = world.opens()
    world.clock.sleep(90)
    entry = world.people.writes(number, "Please look.\r\n", by="ann", internal=False)
    note = only(world.desk().notes(number))
    assert (note.id, note.parent, note.author) == (entry, number, "ann")
    assert (note.text, note.internal, note.origin, note.mark) == ("Please look.", False, "person", "")
    assert note.at == DAWN + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("summary", "detail", "text"),
    [
        ("Only a summary", "", "Only a summary"),
        (None, "Only details", "Only details"),
        ("Call back", "Customer is away today.", "Call back\nCustomer is away today."),
        ("Customer is aw", "Customer is away today.", "Customer is away today."),
        ("Customer is aw...", "Customer is away today.", "Customer is away today."),
        (".", "Details", "Details"),
        ("General Information", "Details", "Details"),
        ("#verified", "", "#verified"),
        ("#verified", "Works for the customer.", "#verified\nWorks for the customer."),
        ("", "", ""),
    ],
)
def test_summary_and_details_are_one_text(summary: str | None, detail: str, text: str) -> None:
    """People write into either field; screens that only repeat the text in the summary are seen through."""
    assert note_from(Description=summary, Detailed_Description=detail).text == text


@pytest.mark.parametrize(
    "values",
    [
        {"Work_Log_Type": "Assignment Change"},
        {"Communication_Source": "System Assignment"},
        {"Work_Log_Submitter": "Remedy Application Service"},
        {"Submitter": "AR_ESCALATOR"},
        {"selection": "System"},
        {"MessageId": "48930"},
        {"Detailed_Description": "Status has been changed to Pending"},
    ],
)
def test_entries_of_the_system_are_told_apart(values: dict[str, Any]) -> None:
    """Each tell-tale of BMC's workflow alone is enough."""
    assert note_from(**{"Detailed_Description": "Assigned To: Ann", **values}).origin == "system"


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        ({"Detailed_Description": f"Hello\n\n{MARK}"}, "INC1/milestone/1"),
        ({"Detailed_Description": "Hello", "Description": MARK}, "INC1/milestone/1"),
        ({"Detailed_Description": "Hello", "Description": MARK[:20]}, ""),
        ({"Detailed_Description": f"Hello\n{MARK} \r\n", "Description": MARK[:20]}, "INC1/milestone/1"),
        ({"Detailed_Description": "Hello", "Submitter": LOGIN.upper()}, ""),
        ({"Detailed_Description": "Hello", "Submitter": "x", "Work_Log_Submitter": LOGIN}, ""),
        ({"Description": f"Hello {MARK}"}, "INC1/milestone/1"),
    ],
)
def test_our_own_notes_are_known_by_account(values: dict[str, Any], mark: str) -> None:
    """A bridge's note is never taken for a person's, and its text comes without the mark."""
    note = note_from(**{"Submitter": LOGIN, **values})
    assert (note.origin, note.mark) == ("bridge", mark)
    assert note.text == "Hello"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"Detailed_Description": f"Hello\n\n{MARK}"}, f"Hello\n\n{MARK}"),
        ({"Detailed_Description": "Hello", "Description": MARK}, f"{MARK}\nHello"),
        ({"Detailed_Description": "Hello (bridge:other/INC9/x)"}, "Hello (bridge:other/INC9/x)"),
        ({"Description": f"Hello {MARK}"}, f"Hello {MARK}"),
    ],
)
def test_a_mark_under_a_persons_words_is_a_persons_words(values: dict[str, Any], text: str) -> None:
    """Nobody makes a note a bridge's by ending it like one: it crosses whole, and is no trace of an effect."""
    note = note_from(**{"Submitter": "ann", **values})
    assert (note.origin, note.mark, note.text) == ("person", "", text)


def test_a_former_account_of_the_bridge_is_believed_where_it_is_named() -> None:
    """After the account was replaced the notes of the one before stay the bridge's."""
    world = World()
    number = world.opens()
    world.people.writes(number, f"Hello\n\n{MARK}", by="svc-old")
    (forged,) = world.desk().for_pair("acme").notes(number)
    assert forged.origin == "person"
    (note,) = world.desk(bridges=("SVC-old",)).for_pair("acme").notes(number)
    assert (note.origin, note.mark, note.text) == ("bridge", "INC1/milestone/1", "Hello")


def test_a_mark_in_the_middle_is_a_persons_quotation() -> None:
    """Only a trailing mark makes a note ours."""
    note = note_from(Detailed_Description=f"See {MARK} above, is that right?")
    assert (note.origin, note.mark) == ("person", "")


@pytest.mark.parametrize(("access", "internal"), [("Public", False), ("Internal", True), (None, True)])
def test_only_an_outright_public_note_is_public(access: str | None, internal: bool) -> None:
    """A note whose access is not known stays inside."""
    assert note_from(View_Access=access, Detailed_Description="x").internal is internal


def test_a_server_without_the_tell_tale_fields_is_read_all_the_same() -> None:
    """Older forms lack some fields; notes are read without them, then and later."""
    world = World()
    number = world.opens()
    world.people.writes(number, "hello", by="ann")
    desk = world.desk()

    def asks(request: Any) -> bool:
        return "MessageId" in request.query.get("fields", "")

    world.fault("answer_before", asks, times=None, answer=said(314, "No such field exists", "MessageId"))
    assert only(desk.notes(number)).text == "hello"
    assert [note.text for note in desk.notes_since(DAWN)] == ["hello"]


def test_deleted_incidents_are_left_out() -> None:
    """An incident that is gone is simply not among those read by number."""
    world = World()
    first, second = world.opens(), world.opens()
    world.people.deletes(first)
    assert numbers(world.desk().incidents([first, second])) == [second]


def test_the_second_bump_of_workflow_shows_as_a_new_modification() -> None:
    """Workflow that touches a record a second later makes it modified then, by the workflow's account."""
    world = World(settings=replace(World().settings, second_bump=True))
    number = world.opens()
    world.people.sets(number, {"Vendor Ticket Number": "SHOP-1"}, by="ann")
    world.clock.sleep(5)
    (incident,) = world.desk().incidents([number])
    assert incident.modified_at == DAWN + timedelta(seconds=1)
    assert incident.modified_by == "Remedy Application Service"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("", ""), (0, "0"), (1.5, "1.5"), (True, "Yes"), ({"a": 1}, ""), ([], "")]
)
def test_values_of_any_type_become_text(value: Any, text: str) -> None:
    """Numbers are written out, structures are not shown."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2022-06-21T11:08:05.000+0000", datetime(2022, 6, 21, 11, 8, 5, tzinfo=UTC)),
        ("2022-06-21T13:08:05.000+0200", datetime(2022, 6, 21, 11, 8, 5, tzinfo=UTC)),
        ("2022-06-21T11:08:05", None),
        ("yesterday", None),
        (None, None),
        (1655809685, None),
    ],
)
def test_moments(value: Any, moment: datetime | None) -> None:
    """Only a date with an offset is a moment."""
    assert as_moment(value) == moment


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://x.example/api/arsys/v1/entry/HPD:WorkLog/WLG1", "WLG1"),
        ("/api/arsys/v1/entry/HPD:IncidentInterface/INC1%7CINC1", "INC1|INC1"),
        ("http://[broken", ""),
        ("", ""),
    ],
)
def test_ids_are_read_off_addresses(address: str, found: str) -> None:
    """Only the last part of an address counts."""
    assert id_in_link(address) == found


def test_the_ticket_field_may_also_be_a_field_of_a_rule() -> None:
    """A rule that names the ticket field by the desk's name sees the same value."""
    world = World()
    number = world.opens(Vendor_Ticket_Number="SHOP-1")
    (incident,) = world.desk(fields=["Vendor Ticket Number", "Status"]).incidents([number])
    assert incident.value("Vendor Ticket Number") == incident.value("ticket_field") == "SHOP-1"
    assert incident.value("Status") == "Assigned"


@pytest.mark.parametrize(
    ("pair", "mark"), [("acme", "INC1/milestone/1"), ("other", ""), ("", "INC1/milestone/1")]
)
def test_another_pairs_note_is_a_bridges_but_not_ours(pair: str, mark: str) -> None:
    """Two pairs may use one desk: each finds its own marks only, and takes no other's for human words."""
    world = World()
    number = world.opens()
    world.desk().add_note(number, "Hello", mark=MARK, internal=True)
    note = only(world.desk(pair=pair).notes(number))
    assert (note.text, note.origin, note.mark) == ("Hello", "bridge", mark)
