"""Projects: their versions, their statuses, and what one needs to create an issue in them."""

from __future__ import annotations

from typing import Any

from bridge.simulators.jira.calls import CLOUD, Call, Route
from bridge.simulators.jira.fields import on_screen
from bridge.simulators.jira.meta import field_meta
from bridge.simulators.jira.problems import Refused, problem, refused
from bridge.simulators.jira.records import Project, Version
from bridge.simulators.wire import Response

_META_CAP = 200
_ORDERS = {
    "sequence": lambda version: int(version.id),
    "name": lambda version: version.name,
    "releaseDate": lambda version: version.release_date or "",
    "description": lambda version: version.description,
}


def all_projects(call: Call) -> Response:
    """List the projects that the caller can see."""
    shown = [
        call.shapes.short_project(each)
        for each in call.store.projects.values()
        if each.key in call.projects()
    ]
    return Response.of_json(200, shown)


def project_search(call: Call) -> Response:
    """List Cloud's projects in a page."""
    shown = [
        call.shapes.short_project(each)
        for each in call.store.projects.values()
        if each.key in call.projects()
    ]
    page = {"self": call.shapes.at("project/search"), "maxResults": 50, "startAt": 0, "isLast": True}
    return Response.of_json(200, {**page, "total": len(shown), "values": shown})


def one_project(call: Call) -> Response:
    """Give a project with its issue types, components and versions."""
    project = call.project()
    store, shapes = call.store, call.shapes
    shape = {
        **shapes.short_project(project),
        "description": "",
        "lead": shapes.user(next(iter(store.people.values()))),
        "components": [shapes.component(each) for each in project.components],
        "issueTypes": [shapes.issue_type(each) for each in store.types if each.name in project.spec.types],
        "assigneeType": "UNASSIGNED",
        "versions": [shapes.full_version(each) for each in store.versions_of(project.key)],
        "roles": {},
        "archived": False,
    }
    if store.cloud:
        del shape["archived"]
        shape |= {"style": "classic", "isPrivate": False, "properties": {}}
    return Response.of_json(200, shape)


def versions(call: Call) -> Response:
    """List every version of a project, oldest first."""
    shown = [call.shapes.full_version(each) for each in call.store.versions_of(call.project().key)]
    return Response.of_json(200, shown)


def version_page(call: Call) -> Response:
    """List versions in pages, ordered, and on Cloud narrowed by ``query`` and ``status``."""
    project = call.project()
    found = _ordered(call, [each for each in call.store.versions_of(project.key) if _wanted(call, each)])
    start, size = max(0, call.number("startAt", 0)), min(50, max(1, call.number("maxResults", 50)))
    page = found[start : start + size]
    last = start + len(page) >= len(found)
    path = f"project/{project.key}/version"
    body: dict[str, Any] = {
        "self": call.shapes.at(f"{path}?maxResults={size}&startAt={start}"),
        "maxResults": size,
        "startAt": start,
        "total": len(found),
        "isLast": last,
        "values": [call.shapes.full_version(each) for each in page],
    }
    if not last:
        body["nextPage"] = call.shapes.at(f"{path}?maxResults={size}&startAt={start + size}")
    return Response.of_json(200, body)


def _wanted(call: Call, version: Version) -> bool:
    if not call.store.cloud:
        return True
    words = (call.text("query") or "").lower()
    statuses = call.words("status")
    status = "archived" if version.archived else "released" if version.released else "unreleased"
    named = words in version.name.lower() or words in version.description.lower()
    return named and (not statuses or status in statuses)


def _ordered(call: Call, found: list[Version]) -> list[Version]:
    asked = call.text("orderBy") or "sequence"
    order = _ORDERS.get(asked.lstrip("+-"))
    if order is None:
        raise refused(400, f"Field '{asked}' cannot be used for ordering.")
    return sorted(found, key=order, reverse=asked.startswith("-"))


def one_version(call: Call) -> Response:
    """Give a version by its id."""
    version = call.store.versions.get(call.parts["version"])
    if version is None or version.project not in call.projects():
        raise refused(404, f"Could not find version for id '{call.parts['version']}'")
    return Response.of_json(200, call.shapes.full_version(version))


def statuses(call: Call) -> Response:
    """List the statuses of a project for each of its issue types."""
    project = call.project()
    names = project.spec.workflow.statuses()
    shown = [call.shapes.status(each) for each in call.store.statuses.values() if each.name in names]
    types = [each for each in call.store.types if each.name in project.spec.types]
    keys = ("self", "id", "name", "subtask")
    listed = [
        {key: call.shapes.issue_type(each)[key] for key in keys} | {"statuses": shown} for each in types
    ]
    return Response.of_json(200, listed)


def meta_types(call: Call) -> Response:
    """Give the issue types that can be created in a project."""
    project = _meta_project(call)
    shown = [call.shapes.issue_type(each) for each in call.store.types if each.name in project.spec.types]
    return _meta_page(call, "issueTypes", shown)


def meta_fields(call: Call) -> Response:
    """Give the fields of a project's create screen."""
    project = _meta_project(call)
    known = {each.id for each in call.store.types if each.name in project.spec.types}
    if call.parts["type"] not in known:
        raise refused(
            404 if call.store.cloud else 400, f"Issue type with id '{call.parts['type']}' does not exist."
        )
    shown = []
    for name, field in on_screen(call.store, project).items():
        required = name in {"summary", "issuetype", "project"} or bool(field.custom and field.custom.required)
        if name not in {"comment"}:
            shown.append({**field_meta(call, project, field, required=required), "fieldId": name})
    return _meta_page(call, "fields", shown)


def _meta_project(call: Call) -> Project:
    try:
        return call.project()
    except Refused as missing:
        raise Refused(404 if call.store.cloud else 400, missing.body) from None


def _meta_page(call: Call, name: str, shown: list[Any]) -> Response:
    start, size = max(0, call.number("startAt", 0)), call.number("maxResults", 50)
    if call.store.cloud and size > _META_CAP:
        detail = f"The maxResults parameter must not be greater than {_META_CAP}."
        raise problem(400, "Bad Request", detail, call.request.path)
    page = shown[start : start + size]
    body: dict[str, Any] = {"startAt": start, "maxResults": size, "total": len(shown)}
    if call.store.cloud:
        return Response.of_json(200, {**body, name: page})
    return Response.of_json(200, {**body, "isLast": start + len(page) >= len(shown), "values": page})


ROUTES = (
    Route(method="GET", path="project", action=all_projects),
    Route(method="GET", path="project/search", action=project_search, flavours=CLOUD),
    Route(method="GET", path="project/{project}", action=one_project),
    Route(method="GET", path="project/{project}/versions", action=versions),
    Route(method="GET", path="project/{project}/version", action=version_page),
    Route(method="GET", path="project/{project}/statuses", action=statuses),
    Route(method="GET", path="version/{version}", action=one_version),
    Route(method="GET", path="issue/createmeta/{project}/issuetypes", action=meta_types),
    Route(method="GET", path="issue/createmeta/{project}/issuetypes/{type}", action=meta_fields),
)
