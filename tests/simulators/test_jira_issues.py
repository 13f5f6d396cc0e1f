"""Issues: creating, reading and editing them, and what each refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.simulators.jira import Account, CustomField, JiraSettings, Person, ProjectSpec
from bridge.simulators.jira.adf import document, is_document, markup
from tests.simulators.jira_world import FLAVOURS, World

BASE = {"project": {"key": "APP"}, "issuetype": {"name": "Bug"}, "summary": "Mail is down"}


@pytest.fixture(params=FLAVOURS)
def world(request: pytest.FixtureRequest) -> World:
    """Give a site with two projects, a custom field, and a field off the screens."""
    return World(
        request.param,
        projects=(
            ProjectSpec(
                key="APP",
                name="Application",
                components=("Web",),
                versions=("1.0",),
                off_screen=frozenset({"environment"}),
            ),
            ProjectSpec(key="OPS", name="Operations"),
        ),
        custom_fields=(
            CustomField(id="customfield_10100", name="Impact", kind="select", options=("High", "Low")),
        ),
    )


def _create(world: World, fields: dict[str, Any] | None = None, **body: Any) -> Any:
    answer = world.call("POST", "issue", {"fields": {**BASE, **(fields or {})}, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_create_with_everything_at_once(world: World) -> None:
    """Fields, update verbs, properties and a first transition go in one call and are there at once."""
    made = _create(
        world,
        {
            "components": [{"name": "Web"}],
            "priority": {"name": "High"},
            "customfield_10100": {"value": "High"},
        },
        update={"labels": [{"add": "b"}, {"add": "a"}], "comment": [{"add": {"body": "Hello"}}]},
        properties=[{"key": "bridge", "value": {"incident": "INC1"}}],
        transition={"id": "11"},
    )
    seen = world.site.issue(made["key"])
    assert (made["key"], seen["status"], seen["priority"]) == ("APP-1", "In Progress", "High")
    assert (seen["labels"], seen["components"], seen["customfield_10100"]) == (["a", "b"], ["Web"], "High")
    assert seen["properties"] == {"bridge": {"incident": "INC1"}}
    assert [comment["body"] for comment in world.site.comments(made["key"])] == ["Hello"]
    read = world.get(f"issue/{made['id']}", properties="bridge", fields="summary")
    assert read["properties"] == {"bridge": {"incident": "INC1"}}
    assert read["fields"] == {"summary": "Mail is down"}


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"summary": None}, "summary", "You must specify a summary"),
        ({"summary": "x" * 256}, "summary", "Summary can't exceed 255 characters."),
        ({"summary": "two\nlines"}, "summary", "newline"),
        ({"description": "x" * 32_768}, "description", "exceeds the allowed limit of 32,767 characters"),
        ({"labels": ["two words"]}, "labels", "contains spaces"),
        ({"labels": "mail"}, "labels", "not an array"),
        ({"components": [{"name": "Nope"}]}, "components", "is not valid"),
        ({"fixVersions": [{"name": "9.9"}]}, "fixVersions", "is not valid"),
        ({"priority": {"name": "Urgent"}}, "priority", "is not valid"),
        ({"priority": "High"}, "priority", "not an object"),
        ({"issuetype": {"name": "Epic"}}, "issuetype", "is not valid"),
        ({"customfield_10100": {"value": "Middling"}}, "customfield_10100", "is not valid"),
        (
            {"customfield_99999": "x"},
            "customfield_99999",
            "cannot be set. It is not on the appropriate screen",
        ),
        ({"resolution": {"name": "Done"}}, "resolution", "cannot be set"),
        ({"status": {"name": "Done"}}, "status", "cannot be set"),
        ({"environment": "prod"}, "environment", "cannot be set"),
        ({"project": {"key": "NOPE"}}, "project", "project"),
    ],
)
def test_create_names_the_field_that_is_wrong(
    world: World, fields: dict[str, Any], field: str, text: str
) -> None:
    """A bad value is 400 under the field's id, and no issue is made."""
    answer = world.call("POST", "issue", {"fields": {**BASE, **fields}})
    assert answer.status_code == 400
    assert text in answer.json()["errors"][field]
    assert world.site.keys("APP") == []


def test_create_collects_every_complaint(world: World) -> None:
    """Two bad fields are both named in one answer."""
    answer = world.call("POST", "issue", {"fields": {"project": {"key": "APP"}, "labels": ["a b"]}})
    assert answer.json()["errors"].keys() == {"summary", "issuetype", "labels"}


def test_unknown_members_of_the_body_are_refused(world: World) -> None:
    """The body knows five members; the wording is the flavour's."""
    answer = world.call("POST", "issue", {"fields": BASE, "notify": False})
    assert answer.status_code == 400
    expected = "Invalid request payload" if world.cloud else 'Unrecognized field "notify"'
    assert expected in answer.json()["errorMessages"][0]


def test_a_required_custom_field() -> None:
    """A project may demand a field of its own."""
    field = CustomField(id="customfield_10200", name="Customer", required=True)
    world = World(custom_fields=(field,))
    answer = world.call("POST", "issue", {"fields": BASE})
    assert answer.json()["errors"] == {"customfield_10200": "Customer is required."}
    meta = world.get("issue/createmeta/APP/issuetypes/10001")["fields"]
    assert next(each for each in meta if each["fieldId"] == "customfield_10200")["required"] is True


