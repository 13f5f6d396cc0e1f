"""Credentials, headers, unknown paths and rate limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.simulators.jira import Account, Person, ProjectSpec, Throttle
from tests.simulators.jira_world import FLAVOURS, URL, World


@pytest.fixture
def cloud() -> World:
    """Give a Cloud site with one issue."""
    world = World("cloud")
    world.people.creates("APP", "One", by="anna")
    return world


@pytest.fixture
def server() -> World:
    """Give a Data Center site with one issue."""
    world = World("datacenter")
    world.people.creates("APP", "One", by="anna")
    return world


def test_cloud_takes_bad_credentials_for_nobody(cloud: World) -> None:
    """Search is empty, an issue is 404, projects are none; only ``/myself`` says 401; the headers tell."""
    session = cloud.stranger()
    found = session.get(f"{URL}/rest/api/3/search/jql", params={"jql": "project = APP"})
    assert (found.status_code, found.json()["issues"]) == (200, [])
    assert session.get(f"{URL}/rest/api/3/issue/APP-1").status_code == 404
    assert session.get(f"{URL}/rest/api/3/project").json() == []
    me = session.get(f"{URL}/rest/api/3/myself")
    assert (me.status_code, me.text) == (401, "Client must be authenticated to access this resource.")
    for answer in (found, me):
        assert "X-AAccountId" not in answer.headers
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_cloud_names_the_resolved_account(cloud: World) -> None:
    """Every authenticated answer carries the account's id, refusals too; the time of the site is told."""
    for path in ("myself", "serverInfo", "issue/APP-9"):
        answer = cloud.call("GET", path)
        assert answer.headers["X-AAccountId"] == cloud.settings.accounts[0].person.account_id
        assert "X-Seraph-LoginReason" not in answer.headers
    assert cloud.get("serverInfo")["serverTime"] == "2026-11-20T10:00:00.250+0100"
    assert "serverTime" not in cloud.stranger().get(f"{URL}/rest/api/3/serverInfo").json()


def test_cloud_refuses_any_bearer(cloud: World) -> None:
    """A Data Center token sent to Cloud is 403 on every route."""
    session = cloud.log_in()
    session.auth = None
    session.headers["Authorization"] = "Bearer bridge-token"
    for path in ("myself", "serverInfo", "nothing"):
        answer = session.get(f"{URL}/rest/api/3/{path}")
        assert answer.status_code == 403
        assert answer.json() == {"error": "Failed to parse Connect Session Auth Token"}


def test_data_center_refuses_at_the_door(server: World) -> None:
    """A wrong or missing credential is 401 with the reason; only ``serverInfo`` answers anybody."""
    answer = server.stranger().get(f"{URL}/rest/api/2/search", params={"jql": ""})
    assert answer.status_code == 401
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    nobody = server.log_in()
    del nobody.headers["Authorization"]
    assert nobody.get(f"{URL}/rest/api/2/myself").status_code == 401
    assert nobody.get(f"{URL}/rest/api/2/serverInfo").status_code == 200


def test_data_center_takes_token_and_password(server: World) -> None:
    """A PAT as Bearer and name with password as Basic both work, and the answer names the user."""
    assert server.call("GET", "myself").headers["X-AUSERNAME"] == "bridge"
    session = server.log_in()
    del session.headers["Authorization"]
    session.auth = ("bridge", "password")
    answer = session.get(f"{URL}/rest/api/2/myself")
    assert (answer.json()["name"], answer.headers["X-AUSERNAME"]) == ("bridge", "bridge")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_token_can_be_revoked_and_issued_again(flavour: str) -> None:
    """In the middle of a run the token stops working, and a new one works where the old does not."""
    world = World(flavour)
    assert world.call("GET", "myself").status_code == 200
    world.site.revoke("bridge")
    assert world.call("GET", "myself").status_code == 401
    world.site.reissue("bridge", "second")
    assert world.call("GET", "myself").status_code == 401
    assert world.log_in("second").get(f"{URL}/rest/api/2/myself").status_code == 200


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_too_many_failures_lock_the_account(flavour: str) -> None:
    """After some failed logins even the right secret is denied, and the header says why."""
    world = World(flavour)
    world.site.switches.captcha_after = 2
    stranger = world.stranger()
    for _ in range(2):
        stranger.get(f"{URL}/rest/api/2/myself")
    name = "bridge@example.com" if world.cloud else ""
    answer = world.call("GET", "myself") if name else stranger.get(f"{URL}/rest/api/2/myself")
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATION_DENIED"
    assert answer.status_code == (401 if world.cloud else 403)


def test_unknown_paths_and_methods(cloud: World, server: World) -> None:
    """An unmapped path is 404 in the flavour's body; a wrong method is 405 and names the right ones."""
    answer = cloud.call("GET", "nothing/here", api="3")
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        404,
        "application/problem+json;charset=UTF-8",
    )
    assert answer.json()["detail"] == "No endpoint GET /rest/api/3/nothing/here."
    assert "null for uri" in server.call("GET", "nothing/here").json()["message"]
    for world in (cloud, server):
        answer = world.call("PATCH", "issue/APP-1")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE,GET,PUT")


