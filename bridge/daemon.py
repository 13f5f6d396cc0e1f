"""The life of the process: APScheduler as the doorbell, signals, and a drain that ends.

The scheduler stores nothing and decides nothing; a missed ring costs time, never truth.
"""

from __future__ import annotations

import signal
import threading
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

from bridge.model.errors import StateError

log = structlog.get_logger()

#: How long a running cycle may take to finish once the process was told to stop, in seconds.
DRAIN = 10.0


@dataclass(kw_only=True)
class Daemon:
    """Rings for every pair until told to stop.

    ``cycles`` and ``resyncs`` are what is rung for, by the pair's name; ``poll`` is how often.  ``stop`` is shared with the
    engine, which looks at it between two effects.
    """

    cycles: Mapping[str, Callable[[], object]]
    resyncs: Mapping[str, Callable[[], object]]
    poll: timedelta
    resync_at: tuple[int, int]
    stop: threading.Event = field(default_factory=threading.Event)
    fatal: StateError | None = None
    _running: dict[str, threading.Lock] = field(default_factory=dict)

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit code: 0, or 1 where the state cannot be used any more."""
        self._running = {name: threading.Lock() for name in self.cycles}
        self._catch_signals()
        scheduler = self._scheduler()
        scheduler.start()
        log.info("daemon_started", pairs=sorted(self.cycles), poll_seconds=self.poll.total_seconds())
        while not self.stop.wait(timeout=1.0):
            pass
        scheduler.shutdown(wait=False)
        drained = self._drain()
        log.info("daemon_stopped", drained=drained, why=str(self.fatal or "told to stop"))
        return 1 if self.fatal or not drained else 0

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max(2, 2 * len(self.cycles)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        for name in self.cycles:
            scheduler.add_job(
                self._ring,
                IntervalTrigger(seconds=self.poll.total_seconds(), timezone="UTC"),
                args=(name, self.cycles[name]),
                id=f"cycle:{name}",
            )
            # The first look is now, not one interval later.
            scheduler.add_job(self._ring, args=(name, self.cycles[name]), id=f"first:{name}")
            hour, minute = self.resync_at
            scheduler.add_job(
                self._ring,
                CronTrigger(hour=hour, minute=minute),
                args=(name, self.resyncs[name]),
                id=f"resync:{name}",
            )
        scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)
        return scheduler

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

    def _heard(self, event: JobExecutionEvent) -> None:
        if event.code == EVENT_JOB_MAX_INSTANCES:
            log.warning("cycle_still_running", job=event.job_id)
        else:
            log.error("job_failed", job=event.job_id, why=str(event.exception))

    def _catch_signals(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
            if self.stop.is_set():
                raise SystemExit(1)  # told twice: now
            self.stop.set()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)

    def _drain(self) -> bool:
        """Wait for running cycles, all together no longer than the drain; False where one did not end."""
        patience = DRAIN
        for lock in self._running.values():
            if not lock.acquire(timeout=patience):
                return False
            lock.release()
        return True
