"""Pictures of both worlds that can be compared: everything that people see, without ids, moments and marks."""

from __future__ import annotations

import re
from typing import Any

from bridge.model.note import split_mark
from bridge.rehearsal.world import World

#: What people read in an incident and what the bridge may change in it.
_INCIDENT = (
    "Status",
    "Status_Reason",
    "Assigned Group",
    "Assignee",
    "Owner Group",
    "Owner",
    "Priority",
    "Impact",
    "Urgency",
    "Vendor Ticket Number",
    "Resolution",
    "Resolution Category Tier 2",
    "Description",
    "Categorization Tier 1",
)
_TICKET = (
    "project",
    "summary",
    "description",
    "status",
    "resolution",
    "priority",
    "components",
    "labels",
    "fixVersions",
    "assignee",
    "creator",
)
#: Written again after a crash they leave a further line in the history and the same ticket.
_UPSERTS = ("RemoteIssueLink", "Comment")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?( UTC)?|\d{1,2} \w+ \d{4},? \d{2}:\d{2}( UTC)?"
)
_ADDRESS = re.compile(r"https?://[^/\s]+/")

Picture = dict[str, Any]


def picture(world: World) -> Picture:
    """Return what people see in every incident and every ticket."""
    incidents = {number: _incident(world, number) for number in world.desk.people.numbers()}
    return {**incidents, **{key: _ticket(world, key) for key in world.tracker.keys("FRONT")}}


def _incident(world: World, number: str) -> Picture:
    people = world.desk.people
    facts = people.incident(number)
    return {
        **{name: facts[name] for name in _INCIDENT},
        "notes": sorted(
            (note["Submitter"], _told(note["Detailed Description"]), note["View Access"])
            for note in people.notes(number)
        ),
        "course": [(change.who, change.field, change.new) for change in people.history(number)],
    }


def _ticket(world: World, key: str) -> Picture:
    tracker = world.tracker
    facts = tracker.issue(key)
    return {
        **{name: facts[name] for name in _TICKET},
        "description": _told(facts["description"]),
        "comments": sorted((one["author"], _told(one["body"])) for one in tracker.comments(key)),
        "shows": sorted(
            (one["globalId"], one["object"]["title"], one["object"]["status"]["resolved"])
            for one in tracker.remote_links(key)
        ),
        "course": [(who, name, new) for _, who, name, _, new in tracker.history(key) if name not in _UPSERTS],
    }


def _told(text: str | None) -> str:
    """Return the words of a note: no mark, no moment, no address."""
    words, _, _ = split_mark(text or "")
    return _ADDRESS.sub("", _MOMENT.sub("", words)).strip()


def differences(expected: Picture, found: Picture) -> list[str]:
    """Return a line for each detail that differs."""
    lines = [f"only clean: {name}" for name in sorted(expected.keys() - found.keys())]
    lines += [f"too much: {name}: {found[name]}" for name in sorted(found.keys() - expected.keys())]
    for name in sorted(expected.keys() & found.keys()):
        for detail, wanted in expected[name].items():
            if found[name][detail] != wanted:
                lines.append(f"{name} {detail}: {_contrast(wanted, found[name][detail])}")
    return lines


def _contrast(wanted: Any, found: Any) -> str:
    if not isinstance(wanted, list):
        return f"clean {wanted!r}, found {found!r}"
    missing = [one for one in wanted if wanted.count(one) > found.count(one)]
    surplus = [one for one in found if found.count(one) > wanted.count(one)]
    return (
        f"missing {missing}, too much {surplus}" if missing or surplus else f"clean {wanted}, found {found}"
    )
