"""Remote links, properties, issue links and versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.jira_world import FLAVOURS, World

GLOBAL_ID = "system=https://remedy.example&id=INC1"


@pytest.fixture(params=FLAVOURS)
def world(request: pytest.FixtureRequest) -> World:
    """Give a site with two issues, five seconds old."""
    made = World(request.param)
    for number in (1, 2):
        made.people.creates("APP", f"Issue {number}", by="anna")
    made.clock.passes(seconds=5)
    return made


def _link(**more: Any) -> dict[str, Any]:
    return {"globalId": GLOBAL_ID, "object": {"url": "https://remedy.example/INC1", "title": "INC1"}, **more}


def test_a_remote_link_is_an_upsert(world: World) -> None:
    """The same globalId replaces the link, keeps its number, and loses what is not sent again."""
    path = "issue/APP-1/remotelink"
    first = world.call("POST", path, _link(relationship="caused by", application={"name": "Remedy"}))
    assert first.status_code == (201 if world.cloud else 200)
    second = world.call("POST", path, _link())
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    [kept] = world.site.remote_links("APP-1")
    assert (kept["relationship"], kept["application"]) == (None, {})
    world.call("POST", path, {"object": _link()["object"]})
    assert len(world.get(path)) == 2


def test_one_remote_link_by_global_id(world: World) -> None:
    """With ``globalId`` the answer is one object, or 404; deletion by it is 204, then 404."""
    path = "issue/APP-1/remotelink"
    world.call("POST", path, _link())
    assert world.get(path, globalId=GLOBAL_ID)["object"]["title"] == "INC1"
    assert world.call("GET", path, globalId="other").status_code == 404
    world.session.headers["Content-Type"] = "application/json"
    assert world.call("DELETE", path, globalId=GLOBAL_ID).status_code == 204
    assert world.call("DELETE", path, globalId=GLOBAL_ID).status_code == 404
    assert world.site.remote_links("APP-1") == []


def test_cloud_wants_a_content_type_for_a_deletion(world: World) -> None:
    """Without one a deletion is 415 on Cloud; Data Center does not mind."""
    world.call("POST", "issue/APP-1/remotelink", _link())
    answer = world.call("DELETE", "issue/APP-1/remotelink", globalId=GLOBAL_ID)
    assert answer.status_code == (415 if world.cloud else 204)


def test_a_remote_link_by_number(world: World) -> None:
    """A link can be read, replaced and deleted by its number."""
    number = world.call("POST", "issue/APP-1/remotelink", _link()).json()["id"]
    path = f"issue/APP-1/remotelink/{number}"
    body = _link()
    body["object"]["title"] = "INC1 (closed)"
    assert world.call("PUT", path, body).status_code == 204
    assert world.get(path)["object"]["title"] == "INC1 (closed)"
    assert world.call("DELETE", path).status_code == 204
    assert world.call("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"globalId": "x"}, "title"),
        ({"object": {"title": "INC1"}}, "url"),
        ({"object": {"title": "x" * 256, "url": "https://a"}}, "title"),
        ({"globalId": "x" * 256, "object": {"title": "x", "url": "https://a"}}, "globalId"),
    ],
)
def test_bad_remote_links(world: World, body: dict[str, Any], field: str) -> None:
    """Title and url are required, and lengths are limited."""
    answer = world.call("POST", "issue/APP-1/remotelink", body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert world.site.remote_links("APP-1") == []


def test_what_moves_updated(world: World) -> None:
    """A remote link does, a property does not, unless the switches say otherwise.

    Both are on record as such.
    """
    made = world.site.issue("APP-1")["updated"]
    world.call("PUT", "issue/APP-1/properties/mark", {"a": 1})
    assert world.site.issue("APP-1")["updated"] == made
    world.site.switches.remote_link_bumps = False
    world.call("POST", "issue/APP-1/remotelink", _link())
    assert world.site.issue("APP-1")["updated"] == made
    world.site.switches.remote_link_bumps = True
    world.site.switches.property_bumps = True
    world.call("POST", "issue/APP-1/remotelink", _link(relationship="x"))
    assert world.site.issue("APP-1")["updated"] == world.clock()
    assert [entry[2] for entry in world.site.history("APP-1")] == ["RemoteIssueLink"]
    world.clock.passes(seconds=5)
    world.call("PUT", "issue/APP-1/properties/mark", {"a": 2})
    assert world.site.issue("APP-1")["updated"] == world.clock()


def test_properties(world: World) -> None:
    """A property holds any JSON, is 201 when new and 200 when replaced, and is replaced whole."""
    path = "issue/APP-1/properties/bridge.mark"
    assert world.call("PUT", path, {"a": 1, "b": 2}).status_code == 201
    assert world.call("PUT", path, {"a": [None]}).status_code == 200
    assert world.get(path) == {"key": "bridge.mark", "value": {"a": [None]}}
    assert [each["key"] for each in world.get("issue/APP-1/properties")["keys"]] == ["bridge.mark"]
    assert world.call("DELETE", path).status_code == 204
    assert world.call("GET", path).status_code == 404
    assert world.call("PUT", path, "x" * 32_768).status_code == 400
    assert world.call("PUT", f"issue/APP-1/properties/{'k' * 256}", 1).status_code == 400


def test_an_issue_link_shows_one_side_on_each_issue(world: World) -> None:
    """A duplicates B: A shows outwardIssue B, B shows inwardIssue A; asking again makes no second link."""
    body = {"type": {"name": "Duplicate"}, "inwardIssue": {"key": "APP-1"}, "outwardIssue": {"key": "APP-2"}}
    for _ in range(2):
        answer = world.call("POST", "issueLink", body)
        assert (answer.status_code, answer.content) == (201, b"")
    [out] = world.get("issue/APP-1")["fields"]["issuelinks"]
    [back] = world.get("issue/APP-2")["fields"]["issuelinks"]
    assert (out["outwardIssue"]["key"], "inwardIssue" in out) == ("APP-2", False)
    assert (back["inwardIssue"]["key"], back["type"]["inward"]) == ("APP-1", "is duplicated by")
    assert world.site.issue("APP-1")["links"] == [("duplicates", "APP-2")]
    assert world.site.issue("APP-2")["updated"] == world.clock()
    assert world.call("DELETE", f"issueLink/{out['id']}").status_code == 204
    assert world.site.issue("APP-2")["links"] == []


def test_links_that_cannot_be(world: World) -> None:
    """An unknown kind or issue is 404, a link to itself 400."""
    one, two = {"key": "APP-1"}, {"key": "APP-2"}
    for kind, source, target, status in (
        ("Marries", one, two, 404),
        ("Blocks", one, {"key": "APP-9"}, 404),
        ("Blocks", one, one, 400),
    ):
        body = {"type": {"name": kind}, "inwardIssue": source, "outwardIssue": target}
        assert world.call("POST", "issueLink", body).status_code == status


def test_people_link_duplicates(world: World) -> None:
    """A developer's duplicate reads the same way; deleting the target takes the link along."""
    world.people.links_duplicate("APP-2", "APP-1", "anna")
    assert world.site.issue("APP-2")["links"] == [("duplicates", "APP-1")]
    world.people.deletes("APP-1")
    assert world.site.issue("APP-2")["links"] == []


