"""Qualifications: no text can ever become syntax."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.connectors.remedy import qualification
from bridge.simulators.remedy.qualification import Comparison, Either, FieldName, Node, Text, parse
from tests.connectors.remedy_world import World, numbers

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def tree(text: str) -> Node:
    """Read a qualification as the server does."""
    return parse(text, syntax_number=1588, status=400)


def leaves(node: Node) -> list[Node]:
    """Return the alternatives of a qualification."""
    return list(node.parts) if isinstance(node, Either) else [node]


@given(ANY_TEXT, ANY_TEXT)
def test_any_value_stays_one_literal(name: str, value: str) -> None:
    """Whatever a field is called and a value holds, the server reads one field, one operator, one text."""
    node = tree(qualification.equals(name, value))
    assert isinstance(node, Comparison)
    assert isinstance(node.left, FieldName)
    assert (node.left.name, node.operator, node.right) == (name, "=", Text(value=value))


@given(st.lists(ANY_TEXT, min_size=1, max_size=6))
def test_any_values_stay_alternatives(values: list[str]) -> None:
    """A list of values is read as as many alternatives, each with its own value."""
    found = leaves(tree(qualification.one_of("Incident Number", values)))
    assert [node.right for node in found if isinstance(node, Comparison)] == [
        Text(value=one) for one in values
    ]


@given(ANY_TEXT, st.integers(0, 2**31))
def test_the_rest_of_a_second_names_exactly_one_id(after: str, second: int) -> None:
    """Going on inside a second compares with the id as it is, quotes included."""
    node = tree(qualification.rest_of_second("Last Modified Date", second, "Incident Number", after))
    assert repr(Text(value=after)) in repr(node)


@pytest.mark.parametrize("number", ['INC"1', 'x" OR "1" = "1', "it's", "C:\\path\\", "50%_[a]", "&$#+"])
def test_a_hostile_number_finds_only_itself(number: str) -> None:
    """Asking for an incident by a number full of syntax returns that incident and no other."""
    world = World()
    world.opens()
    world.people.opens({}, by="ann", number=number)
    assert numbers(world.desk().incidents([number])) == [number]


def test_a_moment_becomes_its_whole_second() -> None:
    """Fractions are cut, so that the second in which something happened is asked for."""
    assert qualification.epoch(datetime(1970, 1, 1, 0, 1, 0, 999_999, tzinfo=UTC)) == 60
