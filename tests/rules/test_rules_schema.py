"""The schemas for editors say the same as the loader, and lie beside the examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bridge.rules.schema import cases_schema, rules_schema
from bridge.rules.yamlfile import load_yaml, parse_yaml
from bridge.settings import settings_schema
from tests.rules.rules_samples import PROJECT, SMALLEST

CONFIG = PROJECT / "config"
FACES = [
    (rules_schema(), "rules", CONFIG / "rules" / "frontline.yaml"),
    (cases_schema(), "cases", CONFIG / "rules" / "frontline.test.yaml"),
    (settings_schema(), "bridge", CONFIG / "bridge.yaml"),
]


@pytest.mark.parametrize(("schema", "name", "example"), FACES, ids=[name for _, name, _ in FACES])
def test_a_schema_accepts_its_example(schema: dict[str, Any], name: str, example: Path) -> None:
    """Each schema is a good draft 7, accepts the example, and is the one that lies beside it."""
    Draft7Validator.check_schema(schema)
    Draft7Validator(schema).validate(load_yaml(example).data)
    assert json.loads((CONFIG / f"{name}.schema.json").read_text("utf-8")) == schema


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("when:", "wehn:"),
        ("[{priority: High}]", "[{priorty: High}]"),
        ("[{priority: High}]", "[{priority: {}}]"),
        ("[{priority: High}]", "[{priority: {inn: [x]}}]"),
        ("[{priority: High}]", "[{priority: High, status: New}]"),
        ("[{priority: High}]", "[{any: []}]"),
        ("released", "soon"),
        ("project: F", "type: Bug"),
        ("name: a", "name: A b"),
    ],
)
def test_the_rules_schema_refuses_what_the_loader_refuses(old: str, new: str) -> None:
    """An editor underlines the mistakes that would stop the bridge."""
    data = parse_yaml(SMALLEST.replace(old, new, 1), "r.yaml").data
    assert not Draft7Validator(rules_schema()).is_valid(data)


@pytest.mark.parametrize(
    "when", ["[{any: [{Tier 1: x}, {not: {priority: {at_least: High}}}]}]", "[{Ярус: {in: x}}]"]
)
def test_the_rules_schema_knows_the_face_of_conditions(when: str) -> None:
    """Own names, desk fields and groups are accepted in a condition."""
    data = parse_yaml(SMALLEST.replace("[{priority: High}]", when), "r.yaml").data
    Draft7Validator(rules_schema()).validate(data)


def test_no_schema_refers_outside_itself() -> None:
    """Every reference is among the definitions, and alone, as draft 7 wants it."""
    for schema, _, _ in FACES:
        for node in _nodes(schema):
            if "$ref" in node:
                assert node.keys() == {"$ref"}
                assert node["$ref"].removeprefix("#/definitions/") in schema["definitions"]


def _nodes(part: Any) -> list[dict[str, Any]]:
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    found = [node for one in inner for node in _nodes(one)]
    return [part, *found] if isinstance(part, dict) else found
