"""A small made-up incident log in ServiceNow's shape, and made-up Jira issues."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

COLUMNS = (
    "number", "incident_state", "sys_mod_count", "opened_by", "opened_at", "sys_updated_by", "sys_updated_at",
    "category", "subcategory", "u_symptom", "impact", "urgency", "assignment_group", "assigned_to",
    "problem_id", "rfc", "closed_code",
)  # fmt: skip

ORDINARY = {
    "opened_by": "Opened by 1",
    "opened_at": "1/3/2016 08:00",
    "sys_updated_by": "Updated by 7",
    "category": "Category 4",
    "subcategory": "Subcategory 9",
    "u_symptom": "?",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "assignment_group": "Group 1",
    "assigned_to": "Resolver 1",
    "problem_id": "?",
    "rfc": "?",
    "closed_code": "code 6",
}


def rows_of(number: str, *steps: tuple[str, str], **fields: str) -> list[dict[str, str]]:
    """Rows of one incident: a state and a date each; a state may be followed by ``/column=value``."""
    rows, present = [], {**ORDINARY, **fields}
    for order, (state, at) in enumerate(steps):
        name, *changes = state.split("/")
        present = {**present, **dict(change.split("=") for change in changes)}
        row = {"number": number, "incident_state": name, "sys_mod_count": str(order), "sys_updated_at": at}
        rows.append({**present, **row})
    return rows


PLAIN = rows_of(
    "INC1",
    ("New", "1/3/2016 08:10"),
    ("Active", "1/3/2016 09:00"),
    ("Resolved", "2/3/2016 09:00"),
    ("Closed", "7/3/2016 09:00"),
)
HANDED_OVER = rows_of(
    "INC2",
    ("New", "1/3/2016 08:20"),
    ("Active", "1/3/2016 08:30"),
    ("Awaiting Problem", "1/3/2016 09:00"),
    ("Awaiting Problem", "2/3/2016 09:00"),
    ("Active/assignment_group=Group 2/assigned_to=Resolver 2", "3/3/2016 09:00"),
    ("Resolved", "20/3/2016 09:00"),
    ("Closed", "25/3/2016 09:00"),
)
BY_PROBLEM = rows_of(
    "INC3",
    ("New", "1/3/2016 08:30"),
    ("Resolved", "1/3/2016 08:33"),
    ("Closed", "6/3/2016 09:00"),
    problem_id="Problem ID 5",
    assigned_to="?",
)
TOO_LATE = rows_of(
    "INC4",
    ("Active", "1/3/2016 08:40"),
    ("Resolved", "1/3/2016 09:40"),
    ("Resolved/rfc=CHG1", "2/3/2016 10:00"),
    ("Closed", "6/3/2016 10:00"),
)
NOWHERE = rows_of(
    "INC5",
    ("Awaiting Vendor", "1/3/2016 08:50"),
    ("Active", "4/3/2016 08:50"),
    ("Closed", "9/3/2016 08:50"),
    ("Active", "10/3/2016 08:50"),
    ("Resolved", "12/3/2016 08:50"),
    ("Closed", "19/3/2016 08:50"),
    assignment_group="?",
    assigned_to="?",
    closed_code="?",
)
DIRECTLY_CLOSED = rows_of("INC6", ("New", "1/3/2016 09:00"), ("Closed", "3/3/2016 09:00"), rfc="CHG2")
EVERYTHING = (PLAIN, HANDED_OVER, BY_PROBLEM, TOO_LATE, NOWHERE, DIRECTLY_CLOSED)


def write_log(path: Path, incidents: Iterable[list[dict[str, str]]] = EVERYTHING) -> Path:
    """A CSV file with these incidents' rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for rows in incidents:
            writer.writerows(rows)
    return path


def issue(key: str, resolution: str | None, *bodies: str | None) -> dict[str, Any]:
    """One issue of ten days with a comment a day."""
    comments = [
        {
            "id": str(day),
            "author": {"name": "person-1"},
            "created": f"2015-04-{day:02d}T12:00:00.000+0000",
            **({} if body is None else {"body": body}),
        }
        for day, body in enumerate(bodies, start=2)
    ]
    return {
        "key": key,
        "fields": {
            "created": "2015-04-01T12:00:00.000+0000",
            "resolutiondate": "2015-04-11T12:00:00.000+0000" if resolution else None,
            "resolution": {"name": resolution} if resolution else None,
            "assignee": {"name": "person-2"},
            "comment": {"comments": comments},
        },
    }


ISSUES = (
    issue(
        "AC-1",
        "Fixed",
        "It fails in {{main}}.\r\n\r\n* one\r\n* two",
        "See [the page|https://example.com]\x07",
    ),
    issue("AC-2", "Won't Fix", "h1. Not worth it\n{code}x = 1{code}", None),
    issue("AC-3", "Duplicate", "The same as another one."),
    issue("AC-4", None, "Never finished."),
)


def write_issues(path: Path) -> Path:
    """A JSON Lines file with these issues."""
    path.write_text("".join(json.dumps(each) + "\n" for each in ISSUES), encoding="utf-8")
    return path


def many_hand_overs(count: int) -> list[list[dict[str, str]]]:
    """As many incidents of every urgency, handed over minutes apart, and resolved by the log weeks later."""
    return [
        rows_of(
            f"INC{1000 + index}",
            ("New", f"1/3/2016 08:{index % 30:02d}"),
            ("Active", f"1/3/2016 08:{30 + index % 30:02d}"),
            ("Awaiting Problem", f"1/3/2016 {9 + index // 30:02d}:{2 * (index % 30):02d}"),
            ("Awaiting Problem", "2/3/2016 09:00"),
            ("Resolved", f"{15 + index % 5}/3/2016 09:{index % 60:02d}"),
            ("Closed", f"{20 + index % 5}/3/2016 12:{index % 60:02d}"),
            assignment_group=f"Group {1 + index % 2}",
            assigned_to=f"Resolver {1 + index % 2}",
            urgency=("1 - High", "2 - Medium", "3 - Low")[index % 3],
        )
        for index in range(count)
    ]
