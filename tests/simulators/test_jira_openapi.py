"""Every successful answer of a walk through the site has the shape that the vendor's file gives it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from bridge.simulators.jira import CustomField, ProjectSpec
from bridge.simulators.jira.adf import document
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Response
from tests.simulators.jira_world import FLAVOURS, URL, World
from tests.simulators.openapi import Judged, Spec, spec_file


def _judged_world(flavour: str) -> tuple[World, Judged]:
    path = spec_file(flavour)
    if path is None:
        pytest.skip("the vendor's OpenAPI files are not at hand")
    world = World(
        flavour,
        projects=(ProjectSpec(key="APP", name="Application", components=("Web",), versions=("1.0", "2.0")),),
        custom_fields=(
            CustomField(id="customfield_10100", name="Incident", kind="url"),
            CustomField(id="customfield_10101", name="Impact", kind="select", options=("High", "Low")),
            CustomField(id="customfield_10102", name="Notes", kind="textarea"),
            CustomField(id="customfield_10103", name="Sites", kind="multiselect", options=("A", "B")),
        ),
    )
    judge = Judged(world.site, Spec(flavour, path))
    world.session.mount(URL, InProcess(judge))
    return world, judge


def _walk(world: World, api: str) -> None:
    rich = _document if api == "3" else str
    call, people = world.call, world.people
    first = people.creates("APP", "The first one", by="anna", fields={"labels": ["a"], "components": ["Web"]})
    people.comments(first, "Looking *into* it", "anna", internal=True)
    for path in (
        "serverInfo",
        "myself",
        "field",
        "status",
        "resolution",
        "priority",
        "issueLinkType",
        "issuetype",
    ):
        call("GET", path, api=api)
    for path in (
        "project",
        "project/APP",
        "project/APP/versions",
        "project/APP/version",
        "project/APP/statuses",
    ):
        call("GET", path, api=api)
    kinds = call("GET", "issue/createmeta/APP/issuetypes", api=api).json()
    kind = (kinds["issueTypes"] if world.cloud else kinds["values"])[0]["id"]
    call("GET", f"issue/createmeta/APP/issuetypes/{kind}", api=api)
    fields = {
        "project": {"key": "APP"},
        "issuetype": {"id": kind},
        "summary": "The second one",
        "description": rich("h1. Steps\n\n* one\n* two\n\n{noformat}\nraw\n{noformat}"),
        "customfield_10100": "https://remedy.example/1",
        "customfield_10101": {"value": "High"},
        "customfield_10102": rich("some *notes*"),
        "customfield_10103": [{"value": "A"}],
        "fixVersions": [{"name": "1.0"}],
    }
    body = {"fields": fields, "properties": [{"key": "mark", "value": {"of": ["INC1"]}}]}
    created = call("POST", "issue", body, api=api)
    assert created.status_code == 201, created.text
    key = created.json()["key"]
    _comments_and_links(world, api, key, first, rich)
    people.releases("1.0")
    call("GET", f"issue/{key}/transitions", api=api, expand="transitions.fields")
    call(
        "POST",
        f"issue/{key}/transitions",
        {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Fixed"}}},
        api=api,
    )
    call("GET", f"issue/{key}", api=api, expand="changelog,names,transitions", properties="mark")
    _searches(world, api, key)


def _comments_and_links(world: World, api: str, key: str, other: str, rich: object) -> None:
    call = world.call
    comment = call("POST", f"issue/{key}/comment", {"body": rich("A comment")}, api=api).json()  # type: ignore[operator]
    call("PUT", f"issue/{key}/comment/{comment['id']}", {"body": rich("Another")}, api=api)  # type: ignore[operator]
    call("PUT", f"comment/{comment['id']}/properties/mark", {"a": 1}, api=api)
    call("GET", f"comment/{comment['id']}/properties", api=api)
    call("GET", f"comment/{comment['id']}/properties/mark", api=api)
    call("GET", f"issue/{key}/comment", api=api, orderBy="-created", expand="properties")
    link = {
        "globalId": "system=remedy&id=INC1",
        "object": {"url": "https://remedy.example/1", "title": "INC1"},
    }
    call("POST", f"issue/{key}/remotelink", link, api=api)
    call("POST", f"issue/{key}/remotelink", {**link, "relationship": "caused by"}, api=api)
    call("GET", f"issue/{key}/remotelink", api=api)
    call("GET", f"issue/{key}/remotelink", api=api, globalId=link["globalId"])
    link_body = {"type": {"name": "Duplicate"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    call("POST", "issueLink", link_body, api=api)
    call("PUT", f"issue/{key}/properties/p", [1, "two"], api=api)
    call("GET", f"issue/{key}/properties/p", api=api)
    call("GET", f"issue/{key}/properties", api=api)
    call("DELETE", f"issue/{key}/properties/p", api=api)
    call("PUT", f"issue/{key}", {"update": {"labels": [{"add": "x"}]}}, api=api)


def _searches(world: World, api: str, key: str) -> None:
    call = world.call
    jql = "project = APP ORDER BY updated ASC, key ASC"
    if not world.cloud:
        call("GET", "search", jql=jql, fields="*all", expand="changelog")
        call("POST", "search", {"jql": jql, "maxResults": 1, "validateQuery": False})
        return
    call("GET", "search/jql", api=api, jql=jql, fields="*all", expand="changelog")
    call(
        "POST",
        "search/jql",
        {"jql": jql, "maxResults": 1, "fields": ["*navigable"], "properties": ["mark"]},
        api=api,
    )
    call("POST", "search/jql", {"jql": jql}, api=api)
    call("POST", "search/approximate-count", {"jql": jql}, api=api)
    call("POST", "issue/bulkfetch", {"issueIdsOrKeys": [key, "APP-1", "APP-99"], "fields": ["*all"]}, api=api)
    call("PUT", f"issue/{key}", {"fields": {"summary": "Renamed"}}, api=api, returnIssue="true")
    call("GET", f"issue/{key}/changelog", api=api)


def _document(text: str) -> dict[str, object]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    return {"type": "doc", "version": 1, "content": content}


@pytest.mark.parametrize(("flavour", "api"), [("cloud", "2"), ("cloud", "3"), ("datacenter", "2")])
def test_answers_have_the_declared_shape(flavour: str, api: str) -> None:
    """Nothing in a walk over every resource contradicts the vendor's file.

    The walk reaches thirty of them.
    """
    world, judge = _judged_world(flavour)
    _walk(world, api)
    assert judge.complaints == []
    assert len(judge.judged) >= 30


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_judge_sees_a_wrong_answer(flavour: str) -> None:
    """A page of comments whose total is a word is not accepted, so silence of the judge means something."""
    world, judge = _judged_world(flavour)
    key = world.people.creates("APP", "One", by="anna")
    answer = world.call("GET", f"issue/{key}/comment")
    assert judge.complaints == []
    path = spec_file(flavour)
    assert path is not None
    spec = Spec(flavour, path)
    wrong = Response.of_json(200, {**answer.json(), "total": "none"})
    assert len(spec.complaints("GET", f"/rest/api/2/issue/{key}/comment", wrong)) == 1


@settings(deadline=None, max_examples=60)
@given(text=st.text(alphabet=st.sampled_from("ab *#_h1.\n{}[]|\\-x"), max_size=60))
def test_documents_follow_the_vendors_schema(document_schema: Draft4Validator, text: str) -> None:
    """Whatever markup is stored, version 3 shows a document that the published schema accepts."""
    assert [error.message for error in document_schema.iter_errors(document(text))] == []


@pytest.fixture(scope="module")
def document_schema() -> Draft4Validator:
    """Give the vendor's schema of documents, where it is at hand."""
    path = spec_file("cloud")
    if path is None or not path.with_name("adf.schema.json").is_file():
        pytest.skip("the vendor's document schema is not at hand")
    return Draft4Validator(json.loads(path.with_name("adf.schema.json").read_text(encoding="utf-8")))
