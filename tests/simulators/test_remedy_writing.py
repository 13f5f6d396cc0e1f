"""Writing to the simulated Remedy: creates, partial updates, and every refusal a field can cause."""

from __future__ import annotations

import json

import pytest

from bridge.simulators.remedy import RemedySettings
from tests.simulators.remedy_world import (
    BASE,
    CREATE,
    HELP_DESK,
    INTERFACE,
    NEW_INCIDENT,
    WORK_LOG,
    refused,
    ruled_out,
    world,
)


def test_a_create_answers_where_the_staging_record_is():
    """201, no body, a Location under the server's own name; reading it gives the Incident Number."""
    desk = world()
    answer = desk.post(CREATE, NEW_INCIDENT)
    assert (answer.status_code, answer.content) == (201, b"")
    location = answer.headers["Location"]
    assert location.startswith("https://remedy-internal.example.com:8443/")
    entry = location.rsplit("/", 1)[1]
    assert len(entry) == 15
    staged = desk.get(f"{CREATE}/{entry}").json()["values"]
    assert [staged["Incident Number"]] == desk.server.people.numbers()
    assert (staged["First_Name"], staged["Create Date"]) == ("Cora", "2026-03-02T09:00:00.000+0000")


def test_a_create_with_fields_answers_their_values_without_the_empty_ones():
    """A requested field that is empty is absent, as captured."""
    desk = world()
    answer = desk.post(CREATE, NEW_INCIDENT, fields="values(Incident Number,Incident_Entry_ID)")
    assert set(answer.json()["values"]) == {"Incident Number"}
    assert "_links" in answer.json()


def test_a_create_fills_in_the_contact_the_group_and_the_owner():
    """The person's company, the group's id and the owner group come from the directory."""
    desk = world()
    values = desk.get(desk.path(desk.opened())).json()["values"]
    assert (values["Customer Login ID"], values["Company"]) == ("cora", "Calbro Services")
    assert values["Assigned Support Organization"] == "IT Support"
    assert values["Assigned Group ID"].startswith("SGP")
    assert (values["Owner Group"], values["Owner Group ID"]) == ("Frontline", values["Assigned Group ID"])
    assert (values["Submitter"], values["Status"]) == ("bridge", "Assigned")


@pytest.mark.parametrize(
    "missing", ["First_Name", "Description", "Impact", "Urgency", "Status", "Reported Source", "Service_Type"]
)
def test_a_create_without_a_required_field_is_refused(missing):
    """307 names the field, and nothing is created."""
    desk = world()
    answer = desk.post(CREATE, {key: value for key, value in NEW_INCIDENT.items() if key != missing})
    assert missing in refused(answer, 307, 500)
    assert desk.server.people.numbers() == []


def test_a_login_can_stand_for_the_names():
    """The customer is found by login as well."""
    desk = world()
    names = {"First_Name", "Last_Name"}
    values = {key: value for key, value in NEW_INCIDENT.items() if key not in names}
    assert desk.post(CREATE, {**values, "Login_ID": "cora"}).status_code == 201
    (number,) = desk.server.people.numbers()
    assert desk.server.people.incident(number)["Last Name"] == "Smith"


def test_a_contact_must_be_exactly_one_person():
    """Nobody and two namesakes are both refused in the application's own words."""
    desk = world()
    assert "records have been found" in ruled_out(desk.post(CREATE, {**NEW_INCIDENT, "Last_Name": "Nobody"}))
    desk.server.add_person("cora2", "Cora Smith")
    assert ruled_out(desk.post(CREATE, NEW_INCIDENT)).startswith("2 records")


def test_the_action_may_be_demanded_but_must_never_be_wrong():
    """Some servers insist on CREATE; none takes another action here."""
    lenient, strict = world(), world(RemedySettings(action_required=True))
    values = {key: value for key, value in NEW_INCIDENT.items() if key != "z1D_Action"}
    assert lenient.post(CREATE, values).status_code == 201
    refused(strict.post(CREATE, values), 307, 500)
    refused(lenient.post(CREATE, {**values, "z1D_Action": "MODIFY"}), 307, 500)


