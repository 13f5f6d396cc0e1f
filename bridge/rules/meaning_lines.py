"""What a rule says of second and third line that cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.rules.problems import did_you_mean, nearest, shown
from bridge.rules.shape import Line, Rule
from bridge.rules.yamlfile import Steps

Finding = tuple[Steps, str]

_KEYS_OF_THEIR_OWN = ("project", "status")
#: How links that mean something else already read.
_DUPLICATES = ("duplicates", "is duplicated by")


def line_findings(rule: Rule) -> Iterator[Finding]:
    """Yield what cannot be meant in a rule's lines, as places in the rule and sentences."""
    lines = rule.lines
    if lines is None:
        return
    if lines.second_line == lines.third_line:
        yield ("lines", "third_line"), "second line and third line cannot be told apart"
    yield from _own_key(("lines", "second_line"), lines.second_line)
    yield from _own_key(("lines", "third_line"), lines.third_line)
    for index, reading in enumerate(lines.handed_on_by or ()):
        if reading.casefold() in _DUPLICATES:
            yield (
                ("lines", "handed_on_by", index),
                f"{shown(reading)} is how duplicates read, which are followed by hold.duplicate",
            )


def _own_key(loc: Steps, line: Line) -> Iterator[Finding]:
    if line.field is None:
        return
    if line.field.casefold() in _KEYS_OF_THEIR_OWN:
        key = nearest(line.field.casefold(), _KEYS_OF_THEIR_OWN) or line.field
        yield (*loc, "field"), f"{shown(line.field)} is written directly, as {key}:"
    elif line.field == line.field.lower() and nearest(line.field, ("assignee", "priority"), likeness=0.8):
        meant = did_you_mean(line.field, ("assignee", "priority"))
        if line.field not in ("assignee", "priority"):
            yield (*loc, "field"), f"unknown field {shown(line.field)}{meant}"
