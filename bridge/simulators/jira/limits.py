"""Too many requests: 429 as both products send it, on order or by Cloud's limit of writes per issue."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Literal

from bridge.simulators.jira.problems import Refused
from bridge.simulators.wire import Request

Reason = Literal[
    "jira-quota-global-based", "jira-quota-tenant-based", "jira-burst-based", "jira-per-issue-on-write"
]
_WINDOWS = ((timedelta(seconds=2), 20), (timedelta(seconds=30), 100))


@dataclass(kw_only=True, slots=True)
class Throttle:
    """Refuse the next ``times`` matching calls (None: until removed).

    ``retry_after`` is seconds, or a moment (sent as an HTTP date), or None for a gateway that does not say.
    """

    times: int | None = 1
    reason: Reason | None = "jira-burst-based"
    retry_after: int | datetime | None = 5
    match: Callable[[Request], bool] = field(default=lambda _: True)

    def strikes(self, request: Request) -> bool:
        """Whether this call is refused; counts down."""
        if self.times == 0 or not self.match(request):
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Limits:
    """The throttles in force and the recent writes of each issue."""

    def __init__(self, *, cloud: bool) -> None:
        self._cloud = cloud
        self._throttles: list[Throttle] = []
        self._writes: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def add(self, throttle: Throttle) -> Throttle:
        """Put a throttle in force; returned so that it can be watched."""
        self._throttles.append(throttle)
        return throttle

    def clear(self) -> None:
        """Take every throttle away."""
        self._throttles.clear()

    def check(self, request: Request, now: datetime) -> None:
        """Refuse a call that a throttle strikes."""
        for throttle in self._throttles:
            if throttle.strikes(request):
                raise self._refusal(throttle.reason, throttle.retry_after, now)

    def check_issue_write(self, issue: str, now: datetime) -> None:
        """Refuse a write beyond 20 in 2 s or 100 in 30 s to one issue (Cloud rate-limiting page)."""
        writes = self._writes[issue]
        while writes and now - writes[0] >= _WINDOWS[-1][0]:
            writes.popleft()
        for window, most in _WINDOWS:
            if sum(1 for each in writes if now - each < window) >= most:
                raise self._refusal("jira-per-issue-on-write", int(window.total_seconds()), now)
        writes.append(now)

    def _refusal(self, reason: Reason | None, after: int | datetime | None, now: datetime) -> Refused:
        headers: dict[str, str] = {}
        if after is not None:
            headers["Retry-After"] = _retry_after(after)
        if self._cloud and reason is not None:
            headers["RateLimit-Reason"] = reason
        if self._cloud:
            reset = after if isinstance(after, datetime) else now + timedelta(seconds=after or 5)
            headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}"}
        return Refused(429, {"errorMessages": ["Rate limit exceeded"]}, headers=headers)


def _retry_after(after: int | datetime) -> str:
    return format_datetime(after, usegmt=True) if isinstance(after, datetime) else str(after)


def standing(*, cloud: bool) -> dict[str, str]:
    """Make the headers of an answer that was within the limits.

    Data Center sends ``retry-after: 0`` with each.
    """
    if cloud:
        return {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "349"}
    return {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "999",
        "X-RateLimit-Interval-Seconds": "1",
        "X-RateLimit-FillRate": "100",
        "retry-after": "0",
    }
