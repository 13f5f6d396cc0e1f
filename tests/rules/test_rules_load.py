"""Loading rules: the files of the project load, and every mistake is told with its place."""

# ruff: noqa: E501 - tables of messages read best in one line each

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.load import load_rules, read_rules
from bridge.rules.match import fields_named, ticket_fields_named
from bridge.rules.problems import ConfigProblems
from bridge.rules.shape import PhraseSource, RuleSet, Waiting
from tests.rules.rules_samples import PROJECT, SMALLEST, told

SHARED = Path(os.environ.get("BRIDGE_SHARED", PROJECT.parent / "shared"))


def _load(tmp_path: Path, *texts: str) -> RuleSet:
    paths = [tmp_path / f"{letter}.yaml" for letter in "rstu"[: len(texts)]]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return load_rules(paths)


def _mistakes(tmp_path: Path, *texts: str) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        _load(tmp_path, *texts)
    return told(caught.value, tmp_path)


def test_our_example_loads() -> None:
    """The example rules of the project load with everything that they say."""
    rules = load_rules([PROJECT / "config" / "rules" / "frontline.yaml"])
    hold = rules.rules[0].hold
    assert hold.waiting == Waiting(status="Pending", reason="Third Party Vendor Action Reqd")
    assert [type(source) for source in hold.deployed.any_][-1] is PhraseSource
    assert fields_named(rules) == {"Categorization Tier 1", "Product Name", "Resolution Category Tier 2"}
    assert ticket_fields_named(rules) == frozenset()
    assert rules.projects == ("FRONT",)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared examples are not here")
def test_the_shared_example_loads() -> None:
    """The example rules that the customer was shown load as they are."""
    rules = load_rules([SHARED / "example" / "rules" / "frontline.yaml"])
    rule = rules.named("front-office-defects")
    assert rule is not None
    assert rule.hold.verify.reject == ("#failed", "#не работает", "#не працює")
    assert rules.maps["team"]["default"] == "Front Office"


def test_rules_survive_being_written_out(tmp_path: Path) -> None:
    """Loaded rules are equal to what is read back from their own data."""
    rules = _load(tmp_path, SMALLEST)
    assert RuleSet.model_validate(rules.model_dump(by_alias=True, exclude_none=True)) == rules


def test_several_files_make_one_set(tmp_path: Path) -> None:
    """Maps and rules of later files come after those of earlier ones, and may use each other's maps."""
    second = (
        SMALLEST.replace("name: a", "name: b")
        .replace("High", "Low")
        .replace("F}", "F, fields: {priority: {of: priority, map: m}}}")
    )
    rules = _load(tmp_path, "maps: {m: {Low: Lowest}}\n" + SMALLEST, second)
    assert [rule.name for rule in rules.rules] == ["a", "b"]
    assert rules.maps == {"m": {"Low": "Lowest"}}


