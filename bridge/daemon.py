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
from datetime import UTC, datetime, timedelta
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
from bridge.pulse import Pulse
from bridge.standing import where_threads_stand
from bridge.systemd import Notifier

log = structlog.get_logger()

#: How long the process may take to end once it was told to, in seconds: running looks, and logging out.
DRAIN = 10.0
#: How much of that is kept for logging out; a server that hangs must not keep the process.
FAREWELL = 2.0


#: How often the words for systemd are renewed, in seconds.
STATUS_EVERY = 10.0
#: How long a reload waits for running looks, in seconds.
RELOAD_PATIENCE = 60.0


def _nothing() -> None:
    """Have nobody to take leave of."""


def _silent() -> str:
    """Have nothing to say."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is rung for, by the pair's name, and when.

    ``farewell`` lets go of the servers, not of the state; ``taken`` is called once this work is taken up.
    """

    cycles: Mapping[str, Callable[[], Summary]]
    resyncs: Mapping[str, Callable[[], object]]
    poll: timedelta
    resync_at: tuple[int, int]
    farewell: Callable[[], None] = _nothing
    taken: Callable[[], None] = _nothing


@dataclass(kw_only=True)
class Daemon:
    """Rings for every pair until told to stop.

    ``cycles`` and ``resyncs`` are what is rung for, by the pair's name; ``poll`` is how often.  ``stop`` is shared with the
    engine, which looks at it between two effects.  ``farewell`` logs out everywhere.  ``end`` leaves the process at
    once with an exit code, whatever its threads do; the journal knows what they were about.  ``pulse`` learns of every
    look, ``notifier`` and ``ping`` of progress only; ``reload`` gives new work or raises ``BridgeError``, and then the old
    work goes on; ``account`` writes down how that went, and ``keep`` when a pair's look began and what it did.
    """

    cycles: Mapping[str, Callable[[], Summary]]
    resyncs: Mapping[str, Callable[[], object]]
    poll: timedelta
    resync_at: tuple[int, int]
    farewell: Callable[[], None] = _nothing
    end: Callable[[int], object] = os._exit
    stop: threading.Event = field(default_factory=threading.Event)
    fatal: StateError | None = None
    pulse: Pulse | None = None
    notifier: Notifier = field(default_factory=Notifier)
    status: Callable[[], str] = _silent
    ping: Callable[[], None] | None = None
    ping_every: timedelta = timedelta(minutes=1)
    reload: Callable[[], Work] | None = None
    account: Callable[[BridgeError | None], None] | None = None
    keep: Callable[[str, datetime, str], None] | None = None
    _scheduled: BackgroundScheduler | None = None
    _reload_wanted: threading.Event = field(default_factory=threading.Event)
    _look_wanted: threading.Event = field(default_factory=threading.Event)
    _standing_wanted: threading.Event = field(default_factory=threading.Event)
    _pinging: threading.Thread | None = None
    _pinged_at: float = float("-inf")
    _told_at: float = float("-inf")
    _running: dict[str, threading.Lock] = field(default_factory=dict)
    _away: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit code: 0, or 1 where the state cannot be used any more."""
        self._running = {name: threading.Lock() for name in self.cycles}
        self._catch_signals()
        self._begin()
        log.info("daemon_started", pairs=sorted(self.cycles), poll_seconds=self.poll.total_seconds())
        self.notifier.tell("READY=1")
        while not self.stop.wait(timeout=1.0):
            self._live()
        self.notifier.tell("STOPPING=1")
        ends = time.monotonic() + DRAIN - FAREWELL
        log.info("daemon_stopping", why=str(self.fatal or "told to stop"), seconds_at_most=DRAIN)
        if self._scheduled is not None:
            self._scheduled.shutdown(wait=False)
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

    def _begin(self) -> None:
        if self.pulse is not None:
            self.pulse.begins(tuple(self.cycles))
        self._scheduled = self._scheduler()
        self._scheduled.start()

    def _live(self) -> None:
        """Show signs of life, as long as there is progress; do what a signal asked for."""
        self._obey()
        moving = self.pulse is None or not self.pulse.late()
        now = time.monotonic()
        if moving:
            self.notifier.tell("WATCHDOG=1")
        # Most of all where nothing moves any more somebody will read the status.
        if now - self._told_at >= STATUS_EVERY and self.notifier.address:
            self._told_at = now
            self.notifier.tell(f"STATUS={self.status()}")
        resting = self._pinging is None or not self._pinging.is_alive()
        due = now - self._pinged_at >= self.ping_every.total_seconds()
        if self.ping is not None and moving and resting and due:
            self._pinged_at = now
            self._pinging = threading.Thread(target=self.ping, name="ping", daemon=True)
            self._pinging.start()

    def _obey(self) -> None:
        """Do what signals asked for: reload, look now, tell where everything stands."""
        if self._reload_wanted.is_set():
            self._reload_wanted.clear()
            self._reload()
        if self._look_wanted.is_set():
            self._look_wanted.clear()
            self._look_now()
        if self._standing_wanted.is_set():
            self._standing_wanted.clear()
            log.info("daemon_stands", status=self.status(), threads=where_threads_stand())

    def _look_now(self) -> None:
        if self._scheduled is None:
            return
        log.info("look_wanted", pairs=sorted(self.cycles))
        for name in self.cycles:
            # A look that runs already is not disturbed: this one waits for it, and a third one is not queued.
            self._scheduled.add_job(self._cycle, args=(name,), id=f"wanted:{name}", replace_existing=True)

    def _reload(self) -> None:
        """Take new work between two looks, or keep the old one and say why."""
        if self.reload is None:
            return
        failure: BridgeError | None = None
        try:
            self._swap(self.reload())
        except BridgeError as error:
            failure = error
        if failure is not None:
            step = (
                failure.next_step or "correct it and reload again; until then the old configuration goes on"
            )
            log.error("reload_failed", what=failure.what, why=failure.why, next=step)
        else:
            log.info("reload_done", pairs=sorted(self.cycles), poll_seconds=self.poll.total_seconds())
        if self.pulse is not None:
            self.pulse.reloads(failure is None)
        if self.account is not None:
            try:
                self.account(failure)
            except StateError as error:
                self._give_up(error)

    def _swap(self, fresh: Work) -> None:
        locks = list(self._running.values())
        if not self._all_taken(locks):
            fresh.farewell()
            raise BridgeError(
                "the configuration was not reloaded",
                why=f"a look did not end within {RELOAD_PATIENCE:.0f} seconds",
                next_step="try again; look for a server that answers slowly",
            )
        try:
            if self._scheduled is not None:
                self._scheduled.shutdown(wait=False)
            self._take_leave()
            self.cycles, self.resyncs, self.farewell = fresh.cycles, fresh.resyncs, fresh.farewell
            self.poll, self.resync_at = fresh.poll, fresh.resync_at
            fresh.taken()
            self._running = {name: threading.Lock() for name in self.cycles}
        finally:
            for lock in locks:
                lock.release()
        self._begin()

    def _all_taken(self, locks: list[threading.Lock]) -> bool:
        ends = time.monotonic() + RELOAD_PATIENCE
        taken: list[threading.Lock] = []
        for lock in locks:
            if not lock.acquire(timeout=max(0.0, ends - time.monotonic())):
                for one in taken:
                    one.release()
                return False
            taken.append(lock)
        return True

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
        self._ring(name, lambda: self._look(name))

    def _look(self, name: str) -> None:
        began = datetime.now(UTC)
        summary = self.cycles[name]()
        self._tell_sides(name, summary)
        if self.keep is not None:
            self.keep(name, began, summary.sentence)
        if self.pulse is not None:
            self.pulse.beats(
                name,
                began=began,
                sentence=summary.sentence,
                down=tuple(sorted(summary.down)),
                done=summary.done,
                refused=summary.refused,
                withheld=len(summary.withheld),
                carried={f"to_{side}": number for side, number in summary.carried.items()},
                echoes=summary.polled.echoes,
            )

    def _resync(self, name: str) -> None:
        self._ring(name, self.resyncs[name])

    def _ring(self, name: str, work: Callable[[], object]) -> None:
        """Do one pair's work, one at a time; only a state that cannot be used ends the process."""
        lock = self._running.get(name)
        if lock is None:
            return  # a reload took the pair away
        with lock:
            # A ring of the schedule before a reload may have waited for the lock of before.
            if self.stop.is_set() or self._running.get(name) is not lock:
                return
            try:
                work()
            except StateError as error:
                self._give_up(error)
            except BridgeError as error:
                # The nightly comparison found a server away; the next night, or the next look, sees the same.
                log.warning("look_put_off", pair=name, what=error.what, why=error.why, next=error.next_step)

    def _give_up(self, error: StateError) -> None:
        """End since the state cannot be used: without it nothing may be done outside."""
        log.critical("state_failed", what=error.what, why=error.why, next=error.next_step)
        self.fatal = error
        if self.pulse is not None:
            self.pulse.state_works = False
        self.stop.set()

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
            signal.signal(signal.SIGHUP, lambda _number, _frame: self._reload_wanted.set())
            signal.signal(signal.SIGUSR1, lambda _number, _frame: self._standing_wanted.set())
            signal.signal(signal.SIGUSR2, lambda _number, _frame: self._look_wanted.set())

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
