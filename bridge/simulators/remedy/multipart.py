"""The body of a create or an update: plain JSON, or multipart with the files of attachment fields.

Part ``entry`` holds the JSON; the value of an attachment field is the file's name and part ``attach-<field>``
its bytes (as production clients send it).
"""

from __future__ import annotations

import io
import json
from typing import Any

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from bridge.simulators.remedy import refusal
from bridge.simulators.remedy.fields import Form, Kind
from bridge.simulators.wire import Request

File = tuple[str, bytes]
_LIMIT_NUMBER = 448


def posted(request: Request, form: Form, limit: int) -> tuple[dict[str, Any], dict[str, File]]:
    """Return the ``values`` object without attachments, and the attachments by storage key.

    Raises ``Rejected`` 400 where the body is not as described, 448 for a file over ``limit`` bytes.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == "multipart/form-data":
        text, files = _parts(request, options)
    elif kind == "application/json":
        text, files = request.body, {}
    else:
        raise refusal.bad_request(f"Content-Type {kind or 'missing'}")
    return _separated(_values(text), files, form, limit)


def _parts(request: Request, options: dict[str, str]) -> tuple[bytes, dict[str, bytes]]:
    parser = FormDataParser(silent=False)
    stream = io.BytesIO(request.body)
    try:
        _, form, files = parser.parse(stream, "multipart/form-data", len(request.body), options)
    except ValueError as error:
        raise refusal.bad_request("multipart body") from error
    read = {name: held.read() for name, held in files.items()}
    entry = form.get("entry", "").encode() or read.pop("entry", b"")
    return entry, {name.removeprefix("attach-"): raw for name, raw in read.items()}


def _values(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text.decode("utf-8"))
    except ValueError as error:
        raise refusal.bad_request("the body is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("values"), dict):
        raise refusal.bad_request('the body has no object "values"')
    values: dict[str, Any] = body["values"]
    return values


def _separated(
    values: dict[str, Any], files: dict[str, bytes], form: Form, limit: int
) -> tuple[dict[str, Any], dict[str, File]]:
    plain: dict[str, Any] = {}
    held: dict[str, File] = {}
    for name, value in values.items():
        field = form.fields.get(name)
        if field is None or field.shape.kind is not Kind.ATTACHMENT or value is None:
            plain[name] = value
        elif name not in files:
            raise refusal.bad_request(f"no part attach-{name}")
        elif len(files[name]) > limit:
            raise refusal.Rejected(_LIMIT_NUMBER, "The file size exceeds the limit", name)
        else:
            held[field.key] = (str(value), files[name])
    return plain, held