_WHEN = "[{priority: High}]"
_CONDITION = "a condition is one of: a field with its test (priority: {in: [High]}), all: [...], any: [...], not: {...}; begin each with its own '- '"
_DESK = "(a field of the desk is spelt as the desk spells it)"
_ONE_CHANGE: list[tuple[str, str, str]] = [
    # shape
    ("when:", "wehn:", "3:5: unknown key 'wehn', did you mean 'when'?"),
    ("rules:", "ruls:", "1:1: the key 'rules' is missing|1:1: unknown key 'ruls', did you mean 'rules'?"),
    (_WHEN, "{priority: High}", "3:11: a list is expected here, not a mapping"),
    (_WHEN, "[{priority: {inn: [High]}}]", "3:24: unknown key 'inn', did you mean 'in'?"),
    (_WHEN, "[priority]", f"3:12: {_CONDITION}"),
    (_WHEN, "[{priority: High, status: New}]", f"3:12: {_CONDITION}"),
    (_WHEN, "[{any: []}]", "3:18: at least one entry is needed here"),
    (_WHEN, "[{priority: {}}]", "3:23: a condition needs at least one of: is, is_not, in, not_in, starts_with, contains, empty, at_least"),
    (_WHEN, "[{priority: [High]}]", "3:23: a mapping (key: value) is expected here, not a list"),
    (_WHEN, "[{priority: true}]", "3:23: a text is expected here, not true or false (put it in quotes)"),
    ("name: a", "name: A b", "2:11: a name has lower-case letters, digits, - and _ only, at most 63, and no - or _ first"),
    ("project: F", "typ: Bug", "4:13: the key 'project' is missing|4:14: unknown key 'typ', did you mean 'type'?"),
    ("    hold: {deployed: {any: [{fix_version: released}]}}\n", "", "2:5: the key 'hold' is missing"),
    ("fix_version:", "fix_versio:", "5:29: evidence is one of: fix_version: released, status: {in: [...]}, phrase: {says: [...], from_group: [...]}, change: {status: [...]}"),
    ("released", "releasd", "5:43: 'releasd' is not 'released'"),
    ("{any: [{fix_version: released}]}", "{}", "5:22: give a list under either any or all"),
    ("    ticket", "    open: on_requst\n    ticket", "4:11: 'on_requst' is none of on_request, automatically, did you mean 'on_request'?"),
    ("    ticket", "    ask: ''\n    ticket", "4:10: must not be empty"),
    ("hold: {", "hold: {waiting: Pending, ", "5:21: either keep, or {status: ..., reason: ...} is expected here"),
    ("hold: {", "hold: {verify: {on_accept: {}}, ", "5:32: the key 'transition_to' is missing"),
    ("hold: {", "hold: {cause: {field: X, one_of: []}, ", "5:38: at least one entry is needed here"),
    ("hold: {", "hold: {resolved_early: {put_back: true}, ", "5:39: a whole number is expected here"),
    ("hold: {", "hold: {resolved_early: {put_back: 21}, ", "5:39: must be at most 20"),
    ("F}", "F, fields: {a: {}}}", "4:38: give either value, or of (with an optional map)"),
    ("F}", "F, fields: {a: {value: [true]}}}", "4:46: a text, or a list of texts, is expected here"),
    ("rules:", "maps: {n: x}\nrules:", "1:11: a mapping (key: value) is expected here, not a text"),
    # names and tests
    (_WHEN, "[{priorty: {in: [High]}}]", f"3:13: unknown name 'priorty', did you mean 'priority'? {_DESK}"),
    (_WHEN, "[{incident.priority: High}]", f"3:13: unknown name 'incident.priority', did you mean 'priority'? {_DESK}"),
    (_WHEN, "[{any: [{not: {statu: New}}]}]", f"3:26: unknown name 'statu', did you mean 'status'? {_DESK}"),
    (_WHEN, "[{priority: {at_least: Hihg}}]", "3:34: 'Hihg' is no priority, did you mean 'High'?"),
    (_WHEN, "[{Priority: {at_least: High}}]", "3:34: at_least works for priority, impact, urgency only, did you mean 'priority'?"),
    (_WHEN, "[{not: {status: {in: [New, Pendin]}}}]", "3:38: 'Pendin' is no status of an incident, did you mean 'Pending'?"),
    (_WHEN, "[{priority: {empty: true, is: High}}]", "3:31: a value cannot be empty and be something at once"),
    (f"    when: {_WHEN}\n", "    open: automatically\n", "3:11: a rule that opens automatically needs conditions under when, or every incident opens a ticket"),
    # ticket
    ("F}", "F, summary: '{{ incident.numbr }}'}", "4:35: incident has no 'numbr', did you mean 'number'? (a field of the desk or tracker: incident['Field Name'])"),
    ("F}", "F, summary: '{{ incident[\"sumary\"] }}'}", f"4:35: unknown name 'sumary', did you mean 'summary'? {_DESK}"),
    ("F}", "F, summary: '{% for x in y %}{% endfor %}'}", "4:35: a loop ({% for %}) is not allowed in a template"),
    ("F}", "F, summary: '{{ incident.number|truncate(1) }}'}", "4:35: the template cannot be filled: a value does not suit what is done with it"),
    ("F}", "F, description: context_pac}", "4:39: unknown description 'context_pac', did you mean 'context_pack'?"),
    ("F}", "F, include: [compny]}", f"4:36: unknown name 'compny'; known here: {{OWN}} {_DESK}"),
    ("F}", "F, fields: {priority: {of: priorit}}}", f"4:50: unknown name 'priorit', did you mean 'priority'? {_DESK}"),
    ("F}", "F, fields: {status: {value: x}}}", "4:35: 'status' cannot be set when a ticket is opened"),
    ("F}", "F, fields: {summary: {value: x}}}", "4:35: 'summary' is written directly under ticket, as summary:"),
    ("F}", "F, fields: {label: {value: x}}}", "4:35: unknown field 'label', did you mean 'labels'?"),
    ("F}", "F, fields: {labels: {value: [a b]}}}", "4:51: the label 'a b' has a blank in it, which Jira refuses"),
    # hold
    ("hold: {", "hold: {waiting: {status: Pending}, ", "5:21: Pending needs a reason, for instance reason: Third Party Vendor Action Reqd"),
    ("hold: {", "hold: {waiting: {status: Pendig, reason: x}, ", "5:30: 'Pendig' is no status of an incident, did you mean 'Pending'?"),
    ("hold: {", "hold: {waiting: {status: Closed}, ", "5:30: Closed is not an open status: only people end an incident"),
    ("hold: {", "hold: {waiting: {status: Pending, reason: Support Contract Hold}, ", "5:47: unknown reason 'Support Contract Hold', did you mean 'Support Contact Hold'?"),
    ("hold: {", "hold: {waiting: {status: Assigned, reason: x}, ", "5:48: only Pending has a reason, not 'Assigned'"),
    ("hold: {", "hold: {verify: {status: Pending}, ", "5:29: Pending needs a reason, which verify does not set"),
    ("hold: {", "hold: {verify: {accept: '#Ticket'}, ", "5:29: the phrase '#Ticket' of accept collides with '#ticket' of ask"),
    ("hold: {", "hold: {verify: {reject: '#verified not'}, ", "5:29: the phrase '#verified not' of reject collides with '#verified' of accept"),
    ("hold: {", "hold: {fixed: {resolution: [Done, Duplicate]}, ", "5:11: the resolution 'Duplicate' cannot mean both fixed and duplicate"),
    ("hold: {", "hold: {cause: {field: tier, one_of: [x]}, ", f"5:27: unknown name 'tier'; known here: {{OWN}} {_DESK}"),
    # maps and mirror
    ("F}", "F, fields: {priority: {of: priority, map: prioriti}}}", "4:65: unknown map 'prioriti'"),
    ("rules:", "maps: {m: {A: x, a: y}}\nrules:", "1:18: 'a' is the same as 'A': upper and lower case make no difference"),
    ("    hold", "    mirror: {fields: [{incident: impact, ticket: status, owner: incident}]}\n    hold", "5:50: the ticket's 'status' cannot be set from the incident"),
    ("    hold", "    mirror: {fields: [{incident: priority, ticket: priority, owner: ticket}]}\n    hold", "5:34: the incident's 'priority' cannot be set from the ticket: it is computed by the desk from impact and urgency; mirror those"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), _ONE_CHANGE)
