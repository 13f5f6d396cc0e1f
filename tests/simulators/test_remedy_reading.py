"""Reading from the simulated Remedy: lists, single records, fields, order, pages, metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.simulators.remedy import RemedySettings
from tests.simulators.remedy_world import BASE, CREATE, HELP_DESK, INTERFACE, WORK_LOG, World, refused, world


def filled(count: int, settings: RemedySettings | None = None) -> World:
    """Return a world with ``count`` incidents, all opened within one second."""
    desk = world(settings)
    for turn in range(count):
        desk.server.people.opens({"Description": f"No {turn}"}, by="ann")
    return desk


def test_an_incident_number_is_not_an_entry_id():
    """Opening the entry that is called like the number shows another incident, or none."""
    desk = filled(5)
    number = desk.server.people.numbers()[3]
    there = desk.get(f"{HELP_DESK}/{number}")
    assert there.status_code == 200
    assert there.json()["values"]["Incident Number"] != number
    refused(desk.get(f"{HELP_DESK}/{desk.server.people.numbers()[0]}"), 302, 404)


def test_the_joined_form_has_a_double_id_raw_or_encoded():
    """Pipe, encoded pipe and, on newer servers, a single half all lead to the record."""
    desk = world()
    number = desk.opened()
    entry = desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"")[0]["Entry ID"]
    for spelling in (f"{entry}|{entry}", f"{entry}%7C{entry}", entry):
        values = desk.get(f"{INTERFACE}/{spelling}").json()["values"]
        assert (values["Request ID"], values["Incident Number"]) == (f"{entry}|{entry}", number)
    refused(desk.get(f"{INTERFACE}/{entry}|INC000000009999"), 302, 404)


def test_old_servers_do_not_take_half_an_id():
    """Where single ids are unknown, only the joined one finds the record."""
    desk = world(RemedySettings(single_entry_id=False, double_links=False))
    entry = desk.found(HELP_DESK, f"'Incident Number' = \"{desk.opened()}\"")[0]["Entry ID"]
    refused(desk.get(f"{INTERFACE}/{entry}"), 302, 404)
    answer = desk.get(f"{INTERFACE}/{entry}|{entry}").json()
    assert answer["_links"]["self"][0]["href"].endswith(f"/HPD:IncidentInterface/{entry}")


def test_an_id_of_more_than_fifteen_characters_is_refused():
    """The Help Desk does not know joined ids."""
    desk = world()
    assert refused(desk.get(f"{HELP_DESK}/INC0000000000212"), 101, 500) == "INC0000000000212"
    refused(desk.get(f"{HELP_DESK}/INC000000001003|INC000000001003"), 101, 500)


def test_unknown_forms_entries_and_addresses_are_missing():
    """A form gets 303, an entry 302, anything else an HTML page."""
    desk = world()
    refused(desk.get("HPD:Nothing"), 303, 404)
    refused(desk.get(f"{HELP_DESK}/INC000000000001"), 302, 404)
    page = desk.http.get(f"{BASE}/api/other")
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (404, "text/html")
    assert desk.http.patch(f"{BASE}/api/arsys/v1/entry/{HELP_DESK}").status_code == 405


def test_a_trailing_slash_and_an_encoded_colon_are_understood():
    """Clients write form names in several ways."""
    desk = world()
    desk.opened()
    for spelling in ("HPD%3AHelp%20Desk", "HPD:Help Desk/", "HPD:Help%20Desk"):
        assert len(desk.get(spelling).json()["entries"]) == 1


def test_a_full_read_shows_every_field_with_its_nulls():
    """Empty fields are present as null, display fields always are, and phones are masked."""
    desk = world()
    number = desk.opened(z1D_Details="hello", Phone_Number="+1 555 0100")
    values = desk.get(desk.path(number)).json()["values"]
    assert len(values) > 100
    assert (values["Resolution"], values["Vendor Ticket Number"]) == (None, None)
    assert {value for name, value in values.items() if name.startswith("z1D")} == {None}
    assert values["Phone Number"] == "###"
    assert (values["Priority Weight"], values["Priority"], values["VIP"]) == (25, "Critical", None)


def test_dates_are_whole_seconds_in_utc():
    """Milliseconds are always 000 and the offset has no colon."""
    desk = world()
    desk.clock.advance(milliseconds=700)
    values = desk.get(desk.path(desk.opened())).json()["values"]
    assert values["Submit Date"] == "2026-03-02T09:00:00.000+0000"


def test_the_status_history_is_called_differently_and_missing_in_lists():
    """The joined form writes a hyphen; a list of the Help Desk leaves the history null."""
    desk = world()
    number = desk.opened()
    history = desk.get(desk.path(number)).json()["values"]["Status-History"]
    assert history == {"Assigned": {"user": "bridge", "timestamp": "2026-03-02T09:00:00.000+0000"}}
    listed = desk.found(HELP_DESK, f"'Incident Number' = \"{number}\"")[0]
    assert listed["Status History"] is None
    assert desk.get(f"{HELP_DESK}/{listed['Entry ID']}").json()["values"]["Status History"] == history


def test_fields_narrows_what_is_read():
    """Only the named values come, in lists and in single reads."""
    desk = world()
    number = desk.opened()
    wanted = "values(Incident Number, Status)"
    assert desk.found(INTERFACE, "'Status' = 1", fields=wanted) == [
        {"Incident Number": number, "Status": "Assigned"}
    ]
    assert desk.get(desk.path(number), fields="values(Impact)").json()["values"] == {
        "Impact": "2-Significant/Large"
    }


def test_an_unknown_name_in_fields_or_sort_is_refused():
    """Each form knows only its own names."""
    desk = world()
    refused(desk.get(INTERFACE, fields="values(Detailed_Decription)"), 314, 500)
    refused(desk.get(CREATE, fields="values(Last Modified Date)"), 314, 500)
    refused(desk.get(INTERFACE, sort="Modified Date.asc"), 314, 500)
    assert desk.get(CREATE, fields="values(Modified Date,Detailed_Decription)").status_code == 200


@pytest.mark.parametrize(
    "params",
    [{"fields": "Status"}, {"sort": "Status"}, {"sort": "Status.up"}, {"limit": "-1"}, {"offset": "x"}],
)
def test_parameters_that_are_not_well_formed_get_400(params):
    """The server does not guess."""
    assert world().get(INTERFACE, **params).status_code == 400


def test_associations_link_to_the_work_log():
    """``assoc`` adds links to the notes and leaves the values out unless they are asked for too."""
    desk = world()
    number = desk.opened()
    note = desk.server.people.writes(number, "hello", by="ann")
    answer = desk.get(desk.path(number), fields="assoc(HPD:INC:Worklog)").json()
    assert "values" not in answer
    (link,) = answer["_links"]["assoc-HPD:INC:Worklog"]
    assert link["href"].endswith(f"/HPD:WorkLog/{note}")
    both = desk.get(desk.path(number), fields="values(Status),assoc(HPD:INC:Worklog)").json()
    assert both["values"] == {"Status": "Assigned"}


def test_a_list_answers_entries_links_and_no_count():
    """Links are arrays under the server's own name, the self link echoes the request, the count is null."""
    desk = world()
    desk.opened()
    answer = desk.get(INTERFACE, q="'Status' = 1", limit=5).json()
    assert set(answer) == {"entries", "numMatches", "_links"}
    assert answer["numMatches"] is None
    assert set(answer["_links"]) == {"self"}
    href = answer["_links"]["self"][0]["href"]
    assert href.startswith(desk.server.settings.server_url)
    assert "q=%27Status%27" in href
    assert "%7C" in answer["entries"][0]["_links"]["self"][0]["href"]


