"""Fields and shapes: names to ids, text to what each field takes, and Jira's JSON to tickets and notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bridge.connectors.jira import JiraTracker
from bridge.connectors.jira.prose import Prose, units
from bridge.connectors.jira.shapes import moment, note_of, plain, ticket_of
from bridge.decide.unwiki import from_wiki
from bridge.model.errors import BridgeError, Refused, Unreachable
from bridge.model.note import mark, split_mark
from bridge.model.ticket import Ticket
from bridge.simulators.jira import JiraSettings, ProjectSpec
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Response
from tests.connectors.jira_sites import (
    CUSTOM,
    DAWN,
    FLAVOURS,
    LABEL,
    MARK,
    Flavour,
    Site,
    draft,
    searches,
    shown,
)

FURTHER = ("Customer Impact", "Steps", "Points", "Due to customer", "Teams", "Room", "fixVersions")


def now(tracker: JiraTracker, key: str) -> Ticket:
    """Return the ticket as it is."""
    seen = tracker.ticket(key)
    assert seen is not None
    return seen[0]


def failure(what: Callable[[], object]) -> BridgeError:
    """Return the error that a call must end in."""
    with pytest.raises(BridgeError) as caught:
        what()
    return caught.value


def stored(site: Site, path: str) -> Any:
    """Return what the site holds at a path, as its own administrator reads it."""
    window = requests.Session()
    window.mount("https://", InProcess(site.simulator))
    window.auth = (
        ("bridge@example.com", "bridge-token") if site.flavour == "cloud" else ("bridge", "password")
    )
    answer = window.get(f"https://jira.example/rest/api/2/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("Customer Impact", "High", "High"),
        ("customer impact", "Low", "Low"),
        ("customfield_10010", "High", "High"),
        ("Steps", "h1. *one*\n# two", "h1. *one*\n# two"),
        ("Points", "3", "3"),
        ("Points", "3,5", "3.5"),
        ("Due to customer", "2026-12-01", "2026-12-01"),
        ("Teams", ("Red", "Blue"), "Red, Blue"),
        ("Teams", "Red", "Red"),
        ("Room", "12 b\n(left)", "12 b (left)"),
        ("fix_versions", ("1.0", "2.0"), "1.0, 2.0"),
        ("Fix versions", "1.0", "1.0"),
    ],
)
def test_a_field_takes_text_and_gives_it_back(flavour: Flavour, name: str, value: Any, read: str) -> None:
    """A field is named by name or id, takes plain text, is read back as text, and is cleared by nothing."""
    site = Site(flavour)
    tracker = site.opened(ticket_fields=FURTHER)
    key = site.issue()
    tracker.set_fields(key, [(name, value)])
    assert read in {now(tracker, key).value(each) for each in FURTHER}
    tracker.set_fields(key, [(name, "")])
    assert {now(tracker, key).value(each) for each in FURTHER} == {""}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_new_ticket_takes_every_kind_of_field(flavour: Flavour) -> None:
    """A ticket is opened with its fields in one request, our label first among the rule's."""
    site = Site(flavour)
    tracker = site.opened(ticket_fields=FURTHER)
    fields = (
        ("Customer Impact", "High"),
        ("components", ("Server", "Web")),
        ("labels", ("from remedy", "x")),
        ("priority", "Low"),
        ("Fix versions", "2.0"),
    )
    receipt = tracker.create_ticket(draft(fields=fields, summary="  two\nlines "))
    ticket = now(tracker, receipt.id)
    assert (ticket.components, ticket.priority, ticket.summary) == (("Server", "Web"), "Low", "two lines")
    assert set(ticket.labels) == {LABEL, "from_remedy", "x"}
    assert [version.name for version in ticket.fix_versions] == ["2.0"]
    assert ticket.value("Customer Impact") == "High"
    assert site.asked("POST", "/issue") == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_new_ticket_says_what_it_was_opened_for(flavour: Flavour) -> None:
    """The cause of a ticket stands in a property of it, written together with it."""
    site = Site(flavour)
    receipt = site.opened().create_ticket(draft())
    told = stored(site, f"issue/{receipt.id}/properties/bridge")["value"]
    assert told == {"pair": "acme", "incident": "INC1", "key": "INC1/create/WLG1"}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_description_is_shown_as_it_was_typed(flavour: Flavour) -> None:
    """What looks like markup in a description is not."""
    site = Site(flavour)
    text = "Nobody can send *mail*.\n{code}x{code} [~admin] h1. no"
    receipt = site.opened().create_ticket(draft(description=text))
    sent = stored(site, f"issue/{receipt.id}")["fields"]["description"]
    assert from_wiki(sent) == text
    assert sent != text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("twin", "x", "customfield_10011 and customfield_10012"),
        ("Nobody", "x", "'Nobody'"),
        ("Tester", "ann", "Tester"),
        ("Points", "many", "many"),
        ("Points", "nan", "nan"),
        ("Due to customer", "soon", "soon"),
        ("status", "Done", "status"),
        ("assignee", "ann", "Assignee"),
    ],
)
def test_what_a_field_does_not_take_is_refused_before_sending(name: str, value: str, said: str) -> None:
    """Ambiguous or unknown names and impossible values are refused with a sentence; nothing is sent."""
    site = Site("cloud")
    tracker = site.opened()
    key = site.issue()
    error = failure(lambda: tracker.set_fields(key, [("summary", "x"), (name, value)]))
    assert isinstance(error, Refused)
    assert said in str(error)
    assert error.next_step
    assert now(tracker, key).summary == "Mail is down"
    assert site.asked("PUT", key) == 0


