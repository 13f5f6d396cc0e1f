"""Where an incident lies and with whom: the group's four fields agree, the assignee is a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.simulators.remedy import refusal
from bridge.simulators.remedy.directory import Directory
from bridge.simulators.remedy.domains import ASSIGNED, IN_PROGRESS, OPEN
from bridge.simulators.remedy.fields import Row
from bridge.simulators.remedy.settings import RemedySettings

GROUP_FIELDS = {
    "Assigned Group": "Support Group Name",
    "Assigned Group ID": "Support Group ID",
    "Assigned Support Company": "Company",
    "Assigned Support Organization": "Support Organization",
}
"""The incident's field for each field of a support group."""

_PERSON_FIELDS = ("Assignee", "Assignee Login ID")


def assign(
    before: Row, wish: Mapping[str, Any], after: Row, settings: RemedySettings, directory: Directory
) -> None:
    """Complete the assignment in ``after``.

    Raise ``Rejected`` where the group or the person does not exist.
    """
    if any(key in wish for key in GROUP_FIELDS):
        _set_group(wish, after, settings, directory)
    if any(key in wish for key in _PERSON_FIELDS):
        _set_person(wish, after, settings, directory)
    elif before and _moved(before, after, "Assigned Group ID", "Assigned Group"):
        _clear_person(wish, after, settings)
    _count(before, after)


def _moved(before: Row, after: Row, *keys: str) -> bool:
    return any(before.get(key) != after.get(key) for key in keys)


def _set_group(wish: Mapping[str, Any], after: Row, settings: RemedySettings, directory: Directory) -> None:
    named = [key for key in ("Assigned Group", "Assigned Group ID") if key in wish]
    if named and all(wish[key] is None for key in named):
        after.update(dict.fromkeys(GROUP_FIELDS))
        return
    wanted = {GROUP_FIELDS[key]: wish[key] for key in GROUP_FIELDS if wish.get(key) is not None}
    if not named and after.get("Assigned Group"):
        wanted["Support Group Name"] = after["Assigned Group"]
    found = directory.groups_like(wanted)
    if len(found) == 1:
        after.update({key: found[0][part] for key, part in GROUP_FIELDS.items()})
    elif settings.groups_must_exist:
        raise refusal.ruled_out(
            refusal.NO_GROUP,
            f"The Assigned Group information is invalid: {len(found)} active support groups match {wanted}.",
        )


def _set_person(wish: Mapping[str, Any], after: Row, settings: RemedySettings, directory: Directory) -> None:
    login, name = wish.get("Assignee Login ID"), wish.get("Assignee")
    if login is None and name is None:
        after.update(dict.fromkeys(_PERSON_FIELDS))
        return
    person = _person(login, name, settings, directory)
    if person is None:
        after.update({"Assignee": name or login, "Assignee Login ID": login})
        return
    after.update({"Assignee": person["Full Name"], "Assignee Login ID": person["Remedy Login ID"]})
    members = directory.members(after.get("Assigned Group ID") or "")
    if settings.assignee_must_belong and person["Remedy Login ID"] not in members:
        raise _nobody(f"{person['Full Name']} does not belong to {after.get('Assigned Group')}.")


def _person(
    login: str | None, name: str | None, settings: RemedySettings, directory: Directory
) -> Row | None:
    if login is not None:
        person = directory.person(login)
        found = [person] if person and name in {None, person["Full Name"]} else []
    else:
        found = directory.people_called(name or "")
    if len(found) == 1:
        return found[0]
    if settings.assignee_must_exist:
        raise _nobody(f"{len(found)} people match the Assignee '{name or login}'.")
    return None


def _nobody(text: str) -> refusal.Rejected:
    return refusal.ruled_out(refusal.NO_PERSON, f"The Assignee information is invalid: {text}")


def _clear_person(wish: Mapping[str, Any], after: Row, settings: RemedySettings) -> None:
    """Let the incident wait as Assigned: the new group has not yet decided who takes it."""
    if not settings.reassignment_clears_assignee or after.get("Status") not in OPEN:
        return
    after.update(dict.fromkeys(_PERSON_FIELDS))
    if after.get("Status") == IN_PROGRESS and "Status" not in wish:
        after["Status"] = ASSIGNED


def _count(before: Row, after: Row) -> None:
    if not before:
        return
    group = int(_moved(before, after, "Assigned Group"))
    person = int(bool(after.get("Assignee")) and _moved(before, after, "Assignee"))
    for key, more in (("Group Transfers", group), ("Individual Transfers", person)):
        after[key] = (before.get(key) or 0) + more
    after["Total Transfers"] = (before.get("Total Transfers") or 0) + max(group, person)
