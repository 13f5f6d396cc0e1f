"""Work info of the simulated Remedy: adding, changing, and what it does to the incident."""

from __future__ import annotations

import pytest

from bridge.simulators.remedy import RemedySettings
from tests.simulators.remedy_world import HELP_DESK, WORK_LOG, World, refused, ruled_out, world

TYPE = "General Information"


def noted(desk: World, number: str, **values: object) -> str:
    """Post a note as the client and return its path."""
    answer = desk.post(WORK_LOG, {"Incident Number": number, "Work Log Type": TYPE, **values})
    assert answer.status_code == 201, answer.text
    return f"{WORK_LOG}/{answer.headers['Location'].rsplit('/', 1)[1]}"


def test_a_note_is_the_logged_in_users_whatever_it_claims():
    """Submitter and Work Log Submitter come from the session; ordinary values are filled in."""
    desk = world()
    number = desk.opened()
    path = noted(desk, number, **{"Detailed Description": "hello", "Work Log Submitter": "ann"})
    note = desk.get(path).json()["values"]
    assert (note["Submitter"], note["Work Log Submitter"]) == ("bridge", "bridge")
    assert (note["View Access"], note["Secure Work Log"], note["Status"]) == ("Internal", "No", "Enabled")
    stamp = "2026-03-02T09:00:00.000+0000"
    assert {note[f"{name} Date"] for name in ("Submit", "Last Modified", "Work Log Submit", "Work Log")} == {
        stamp
    }
    assert path.rsplit("/", 1)[1] == note["Work Log ID"]


@pytest.mark.parametrize("missing", ["Incident Number", "Work Log Type"])
def test_a_note_needs_an_incident_and_a_type(missing):
    """307 for either; nothing is added."""
    desk = world()
    number = desk.opened()
    values = {"Incident Number": number, "Work Log Type": TYPE}
    del values[missing]
    assert missing in refused(desk.post(WORK_LOG, values), 307, 500)
    assert desk.server.people.notes(number) == []


def test_a_note_needs_an_incident_that_exists():
    """An entry id is not an incident number."""
    desk = world()
    assert "does not exist" in ruled_out(
        desk.post(WORK_LOG, {"Incident Number": "INC000000009999", "Work Log Type": TYPE})
    )


def test_group_headings_are_selectable_types_and_misspelt_ones_are_not():
    """The headings are real values; a type without its blanks is none."""
    desk = world()
    number = desk.opened()
    noted(desk, number, **{"Work Log Type": "----- General -----"})
    noted(desk, number, **{"Work Log Type": 8000})
    types = [note["Work Log Type"] for note in desk.server.people.notes(number)]
    assert types == ["----- General -----", "General Information"]
    values = {"Incident Number": number, "Work Log Type": "Incident Task/Action"}
    refused(desk.post(WORK_LOG, values), 306, 500)


def test_a_note_does_not_modify_the_incident_unless_the_server_does_that():
    """Notes are polled by their own stamps."""
    for touches, stamp in ((False, "09:00:01"), (True, "10:00:00")):
        desk = world(RemedySettings(worklog_touches_incident=touches))
        number = desk.opened()
        desk.clock.advance(minutes=59)
        desk.clock.advance(minutes=1)
        desk.log_in()
        noted(desk, number)
        incident = desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"")[0]
        assert incident["Last Modified Date"] == f"2026-03-02T{stamp}.000+0000"


def test_notes_are_found_by_incident_and_by_time():
    """The stamps of notes can be searched like those of incidents."""
    desk = world()
    number = desk.opened()
    noted(desk, number, Description="first")
    desk.clock.advance(minutes=1)
    noted(desk, number, Description="second")
    since = desk.server.now()
    for line in (f"'Submit Date' >= {since}", f"'Work Log Submit Date' >= {since}"):
        assert [note["Description"] for note in desk.found(WORK_LOG, line)] == ["second"]
    rows = desk.found(WORK_LOG, f"'Incident Number' = \"{number}\"", sort="Submit Date.asc")
    assert [note["Description"] for note in rows] == ["first", "second"]


