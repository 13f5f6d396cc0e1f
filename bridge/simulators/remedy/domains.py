"""The selection fields of a default ITSM installation: labels and their codes.

Order and codes as in BMC's published metadata and the incident web service types; codes that no source prints
follow the order of the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values of one selection field: ``codes`` by label and ``labels`` by code."""

    codes: dict[str, int]
    labels: dict[int, str]

    def code(self, value: object) -> int | None:
        """Return the code of a label, a code or a numeric string; None where there is none such."""
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return value if value in self.labels else None
        if not isinstance(value, str):
            return None
        if value in self.codes:
            return self.codes[value]
        return int(value) if value.isascii() and value.isdigit() and int(value) in self.labels else None


def _domain(pairs: Iterable[tuple[str, int]]) -> Domain:
    codes = dict(pairs)
    return Domain(codes=codes, labels={code: label for label, code in codes.items()})


def _in_order(*labels: str, step: int = 1, first: int = 0) -> Domain:
    return _domain((label, first + step * index) for index, label in enumerate(labels))


STATUS = _in_order("New", "Assigned", "In Progress", "Pending", "Resolved", "Closed", "Cancelled")
NEW, ASSIGNED, IN_PROGRESS, PENDING, RESOLVED, CLOSED, CANCELLED = range(7)
OPEN = frozenset({NEW, ASSIGNED, IN_PROGRESS, PENDING})

STATUS_REASON = _in_order(
    "Infrastructure Change Created",
    "Local Site Action Required",
    "Purchase Order Approval",
    "Registration Approval",
    "Supplier Delivery",
    "Support Contact Hold",
    "Third Party Vendor Action Reqd",
    "Client Action Required",
    "Infrastructure Change",
    "Request",
    "Future Enhancement",
    "Pending Original Incident",
    "Client Hold",
    "Monitoring Incident",
    "Customer Follow-Up Required",
    "Temporary Corrective Action",
    "No Further Action Required",
    "Resolved by Original Incident",
    "Automated Resolution Reported",
    "No longer a Causal CI",
    "Pending Causal Incident Resolution",
    "Resolved by Causal Incident",
    step=1_000,
    first=1_000,
)

REASONS: dict[int, frozenset[int]] = {
    PENDING: frozenset(
        {2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000, 11_000, 13_000, 14_000, 19_000}
    ),
    RESOLVED: frozenset({11_000, 14_000, 15_000, 16_000, 17_000, 19_000}),
    CLOSED: frozenset({1_000, 19_000}),
    CANCELLED: frozenset({20_000}),
}
"""Which reasons a status offers in a default installation; the others are set by workflow only."""

IMPACT = _in_order(
    "1-Extensive/Widespread",
    "2-Significant/Large",
    "3-Moderate/Limited",
    "4-Minor/Localized",
    step=1_000,
    first=1_000,
)
URGENCY = _in_order("1-Critical", "2-High", "3-Medium", "4-Low", step=1_000, first=1_000)
PRIORITY = _in_order("Critical", "High", "Medium", "Low")
IMPACT_WEIGHT = {1_000: 9, 2_000: 5, 3_000: 3, 4_000: 0}
URGENCY_WEIGHT = {1_000: 20, 2_000: 15, 3_000: 10, 4_000: 0}
PRIORITY_FROM = ((24, 0), (18, 1), (10, 2), (0, 3))
"""Lowest weight of each priority, the most urgent first."""

SERVICE_TYPE = _in_order(
    "User Service Restoration",
    "User Service Request",
    "Infrastructure Restoration",
    "Infrastructure Event",
    "Security Incident",
)
REPORTED_SOURCE = _domain(
    (
        ("Direct Input", 1_000),
        ("Email", 2_000),
        ("External Escalation", 3_000),
        ("Fax", 4_000),
        ("Self Service", 4_200),
        ("Systems Management", 5_000),
        ("Phone", 6_000),
        ("Voice Mail", 7_000),
        ("Walk In", 8_000),
        ("Web", 9_000),
        ("Other", 10_000),
        ("BMC Impact Manager Event", 11_000),
        ("Chat", 12_000),
    )
)
WORK_LOG_TYPE = _in_order(
    "----- Customer Inbound -----",
    "Customer Communication",
    "Customer Follow-up",
    "Customer Status Update",
    "----- Customer Outbound -----",
    "Closure Follow Up",
    "Detail Clarification",
    "General Information",
    "Resolution Communications",
    "Satisfaction Survey",
    "Status Update",
    "----- General -----",
    "Incident Task / Action",
    "Problem Script",
    "Working Log",
    "Email System",
    "Paging System",
    "BMC Impact Manager Update",
    "Chat",
    "----- Vendor -----",
    "Vendor Communication",
    "Assignment Change",
    step=1_000,
    first=1_000,
)
VIEW_ACCESS = _in_order("Internal", "Public")
YES_NO = _in_order("Yes", "No")
COMMUNICATION_SOURCE = _in_order(
    "Email",
    "Fax",
    "Phone",
    "Voice Mail",
    "Walk In",
    "Pager",
    "System Assignment",
    "Web",
    "Other",
    "BMC Impact Manager Event",
)
CHANGE_STATUS = _in_order(
    "Draft",
    "Request For Authorization",
    "Request For Change",
    "Planning In Progress",
    "Scheduled For Review",
    "Scheduled For Approval",
    "Scheduled",
    "Implementation In Progress",
    "Pending",
    "Rejected",
    "Completed",
    "Closed",
    "Cancelled",
)
CHANGE_REASON = _in_order(
    "No Longer Required",
    "Funding Not Available",
    "To Be Re-Scheduled",
    "Resources Not Available",
    "Successful",
    "Successful with Issues",
    "Unsuccessful",
    "Backed Out",
    "Final Review Complete",
    "Final Review Required",
    "Additional Coding Required",
    step=1_000,
    first=1_000,
)
ASSOCIATION_TYPE = _in_order(
    "Related To",
    "Caused",
    "Caused By",
    "Created",
    "Created By",
    "Corrected By",
    "Resolved",
    step=1_000,
    first=1_000,
)
COMMUNICATION_TYPE = _in_order("Inbound", "Outbound")
RECORD_STATUS = _in_order("Proposed", "Enabled", "Offline", "Obsolete", "Archive", "Delete")
ACTIVITY = _in_order("System", "User")
