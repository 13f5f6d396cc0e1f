"""The rules of a replay: those of the file, with the causes of the log."""

from __future__ import annotations

from pathlib import Path

from bridge.rehearsal.development import COMPONENT
from bridge.rehearsal.incident_log import IncidentLog
from bridge.rules.load import load_rules
from bridge.rules.shape import Rule, RuleSet

RULES = Path(__file__).with_name("replay_rules.yaml")
#: The one cause of the file's rules, which stands where a log has none.
SOME_CAUSE = "any of the log"


def rules_of(log: IncidentLog) -> RuleSet:
    """Return the rules of a replay with the causes of its log; the first of them is the one that tickets propose."""
    rules = load_rules([RULES])
    if not log.causes:
        return rules
    return rules.model_copy(
        update={
            "rules": tuple(_with_causes(rule, log.causes) for rule in rules.rules),
            "maps": {**rules.maps, "cause": {COMPONENT: log.causes[0]}},
        }
    )


def _with_causes(rule: Rule, causes: tuple[str, ...]) -> Rule:
    if rule.hold.cause is None:
        return rule
    cause = rule.hold.cause.model_copy(update={"one_of": causes})
    return rule.model_copy(update={"hold": rule.hold.model_copy(update={"cause": cause})})
