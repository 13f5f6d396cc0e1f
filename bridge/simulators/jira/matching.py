"""What the names in a query mean: a tree becomes a test of issues and, where it can, a short list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.simulators.jira.dates import Span, span
from bridge.simulators.jira.fields import Field, catalogue, options
from bridge.simulators.jira.jql import And, BadQuery, Clause, Empty, Function, Literal, Node, Not, Operand, Or
from bridge.simulators.jira.records import Issue, Named
from bridge.simulators.jira.settings import Person
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.workflow import CATEGORIES

Predicate = Callable[[Issue], bool]

_ALIAS = {
    "id": "key",
    "issue": "key",
    "issuekey": "key",
    "type": "issuetype",
    "createddate": "created",
    "updateddate": "updated",
    "resolutiondate": "resolved",
    "due": "duedate",
}
_DATES = frozenset({"created", "updated", "resolved"})
_TEXTS = frozenset({"summary", "description", "environment", "comment", "text"})
_TEXT_KINDS = frozenset({"string", "url", "textarea"})
_FREE_KINDS = frozenset({"labels", "date", "datetime", "number"})
_VERSIONS = {"fixversion": "fixVersions", "affectedversion": "versions"}
_USERS = frozenset({"assignee", "reporter", "creator"})
_OPPOSITE = {
    "=": "!=",
    "in": "not in",
    "is": "is not",
    "~": "!~",
    ">": "<=",
    "<": ">=",
}
_OPPOSITE.update({other: one for one, other in list(_OPPOSITE.items())})
_BY_LINK = "issueswithremotelinksbyglobalid"


@dataclass(slots=True, kw_only=True)
class Asker:
    """Who searches: the projects they see, their zone, and how strictly unknown names are taken."""

    person: Person | None
    zone: ZoneInfo
    projects: frozenset[str]
    now: datetime
    strict_keys: bool = True
    strict_projects: bool = True
    warnings: list[str] = field(default_factory=list)


class Meaning:
    """Gives queries their meaning on one site, for one asker."""

    def __init__(self, store: Store, asker: Asker) -> None:
        self._store = store
        self._asker = asker
        self._custom = _custom_clauses(store)

    def predicate(self, node: Node) -> Predicate:
        """Make the test that an issue must pass; ``BadQuery`` where a name or value does not exist."""
        match node:
            case And(parts):
                tests = [self.predicate(part) for part in parts]
                return lambda issue: all(test(issue) for test in tests)
            case Or(parts):
                tests = [self.predicate(part) for part in parts]
                return lambda issue: any(test(issue) for test in tests)
            case Not(part):
                return self.predicate(_negated(part))
            case Clause():
                return self._clause(node)

    def candidates(self, node: Node) -> Iterable[int] | None:
        """Name the few issues that can match, oldest ``updated`` first or in no order; None where all can."""
        match node:
            case And(parts):
                found = [ids for ids in map(self.candidates, parts) if ids is not None]
                sets = [ids for ids in found if isinstance(ids, set | frozenset)]
                return min(sets, key=len) if sets else next(iter(found), None)
            case Or(parts):
                each = [self.candidates(part) for part in parts]
                known = [set(ids) for ids in each if ids is not None]
                return set().union(*known) if len(known) == len(each) else None
            case Clause():
                return self._few(node)
        return None

    def _few(self, clause: Clause) -> Iterable[int] | None:
        name = _canonical(clause.field)
        if clause.operator in {"=", "in"}:
            if name == "key":
                return frozenset().union(*(self._key_ids(operand) for operand in clause.operands))
            if name == "labels" and all(isinstance(operand, Literal) for operand in clause.operands):
                texts = [operand.text for operand in clause.operands if isinstance(operand, Literal)]
                return set().union(*(self._store.index.labelled(text) for text in texts))
        if name == "updated" and clause.operator in {">=", ">", "="}:
            return self._store.index.updated_since(self._span(clause).start)
        return None

    def _key_ids(self, operand: Operand) -> set[int]:
        match operand:
            case Function(name, arguments) if name.lower() == _BY_LINK:
                return set().union(*(self._store.index.linked(argument) for argument in arguments))
            case Literal(text):
                issue = self._store.find(text)
                return set() if issue is None else {issue.id}
        return set()

    def _clause(self, clause: Clause) -> Predicate:
        name = _canonical(clause.field)
        if name in _DATES:
            return self._date(name, clause)
        if name in _TEXTS or self._kind(name) in _TEXT_KINDS:
            return self._text(name, clause)
        if name == "key":
            return self._key(clause)
        return self._choice(name, clause)

    def _span(self, clause: Clause) -> Span:
        return span(clause.field, clause.operands[0], self._asker.now, self._asker.zone)

    def _date(self, name: str, clause: Clause) -> Predicate:
        operator = clause.operator
        if operator in {"is", "is not"}:
            return _emptiness(lambda issue: (name,) if _moment(issue, name) else (), operator)
        if operator in {"in", "not in", "~", "!~"}:
            raise BadQuery(f"The operator '{operator}' is not supported by the '{clause.field}' field.")
        wanted = self._span(clause)

        def test(issue: Issue) -> bool:
            moment = _moment(issue, name)
            return moment is not None and wanted.holds(operator, int(moment.timestamp()))

        return test

    def _text(self, name: str, clause: Clause) -> Predicate:
        read = self._reader(name)
        if clause.operator in {"is", "is not"}:
            return _emptiness(read, clause.operator)
        if clause.operator not in {"~", "!~"}:
            raise BadQuery(
                f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
            )
        words = " ".join(_text_of(operand) for operand in clause.operands).lower().replace('"', " ").split()

        def test(issue: Issue) -> bool:
            text = " ".join(read(issue)).lower()
            return all(word.rstrip("*") in text for word in words)

        return test if clause.operator == "~" else lambda issue: not test(issue)

    def _key(self, clause: Clause) -> Predicate:
        if clause.operator not in {"=", "!=", "in", "not in"}:
            raise BadQuery(
                f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
            )
        ids: set[int] = set()
        linked: set[str] = set()
        for operand in clause.operands:
            if isinstance(operand, Function):
                linked |= _by_link(operand)
            else:
                ids |= self._known_key(clause.field, _text_of(operand))

        def test(issue: Issue) -> bool:
            return issue.id in ids or (
                bool(linked) and any(link.global_id in linked for link in issue.remote_links)
            )

        return test if clause.operator in {"=", "in"} else lambda issue: not test(issue)

    def _known_key(self, name: str, text: str) -> set[int]:
        issue = self._store.find(text)
        if issue is not None and issue.project in self._asker.projects and not issue.hidden:
            return {issue.id}
        complaint = f"An issue with key '{text}' does not exist for field '{name}'."
        if self._asker.strict_keys:
            raise BadQuery(complaint)
        self._asker.warnings.append(complaint)
        return set()

    def _choice(self, name: str, clause: Clause) -> Predicate:
        read = self._reader(name)
        if name not in self._custom and name not in _CHOICES:
            raise BadQuery(f"Field '{clause.field}' does not exist or you do not have permission to view it.")
        if clause.operator in {"is", "is not"} and isinstance(clause.operands[0], Empty):
            return _emptiness(read, clause.operator)
        if clause.operator not in {"=", "!=", "in", "not in"}:
            raise BadQuery(
                f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
            )
        return self._membership(name, clause, read)

    def _membership(self, name: str, clause: Clause, read: Callable[[Issue], tuple[str, ...]]) -> Predicate:
        wanted: set[str] = set()
        empty = False
        for operand in clause.operands:
            if isinstance(operand, Empty) or _is_unresolved(name, operand):
                empty = True
            else:
                wanted |= self._values(name, clause.field, operand)

        def test(issue: Issue) -> bool:
            held = read(issue)
            return (empty and not held) or any(each in wanted for each in held)

        if clause.operator in {"=", "in"}:
            return test
        # The index has no term for "nothing", so a negative clause never finds empty fields.
        return lambda issue: bool(read(issue)) and not test(issue)

    def _values(self, name: str, shown: str, operand: Operand) -> set[str]:
        if isinstance(operand, Function):
            return self._current_user(name, operand)
        text = _text_of(operand)
        if name == "labels" or self._kind(name) in _FREE_KINDS:
            return {text.lower()}
        found = {each for each, known in self._known(name) if text.lower() in known}
        if found:
            return found
        if name == "project" and not self._asker.strict_projects:
            return set()
        raise BadQuery(f"The value '{text}' does not exist for the field '{shown}'.")

    def _current_user(self, name: str, operand: Function) -> set[str]:
        user = name in _USERS or self._kind(name) == "user"
        if operand.name.lower() != "currentuser" or not user:
            raise BadQuery(f"Unable to find JQL function '{operand.name}()' for the field '{name}'.")
        return set() if self._asker.person is None else {self._asker.person.name}

    def _known(self, name: str) -> Iterable[tuple[str, set[str]]]:
        """Every value of a choice field: its inner id, and the lower-case words that mean it."""
        store = self._store
        custom = self._custom.get(name)
        if custom is not None and custom.custom is not None and custom.kind != "user":
            return _names(options(custom.custom))
        if name == "project":
            shown = (project for project in store.projects.values() if project.key in self._asker.projects)
            return ((each.key, {each.key.lower(), each.spec.name.lower(), each.id}) for each in shown)
        if name in _VERSIONS:
            return _names(v for v in store.versions.values() if v.project in self._asker.projects)
        if name == "component":
            return _names(part for project in store.projects.values() for part in project.components)
        if name == "statuscategory":
            return ((key, {key, word.lower(), str(number)}) for key, (number, _, word) in CATEGORIES.items())
        if name in {"status", "resolution", "priority", "issuetype"}:
            known: dict[str, Iterable[Any]] = {
                "status": store.statuses.values(),
                "resolution": store.resolutions.values(),
                "priority": store.priorities,
                "issuetype": store.types,
            }
            return _names(known[name])
        return ((person.name, _words(person)) for person in store.people.values())

    def _kind(self, name: str) -> str | None:
        return self._custom[name].kind if name in self._custom else None

    def _reader(self, name: str) -> Callable[[Issue], tuple[str, ...]]:
        custom = self._custom.get(name)
        if custom is not None and custom.kind in _FREE_KINDS:
            return lambda issue: tuple(text.lower() for text in _held(issue.values.get(custom.id)))
        if custom is not None:
            return _from_values(custom.id)
        if name == "comment":
            return lambda issue: tuple(comment.body for comment in issue.comments)
        if name == "text":
            return lambda issue: (
                *_held(issue.values.get("summary")),
                *_held(issue.values.get("description")),
            )
        return _CHOICES.get(name, _from_values(name))


def _from_values(name: str) -> Callable[[Issue], tuple[str, ...]]:
    return lambda issue: _held(issue.values.get(name))


_CHOICES: dict[str, Callable[[Issue], tuple[str, ...]]] = {
    "project": lambda issue: (issue.project,),
    "status": lambda issue: (issue.status.id,),
    "statuscategory": lambda issue: (issue.status.category,),
    "creator": lambda issue: (issue.creator.name,),
    "labels": lambda issue: tuple(label.lower() for label in issue.values.get("labels") or ()),
    "component": _from_values("components"),
    "fixversion": _from_values("fixVersions"),
    "affectedversion": _from_values("versions"),
    **{name: _from_values(name) for name in ("resolution", "priority", "issuetype", "assignee", "reporter")},
}


def _canonical(name: str) -> str:
    lowered = name.lower()
    return _ALIAS.get(lowered, lowered)


def _custom_clauses(store: Store) -> dict[str, Field]:
    found = (each for each in catalogue(store).values() if each.custom is not None)
    return {clause.lower(): each for each in found for clause in (*each.clauses, each.id)}


def _negated(node: Node) -> Node:
    match node:
        case Not(part):
            return part
        case And(parts):
            return Or(tuple(_negated(part) for part in parts))
        case Or(parts):
            return And(tuple(_negated(part) for part in parts))
        case Clause(name, operator, operands):
            return Clause(name, _OPPOSITE[operator], operands)


def _emptiness(read: Callable[[Issue], tuple[str, ...]], operator: str) -> Predicate:
    return (lambda issue: not read(issue)) if operator == "is" else (lambda issue: bool(read(issue)))


def _moment(issue: Issue, name: str) -> datetime | None:
    return issue.resolved if name == "resolved" else getattr(issue, name)


def _text_of(operand: Operand) -> str:
    if not isinstance(operand, Literal):
        raise BadQuery("Error in the JQL Query: Expecting a value.")
    return operand.text


def _by_link(operand: Function) -> set[str]:
    if operand.name.lower() != _BY_LINK:
        raise BadQuery(f"Unable to find JQL function '{operand.name}({', '.join(operand.arguments)})'.")
    return set(operand.arguments)


def _is_unresolved(name: str, operand: Operand) -> bool:
    return name == "resolution" and isinstance(operand, Literal) and operand.text.lower() == "unresolved"


def _names(values: Iterable[Any]) -> Iterable[tuple[str, set[str]]]:
    return ((value.id, {value.id, value.name.lower()}) for value in values)


def _words(person: Person) -> set[str]:
    return {
        word.lower() for word in (person.name, person.display, person.email, person.account_id, person.key)
    }


def _held(value: Any) -> tuple[str, ...]:
    match value:
        case None:
            return ()
        case tuple():
            return tuple(part for each in value for part in _held(each))
        case Person():
            return (value.name,)
        case Named():
            return (value.id,)
        case str():
            return (value,)
        case _:
            return (str(getattr(value, "id", value)),)