def test_the_longest_texts_are_taken(world: World) -> None:
    """Limits are inclusive."""
    made = _create(world, {"summary": "x" * 255, "description": "y" * 32_767})
    assert len(world.site.issue(made["key"])["description"]) == 32_767


def test_edit_changes_only_what_is_sent(world: World) -> None:
    """Verbs work on what is there; null clears; the answer is an empty 204."""
    key = _create(world, {"labels": ["a", "b"], "description": "text"})["key"]
    body = {"fields": {"description": None}, "update": {"labels": [{"remove": "a"}, {"add": "c"}]}}
    answer = world.call("PUT", f"issue/{key}", body)
    assert (answer.status_code, answer.content) == (204, b"")
    seen = world.site.issue(key)
    assert (seen["labels"], seen["description"], seen["summary"]) == (["b", "c"], None, "Mail is down")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}}, "labels"),
        ({"update": {"summary": [{"add": "x"}]}}, "summary"),
        ({"update": {"labels": {"add": "x"}}}, "labels"),
        ({"fields": {"resolution": {"name": "Done"}}}, "resolution"),
        ({"fields": {"nothing": 1}}, "nothing"),
    ],
)
def test_edit_refuses(world: World, body: dict[str, Any], field: str) -> None:
    """A field twice, an unknown verb, a resolution without a transition, an unknown field.

    400, nothing changes.
    """
    key = _create(world)["key"]
    before = world.site.issue(key)
    answer = world.call("PUT", f"issue/{key}", body)
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {field}
    assert world.site.issue(key) == before


def test_screens_bind_edits_on_data_center_only(world: World) -> None:
    """A field off the screen can be edited on Cloud, not on Data Center."""
    key = _create(world)["key"]
    answer = world.call("PUT", f"issue/{key}", {"fields": {"environment": "prod"}})
    assert answer.status_code == (204 if world.cloud else 400)


def test_return_issue_is_clouds(world: World) -> None:
    """Cloud gives the edited issue when asked; Data Center does not know the parameter."""
    key = _create(world)["key"]
    answer = world.call("PUT", f"issue/{key}", {"fields": {"summary": "New"}}, returnIssue="true")
    assert answer.status_code == (200 if world.cloud else 204)
    if world.cloud:
        assert answer.json()["fields"]["summary"] == "New"


def test_quiet_edits_need_an_administrator(world: World) -> None:
    """``notifyUsers=false`` is refused to the service account."""
    key = _create(world)["key"]
    answer = world.call("PUT", f"issue/{key}", {"fields": {"summary": "New"}}, notifyUsers="false")
    assert answer.status_code == (400 if world.cloud else 403)
    assert world.site.issue(key)["summary"] == "Mail is down"


def test_a_conflicting_edit(world: World) -> None:
    """With the switch on the next edit is 409 and the one after goes through."""
    key = _create(world)["key"]
    world.site.switches.edit_conflicts = 1
    assert world.call("PUT", f"issue/{key}", {"fields": {"summary": "A"}}).status_code == 409
    assert world.call("PUT", f"issue/{key}", {"fields": {"summary": "B"}}).status_code == 204
    assert world.site.issue(key)["summary"] == "B"


def test_updated_moves_with_edits_that_change_something(world: World) -> None:
    """An edit to the same value leaves ``updated`` and history alone."""
    key = _create(world)["key"]
    made = world.site.issue(key)["updated"]
    world.clock.passes(seconds=5)
    world.call("PUT", f"issue/{key}", {"fields": {"summary": "Mail is down"}})
    assert world.site.issue(key)["updated"] == made
    world.call("PUT", f"issue/{key}", {"fields": {"summary": "Mail is slow"}})
    assert world.site.issue(key)["updated"] == world.clock()
    assert [entry[1:] for entry in world.site.history(key)] == [
        ("bridge", "summary", "Mail is down", "Mail is slow")
    ]


def test_times_are_whole_milliseconds_in_the_sites_zone(world: World) -> None:
    """What is finer than a millisecond is cut, so that a time read back is the time that was stored."""
    world.clock.passes(microseconds=1_999)
    key = _create(world)["key"]
    assert world.get(f"issue/{key}")["fields"]["updated"] == "2026-11-20T10:00:00.251+0100"
    assert world.site.issue(key)["updated"].microsecond == 251_000


def test_deleting_needs_the_permission(world: World) -> None:
    """The service account may not delete (403).

    An account that may gets 204, and the issue is 404 afterwards.
    """
    key = _create(world)["key"]
    assert world.call("DELETE", f"issue/{key}").status_code == 403
    permissions = JiraSettings().accounts[0].permissions | {"delete"}
    account = Account(person=Person.of("bridge"), token="bridge-token", permissions=permissions)
    mighty = World(world.settings.flavour, accounts=(account,))
    mighty.people.creates("APP", "One", by="anna")
    assert mighty.call("DELETE", "issue/APP-1").status_code == 204
    assert mighty.call("GET", "issue/APP-1").status_code == 404


