"""The query language: what a query finds, how dates are read, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.simulators.jira import Account, CustomField, Person, ProjectSpec
from bridge.simulators.jira.jql import BadQuery, quote
from bridge.simulators.jira.jql import parse as parse_jql
from tests.simulators.jira_world import FLAVOURS, START, World


def _world(flavour: str = "cloud", zone: str = "America/New_York") -> World:
    person = Person.of("bridge", zone=zone)
    return World(
        flavour,
        accounts=(Account(person=person, token="bridge-token"),),
        projects=(
            ProjectSpec(key="APP", name="Application", components=("Web",), versions=("1.0",)),
            ProjectSpec(key="OPS", name="Operations"),
            ProjectSpec(key="HID", name="Hidden", hidden=True),
        ),
        custom_fields=(
            CustomField(id="customfield_10100", name="Impact", kind="select", options=("High", "Low")),
            CustomField(id="customfield_10101", name="Incident", kind="string"),
        ),
    )


@pytest.fixture
def world() -> World:
    """Give a site whose caller lives in New York's zone."""
    return _world()


@pytest.fixture
def filled(world: World) -> World:
    """APP-1 (web, labelled, assigned), OPS-1 (done), APP-2 (plain), a minute apart."""
    people = world.people
    people.creates(
        "APP",
        'Mail "down" today',
        by="anna",
        fields={"components": ["Web"], "labels": ["mail"], "assignee": "bob", "fixVersions": ["1.0"]},
    )
    world.clock.passes(minutes=1)
    people.creates(
        "OPS", "Disk full", by="bob", type="Task", fields={"Impact": "High", "description": "no room left"}
    )
    people.moves_to("OPS-1", "Done", "bob", "Fixed")
    world.clock.passes(minutes=1)
    people.creates("APP", "Another", by="anna", fields={"Incident": "INC7"})
    people.creates("HID", "Secret", by="anna")
    return world


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = APP", ["APP-1", "APP-2"]),
        ("project in (app, Operations)", ["APP-1", "OPS-1", "APP-2"]),
        ("project != APP", ["OPS-1"]),
        ("key in (APP-2, 'OPS-1')", ["OPS-1", "APP-2"]),
        ("status = Done", ["OPS-1"]),
        ("statusCategory != done", ["APP-1", "APP-2"]),
        ("resolution = Unresolved", ["APP-1", "APP-2"]),
        ("resolution is not EMPTY", ["OPS-1"]),
        ("resolution != Done", ["OPS-1"]),
        ("labels = MAIL", ["APP-1"]),
        ("labels is empty AND project = APP", ["APP-2"]),
        ("labels not in (mail)", []),
        ("component = web and fixVersion = 1.0", ["APP-1"]),
        ("type = Task OR assignee = bob", ["APP-1", "OPS-1"]),
        ("NOT (type = Task OR assignee = bob)", []),
        ("NOT type = Task", ["APP-1", "APP-2"]),
        ("assignee in (currentUser()) OR reporter = bob", ["OPS-1"]),
        ("Impact = High", ["OPS-1"]),
        ("cf[10100] = high", ["OPS-1"]),
        ("Incident ~ inc7", ["APP-2"]),
        ("summary ~ 'mail down'", ["APP-1"]),
        ('text ~ "room*"', ["OPS-1"]),
        ("priority = Medium && (status = 'To Do' | status = Done)", ["APP-1", "OPS-1", "APP-2"]),
        ("resolved is not empty", ["OPS-1"]),
        ("created >= -1m", ["OPS-1", "APP-2"]),
        ("created > startOfDay() AND created <= now()", ["APP-1", "OPS-1", "APP-2"]),
    ],
)
def test_a_query_finds(filled: World, jql: str, keys: list[str]) -> None:
    """Each kind of clause finds the issues that it means and no hidden ones."""
    assert filled.found(f"{jql} ORDER BY created ASC") == keys


@pytest.mark.parametrize(
    ("jql", "text"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("project = HID", "The value 'HID' does not exist for the field 'project'."),
        ("status = Nowhere", "does not exist for the field 'status'"),
        ("nothing = 1", "Field 'nothing' does not exist or you do not have permission to view it."),
        ("project = APP ORDER BY nothing", "Not able to sort using field 'nothing'."),
        ("project = APP AND", "Expecting a field name"),
        ("project = 'APP", "has not been completed"),
        ("project = APP summary", "Expecting either 'OR' or 'AND'"),
        ("summary ~ user@example", "reserved JQL character"),
        ("labels = select", "reserved JQL word"),
        ("labels = 'a\\qb'", "illegal JQL escape sequence"),
        ("updated >= '20/11/2026'", "Valid formats include"),
        ("updated ~ 1", "is not supported by the 'updated' field"),
        ("issue in somethingElse()", "Unable to find JQL function"),
        (
            "project = APP ORDER BY key, id, created, updated, status, priority, summary, type",
            "order by is 7",
        ),
    ],
)
def test_a_query_is_refused(filled: World, jql: str, text: str) -> None:
    """Unknown names and values, and what is no JQL at all, are 400 with the site's text."""
    assert text in filled.refused(jql)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_epoch_milliseconds_are_absolute(flavour: str) -> None:
    """A bare number is a moment, whatever the caller's zone, at whole seconds."""
    world = _world(flavour)
    world.people.creates("APP", "One", by="anna")
    moment = world.ms(START)
    assert world.found(f"updated >= {moment}") == ["APP-1"]
    assert world.found(f"updated >= {moment + 700}") == ["APP-1"]
    assert world.found(f"updated >= {moment + 1000}") == []
    assert world.found(f"updated < {moment - 1000} OR updated > {moment}") == []


