"""Search and bulk reads: Cloud's ``search/jql`` with tokens, Data Center's ``search`` with offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bridge.simulators.jira import problems, search
from bridge.simulators.jira.calls import CLOUD, DATACENTER, Call, Route
from bridge.simulators.jira.jql import BadQuery
from bridge.simulators.jira.problems import Refused, fault, message_only, problem, refused
from bridge.simulators.jira.records import Issue
from bridge.simulators.wire import Response

_CLOUD_CAP = 5_000
_RECONCILE_CAP = 50
_PROPERTY_CAP = 5
_BULK_CAP = 100
_NARROW = frozenset({"id", "key"})
_DC_BEAN = "com.atlassian.jira.rest.v2.search.SearchRequestBean"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A Cloud search as asked for, by GET or POST."""

    jql: str
    token: str | None
    size: int
    fields: list[str]
    properties: list[str]
    reconcile: list[int]
    expand: frozenset[str]


def get_jql(call: Call) -> Response:
    """Answer Cloud's search with everything in the query string."""
    reconcile = []
    for text in call.words("reconcileIssues"):
        if not text.isdigit():
            detail = f"Failed to convert 'reconcileIssues' with value: '{text}'"
            raise problem(400, "Bad Request", detail, call.request.path)
        reconcile.append(int(text))
    asked = _Asked(
        jql=call.text("jql") or "",
        token=call.text("nextPageToken") or None,
        size=call.number("maxResults", 50),
        fields=call.words("fields"),
        properties=call.words("properties"),
        reconcile=reconcile,
        expand=frozenset(call.words("expand")),
    )
    return _answer_cloud(call, asked)


def post_jql(call: Call) -> Response:
    """Answer Cloud's search with everything in the body; its binder takes nothing that it does not know."""
    body = call.members(*_BINDER, bean="")
    for name, fits in _BINDER.items():
        if name in body and not fits(body[name]):
            raise _binder_refusal(name, body[name])
    expand = body.get("expand") or ""
    asked = _Asked(
        jql=body.get("jql") or "",
        token=body.get("nextPageToken"),
        size=50 if body.get("maxResults") is None else body["maxResults"],
        fields=body.get("fields") or [],
        properties=body.get("properties") or [],
        reconcile=body.get("reconcileIssues", []),
        expand=frozenset(part.strip() for part in expand.split(",") if part.strip()),
    )
    return _answer_cloud(call, asked)


def _text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, str) for each in value))


_BINDER: dict[str, Callable[[Any], bool]] = {
    "jql": _text,
    "nextPageToken": _text,
    "maxResults": lambda value: value is None or _whole(value),
    "fields": _texts,
    "expand": _text,
    "properties": _texts,
    "fieldsByKeys": _flag,
    "failFast": _flag,
    "reconcileIssues": lambda value: isinstance(value, list) and all(_whole(each) for each in value),
}


def _binder_refusal(name: str, value: Any) -> Refused:
    broken = (name == "reconcileIssues" and value is None) or (
        name == "properties" and isinstance(value, list) and None in value
    )
    if broken:
        return fault(500, "Internal server error")
    return message_only(400, problems.BAD_PAYLOAD)


def _answer_cloud(call: Call, asked: _Asked) -> Response:
    now = call.store.now()
    after = None
    if asked.token is not None:
        after = search.untoken(asked.token, asked.jql, now)
        if after is None:
            raise refused(400, "The provided next page token is invalid or expired.")
    _check_cloud(asked)
    found = _found(call, asked.jql, strict=_strict_cloud(call), reconcile=asked.reconcile)
    start = 0 if after is None else found.after(after)
    size = _page_size(call, asked)
    page = found.issues[start : start + size]
    rest = len(found.issues) > start + len(page)
    body: dict[str, Any] = {
        "issues": [_cloud_issue(call, issue, asked) for issue in page],
        "isLast": not rest,
    }
    if rest:
        body["nextPageToken"] = search.token(asked.jql, found.keys[start + len(page) - 1], now)
    return Response.of_json(200, body)


