"""What a screen says of its fields: schema, verbs, and the values it allows."""

from __future__ import annotations

from typing import Any

from bridge.simulators.jira.calls import Call
from bridge.simulators.jira.fields import Field, options
from bridge.simulators.jira.records import Project


def field_meta(call: Call, project: Project, field: Field, *, required: bool) -> dict[str, Any]:
    """Describe a field on a screen, with ``allowedValues`` where the field is a choice."""
    meta = {
        "required": required,
        "schema": dict(field.schema),
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": field.id in {"priority", "reporter"},
        "operations": field.operations,
    }
    if not call.store.cloud:
        meta["fieldId"] = meta.pop("key")
    allowed = _allowed(call, project, field)
    return meta if allowed is None else {**meta, "allowedValues": allowed}


def _allowed(call: Call, project: Project, field: Field) -> list[Any] | None:
    shapes, store = call.shapes, call.store
    match field.kind:
        case "resolution":
            return [shapes.resolution(each) for each in store.resolutions.values()]
        case "priority":
            return [shapes.priority(each) for each in store.priorities]
        case "components":
            return [shapes.component(each) for each in project.components]
        case "versions":
            return [shapes.version(each) for each in store.versions_of(project.key)]
        case "issuetype":
            return [shapes.issue_type(each) for each in store.types if each.name in project.spec.types]
        case "project":
            return [shapes.short_project(project)]
        case "select" | "multiselect":
            return [shapes.option(each) for each in options(field.custom)] if field.custom else []
    return None
