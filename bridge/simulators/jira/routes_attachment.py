"""Files that hang on issues: multipart in, a list out.

The server wants ``X-Atlassian-Token: no-check`` and the part name ``file`` (Jira REST v2, "Add attachment").
"""

from __future__ import annotations

import io

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from bridge.simulators.jira import problems
from bridge.simulators.jira.calls import Call, Route
from bridge.simulators.jira.problems import refused
from bridge.simulators.jira.records import Attached
from bridge.simulators.wire import Response

_TOO_LARGE = "The attachment is larger than the site allows."


def add(call: Call) -> Response:
    """Hang every part named ``file`` on an issue."""
    issue = call.issue()
    if call.request.headers.get("x-atlassian-token", "") not in ("no-check", "nocheck"):
        raise refused(403, "XSRF check failed")
    call.needs("edit", 403, "You do not have permission to create attachments for this issue.")
    if call.store.switches.attachments_off:
        raise refused(404, "Attachments are disabled on this site.")
    files = _files(call)
    if any(len(data) > call.store.settings.attachment_limit for _, data, _ in files):
        raise refused(413, _TOO_LARGE)
    made = [call.store.attach(issue, name, data, kind, call.person()) for name, data, kind in files]
    return Response.of_json(200, [call.shapes.attachment(held) for held in made])


def _files(call: Call) -> list[tuple[str, bytes, str]]:
    kind, options = parse_options_header(call.request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise problems.fault(415, "Unsupported Media Type")
    body = call.request.body
    _, _, files = FormDataParser(silent=True).parse(io.BytesIO(body), kind, len(body), options)
    found = [
        (held.filename or "", held.read(), held.content_type or "application/octet-stream")
        for name, held in files.items(multi=True)
        if name == "file"
    ]
    if not found or not all(name for name, _, _ in found):
        raise refused(400, "There is no part named file.")
    return found


def _anywhere(call: Call) -> Attached:
    wanted = call.parts["attachment"]
    for issue in call.store.issues.values():
        for held in issue.attachments if call.sees(issue) else ():
            if held.id == wanted:
                return held
    raise refused(404, f"The attachment with id '{wanted}' does not exist")


def read(call: Call) -> Response:
    """Describe one attachment."""
    return Response.of_json(200, call.shapes.attachment(_anywhere(call)))


def content(call: Call) -> Response:
    """Give the bytes of one attachment."""
    held = _anywhere(call)
    return Response(status=200, headers={"Content-Type": held.kind}, body=held.data)


ROUTES = (
    Route(method="POST", path="issue/{issue}/attachments", action=add),
    Route(method="GET", path="attachment/{attachment}", action=read),
    Route(method="GET", path="attachment/content/{attachment}", action=content),
)
