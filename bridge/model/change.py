"""The change: what second line keeps in Remedy when something is installed in production."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: Statuses of a change that never brings anything into production.
NEVER_DEPLOYED = frozenset({"draft", "pending", "rejected", "cancelled"})
#: Status reasons that say of a finished change that nothing of it is in production.
FAILED_REASONS = frozenset(
    {
        "unsuccessful",
        "backed out",
        "additional coding required",
        "no longer required",
        "to be re-scheduled",
        "funding not available",
        "resources not available",
    }
)
#: The relation by which an incident names the change that broke something, which is no cure.
CAUSE = "caused by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that is related to an incident, as the desk last showed it; an empty text is a missing value.

    ``relation`` is how the incident relates to it (``Related to``, ``Caused By``).
    """

    id: str
    status: str
    reason: str = ""
    relation: str = ""
    modified_at: datetime

    @property
    def failed(self) -> bool:
        """Whether it ended without bringing anything into production, whatever its status is called."""
        return self.status.casefold() in NEVER_DEPLOYED or self.reason.casefold() in FAILED_REASONS

    @property
    def may_cure(self) -> bool:
        """Whether it could have brought a fix: it did not fail, and it is not what broke the thing."""
        return not self.failed and self.relation.casefold() != CAUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The changes of one incident, sorted by id."""

    incident: str
    changes: tuple[Change, ...] = ()
