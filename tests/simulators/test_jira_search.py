"""Searching: pages, tokens, caps, the lag of the index, and the strictness of the binder."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulators.jira_world import START, URL, World

JQL = "project = APP ORDER BY updated ASC, key ASC"


def _fill(world: World, count: int, seconds: int = 1) -> list[str]:
    keys = []
    for number in range(count):
        keys.append(world.people.creates("APP", f"Issue {number}", by="anna"))
        world.clock.passes(seconds=seconds)
    return keys


def _pages(world: World, **body: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    token = None
    while len(pages) < 50:
        asked = {"jql": JQL, "fields": ["summary"], **body, **({"nextPageToken": token} if token else {})}
        answer = world.call("POST", "search/jql", asked).json()
        pages.append([issue["key"] for issue in answer["issues"]])
        token = answer.get("nextPageToken")
        assert answer["isLast"] is (token is None)
        if token is None:
            return pages
    raise AssertionError("the pages do not end")


def test_tokens_lead_through_all_pages() -> None:
    """Every issue comes once, in order, and the last page has no token."""
    world = World()
    keys = _fill(world, 5)
    assert _pages(world, maxResults=2) == [keys[:2], keys[2:4], keys[4:]]
    backwards = _pages(world, jql="project = APP ORDER BY updated DESC", maxResults=3)
    assert backwards == [keys[:1:-1], keys[1::-1]]


def test_short_pages_lose_nothing() -> None:
    """A site that gives fewer issues than asked still gives all."""
    world = World()
    keys = _fill(world, 7)
    world.site.switches.short_pages = True
    pages = _pages(world, maxResults=3)
    assert max(len(page) for page in pages) == 2
    assert [key for page in pages for key in page] == keys


def test_a_change_during_paging_skips_nobody() -> None:
    """An issue changed while pages are read comes again at the end, and its neighbours are not lost."""
    world = World()
    keys = _fill(world, 4)
    first = world.call("POST", "search/jql", {"jql": JQL, "fields": ["summary"], "maxResults": 2}).json()
    world.people.sets(keys[0], {"labels": ["changed"]}, "anna")
    token = first["nextPageToken"]
    assert world.found(JQL, nextPageToken=token) == [keys[2], keys[3], keys[0]]


@pytest.mark.parametrize("token", ["", "nonsense", "e30="])
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    """Made-up tokens, tokens of another query and tokens older than seven days are 400."""
    world = World()
    _fill(world, 3)
    assert "token" in world.refused(JQL, nextPageToken=token)


def test_a_token_of_another_query_or_too_old_is_refused() -> None:
    """A token serves its own query for seven days."""
    world = World()
    _fill(world, 3)
    token = world.call("POST", "search/jql", {"jql": JQL, "maxResults": 1}).json()["nextPageToken"]
    assert "token" in world.refused("project = APP", nextPageToken=token)
    world.clock.passes(days=7, seconds=1)
    assert "token" in world.refused(JQL, nextPageToken=token)


def test_only_the_id_unless_fields_are_named() -> None:
    """Cloud's default is ``id`` alone; a named field brings key and address."""
    world = World()
    _fill(world, 1)
    bare = world.call("POST", "search/jql", {"jql": JQL}).json()["issues"]
    assert bare == [{"id": world.site.issue("APP-1")["id"]}]
    named = world.call("POST", "search/jql", {"jql": JQL, "fields": ["summary", "labels"]}).json()["issues"][
        0
    ]
    assert named["key"] == "APP-1"
    assert named["fields"] == {"summary": "Issue 0", "labels": []}


def test_wide_pages_are_cut() -> None:
    """With more than ids asked a page holds at most what the site's cap says; ids alone may be thousands."""
    world = World()
    _fill(world, 130, seconds=0)
    assert [len(page) for page in _pages(world, maxResults=5000)] == [100, 30]
    answer = world.call("POST", "search/jql", {"jql": JQL, "maxResults": 5000}).json()
    assert len(answer["issues"]) == 130


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"jql": JQL, "startAt": 0}, 400, "Invalid request payload"),
        ({"jql": JQL, "validateQuery": True}, 400, "Invalid request payload"),
        ({"jql": JQL, "expand": ["changelog"]}, 400, "Invalid request payload"),
        ({"jql": JQL, "fields": "summary"}, 400, "Invalid request payload"),
        ({"jql": JQL, "maxResults": "5"}, 400, "Invalid request payload"),
        ({"jql": JQL, "reconcileIssues": ["APP-1"]}, 400, "Invalid request payload"),
        ({"jql": JQL, "reconcileIssues": None}, 500, "error"),
        ({"jql": JQL, "properties": [None]}, 500, "error"),
        ({"jql": JQL, "reconcileIssues": list(range(51))}, 400, "max number of issues to reconcile is 50"),
        ({"jql": JQL, "maxResults": 0}, 400, "between 1 and 5,000"),
        ({"jql": JQL, "maxResults": 5001}, 400, "between 1 and 5,000"),
        ({"jql": ""}, 400, "Unbounded JQL"),
        ({"jql": "ORDER BY updated"}, 400, "Unbounded JQL"),
        ({}, 400, "Unbounded JQL"),
    ],
)
def test_the_binder_is_strict(body: dict[str, Any], status: int, text: str) -> None:
    """Unknown members and wrong types are refused, nulls in two places are faults, and limits are checked."""
    answer = World().call("POST", "search/jql", body)
    assert answer.status_code == status
    assert text in answer.text


