"""The usual rules with changes, loaded and checked as any rules file is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bridge.rules.load import load_rules
from bridge.rules.shape import RuleSet
from bridge.rules.yamlfile import load_yaml
from tests.flow.scene import RULES


def rules_with(change: Callable[[dict[str, Any]], None], **maps: dict[str, str]) -> RuleSet:
    """The usual rule after ``change``, with further maps."""
    data = load_yaml(RULES).data
    data["maps"] |= maps
    change(data["rules"][0])
    with TemporaryDirectory() as folder:
        path = Path(folder, "rules.yaml")
        path.write_text(json.dumps(data, indent=1), encoding="utf-8")  # which is YAML, too
        return load_rules([path])


def mirroring(*fields: dict[str, Any], **ticket_fields: dict[str, Any]) -> RuleSet:
    """The usual rule with these mirrored fields in place of its own, and further fields of a new ticket."""

    def change(rule: dict[str, Any]) -> None:
        rule["mirror"]["fields"] = list(fields)
        rule["ticket"]["fields"] |= ticket_fields

    return rules_with(change, **URGENCIES)


#: Maps of urgency, both ways in one, and one for each way.
URGENCIES = {
    "urgency": {"1-Critical": "Highest", "2-High": "High", "3-Medium": "Medium", "4-Low": "Low"},
    "there": {"1-Critical": "Highest", "2-High": "Highest", "default": "Medium"},
    "back": {"Highest": "1-Critical", "High": "2-High", "default": "4-Low"},
}
