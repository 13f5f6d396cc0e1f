"""Values by case, owners, maps for each way, and lines: what loads, what is a mistake and where, what editors say."""

# ruff: noqa: E501 - tables of messages read best in one line each

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from bridge.rules.load import load_rules
from bridge.rules.mapping import Circumstances, Unmapped, field_value, ticket_values
from bridge.rules.match import fields_named, ticket_fields_named
from bridge.rules.named import links_named
from bridge.rules.problems import ConfigProblems
from bridge.rules.schema import rules_schema
from bridge.rules.shape import RuleSet
from bridge.rules.values import FieldSource
from bridge.rules.yamlfile import parse_yaml
from tests.rules.rules_samples import SMALLEST, incident, told

MAPS = "maps: {m: {High: Highest, Low: Lowest}, back: {Highest: High}}\n"
GOOD = [
    "mirror: {fields: [{incident: urgency, ticket: priority, owner: last_writer, map: m}]}",
    "mirror: {fields: [{incident: urgency, ticket: priority, owner: ask, map_to_ticket: m, map_to_incident: back}]}",
    "mirror: {fields: [{incident: priority, ticket: priority, owner: incident, map: m, when: [{if: {waiting: {at_least: 10}}, value: Highest}]}]}",
    "mirror: {fields: [{incident: priority, ticket: priority, owner: incident, when: [{if: [{VIP: Yes}, {any: [{waiting: 3}, {impact: High}]}], of: urgency, map: m}]}]}",
    "lines: {second_line: {project: SUP}, third_line: {project: [CORE, APP]}, handed_on_by: is blocked by, counts: third_line}",
    "lines: {second_line: {field: Team, in: Support}, third_line: {status: {in: [In Review]}, field: Team, in: [Backend]}}",
]
BAD: list[tuple[str, str]] = [
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: nobody}]}",
        "r.yaml:7:68: 'nobody' is none of incident, ticket, last_writer, ask",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: ask, map: m, map_to_ticket: m}]}",
        "r.yaml:7:23: give either map, or map_to_ticket and map_to_incident",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: ask, map_to_incident: bak}]}",
        "r.yaml:7:90: unknown map 'bak', did you mean 'back'?",
    ),
    (
        "mirror: {fields: [{incident: priority, ticket: priority, owner: last_writer, map: m}]}",
        "r.yaml:7:34: the incident's 'priority' cannot be set from the ticket: it is computed by the desk from impact and urgency; mirror those",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: status, owner: ask}]}",
        "r.yaml:7:51: the ticket's 'status' cannot be set from the incident",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: ticket, when: [{if: {VIP: Yes}, value: x}]}]}",
        "r.yaml:7:23: cases decide the ticket's value from the incident: when needs owner: incident",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: incident, when: [{if: {waiting: {at_least: many}}, value: x}]}]}",
        "'many' is no whole number, which waiting is counted in",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: incident, when: [{if: {waitin: 3}, value: x}]}]}",
        "unknown name 'waitin'",
    ),
    (
        "mirror: {fields: [{incident: urgency, ticket: priority, owner: incident, when: [{if: {VIP: Yes}}]}]}",
        "give either value, or of (with an optional map)",
    ),
    (
        "lines: {second_line: {project: SUP}, third_line: {project: SUP}}",
        "r.yaml:7:54: second line and third line cannot be told apart",
    ),
    ("lines: {second_line: {project: SUP}}", "r.yaml:7:12: the key 'third_line' is missing"),
    (
        "lines: {second_line: {}, third_line: {project: SUP}}",
        "r.yaml:7:26: a line needs at least one of: project, status, field with in",
    ),
    (
        "lines: {second_line: {field: Team}, third_line: {project: SUP}}",
        "field and in belong together",
    ),
    (
        "lines: {second_line: {field: status, in: Open}, third_line: {project: SUP}}",
        "'status' is written directly, as status:",
    ),
    (
        "lines: {second_line: {project: SUP}, third_line: {project: CORE}, counts: third_line}",
        "counts: third_line needs handed_on_by",
    ),
    (
        "lines: {second_line: {project: SUP}, third_line: {project: CORE}, handed_on_by: duplicates}",
        "'duplicates' is how duplicates read, which are followed by hold.duplicate",
    ),
]
#: The mistakes that an editor sees, too.
_SHAPES = ("is none of", "unknown name", "is missing")


def text_with(part: str) -> str:
    """The smallest file with one more part in its rule."""
    return MAPS + SMALLEST + f"    {part}\n"


def loaded(folder: Path, text: str) -> RuleSet:
    """The rules of a file with this text."""
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rules([path])


