"""Whether a rule can ever be the first to match: one behind a wider rule never is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.rules.conditions import Condition, Test
from bridge.rules.match import folded
from bridge.rules.shape import Rule

#: One thing that must hold, in a form in which equal conditions are equal.
_Part = tuple[str, str, frozenset[object]]


@dataclass(frozen=True, slots=True)
class _Reach:
    """The parts that all must hold for a rule to match, and the fields they name."""

    parts: frozenset[_Part]
    names: frozenset[str]


def shadowed(rules: Sequence[Rule]) -> Iterator[tuple[int, int]]:
    """Yield (index of a rule that can never be reached, index of the earlier rule that takes everything)."""
    reaches = [_reach(rule) for rule in rules]
    for index, reach in enumerate(reaches):
        for earlier in range(index):
            if reaches[earlier].names <= reach.names and _covers(reaches[earlier], reach):
                yield index, earlier
                break


def _covers(wide: _Reach, narrow: _Reach) -> bool:
    return all(part in narrow.parts or _widens(part, narrow) for part in wide.parts)


def _widens(part: _Part, narrow: _Reach) -> bool:
    """Whether a list of values contains every value that the narrow rule lets through."""
    name, kind, values = part
    return kind == "in" and any(
        (other_name, other_kind) == (name, kind) and other_values <= values
        for other_name, other_kind, other_values in narrow.parts
    )


def _reach(rule: Rule) -> _Reach:
    parts = frozenset(part for condition in rule.when for part in _parts(condition))
    return _Reach(parts, frozenset(name for name, _, _ in parts))


def _parts(condition: Condition) -> Iterator[_Part]:
    if condition.field is not None and condition.test is not None:
        yield from _test_parts(condition.field, condition.test)
    for child in condition.all_ or ():
        yield from _parts(child)
    if condition.any_ is not None:
        yield "", "any", frozenset(frozenset(_parts(child)) for child in condition.any_)
    if condition.not_ is not None:
        yield "", "not", frozenset(_parts(condition.not_))


def _test_parts(name: str, test: Test) -> Iterator[_Part]:
    lists = (("in", test.in_), ("not_in", test.not_in))
    singles = (("in", test.is_), ("not_in", test.is_not), ("starts_with", test.starts_with))
    others = (("contains", test.contains), ("at_least", test.at_least))
    yield from ((name, kind, frozenset(map(folded, words))) for kind, words in lists if words is not None)
    yield from (
        (name, kind, frozenset({folded(word)})) for kind, word in (*singles, *others) if word is not None
    )
    if test.empty is not None:
        yield name, "empty", frozenset({test.empty})