def test_one_mistake_is_told_alone_and_in_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    """One mistake gives exactly its own message: where it stands, what it is, and what was probably meant."""
    own = "assigned_group, assignee, assignee_login, impact, number, priority, resolution, service_type, status, status_reason, story, summary, ticket_field, urgency"
    assert old in SMALLEST
    lines = [f"r.yaml:{line}" for line in expected.replace("{OWN}", own).split("|")]
    assert _mistakes(tmp_path, SMALLEST.replace(old, new, 1)) == lines


def test_every_mistake_of_every_file_is_told(tmp_path: Path) -> None:
    """A wrong shape hides no wrong meaning of another rule or file, and the list is sorted."""
    first = SMALLEST.replace("when:", "wehn:") + SMALLEST.split("\n", 1)[1].replace(
        "name: a", "name: b"
    ).replace("F}", "F, type: }")
    second = (
        SMALLEST.replace("name: a", "name: c")
        .replace("High", "Low")
        .replace("{project: F}", "{project: F, fields: {x: {of: urgenci}}}")
    )
    assert _mistakes(tmp_path, first, second, "a: [\n") == [
        "r.yaml:3:5: unknown key 'wehn', did you mean 'when'?",
        "r.yaml:8:26: a value is missing here; write one, or leave it out",
        f"s.yaml:4:43: unknown name 'urgenci', did you mean 'urgency'? {_DESK}",
        "t.yaml:2:1: not valid YAML: did not find expected node content (while parsing a flow node)",
    ]  # fmt: skip


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    """Names of rules and maps are unique over all files of a pair."""
    first = "maps: {m: {A: x}}\n" + SMALLEST
    second = "maps: {m: {A: x}}\n" + SMALLEST.replace("High", "Low")
    assert _mistakes(tmp_path, first, second) == [
        f"s.yaml:1:8: the map 'm' stands in {tmp_path}/r.yaml:1 already".replace(f"{tmp_path}/", ""),
        "s.yaml:3:11: the name 'a' is taken by the rule in r.yaml:3",
    ]


