"""Loading the tests that administrators write for their rules."""

# ruff: noqa: E501 - tables of messages read best in one line each

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.rules.cases import Case, case_files, load_cases
from bridge.rules.load import load_rules
from bridge.rules.problems import ConfigProblems
from tests.rules.rules_samples import PROJECT, rules, told

SHARED = Path(os.environ.get("BRIDGE_SHARED", PROJECT.parent / "shared"))
OURS = PROJECT / "config" / "rules"


def _cases(tmp_path: Path, text: str) -> tuple[Case, ...]:
    path = tmp_path / "c.test.yaml"
    path.write_text(text, encoding="utf-8")
    return load_cases(path, rules([{"priority": "High"}]))


def test_our_cases_load() -> None:
    """The tests beside the example rules load with the names and places of their cases."""
    (path,) = case_files([OURS / "frontline.yaml"])
    cases = load_cases(path, load_rules([OURS / "frontline.yaml"]))
    assert cases[0].name == "a request opens a ticket"
    assert cases[0].line == 6
    assert cases[1].expect.nothing
    assert [action.kind for action in cases[-1].expect.actions or ()] == ["set_incident_status", "add_note"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared examples are not here")
def test_the_shared_cases_load() -> None:
    """The tests that the customer was shown load as they are."""
    folder = SHARED / "example" / "rules"
    cases = load_cases(folder / "frontline.test.yaml", load_rules([folder / "frontline.yaml"]))
    assert [len(case.expect.actions or ()) for case in cases] == [1, 0, 2, 0]
    assert cases[1].expect.incident_status == "unchanged"


def test_everything_that_can_be_given(tmp_path: Path) -> None:
    """Incident, notes, ticket and round are read, and fields of the tracker stand beside our own names."""
    (case,) = _cases(
        tmp_path,
        """\
cases:
  - name: x
    given:
      incident: {status: pending, "Product Name": 7}
      notes: [{by: jdoe, text: "#verified", ago: 2m}]
      linked: true
      asked: true
      round: 2
      ticket: {key: F-3, status: Done, Story Points: 5, customfield_1: a, notes: [{by: second_line, text: hi}]}
    expect:
      actions: [show_incident, {create_ticket: {fields: {a: [b]}}}, {set_ticket_fields: {priority: High}}]
""",
    )
    assert case.given.incident == {"status": "pending", "Product Name": "7"}
    assert case.given.notes[0].ago == timedelta(minutes=2)
    assert case.given.ticket is not None
    assert case.given.ticket.fields == {"Story Points": "5", "customfield_1": "a"}
    assert case.given.ticket.notes[0].by == "second_line"
    assert [(action.kind, action.values) for action in case.expect.actions or ()] == [
        ("show_incident", {}),
        ("create_ticket", {"fields": {"a": ["b"]}}),
        ("set_ticket_fields", {"priority": "High"}),
    ]


@pytest.mark.parametrize(
    ("given", "expect", "mistake"),
    [
        ("{incident: {priorty: High}}", "nothing", "3:24: unknown name 'priorty', did you mean 'priority'?"),
        ("{incident: {status: Pendin}}", "nothing", "3:32: 'Pendin' is no status of an incident, did you mean 'Pending'?"),
        ("{ticket: {statu: Done}}", "nothing", "3:22: unknown key 'statu', did you mean 'status'?"),
        ("{round: 0}", "nothing", "3:20: must be at least 1"),
        ("{notes: [{by: owner, text: x, ago: soon}]}", "nothing", "3:47: a length of time is a whole number and a unit: 30s, 2m, 1h, 7d"),
        ("{}", "nothin", "4:13: either nothing, or a mapping of rule, actions, stage, incident_status"),
        ("{}", "{}", "4:13: a case expects at least one of: rule, actions, stage, incident_status"),
        ("{}", "{rule: r1}", "4:20: unknown rule 'r1'; known here: r0"),
        ("{}", "{stage: fixd}", "4:21: 'fixd' is none of unlinked, linked, fixed, deployed, verified, classified, resolved, decision, released, workaround, closed_early, given_up, did you mean 'fixed'?"),
        ("{}", "{incident_status: Pendin}", "4:31: 'Pendin' is no status of an incident, did you mean 'Pending'?"),
        ("{}", "{actions: [{creat_ticket: {}}]}", "4:25: unknown key 'creat_ticket', did you mean 'create_ticket'?"),
        ("{}", "{actions: [{create_ticket: {projet: F}}]}", "4:41: unknown key 'projet', did you mean 'project'?"),
        ("{}", "{actions: [{add_note: {to: incident}, show_incident: {}}]}", "4:24: one action is expected here; begin each with its own '- '"),
    ],
)  # fmt: skip
def test_mistakes_in_cases_are_told_in_their_place(
    tmp_path: Path, given: str, expect: str, mistake: str
) -> None:
    """A mistake in a case is told as exactly as one in a rule."""
    text = f"cases:\n  - name: x\n    given: {given}\n    expect: {expect}\n"
    with pytest.raises(ConfigProblems) as caught:
        _cases(tmp_path, text)
    assert told(caught.value, tmp_path) == [f"c.test.yaml:{mistake}"]


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    """The name of a case says which one failed, so it is given once."""
    with pytest.raises(ConfigProblems, match="4:11: another case is called 'x' already"):
        _cases(tmp_path, "cases:\n  - name: x\n    expect: nothing\n  - name: x\n    expect: nothing\n")
