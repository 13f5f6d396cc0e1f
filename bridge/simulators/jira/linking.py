"""Links between issues, as a request names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.simulators.jira.calls import Call
from bridge.simulators.jira.problems import refused
from bridge.simulators.jira.records import Issue, LinkType


def link_type(call: Call, sent: Any) -> LinkType:
    """Find the kind of link by id or name; 404 where there is none."""
    wanted = sent if isinstance(sent, Mapping) else {}
    for kind in call.store.link_types:
        if str(wanted.get("id")) == kind.id or str(wanted.get("name", "")).lower() == kind.name.lower():
            return kind
    raise refused(404, f"No issue link type with name '{wanted.get('name', wanted.get('id'))}' found.")


def named_issue(call: Call, sent: Any) -> Issue:
    """Find an issue by ``{id}`` or ``{key}``; 404 where the caller cannot see it."""
    wanted = sent if isinstance(sent, Mapping) else {}
    issue = call.store.find(str(wanted.get("id") or wanted.get("key") or ""))
    if issue is None or not call.sees(issue):
        raise call.no_issue()
    return issue


def add_links(call: Call, issue: Issue, asked: Iterable[Mapping[str, Any]]) -> None:
    """Make the links that an edit brings along: ``{type, outwardIssue}`` or ``{type, inwardIssue}``."""
    for each in asked:
        kind = link_type(call, each.get("type"))
        if "outwardIssue" in each:
            call.store.link(kind, issue, named_issue(call, each["outwardIssue"]), call.person())
        else:
            call.store.link(kind, named_issue(call, each.get("inwardIssue")), issue, call.person())
