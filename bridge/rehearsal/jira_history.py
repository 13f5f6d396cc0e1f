"""The lives of real Jira issues: when people commented, when an issue was finished, and how.

One JSON object a line, as Jira's REST API shows an issue with its comments.  Bodies stay as they are, markup,
line ends and all; comments without a body are counted and left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bridge.rehearsal.incident_log import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One comment: ``share`` of the issue's life that had passed (above 1 when it was finished already)."""

    share: float
    author: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One finished issue's life."""

    key: str
    resolution: str
    assignee: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """All lives of a file; ``left_out`` counts issues and comments that could not be used, by reason."""

    lives: tuple[Life, ...]
    left_out: Mapping[str, int]

    @property
    def resolutions(self) -> tuple[str, ...]:
        """The resolutions that occur, sorted."""
        return tuple(sorted({life.resolution for life in self.lives}))


#: Where no file of real issues is given: three plain lives.
PLAIN = Lives(
    lives=(
        Life(
            key="PLAIN-1",
            resolution="Fixed",
            assignee="dev.ana",
            remarks=(
                Remark(share=0.2, author="dev.max", body="I can see it on the test system, too."),
                Remark(share=0.9, author="dev.ana", body="The patch is in {{main}}, *please* review."),
            ),
        ),
        Life(key="PLAIN-2", resolution="Done", assignee="dev.max", remarks=()),
        Life(
            key="PLAIN-3",
            resolution="Cannot Reproduce",
            assignee="dev.ana",
            remarks=(Remark(share=0.5, author="dev.ana", body="Which browser does the customer use?"),),
        ),
    ),
    left_out={},
)


def read_lives(path: Path) -> Lives:
    """Return the lives of the finished issues of a file; ``ConfigError`` where it cannot be read."""
    left_out: Counter[str] = Counter()
    lives = []
    with opened(path) as text:
        for line in text:
            if line.strip():
                life = _life(line, left_out)
                lives += [life] if life else []
    return Lives(lives=tuple(lives), left_out=dict(left_out))


def _life(line: str, left_out: Counter[str]) -> Life | None:
    try:
        issue = json.loads(line)
        fields = issue["fields"]
        created = _moment(fields["created"])
        resolution = (fields.get("resolution") or {}).get("name")
        finished = _moment(fields["resolutiondate"]) if fields.get("resolutiondate") else None
    except (ValueError, KeyError, TypeError, AttributeError):
        left_out["issues that cannot be read"] += 1
        return None
    if not resolution or finished is None or finished <= created:
        left_out["issues that were never finished"] += 1
        return None
    remarks = []
    for comment in (fields.get("comment") or {}).get("comments") or ():
        if not comment.get("body"):
            left_out["comments without a body"] += 1
            continue
        share = (_moment(comment["created"]) - created) / (finished - created)
        remarks.append(Remark(share=share, author=_person(comment.get("author")), body=comment["body"]))
    return Life(
        key=str(issue["key"]),
        resolution=str(resolution),
        assignee=_person(fields.get("assignee")),
        remarks=tuple(sorted(remarks, key=lambda remark: remark.share)),
    )


def _person(person: Mapping[str, Any] | None) -> str:
    return str((person or {}).get("name") or "somebody")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
