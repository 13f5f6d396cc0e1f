"""Issues: create, read, edit, delete, and the ways through the workflow."""

from __future__ import annotations

from typing import Any

from bridge.simulators.jira import problems
from bridge.simulators.jira.calls import CLOUD, Call, Route, done
from bridge.simulators.jira.edits import Edit, EditReader, perform
from bridge.simulators.jira.fields import SYSTEM, Field, catalogue, on_screen
from bridge.simulators.jira.linking import add_links
from bridge.simulators.jira.meta import field_meta
from bridge.simulators.jira.problems import field_refused, refused
from bridge.simulators.jira.records import Issue, Named, Project
from bridge.simulators.jira.routes_search import changelog
from bridge.simulators.jira.steps import check_step, step
from bridge.simulators.jira.workflow import Transition
from bridge.simulators.wire import Response

_BEAN = "com.atlassian.jira.rest.v2.issue.IssueUpdateBean"
_MEMBERS = ("fields", "update", "properties", "transition", "historyMetadata")


def create(call: Call) -> Response:
    """Create an issue; nothing is created where any part is refused."""
    body = call.members(*_MEMBERS, bean=_BEAN)
    fields, update = _part(call, body, "fields"), _part(call, body, "update")
    project = _project(call, fields.get("project"))
    call.needs("create", 403, "You do not have permission to create issues in this project.")
    edit = _read(call, project, fields, update)
    properties = call.checked_properties(body.get("properties"))
    way = _first_step(project, body.get("transition"))
    author = call.person()
    values = {"priority": _default_priority(call), "reporter": author, **edit.values}
    issue = call.store.create(project, values, author)
    issue.properties.update(properties)
    call.store.touch(issue, author, bump=False)
    add_links(call, issue, edit.links)
    perform(call.store, issue, Edit(comments=edit.comments), author)
    if way is not None:
        step(call.store, issue, way, Edit(), author)
    return Response.of_json(
        201, {"id": str(issue.id), "key": issue.key, "self": call.shapes.at(f"issue/{issue.id}")}
    )


