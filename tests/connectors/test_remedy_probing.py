"""``check --live`` for Remedy: what is missing is named with what to do, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.connectors.base import Finding
from bridge.simulators.faults import HTML_PAGE
from bridge.simulators.wire import Response
from tests.connectors.remedy_world import World, reads, said


def findings(world: World, **options: Any) -> dict[str, Finding]:
    """Return the findings by name."""
    return {one.what: one for one in world.desk(**options).probe()}


def bad(found: dict[str, Finding]) -> list[Finding]:
    """Return what somebody has to look at."""
    return [one for one in found.values() if one.verdict != "ok"]


def busy_world() -> World:
    """Return a world with an incident and a note of the last day."""
    world = World()
    number = world.opens()
    world.people.writes(number, "hello", by="ann")
    return world


def test_a_good_installation_has_nothing_to_complain_about() -> None:
    """Every permission is tried and found, with the field's length; nothing is changed."""
    world = busy_world()
    number = world.people.numbers()[0]
    before = (world.people.incident(number), world.people.notes(number))
    found = findings(world)
    assert bad(found) == []
    assert {
        "log-in",
        "read incidents",
        "read work infos",
        "read support groups",
        "read group members",
    } <= set(found)
    assert "30 characters" in found["field 'Vendor Ticket Number' for the ticket's key"].detail
    assert (world.people.incident(number), world.people.notes(number)) == before


def test_a_wrong_password_ends_the_check_there() -> None:
    """Without a log-in nothing else can be said."""
    world = World(password="wrong")
    last = world.desk().probe()[-1]
    assert (last.what, last.verdict) == ("log-in", "error")
    assert last.next_step


def test_a_wrong_address_is_told_from_a_wrong_password() -> None:
    """A page or silence at the address is about the address; the password is not even offered."""
    for answer in (Response.of_text(200, HTML_PAGE, "text/html"), Response.of_json(404, {"message": "no"})):
        world = World(password="wrong")
        world.fault("answer_before", lambda request: True, times=None, answer=answer)
        (only,) = world.desk().probe()
        assert (only.what, only.verdict) == ("address", "error")
        assert world.account.failures == 0


@pytest.mark.parametrize("form", ["HPD:IncidentInterface", "HPD:WorkLog"])
def test_a_slow_poll_names_the_index(form: str) -> None:
    """A poll that takes seconds says which index to ask for on which form."""
    world = busy_world()
    world.fault("call_before", reads(form), call=lambda: world.clock.sleep(4))
    (slow,) = bad(findings(world))
    assert slow.verdict == "warning"
    assert "4.0 s" in slow.detail
    assert "Last Modified Date" in slow.next_step
    assert ("HPD:WorkLog" if form == "HPD:WorkLog" else "HPD:Help Desk") in slow.next_step


def test_unreadable_membership_is_an_error_with_the_forms_name() -> None:
    """Without membership nobody can verify by a note, so that is an error."""
    world = busy_world()
    world.account.reads_memberships = False
    (only,) = bad(findings(world))
    assert only.verdict == "error"
    assert "CTM:Support Group Association" in only.next_step


def test_an_account_that_sees_nothing_is_warned() -> None:
    """Reading works but shows no row: the companies are missing."""
    world = busy_world()
    world.account.companies = frozenset({"Another Company"})
    found = findings(world)
    assert found["read incidents"].verdict == "warning"
    assert "companies" in found["read incidents"].next_step
    assert found["read support groups"].verdict == "error"


def test_a_misspelt_field_of_a_rule_is_found() -> None:
    """The reading that fails in the daemon fails in the check, with the field's name."""
    found = findings(busy_world(), fields=["Produkt Name"])
    assert found["read incidents"].verdict == "error"
    assert "Produkt Name" in found["read incidents"].detail


def test_a_short_ticket_field_is_a_warning() -> None:
    """A field that holds one short key only is worth a word."""
    world = busy_world()
    world.simulator.settings = replace(world.settings, vendor_ticket_limit=12)
    (only,) = bad(findings(world))
    assert "12 characters" in only.detail


def test_field_metadata_that_cannot_be_read_is_a_warning() -> None:
    """Older servers do not tell lengths; that does not stop anybody."""
    world = busy_world()

    def describes(request: Any) -> bool:
        return "/fields/" in request.path

    world.fault("answer_before", describes, times=None, answer=said(303, "no such resource", status=404))
    (only,) = bad(findings(world))
    assert only.verdict == "warning"


def test_url_of() -> None:
    """The address of an incident comes from the configured pattern and quotes the number."""
    desk = World().desk(web_url="https://itsm.example.com/incident/{number}?tab=1")
    assert desk.url_of("INC 1/2") == "https://itsm.example.com/incident/INC%201%2F2?tab=1"
    assert World().desk().url_of("INC1") == ""
