"""The ticket: what a development team keeps in Jira."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: Jira's status categories by key; everything that is neither new nor done is in progress.
Category = Literal["new", "indeterminate", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version that the fix is planned for."""

    id: str
    name: str
    released: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """An issue link as it reads on a ticket (``reading``: "is blocked by"), to the ticket with this id and key."""

    reading: str
    ticket_id: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket as the tracker last showed it; an empty text stands for a missing value.

    ``id`` is stable for life, ``key`` changes when the ticket moves to another project.  ``duplicate_of`` is the
    id of the ticket that this one duplicates by an issue link, ``relations`` the other issue links that rules name.
    ``fields`` are the further fields that rules name.
    """

    id: str
    key: str
    project: str
    type: str = ""
    summary: str = ""
    status: str = ""
    category: Category = "new"
    resolution: str = ""
    priority: str = ""
    assignee: str = ""
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    fix_versions: tuple[Version, ...] = ()
    duplicate_of: str = ""
    relations: tuple[Relation, ...] = ()
    updated_at: datetime
    created_at: datetime | None = None
    resolved_at: datetime | None = None
    url: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        """Return one of our own names or a tracker field as text; several values are joined by ``, ``."""
        if name in ("labels", "components"):
            return ", ".join(getattr(self, name))
        if name in ("status", "resolution", "priority", "assignee", "summary", "type", "project", "key"):
            return str(getattr(self, name))
        return dict(self.fields).get(name, "")

    @property
    def done(self) -> bool:
        """Whether the tracker counts it as done, which is not the end of anything here."""
        return self.category == "done"
