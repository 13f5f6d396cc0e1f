"""What a rule of the right shape says that cannot be meant: names, tests, templates, maps, fields.

Every finding is a place in the rule and a sentence.  Only sure mistakes are findings: whatever needs a look
at the desk or the tracker is left to ``bridge check --live``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bridge.model.incident import OWN_NAMES
from bridge.rules.conditions import Condition, Test
from bridge.rules.levels import LEVELLED, WAITING, labels, level
from bridge.rules.mapping import DEFAULT
from bridge.rules.match import folded
from bridge.rules.meaning_hold import STATUSES, hold_findings
from bridge.rules.meaning_lines import line_findings
from bridge.rules.meaning_roads import road_findings
from bridge.rules.named import CONTEXT_PACK, sources
from bridge.rules.problems import did_you_mean, nearest, shown
from bridge.rules.shape import MirroredField, Rule
from bridge.rules.template import TemplateProblem, compile_template
from bridge.rules.values import FieldSource, Source, ValueCase
from bridge.rules.yamlfile import KEY, Steps

Finding = tuple[Steps, str]
Maps = Mapping[str, Mapping[str, str]]

_KEYS_OF_THEIR_OWN = {
    "project": "project",
    "type": "type",
    "issuetype": "type",
    "summary": "summary",
    "description": "description",
}
_NEVER_SET = frozenset({"status", "resolution", "key"})
_TRACKER_FIELDS = frozenset(
    {"priority", "components", "labels", "assignee", "reporter", "duedate", "environment", "versions"}
)
_NEVER_MIRRORED_TO_TICKET = _NEVER_SET | {"project", "type"}
_NEVER_MIRRORED_TO_INCIDENT = {
    "number": "belongs to the desk",
    "status": "is what the hold decides",
    "status_reason": "is what the hold decides",
    "ticket_field": "holds the ticket's key",
    "priority": "is computed by the desk from impact and urgency; mirror those",
}


def findings(rule: Rule, maps: Maps | None) -> Iterator[Finding]:
    """Yield what cannot be meant in a rule; ``maps`` is None where they could not all be read."""
    yield from _conditions(rule)
    yield from _ticket(rule)
    yield from _mirror(rule)
    yield from hold_findings(rule)
    yield from road_findings(rule, maps)
    yield from line_findings(rule)
    if rule.hold.cause is not None:
        yield from _name(("hold", "cause", "field"), rule.hold.cause.field)
    if maps is not None:
        yield from _maps(rule, maps)


def map_findings(entries: Mapping[str, object]) -> Iterator[Finding]:
    """Yield the keys of a map that are the same to a rule as an earlier one."""
    seen: dict[str, str] = {}
    for key in entries:
        first = seen.setdefault(folded(key), key)
        if first != key:
            yield (
                (key,),
                f"{shown(key)} is the same as {shown(first)}: upper and lower case make no difference",
            )


def is_own_style(name: str) -> bool:
    """Whether a name is written as our own are: lower case, without blanks."""
    return name.isascii() and name == name.lower() and " " not in name


def _name(loc: Steps, name: str) -> Iterator[Finding]:
    if name not in OWN_NAMES and is_own_style(name):
        meant = did_you_mean(name.removeprefix("incident."), OWN_NAMES)
        yield loc, f"unknown name {shown(name)}{meant} (a field of the desk is spelt as the desk spells it)"


def _conditions(rule: Rule) -> Iterator[Finding]:
    if rule.open == "automatically" and not rule.when:
        yield (
            ("open",),
            "a rule that opens automatically needs conditions under when, or every incident opens a ticket",
        )
    for index, condition in enumerate(rule.when):
        yield from _condition(("when", index), condition)
    if rule.ask_field is not None:
        yield from _condition(("ask_field",), rule.ask_field)


def _condition(loc: Steps, condition: Condition, more: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Yield what cannot be meant in a condition; ``more`` are names that it may use beside the usual ones."""
    if condition.field is not None and condition.test is not None:
        if condition.field not in more:
            yield from _name((*loc, "field", KEY), condition.field)
        yield from _test((*loc, "test"), condition.field, condition.test, more)
    for group, children in (("all", condition.all_), ("any", condition.any_)):
        for index, child in enumerate(children or ()):
            yield from _condition((*loc, group, index), child, more)
    if condition.not_ is not None:
        yield from _condition((*loc, "not"), condition.not_, more)