def test_only_the_create_form_creates_and_nothing_is_deleted():
    """The other forms are closed to creates, and deleting needs an administrator."""
    desk = world()
    path = desk.path(desk.opened())
    for form in (INTERFACE, HELP_DESK, "CTM:People", "CTM:Support Group"):
        refused(desk.post(form, {}), 331, 403)
    refused(desk.http.delete(f"{BASE}/api/arsys/v1/entry/{path}"), 304, 403)
    assert len(desk.server.people.numbers()) == 1


def test_an_update_changes_only_what_it_names():
    """PUT answers 204 with nothing, keeps the other fields, and null clears one."""
    desk = world()
    number = desk.opened(Detailed_Decription="long story")
    path = desk.path(number)
    answer = desk.put(path, {"Description": "New words", "Vendor Ticket Number": "ABC-1"})
    assert (answer.status_code, answer.content) == (204, b"")
    desk.put(path, {"Vendor Ticket Number": None})
    incident = desk.server.people.incident(number)
    assert (incident["Description"], incident["Detailed Decription"]) == ("New words", "long story")
    assert incident["Vendor Ticket Number"] is None


def test_the_help_desk_takes_updates_by_entry_id():
    """The real record can be written directly."""
    desk = world()
    number = desk.opened()
    entry = desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"")[0]["Entry ID"]
    assert desk.put(f"{HELP_DESK}/{entry}", {"Urgency": "4-Low"}).status_code == 204
    assert desk.server.people.incident(number)["Urgency"] == "4-Low"


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (INTERFACE, "Detailed Decription", "Detailed_Decription"),
        (INTERFACE, "First Name", "First_Name"),
        (INTERFACE, "z1D Action", "z1D_Action"),
        (INTERFACE, "z1D_WorklogDetails", "Detailed Description"),
        (INTERFACE, "Resolution Category", "Resolution Category Tier 1"),
        (HELP_DESK, "z1D_Summary", "z1D_WorklogDetails"),
        (HELP_DESK, "Generic Categorization Tier 1", "z1D_WorkInfoSubmitter"),
    ],
)
def test_each_form_knows_only_its_own_names(form, good, bad):
    """A name of another form gets 314 and writes nothing."""
    desk = world()
    number = desk.opened()
    entry = desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"")[0]["Entry ID"]
    assert desk.put(f"{form}/{entry}", {good: "some text"}).status_code == 204
    answer = desk.put(f"{form}/{entry}", {bad: "some text", "Urgency": "4-Low"})
    assert bad in refused(answer, 314, 500)
    assert desk.server.people.incident(number)["Urgency"] == "1-Critical"


@pytest.mark.parametrize("name", ["Detailed Decription", "Service Type", "First Name", "Last Modified Date"])
def test_the_create_form_does_not_know_the_other_names(name):
    """Where the others write blanks, the create form writes underscores."""
    refused(world().post(CREATE, {**NEW_INCIDENT, name: "x"}), 314, 500)


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"Urgency": "Urgent"}, 306),
        ({"Urgency": 9}, 306),
        ({"Description": "x" * 101}, 306),
        ({"Vendor Ticket Number": "x" * 31}, 306),
        ({"Description": None}, 326),
        ({"Description": ""}, 326),
        ({"Impact": None}, 326),
        ({"Description": 5}, 310),
        ({"Reported Date": "yesterday"}, 310),
        ({"Reported Date": "2026-03-02T09:00:00"}, 310),
    ],
)
def test_a_value_the_field_does_not_take_is_refused(values, number):
    """Unknown labels, long texts, nulls and wrong types are refused with HTTP 500."""
    desk = world()
    refused(desk.put(desk.path(desk.opened()), values), number, 500)


@pytest.mark.parametrize("urgency", ["4-Low", 4000, "4000"])
def test_a_selection_takes_label_code_and_numeric_text(urgency):
    """All three are read back as the label."""
    desk = world()
    number = desk.opened()
    path = desk.path(number)
    assert desk.put(path, {"Urgency": urgency}).status_code == 204
    assert desk.get(path).json()["values"]["Urgency"] == "4-Low"


