"""The rules of incident management that run on every write, whoever makes it and through whichever form.

``outcome`` answers what a wished change really becomes, or refuses it; it touches nothing but its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.simulators.remedy import domains, refusal
from bridge.simulators.remedy.assignment import assign
from bridge.simulators.remedy.directory import Directory
from bridge.simulators.remedy.domains import ASSIGNED, CLOSED, IN_PROGRESS, OPEN, PENDING, RESOLVED
from bridge.simulators.remedy.fields import Row
from bridge.simulators.remedy.settings import RemedySettings

_COMPUTED = ("Priority", "Priority Weight")
_STATUS_RULES = ("Status", "Status_Reason", "Resolution", "Assignee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Who writes, when (epoch seconds) and under which rules.

    ``system`` writes pass rules made for people.
    """

    by: str
    now: int
    settings: RemedySettings
    directory: Directory
    system: bool = False


def outcome(before: Row, wish: Mapping[str, Any], writing: Writing) -> Row:
    """Return the fields that change when ``wish`` is written to ``before`` (empty for a new incident).

    Raises ``Rejected`` with an application number where a rule forbids it.
    """
    if before.get("Status") == CLOSED and writing.settings.closed_read_only:
        raise refusal.ruled_out(refusal.CLOSED, "The incident is closed and cannot be modified.")
    if (
        writing.settings.reopening_forbidden
        and before.get("Status") == RESOLVED
        and wish.get("Status") in OPEN
    ):
        raise refusal.ruled_out(refusal.CLOSED, "A resolved incident cannot be re-opened. Open a new one.")
    wish = {key: value for key, value in wish.items() if key not in _COMPUTED}
    after = {**before, **wish}
    assign(before, wish, after, writing.settings, writing.directory)
    _drop_stale_reason(before, wish, after)
    if not writing.system and _touches_status(before, after):
        _check_status(before, after, writing.settings)
    _prioritise(after)
    _date(before, after, writing)
    return {key: value for key, value in after.items() if key not in before or before[key] != value}


def _touches_status(before: Row, after: Row) -> bool:
    return any(before.get(key) != after.get(key) for key in _STATUS_RULES)


def _drop_stale_reason(before: Row, wish: Mapping[str, Any], after: Row) -> None:
    """Clear a reason that was given for the status just left, unless a new one comes along."""
    moved = before.get("Status") != after.get("Status")
    if before and moved and wish.get("Status_Reason") is None:
        after["Status_Reason"] = None


def _check_status(before: Row, after: Row, settings: RemedySettings) -> None:
    status, reason = after.get("Status"), after.get("Status_Reason")
    moved = before.get("Status") != status
    if settings.status_reason_pairs and reason is not None:
        _check_pair(status, reason)
    if status == ASSIGNED and moved and before and not after.get("Assigned Group"):
        raise _needs("Assigned", "an Assigned Group")
    if status in {IN_PROGRESS, RESOLVED} and not after.get("Assignee"):
        raise _needs(domains.STATUS.labels[status], "an Assignee")
    if status == PENDING and reason is None:
        raise _needs("Pending", "a Status Reason")
    if status == RESOLVED:
        _check_resolution(after, "Resolved", reason_needed=True)
    if status == CLOSED:
        _check_resolution(after, "Closed", reason_needed=before.get("Status") not in {RESOLVED, CLOSED})


def _check_resolution(after: Row, label: str, *, reason_needed: bool) -> None:
    if reason_needed and after.get("Status_Reason") is None:
        raise _needs(label, "a Status Reason")
    if not after.get("Resolution"):
        raise _needs(label, "a Resolution")


def _check_pair(status: Any, reason: int) -> None:
    if reason not in domains.REASONS.get(status, frozenset()):
        wanted, given = domains.STATUS.labels.get(status), domains.STATUS_REASON.labels[reason]
        raise refusal.ruled_out(
            refusal.REASON_PAIR, f"The Status Reason '{given}' is not valid for the Status '{wanted}'."
        )


def _needs(status: str, what: str) -> refusal.Rejected:
    return refusal.ruled_out(
        refusal.STATUS_NEEDS, f"The incident must have {what} before it can be set to the Status '{status}'."
    )


def _prioritise(after: Row) -> None:
    impact, urgency = after.get("Impact"), after.get("Urgency")
    if impact is None or urgency is None:
        return
    weight = domains.IMPACT_WEIGHT[impact] + domains.URGENCY_WEIGHT[urgency]
    after["Priority Weight"] = weight
    after["Priority"] = next(code for lowest, code in domains.PRIORITY_FROM if weight >= lowest)


def _date(before: Row, after: Row, writing: Writing) -> None:
    status, was, now = after.get("Status"), before.get("Status"), writing.now
    if status == was or status is None:
        return
    reached = dict(before.get("Status History") or {})
    reached[domains.STATUS.labels[status]] = (writing.by, now)
    after["Status History"] = reached
    if status in {IN_PROGRESS, PENDING, RESOLVED} and not after.get("Responded Date"):
        after["Responded Date"] = now
    if status == RESOLVED:
        after["Last Resolved Date"] = now
    if status == CLOSED:
        after["Closed Date"] = now
    if was in {RESOLVED, CLOSED} and status in OPEN:
        after["Re-Opened Date"] = now
