"""Small rules and incidents for the tests of the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.model.incident import Incident
from bridge.rules.problems import ConfigProblems
from bridge.rules.shape import RuleSet

PROJECT = Path(__file__).parents[2]

#: The smallest file of rules; a test changes one place of it.
SMALLEST = """\
rules:
  - name: a
    when: [{priority: High}]
    ticket: {project: F}
    hold: {deployed: {any: [{fix_version: released}]}}
"""


def incident(**values: Any) -> Incident:
    """Return an incident with these values; those with upper case or blanks are desk fields."""
    plain = Incident(
        number="INC1", entry_id="1", status="Assigned", modified_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    theirs = {name: value for name, value in values.items() if name != name.lower() or " " in name}
    own = {name: value for name, value in values.items() if name not in theirs}
    return replace(plain, **own, fields=tuple(sorted(theirs.items())))


def rules(*whens: list[Any], maps: Any = None, **parts: Any) -> RuleSet:
    """Return rules ``r0``, ``r1``... with these conditions, each with ``parts`` of a rule."""
    made = [
        {
            "name": f"r{index}",
            "when": when,
            "ticket": {"project": "F"},
            "hold": {"deployed": {"any": [{"fix_version": "released"}]}},
            **parts,
        }
        for index, when in enumerate(whens)
    ]
    return RuleSet.model_validate({"maps": maps or {}, "rules": made})


def told(error: ConfigProblems, folder: Path) -> list[str]:
    """Return the lines of an error without the folder of the files."""
    return [str(problem).replace(f"{folder}/", "") for problem in error.problems]