def test_lengths_follow_the_settings_and_the_limit_itself_fits():
    """A text of exactly the longest length is taken."""
    desk = world(RemedySettings(description_limit=20, vendor_ticket_limit=8))
    path = desk.path(desk.opened(Description="x" * 20))
    assert desk.put(path, {"Vendor Ticket Number": "ABCD-123"}).status_code == 204
    assert "Maximum length - 8" in refused(desk.put(path, {"Vendor Ticket Number": "ABCD-1234"}), 306, 500)


def test_fields_of_the_system_cannot_be_written():
    """Numbers and stamps are the server's."""
    desk = world()
    path = desk.path(desk.opened())
    for name in ("Incident Number", "Last Modified Date", "Submitter", "Request ID", "Status-History"):
        refused(desk.put(path, {name: "x"}), 330, 403)


def test_dates_come_in_with_any_offset_and_go_out_in_utc():
    """The fraction of a second is dropped."""
    desk = world()
    path = desk.path(desk.opened())
    desk.put(path, {"Reported Date": "2026-03-02T12:30:15.999+0300"})
    assert desk.get(path).json()["values"]["Reported Date"] == "2026-03-02T09:30:15.000+0000"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"Status": "New"}', b'{"values": []}', b"\xff"])
def test_a_body_that_is_not_an_object_of_values_gets_400(body):
    """The server does not look for values elsewhere."""
    desk = world()
    address = f"{BASE}/api/arsys/v1/entry/{CREATE}"
    answer = desk.http.post(address, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()[0]["messageType"] == "ERROR"


def test_a_body_of_another_kind_gets_400():
    """A form is not JSON."""
    desk = world()
    answer = desk.http.post(f"{BASE}/api/arsys/v1/entry/{CREATE}", data={"values": "x"})
    assert answer.status_code == 400


def test_an_update_of_nothing_changes_nothing():
    """An empty set of values is accepted and does not count as a modification."""
    desk = world()
    number = desk.opened()
    desk.clock.advance(minutes=5)
    before = desk.server.people.incident(number)
    assert desk.put(desk.path(number), {}).status_code == 204
    assert desk.server.people.incident(number) == before


def test_any_text_survives_the_way_through_the_server():
    """Quotes, line ends, other scripts and signs beyond the basic plane come back as they were sent."""
    desk = world()
    number = desk.opened()
    text = 'He said "no"\r\nприём 😀 \\ %27'
    desk.put(desk.path(number), {"Detailed Decription": text})
    assert desk.get(desk.path(number)).json()["values"]["Detailed Decription"] == text


def test_an_attachment_goes_in_as_multipart_and_comes_out_as_bytes():
    """The JSON names the file, a second part holds it, and the attach address gives it back."""
    desk = world(RemedySettings(attachment_limit=10))
    number = desk.opened()
    values = {"Incident Number": number, "Work Log Type": "General Information", "z2AF Work Log01": "a.txt"}
    entry = (None, json.dumps({"values": values}), "application/json; charset=UTF-8")
    address = f"{BASE}/api/arsys/v1/entry/{WORK_LOG}"
    parts = {"entry": entry, "attach-z2AF Work Log01": ("a.txt", b"\x00bytes", "application/octet-stream")}
    made = desk.http.post(address, files=parts)
    assert made.status_code == 201
    (note,) = desk.found(WORK_LOG, f"'Incident Number' = \"{number}\"")
    held = note["z2AF Work Log01"]
    assert (held["name"], held["sizeBytes"], note["Number of Attachments"]) == ("a.txt", 6, 1)
    path = held["href"].removeprefix(desk.server.settings.server_url)
    assert desk.http.get(f"{BASE}{path}").content == b"\x00bytes"
    parts["attach-z2AF Work Log01"] = ("a.txt", b"x" * 11, "application/octet-stream")
    refused(desk.http.post(address, files=parts), 448, 500)
    assert desk.http.post(address, files={"entry": entry}).status_code == 400