def test_nothing_found_is_an_empty_list():
    """No match is 200 with no entries."""
    answer = world().get(INTERFACE, q="'Status' = 1")
    assert (answer.status_code, answer.json()["entries"]) == (200, [])


def test_pages_by_offset_cover_everything_once_when_sorted():
    """With a complete order and ``next`` to follow, every row comes once."""
    desk = filled(25)
    seen: list[str] = []
    for offset in range(0, 100, 10):
        answer = desk.get(
            INTERFACE, sort="Last Modified Date.asc,Incident Number.asc", limit=10, offset=offset
        )
        seen += [entry["values"]["Incident Number"] for entry in answer.json()["entries"]]
        if "next" not in answer.json()["_links"]:
            break
    assert seen == desk.server.people.numbers()


def test_the_next_link_leads_to_the_next_page():
    """Its path and query, asked of the address one knows, give the following rows."""
    desk = filled(5)
    first = desk.get(INTERFACE, sort="Incident Number.desc", limit=2).json()
    href = first["_links"]["next"][0]["href"].removeprefix(desk.server.settings.server_url)
    second = desk.http.get(f"{BASE}{href}").json()
    numbers = [entry["values"]["Incident Number"] for entry in first["entries"] + second["entries"]]
    assert numbers == list(reversed(desk.server.people.numbers()))[:4]


def test_several_sort_keys_apply_in_turn():
    """The first key rules, the second decides between equals, each in its own direction."""
    desk = world()
    for urgency in ("4-Low", "1-Critical", "4-Low"):
        desk.server.people.opens({"Urgency": urgency}, by="ann")
    rows = desk.found(INTERFACE, "", sort="Urgency.desc,Incident Number.asc")
    numbers = desk.server.people.numbers()
    assert [row["Incident Number"] for row in rows] == [numbers[0], numbers[2], numbers[1]]


def test_without_a_sort_the_order_means_nothing_but_is_repeatable():
    """Two equal worlds shuffle alike, one list is not in the order of creation, and ties stay shuffled."""
    one, two = filled(20), filled(20)
    first = [row["Incident Number"] for row in one.found(INTERFACE, "")]
    assert first == [row["Incident Number"] for row in two.found(INTERFACE, "")]
    assert first != one.server.people.numbers()
    tied = [row["Incident Number"] for row in one.found(INTERFACE, "", sort="Last Modified Date.asc")]
    assert sorted(tied) == one.server.people.numbers()
    assert tied != one.server.people.numbers()


