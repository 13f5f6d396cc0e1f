"""Who works at the simulated desk: the groups and people of a log, and those whom a replay needs besides them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridge.rehearsal.incident_log import IncidentLog

SECOND_LINE = "Second Line"
LEADS = "Frontline Leads"
#: Where an incident lies whose group the log does not tell.
SERVICE_DESK = "Service Desk"
INSTALLER = "ivan.installer"
LEAD = "lena.lead"

_OWN = {
    SECOND_LINE: {INSTALLER: "Ivan Installer"},
    LEADS: {LEAD: "Lena Lead"},
    SERVICE_DESK: {"dora.desk": "Dora Desk"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Members of each group (login to name); ``made_up`` counts the people that the log does not name."""

    groups: dict[str, dict[str, str]]
    made_up: int

    def of(self, group: str) -> str:
        """Return the login of the group's first member, the service desk's where the group is unknown."""
        return next(iter(self.groups.get(group) or self.groups[SERVICE_DESK]))

    @property
    def ordinary(self) -> tuple[str, ...]:
        """The groups that may have an incident, sorted."""
        return tuple(sorted(name for name in self.groups if name not in (SECOND_LINE, LEADS)))

    def belongs(self, login: str, group: str) -> bool:
        """Whether somebody is a member of a group."""
        return login in self.groups.get(group, {})


def login_of(name: str) -> str:
    """Return the login of a person whom the log knows by a name."""
    return re.sub(r"\W+", ".", name.strip().lower())


def staff_of(log: IncidentLog) -> Staff:
    """Return the staff of a log: whoever had an incident in a group belongs to it, and no group is empty."""
    groups: dict[str, dict[str, str]] = {}
    for history in log.histories:
        group = ""
        for row in history.rows:
            group = row.group or group
            if group and row.assignee:
                groups.setdefault(group, {})[login_of(row.assignee)] = row.assignee
            elif group:
                groups.setdefault(group, {})
    empty = [group for group, members in groups.items() if not members]
    for group in empty:
        groups[group] = {login_of(f"Staff of {group}"): f"Staff of {group}"}
    own = {group: dict(members) for group, members in _OWN.items()}
    return Staff(groups={**groups, **own}, made_up=len(empty) + len(_OWN))
