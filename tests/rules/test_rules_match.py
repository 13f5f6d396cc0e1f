"""Matching: which rule owns an incident, and what the trace tells."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.levels import level
from bridge.rules.match import TraceLine, fields_named, match, ticket_fields_named
from tests.rules.rules_samples import incident, rules


def _holds(condition: Any, **values: Any) -> bool:
    return match(rules([condition]), incident(**values)).rule is not None


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [
        ("High", " hIGH ", True),
        ({"is": "High"}, "Highest", False),
        ({"is_not": "High"}, "", True),
        ({"is_not": "High"}, "HIGH", False),
        ({"in": ["Low", "High"]}, "high", True),
        ({"in": "High"}, "High", True),
        ({"not_in": ["Low", "High"]}, "low", False),
        ({"not_in": ["Low"]}, "", True),
        ({"starts_with": "hi"}, "High", True),
        ({"starts_with": "igh"}, "High", False),
        ({"contains": "IG"}, "High", True),
        ({"contains": "x"}, "High", False),
        ({"empty": True}, "  ", True),
        ({"empty": True}, "x", False),
        ({"empty": False}, "x", True),
        ({"empty": False}, "", False),
        ({"is": "Й"}, "\u0438\u0306", True),
        ({"starts_with": "H", "contains": "ig"}, "High", True),
        ({"starts_with": "H", "contains": "x"}, "High", False),
    ],
)
def test_each_test_of_a_value(test: Any, value: str, *, holds: bool) -> None:
    """A test ignores case, outer blanks and the way accents are stored, and all of its parts must hold."""
    assert _holds({"Product Name": test}, **{"Product Name": value}) is holds


@pytest.mark.parametrize(
    ("name", "least", "value", "holds"),
    [
        ("priority", "High", "Critical", True),
        ("priority", "High", "high", True),
        ("priority", "High", "Medium", False),
        ("priority", "High", "", False),
        ("priority", "High", "Whatever", False),
        ("impact", "2-Significant/Large", "1-Extensive/Widespread", True),
        ("impact", "Significant", "2-Significant/Large", True),
        ("impact", "2", "3-Moderate/Limited", False),
        ("urgency", "High", "1-Critical", True),
        ("urgency", "2-High", "Low", False),
        ("urgency", "4-Low", "3-Medium", True),
    ],
)
def test_at_least_counts_seriousness(name: str, least: str, value: str, *, holds: bool) -> None:
    """At least means this or more serious, with or without the number, and never holds for an unknown value."""
    assert _holds({name: {"at_least": least}}, **{name: value}) is holds


def test_a_number_that_contradicts_its_word_is_no_level() -> None:
    """A value whose number and word disagree is not guessed."""
    assert level("urgency", "2-Critical") is None
    assert level("urgency", "2-Dringend") == 2


_VALUES = st.sampled_from(["", "High", "Low", "New"])
_LEAVES = st.builds(
    lambda name, test: {name: test},
    st.sampled_from(["priority", "urgency", "Product Name"]),
    st.sampled_from(
        ["High", {"in": ["High", "Low"]}, {"empty": True}, {"at_least": "High"}, {"contains": "o"}]
    ),
).filter(lambda one: not ("Product Name" in one and one["Product Name"] == {"at_least": "High"}))
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: {"not": one}),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"any": many}),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"all": many}),
    ),
    max_leaves=8,
)
_INCIDENTS = st.builds(
    lambda priority, urgency, product: {"priority": priority, "urgency": urgency, "Product Name": product},
    _VALUES, _VALUES, _VALUES,
)  # fmt: skip


@given(_CONDITIONS, _INCIDENTS)
def test_not_inverts(condition: Any, values: dict[str, str]) -> None:
    """A condition under not holds exactly where it does not hold itself."""
    assert _holds({"not": condition}, **values) is not _holds(condition, **values)


@given(st.lists(_CONDITIONS, min_size=1, max_size=3), _INCIDENTS)
def test_groups_are_all_and_any(conditions: list[Any], values: dict[str, str]) -> None:
    """Under all every condition must hold, under any one; the one is the inverse of the other (De Morgan)."""
    each = [_holds(condition, **values) for condition in conditions]
    assert _holds({"all": conditions}, **values) is all(each)
    assert _holds({"any": conditions}, **values) is any(each)
    inverse = {"not": {"all": [{"not": condition} for condition in conditions]}}
    assert _holds({"any": conditions}, **values) is _holds(inverse, **values)


def test_the_first_matching_rule_owns_the_incident() -> None:
    """Rules are tried in order and the rest is not tried any more; without conditions a rule takes everything."""
    verdict = match(rules([{"priority": "Low"}], [{"priority": "High"}], []), incident(priority="High"))
    assert verdict.rule is not None
    assert verdict.rule.name == "r1"
    assert [(trial.rule_name, trial.matched) for trial in verdict.trials] == [("r0", False), ("r1", True)]
    assert match(rules([]), incident()).rule is not None


def test_the_trace_tells_every_condition_with_what_it_saw() -> None:
    """Conditions after the first that failed are told too, and those in groups stand below their group."""
    when = [
        {"assigned_group": {"in": ["A", "B"]}},
        {"any": [{"priority": {"at_least": "High"}}, {"not": {"Product Name": {"empty": True}}}]},
    ]
    verdict = match(rules(when), incident(assigned_group="C", priority="Low", **{"Product Name": "Cards"}))
    assert verdict.rule is None
    assert verdict.trials[0].lines == (
        TraceLine(text="assigned_group in [A, B]", saw="C", holds=False),
        TraceLine(text="any of: priority at least High; not: Product Name is empty", holds=True),
        TraceLine(text="priority at least High", saw="Low", holds=False, depth=1),
        TraceLine(text="not: Product Name is empty", holds=True, depth=1),
        TraceLine(text="Product Name is empty", saw="Cards", holds=False, depth=2),
    )


def test_the_fields_that_rules_name_are_gathered_from_everywhere() -> None:
    """Conditions, sources, mirror, pack, templates and cause name desk fields; own names are none."""
    parts: dict[str, Any] = {
        "ticket": {
            "project": "F",
            "summary": "{{ incident.summary }} {{ incident['Site'] }}",
            "description": "{% if incident['Tier'] %}x{% endif %}",
            "include": ["Company", "impact"],
            "fields": {"priority": {"of": "Product Name"}},
        },
        "hold": {
            "deployed": {"any": [{"fix_version": "released"}]},
            "cause": {"field": "Resolution Category", "one_of": ["x"]},
        },
        "mirror": {
            "fields": [
                {"incident": "Region", "ticket": "Story Area", "owner": "incident"},
                {"incident": "impact", "ticket": "priority", "owner": "incident"},
            ]
        },
    }
    found = rules([{"any": [{"not": {"Tier 1": "x"}}, {"status": "New"}]}], **parts)
    names = {"Tier 1", "Product Name", "Region", "Company", "Site", "Tier", "Resolution Category"}
    assert fields_named(found) == names
    assert ticket_fields_named(found) == {"Story Area"}
