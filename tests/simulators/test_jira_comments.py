"""Comments: pages, visibility, properties, and what they do to ``updated``."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.simulators.jira import Account, Person
from tests.simulators.jira_world import FLAVOURS, World


@pytest.fixture(params=FLAVOURS)
def world(request: pytest.FixtureRequest) -> World:
    """Give a site with one issue, five seconds old, and a caller in a group."""
    account = Account(person=Person.of("bridge"), token="bridge-token", groups=frozenset({"support"}))
    made = World(request.param, accounts=(account,))
    made.people.creates("APP", "Mail is down", by="anna")
    made.clock.passes(seconds=5)
    return made


def _add(world: World, body: Any, **more: Any) -> Any:
    return world.call("POST", "issue/APP-1/comment", {"body": body, **more})


def test_a_comment_is_there_at_once_with_its_properties(world: World) -> None:
    """The 201 answer holds id, author and body; the property is readable by itself."""
    answer = _add(world, "Hello", properties=[{"key": "bridge.src", "value": {"id": "WLG1"}}])
    assert answer.status_code == 201
    number = answer.json()["id"]
    assert answer.json()["author"]["displayName"] == "Bridge"
    assert world.get(f"comment/{number}/properties/bridge.src")["value"] == {"id": "WLG1"}
    listed = world.get("issue/APP-1/comment", expand="properties")["comments"]
    assert listed[0]["properties"] == [{"key": "bridge.src", "value": {"id": "WLG1"}}]
    assert world.get(f"issue/APP-1/comment/{number}")["body"] == "Hello"


@pytest.mark.parametrize("body", ["", "   ", None, "x" * 32_768, {"a": 1}])
def test_bad_bodies_are_refused(world: World, body: Any) -> None:
    """Empty, too long and foreign bodies are 400, and there is no comment."""
    assert _add(world, body).status_code == 400
    assert world.site.comments("APP-1") == []


def test_pages_and_order(world: World) -> None:
    """Pages have no ``isLast``; newest first by ``-created``; Cloud caps at 100 and lifts 0 to 1."""
    for number in range(120):
        world.people.comments("APP-1", f"Comment {number}", "anna")
    page = world.get("issue/APP-1/comment", startAt=118, maxResults=5)
    assert [comment["body"] for comment in page["comments"]] == ["Comment 118", "Comment 119"]
    assert (page["startAt"], page["total"], "isLast" in page) == (118, 120, False)
    newest = world.get("issue/APP-1/comment", orderBy="-created", maxResults=1)["comments"]
    assert newest[0]["body"] == "Comment 119"
    assert len(world.get("issue/APP-1/comment")["comments"]) == (100 if world.cloud else 120)
    assert len(world.get("issue/APP-1/comment", maxResults=500)["comments"]) == (100 if world.cloud else 120)
    assert len(world.get("issue/APP-1/comment", maxResults=0)["comments"]) == (1 if world.cloud else 0)
    assert world.get("issue/APP-1?fields=comment")["fields"]["comment"]["total"] == 120


def test_a_bad_order_is_refused_even_for_an_unknown_issue(world: World) -> None:
    """``orderBy`` is checked before the issue is looked for."""
    assert world.call("GET", "issue/NOPE-1/comment", orderBy="updated").status_code == 400
    assert world.call("GET", "issue/NOPE-1/comment").status_code == 404


def test_only_new_comments_move_updated(world: World) -> None:
    """Adding moves ``updated``; editing and deleting do not, unless the switches say so."""
    number = _add(world, "Hello").json()["id"]
    added = world.clock()
    assert world.site.issue("APP-1")["updated"] == added
    world.clock.passes(seconds=5)
    path = f"issue/APP-1/comment/{number}"
    assert world.call("PUT", path, {"body": "Hello again"}).json()["updated"] != world.get(path)["created"]
    assert world.site.comments("APP-1")[0]["updated"] == world.clock()
    assert world.site.issue("APP-1")["updated"] == added
    world.site.switches.comment_edit_bumps = True
    world.site.switches.comment_delete_bumps = True
    world.call("PUT", path, {"body": "Hello a third time"})
    assert world.site.issue("APP-1")["updated"] == world.clock()
    world.clock.passes(seconds=5)
    assert world.call("DELETE", path).status_code == 204
    assert world.site.issue("APP-1")["updated"] == world.clock()
    assert world.call("GET", path).status_code == 404


def test_comments_of_others_cannot_be_changed(world: World) -> None:
    """Editing or deleting somebody else's comment is 400."""
    number = world.people.comments("APP-1", "Mine", "anna")
    assert world.call("PUT", f"issue/APP-1/comment/{number}", {"body": "Yours"}).status_code == 400
    assert world.call("DELETE", f"issue/APP-1/comment/{number}").status_code == 400
    assert world.site.comments("APP-1")[0]["body"] == "Mine"


def test_visibility(world: World) -> None:
    """A comment may be kept to a group of the caller; one for other groups is not seen.

    Unknown groups are refused.
    """
    assert _add(world, "For us", visibility={"type": "group", "value": "support"}).status_code == 201
    assert _add(world, "For them", visibility={"type": "group", "value": "devs"}).status_code == 400
    assert _add(world, "For nobody", visibility={"type": "team", "value": "x"}).status_code == 400
    world.people.comments("APP-1", "Secret", "anna", visibility={"type": "role", "value": "devs"})
    shown = world.get("issue/APP-1/comment")
    assert [comment["body"] for comment in shown["comments"]] == ["For us"]
    assert shown["total"] == 1
    assert shown["comments"][0]["visibility"]["value"] == "support"


def test_internal_comments(world: World) -> None:
    """A comment internal to agents carries its property and, on Cloud, ``jsdPublic`` false."""
    number = world.people.comments("APP-1", "Between us", "anna", internal=True)
    assert world.get(f"comment/{number}/properties/sd.public.comment")["value"] == {"internal": True}
    shown = world.get("issue/APP-1/comment")["comments"][0]
    assert shown.get("jsdPublic") is (False if world.cloud else None)


def test_people_edit_and_delete(world: World) -> None:
    """A developer's edit shows with its own time; a deleted comment leaves no trace."""
    number = world.people.comments("APP-1", "Furst", "anna")
    world.clock.passes(seconds=1)
    world.people.edits_comment("APP-1", number, "First", "anna")
    [seen] = world.site.comments("APP-1")
    assert (seen["body"], seen["updated"] > seen["created"]) == ("First", True)
    world.people.deletes_comment("APP-1", number, "anna")
    assert world.site.comments("APP-1") == []
    assert world.site.history("APP-1") == []


def test_comments_by_ids_is_clouds() -> None:
    """Cloud gives comments of several issues by id, with their properties."""
    world = World()
    numbers = []
    for number in (1, 2):
        world.people.creates("APP", f"Issue {number}", by="anna")
        numbers.append(
            int(world.people.comments(f"APP-{number}", f"Comment {number}", "anna", internal=True))
        )
    answer = world.call("POST", "comment/list", {"ids": numbers}, expand="properties").json()
    assert [comment["body"] for comment in answer["values"]] == ["Comment 1", "Comment 2"]
    assert answer["values"][0]["properties"][0]["key"] == "sd.public.comment"