def test_the_servers_own_maximum_truncates_with_a_warning():
    """A list longer than the server allows is cut, says so with 72, and has a next page."""
    desk = filled(7, RemedySettings(maximum_rows=3))
    answer = desk.get(INTERFACE, sort="Incident Number.asc", limit=5).json()
    assert len(answer["entries"]) == 3
    assert (answer["messages"][0]["messageType"], answer["messages"][0]["messageNumber"]) == ("WARNING", 72)
    assert "next" in answer["_links"]
    assert "messages" not in desk.get(INTERFACE, limit=2).json()


def test_an_unqualified_list_may_be_forbidden():
    """Some servers answer 361 without ``q``."""
    desk = world(RemedySettings(unqualified_allowed=False))
    refused(desk.get(INTERFACE), 361, 500)


def test_a_url_that_is_too_long_is_refused():
    """A query of hundreds of terms does not fit into a request line."""
    line = " OR ".join(f"'Incident Number' = \"INC{number:012d}\"" for number in range(300))
    assert world().get(INTERFACE, q=line).status_code == 414


def test_many_terms_within_the_limit_are_understood():
    """A hundred incidents can be asked for at once."""
    desk = filled(100)
    line = "||".join(f"'Incident Number'=\"{number}\"" for number in desk.server.people.numbers()[:90])
    assert len(desk.found(INTERFACE, line, fields="values(Status)")) == 90


def test_the_metadata_of_a_field_tells_type_limit_and_values():
    """Lengths and labels can be read by number, and the whole form at once."""
    desk = world()
    fields = f"{BASE}/api/arsys/v1/fields"
    summary = desk.http.get(f"{fields}/{INTERFACE}/1000000000").json()
    assert (summary["name"], summary["datatype"]) == ("Description", "CHARACTER")
    assert summary["limits"]["maxLength"] == 100
    every = {field["name"]: field for field in desk.http.get(f"{fields}/{INTERFACE}").json()}
    labels = [value["label"] for value in every["Status"]["limits"]["values"]]
    assert labels == ["New", "Assigned", "In Progress", "Pending", "Resolved", "Closed", "Cancelled"]
    refused(desk.http.get(f"{fields}/{INTERFACE}/99"), 314, 500)


def test_groups_and_memberships_can_be_looked_up():
    """A login leads to group ids, a group id to a name, and a retired group says so."""
    desk = world()
    (mine,) = desk.found("CTM:Support Group Association", "'Login ID' = \"ann\"")
    assert mine["Full Name"] == "Ann Lee"
    (group,) = desk.found("CTM:Support Group", f"'Support Group ID' = \"{mine['Support Group ID']}\"")
    assert (group["Support Group Name"], group["Status"]) == ("Frontline", "Enabled")
    desk.server.retire_group("Frontline")
    desk.server.leave_group("ann", "Frontline")
    desk.server.join_group("ann", "Second Line")
    (other,) = desk.found("CTM:Support Group Association", "'Login ID' = \"ann\"")
    assert other["Support Group ID"] != mine["Support Group ID"]
    assert desk.found("CTM:Support Group", "'Status' = \"Obsolete\"")[0]["Support Group Name"] == "Frontline"
    (person,) = desk.found("CTM:People", "'Remedy Login ID' = \"ann\"")
    assert (person["Full Name"], person["Profile Status"]) == ("Ann Lee", "Enabled")


SHARED = Path(os.environ.get("BRIDGE_SHARED") or Path(__file__).parents[3] / "shared")
CAPTURES = SHARED / "samples" / "remedy"


def _first(answer: dict[str, Any]) -> dict[str, Any]:
    entries: list[dict[str, Any]] = answer["entries"]
    return entries[0]


@pytest.mark.parametrize(
    ("form", "capture", "record"),
    [
        (HELP_DESK, "rapid7-bmc_helix_itsm/responses__incident_query.json.resp", _first),
        (INTERFACE, "demisto-BmcITSM/get_incident.json", _first),
        (CREATE, "rapid7-bmc_helix_itsm/responses__incident.json.resp", dict),
        (WORK_LOG, "rapid7-bmc_helix_itsm/responses__incident_worklog.json.resp", dict),
    ],
)
def test_no_field_name_is_invented(form: str, capture: str, record: Callable[[Any], dict[str, Any]]):
    """Every name of a full read is one that a real server was seen to send on the same form."""
    path = CAPTURES / capture
    if not path.exists():
        pytest.skip("captured records are not at hand")
    captured = set(record(json.loads(path.read_text(encoding="utf-8")))["values"])
    desk = world()
    number = desk.opened()
    desk.server.people.writes(number, "hello", by="ann")
    mine = set(desk.found(form, f"'Incident Number' = \"{number}\"")[0])
    assert mine <= captured
    assert len(mine) >= 35
