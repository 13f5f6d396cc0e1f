"""JSON Schemas of the files that administrators write, for their editors.

Draft 7, because yaml-language-server reads that and older.  A schema describes the face of a file: a
condition is a mapping of one key, although the shape keeps it in two attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from bridge.model.incident import OWN_NAMES
from bridge.rules.cases import CaseFile
from bridge.rules.levels import WAITING
from bridge.rules.shape import RuleFile

_DRAFT = "http://json-schema.org/draft-07/schema#"
# What is not one of our own names is a field of the desk or the tracker, which has upper case or blanks.
_THEIRS = "[A-Z ]|[^\\x00-\\x7F]|^customfield_"


def rules_schema() -> dict[str, Any]:
    """Return the schema of a rules file."""
    schema = face_schema(RuleFile, "Rules of the bridge")
    schema["definitions"]["Condition"] = _condition()
    schema["definitions"] |= _case_conditions()
    asked = schema["definitions"]["ValueCase"]["properties"]["if"]
    schema["definitions"]["ValueCase"]["properties"]["if"] = {
        "allOf": [{"$ref": "#/definitions/Conditions"}],
        "description": asked["description"],
    }
    otherwise = schema["definitions"]["FieldSource"]["properties"]["otherwise"]
    schema["definitions"]["FieldSource"]["properties"]["otherwise"] = {
        "anyOf": [{"type": ["string", "integer"]}, {"$ref": "#/definitions/Source"}],
        "description": otherwise["description"],
    }
    schema["definitions"]["Test"]["minProperties"] = 1
    schema["definitions"]["Test"]["properties"]["at_least"]["type"] = ["string", "integer"]
    return schema


def cases_schema() -> dict[str, Any]:
    """Return the schema of a file with tests of the rules."""
    schema = face_schema(CaseFile, "Tests of the rules of the bridge")
    definitions = schema["definitions"]
    definitions["CaseShape"]["properties"]["expect"] = {
        "anyOf": [{"const": "nothing"}, {"$ref": "#/definitions/Expect"}]
    }
    definitions["Expect"]["properties"]["actions"]["items"] = {
        "anyOf": [
            {"enum": sorted(definitions["ExpectedAction"]["properties"])},
            {"$ref": "#/definitions/ExpectedAction"},
        ]
    }
    definitions["GivenTicket"]["patternProperties"] = {_THEIRS: {"type": ["string", "integer"]}}
    return schema


def face_schema(shape: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the schema of a file of this shape, as draft 7 has it."""
    made = shape.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = made.pop("$defs", {})
    face = _tidy({**made, "definitions": definitions})
    return {"$schema": _DRAFT, "title": title, **face}


def _tidy(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _tidy(value) for key, value in schema.items() if not _is_noise(key, value)}
    return _lone_reference(_without_null(kept))


def _is_noise(key: str, value: Any) -> bool:
    """Whether a key is a made-up title, or a default that cannot be written."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out null, which no file may hold."""
    options = schema.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options:
        return schema
    rest = [option for option in options if option != {"type": "null"}]
    others = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest[0], **others} if len(rest) == 1 else {**others, "anyOf": rest}


def _lone_reference(schema: dict[str, Any]) -> dict[str, Any]:
    """Put a reference that has neighbours into ``allOf``: draft 7 ignores what stands beside ``$ref``."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    others = {key: value for key, value in schema.items() if key != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}], **others}


def _case_conditions() -> dict[str, Any]:
    """Return what may stand under ``if``: a list, or in short one mapping; ``waiting`` is a name there."""
    one = _condition("CaseCondition", {WAITING: "How many incidents wait for the ticket."})
    short = {key: value for key, value in one.items() if key != "maxProperties"}
    several = {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/CaseCondition"}}
    return {"CaseCondition": one, "Conditions": {"anyOf": [several, short]}}


def _condition(name: str = "Condition", more: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    several = {"type": "array", "minItems": 1, "items": {"$ref": f"#/definitions/{name}"}}
    test = {"anyOf": [{"type": ["string", "integer"]}, {"$ref": "#/definitions/Test"}]}
    groups = {
        "all": {**several, "description": "All of these must hold."},
        "any": {**several, "description": "One of these must hold."},
        "not": {"allOf": [{"$ref": f"#/definitions/{name}"}], "description": "This must not hold."},
    }
    told = {own: f"The incident's {own}." for own in sorted(OWN_NAMES)} | dict(more)
    own = {known: {**test, "description": what} for known, what in told.items()}
    return {
        "description": "One field with its test, or all, any or not of further conditions.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {**groups, **own},
        "propertyNames": {
            "anyOf": [{"enum": [*groups, *own]}, {"pattern": _THEIRS}],
        },
        "additionalProperties": test,
    }
