"""The administrators' own tests of their rules run through the real planner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.decide.casework import run_case
from bridge.rules.cases import load_cases
from bridge.rules.shape import RuleSet
from bridge.voices import voice_of
from tests.flow.ruled import rules_with
from tests.flow.scene import usual_rules

CASE = """
cases:
  - name: the case
    given: {given}
    expect: {expect}
"""

HELD = "{linked: true, incident: {status: Resolved}, ticket: {status: In Progress}}"
DONE = "{linked: true, ticket: {status: Done, resolution: Done, fix_versions: [{name: '4.2', released: RELEASED}]}}"
ASKED = (
    "{incident: {assigned_group: Frontline Retail, 'Categorization Tier 1': Defect, priority: High}, "
    "notes: [{by: frontline, text: '#ticket blank'}]}"
)


@pytest.fixture(name="rules", scope="module")
def _rules() -> RuleSet:
    return usual_rules()


def differences(folder: Path, rules: RuleSet, given: str, expect: str) -> tuple[str, ...]:
    """Run one case and return how it differs."""
    path = folder / "a.test.yaml"
    path.write_text(CASE.replace("{given}", given).replace("{expect}", expect), encoding="utf-8")
    (case,) = load_cases(path, rules)
    return run_case(case, rules, voice_of("en")).differences


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (ASKED, "{actions: [{create_ticket: {project: FRONT, fields: {priority: High}}}], stage: linked}"),
        (HELD, "{incident_status: Pending, actions: [{set_incident_status: {status: Pending}}]}"),
        (DONE.replace("RELEASED", "false"), "{stage: fixed, incident_status: unchanged}"),
        (DONE.replace("RELEASED", "true"), "{stage: deployed, incident_status: In Progress}"),
        ("{incident: {assigned_group: Back Office}}", "nothing"),
    ],
)
def test_a_true_expectation_passes(tmp_path: Path, rules: RuleSet, given: str, expect: str) -> None:
    """What the planner does is what the case says, and no difference is reported."""
    assert differences(tmp_path, rules, given, expect) == ()


@pytest.mark.parametrize(
    ("given", "expect", "words"),
    [
        (ASKED, "nothing", "expected nothing"),
        (ASKED, "{actions: [{create_ticket: {project: CORE}}]}", "expected create_ticket"),
        (HELD, "{incident_status: Resolved}", "expected the incident's status Resolved"),
        (DONE.replace("RELEASED", "false"), "{stage: deployed}", "expected the stage deployed"),
    ],
)
def test_a_false_expectation_is_told(
    tmp_path: Path, rules: RuleSet, given: str, expect: str, words: str
) -> None:
    """A case that expects something else fails with a sentence that names both."""
    assert any(words in line for line in differences(tmp_path, rules, given, expect))


def test_a_case_may_say_how_many_wait(tmp_path: Path) -> None:
    """Administrators can test what their rules do once several incidents wait for a ticket."""
    waiting = [{"if": {"waiting": {"at_least": "5"}}, "value": "Highest"}]

    def change(rule: dict[str, Any]) -> None:
        rule["mirror"]["fields"][0]["when"] = waiting

    rules = rules_with(change)
    given = "{linked: true, waiting: WAITING, incident: {priority: Low}, ticket: {status: In Progress, priority: Low}}"
    raised = "{actions: [{set_ticket_fields: {priority: Highest}}]}"
    assert differences(tmp_path, rules, given.replace("WAITING", "5"), raised) == ()
    assert differences(tmp_path, rules, given.replace("WAITING", "4"), raised) != ()