def _check_cloud(asked: _Asked) -> None:
    if len(asked.reconcile) > _RECONCILE_CAP:
        raise refused(400, f"The max number of issues to reconcile is {_RECONCILE_CAP}.")
    if not 1 <= asked.size <= _CLOUD_CAP:
        raise refused(400, f"The maxResults parameter must be between 1 and {_CLOUD_CAP:,}.")
    if len(asked.properties) > _PROPERTY_CAP:
        raise refused(400, f"The maximum number of properties is {_PROPERTY_CAP}.")


def _strict_cloud(call: Call) -> bool:
    return bool(call.store.switches.unknown_key_is_error)


def _page_size(call: Call, asked: _Asked) -> int:
    size = asked.size
    if not _NARROW.issuperset(asked.fields):
        size = min(size, call.store.switches.wide_page_cap)
    return max(1, size * 2 // 3) if call.store.switches.short_pages else size


def _found(call: Call, jql: str, *, strict: bool, reconcile: Iterable[int] = ()) -> search.Found:
    anonymous = call.caller.account is None
    strict_projects = not anonymous or call.store.switches.anonymous_unknown_project_is_error
    asker = call.asker(strict_keys=strict, strict_projects=strict_projects)
    try:
        query = search.read(jql, order_limit=search.ORDER_LIMIT)
        found = None if query.where is None else search.find(call.store, query, asker, reconcile)
    except BadQuery as bad:
        raise refused(400, str(bad)) from bad
    if found is None:
        raise refused(400, problems.UNBOUNDED)
    return found


def _cloud_issue(call: Call, issue: Issue, asked: _Asked) -> dict[str, Any]:
    fields = asked.fields or ["id"]
    if set(fields) == {"id"} and not asked.properties:
        return {"id": str(issue.id)}
    chosen = call.shapes.chosen(issue, fields, default="*all")
    shape = call.shapes.issue(issue, chosen, call.comments(issue))
    if asked.properties:
        held = call.store.issues[issue.id].properties
        shape["properties"] = {key: held[key] for key in asked.properties if key in held}
    if "changelog" in asked.expand:
        shape["changelog"] = changelog(call, issue)
    return shape


def changelog(call: Call, issue: Issue) -> dict[str, Any]:
    """Give the changelog as ``expand=changelog`` shows it: newest first, on Cloud the newest 40 only."""
    entries = [call.shapes.history(entry) for entry in reversed(issue.history)]
    shown = entries[:40] if call.store.cloud else entries
    return {"startAt": 0, "maxResults": len(shown), "total": len(entries), "histories": shown}


def gone(_: Call) -> Response:
    """Refuse Cloud's removed search."""
    raise refused(410, problems.GONE)


def count(call: Call) -> Response:
    """Answer Cloud's approximate count."""
    body = call.members("jql", bean="")
    found = _found(call, str(body.get("jql") or ""), strict=_strict_cloud(call))
    return Response.of_json(200, {"count": len(found.issues)})


def get_search(call: Call) -> Response:
    """Answer Data Center's search with everything in the query string."""
    body = {
        "jql": call.text("jql") or "",
        "startAt": call.number("startAt", 0),
        "maxResults": call.number("maxResults", 50),
        "fields": call.words("fields"),
        "expand": call.words("expand"),
        "validateQuery": call.flag("validateQuery", default=True),
    }
    properties = call.words("properties")
    return _answer_dc(call, body, properties)


def post_search(call: Call) -> Response:
    """Answer Data Center's search with everything in the body."""
    members = ("jql", "startAt", "maxResults", "fields", "expand", "validateQuery")
    return _answer_dc(call, call.members(*members, bean=_DC_BEAN), [])


def _answer_dc(call: Call, body: dict[str, Any], properties: list[str]) -> Response:
    settings = call.store.settings
    start = max(0, int(body.get("startAt") or 0))
    asked = 50 if body.get("maxResults") is None else int(body["maxResults"])
    size = settings.search_cap if asked < 0 else min(asked, settings.search_cap)
    if start + size > settings.result_window:
        raise fault(
            500,
            f"Search limit exceeded: the request requests {start + size:,} results which exceeded the "
            f"search platform limit of {settings.result_window:,}",
        )
    strict = str(body.get("validateQuery", True)).lower() != "false"
    found, warnings = _found_dc(call, str(body.get("jql") or ""), strict=strict)
    page = found.issues[start : start + size]
    answer: dict[str, Any] = {
        "expand": "schema,names",
        "startAt": start,
        "maxResults": size,
        "total": len(found.issues),
        "issues": [_dc_issue(call, issue, body, properties) for issue in page],
    }
    return Response.of_json(200, {**answer, "warningMessages": warnings} if warnings else answer)


def _found_dc(call: Call, jql: str, *, strict: bool) -> tuple[search.Found, list[str]]:
    asker = call.asker(strict_keys=strict, strict_projects=True)
    try:
        return search.find(call.store, search.read(jql), asker), asker.warnings
    except BadQuery as bad:
        if strict or str(bad).startswith("Error in the JQL Query"):
            raise refused(400, str(bad)) from bad
        return search.Found(issues=[], keys=[], descending=()), [str(bad)]


def _dc_issue(call: Call, issue: Issue, body: dict[str, Any], properties: list[str]) -> dict[str, Any]:
    fields = body.get("fields") or []
    chosen = call.shapes.chosen(issue, fields, default="*navigable")
    shape = call.shapes.issue(issue, chosen, call.comments(issue))
    if properties:
        shape["properties"] = {key: issue.properties[key] for key in properties if key in issue.properties}
    if "changelog" in (body.get("expand") or []):
        shape["changelog"] = changelog(call, issue)
    return shape


def bulk_fetch(call: Call) -> Response:
    """Answer Cloud's bulk read by ids and keys; what is not visible is absent, without a word."""
    body = call.members("issueIdsOrKeys", "fields", "expand", "properties", "fieldsByKeys", bean="")
    wanted = body.get("issueIdsOrKeys")
    if not isinstance(wanted, list) or not wanted or len(wanted) > _BULK_CAP:
        raise refused(400, f"The number of issues must be between 1 and {_BULK_CAP}.")
    found = {issue.id: issue for each in wanted if (issue := call.store.find(str(each))) is not None}
    issues = [found[number] for number in sorted(found) if call.sees(found[number])]
    shapes = []
    for issue in issues:
        chosen = call.shapes.chosen(issue, body.get("fields") or [], default="*navigable")
        shape = call.shapes.issue(issue, chosen, call.comments(issue))
        if body.get("properties"):
            shape["properties"] = {
                k: issue.properties[k] for k in body["properties"] if k in issue.properties
            }
        if "changelog" in (body.get("expand") or []):
            shape["changelog"] = changelog(call, issue)
        shapes.append(shape)
    return Response.of_json(200, {"issues": shapes, "issueErrors": []})


ROUTES = (
    Route(method="GET", path="search/jql", action=get_jql, flavours=CLOUD),
    Route(method="POST", path="search/jql", action=post_jql, flavours=CLOUD),
    Route(method="POST", path="search/approximate-count", action=count, flavours=CLOUD),
    Route(method="GET", path="search", action=gone, flavours=CLOUD),
    Route(method="POST", path="search", action=gone, flavours=CLOUD),
    Route(method="GET", path="search", action=get_search, flavours=DATACENTER),
    Route(method="POST", path="search", action=post_search, flavours=DATACENTER),
    Route(method="POST", path="issue/bulkfetch", action=bulk_fetch, flavours=CLOUD),
)
