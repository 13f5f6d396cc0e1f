"""The guard may only take actions away; it never adds or changes one.

It sees the plans of one cycle in the order in which they would be carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bridge.model.actions import Action, CreateTicket
from bridge.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one cycle may do; ``read_only`` lets nothing out at all."""

    creates_per_cycle: int = 50
    read_only: bool = False


@dataclass(kw_only=True)
class Guard:
    """Counts what one cycle was allowed to do; ``held_back`` is what it was not."""

    limits: Limits
    created: int = field(default=0)
    held_back: list[Action] = field(default_factory=list)

    def admit(self, plan: Plan) -> Plan:
        """Return the plan without the actions that must not happen now; each is named with its reason."""
        kept: list[Action] = []
        withheld = list(plan.withheld)
        for action in plan.actions:
            reason = self._objection(action)
            if reason:
                self.held_back.append(action)
                withheld.append(f"{action.key}: {reason}")
            else:
                kept.append(action)
        return replace(plan, actions=tuple(kept), withheld=tuple(withheld))

    def _objection(self, action: Action) -> str:
        if self.limits.read_only:
            return "read only"
        if isinstance(action, CreateTicket):
            if self.created >= self.limits.creates_per_cycle:
                return f"{self.limits.creates_per_cycle} tickets were opened in this cycle already"
            self.created += 1
        return ""