def test_releasing_a_version_touches_no_issue(world: World) -> None:
    """The version's own resource and the issue's fixVersions show the release; ``updated`` does not."""
    number = world.people.adds_version("APP", "1.0", release_date="2026-11-01")
    world.people.plans_for("APP-1", "1.0", "anna")
    planned = world.site.issue("APP-1")["updated"]
    assert world.get("project/APP/versions")[0]["overdue"] is True
    world.clock.passes(seconds=60)
    world.people.releases("1.0", "APP")
    assert world.site.issue("APP-1")["updated"] == planned
    [version] = world.get("project/APP/versions")
    assert (version["id"], version["released"], version["releaseDate"]) == (number, True, "2026-11-20")
    assert world.get("issue/APP-1")["fields"]["fixVersions"][0]["released"] is True
    assert world.get(f"version/{number}")["overdue"] is False
    world.people.unreleases(number)
    assert world.site.versions("APP") == {"1.0": False}


def test_versions_in_pages(world: World) -> None:
    """Versions come in pages with ``isLast``; Cloud can narrow them by status."""
    for name in ("1.0", "1.1", "2.0"):
        world.people.adds_version("APP", name)
    world.people.releases("1.1")
    page = world.get("project/APP/version", startAt=2, maxResults=1)
    assert ([version["name"] for version in page["values"]], page["isLast"], page["total"]) == (
        ["2.0"],
        True,
        3,
    )
    newest = world.get("project/APP/version", orderBy="-name", maxResults=1)
    assert newest["values"][0]["name"] == "2.0"
    assert newest["nextPage"].endswith("startAt=1")
    released = world.get("project/APP/version", status="released")["values"]
    assert len(released) == (1 if world.cloud else 3)


def test_create_meta_has_the_flavours_shape(world: World) -> None:
    """Types and fields of the create screen come in the page shape of the flavour."""
    types = world.get("issue/createmeta/APP/issuetypes")
    kinds = types["issueTypes"] if world.cloud else types["values"]
    assert [kind["name"] for kind in kinds] == ["Bug", "Task", "Story"]
    page = world.get(f"issue/createmeta/APP/issuetypes/{kinds[0]['id']}", maxResults=200)
    fields = {field["fieldId"]: field for field in (page["fields"] if world.cloud else page["values"])}
    assert {name for name, field in fields.items() if field["required"]} == {
        "summary",
        "issuetype",
        "project",
    }
    assert [each["name"] for each in fields["components"]["allowedValues"]] == ["Server", "Web"]
    assert "resolution" not in fields
    assert world.call("GET", "issue/createmeta/APP/issuetypes", maxResults=201).status_code == (
        400 if world.cloud else 200
    )