def test_ones_own_unlocked_note_can_be_changed():
    """The change gets its own stamp and keeps the day of writing."""
    desk = world()
    number = desk.opened()
    path = noted(desk, number, **{"Detailed Description": "old"})
    desk.clock.advance(minutes=1)
    assert desk.put(path, {"Detailed Description": "new"}).status_code == 204
    note = desk.get(path).json()["values"]
    assert note["Detailed Description"] == "new"
    assert note["Last Modified Date"] == "2026-03-02T09:01:00.000+0000"
    assert note["Submit Date"] == "2026-03-02T09:00:00.000+0000"


def test_a_locked_note_cannot_be_changed():
    """Secure Work Log = Yes is for ever."""
    desk = world()
    path = noted(desk, desk.opened(), **{"Secure Work Log": "Yes"})
    assert "locked" in ruled_out(desk.put(path, {"Secure Work Log": "No"}))


def test_somebody_elses_note_cannot_be_changed():
    """Only the submitter may."""
    desk = world()
    note = desk.server.people.writes(desk.opened(), "mine", by="ann")
    assert "submitter" in ruled_out(desk.put(f"{WORK_LOG}/{note}", {"Detailed Description": "yours"}))


def test_a_note_stays_with_its_incident_and_keeps_its_type():
    """Moving it is refused; so is taking away what it needs."""
    desk = world()
    first, second = desk.opened(), desk.opened()
    path = noted(desk, first)
    assert "stays" in ruled_out(desk.put(path, {"Incident Number": second}))
    refused(desk.put(path, {"Work Log Type": None}), 326, 500)


def test_notes_of_a_closed_incident_are_frozen_but_new_ones_may_come():
    """Changing is refused; adding depends on the server."""
    desk = world()
    number = desk.opened()
    path = noted(desk, number)
    desk.server.people.resolves(number, "ann")
    desk.server.people.closes(number, "ann")
    assert "closed" in ruled_out(desk.put(path, {"Detailed Description": "late"}))
    noted(desk, number)
    desk.server.settings = RemedySettings(worklog_on_closed=False)
    values = {"Incident Number": number, "Work Log Type": TYPE}
    assert "closed" in ruled_out(desk.post(WORK_LOG, values))


def test_an_incident_update_can_carry_a_note():
    """On the joined form the action MODIFY makes one; without it the text is dropped without a word."""
    desk = world()
    number = desk.opened()
    path = desk.path(number)
    note = {
        "z1D_Details": "the text",
        "z1D_WorklogDetails": "the summary",
        "z1D_Activity_Type": "8000",
        "z1D_View_Access": "1",
        "z1D_Secure_Log": "0",
    }
    assert desk.put(path, note).status_code == 204
    assert desk.server.people.notes(number) == []
    assert desk.put(path, {**note, "z1D Action": "Modify", "Urgency": "4-Low"}).status_code == 204
    (made,) = desk.server.people.notes(number)
    assert (made["Detailed Description"], made["Description"]) == ("the text", "the summary")
    assert (made["Work Log Type"], made["View Access"], made["Secure Work Log"]) == (TYPE, "Public", "Yes")
    assert made["Submitter"] == "bridge"
    assert desk.server.people.incident(number)["Urgency"] == "4-Low"


def test_the_help_desk_and_the_create_form_take_notes_too():
    """The Help Desk needs no action; the create form notes what comes with the incident."""
    desk = world()
    number = desk.opened(z1D_Details="from the start")
    entry = desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"")[0]["Entry ID"]
    desk.put(f"{HELP_DESK}/{entry}", {"z1D_Summary": "s", "z1D_Details": "later"})
    assert [note["Detailed Description"] for note in desk.server.people.notes(number)] == [
        "from the start",
        "later",
    ]


def test_a_refused_update_leaves_no_note():
    """The note falls with the change it came with."""
    desk = world()
    number = desk.opened()
    values = {"z1D_Details": "text", "z1D Action": "MODIFY", "Status": "Pending"}
    ruled_out(desk.put(desk.path(number), values))
    assert desk.server.people.notes(number) == []


def test_a_note_with_an_unknown_type_in_an_update_is_refused():
    """The published sample's type without blanks is no value of the field."""
    desk = world()
    values = {"z1D_Details": "text", "z1D Action": "MODIFY", "z1D_Activity_Type": "Incident Task/Action"}
    refused(desk.put(desk.path(desk.opened()), values), 306, 500)