def test_a_rule_that_names_an_ambiguous_field_stops_the_poll() -> None:
    """A field that rules read must be one field: the poll does not guess, and the probe names it."""
    site = Site("cloud")
    site.issue()
    tracker = site.opened(ticket_fields=["twin"])
    assert isinstance(failure(lambda: list(tracker.tickets_since(DAWN, ["APP"]))), Refused)
    errors = [finding for finding in tracker.probe(["APP"]) if finding.verdict == "error"]
    assert "field 'twin'" in {finding.what for finding in errors}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_labels_of_others_and_our_own_mark_stay(flavour: Flavour) -> None:
    """Setting labels keeps the one by which we find the ticket, and one that was added meanwhile."""
    site = Site(flavour)
    tracker = site.opened()
    receipt = tracker.create_ticket(draft(fields=(("labels", ("old", "kept")),)))

    def somebody_adds() -> None:
        site.people.sets(receipt.key, {"labels": [LABEL, "old", "kept", "theirs"]}, "dev")

    site.fault("call_after", lambda request: request.method == "GET", call=somebody_adds)
    tracker.set_fields(receipt.id, [("labels", ("kept", "new"))])
    assert set(now(tracker, receipt.id).labels) == {LABEL, "kept", "new", "theirs"}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_labels_that_are_off_the_screen_are_found_before_they_hurt(flavour: Flavour) -> None:
    """A create screen without labels refuses our mark; the probe says so beforehand."""
    spec = ProjectSpec(key="APP", name="Application", off_screen=frozenset({"labels"}))
    site = Site(flavour, settings=replace(JiraSettings(), projects=(spec,)))
    tracker = site.opened()
    [warning] = [finding for finding in tracker.probe(["APP"]) if finding.verdict == "warning"]
    assert "Bug" in warning.detail
    assert "create screen" in warning.next_step
    error = failure(lambda: tracker.create_ticket(draft()))
    assert isinstance(error, Refused)
    assert "labels" in error.why


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_our_comments_are_internal_to_the_team(flavour: Flavour) -> None:
    """A comment of ours carries the property that hides it from a service project's customers."""
    site = Site(flavour)
    key = site.issue()
    receipt = site.opened().add_note(key, "hello", mark=MARK)
    told = stored(site, f"comment/{receipt.id}/properties/sd.public.comment")["value"]
    assert told == {"internal": True}


