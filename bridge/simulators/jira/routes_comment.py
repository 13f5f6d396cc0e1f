"""Comments of issues, and their properties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridge.simulators.jira.calls import CLOUD, Call, Route, done
from bridge.simulators.jira.edits import comment_body
from bridge.simulators.jira.fields import Bad, Reader
from bridge.simulators.jira.problems import field_refused, refused
from bridge.simulators.jira.records import Comment, Issue
from bridge.simulators.wire import Response

_PAGE = 100
_DC_PAGE = 1_048_576
_MEMBERS = ("body", "visibility", "properties")
_READ_BACK = ("id", "self", "author", "updateAuthor", "created", "updated", "jsdPublic", "renderedBody")
_BEAN = "com.atlassian.jira.rest.v2.issue.CommentJsonBean"
_ISSUE_CAP = 5_000


def listed(call: Call) -> Response:
    """List comments in pages; Cloud gives at most 100 at once and checks ``orderBy`` before the issue."""
    order = call.text("orderBy") or "created"
    if order not in {"created", "-created", "+created"}:
        raise refused(400, f"Field '{order}' cannot be used for ordering.")
    issue = call.issue()
    start, size = max(0, call.number("startAt", 0)), _size(call)
    comments = call.comments(issue)
    if order == "-created":
        comments.reverse()
    properties = "properties" in call.words("expand")
    page = [
        call.shapes.comment(issue, each, properties=properties) for each in comments[start : start + size]
    ]
    return Response.of_json(
        200, {"startAt": start, "maxResults": size, "total": len(comments), "comments": page}
    )


def _size(call: Call) -> int:
    if call.store.cloud:
        return max(1, min(_PAGE, call.number("maxResults", _PAGE)))
    asked = call.number("maxResults", _DC_PAGE)
    return _DC_PAGE if asked < 0 else asked


def add(call: Call) -> Response:
    """Add a comment with its visibility and properties."""
    issue = call.issue()
    body = call.members(*_MEMBERS, *_READ_BACK, bean=_BEAN)
    call.needs("comment", 400, "You do not have the permission to comment on this issue.")
    text = _text(call, issue, body.get("body"))
    visibility = _visibility(call, body.get("visibility"))
    properties = call.checked_properties(body.get("properties"))
    if call.store.cloud and len(issue.comments) >= _ISSUE_CAP:
        raise refused(413, "The issue has reached the limit of comments.")
    comment = call.store.add_comment(issue, text, call.person(), visibility=visibility, properties=properties)
    return Response.of_json(201, _shown(call, issue, comment))


def _text(call: Call, issue: Issue, sent: Any) -> str:
    reader = Reader(call.store, call.store.projects[issue.project], call.api)
    try:
        return comment_body(reader, sent)
    except Bad as bad:
        text = "Comment body is not valid!" if call.api == "3" and not isinstance(sent, dict) else str(bad)
        raise field_refused({"comment": text}) from bad


def _visibility(call: Call, sent: Any) -> dict[str, str] | None:
    if sent is None:
        return None
    if not isinstance(sent, dict) or sent.get("type") not in {"role", "group"}:
        raise field_refused({"commentLevel": "The comment visibility must have a type of role or group."})
    value = sent.get("value") or sent.get("identifier")
    account = call.caller.account
    if account is None or value not in account.groups:
        raise field_refused({"commentLevel": f"Group or role: {value} does not exist, or you are not in it."})
    shown = {"type": sent["type"], "value": value}
    return {**shown, "identifier": value} if call.store.cloud else shown


def _shown(call: Call, issue: Issue, comment: Comment) -> dict[str, Any]:
    return call.shapes.comment(issue, comment, properties="properties" in call.words("expand"))


def _found(call: Call, issue: Issue) -> Comment:
    wanted = call.parts["comment"]
    for comment in call.comments(issue):
        if comment.id == wanted:
            return comment
    raise refused(404, f"Can not find a comment for the id: {wanted}.")


def read(call: Call) -> Response:
    """Give one comment."""
    issue = call.issue()
    return Response.of_json(200, _shown(call, issue, _found(call, issue)))


def edit(call: Call) -> Response:
    """Edit the caller's own comment; somebody else's needs rights that the account lacks (400)."""
    issue = call.issue()
    comment = _found(call, issue)
    body = call.members(*_MEMBERS, *_READ_BACK, bean=_BEAN)
    _check_own(call, comment, "edit")
    changes: dict[str, Any] = {"body": _text(call, issue, body.get("body"))}
    if "visibility" in body:
        changes["visibility"] = _visibility(call, body["visibility"])
    if "properties" in body:
        added = call.checked_properties(body["properties"])
        changes["properties"] = {**comment.properties, **added}
    edited = call.store.change_comment(issue, comment, call.person(), **changes)
    return Response.of_json(200, _shown(call, issue, edited))


def delete(call: Call) -> Response:
    """Delete the caller's own comment."""
    issue = call.issue()
    comment = _found(call, issue)
    _check_own(call, comment, "delete")
    call.store.delete_comment(issue, comment, call.person())
    return done()


