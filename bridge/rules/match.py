"""Finds the rule that owns an incident, and tells of every condition what it saw.

The first rule whose conditions all hold owns the incident.  Values are compared without regard to case, outer
blanks and the way accents are stored.  Pure: the same rules and incident always give the same verdict.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from bridge.model.incident import Incident
from bridge.rules.conditions import Condition, Test
from bridge.rules.levels import LEVELLED, WAITING, level, so_many
from bridge.rules.named import fields_named, ticket_fields_named
from bridge.rules.shape import Rule, RuleSet

__all__ = [
    "TraceLine",
    "Trial",
    "Valued",
    "Verdict",
    "all_hold",
    "fields_named",
    "match",
    "same",
    "ticket_fields_named",
]

_LONGEST_SEEN = 200


class Valued(Protocol):
    """Whatever conditions can be asked about."""

    def value(self, name: str) -> str:
        """Return the value of this name, empty where there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One condition: what it asks, what it saw (empty for groups), whether it holds, how deep it stands."""

    text: str
    saw: str = ""
    holds: bool | None
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One rule that was tried, with every one of its conditions."""

    rule_name: str
    matched: bool
    lines: tuple[TraceLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The rule that owns the incident, None where none does, and the rules that were tried up to it."""

    rule: Rule | None
    trials: tuple[Trial, ...]


def match(rules: RuleSet, incident: Incident) -> Verdict:
    """Return the first rule whose conditions all hold, with the trace of every rule that was tried."""
    trials: list[Trial] = []
    for rule in rules.rules:
        trial = _try(rule, incident)
        trials.append(trial)
        if trial.matched:
            return Verdict(rule=rule, trials=tuple(trials))
    return Verdict(rule=None, trials=tuple(trials))


def all_hold(conditions: Iterable[Condition], valued: Valued) -> bool:
    """Whether all of these conditions hold."""
    return all(next(_trace(condition, valued, depth=0)).holds for condition in conditions)


def same(one: str, other: str) -> bool:
    """Whether two values are the same to a rule."""
    return folded(one) == folded(other)


def folded(value: str) -> str:
    """Return a value as it is compared."""
    return unicodedata.normalize("NFC", value).strip().casefold()


def _try(rule: Rule, incident: Incident) -> Trial:
    traces = [tuple(_trace(condition, incident, depth=0)) for condition in rule.when]
    return Trial(
        rule_name=rule.name,
        matched=all(trace[0].holds for trace in traces),
        lines=tuple(line for trace in traces for line in trace),
    )


def _trace(condition: Condition, incident: Valued, depth: int) -> Iterator[TraceLine]:
    """Yield the line of a condition, then those of the conditions in it."""
    if condition.field is not None and condition.test is not None:
        saw = incident.value(condition.field)
        yield TraceLine(
            text=f"{condition.field} {words_of(condition.test)}",
            saw=saw[:_LONGEST_SEEN],
            holds=passes(condition.test, condition.field, saw),
            depth=depth,
        )
        return
    inner = [tuple(_trace(child, incident, depth + 1)) for child in children(condition)]
    holds = _combined(condition, [trace[0].holds is True for trace in inner])
    yield TraceLine(text=condition_text(condition), holds=holds, depth=depth)
    for trace in inner:
        yield from trace


def _combined(condition: Condition, inner: Iterable[bool]) -> bool:
    if condition.not_ is not None:
        return not all(inner)
    return any(inner) if condition.any_ is not None else all(inner)


def children(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions that stand in a condition."""
    if condition.not_ is not None:
        return (condition.not_,)
    return condition.any_ or condition.all_ or ()


def condition_text(condition: Condition) -> str:
    """Return a condition as one line that people read."""
    if condition.field is not None and condition.test is not None:
        return f"{condition.field} {words_of(condition.test)}"
    inner = "; ".join(condition_text(child) for child in children(condition))
    word = "not" if condition.not_ is not None else "any of" if condition.any_ is not None else "all of"
    return f"{word}: {inner}"


def words_of(test: Test) -> str:
    """Return a test as people read it: ``in [High, Critical]``, ``is not empty``."""
    return " and ".join(_words(test))


def _words(test: Test) -> Iterator[str]:
    asked = {
        "is": test.is_,
        "is not": test.is_not,
        "in": _listed(test.in_),
        "not in": _listed(test.not_in),
        "starts with": test.starts_with,
        "contains": test.contains,
        "at least": test.at_least,
    }
    yield from (f"{word} {value}" for word, value in asked.items() if value is not None)
    if test.empty is not None:
        yield "is empty" if test.empty else "is not empty"


def _listed(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else f"[{', '.join(values)}]"


def passes(test: Test, name: str, value: str) -> bool:
    """Whether a value of the incident's field ``name`` passes every part of a test."""
    return all(_parts(test, name, folded(value)))


def _parts(test: Test, name: str, value: str) -> Iterator[bool]:
    if test.is_ is not None:
        yield value == folded(test.is_)
    if test.is_not is not None:
        yield value != folded(test.is_not)
    if test.in_ is not None:
        yield value in {folded(word) for word in test.in_}
    if test.not_in is not None:
        yield value not in {folded(word) for word in test.not_in}
    if test.starts_with is not None:
        yield value.startswith(folded(test.starts_with))
    if test.contains is not None:
        yield folded(test.contains) in value
    if test.empty is not None:
        yield (value == "") is test.empty
    if test.at_least is not None:
        yield _as_serious(name, value, test.at_least)


def _as_serious(name: str, value: str, least: str) -> bool:
    """Whether a value is at least as serious; one that is no level is not.  ``waiting`` is a count."""
    if name == WAITING:
        return so_many(value, least)
    if name not in LEVELLED:
        return False
    seen, asked = level(name, value), level(name, least)
    return seen is not None and asked is not None and seen <= asked
