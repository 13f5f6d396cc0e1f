"""The site itself: what it is, who one is on it, and its lists of fields, statuses and the like."""

from __future__ import annotations

from typing import Any

from bridge.simulators.jira.calls import Call, Route
from bridge.simulators.jira.fields import Field, catalogue
from bridge.simulators.jira.problems import Refused, refused
from bridge.simulators.wire import Response

_NO_LOGIN = "Client must be authenticated to access this resource."
_PERMISSIONS = {
    "BROWSE_PROJECTS": "browse",
    "CREATE_ISSUES": "create",
    "EDIT_ISSUES": "edit",
    "TRANSITION_ISSUES": "transition",
    "ADD_COMMENTS": "comment",
    "LINK_ISSUES": "link",
    "DELETE_ISSUES": "delete",
    "ADMINISTER_PROJECTS": "admin",
}


def server_info(call: Call) -> Response:
    """Say what the site is; Cloud tells its time to authenticated callers only."""
    settings = call.store.settings
    cloud = call.store.cloud
    info: dict[str, Any] = {
        "baseUrl": settings.base_url,
        "version": "1001.0.0-SNAPSHOT" if cloud else "10.3.4",
        "versionNumbers": [1001, 0, 0] if cloud else [10, 3, 4],
        "deploymentType": "Cloud" if cloud else "Server",
        "buildNumber": 100304 if cloud else 10030004,
        "buildDate": "2026-06-10T00:00:00.000+0000",
        "scmInfo": "0123456789abcdef0123456789abcdef01234567",
        "serverTitle": "Jira",
    }
    if cloud:
        info |= {"displayUrl": settings.base_url, "defaultLocale": {"locale": "en_US"}}
        info["serverTimeZone"] = settings.site_zone
    if call.caller.account is not None or not cloud:
        info["serverTime"] = call.shapes.time(call.store.now())
    return Response.of_json(200, info)


def myself(call: Call) -> Response:
    """Say who calls; the one resource that answers bad Cloud credentials with 401."""
    account = call.caller.account
    if account is None:
        headers = {"WWW-Authenticate": f'OAuth realm="{call.store.settings.base_url}"'}
        raise Refused(401, _NO_LOGIN, kind="text/plain", headers=headers)
    person = call.shapes.user(account.person, full=True) or {}
    groups = [
        {"name": name, "self": call.shapes.at(f"group?groupname={name}")} for name in sorted(account.groups)
    ]
    shape = {
        **person,
        "locale": "en_US",
        "groups": {"size": len(groups), "items": []},
        "applicationRoles": {"size": 1, "items": []},
        "expand": "groups,applicationRoles",
    }
    if "groups" in call.words("expand"):
        shape["groups"] = {"size": len(groups), "items": groups}
    return Response.of_json(200, shape)


def permissions(call: Call) -> Response:
    """Say which of the asked permissions the caller has."""
    asked = call.words("permissions")
    if call.store.cloud and not asked:
        raise refused(400, "The 'permissions' query parameter is required.")
    unknown = [name for name in asked if name not in _PERMISSIONS]
    if unknown:
        raise refused(400, f"Unrecognized permission: {unknown[0]}")
    shown = {
        name: {
            "id": str(number),
            "key": name,
            "name": name.replace("_", " ").capitalize(),
            "type": "PROJECT",
            "description": "",
            "havePermission": _may(call, name),
        }
        for number, name in enumerate(asked or _PERMISSIONS)
    }
    return Response.of_json(200, {"permissions": shown})


def _may(call: Call, name: str) -> bool:
    account = call.caller.account
    wanted = call.text("projectKey")
    if wanted is not None and wanted not in call.projects():
        return False
    return account is not None and _PERMISSIONS[name] in account.permissions


def fields(call: Call) -> Response:
    """List every field of the site."""
    return Response.of_json(200, [_field(call, field) for field in catalogue(call.store).values()])


def _field(call: Call, field: Field) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "custom": field.custom is not None,
        "orderable": True,
        "navigable": field.id != "comment",
        "searchable": True,
        "clauseNames": list(field.clauses),
        "schema": dict(field.schema),
    }
    return {**shape, "key": field.id} if call.store.cloud else shape


def statuses(call: Call) -> Response:
    """List every status."""
    return Response.of_json(200, [call.shapes.status(each) for each in call.store.statuses.values()])


def resolutions(call: Call) -> Response:
    """List every resolution."""
    return Response.of_json(200, [call.shapes.resolution(each) for each in call.store.resolutions.values()])


def priorities(call: Call) -> Response:
    """List every priority."""
    return Response.of_json(200, [call.shapes.priority(each) for each in call.store.priorities])


def issue_types(call: Call) -> Response:
    """List every issue type."""
    return Response.of_json(200, [call.shapes.issue_type(each) for each in call.store.types])


def link_types(call: Call) -> Response:
    """List the kinds of issue links."""
    shown = [call.shapes.link_type(each) for each in call.store.link_types]
    return Response.of_json(200, {"issueLinkTypes": shown})


ROUTES = (
    Route(method="GET", path="serverInfo", action=server_info),
    Route(method="GET", path="myself", action=myself),
    Route(method="GET", path="mypermissions", action=permissions),
    Route(method="GET", path="field", action=fields),
    Route(method="GET", path="status", action=statuses),
    Route(method="GET", path="resolution", action=resolutions),
    Route(method="GET", path="priority", action=priorities),
    Route(method="GET", path="issuetype", action=issue_types),
    Route(method="GET", path="issueLinkType", action=link_types),
)
