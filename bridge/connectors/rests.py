"""What a server asked to be spared, each at its own scope: one object, one endpoint, or all of it.

A limit for writes to one ticket holds up nothing else; a burst holds up its endpoint; a quota, or a server that does
not say what it means, everything (Atlassian: rate limiting).  Nothing that is spared is asked in order to find out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.connectors.signs import retry_after
from bridge.model.errors import Busy, Scope

#: The longest rest that is believed, in seconds: the longest windows of either product are an hour.
LONGEST = 3600.0
#: What a server may give for a reason without becoming a label of its own making.
REASONS = frozenset(
    {
        "jira-quota-global-based",
        "jira-quota-tenant-based",
        "jira-cost-based",
        "jira-burst-based",
        "jira-per-issue-on-write",
    }
)
_UNNAMED = "unnamed"
#: What is left of a rest may be less than clocks can tell apart, in seconds.
_GRAIN = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a call asks, as limits tell calls apart: its endpoint, the object that it writes to, if it writes."""

    endpoint: str
    thing: str = ""
    write: bool = False

    def key(self, scope: Scope) -> str:
        """Return the name of what this call is part of at a scope."""
        return {"object": f"object {self.thing}", "endpoint": f"endpoint {self.endpoint}"}.get(scope, "")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes whose rests hold this call up."""
        return ("system", "endpoint", "object") if self.write and self.thing else ("system", "endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is spared, until when (seconds of a monotonic clock), and what was said: why, and what a person can do."""

    scope: Scope
    until: float
    why: str
    next_step: str


@dataclass(kw_only=True)
class Rests:
    """What one server asked to be spared, for every thread that calls it; ``seconds`` adds up by reason."""

    monotonic: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)
    _rests: dict[str, Rest] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, asking: Asking, busy: Busy, reason: str) -> None:
        """Spare what ``asking`` is part of, as far and as long as ``busy`` says, an hour at most; counted by reason."""
        now, key = self.monotonic(), asking.key(busy.scope)
        with self._lock:
            self._rests = {name: rest for name, rest in self._rests.items() if rest.until > now}
            old = self._rests.get(key)
            until = now + min(busy.retry_after, LONGEST)
            begins = max(now, old.until) if old else now
            if until > begins:
                self.seconds[reason] = self.seconds.get(reason, 0.0) + until - begins
                self._rests[key] = Rest(scope=busy.scope, until=until, why=busy.why, next_step=busy.next_step)

    def of(self, asking: Asking) -> tuple[Rest, float] | None:
        """Return the longest rest that holds a call up, with the seconds that are left of it; None where it may go."""
        now = self.monotonic()
        with self._lock:
            found = [self._rests.get(asking.key(scope)) for scope in asking.scopes]
        left = [rest for rest in found if rest is not None and rest.until > now + _GRAIN]
        longest = max(left, key=lambda rest: rest.until, default=None)
        return None if longest is None else (longest, longest.until - now)


def scope_of(reason: str, asking: Asking) -> Scope:
    """Return how far a refusal for too many requests reaches; without a reason that is known, everywhere."""
    if "per-issue" in reason and asking.thing:
        return "object"
    return "endpoint" if "burst" in reason or "per-issue" in reason else "system"


def label_of(reason: str) -> str:
    """Return a reason as it may be counted: one of those that are documented."""
    return reason if reason in REASONS else _UNNAMED


def rest_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a refusal asks for, None where it does not say.

    A quota without a time is given back on the full hour, UTC (Atlassian: rate limiting).
    """
    asked = retry_after(headers, now)
    if asked is None and "quota" in headers.get("RateLimit-Reason", ""):
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return (hour - now).total_seconds()
    return asked
