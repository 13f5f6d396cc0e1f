"""Counts the hand-overs of a log on its own: the check of a replay must not share the code that wrote its script."""

from __future__ import annotations

import csv
from pathlib import Path

from bridge.rehearsal.incident_log import ColumnMap, opened


def hand_overs_in(path: Path, columns: ColumnMap, limit: int | None = None) -> frozenset[str]:
    """Return the numbers of the incidents that a log shows as handed over to development.

    ``limit`` looks at the incidents that occur first only.
    """
    seen: dict[str, bool] = {}
    with opened(path) as text:
        for line in csv.DictReader(text):
            number = line[columns.columns.number].strip()
            if limit is not None and number not in seen and len(seen) == limit:
                continue
            signs = [line[name].strip() not in ("", columns.missing) for name in columns.hand_over.columns]
            waits = line[columns.columns.state].strip() in columns.hand_over.states
            seen[number] = seen.get(number, False) or waits or any(signs)
    return frozenset(number for number, handed_over in seen.items() if handed_over)
