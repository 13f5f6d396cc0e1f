"""Which fields of the desk and the tracker the rules name, so that the connectors ask for exactly those."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.incident import OWN_NAMES
from bridge.rules.conditions import Condition
from bridge.rules.levels import WAITING
from bridge.rules.shape import Line, Rule, RuleSet
from bridge.rules.shape_roads import ChangeIn
from bridge.rules.template import TemplateProblem, compile_template
from bridge.rules.values import FieldSource, Source, ValueCase

#: What every ticket tells under our own names, whatever the rules say.
TICKET_NAMES = frozenset(
    {
        "key", "project", "type", "summary", "status", "resolution", "priority", "assignee", "labels",
        "components",
    }
)  # fmt: skip

#: The ``description`` that stands for the pack which the bridge makes itself.
CONTEXT_PACK = "context_pack"


def fields_named(rules: RuleSet) -> frozenset[str]:
    """Return the desk's own fields that any condition, source, mirror, pack, template or cause names."""
    ours = OWN_NAMES | {WAITING}
    return frozenset(name for rule in rules.rules for name in incident_names(rule) if name not in ours)


def ticket_fields_named(rules: RuleSet) -> frozenset[str]:
    """Return the tracker's own fields that a rule names for whatever purpose, beside what every ticket tells."""
    named = (name for rule in rules.rules for name in _ticket_names(rule))
    return frozenset(name for name in named if name not in TICKET_NAMES)


def _ticket_names(rule: Rule) -> Iterator[str]:
    yield from (field.ticket for field in rule.mirror.fields)
    yield from (line.field for line in lines_of(rule) if line.field is not None)
    if rule.ticket.incident_field is not None:
        yield rule.ticket.incident_field
    if rule.hold.cause is not None and rule.hold.cause.propose is not None:
        yield rule.hold.cause.propose.of
    if rule.hold.workaround is not None and rule.hold.workaround.field is not None:
        yield rule.hold.workaround.field


def reads_changes(rule: Rule) -> bool:
    """Whether a completed change of the desk is evidence for a rule."""
    deployed = rule.hold.deployed
    return any(isinstance(source, ChangeIn) for source in (*deployed.any_, *deployed.all_))


def links_named(rules: RuleSet) -> frozenset[str]:
    """Return how the issue links read by which second line hands a ticket on, as the rules spell them."""
    return frozenset(
        reading for rule in rules.rules if rule.lines for reading in rule.lines.handed_on_by or ()
    )


def lines_of(rule: Rule) -> tuple[Line, ...]:
    """Return the second and the third line of a rule, none where it has no lines."""
    return (rule.lines.second_line, rule.lines.third_line) if rule.lines else ()


def incident_names(rule: Rule) -> Iterator[str]:
    """Yield every name of an incident's value in a rule, our own and the desk's."""
    for condition in rule.when:
        yield from condition_names(condition)
    if rule.ask_field is not None:
        yield from condition_names(rule.ask_field)
    yield from _source_names(rule)
    yield from (field.incident for field in rule.mirror.fields)
    yield from rule.ticket.include
    if rule.hold.cause is not None:
        yield rule.hold.cause.field
    for text in (rule.ticket.summary, rule.ticket.description):
        yield from template_names(text)


def sources(rule: Rule) -> Iterator[tuple[tuple[str, ...], FieldSource]]:
    """Yield (place in the rule, source) of every field of a new ticket, the teams' own included."""
    for name, source in rule.ticket.fields.items():
        yield ("ticket", "fields", name), source
    for team, shape in rule.ticket.teams.items():
        for name, source in shape.fields.items():
            yield ("ticket", "teams", team, "fields", name), source


def _source_names(rule: Rule) -> Iterator[str]:
    cases: list[ValueCase] = [case for field in rule.mirror.fields for case in field.when]
    others: list[Source] = []
    for _, source in sources(rule):
        cases += source.when
        others += [source.otherwise] if source.otherwise else []
        if source.of is not None:
            yield source.of
    yield from (source.of for source in (*cases, *others) if source.of is not None)
    for case in cases:
        for condition in case.if_:
            yield from condition_names(condition)


def condition_names(condition: Condition) -> Iterator[str]:
    """Yield every name that a condition tests."""
    if condition.field is not None:
        yield condition.field
    for child in (*(condition.all_ or ()), *(condition.any_ or ())):
        yield from condition_names(child)
    if condition.not_ is not None:
        yield from condition_names(condition.not_)


def template_names(text: str) -> Iterator[str]:
    """Yield the names in ``incident["..."]`` of a template; one that does not compile names none."""
    if text == CONTEXT_PACK:
        return
    try:
        template = compile_template(text, names={"incident"})
    except TemplateProblem:
        return
    yield from sorted(template.items.get("incident", frozenset()))
