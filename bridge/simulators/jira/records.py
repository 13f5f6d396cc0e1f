"""The things a simulated site keeps: issues and what hangs on them.  No behaviour beyond copying."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.simulators.jira.settings import Person, ProjectSpec
from bridge.simulators.jira.workflow import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Anything with an id and a name: a priority, an issue type, a component, an option."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkType:
    """A kind of link between issues, with its two readings."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(slots=True, kw_only=True)
class Version:
    """A version of a project; releasing it changes no issue."""

    id: str
    project: str
    name: str
    description: str = ""
    archived: bool = False
    released: bool = False
    release_date: str | None = None


@dataclass(slots=True, kw_only=True)
class Project:
    """A project and the number of its newest issue."""

    id: str
    spec: ProjectSpec
    components: tuple[Named, ...] = ()
    newest: int = 0

    @property
    def key(self) -> str:
        """The project's key."""
        return self.spec.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment; edited ones are replaced, never changed in place."""

    id: str
    author: Person
    body: str
    created: datetime
    updated: datetime
    editor: Person
    visibility: Mapping[str, str] | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that hangs on an issue; several may bear the same name."""

    id: str
    name: str
    data: bytes
    kind: str
    author: Person
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLink:
    """A link to something outside; ``object`` is kept as it was sent."""

    id: int
    global_id: str | None
    application: Mapping[str, Any]
    relationship: str | None
    object: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLink:
    """A link between two issues: ``source`` <outward text> ``target``."""

    id: str
    type: LinkType
    source: int
    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One changed field: raw and readable values before and after."""

    field: str
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The changes of one moment by one person."""

    id: str
    at: datetime
    author: Person
    changes: tuple[Change, ...]


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue; ``values`` holds its fields by field id in their inner form (records, tuples, strings)."""

    id: int
    key: str
    project: str
    number: int
    status: Status
    created: datetime
    updated: datetime
    status_changed: datetime
    creator: Person
    resolved: datetime | None = None
    values: dict[str, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    attachments: list[Attached] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    links: list[IssueLink] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    history: list[History] = field(default_factory=list)
    hidden: bool = False
    archived: bool = False

    def snapshot(self) -> Issue:
        """Copy the issue as it is now; later changes do not show in the copy."""
        twin = copy.copy(self)
        twin.values = dict(self.values)
        twin.comments = list(self.comments)
        twin.attachments = list(self.attachments)
        twin.remote_links = list(self.remote_links)
        twin.links = list(self.links)
        twin.properties = dict(self.properties)
        return twin
