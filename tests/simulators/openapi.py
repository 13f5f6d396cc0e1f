"""Answers against the vendor's OpenAPI files: one for Cloud (v3), one for Data Center (10.3).

The files are not part of the repository.  They are looked for in ``$BRIDGE_SHARED/specs`` or in ``specs``
of a folder ``shared`` beside the project.  What the files get wrong is relaxed here, each with its reason.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from bridge.simulators.wire import Request, Response, Server

FILES = {
    "cloud": ("jira-cloud-platform-v3.2026-06-10.openapi.json", "/rest/api/3"),
    "datacenter": ("jira-dc-10.3.openapi.json", "/api/2"),
}
_ROOT = "urn:spec"

# Members that real sites send and the Cloud file, which forbids unknown members, does not know.
_UNDECLARED = {"ServerInformation": {"defaultLocale": {}}}
# The Data Center file declares these as "object" although they are any JSON, or as their own items.
_DC_ANY = {
    ("IssueBean", "fields"): {"type": "object"},
    ("EntityPropertyBean", "value"): {},
    ("FieldMetaBean", "allowedValues"): {"type": "array"},
}
# Real changelogs hold null on the side that was or is empty; neither file says so.
_CHANGE_BEANS = ("ChangeDetails", "ChangeItemBean")
# Data Center declares lists and pages as the bean of one item.
_DC_PAGES = {
    "/api/2/issue/createmeta/{projectIdOrKey}/issuetypes",
    "/api/2/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
}


def spec_file(flavour: str) -> Path | None:
    """Where the file of a flavour is, None where it is not at hand."""
    here = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("BRIDGE_SHARED", here.parent / "shared"))
    path = shared / "specs" / FILES[flavour][0]
    return path if path.is_file() else None


class Spec:
    """One OpenAPI file, ready to judge answers."""

    def __init__(self, flavour: str, path: Path) -> None:
        self._cloud = flavour == "cloud"
        self._prefix = FILES[flavour][1]
        self._document = _readable(json.loads(path.read_text(encoding="utf-8")))
        self._relax()
        self._registry = Registry().with_resource(
            _ROOT, Resource.from_contents(self._document, default_specification=DRAFT4)
        )
        self._templates = sorted(self._document["paths"], key=lambda template: template.count("{"))

    def template(self, path: str) -> str:
        """Find the template that a called path is one of; v2 of Cloud is judged as v3."""
        wanted = self._prefix + "/" + re.sub(r"^/rest/api/(2|3|latest)/", "", path)
        for template in self._templates:
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), wanted):
                return str(template)
        raise AssertionError(f"{path} is not in the file")

    def complaints(self, method: str, path: str, response: Response) -> list[str]:
        """Say what is wrong with a successful answer, as the file sees it; nothing else is judged."""
        if response.status >= 300:
            return []
        template = self.template(path)
        documented = self._document["paths"][template][method.lower()]["responses"]
        if str(response.status) not in documented:
            return [f"{method} {template}: status {response.status} is not documented"]
        declared = (
            documented[str(response.status)].get("content", {}).get("application/json", {}).get("schema")
        )
        if declared is None or not response.body:
            return []
        found = self._judged(template, declared, json.loads(response.body))
        return [f"{method} {template}: {complaint}" for complaint in found]

    def _judged(self, template: str, declared: dict[str, Any], body: Any) -> list[str]:
        if not self._cloud and template in _DC_PAGES:
            body = body["values"]
        parts = body if isinstance(body, list) and "$ref" in declared else [body]
        schema = _rooted(declared)
        validator = Draft4Validator(schema, registry=self._registry)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"[:300]
            for part in parts
            for error in validator.iter_errors(part)
        ]

    def _relax(self) -> None:
        schemas = self._document["components"]["schemas"]
        for bean in _CHANGE_BEANS:
            for member in ("from", "fromString", "to", "toString"):
                if bean in schemas:
                    schemas[bean]["properties"][member] = {"type": ["string", "null"]}
        if self._cloud:
            for name, members in _UNDECLARED.items():
                schemas[name]["properties"].update(members)
        else:
            for (name, member), anything in _DC_ANY.items():
                schemas[name]["properties"][member] = anything


class Judged:
    """A server whose every answer is kept with what the file says of it."""

    def __init__(self, inner: Server, spec: Spec) -> None:
        self._inner = inner
        self._spec = spec
        self.complaints: list[str] = []
        self.judged: set[tuple[str, str, int]] = set()

    def handle(self, request: Request) -> Response:
        response = self._inner.handle(request)
        self.complaints += self._spec.complaints(request.method, request.path, response)
        if response.status < 300:
            self.judged.add((request.method, self._spec.template(request.path), response.status))
        return response


def _readable(node: Any) -> Any:
    """Rewrite the document with local references rooted and OpenAPI's ``nullable`` said in JSON Schema."""
    if isinstance(node, list):
        return [_readable(each) for each in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _readable(value) for name, value in node.items()}
    if changed.pop("nullable", False) is True and isinstance(changed.get("type"), str):
        changed["type"] = [changed["type"], "null"]
    return changed


def _rooted(schema: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(schema).replace('"#/components/', f'"{_ROOT}#/components/')
    rooted: dict[str, Any] = json.loads(text)
    return rooted
