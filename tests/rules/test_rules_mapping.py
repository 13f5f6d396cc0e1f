"""Translating values between the words of the two sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.mapping import Unmapped, ticket_values, translate, translate_back
from tests.rules.rules_samples import incident, rules

MAPS = {
    "priority": {"Critical": "Highest", "High": "High", "Medium": "Medium"},
    "team": {"Mobile Bank": "Mobile", "Cards": "Cards", "Loans": "Cards", "default": "Front Office"},
}
FIELDS = {
    "priority": {"of": "priority", "map": "priority"},
    "components": {"of": "Product Name", "map": "team"},
    "labels": {"value": ["frontline", "retail"]},
    "Environment": {"of": "Site"},
}


def test_values_of_a_new_ticket() -> None:
    """Fixed values, plain ones and translated ones fill the ticket; what is empty is left out."""
    found = rules([], maps=MAPS, ticket={"project": "F", "fields": FIELDS})
    seen = incident(priority=" critical ", **{"Product Name": "MOBILE bank"})
    values, problems = ticket_values(found.rules[0], seen, found.maps)
    assert values == (("priority", "Highest"), ("components", "Mobile"), ("labels", ("frontline", "retail")))
    assert problems == ()


def test_a_word_without_an_entry_is_told() -> None:
    """A value without entry and default is told as data, and the default serves every other value, even none."""
    found = rules([], maps=MAPS, ticket={"project": "F", "fields": FIELDS})
    values, problems = ticket_values(found.rules[0], incident(priority="Low", Site="Kyiv"), found.maps)
    assert problems == (Unmapped(field="priority", of="priority", map="priority", value="Low"),)
    assert values == (
        ("components", "Front Office"), ("labels", ("frontline", "retail")), ("Environment", "Kyiv")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("priority", "Highest", "Critical"),
        ("priority", "highest ", "Critical"),
        ("priority", "Lowest", None),
        ("team", "Mobile", "Mobile Bank"),
        ("team", "Cards", None),
        ("team", "Front Office", None),
        (None, "Anything", "Anything"),
    ],
)
def test_back_only_where_one_word_can_be_meant(name: str | None, value: str, expected: str | None) -> None:
    """A word of the tracker is translated back only where exactly one word of the desk can be meant."""
    assert translate_back(MAPS, name, value) == expected


def test_default_is_no_word_of_the_desk() -> None:
    """A value that happens to read default is no entry, and the default answers for it."""
    assert translate(MAPS, "team", "default") == "Front Office"
    assert translate(MAPS, "priority", "default") is None


@given(st.dictionaries(st.text("abcde", min_size=1), st.text("vwxyz", min_size=1)))
def test_back_and_forth_is_the_same_word(entries: dict[str, str]) -> None:
    """Whatever can be translated back translates forth to the same word."""
    for word in entries.values():
        back = translate_back({"m": entries}, "m", word)
        if back is not None:
            assert translate({"m": entries}, "m", back) == word
