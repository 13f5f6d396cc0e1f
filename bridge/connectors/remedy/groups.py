"""Support groups: what an assignment needs to know about one, and who belongs to it.

A work info names a login, never a group; ``CTM:Support Group Association`` holds one row for each
membership and ``CTM:Support Group`` translates its id into a name, a company and an organisation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.connectors.remedy import forms, qualification
from bridge.connectors.remedy.listing import Entry, everything
from bridge.connectors.remedy.session import Session
from bridge.model.errors import Refused
from bridge.model.plan import Member

_FRESH = timedelta(hours=1)
#: A refusal is asked about again sooner, so that a permission that was granted shows.
_REFUSED_FRESH = timedelta(minutes=5)
_CHUNK = 50
_COMPANY, _ORGANISATION = "Company", "Support Organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A support group of one company."""

    id: str
    name: str
    company: str
    organisation: str
    enabled: bool


class Groups:
    """The support groups as the account may see them; membership is remembered for an hour."""

    def __init__(self, session: Session, *, clock: Callable[[], datetime], page_size: int) -> None:
        self._session = session
        self._clock = clock
        self._page_size = page_size
        self._lock = threading.Lock()
        self._members: dict[str, tuple[datetime, tuple[Member, ...] | None]] = {}
        self._retired: dict[str, tuple[datetime, bool]] = {}

    def named(self, name: str) -> tuple[Group, ...]:
        """Return the groups of this name, one for each company that has one, read afresh."""
        found = everything(
            self._session,
            forms.GROUPS,
            (forms.GROUP_ID, forms.GROUP_NAME, _COMPANY, _ORGANISATION, "Status"),
            qualification.equals(forms.GROUP_NAME, name),
            sort=f"{forms.GROUP_ID}.asc",
            limit=self._page_size,
        )
        return tuple(_group(entry) for entry in found)

    def retired(self, name: str) -> bool:
        """Whether there are groups of this name and none of them is enabled; False where the account may not know."""
        with self._lock:
            until, known = self._retired.get(name, (None, False))
        if until is not None and self._clock() < until:
            return known
        try:
            groups = self.named(name)
        except Refused:
            groups = ()
        retired = bool(groups) and not any(group.enabled for group in groups)
        with self._lock:
            self._retired[name] = (self._clock() + _FRESH, retired)
        return retired

    def members(self, name: str) -> tuple[Member, ...] | None:
        """Return who belongs to the groups of this name, None where the account may not know."""
        with self._lock:
            until, known = self._members.get(name, (None, None))
        if until is not None and self._clock() < until:
            return known
        try:
            members: tuple[Member, ...] | None = self._read(name)
        except Refused:
            members = None
        with self._lock:
            fresh = _REFUSED_FRESH if members is None else _FRESH
            self._members[name] = (self._clock() + fresh, members)
        return members

    def _read(self, name: str) -> tuple[Member, ...]:
        ids = [group.id for group in self.named(name)]
        logins: dict[str, Member] = {}
        for start in range(0, len(ids), _CHUNK):
            for entry in self._associations(ids[start : start + _CHUNK]):
                member = Member(login=entry.text("Login ID"), name=entry.text("Full Name"))
                if member.login:
                    logins.setdefault(member.login, member)
        return tuple(logins.values())

    def _associations(self, ids: list[str]) -> list[Entry]:
        found = everything(
            self._session,
            forms.MEMBERSHIPS,
            ("Login ID", "Full Name"),
            qualification.one_of(forms.GROUP_ID, ids),
            sort=f"Login ID.asc,{forms.GROUP_ID}.asc",
            limit=self._page_size,
        )
        return list(found)


def _group(entry: Entry) -> Group:
    return Group(
        id=entry.text(forms.GROUP_ID) or entry.link_id,
        name=entry.text(forms.GROUP_NAME),
        company=entry.text(_COMPANY),
        organisation=entry.text(_ORGANISATION),
        enabled=entry.text("Status") in ("", "Enabled"),
    )