@pytest.mark.parametrize(
    ("wide", "narrow", "reached"),
    [
        ("[]", "[{priority: High}]", False),
        ("[{priority: High}]", "[{priority: high}]", False),
        ("[{priority: {in: [High, Low]}}]", "[{priority: High}, {status: New}]", False),
        ("[{any: [{priority: High}, {status: New}]}]", "[{any: [{status: New}, {priority: High}]}]", False),
        ("[{all: [{priority: High}]}]", "[{priority: {is: High}}]", False),
        ("[{not: {priority: High}}]", "[{not: {priority: HIGH}}, {status: New}]", False),
        ("[{priority: High}]", "[{priority: {in: [High, Low]}}]", True),
        ("[{priority: High}, {status: New}]", "[{priority: High}]", True),
        ("[{not: {priority: High}}]", "[{priority: High}]", True),
    ],
)
def test_a_rule_behind_a_wider_one_is_refused(
    tmp_path: Path, wide: str, narrow: str, *, reached: bool
) -> None:
    """A rule that can never be the first to match is a mistake; any other is not."""
    first = SMALLEST.replace(_WHEN, wide)
    second = SMALLEST.replace(_WHEN, narrow).replace("name: a", "name: b")
    if reached:
        assert len(_load(tmp_path, first, second).rules) == 2
    else:
        assert _mistakes(tmp_path, first, second) == [
            "s.yaml:2:11: this rule is never reached: 'a' in r.yaml:2 matches everything that it matches"
        ]


def test_a_phrase_may_not_ask_for_a_ticket_elsewhere(tmp_path: Path) -> None:
    """A phrase that asks for a ticket in one rule cannot mean something else in another."""
    second = (
        SMALLEST.replace("name: a", "name: b")
        .replace("High", "Low")
        .replace("    hold: {", "    ask: '#new'\n    hold: {verify: {accept: '#ticket'}, ")
    )
    assert _mistakes(tmp_path, SMALLEST, second) == [
        "s.yaml:6:29: the phrase '#ticket' of accept asks for a ticket in the rule in r.yaml:2"
    ]


def test_a_field_of_the_ticket_needs_an_unambiguous_map(tmp_path: Path) -> None:
    """A map by which the ticket's words are translated back must not have one word for two."""
    text = "maps: {m: {A: x, B: X, default: x}}\n" + SMALLEST.replace(
        "    hold",
        "    mirror: {fields: [{incident: impact, ticket: Severity, owner: ticket, map: m}]}\n    hold",
    )
    assert _mistakes(tmp_path, text) == [
        "r.yaml:6:80: the ticket owns this field, but the map 'm' has 'x' for A and B"
    ]


def test_no_file_is_no_set() -> None:
    """Without any file there are no rules to load."""
    with pytest.raises(ConfigProblems, match="no rules file is named"):
        load_rules([])


_WORDS = st.sampled_from(
    ["rules", "maps", "name", "when", "priority", "status", "any", "not", "in", "is", "ticket", "project", "fields",
     "of", "map", "hold", "deployed", "waiting", "fix_version", "released", "verify", "accept", "mirror", "a", "High"]
)  # fmt: skip
_SCALARS = _WORDS | st.booleans() | st.integers(-3, 3)
_STRUCTURES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=15,
)
_RULE_LIKE = st.fixed_dictionaries(
    {"name": _WORDS, "ticket": st.just({"project": "F"}) | _STRUCTURES, "hold": _STRUCTURES},
    optional={"when": _STRUCTURES, "mirror": _STRUCTURES, "ask": _STRUCTURES, "open": _STRUCTURES},
)


@given(st.fixed_dictionaries({"rules": st.lists(_RULE_LIKE, max_size=3)}, optional={"maps": _STRUCTURES}))
@settings(max_examples=200)
def test_whatever_is_written_is_loaded_or_told(data: object) -> None:
    """Any structure of our own words either loads or is told with places inside the file, never in another way."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "r.yaml")
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        lines = path.read_text(encoding="utf-8").count("\n")
        _, problems = read_rules([path])
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)