def test_permissions_are_told_and_bind(cloud: World) -> None:
    """``mypermissions`` tells what the account may.

    Without a permission writes are refused and nothing changes.
    """
    asked = "BROWSE_PROJECTS,DELETE_ISSUES"
    told = cloud.get("mypermissions", permissions=asked, projectKey="APP")["permissions"]
    assert {name: each["havePermission"] for name, each in told.items()} == {
        "BROWSE_PROJECTS": True,
        "DELETE_ISSUES": False,
    }
    reader = Account(person=Person.of("bridge"), token="bridge-token", permissions=frozenset({"browse"}))
    world = World("cloud", accounts=(reader,))
    key = world.people.creates("APP", "One", by="anna")
    before = world.site.issue(key)
    fields = {"project": {"key": "APP"}, "issuetype": {"name": "Bug"}, "summary": "x"}
    link = {"object": {"url": "https://a", "title": "a"}}
    refusals = [
        world.call("POST", "issue", {"fields": fields}).status_code,
        world.call("PUT", f"issue/{key}", {"fields": {"summary": "x"}}).status_code,
        world.call("POST", f"issue/{key}/comment", {"body": "x"}).status_code,
        world.call("POST", f"issue/{key}/remotelink", link).status_code,
        world.call("PUT", f"issue/{key}/properties/a", 1).status_code,
        world.call("POST", f"issue/{key}/transitions", {"transition": {"id": "11"}}).status_code,
    ]
    assert refusals == [403, 400, 400, 403, 403, 400]
    assert world.get(f"issue/{key}/transitions")["transitions"] == []
    assert world.site.issue(key) == before
    assert world.site.comments(key) == []


def test_a_hidden_project_is_not_there() -> None:
    """Neither its issues nor itself can be seen, and nothing can be created in it."""
    world = World(
        projects=(ProjectSpec(key="HID", name="Hidden", hidden=True), ProjectSpec(key="APP", name="App"))
    )
    world.people.creates("HID", "Secret", by="anna")
    assert world.call("GET", "issue/HID-1").status_code == 404
    assert world.call("GET", "project/HID").status_code == 404
    assert [project["key"] for project in world.get("project")] == ["APP"]
    fields = {"project": {"key": "HID"}, "issuetype": {"name": "Bug"}, "summary": "x"}
    assert world.call("POST", "issue", {"fields": fields}).status_code == 400


class TestLimits:
    """429 as the products send it."""

    def test_a_throttled_call(self, cloud: World) -> None:
        """The next call is 429 with seconds and reason; the one after is served; nothing was done."""
        cloud.site.throttle()
        answer = cloud.call("POST", "issue/APP-1/comment", {"body": "x"})
        assert answer.status_code == 429
        assert (answer.headers["Retry-After"], answer.headers["RateLimit-Reason"]) == (
            "5",
            "jira-burst-based",
        )
        assert cloud.site.comments("APP-1") == []
        assert cloud.call("POST", "issue/APP-1/comment", {"body": "x"}).status_code == 201

    def test_dates_reasons_and_silence(self, cloud: World) -> None:
        """Retry-After may be a date or missing; the reason may be the quota.

        Only matching calls are struck.
        """
        until = cloud.clock() + timedelta(minutes=30)
        cloud.site.throttle(Throttle(reason="jira-quota-global-based", retry_after=until))
        answer = cloud.call("GET", "myself")
        assert answer.headers["Retry-After"] == "Fri, 20 Nov 2026 09:30:00 GMT"
        assert answer.headers["RateLimit-Reason"] == "jira-quota-global-based"
        cloud.site.throttle(
            Throttle(times=None, retry_after=None, match=lambda request: request.method == "POST")
        )
        assert "Retry-After" not in cloud.call("POST", "search/jql", {}).headers
        assert cloud.call("GET", "myself").status_code == 200
        assert cloud.call("POST", "search/jql", {}).status_code == 429
        cloud.site.unthrottle()
        assert cloud.call("POST", "search/jql", {}).status_code == 400

    def test_data_center_sends_retry_after_with_every_answer(self, server: World) -> None:
        """A limited instance sends ``retry-after: 0`` with a 200; a real 429 has no reason."""
        assert "retry-after" not in server.call("GET", "myself").headers
        server.site.switches.rate_headers = True
        answer = server.call("GET", "myself")
        assert (answer.status_code, answer.headers["retry-after"]) == (200, "0")
        assert answer.headers["X-RateLimit-FillRate"] == "100"
        server.site.throttle(Throttle(retry_after=0))
        struck = server.call("GET", "myself")
        assert (struck.status_code, struck.headers["Retry-After"]) == (429, "0")
        assert "RateLimit-Reason" not in struck.headers

    def test_writes_to_one_issue_are_limited(self, cloud: World) -> None:
        """With the switch on the 21st write within two seconds is refused.

        Another issue and a later second are not.
        """
        cloud.people.creates("APP", "Two", by="anna")
        cloud.site.switches.per_issue_write_limit = True
        for _ in range(20):
            assert cloud.call("POST", "issue/APP-1/comment", {"body": "x"}).status_code == 201
        struck = cloud.call("POST", "issue/APP-1/comment", {"body": "x"})
        assert (struck.status_code, struck.headers["RateLimit-Reason"]) == (429, "jira-per-issue-on-write")
        assert cloud.call("POST", "issue/APP-2/comment", {"body": "x"}).status_code == 201
        cloud.clock.passes(seconds=2)
        assert cloud.call("POST", "issue/APP-1/comment", {"body": "x"}).status_code == 201
