"""Tests of the rules as their administrator writes them: what is given, what is expected.

Only their shape and loading; they are run through the real planner elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from bridge.model.incident import OWN_NAMES
from bridge.model.ticket import Category
from bridge.rules.durations import Duration
from bridge.rules.face import Shape, Text
from bridge.rules.match import folded
from bridge.rules.meaning import is_own_style
from bridge.rules.meaning_hold import STATUSES
from bridge.rules.problems import ConfigProblems, Problem, did_you_mean, shown
from bridge.rules.shape import RuleSet
from bridge.rules.shaped import shaped
from bridge.rules.yamlfile import KEY, Document, Steps, load_yaml

#: Every stage of an incident that a case may expect.
StageName = Literal[
    "unlinked", "linked", "fixed", "deployed", "verified", "classified", "resolved",
    "decision", "released", "workaround", "closed_early", "given_up",
]  # fmt: skip


def _status(value: str) -> str:
    for status in STATUSES:
        if folded(status) == folded(value):
            return status
    raise ValueError(f"{shown(value)} is no status of an incident{did_you_mean(value, STATUSES)}")


def _status_or_unchanged(value: str) -> str:
    return value if value == "unchanged" else _status(value)


#: A status of an incident, in the desk's spelling.
Status = Annotated[str, AfterValidator(_status)]


class GivenNote(Shape):
    """A note that stands in the incident, or in the ticket."""

    by: Text = Field(description="frontline, owner, second_line, customer, or a login.")
    text: Text
    ago: Duration | None = Field(default=None, description="How long ago it was written; else just now.")


class GivenVersion(Shape):
    """A version that the fix is planned for."""

    name: Text
    released: bool = False


class GivenTicket(Shape):
    """The linked ticket; a field of the tracker is written beside our own names, as the tracker spells it."""

    key: Text | None = Field(default=None, description="Else the rule's project and number 1.")
    type: str = ""
    summary: str = ""
    status: str = ""
    category: Category | None = Field(default=None, description="Else done where there is a resolution.")
    resolution: str = ""
    priority: str = ""
    assignee: str = ""
    labels: tuple[Text, ...] = ()
    components: tuple[Text, ...] = ()
    fix_versions: tuple[GivenVersion, ...] = ()
    notes: tuple[GivenNote, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _fields_of_the_tracker(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        theirs = {
            name for name in data if not is_own_style(str(name)) or str(name).startswith("customfield_")
        }
        if not theirs or "fields" in data:
            return data
        own = {name: value for name, value in data.items() if name not in theirs}
        return {**own, "fields": {name: data[name] for name in data if name in theirs}}


class Given(Shape):
    """What the world looks like when the rules are asked."""

    incident: dict[str, str] = Field(
        default_factory=dict, description="Values by our own names or the desk's field names."
    )
    notes: tuple[GivenNote, ...] = Field(default=(), description="Notes in the incident, oldest first.")
    linked: bool = Field(default=False, description="Whether the incident is linked to the ticket already.")
    ticket: GivenTicket | None = None
    waiting: Annotated[int, Field(ge=1, strict=True)] = Field(
        default=1, description="How many held incidents wait for the ticket, this one included."
    )
    round: Annotated[int, Field(ge=1, strict=True)] = Field(
        default=1, description="Which attempt at the fix."
    )
    asked: bool = Field(default=False, description="Whether Frontline was asked to verify in this round.")


class ExpectedTicket(Shape):
    """A new ticket; only what is written is compared."""

    project: Text | None = None
    type: Text | None = None
    summary: Text | None = None
    description: Text | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class ExpectedNote(Shape):
    """A new note; ``mentions`` are words that it holds."""

    to: Literal["incident", "ticket"] | None = None
    mentions: tuple[Text, ...] = ()


class ExpectedStatus(Shape):
    """A new status of the incident."""

    status: Status
    reason: str | None = None


class ExpectedMove(Shape):
    """Where the ticket is moved."""

    to: Text | None = None


class Empty(Shape):
    """Nothing more to compare."""


class ExpectedAction(Shape):
    """One action by its name, with the values that are compared; exactly one name is set."""

    create_ticket: ExpectedTicket | None = None
    add_note: ExpectedNote | None = None
    edit_note: ExpectedNote | None = None
    set_incident_status: ExpectedStatus | None = None
    set_incident_fields: dict[str, Any] | None = None
    set_ticket_fields: dict[str, Any] | None = None
    transition_ticket: ExpectedMove | None = None
    show_incident: Empty | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, data: Any) -> Any:
        return {data: {}} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_action(self) -> ExpectedAction:
        if len(self.model_fields_set) != 1:
            raise ValueError("one action is expected here; begin each with its own '- '")
        return self

    @property
    def kind(self) -> str:
        """The name of the action, for instance ``create_ticket``."""
        return next(iter(self.model_fields_set))

    @property
    def values(self) -> dict[str, Any]:
        """What was written of it, and nothing else."""
        written: dict[str, Any] = self.model_dump(exclude_unset=True)[self.kind]
        return written


class Expect(Shape):
    """What the planner must decide; only what is written is compared."""

    nothing: bool = Field(default=False, description="No action at all; in short, expect: nothing.")
    rule: Text | None = Field(default=None, description="The rule that owns the incident.")
    actions: tuple[ExpectedAction, ...] | None = Field(
        default=None, description="Actions among those planned, in this order."
    )
    stage: StageName | None = None
    incident_status: Annotated[str, AfterValidator(_status_or_unchanged)] | None = Field(
        default=None, description="The incident's status afterwards, or unchanged."
    )

    @model_validator(mode="before")
    @classmethod
    def _word(cls, data: Any) -> Any:
        if isinstance(data, str) and data != "nothing":
            raise ValueError("either nothing, or a mapping of rule, actions, stage, incident_status")
        return {"nothing": True} if data == "nothing" else data

    @model_validator(mode="after")
    def _something(self) -> Expect:
        if not self.model_fields_set:
            raise ValueError("a case expects at least one of: rule, actions, stage, incident_status")
        if self.nothing and self.actions:
            raise ValueError("nothing and actions cannot both be expected")
        return self


class CaseShape(Shape):
    """One test of the rules."""

    name: Text
    given: Given = Given()
    expect: Expect


class CaseFile(Shape):
    """One file of tests."""

    cases: Annotated[tuple[CaseShape, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test of the rules, and where it stands."""

    file: str
    line: int
    name: str
    given: Given
    expect: Expect


