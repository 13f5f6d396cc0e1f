"""One desk and one tracker that are bridged, with the rules between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.connectors.base import ServiceDesk, Tracker
from bridge.decide.guard import Limits
from bridge.decide.voice import Voice
from bridge.rules.shape import RuleSet

#: Gives the present moment, UTC.
Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What one cycle works with.

    ``overlap`` is how far each poll looks back behind the newest change that was seen: changes commit late and
    search indexes lag.  ``versions_every`` is how often projects with fixed tickets are asked for releases, and the desk
    for changes of incidents that wait for one.
    """

    name: str
    desk: ServiceDesk
    tracker: Tracker
    rules: RuleSet
    voice: Voice
    clock: Clock
    overlap: timedelta = timedelta(minutes=2)
    versions_every: timedelta = timedelta(minutes=5)
    limits: Limits = field(default_factory=Limits)
