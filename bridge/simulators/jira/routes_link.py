"""What hangs on an issue: remote links, entity properties, and links to other issues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.simulators.jira.calls import Call, Route, done
from bridge.simulators.jira.linking import link_type, named_issue
from bridge.simulators.jira.problems import field_refused, message_only, problem, refused
from bridge.simulators.jira.records import Issue, IssueLink, RemoteLink
from bridge.simulators.wire import Response

_REMOTE_MEMBERS = ("globalId", "application", "relationship", "object", "id", "self")
_REMOTE_BEAN = "com.atlassian.jira.rest.v2.issue.RemoteIssueLinkCreateOrUpdateRequest"
_SHORT = 255
_REMOTE_CAP = 2_000
_PROPERTY_SIZE = 32_768


def remote_links(call: Call) -> Response:
    """List remote links; with ``globalId`` the one link as an object, 404 where the issue has none such."""
    issue = call.issue()
    wanted = call.text("globalId")
    if wanted is None:
        shown = [call.shapes.remote_link(issue, link) for link in issue.remote_links]
        return Response.of_json(200, shown)
    return Response.of_json(200, call.shapes.remote_link(issue, _by_global_id(issue, wanted)))


def _by_global_id(issue: Issue, wanted: str) -> RemoteLink:
    for link in issue.remote_links:
        if link.global_id == wanted:
            return link
    raise refused(404, f"No remote issue link with global id '{wanted}' exists for issue '{issue.key}'.")


def put_remote_link(call: Call) -> Response:
    """Add a remote link, or replace the one with the same ``globalId``; members left out become null."""
    issue = call.issue()
    body = call.members(*_REMOTE_MEMBERS, bean=_REMOTE_BEAN)
    call.needs("link", 403, "No Link Issue Permission for issue.")
    _check_remote(body)
    global_id = body.get("globalId")
    known = next((each for each in issue.remote_links if global_id and each.global_id == global_id), None)
    if known is None and call.store.cloud and len(issue.remote_links) >= _REMOTE_CAP:
        raise refused(413, "The issue has reached the limit of remote links.")
    link = _remote(call, body, known)
    call.store.put_remote_link(issue, link, call.person())
    status = 201 if known is None and call.store.cloud else 200
    address = call.shapes.at(f"issue/{issue.key}/remotelink/{link.id}")
    return Response.of_json(status, {"id": link.id, "self": address})


def _remote(call: Call, body: Mapping[str, Any], known: RemoteLink | None) -> RemoteLink:
    return RemoteLink(
        id=call.store.new_id() if known is None else known.id,
        global_id=body.get("globalId") or None,
        application=body.get("application") or {},
        relationship=body.get("relationship"),
        object={name: value for name, value in body["object"].items() if value is not None},
    )


def _check_remote(body: Mapping[str, Any]) -> None:
    errors: dict[str, str] = {}
    sent = body.get("object")
    inner: Mapping[str, Any] = sent if isinstance(sent, Mapping) else {}
    for name in ("title", "url"):
        if not isinstance(inner.get(name), str) or not inner[name]:
            errors[name] = f"'{name}' is required."
    if len(str(inner.get("title", ""))) > _SHORT:
        errors["title"] = f"'title' exceeds {_SHORT} characters."
    if len(str(body.get("globalId") or "")) > _SHORT:
        errors["globalId"] = f"'globalId' exceeds {_SHORT} characters."
    if errors:
        raise field_refused(errors)


def one_remote_link(call: Call) -> Response:
    """Give one remote link by its number."""
    issue = call.issue()
    return Response.of_json(200, call.shapes.remote_link(issue, _by_number(call, issue)))


def _by_number(call: Call, issue: Issue) -> RemoteLink:
    for link in issue.remote_links:
        if str(link.id) == call.parts["link"]:
            return link
    raise refused(404, f"No remote issue link with id '{call.parts['link']}' exists for issue '{issue.key}'.")


def replace_remote_link(call: Call) -> Response:
    """Replace one remote link by its number."""
    issue = call.issue()
    known = _by_number(call, issue)
    body = call.members(*_REMOTE_MEMBERS, bean=_REMOTE_BEAN)
    call.needs("link", 403, "No Link Issue Permission for issue.")
    _check_remote(body)
    call.store.put_remote_link(issue, _remote(call, body, known), call.person())
    return done()


def drop_remote_link(call: Call) -> Response:
    """Remove a remote link by its number."""
    issue = call.issue()
    call.needs("link", 403, "No Link Issue Permission for issue.")
    call.store.drop_remote_link(issue, _by_number(call, issue), call.person())
    return done()


def drop_by_global_id(call: Call) -> Response:
    """Remove a remote link by ``globalId``; Cloud wants a content type even here."""
    if call.store.cloud and "content-type" not in call.request.headers:
        raise problem(
            415, "Unsupported Media Type", "Content-Type 'null' is not supported.", call.request.path
        )
    issue = call.issue()
    call.needs("link", 403, "No Link Issue Permission for issue.")
    wanted = call.text("globalId")
    if not wanted:
        raise field_refused({"globalId": "'globalId' is required."})
    call.store.drop_remote_link(issue, _by_global_id(issue, wanted), call.person())
    return done()


def property_keys(call: Call) -> Response:
    """List the keys of an issue's properties."""
    issue = call.issue()
    keys = [
        {"self": call.shapes.at(f"issue/{issue.id}/properties/{key}"), "key": key} for key in issue.properties
    ]
    return Response.of_json(200, {"keys": keys})