def test_a_quoted_number_is_a_duration_in_minutes(world: World) -> None:
    """Quoting epoch milliseconds asks for millions of years ahead and finds nothing."""
    world.people.creates("APP", "One", by="anna")
    assert world.found(f'updated >= "{world.ms(START)}"') == []
    assert world.found('updated >= "-5"') == ["APP-1"]
    world.clock.passes(minutes=4)
    assert world.found('updated >= "-5"') == ["APP-1"]
    world.clock.passes(minutes=2)
    assert world.found('updated >= "-5"') == []


def test_a_date_string_is_in_the_callers_zone_to_the_minute(world: World) -> None:
    """09:00:00.250 UTC is 04:00 in New York, although the site answers in Berlin's zone."""
    world.people.creates("APP", "One", by="anna")
    assert world.get("issue/APP-1")["fields"]["updated"] == "2026-11-20T10:00:00.250+0100"
    assert world.found('updated >= "2026-11-20 04:00"') == ["APP-1"]
    assert world.found('updated = "2026/11/20 04:00"') == ["APP-1"]
    assert world.found('updated >= "2026-11-20 04:01"') == []
    assert world.found('updated >= "2026-11-20 09:00"') == []
    assert world.found('updated = "2026-11-20"') == ["APP-1"]
    assert world.found("updated != 2026-11-20") == []


@pytest.mark.parametrize(("text", "hours"), [("-1h", 1), ("'-1d 2h'", 26), ("-1w", 168)])
def test_durations_count_back_from_now(world: World, text: str, hours: int) -> None:
    """A duration reaches exactly that far back."""
    world.people.creates("APP", "One", by="anna")
    world.clock.passes(hours=hours)
    assert world.found(f"updated >= {text}") == ["APP-1"]
    world.clock.passes(seconds=1)
    assert world.found(f"updated >= {text}") == []


def test_order_by_direction_and_ties(world: World) -> None:
    """Dates come newest first unless told otherwise.

    Within one second the id decides, not the millisecond.
    """
    for number in range(3):
        world.people.creates("APP", f"Issue {number}", by="anna")
    world.people.sets("APP-1", {"labels": ["x"]}, "anna")
    world.clock.passes(seconds=5)
    world.people.sets("APP-2", {"labels": ["x"]}, "anna")
    assert world.found("project = APP ORDER BY updated") == ["APP-2", "APP-1", "APP-3"]
    assert world.found("project = APP ORDER BY updated ASC, key DESC") == ["APP-3", "APP-1", "APP-2"]


def test_an_unknown_key_on_each_flavour() -> None:
    """Data Center refuses a query with an unknown key unless told not to validate; Cloud ignores the key."""
    cloud, server = World("cloud"), World("datacenter")
    for world in (cloud, server):
        world.people.creates("APP", "One", by="anna")
    assert cloud.found("key in (APP-1, APP-99)") == ["APP-1"]
    assert "An issue with key 'APP-99' does not exist" in server.refused("key in (APP-1, APP-99)")
    lenient = server.call("POST", "search", {"jql": "key in (APP-1, APP-99)", "validateQuery": False}).json()
    assert [issue["key"] for issue in lenient["issues"]] == ["APP-1"]
    assert lenient["warningMessages"] == ["An issue with key 'APP-99' does not exist for field 'key'."]
    cloud.site.switches.unknown_key_is_error = True
    assert "does not exist" in cloud.refused("key in (APP-1, APP-99)")


@settings(deadline=None, max_examples=150)
@given(text=st.text(min_size=1, max_size=60))
def test_any_quoted_text_is_found_exactly(text: str) -> None:
    """A globalId of any characters, once quoted, finds its own issue and not that with one letter more."""
    world = World("cloud")
    link = {"url": "https://remedy.example/1", "title": "INC1"}
    for number, global_id in enumerate((text, text + "x", text + '"', "\\" + text)):
        key = world.people.creates("APP", f"Issue {number}", by="anna")
        body = {"globalId": global_id, "object": link}
        assert world.call("POST", f"issue/{key}/remotelink", body).status_code == 201
    assert world.found(f"issue in issuesWithRemoteLinksByGlobalId({quote(text)})") == ["APP-1"]


@given(text=st.text(max_size=40))
def test_any_text_either_parses_or_is_refused(text: str) -> None:
    """The parser never fails in another way than by saying that the query is bad."""
    try:
        where = parse_jql(text).where
    except BadQuery:
        return
    assert where is not None or not text.strip() or text.strip().lower().startswith("order")


def test_single_quotes_and_escapes(world: World) -> None:
    """Both kinds of quotes, escaped quotes, and escapes by code point name the same label."""
    world.people.creates("APP", "One", by="anna", fields={"labels": ['it\'s-a-"label"']})
    for quoted in ('"it\'s-a-\\"label\\""', "'it\\'s-a-\"label\"'", '"it\\u0027s-a-\\u0022label\\u0022"'):
        assert world.found(f"labels = {quoted}") == ["APP-1"]


def test_now_moves_with_the_clock(world: World) -> None:
    """``startOfDay`` is midnight in the caller's zone."""
    world.clock.now = datetime(2026, 11, 20, 4, 59, tzinfo=UTC)
    world.people.creates("APP", "Late on the 19th in New York", by="anna")
    world.clock.now += timedelta(minutes=2)
    assert world.found("created >= startOfDay()") == []
    assert world.found('created >= startOfDay("-1d")') == ["APP-1"]
