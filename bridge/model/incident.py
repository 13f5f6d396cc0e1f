"""The incident: what Frontline keeps in Remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

RESOLVED = "Resolved"
CLOSED = "Closed"
CANCELLED = "Cancelled"
ASSIGNED = "Assigned"
IN_PROGRESS = "In Progress"
PENDING = "Pending"

#: Statuses in which an incident no longer waits for anybody.
ENDED = frozenset({RESOLVED, CLOSED, CANCELLED})
#: Statuses which no account may change any more (BMC: a Closed incident's status cannot be changed).
FINAL = frozenset({CLOSED, CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident as the desk last showed it; an empty text stands for a missing value.

    ``ticket_field`` is what the configured field for the ticket's key holds; ``fields`` are the further
    fields that rules name, spelt as Remedy spells them, sorted by name; ``modified_at`` is UTC, whole seconds.
    """

    number: str
    entry_id: str
    status: str
    status_reason: str = ""
    summary: str = ""
    story: str = ""
    impact: str = ""
    urgency: str = ""
    priority: str = ""
    service_type: str = ""
    resolution: str = ""
    assigned_group: str = ""
    assignee: str = ""
    assignee_login: str = ""
    ticket_field: str = ""
    submitted_at: datetime | None = None
    modified_at: datetime
    modified_by: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        """Return the value of one of our own names (``priority``) or of a desk field (``"Product Name"``)."""
        if name in OWN_NAMES:
            return str(getattr(self, name) or "")
        return dict(self.fields).get(name, "")

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.status not in ENDED


#: Our own lower-case names that a rule may use for an incident's values, beside the desk's own field names.
OWN_NAMES = frozenset(
    {
        "number",
        "status",
        "status_reason",
        "summary",
        "story",
        "impact",
        "urgency",
        "priority",
        "service_type",
        "resolution",
        "assigned_group",
        "assignee",
        "assignee_login",
        "ticket_field",
    }
)


def with_values(incident: Incident, values: Iterable[tuple[str, str]]) -> Incident:
    """Return the incident with these values, by our own names or the desk's."""
    given = tuple(values)
    own: dict[str, Any] = {name: value for name, value in given if name in OWN_NAMES}
    desk = dict(incident.fields) | {name: value for name, value in given if name not in OWN_NAMES}
    return replace(incident, **own, fields=tuple(sorted(desk.items())))