def _part(call: Call, body: dict[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise call.unbound(name, _BEAN)
    return part


def _project(call: Call, sent: Any) -> Project:
    if isinstance(sent, dict):
        for project in call.store.projects.values():
            known = sent.get("key") == project.key or str(sent.get("id")) == project.id
            if known and project.key in call.projects():
                return project
    text = "Specify a valid project ID or key" if call.store.cloud else "valid project is required"
    raise field_refused({"project": text})


def _read(call: Call, project: Project, fields: dict[str, Any], update: dict[str, Any]) -> Edit:
    screen = on_screen(call.store, project)
    edit, errors = EditReader(call.store, project, call.api, screen, {}).read(fields, update)
    if "issuetype" not in fields:
        errors["issuetype"] = "Specify an issue type" if call.store.cloud else "issue type is required"
    if "summary" not in edit.values and "summary" not in errors:
        errors["summary"] = "You must specify a summary of the issue."
    for name, field in screen.items():
        empty = edit.values.get(name) in (None, (), "")
        if field.custom is not None and field.custom.required and empty and name not in errors:
            errors[name] = f"{field.name} is required."
    if errors:
        raise field_refused(errors)
    return edit


def _default_priority(call: Call) -> Named:
    known = call.store.priorities
    return known[len(known) // 2]


def _first_step(project: Project, sent: Any) -> Transition | None:
    if sent is None:
        return None
    wanted = str(sent.get("id")) if isinstance(sent, dict) else ""
    for way in project.spec.workflow.offered(project.spec.workflow.initial):
        if way.id == wanted and not any(field.required for field in way.screen):
            return way
    raise refused(400, problems.BAD_TRANSITION.format(id=wanted))


def read(call: Call) -> Response:
    """Give an issue by id, key, or the key it had before it was moved."""
    return Response.of_json(200, shape(call, call.issue()))


def shape(call: Call, issue: Issue) -> dict[str, Any]:
    """Give an issue as ``fields``, ``properties`` and ``expand`` of the query ask."""
    chosen = call.shapes.chosen(issue, call.query.get("fields", []), default="*all")
    body = call.shapes.issue(issue, chosen, call.comments(issue))
    expand = call.words("expand")
    properties = call.words("properties")
    if properties:
        wanted = issue.properties if "*all" in properties else properties
        body["properties"] = {key: issue.properties[key] for key in wanted if key in issue.properties}
    if "changelog" in expand:
        body["changelog"] = changelog(call, issue)
    if "names" in expand:
        body["names"] = {name: field.name for name, field in catalogue(call.store).items() if name in chosen}
    if "transitions" in expand:
        body["transitions"] = offered(call, issue, fields=False)
    return body


def edit(call: Call) -> Response:
    """Change fields; 204, or the whole issue with ``returnIssue`` on Cloud."""
    issue = call.issue()
    body = call.members(*_MEMBERS, bean=_BEAN)
    call.needs("edit", 400, "You do not have permission to edit issues in this project.")
    _check_quiet(call)
    project = call.store.projects[issue.project]
    screen = _edit_screen(call, project)
    reader = EditReader(call.store, project, call.api, screen, issue.values)
    asked, errors = reader.read(_part(call, body, "fields"), _part(call, body, "update"))
    if errors:
        raise field_refused(errors)
    properties = call.checked_properties(body.get("properties"))
    _check_conflict(call)
    add_links(call, issue, asked.links)
    perform(call.store, issue, asked, call.person())
    if properties:
        issue.properties.update(properties)
        call.store.touch(issue, call.person(), bump=call.store.switches.property_bumps)
    if call.store.cloud and call.flag("returnIssue", default=False):
        return Response.of_json(200, shape(call, issue))
    return done()


def _edit_screen(call: Call, project: Project) -> dict[str, Field]:
    screen = on_screen(call.store, project)
    if call.store.cloud:
        # Cloud no longer looks at screens when an issue is edited; a resolution needs a transition.
        screen |= {name: SYSTEM[name] for name in project.spec.off_screen if name in SYSTEM}
    return screen


def _check_quiet(call: Call) -> None:
    if call.flag("notifyUsers", default=True) or call.caller.may("admin"):
        return
    raise refused(400 if call.store.cloud else 403, problems.NO_QUIET)


def _check_conflict(call: Call) -> None:
    if call.store.switches.edit_conflicts > 0:
        call.store.switches.edit_conflicts -= 1
        raise refused(409, "The issue was changed by somebody else at the same time. Please try again.")


def delete(call: Call) -> Response:
    """Delete an issue, which few accounts may."""
    issue = call.issue()
    call.needs("delete", 403, "You do not have permission to delete issues in this project.")
    call.store.delete(issue, call.person())
    return done()


def transitions(call: Call) -> Response:
    """List what the caller can do with an issue now; empty without the permission."""
    issue = call.issue()
    fields = "transitions.fields" in call.words("expand")
    ways = offered(call, issue, fields=fields) if call.caller.may("transition") else []
    wanted = call.text("transitionId")
    if wanted:
        ways = [way for way in ways if way["id"] == wanted]
    return Response.of_json(200, {"expand": "transitions", "transitions": ways})


def offered(call: Call, issue: Issue, *, fields: bool) -> list[dict[str, Any]]:
    """Give the transitions offered now; ``fields`` adds what their screens show."""
    workflow = call.store.projects[issue.project].spec.workflow
    return [_way(call, issue, way, fields=fields) for way in workflow.offered(issue.status.name)]


def _way(call: Call, issue: Issue, way: Transition, *, fields: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": way.id,
        "name": way.name,
        "to": call.shapes.status(call.store.statuses[way.to]),
    }
    if call.store.cloud:
        shown |= {
            "hasScreen": bool(way.screen),
            "isGlobal": way.sources is None,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "isLooped": False,
        }
    else:
        shown |= {"description": "", "opsbarSequence": 10}
    if fields:
        shown["fields"] = _screen(call, issue, way)
    return shown


def _screen(call: Call, issue: Issue, way: Transition) -> dict[str, Any]:
    project = call.store.projects[issue.project]
    known = catalogue(call.store)
    hidden = {"resolution"} if call.store.switches.screens_under_report else set()
    return {
        each.id: field_meta(call, project, known[each.id], required=each.required)
        for each in way.screen
        if each.id not in hidden
    }


def move(call: Call) -> Response:
    """Take an issue through a transition, with the fields of its screen and a comment."""
    issue = call.issue()
    body = call.members(*_MEMBERS, bean=_BEAN)
    call.needs("transition", 400, "You do not have permission to transition this issue.")
    way = _named_way(call, issue, body.get("transition"))
    known = catalogue(call.store)
    screen = {each.id: known[each.id] for each in way.screen} | {"comment": SYSTEM["comment"]}
    reader = EditReader(call.store, call.store.projects[issue.project], call.api, screen, issue.values)
    asked, errors = reader.read(_part(call, body, "fields"), _part(call, body, "update"))
    errors |= check_step(way, asked, errors)
    if errors:
        raise field_refused(errors)
    if _interrupted(call):
        return done()
    step(call.store, issue, way, asked, call.person())
    return done()


def _named_way(call: Call, issue: Issue, sent: Any) -> Transition:
    if not isinstance(sent, dict) or sent.get("id") is None:
        raise refused(400, "Missing 'transition' identifier")
    workflow = call.store.projects[issue.project].spec.workflow
    for way in workflow.offered(issue.status.name):
        if way.id == str(sent["id"]):
            return way
    text = problems.BAD_TRANSITION.format(id=sent["id"])
    raise refused(400, text) if call.store.cloud else problems.fault(500, text)


def _interrupted(call: Call) -> bool:
    switches = call.store.switches
    if switches.transition_conflicts > 0:
        switches.transition_conflicts -= 1
        raise refused(409, "The issue was transitioned by somebody else at the same time.")
    if switches.transition_silences > 0:
        switches.transition_silences -= 1
        return True
    return False


def history(call: Call) -> Response:
    """Give Cloud's changelog of an issue, oldest first, in pages."""
    issue = call.issue()
    start, size = max(0, call.number("startAt", 0)), min(100, max(1, call.number("maxResults", 100)))
    page = issue.history[start : start + size]
    return Response.of_json(
        200,
        {
            "self": call.shapes.at(f"issue/{issue.id}/changelog?maxResults={size}&startAt={start}"),
            "maxResults": size,
            "startAt": start,
            "total": len(issue.history),
            "isLast": start + len(page) >= len(issue.history),
            "values": [call.shapes.history(entry) for entry in page],
        },
    )


ROUTES = (
    Route(method="POST", path="issue", action=create),
    Route(method="GET", path="issue/{issue}", action=read),
    Route(method="PUT", path="issue/{issue}", action=edit),
    Route(method="DELETE", path="issue/{issue}", action=delete),
    Route(method="GET", path="issue/{issue}/transitions", action=transitions),
    Route(method="POST", path="issue/{issue}/transitions", action=move),
    Route(method="GET", path="issue/{issue}/changelog", action=history, flavours=CLOUD),
)