def case_files(rule_files: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files with tests that lie beside these rules files, sorted."""
    folders = {path.parent for path in rule_files}
    return tuple(sorted(found for folder in folders for found in folder.glob("*.test.yaml")))


def load_cases(path: Path, rules: RuleSet | None = None) -> tuple[Case, ...]:
    """Return the tests of one file; ``ConfigProblems`` tells every mistake in it.

    Where ``rules`` are given, an expected rule must be one of them.
    """
    document = load_yaml(path)
    file, problems = shaped(document, CaseFile)
    names = () if rules is None else [rule.name for rule in rules.rules]
    problems += tuple(_meaning(document, file.cases, names)) if file is not None else ()
    if file is None or problems:
        raise ConfigProblems(problems)
    return tuple(_case(document, index, case) for index, case in enumerate(file.cases))


def _case(document: Document, index: int, case: CaseShape) -> Case:
    line = document.spots[("cases", index)].value.line
    return Case(file=document.file, line=line, name=case.name, given=case.given, expect=case.expect)


def _meaning(document: Document, cases: Sequence[CaseShape], rules: Sequence[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, case in enumerate(cases):
        loc: Steps = ("cases", index)
        if case.name in seen:
            yield document.problem((*loc, "name"), f"another case is called {shown(case.name)} already")
        seen.add(case.name)
        yield from _incident(document, (*loc, "given", "incident"), case.given)
        expected = case.expect.rule
        if rules and expected is not None and expected not in rules:
            text = f"unknown rule {shown(expected)}{did_you_mean(expected, rules)}"
            yield document.problem((*loc, "expect", "rule"), text)


def _incident(document: Document, loc: Steps, given: Given) -> Iterator[Problem]:
    for name, value in given.incident.items():
        if is_own_style(name) and name not in OWN_NAMES:
            text = f"unknown name {shown(name)}{did_you_mean(name, OWN_NAMES)}"
            yield document.problem((*loc, name, KEY), text)
        if name == "status" and folded(value) not in {folded(status) for status in STATUSES}:
            text = f"{shown(value)} is no status of an incident{did_you_mean(value, STATUSES)}"
            yield document.problem((*loc, name), text)
