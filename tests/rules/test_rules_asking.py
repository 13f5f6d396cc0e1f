"""The keys of a rule that say how else a ticket may be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.rules.load import load_rules
from bridge.rules.match import all_hold, fields_named, ticket_fields_named
from bridge.rules.problems import ConfigProblems
from tests.rules.rules_samples import SMALLEST, incident, told

TICKET = "    ticket: {project: F}\n"
ASKING = """\
    ask_field: {any: [{"Vendor Group": {is: Development}}, {"Vendor Name": {empty: false}}]}
    ticket:
      project: F
      fields: {components: {value: Main}, priority: {of: priority}}
      incident_field: Customer Incident
      teams:
        Mobile: {project: MOB, type: Task, fields: {components: {value: ""}, labels: {of: "Product Name"}}}
        Cards: {}
"""


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_team_overrides_what_it_says(tmp_path: Path) -> None:
    """A team has its own project, type and fields, and the rule's for the rest; all projects count."""
    rules = load_rules([_file(tmp_path, SMALLEST.replace(TICKET, ASKING))])
    rule = rules.rules[0]
    mobile, cards = rule.for_team("Mobile").ticket, rule.for_team("Cards").ticket
    assert (mobile.project, mobile.type, mobile.fields["components"].value) == ("MOB", "Task", "")
    assert sorted(mobile.fields) == ["components", "labels", "priority"]
    assert (cards.project, cards.type, cards.fields) == ("F", "Bug", rule.ticket.fields)
    assert rule.for_team("Nobody") is rule
    assert rules.projects == ("F", "MOB")


def test_the_fields_of_asking_are_read(tmp_path: Path) -> None:
    """The connectors are asked for the fields that ask, that teams take values from, and that name incidents."""
    rules = load_rules([_file(tmp_path, SMALLEST.replace(TICKET, ASKING))])
    assert fields_named(rules) == {"Vendor Group", "Vendor Name", "Product Name"}
    assert ticket_fields_named(rules) == {"Customer Incident"}
    asks = rules.rules[0].ask_field
    assert asks is not None
    assert all_hold([asks], incident(**{"Vendor Group": "development"}))
    assert not all_hold([asks], incident(**{"Vendor Group": "Somebody"}))


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("Cards: {}", "mobile: {}", "the team 'mobile' is the same as 'Mobile'"),
        ("{is: Development}", "{at_least: High}", "at_least works for"),
        ('of: "Product Name"', "of: priorty", "unknown name 'priorty'"),
        ('of: "Product Name"', "of: priority, map: none", "unknown map 'none'"),
        ("type: Task", "tipe: Task", "unknown key 'tipe'"),
        (
            "    ticket:",
            '    link: "#ticket"\n    ticket:',
            "the phrase '#ticket' of link collides with '#ticket' of ask",
        ),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    """A mistake in the ways of asking is told with its place."""
    text = SMALLEST.replace(TICKET, ASKING)
    assert old in text
    with pytest.raises(ConfigProblems) as caught:
        load_rules([_file(tmp_path, text.replace(old, new, 1))])
    [problem] = told(caught.value, tmp_path)
    assert mistake in problem


def test_a_phrase_that_links_means_nothing_else_elsewhere(tmp_path: Path) -> None:
    """A phrase that links in one rule cannot verify in another: a note is read before its rule is known."""
    other = SMALLEST.removeprefix("rules:\n").replace("name: a", "name: b").replace("High", "Low")
    other = other.replace("hold: {", "hold: {verify: {accept: '#link'}, ").replace(
        TICKET, "    link: '#l'\n" + TICKET
    )
    with pytest.raises(ConfigProblems) as caught:
        load_rules([_file(tmp_path, SMALLEST + other)])
    assert any("links a ticket in the rule in" in problem for problem in told(caught.value, tmp_path))