def _check_own(call: Call, comment: Comment, verb: str) -> None:
    if comment.author != call.person() and not call.caller.may("admin"):
        raise refused(400, f"You do not have permission to {verb} the comment with id: {comment.id}.")


def _anywhere(call: Call) -> tuple[Issue, Comment]:
    wanted = call.parts["comment"]
    for issue in call.store.issues.values():
        if call.sees(issue):
            for comment in call.comments(issue):
                if comment.id == wanted:
                    return issue, comment
    raise refused(404, f"Can not find a comment for the id: {wanted}.")


def property_keys(call: Call) -> Response:
    """List the keys of a comment's properties."""
    _, comment = _anywhere(call)
    keys = [
        {"self": call.shapes.at(f"comment/{comment.id}/properties/{key}"), "key": key}
        for key in comment.properties
    ]
    return Response.of_json(200, {"keys": keys})


def get_property(call: Call) -> Response:
    """Give one property of a comment."""
    _, comment = _anywhere(call)
    key = call.parts["property"]
    if key not in comment.properties:
        raise refused(404, f"The property '{key}' does not exist.")
    return Response.of_json(200, {"key": key, "value": comment.properties[key]})


def put_property(call: Call) -> Response:
    """Set one property of a comment: 201 where it is new, 200 where it was there."""
    issue, comment = _anywhere(call)
    key = call.parts["property"]
    value = call.body()
    known = key in comment.properties
    place = issue.comments.index(comment)
    issue.comments[place] = replace(comment, properties={**comment.properties, key: value})
    call.store.touch(issue, call.person(), bump=False)
    return Response(status=200 if known else 201)


def by_ids(call: Call) -> Response:
    """Give Cloud's comments by their ids, with their properties where asked."""
    body = call.members("ids", bean="")
    wanted = {str(each) for each in body.get("ids") or ()}
    if not wanted or len(wanted) > 1_000:
        raise refused(400, "The number of ids must be between 1 and 1000.")
    properties = "properties" in call.words("expand")
    values = [
        call.shapes.comment(issue, comment, properties=properties)
        for issue in call.store.issues.values()
        if call.sees(issue)
        for comment in call.comments(issue)
        if comment.id in wanted
    ]
    page = {"startAt": 0, "maxResults": 1_048_576, "total": len(values), "isLast": True, "values": values}
    return Response.of_json(200, page)


_ONE = "issue/{issue}/comment/{comment}"
_PROPERTY = "comment/{comment}/properties/{property}"
ROUTES = (
    Route(method="GET", path="issue/{issue}/comment", action=listed),
    Route(method="POST", path="issue/{issue}/comment", action=add),
    Route(method="GET", path=_ONE, action=read),
    Route(method="PUT", path=_ONE, action=edit),
    Route(method="DELETE", path=_ONE, action=delete),
    Route(method="POST", path="comment/list", action=by_ids, flavours=CLOUD),
    Route(method="GET", path="comment/{comment}/properties", action=property_keys),
    Route(method="GET", path=_PROPERTY, action=get_property),
    Route(method="PUT", path=_PROPERTY, action=put_property),
)
