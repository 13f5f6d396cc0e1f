"""What a create, an edit or a transition asks for: its body, read against a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.simulators.jira import problems
from bridge.simulators.jira.fields import LISTS, Bad, Field, Reader, catalogue, change
from bridge.simulators.jira.records import Change, Issue, Project
from bridge.simulators.jira.settings import Person
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.workflow import Resolution, Status


@dataclass(slots=True, kw_only=True)
class NewComment:
    """A comment that an edit or a transition brings along."""

    body: str
    visibility: Mapping[str, str] | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Edit:
    """Values to set (inner form), comments and links to add."""

    values: dict[str, Any] = field(default_factory=dict)
    comments: list[NewComment] = field(default_factory=list)
    links: list[Mapping[str, Any]] = field(default_factory=list)


class EditReader:
    """Reads one body against the fields of one screen; collects every field's complaint before refusing."""

    def __init__(
        self,
        store: Store,
        project: Project,
        api: str,
        screen: Mapping[str, Field],
        current: Mapping[str, Any],
    ) -> None:
        self._reader = Reader(store, project, api)
        self._screen = screen
        self._current = current
        self._errors: dict[str, str] = {}
        self._edit = Edit()

    def read(self, fields: Mapping[str, Any], update: Mapping[str, Any]) -> tuple[Edit, dict[str, str]]:
        """Read both parts; return what they ask for, and what is wrong by field id."""
        for name in fields.keys() & update.keys():
            self._errors[name] = f"Field '{name}' cannot appear in both 'fields' and 'update'"
        for name, value in fields.items():
            self._take(name, lambda shown, value=value: self._set(shown, value))
        for name, steps in update.items():
            self._take(name, lambda shown, steps=steps: self._operate(shown, steps))
        return self._edit, self._errors

    def _take(self, name: str, act: Any) -> None:
        shown = self._screen.get(name)
        if shown is None:
            self._errors[name] = problems.OFF_SCREEN.format(field=name)
            return
        try:
            act(shown)
        except Bad as bad:
            self._errors[name] = str(bad)

    def _set(self, shown: Field, value: Any) -> None:
        if shown.kind == "project":
            return
        self._edit.values[shown.id] = self._reader.read(shown, value)

    def _operate(self, shown: Field, steps: Any) -> None:
        if not isinstance(steps, list):
            raise Bad("data was not an array")
        for step in steps:
            if not isinstance(step, dict) or len(step) != 1:
                raise Bad("Operation must be an object with one verb")
            [(verb, value)] = step.items()
            if verb not in shown.operations:
                raise Bad(
                    f"Field with id '{shown.id}' and name '{shown.name}' does not support operation '{verb}'"
                )
            self._step(shown, verb, value)

    def _step(self, shown: Field, verb: str, value: Any) -> None:
        if shown.kind == "comment":
            self._edit.comments.append(self._comment(value))
        elif shown.kind == "issuelinks":
            self._edit.links.append(value)
        elif verb == "set" or shown.kind not in LISTS:
            self._set(shown, value)
        else:
            self._listed(shown, verb, value)

    def _listed(self, shown: Field, verb: str, value: Any) -> None:
        before = self._edit.values.get(shown.id, self._current.get(shown.id) or ())
        delta = self._reader.read(shown, [value])
        if verb == "add":
            after = tuple(dict.fromkeys((*before, *delta)))
        else:
            after = tuple(each for each in before if each not in delta)
        self._edit.values[shown.id] = tuple(sorted(after)) if shown.kind == "labels" else after

    def _comment(self, value: Any) -> NewComment:
        if not isinstance(value, dict):
            raise Bad("data was not an object")
        return NewComment(
            body=comment_body(self._reader, value.get("body")), visibility=value.get("visibility")
        )


def comment_body(reader: Reader, value: Any) -> str:
    """Read a comment's text; ``Bad`` where there is none or it is too long."""
    text = reader.text("" if value is None else value)
    if not text.strip():
        raise Bad("Comment body can not be empty!")
    return text


def set_values(store: Store, issue: Issue, values: Mapping[str, Any]) -> list[Change]:
    """Put ``values`` into the issue; return what changed."""
    fields = catalogue(store)
    changes = []
    for name, value in values.items():
        told = change(store, fields[name], issue.values.get(name), value)
        issue.values[name] = value
        if told is not None:
            changes.append(told)
    return changes


def move_status(store: Store, issue: Issue, to: Status, resolution: Resolution | None) -> list[Change]:
    """Put the issue into a status with a resolution, stamp both, and return what changed."""
    now = store.now()
    changes = []
    old = issue.status
    if old != to:
        changes.append(Change(field="status", old=old.id, old_text=old.name, new=to.id, new_text=to.name))
        issue.status = to
        if old.category != to.category:
            issue.status_changed = now
    before = issue.values.get("resolution")
    told = change(store, catalogue(store)["resolution"], before, resolution)
    if told is not None:
        changes.append(told)
        issue.values["resolution"] = resolution
        issue.resolved = None if resolution is None else now
    return changes


def perform(store: Store, issue: Issue, edit: Edit, by: Person, moved: Iterable[Change] = ()) -> None:
    """Carry out an edit: values, then comments.

    ``moved`` are changes already made that belong to the same moment.
    """
    changes = [*moved, *set_values(store, issue, edit.values)]
    if changes:
        store.touch(issue, by, changes)
    for comment in edit.comments:
        store.add_comment(
            issue, comment.body, by, visibility=comment.visibility, properties=comment.properties
        )