@pytest.mark.parametrize(
    ("headers", "data", "status", "text"),
    [
        ({}, b"{}", 415, "Content-Type"),
        ({"Content-Type": "text/plain"}, b"{}", 415, "Content-Type"),
        ({"Content-Type": "application/json"}, b"", 400, "No content to map to Object due to end of input"),
        ({"Content-Type": "application/json"}, b"{nope", 400, "There was an error parsing JSON"),
        ({"Content-Type": "application/json; charset=utf-8"}, b"[]", 400, "Invalid request payload"),
    ],
)
def test_bodies_are_checked_before_the_query(
    headers: dict[str, str], data: bytes, status: int, text: str
) -> None:
    """No content type is 415; an empty, broken or foreign body is 400."""
    answer = World().session.post(f"{URL}/rest/api/3/search/jql?jql=project=APP", data=data, headers=headers)
    assert answer.status_code == status
    assert text in answer.text


def test_get_conversion_errors_are_problem_documents() -> None:
    """A number that is none in a GET is an RFC 7807 body."""
    answer = World().call("GET", "search/jql", jql=JQL, maxResults="many")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_old_search_is_gone_on_cloud(method: str) -> None:
    """Cloud's old search answers 410 on both versions; Data Center has no other, and no version 3."""
    for api in ("2", "3"):
        answer = World().call(method, "search", {}, api=api)
        assert answer.status_code == 410
        assert "CHANGE-2046" in answer.text
    server = World("datacenter")
    assert server.call(method, "search/jql", {"jql": JQL}).status_code == 404
    assert server.call(method, "search", {"jql": JQL}, api="3").status_code == 404


class TestIndexLag:
    """Search knows of a change only after the lag; reading by id knows at once."""

    @pytest.fixture
    def world(self) -> World:
        return World(index_lag=timedelta(seconds=30))

    def test_creation_and_change_come_late(self, world: World) -> None:
        """A new issue is not found before the lag, and shows its old state until the lag after a change."""
        world.people.creates("APP", "New", by="anna")
        assert world.found(JQL) == []
        assert world.get("issue/APP-1")["key"] == "APP-1"
        world.clock.passes(seconds=30)
        assert world.found(JQL) == ["APP-1"]
        world.people.sets("APP-1", {"summary": "Renamed"}, "anna")
        assert world.search(JQL)[0]["fields"]["summary"] == "New"
        assert world.get("issue/APP-1")["fields"]["summary"] == "Renamed"
        world.clock.passes(seconds=30)
        assert world.search(JQL)[0]["fields"]["summary"] == "Renamed"

    def test_reconciled_ids_are_fresh(self, world: World) -> None:
        """Ids in ``reconcileIssues`` are taken as they are now, and only where they match."""
        world.people.creates("APP", "New", by="anna")
        number = int(world.site.issue("APP-1")["id"])
        assert world.found(JQL, reconcileIssues=[number]) == ["APP-1"]
        assert world.found("project = APP AND status = Done", reconcileIssues=[number]) == []
        world.clock.passes(minutes=1)
        world.people.sets("APP-1", {"summary": "Renamed"}, "anna")
        [seen] = world.search(JQL, reconcileIssues=[number])
        assert seen["fields"]["summary"] == "Renamed"

    def test_links_are_found_late(self, world: World) -> None:
        """The search by remote link lags as well, while the links of the issue are listed at once."""
        world.people.creates("APP", "New", by="anna")
        world.clock.passes(minutes=1)
        body = {"globalId": "inc=1", "object": {"url": "https://remedy.example", "title": "INC1"}}
        world.call("POST", "issue/APP-1/remotelink", body)
        query = 'issue in issuesWithRemoteLinksByGlobalId("inc=1", "inc=2")'
        assert world.found(query) == []
        assert len(world.get("issue/APP-1/remotelink")) == 1
        world.clock.passes(seconds=30)
        assert world.found(query) == ["APP-1"]

    def test_a_deleted_issue_is_gone_at_once(self, world: World) -> None:
        """Deletion does not wait for the index, not even while a change is waiting."""
        world.people.creates("APP", "New", by="anna")
        world.clock.passes(minutes=1)
        world.people.sets("APP-1", {"summary": "Renamed"}, "anna")
        world.people.deletes("APP-1")
        assert world.found(JQL) == []
        world.clock.passes(minutes=1)
        assert world.found(JQL) == []


