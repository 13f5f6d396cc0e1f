"""Drives a replay: people act when their time comes, the bridge looks at its pace, idle stretches are skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.engine.reconcile import Reconciler, Summary
from bridge.rehearsal.clock import VirtualClock
from bridge.rehearsal.development import Development
from bridge.rehearsal.schedule import Schedule
from bridge.state.store import Store

POLL = timedelta(seconds=30)
#: How long after the last act of a person the bridge is still watched: what waits for a person waits for ever.
WATCHED_AFTER = timedelta(days=40)
#: How many acts go by until whoever watches is told.
TOLD_EVERY = 50

#: Told how many of the planned acts are done, and how many there are.
Progress = Callable[[int, int], None]


def unwatched(done: int, planned: int) -> None:
    """Tell nobody."""


@dataclass(kw_only=True)
class Drive:
    """One run through a schedule; afterwards ``looks`` holds when the bridge looked."""

    clock: VirtualClock
    schedule: Schedule
    bridge: Reconciler
    store: Store
    development: Development
    progress: Progress
    poll: timedelta = POLL
    looks: list[datetime] = field(default_factory=list)
    refused: int = 0
    surprises: Counter[str] = field(default_factory=Counter)
    _acted: int = 0
    _look_at: datetime | None = None
    _last_act: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._last_act = self.clock()

    def run(self) -> None:
        """Let everything happen until nobody has anything left to do."""
        while True:
            act_at, look_at = self.schedule.next_at, self._look_at
            if act_at is None and look_at is not None and look_at > self._last_act + WATCHED_AFTER:
                look_at = None
            if look_at is not None and (act_at is None or look_at <= act_at):
                self._look(look_at)
            elif act_at is not None:
                self._act(act_at)
            else:
                self.progress(self._acted, self.schedule.planned)
                return

    def _act(self, moment: datetime) -> None:
        self.clock.jump_to(moment)
        while (deed := self.schedule.take(self.clock())) is not None:
            deed()
            self._acted += 1
            self._last_act = self.clock()
            if self._acted % TOLD_EVERY == 0:
                self.progress(self._acted, self.schedule.planned)
        # Skipping ahead to what the bridge has planned for itself must not make it miss what people just did.
        soon = self.clock() + self.poll
        self._look_at = soon if self._look_at is None else min(self._look_at, soon)

    def _look(self, moment: datetime) -> None:
        self.clock.jump_to(moment)
        self.looks.append(self.clock())
        summary = self.bridge.cycle()
        self._take_note(summary)
        if summary.done:
            self.development.notices(self.bridge.pair.name)
        self._look_at = self._next_look(summary)

    def _take_note(self, summary: Summary) -> None:
        self.refused += summary.refused
        for number in summary.failed:
            self.surprises[f"{number} could not be decided"] += 1
        for side, error in summary.down.items():
            self.surprises[f"the {side} could not be asked: {error.what}"] += 1

    def _next_look(self, summary: Summary) -> datetime | None:
        """Return when the bridge has something to do again, None where only people can give it something."""
        soon = self.clock() + self.poll
        if summary.done or summary.failed or summary.down:
            return soon
        name = self.bridge.pair.name
        with self.store.reading() as tx:
            if tx.agenda.dirty(name, 1):
                return soon
            due = tx.agenda.next_due(name)
        return None if due is None else max(due, soon)