@pytest.mark.parametrize("part", GOOD)
def test_what_is_right_loads(tmp_path: Path, part: str) -> None:
    """Each face loads, survives being written out, and is right to an editor."""
    rules = loaded(tmp_path, text_with(part))
    assert RuleSet.model_validate(rules.model_dump(by_alias=True, exclude_none=True)) == rules
    Draft7Validator(rules_schema()).validate(parse_yaml(text_with(part), "r.yaml").data)


@pytest.mark.parametrize(("part", "sentence"), BAD)
def test_what_cannot_be_meant_is_told(tmp_path: Path, part: str, sentence: str) -> None:
    """Each mistake is told with its place, and those of the shape are underlined by an editor."""
    with pytest.raises(ConfigProblems) as caught:
        loaded(tmp_path, text_with(part))
    (problem,) = told(caught.value, tmp_path)
    assert sentence in problem
    assert problem.startswith("r.yaml:7:")
    if any(word in problem for word in _SHAPES):
        assert not Draft7Validator(rules_schema()).is_valid(parse_yaml(text_with(part), "r.yaml").data)


def test_cases_of_a_new_ticket_are_checked(tmp_path: Path) -> None:
    """Names, maps and labels are looked at wherever a value of a ticket may come from."""
    fields = "{labels: {when: [{if: {VIP: Yes}, value: a b}], otherwise: {of: urgeny, map: n}}}"
    text = MAPS + SMALLEST.replace("project: F", f"project: F, fields: {fields}")
    with pytest.raises(ConfigProblems) as caught:
        loaded(tmp_path, text)
    sentences = [line.split(": ", 1)[1] for line in told(caught.value, tmp_path)]
    assert sentences == [
        "the label 'a b' has a blank in it, which Jira refuses",
        "unknown name 'urgeny', did you mean 'urgency'? (a field of the desk is spelt as the desk spells it)",
        "unknown map 'n', did you mean 'm'?"
        if "did you" in sentences[2]
        else "unknown map 'n'; known here: back, m",
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"when": []}, "give either value"),
        ({"otherwise": "x", "value": "y"}, "otherwise needs when"),
        ({"when": [{"if": {"VIP": "Yes"}, "value": "x"}], "value": "y"}, "beside when stands otherwise"),
        ({"when": [{"if": {}, "value": "x"}]}, "if"),
    ],
)
def test_a_source_says_one_thing(source: dict[str, object], why: str) -> None:
    """A field has one source: a value, a field, or cases with what counts otherwise."""
    with pytest.raises(ValueError, match=why):
        FieldSource.model_validate(source)


def test_rules_name_what_they_need(tmp_path: Path) -> None:
    """The connectors are asked for the fields of cases and lines, and for the links that hand on; waiting is no field."""
    rules = loaded(tmp_path, text_with(GOOD[3]))
    assert fields_named(rules) == {"VIP"}
    assert links_named(rules) == frozenset()
    rules = loaded(tmp_path, text_with(GOOD[5]))
    assert ticket_fields_named(rules) == {"Team"}
    assert links_named(loaded(tmp_path, text_with(GOOD[4]))) == {"is blocked by"}


SOURCE = FieldSource.model_validate(
    {
        "when": [
            {"if": {"waiting": {"at_least": "10"}}, "value": "Highest"},
            {"if": {"VIP": "Yes"}, "of": "priority", "map": "m"},
        ],
        "otherwise": "Medium",
    }
)
WORDS = {"m": {"High": "Highest", "Low": "Lowest"}}


@pytest.mark.parametrize(
    ("waiting", "values", "expected"),
    [
        (10, {}, ("Highest", "case 1: waiting at least 10")),
        (9, {"VIP": "yes", "priority": "Low"}, ("Lowest", "case 2: VIP is Yes")),
        (1, {"VIP": "No"}, ("Medium", "otherwise")),
    ],
)
def test_the_first_case_that_holds_decides(
    waiting: int, values: dict[str, str], expected: tuple[str, str]
) -> None:
    """Cases are tried in order, and the words tell which one it was."""
    now = Circumstances(incident=incident(**values), waiting=waiting)
    assert field_value("priority", SOURCE, now, WORDS) == expected


def test_a_case_without_an_entry_opens_no_ticket(tmp_path: Path) -> None:
    """A case whose map has no entry for the value is a problem of the request, as any other source is."""
    fields = "{priority: {when: [{if: {VIP: Yes}, of: priority, map: m}]}}"
    rules = loaded(tmp_path, MAPS + SMALLEST.replace("project: F", f"project: F, fields: {fields}"))
    seen = incident(VIP="Yes", priority="Medium")
    problem = Unmapped(field="priority", of="priority", map="m", value="Medium")
    assert ticket_values(rules.rules[0], seen, rules.maps) == ((), (problem,))
    assert ticket_values(rules.rules[0], incident(priority="Medium"), rules.maps) == ((), ())