def test_only_what_cloud_calls_public_is_public() -> None:
    """An agents' comment and one restricted to a role are internal, an open one is public."""
    site = Site("cloud")
    key = site.issue()
    site.people.comments(key, "open", "dev")
    site.people.comments(key, "agents", "dev", internal=True)
    notes = site.opened().notes(key)
    assert [(note.text, note.internal) for note in notes] == [("open", False), ("agents", True)]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_duplicate_names_its_original(flavour: Flavour) -> None:
    """The ticket that duplicates another one names its id; the original names nobody."""
    site = Site(flavour)
    copy, original = site.issue("copy"), site.issue("original")
    site.people.links_duplicate(copy, original)
    site.people.links(copy, "Relates", site.issue("third"))
    tracker = site.opened()
    assert now(tracker, copy).duplicate_of == now(tracker, original).id
    assert now(tracker, original).duplicate_of == ""


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_incident_in_the_ticket(flavour: Flavour) -> None:
    """The remote link holds the incident's address, title and whether it is resolved."""
    site = Site(flavour)
    ticket_id = site.id_of(site.issue())
    link = shown(ticket_id, title="INC1 " + "x" * 300, summary="two\nlines", resolved=True)
    site.opened().show_incident(link, "https://remedy.example/INC1?a=1&b=2")
    told = stored(site, f"issue/{ticket_id}/remotelink?globalId=remedy%3AINC1")["object"]
    assert told["url"] == "https://remedy.example/INC1?a=1&b=2"
    assert len(told["title"]) == 255
    assert (told["summary"], told["status"]["resolved"]) == ("two lines", True)


@given(st.text(), st.integers(min_value=300, max_value=2_000))
def test_cut_text_fits_and_keeps_its_last_line(text: str, limit: int) -> None:
    """Whatever the text, its markup fits the limit and still ends with the mark."""
    sent = Prose(lambda: limit).wiki(text * 40, last_line=MARK)
    assert units(sent) <= limit
    body, pair, key = split_mark(from_wiki(sent))
    assert (pair, key) == ("acme", "INC1/note/remedy/WLG7/10001")
    assert MARK not in body or MARK in text * 40


@given(st.text())
def test_a_line_is_one_line_that_fits(text: str) -> None:
    """A summary never has a line break and never more than 255 units, emoji counted as two."""
    line = Prose(lambda: 1_000).line(text * 20)
    assert len(line.splitlines()) <= 1
    assert units(line) <= 255


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-09-27T10:03:11.123+0200", datetime(2026, 9, 27, 8, 3, 11, 123_000, tzinfo=UTC)),
        ("2026-09-27T00:03:11.000-0930", datetime(2026, 9, 27, 9, 33, 11, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_their_offset(text: str, when: datetime) -> None:
    """A time is read in its own zone, not in ours."""
    assert moment(text) == when


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("x", "x"),
        (True, "true"),
        (3.0, "3"),
        (3.25, "3.25"),
        (7, "7"),
        ({"value": "A", "child": {"value": "B"}}, "A / B"),
        ({"name": "n"}, "n"),
        ({"displayName": "Ann", "accountId": "1"}, "Ann"),
        ([{"value": "A"}, "b", None], "A, b, "),
        ({}, ""),
    ],
)
def test_any_value_has_a_text(value: Any, text: str) -> None:
    """Every shape of field value is read as text."""
    assert plain(value) == text


def test_a_ticket_without_anything_but_its_id_is_read() -> None:
    """Hidden fields are empty; only id, key and time must be there."""
    raw = {"id": "7", "key": "APP-7", "fields": {"updated": "2026-09-27T10:03:11.123+0200"}}
    ticket = ticket_of(raw, site="https://jira.example", duplicate="Duplicate", extra=[("Room", "cf", False)])
    assert (ticket.project, ticket.category, ticket.url) == (
        "APP",
        "indeterminate",
        "https://jira.example/browse/APP-7",
    )
    assert ticket.fields == (("Room", ""),)


