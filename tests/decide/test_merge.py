"""The laws of the three-way merge of one field."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.decide.merge import BOTH, Merged, Side, Sides, merge, other
from bridge.rules.shape import Owner

OWNERS: tuple[Owner, ...] = get_args(Owner)
WORDS = st.sampled_from(["", "a", "b", "c"])
SIDES = st.builds(Sides, incident=WORDS, ticket=WORDS)
BASES = st.none() | SIDES
ANY_OWNER = st.sampled_from(OWNERS)
LATER = st.sampled_from(BOTH)


def merged(base: Sides | None, seen: Sides, owner: Owner, later: Side) -> Merged:
    """The merge where both sides use the same words."""
    return merge(base, seen, equal=seen.incident == seen.ticket, owner=owner, later=later)


def after(seen: Sides, result: Merged) -> Sides:
    """What both sides say once the result was carried out."""
    if result.winner is None:
        return seen
    return Sides(incident=seen.of(result.winner), ticket=seen.of(result.winner))


def swapped(sides: Sides) -> Sides:
    """The same with the sides in each other's place."""
    return Sides(incident=sides.ticket, ticket=sides.incident)


@given(base=BASES, seen=SIDES, owner=ANY_OWNER, later=LATER)
def test_one_step_settles(base: Sides | None, seen: Sides, owner: Owner, later: Side) -> None:
    """Whatever is carried makes both sides equal, and then nothing is carried any more, whoever was later."""
    result = merged(base, seen, owner, later)
    end = after(seen, result)
    if result.winner is not None:
        assert end.incident == end.ticket
        assert merged(end, end, owner, other(later)).kind == "equal"


@given(base=BASES, seen=SIDES, owner=ANY_OWNER, later=LATER)
def test_what_is_not_carried_is_not_carried_later(
    base: Sides | None, seen: Sides, owner: Owner, later: Side
) -> None:
    """Where nothing is to be done, looking again changes nothing; once asked, the same values stay with the person."""
    result = merged(base, seen, owner, later)
    if result.kind == "nothing":
        assert merged(base, seen, owner, later) == result
    if result.kind == "ask":
        assert merged(seen, seen, owner, later).kind == "nothing"


@given(base=BASES, seen=SIDES, owner=ANY_OWNER, later=LATER)
def test_no_value_is_invented_or_emptied(base: Sides | None, seen: Sides, owner: Owner, later: Side) -> None:
    """After a merge each side says what one of them said before, and none lost its value for an empty one."""
    end = after(seen, merged(base, seen, owner, later))
    for side in BOTH:
        assert end.of(side) in (seen.incident, seen.ticket)
        assert end.of(side) or not seen.of(side)


@given(base=BASES, seen=SIDES, later=LATER, owner=ANY_OWNER)
def test_the_sides_are_alike(base: Sides | None, seen: Sides, owner: Owner, later: Side) -> None:
    """Put the sides, the owner and the later one in each other's place, and the result is put there too."""
    mirrored: Owner = other(owner) if owner in ("incident", "ticket") else owner
    there = merged(base and swapped(base), swapped(seen), mirrored, other(later))
    here = merged(base, seen, owner, later)
    assert there.kind == here.kind
    assert there.winner == (other(here.winner) if here.winner else None)


@given(base=BASES, seen=SIDES, later=LATER)
def test_the_owners_value_is_never_written(base: Sides | None, seen: Sides, later: Side) -> None:
    """Where a side owns the field, nothing is ever written there."""
    for owner in BOTH:
        assert merged(base, seen, owner, later).winner in (owner, None)


@given(agreed=WORDS.filter(bool), changed=WORDS.filter(bool), side=LATER, later=LATER)
def test_a_lone_change_is_carried(agreed: str, changed: str, side: Side, later: Side) -> None:
    """Where only one side changed it wins, whoever was changed later: nobody is asked and nobody is overruled."""
    base = Sides(incident=agreed, ticket=agreed)
    seen = Sides(**{side: changed, other(side): agreed})
    for owner in ("last_writer", "ask"):
        result = merged(base, seen, owner, later)
        if changed == agreed:
            assert result.kind == "equal"
        else:
            assert result == Merged(kind="carry", winner=side)


@pytest.mark.parametrize(
    ("owner", "later", "expected"),
    [
        ("incident", "ticket", Merged(kind="overrule", winner="incident")),
        ("ticket", "incident", Merged(kind="overrule", winner="ticket")),
        ("last_writer", "incident", Merged(kind="overrule", winner="incident")),
        ("last_writer", "ticket", Merged(kind="overrule", winner="ticket")),
        ("ask", "incident", Merged(kind="ask")),
    ],
)
def test_both_changed(owner: Owner, later: Side, expected: Merged) -> None:
    """Where both sides changed differently, the rule's owner decides."""
    base, seen = Sides(incident="a", ticket="a"), Sides(incident="b", ticket="c")
    assert merged(base, seen, owner, later) == expected