def _test(loc: Steps, name: str, test: Test, more: frozenset[str]) -> Iterator[Finding]:
    positive = (test.is_, test.in_, test.starts_with, test.contains, test.at_least)
    if test.empty and any(part is not None for part in positive):
        yield (*loc, "empty"), "a value cannot be empty and be something at once"
    if test.at_least is not None:
        yield from _at_least((*loc, "at_least"), name, test.at_least, more)
    if name == "status":
        yield from _statuses(loc, test)


def _at_least(loc: Steps, name: str, least: str, more: frozenset[str]) -> Iterator[Finding]:
    if name in more:
        if not least.isdecimal():
            yield loc, f"{shown(least)} is no whole number, which {name} is counted in"
    elif name not in LEVELLED:
        yield loc, f"at_least works for {', '.join(LEVELLED)} only{_only_meant(name, LEVELLED)}"
    elif level(name, least) is None:
        yield loc, f"{shown(least)} is no {name}{did_you_mean(least, labels(name))}"


def _only_meant(name: str, known: Collection[str]) -> str:
    meant = nearest(name, known)
    return f", did you mean {shown(meant)}?" if meant else ""


def _statuses(loc: Steps, test: Test) -> Iterator[Finding]:
    single = (("is", test.is_), ("is_not", test.is_not))
    asked: list[tuple[Steps, str]] = [((key,), word) for key, word in single if word is not None]
    for key, words in (("in", test.in_), ("not_in", test.not_in)):
        asked += [((key, index), word) for index, word in enumerate(words or ())]
    known = {folded(status) for status in STATUSES}
    for place, word in asked:
        if folded(word) not in known:
            yield (*loc, *place), f"{shown(word)} is no status of an incident{did_you_mean(word, STATUSES)}"


def _ticket(rule: Rule) -> Iterator[Finding]:
    ticket = rule.ticket
    yield from _template(("ticket", "summary"), ticket.summary)
    if ticket.description != CONTEXT_PACK:
        yield from _description(ticket.description)
    for index, name in enumerate(ticket.include):
        yield from _name(("ticket", "include", index), name)
    yield from _teams(ticket.teams)
    for loc, source in sources(rule):
        name = loc[-1]
        yield from _ticket_field((*loc, KEY), name)
        for place, one in _sources(loc, source):
            if one.of is not None:
                yield from _name((*place, "of"), one.of)
            if name == "labels":
                yield from _labels((*place, "value"), one.value)
        yield from _cases(loc, source.when)


def _sources(loc: Steps, field: FieldSource) -> Iterator[tuple[Steps, Source | FieldSource]]:
    """Yield every place of a field that has a value or a source, with it."""
    yield loc, field
    for index, case in enumerate(field.when):
        yield (*loc, "when", index), case
    if field.otherwise is not None:
        yield (*loc, "otherwise"), field.otherwise


def _cases(loc: Steps, cases: tuple[ValueCase, ...]) -> Iterator[Finding]:
    for index, case in enumerate(cases):
        for inner, condition in enumerate(case.if_):
            # Where the conditions are written as one mapping they have no places of their own in the file.
            yield from _condition((*loc, "when", index, "if", inner), condition, frozenset({WAITING}))