def get_property(call: Call) -> Response:
    """Give one property."""
    issue, key = call.issue(), call.parts["property"]
    if key not in issue.properties:
        raise refused(404, f"The property '{key}' does not exist.")
    return Response.of_json(200, {"key": key, "value": issue.properties[key]})


def put_property(call: Call) -> Response:
    """Set one property to any JSON value: 201 where it is new, 200 where it was there."""
    issue, key = call.issue(), call.parts["property"]
    call.needs("edit", 403, "You do not have permission to edit this issue.")
    value = call.body()
    if len(key) > _SHORT:
        raise message_only(400, f"The property key is longer than {_SHORT} characters.")
    if len(call.request.body.decode("utf-8")) > _PROPERTY_SIZE:
        raise message_only(400, f"The property value is longer than {_PROPERTY_SIZE} characters.")
    known = key in issue.properties
    issue.properties[key] = value
    call.store.touch(issue, call.person(), bump=call.store.switches.property_bumps)
    return Response(status=200 if known else 201)


def drop_property(call: Call) -> Response:
    """Remove one property."""
    issue, key = call.issue(), call.parts["property"]
    call.needs("edit", 403, "You do not have permission to edit this issue.")
    if key not in issue.properties:
        raise refused(404, f"The property '{key}' does not exist.")
    del issue.properties[key]
    call.store.touch(issue, call.person(), bump=call.store.switches.property_bumps)
    return done()


def link_issues(call: Call) -> Response:
    """Link two issues: ``inwardIssue`` is the source of the outward reading; the answer is empty."""
    members = ("type", "inwardIssue", "outwardIssue", "comment")
    body = call.members(*members, bean="com.atlassian.jira.rest.v2.issue.LinkIssueRequestJsonBean")
    kind = link_type(call, body.get("type"))
    source = named_issue(call, body.get("inwardIssue"))
    target = named_issue(call, body.get("outwardIssue"))
    call.needs("link", 401, "No Link Issue Permission for issue.")
    if source.id == target.id:
        raise refused(400, "You cannot link an issue to itself.")
    call.store.link(kind, source, target, call.person())
    return Response(status=201)


def _issue_link(call: Call) -> IssueLink:
    for issue in call.store.issues.values():
        for link in issue.links:
            if link.id == call.parts["link"] and call.sees(issue):
                return link
    raise refused(404, f"No issue link with id '{call.parts['link']}' exists.")


def one_issue_link(call: Call) -> Response:
    """Give one link with both its issues."""
    link = _issue_link(call)
    source, target = call.store.issues[link.source], call.store.issues[link.target]
    shape = {
        "id": link.id,
        "self": call.shapes.at(f"issueLink/{link.id}"),
        "type": call.shapes.link_type(link.type),
        "inwardIssue": call.shapes.linked_issue(source),
        "outwardIssue": call.shapes.linked_issue(target),
    }
    return Response.of_json(200, shape)


def unlink_issues(call: Call) -> Response:
    """Remove one link between issues."""
    link = _issue_link(call)
    call.needs("link", 401, "No Link Issue Permission for issue.")
    call.store.unlink(link, call.person())
    return done()


_REMOTE = "issue/{issue}/remotelink"
_PROPERTY = "issue/{issue}/properties/{property}"
ROUTES = (
    Route(method="GET", path=_REMOTE, action=remote_links),
    Route(method="POST", path=_REMOTE, action=put_remote_link),
    Route(method="DELETE", path=_REMOTE, action=drop_by_global_id),
    Route(method="GET", path=f"{_REMOTE}/{{link}}", action=one_remote_link),
    Route(method="PUT", path=f"{_REMOTE}/{{link}}", action=replace_remote_link),
    Route(method="DELETE", path=f"{_REMOTE}/{{link}}", action=drop_remote_link),
    Route(method="GET", path="issue/{issue}/properties", action=property_keys),
    Route(method="GET", path=_PROPERTY, action=get_property),
    Route(method="PUT", path=_PROPERTY, action=put_property),
    Route(method="DELETE", path=_PROPERTY, action=drop_property),
    Route(method="POST", path="issueLink", action=link_issues),
    Route(method="GET", path="issueLink/{link}", action=one_issue_link),
    Route(method="DELETE", path="issueLink/{link}", action=unlink_issues),
)
