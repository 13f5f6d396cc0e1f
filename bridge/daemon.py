"""The life of the process: APScheduler as the doorbell, signals, and a drain that ends.

The scheduler stores nothing and decides nothing; a missed ring costs time, never truth.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bridge.engine.reconcile import Summary
from bridge.model.errors import BridgeError, Refused, StateError

log = structlog.get_logger()

#: How long the process may take to end once it was told to, in seconds: running looks, and logging out.
DRAIN = 10.0
#: How much of that is kept for logging out; a server that hangs must not keep the process.
FAREWELL = 2.0


def _nothing() -> None:
    """Have nobody to take leave of."""


@dataclass(kw_only=True)
class Daemon:
    """Rings for every pair until told to stop.

    ``cycles`` and ``resyncs`` are what is rung for, by the pair's name; ``poll`` is how often.  ``stop`` is shared with the
    engine, which looks at it between two effects.  ``farewell`` logs out everywhere.  ``end`` leaves the process at
    once with an exit code, whatever its threads do; the journal knows what they were about.
    """

    cycles: Mapping[str, Callable[[], Summary]]
    resyncs: Mapping[str, Callable[[], object]]
    poll: timedelta
    resync_at: tuple[int, int]
    farewell: Callable[[], None] = _nothing
    end: Callable[[int], object] = os._exit
    stop: threading.Event = field(default_factory=threading.Event)
    fatal: StateError | None = None
    _running: dict[str, threading.Lock] = field(default_factory=dict)
    _away: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit code: 0, or 1 where the state cannot be used any more."""
        self._running = {name: threading.Lock() for name in self.cycles}
        self._catch_signals()
        scheduler = self._scheduler()
        scheduler.start()
        log.info("daemon_started", pairs=sorted(self.cycles), poll_seconds=self.poll.total_seconds())
        while not self.stop.wait(timeout=1.0):
            pass
        ends = time.monotonic() + DRAIN - FAREWELL
        log.info("daemon_stopping", why=str(self.fatal or "told to stop"), seconds_at_most=DRAIN)
        scheduler.shutdown(wait=False)
        if not self._drained(ends):
            log.error(
                "daemon_stopped",
                drained=False,
                next="nothing is lost: at the next start the bridge looks for what it was about to write",
            )
            self.end(1)
        self._take_leave()
        log.info("daemon_stopped", drained=True)
        return 1 if self.fatal else 0

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max(2, 2 * len(self.cycles)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        for name in self.cycles:
            scheduler.add_job(
                self._cycle,
                IntervalTrigger(seconds=self.poll.total_seconds(), timezone="UTC"),
                args=(name,),
                id=f"cycle:{name}",
            )
            # The first look is now, not one interval later.
            scheduler.add_job(self._cycle, args=(name,), id=f"first:{name}")
            hour, minute = self.resync_at
            scheduler.add_job(
                self._resync,
                CronTrigger(hour=hour, minute=minute),
                args=(name,),
                id=f"resync:{name}",
            )
        scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)
        return scheduler

    def _cycle(self, name: str) -> None:
        self._ring(name, lambda: self._tell_sides(name, self.cycles[name]()))

    def _resync(self, name: str) -> None:
        self._ring(name, self.resyncs[name])

    def _ring(self, name: str, work: Callable[[], object]) -> None:
        """Do one pair's work, one at a time; only a state that cannot be used ends the process."""
        with self._running[name]:
            if self.stop.is_set():
                return
            try:
                work()
            except StateError as error:
                log.critical("state_failed", what=error.what, why=error.why, next=error.next_step)
                self.fatal = error
                self.stop.set()
            except BridgeError as error:
                # The nightly comparison found a server away; the next night, or the next look, sees the same.
                log.warning("look_put_off", pair=name, what=error.what, why=error.why, next=error.next_step)

    def _tell_sides(self, name: str, summary: Summary) -> None:
        """Tell once when a side cannot be asked any more, with why and what to do, and once when it can again."""
        for side, error in summary.down.items():
            # Being away has many faces from look to look; a refusal is about something in particular.
            sign = error.what if isinstance(error, Refused) else type(error).__name__
            if self._away.get((name, side)) != sign:
                self._away[name, side] = sign
                log.warning(
                    "side_lost", pair=name, side=side, what=error.what, why=error.why, next=error.next_step
                )
        for key in [key for key in self._away if key[0] == name and key[1] not in summary.down]:
            del self._away[key]
            log.info("side_back", pair=name, side=key[1])

    def _heard(self, event: JobExecutionEvent) -> None:
        if event.code == EVENT_JOB_MAX_INSTANCES:
            log.warning("cycle_still_running", job=event.job_id)
        else:
            log.error(
                "job_failed", job=event.job_id, why=repr(event.exception), traceback=str(event.traceback)
            )

    def _catch_signals(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
            if self.stop.is_set():
                self.end(1)  # told twice: now
            self.stop.set()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)

    def _drained(self, ends: float) -> bool:
        """Wait for running looks until this moment of the monotonic clock; False where one did not end."""
        for lock in self._running.values():
            if not lock.acquire(timeout=max(0.0, ends - time.monotonic())):
                return False
            lock.release()
        return True

    def _take_leave(self) -> None:
        leaving = threading.Thread(target=self.farewell, daemon=True)
        leaving.start()
        leaving.join(timeout=FAREWELL)