def test_an_issue_can_vanish_from_the_index_for_a_while() -> None:
    """With flicker a found issue is missed again once, and comes back; it can also be told to."""
    world = World(index_flicker=timedelta(seconds=10))
    world.people.creates("APP", "One", by="anna")
    assert world.found(JQL) == ["APP-1"]
    world.clock.passes(seconds=10)
    assert world.found(JQL) == []
    assert world.get("issue/APP-1")["key"] == "APP-1"
    world.clock.passes(seconds=10)
    assert world.found(JQL) == ["APP-1"]
    world.people.vanishes_from_search("APP-1", timedelta(minutes=1))
    assert world.found(JQL) == []
    world.clock.passes(minutes=1)
    assert world.found(JQL) == ["APP-1"]


class TestDataCenterPages:
    """Offsets, totals and caps of Data Center's search."""

    def test_offsets_and_totals(self) -> None:
        """A page says where it starts, how many it may hold, and how many there are."""
        world = World("datacenter")
        keys = _fill(world, 5)
        page = world.call("POST", "search", {"jql": JQL, "startAt": 3, "maxResults": 2}).json()
        assert ([issue["key"] for issue in page["issues"]], page["total"]) == (keys[3:], 5)
        assert (page["startAt"], page["maxResults"]) == (3, 2)
        assert world.call("GET", "search", jql=JQL).json()["maxResults"] == 50
        assert world.call("GET", "search", jql=JQL, maxResults=0).json()["issues"] == []

    def test_the_cap_is_told(self) -> None:
        """More than the cap is cut, and the answer says so."""
        world = World("datacenter", search_cap=4)
        _fill(world, 6)
        page = world.call("POST", "search", {"jql": JQL, "maxResults": 100}).json()
        assert (page["maxResults"], len(page["issues"]), page["total"]) == (4, 4, 6)

    def test_deep_paging_breaks(self) -> None:
        """Beyond the result window the site fails with a 500 and a message."""
        world = World("datacenter")
        answer = world.call("POST", "search", {"jql": JQL, "startAt": 9_990, "maxResults": 100})
        assert answer.status_code == 500
        assert "10,090 results which exceeded the search platform limit of 10,000" in answer.json()["message"]

    def test_navigable_fields_by_default(self) -> None:
        """Without ``fields`` everything but the comments comes; a minus takes one more away."""
        world = World("datacenter")
        _fill(world, 1)
        whole = world.call("POST", "search", {"jql": JQL}).json()["issues"][0]["fields"]
        assert "comment" not in whole
        assert {"summary", "description", "status", "updated", "issuelinks"} <= whole.keys()
        less = world.call("POST", "search", {"jql": JQL, "fields": ["-description"]}).json()["issues"][0][
            "fields"
        ]
        assert whole.keys() - less.keys() == {"description"}

    def test_unknown_members_are_refused(self) -> None:
        """``properties`` is unknown to a POST, known to a GET."""
        world = World("datacenter")
        _fill(world, 1)
        world.call("PUT", "issue/APP-1/properties/p", 1)
        assert "Unrecognized field" in world.refused(JQL, properties=["p"])
        page = world.call("GET", "search", jql=JQL, properties="p", validateQuery="True").json()
        assert page["issues"][0]["properties"] == {"p": 1}


def test_bulk_fetch_takes_ids_and_keys_and_keeps_silent_about_the_rest() -> None:
    """Issues come in order of id under their present key; missing and hidden ones are simply absent."""
    world = World()
    _fill(world, 3)
    world.people.hides("APP-2")
    number = world.site.issue("APP-3")["id"]
    body = {"issueIdsOrKeys": [number, "APP-1", "APP-2", "APP-99"], "fields": ["summary"]}
    answer = world.call("POST", "issue/bulkfetch", body).json()
    assert [issue["key"] for issue in answer["issues"]] == ["APP-1", "APP-3"]
    assert answer["issueErrors"] == []
    assert world.call("POST", "issue/bulkfetch", {"issueIdsOrKeys": ["X-1"] * 101}).status_code == 400
    assert World("datacenter").call("POST", "issue/bulkfetch", body).status_code == 405


@settings(deadline=None, max_examples=30)
@given(steps=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 90)), min_size=1, max_size=25))
def test_the_sorted_index_finds_what_a_full_scan_finds(steps: list[tuple[int, int]]) -> None:
    """However issues change, the query by ``updated`` finds those whose times say so."""
    world = World()
    _fill(world, 10)
    for number, seconds in steps:
        world.clock.passes(seconds=seconds)
        world.people.comments(f"APP-{number + 1}", "again", "anna")
    since = START + timedelta(seconds=60)
    expected = {key for key in world.site.keys("APP") if world.site.issue(key)["updated"] >= since}
    assert set(world.found(f"updated >= {world.ms(since)} ORDER BY key")) == expected
    assert set(world.found(f"NOT updated < {world.ms(since)} AND NOT status = Done")) == expected