def test_a_comment_of_nobody_and_one_of_an_app() -> None:
    """A deleted author is nobody; an app's comment is the system's; a former account of ours is still ours."""
    raw = {"id": "1", "created": "2026-09-27T10:03:11.123+0200", "body": "x"}
    assert note_of(raw, "7", accounts={"me"}, pair="acme").origin == "person"
    app = {**raw, "author": {"accountId": "a", "accountType": "app", "displayName": "Automation"}}
    assert note_of(app, "7", accounts={"me"}, pair="acme").origin == "system"
    ours = {
        **raw,
        "author": {"accountId": "former account"},
        "body": f"x\n\n{mark('acme', 'INC1/note/remedy/1/7')}",
    }
    note = note_of(ours, "7", accounts={"me", "former account"}, pair="acme")
    assert (note.origin, note.mark, note.text) == ("bridge", "INC1/note/remedy/1/7", "x")
    forged = note_of(ours, "7", accounts={"me"}, pair="acme")
    assert (forged.origin, forged.mark, forged.text) == ("person", "", ours["body"])


def test_comments_that_never_come_whole_are_an_error() -> None:
    """A list of comments that stays shorter than it says is not taken for all of them."""
    site = Site("cloud")
    key = site.issue()
    tracker = site.opened()
    page = Response.of_json(
        200, {"comments": [], "total": 3, "startAt": 0, "maxResults": 100}, {"X-AAccountId": "1"}
    )
    site.fault("answer_before", lambda request: request.path.endswith("/comment"), page, times=None)
    assert isinstance(failure(lambda: tracker.notes(key)), Unreachable)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_comment_deleted_while_its_pages_are_read_hides_no_other(flavour: Flavour) -> None:
    """Somebody deletes an early comment between two pages: every other one is still read."""
    site = Site(flavour)
    key = site.issue()
    ids = [site.people.comments(key, str(number), "dev") for number in range(150)]
    tracker = site.opened()
    site.fault(
        "call_after",
        lambda request: request.path.endswith("/comment"),
        call=lambda: site.people.deletes_comment(key, ids[0], "dev"),
    )
    assert [note.id for note in tracker.notes(key)] == ids[1:]


def test_every_custom_field_of_the_site_is_known_by_name() -> None:
    """The probe finds each further field by name and says what it is."""
    site = Site("cloud")
    names = [each.name for each in CUSTOM if each.name.lower() != "twin"]
    findings = site.opened(ticket_fields=names).probe([])
    assert {finding.what for finding in findings if finding.what.startswith("field")} == {
        f"field {name!r}" for name in names
    }
    assert {finding.verdict for finding in findings} == {"ok"}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_ticket_deleted_while_its_comments_are_read_stops_no_poll(flavour: Flavour) -> None:
    """A poll that meets a ticket just being deleted goes on with the others."""
    site = Site(flavour)
    doomed, other = site.issue("doomed"), site.issue("other")
    for number in range(3):
        site.people.comments(doomed, str(number), "dev")
    tracker = site.opened()
    site.fault("answer_before", searches, cut_comments(site, doomed, other))
    site.people.deletes(doomed)
    found = [ticket.key for ticket, _ in tracker.tickets_since(DAWN, ["APP"])]
    assert found == [other]


def cut_comments(site: Site, *keys: str) -> Response:
    """Return a page of these issues that shows none of their comments, as a search that cuts them off."""
    issues = [stored(site, f"issue/{key}") for key in keys]
    for issue in issues:
        issue["fields"]["comment"]["comments"] = []
    page = {"issues": issues, "isLast": True, "total": len(issues), "startAt": 0, "maxResults": 100}
    return Response.of_json(200, page, {"X-AAccountId": "1", "X-AUSERNAME": "bridge"})
