"""Who there is: people, support groups and memberships, as the foundation forms hold them."""

from __future__ import annotations

from typing import Any

from bridge.simulators.remedy import domains
from bridge.simulators.remedy.fields import Row
from bridge.simulators.remedy.table import Table

ENABLED = domains.RECORD_STATUS.codes["Enabled"]
OBSOLETE = domains.RECORD_STATUS.codes["Obsolete"]


class Directory:
    """Three tables and the questions workflow asks of them.

    Rows returned are the tables' own, for reading.
    """

    def __init__(self) -> None:
        self.people = Table(
            "Person ID", same=("Remedy Login ID", "Full Name"), ordered=("Last Modified Date",)
        )
        self.groups = Table("Support Group ID", same=("Support Group Name",), ordered=("Last Modified Date",))
        self.memberships = Table(
            "Support Group Association ID",
            same=("Login ID", "Support Group ID"),
            ordered=("Last Modified Date",),
        )
        self._serial = 0

    def add_group(self, name: str, *, company: str, organization: str, now: int) -> str:
        """Create an active support group and return its id."""
        return self.groups.add(
            {
                "Support Group ID": self._number("SGP"),
                "Support Group Name": name,
                "Company": company,
                "Support Organization": organization,
                "Support Group Role": "Tier 1",
                "Status": ENABLED,
                "Last Modified Date": now,
            }
        )

    def add_person(self, login: str, full_name: str, *, company: str, email: str | None, now: int) -> str:
        """Create an active person and return the person id; ``ValueError`` where the login is taken."""
        if self.person(login):
            raise ValueError(f"login {login!r} is taken")
        first, _, last = full_name.partition(" ")
        return self.people.add(
            {
                "Person ID": self._number("PPL"),
                "Remedy Login ID": login,
                "Full Name": full_name,
                "First Name": first,
                "Last Name": last or first,
                "Internet E-mail": email,
                "Company": company,
                "Support Staff": domains.YES_NO.codes["No"],
                "Profile Status": ENABLED,
                "Last Modified Date": now,
            }
        )

    def join(self, login: str, group: str, now: int) -> None:
        """Make ``login`` a member of the group of that name or id.

        ``LookupError`` where either is missing.
        """
        person = self.person(login)
        if person is None:
            raise LookupError(login)
        where = self.group_called(group)
        self.people.change(person["Person ID"], {"Support Staff": domains.YES_NO.codes["Yes"]})
        self.memberships.add(
            {
                "Support Group Association ID": self._number("SGA"),
                "Login ID": login,
                "Full Name": person["Full Name"],
                "Person ID": person["Person ID"],
                "Support Group ID": where["Support Group ID"],
                "Last Modified Date": now,
            }
        )

    def leave(self, login: str, group: str) -> None:
        """End the membership of ``login`` in the group of that name or id."""
        identity = self.group_called(group)["Support Group ID"]
        for row in self._rows(self.memberships, "Login ID", login):
            if row["Support Group ID"] == identity:
                self.memberships.drop(row["Support Group Association ID"])

    def retire_group(self, group: str, now: int) -> None:
        """Make a group obsolete: incidents keep it, nothing new may be given to it."""
        identity = self.group_called(group)["Support Group ID"]
        self.groups.change(identity, {"Status": OBSOLETE, "Last Modified Date": now})

    def person(self, login: str) -> Row | None:
        """Return the person with this login."""
        return next(iter(self._rows(self.people, "Remedy Login ID", login)), None)

    def people_called(self, full_name: str) -> list[Row]:
        """Return everybody of this full name."""
        return self._rows(self.people, "Full Name", full_name)

    def group_called(self, name: str) -> Row:
        """Return the first group of this name or id; ``LookupError`` where there is none."""
        found = self._rows(self.groups, "Support Group Name", name)
        row = found[0] if found else self.groups.get(name)
        if row is None:
            raise LookupError(name)
        return row

    def groups_like(self, parts: dict[str, Any]) -> list[Row]:
        """Return the active groups whose fields equal ``parts``."""
        return [
            row
            for row in self.groups.rows.values()
            if row["Status"] == ENABLED and all(row[key] == value for key, value in parts.items())
        ]

    def groups_of(self, login: str) -> list[Row]:
        """Return the groups that ``login`` belongs to, the oldest membership first."""
        rows = self._rows(self.memberships, "Login ID", login)
        return [self.groups.rows[row["Support Group ID"]] for row in rows]

    def members(self, group_id: str) -> list[str]:
        """Return the logins of a group's members."""
        return [row["Login ID"] for row in self._rows(self.memberships, "Support Group ID", group_id)]

    def contacts(self, wanted: dict[str, Any]) -> list[Row]:
        """Return the people whose fields equal ``wanted``."""
        return [
            row
            for row in self.people.rows.values()
            if all(row[key] == value for key, value in wanted.items())
        ]

    def _rows(self, table: Table, key: str, value: str) -> list[Row]:
        return [table.rows[entry] for entry in table.equal(key, value) or ()]

    def _number(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}{self._serial:012d}"
