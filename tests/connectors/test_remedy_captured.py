"""Answers captured from live servers, read as they are; skipped where the collection is not at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bridge.simulators.wire import Response
from tests.connectors.remedy_world import DAWN, World, reads

SHARED = Path(os.environ.get("BRIDGE_SHARED") or Path(__file__).parents[2].parent / "shared")
CAPTURED = SHARED / "samples" / "remedy"

pytestmark = pytest.mark.skipif(not CAPTURED.is_dir(), reason="captured answers are not at hand")


def captured(name: str) -> Any:
    """Return a captured answer."""
    return json.loads((CAPTURED / name).read_text(encoding="utf-8"))


def world_answering(form: str, body: Any) -> World:
    """Return a world that answers reads of a form once with this body."""
    world = World()
    world.fault("answer_before", reads(form), answer=Response.of_json(200, body))
    return world


def test_a_captured_incident() -> None:
    """A Helix incident, whose entry id is not its number, is read completely."""
    body = captured("demisto-BmcITSM/get_incident.json")
    values = body["entries"][0]["values"]
    world = world_answering("HPD:IncidentInterface", body)
    (incident,) = world.desk(fields=["Company"]).incidents_since(DAWN)
    assert incident.entry_id == "INC000000000527|INC000000000527"
    assert incident.number == values["Incident Number"] not in incident.entry_id
    assert (incident.status, incident.summary) == ("Resolved", values["Description"])
    assert incident.story == (values["Detailed Decription"] or "")
    assert incident.fields == (("Company", "Calbro Services"),)
    assert incident.modified_by == "appadmin"


def test_a_captured_work_log() -> None:
    """A person's entry with an attachment and without text is a public note of that person."""
    world = world_answering("HPD:WorkLog", captured("demisto-BmcITSM/list_worklogs.json"))
    note = next(world.desk().notes_since(DAWN))
    assert (note.id, note.parent, note.author) == ("WLG00000001", "INC000010381027", "xsoar")
    assert (note.text, note.internal, note.origin) == ("", False, "person")


def test_a_captured_entry_of_the_assignment_engine() -> None:
    """What the assignment engine wrote is the system's, and its words are kept."""
    entry = captured("rapid7-bmc_helix_itsm/responses__incident_worklog.json.resp")
    world = world_answering("HPD:WorkLog", {"entries": [entry]})
    (note,) = world.desk().notes("INC00002")
    assert (note.origin, note.internal, note.author) == ("system", True, "Remedy Application Service")
    assert "Edward Agent" in note.text


def test_captured_incidents_of_the_record_form() -> None:
    """The list of the record itself, a thousand fields wide, has the same names for what the bridge reads."""
    body = captured("rapid7-bmc_helix_itsm/responses__incident_query.json.resp")
    found = list(world_answering("HPD:IncidentInterface", body).desk().incidents_since(DAWN))
    assert [one.number for one in found] == [row["values"]["Incident Number"] for row in body["entries"]]
    assert all(one.status and one.entry_id for one in found)