def _teams(teams: Collection[str]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name in teams:
        first = seen.setdefault(" ".join(folded(name).split()), name)
        if first != name:
            text = f"the team {shown(name)} is the same as {shown(first)}: case and blanks make no difference"
            yield ("ticket", "teams", name, KEY), text


def _ticket_field(loc: Steps, name: str) -> Iterator[Finding]:
    key = _KEYS_OF_THEIR_OWN.get(name)
    if key is not None:
        yield loc, f"{shown(name)} is written directly under ticket, as {key}:"
    elif name in _NEVER_SET:
        yield loc, f"{shown(name)} cannot be set when a ticket is opened"
    elif is_own_style(name) and name not in _TRACKER_FIELDS:
        meant = nearest(name, _TRACKER_FIELDS, likeness=0.8)
        if meant is not None:
            yield loc, f"unknown field {shown(name)}, did you mean {shown(meant)}?"


def _labels(loc: Steps, value: str | tuple[str, ...] | None) -> Iterator[Finding]:
    for label in (value,) if isinstance(value, str) else value or ():
        if any(char.isspace() for char in label):
            yield loc, f"the label {shown(label)} has a blank in it, which Jira refuses"


def _description(text: str) -> Iterator[Finding]:
    if " " not in text and nearest(text, [CONTEXT_PACK], likeness=0.75):
        yield (
            ("ticket", "description"),
            f"unknown description {shown(text)}, did you mean {shown(CONTEXT_PACK)}?",
        )
    else:
        yield from _template(("ticket", "description"), text)


def _template(loc: Steps, text: str) -> Iterator[Finding]:
    try:
        template = compile_template(text, {"incident"}, {"incident": OWN_NAMES})
        items = template.items.get("incident", frozenset())
        template.render(incident=dict.fromkeys((*OWN_NAMES, *items), "1"))
    except TemplateProblem as problem:
        yield loc, str(problem)
    else:
        for item in sorted(items):
            yield from _name(loc, item)


def _mirror(rule: Rule) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, field in enumerate(rule.mirror.fields):
        loc = ("mirror", "fields", index)
        yield from _name((*loc, "incident"), field.incident)
        yield from _mirrored(loc, field)
        yield from _cases(loc, field.when)
        for side, name in (("incident", field.incident), ("ticket", field.ticket)):
            if f"{side} {name}" in seen:
                yield (*loc, side), f"the {side}'s {shown(name)} is mirrored already"
            seen.add(f"{side} {name}")


def _mirrored(loc: Steps, field: MirroredField) -> Iterator[Finding]:
    if field.owner != "ticket" and field.ticket in _NEVER_MIRRORED_TO_TICKET:
        yield (*loc, "ticket"), f"the ticket's {shown(field.ticket)} cannot be set from the incident"
    if field.owner != "incident" and field.incident in _NEVER_MIRRORED_TO_INCIDENT:
        why = _NEVER_MIRRORED_TO_INCIDENT[field.incident]
        yield (
            (*loc, "incident"),
            f"the incident's {shown(field.incident)} cannot be set from the ticket: it {why}",
        )


def _maps(rule: Rule, maps: Maps) -> Iterator[Finding]:
    for loc, name in _maps_used(rule):
        if name is not None and name not in maps:
            yield loc, f"unknown map {shown(name)}{did_you_mean(name, maps)}"
    for index, field in enumerate(rule.mirror.fields):
        if field.owner != "incident" and field.map is not None and field.map in maps:
            yield from _ambiguous(("mirror", "fields", index, "map"), field, maps[field.map])


def _maps_used(rule: Rule) -> Iterator[tuple[Steps, str | None]]:
    for place, source in sources(rule):
        for loc, one in _sources(place, source):
            yield (*loc, "map"), one.map
    for index, field in enumerate(rule.mirror.fields):
        for key in ("map", "map_to_ticket", "map_to_incident"):
            yield ("mirror", "fields", index, key), getattr(field, key)
        for number, case in enumerate(field.when):
            yield ("mirror", "fields", index, "when", number, "map"), case.map


def _ambiguous(loc: Steps, field: MirroredField, entries: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the words of a map that cannot be translated back although the ticket's value may win."""
    words: dict[str, list[str]] = {}
    for key, word in entries.items():
        if key != DEFAULT:
            words.setdefault(folded(word), []).append(key)
    owned = "the ticket owns this field" if field.owner == "ticket" else "the ticket's value may win here"
    for keys in words.values():
        if len(keys) > 1:
            meant = f"{shown(entries[keys[0]])} for {' and '.join(keys)}"
            yield loc, f"{owned}, but the map {shown(field.map or '')} has {meant}"