def test_moved_hidden_archived_deleted(world: World) -> None:
    """A moved issue answers under its old key and id; a hidden or deleted one is 404.

    An archived one only unfindable.
    """
    keys = [_create(world)["key"] for _ in range(4)]
    number = world.site.issue(keys[0])["id"]
    moved = world.people.moves(keys[0], "OPS")
    assert [world.get(f"issue/{each}")["key"] for each in (keys[0], number, moved)] == [moved] * 3
    assert world.get(f"issue/{moved}")["fields"]["project"]["key"] == "OPS"
    world.people.hides(keys[1])
    world.people.archives(keys[2])
    world.people.deletes(keys[3])
    assert world.call("GET", f"issue/{keys[1]}").status_code == 404
    assert world.call("GET", f"issue/{keys[2]}").status_code == 200
    assert world.call("GET", f"issue/{keys[3]}").status_code == 404
    assert world.found("project in (APP, OPS)") == [moved]
    assert _create(world)["key"] == "APP-5"


def test_no_issue_says_the_flavours_words(world: World) -> None:
    """The 404 body is the usual error collection."""
    answer = world.call("GET", "issue/APP-77")
    words = (
        "Issue does not exist or you do not have permission to see it."
        if world.cloud
        else "Issue Does Not Exist"
    )
    assert answer.json() == {"errorMessages": [words], "errors": {}}
    world.site.switches.localised = True
    assert words not in world.call("GET", "issue/APP-77").text


def test_changelog(world: World) -> None:
    """``expand=changelog`` is newest first; Cloud's own resource is oldest first in pages."""
    key = _create(world)["key"]
    for number in range(3):
        world.people.sets(key, {"summary": f"Name {number}"}, "anna")
    shown = world.get(f"issue/{key}", expand="changelog")["changelog"]
    assert [entry["items"][0]["toString"] for entry in shown["histories"]] == ["Name 2", "Name 1", "Name 0"]
    assert ("fieldId" in shown["histories"][0]["items"][0]) is world.cloud
    paged = world.call("GET", f"issue/{key}/changelog", startAt=1, maxResults=1)
    assert paged.status_code == (200 if world.cloud else 404)
    if world.cloud:
        assert paged.json()["values"][0]["items"][0]["toString"] == "Name 1"
        assert paged.json()["isLast"] is False


class TestDocuments:
    """Version 3 takes and gives documents, version 2 markup, of the same value."""

    def test_both_versions_read_one_value(self) -> None:
        """Markup written on v2 reads as a document on v3, and back."""
        world = World()
        key = _create(
            world, {"description": "First *bold* line\nnext line\n\n{noformat}\nraw *text*\n{noformat}"}
        )["key"]
        blocks = world.get(f"issue/{key}", api="3")["fields"]["description"]["content"]
        assert [block["type"] for block in blocks] == ["paragraph", "codeBlock"]
        assert blocks[0]["content"][1] == {"type": "text", "text": "bold", "marks": [{"type": "strong"}]}
        assert world.get(f"issue/{key}")["fields"]["description"].startswith("First *bold* line\nnext line")

    def test_a_plain_string_is_refused_on_v3(self) -> None:
        """A string where a document belongs is 400, in a description and in a comment.

        So is an empty text node.
        """
        world = World()
        answer = world.call("POST", "issue", {"fields": {**BASE, "description": "plain"}}, api="3")
        assert "Operation value must be an Atlassian Document" in answer.json()["errors"]["description"]
        key = _create(world)["key"]
        assert world.call("POST", f"issue/{key}/comment", {"body": "plain"}, api="3").status_code == 400
        empty = {"type": "doc", "version": 1, "content": [{"type": "text", "text": ""}]}
        assert (
            world.call("PUT", f"issue/{key}", {"fields": {"description": empty}}, api="3").status_code == 400
        )
        assert world.call("PUT", f"issue/{key}", {"fields": {"description": {}}}).status_code == 400

    def test_cloud_normalises_line_ends(self) -> None:
        """Cloud stores line feeds and drops trailing blanks; Data Center keeps what it got."""
        for flavour, kept in (("cloud", "a\nb"), ("datacenter", "a\r\nb \n")):
            world = World(flavour)
            key = _create(world, {"description": "a\r\nb \n"})["key"]
            assert world.site.issue(key)["description"] == kept

    @given(text=st.text(max_size=80))
    def test_text_nodes_are_literal(self, text: str) -> None:
        """What v3 writes as one text comes back as the same text, whatever markup it looks like."""
        line = " ".join(text.split())
        nodes = [{"type": "text", "text": line}] if line else []
        sent = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": nodes}]}
        stored = document(markup(sent))
        assert is_document(stored)
        if line and not line.startswith(("* ", "# ", "h1.", "h2.", "h3.", "h4.", "h5.", "h6.")):
            assert stored["content"] == sent["content"]

    @given(text=st.text(max_size=200))
    def test_any_markup_makes_a_sound_document(self, text: str) -> None:
        """Any text can be shown as a document without an empty node."""
        assert is_document(document(text))
