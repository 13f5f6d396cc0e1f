"""What stands before every call to one server: its breaker and its rests, shared by all pairs that use the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.connectors.breaker import Breaker
from bridge.connectors.rests import Rests


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A server that is left alone: without an answer ``since`` when and ``why``, asked again from ``next_probe`` on."""

    since: datetime
    why: str
    next_probe: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The gate of one server; threads may share it."""

    breaker: Breaker
    rests: Rests

    @classmethod
    def of(
        cls,
        monotonic: Callable[[], float],
        *,
        pause: float = 30.0,
        random: Callable[[], float] = lambda: 0.0,
    ) -> Gate:
        """Return an open gate; ``pause`` is how long, in seconds, a server without an answer is left alone."""
        return cls(
            breaker=Breaker(monotonic=monotonic, pause=pause, random=random), rests=Rests(monotonic=monotonic)
        )

    def outage(self, now: datetime) -> Outage | None:
        """Return the outage that the breaker sees at ``now``, None where the server may be asked."""
        circuit, at = self.breaker.circuit, self.breaker.monotonic()
        if not circuit.open:
            return None
        return Outage(
            since=now - timedelta(seconds=at - circuit.since),
            why=circuit.why,
            next_probe=now + timedelta(seconds=circuit.next_probe - at),
        )
