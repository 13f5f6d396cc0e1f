"""How the daemon is put together: its work, its reload, its pages and its signs of life."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from bridge.app import App, build
from bridge.cli.alive import ping
from bridge.daemon import Daemon, Work
from bridge.model.errors import BridgeError, ConfigError, StateError
from bridge.pulse import Pulse
from bridge.settings import Settings, endings, ends_at
from bridge.settings.heralding import Herald
from bridge.state.audit import Entry
from bridge.state.lag import lags
from bridge.state.store import Store
from bridge.systemd import Notifier
from bridge.web.serve import Pages

log = structlog.get_logger()


@dataclass(kw_only=True)
class Running:
    """The parts of a daemon over one open state; ``load`` reads the configuration anew."""

    store: Store
    load: Callable[[], Settings]
    settings: Settings
    since: datetime | None
    daemon: Daemon
    pulse: Pulse
    app: App | None = None
    herald: Herald = field(default_factory=Herald)

    @classmethod
    def of(
        cls, store: Store, settings: Settings, load: Callable[[], Settings], since: datetime | None
    ) -> Running:
        """Put everything together; nothing is asked yet."""
        pulse = Pulse(clock=lambda: datetime.now(UTC), poll=settings.schedule.poll)
        daemon = Daemon(
            cycles={},
            resyncs={},
            poll=settings.schedule.poll,
            resync_at=(settings.schedule.resync.hour, settings.schedule.resync.minute),
            pulse=pulse,
            notifier=Notifier.of(os.environ),
        )
        running = cls(store=store, load=load, settings=settings, since=since, daemon=daemon, pulse=pulse)
        work = running.work(settings)
        daemon.cycles, daemon.resyncs, daemon.farewell = work.cycles, work.resyncs, work.farewell
        daemon.reload, daemon.keep, daemon.status = running.reload, running.keep, running.status
        daemon.account = running.account
        work.taken()
        return running

    def work(self, settings: Settings) -> Work:
        """Build the work that a configuration asks for."""
        app = build(settings, self.store, os.environ, stopping=self.daemon.stop.is_set, since=self.since)
        for name, one in app.reconcilers.items():
            one.stopping = self._stopping(name)
        return Work(
            cycles={name: one.cycle for name, one in app.reconcilers.items()},
            resyncs={name: _resync(app, name) for name in app.reconcilers},
            poll=settings.schedule.poll,
            resync_at=(settings.schedule.resync.hour, settings.schedule.resync.minute),
            farewell=app.let_go,
            taken=lambda: self._take(app, settings),
        )

    def _take(self, app: App, settings: Settings) -> None:
        """Show from now on what these parts do; not before, since a reload may still be put off."""
        self.app, self.settings, self.pulse.poll = app, settings, settings.schedule.poll
        self.pulse.requests, self.pulse.standing = app.requests, app.standing
        self.pulse.timeout, self.pulse.secrets_end = settings.longest_call, ends_at(settings)
        self.set_ping()

    def _stopping(self, pair: str) -> Callable[[], bool]:
        """Return what a pair asks before each step whether to go on; that it asks is its progress."""

        def stopping() -> bool:
            self.pulse.moves(pair)
            return self.daemon.stop.is_set()

        return stopping

    def reload(self) -> Work:
        """Read the configuration anew; raises ``ConfigError`` where it cannot be used, and nothing has changed."""
        fresh = self.load()
        for name, old, new in (
            ("state", self.settings.state, fresh.state),
            ("web", self.settings.web, fresh.web),
        ):
            if old != new:
                raise ConfigError(
                    f"{name} cannot be changed while the bridge runs",
                    why="the rest of the new configuration was not taken up either",
                    next_step="restart the bridge",
                )
        return self.work(fresh)

    def account(self, failure: BridgeError | None) -> None:
        """Write down how a reload went, as every operator's action."""
        outcome, words = ("refused", failure.what) if failure else ("done", "")
        entry = Entry(at=datetime.now(UTC), who="signal", what="reload", outcome=outcome, words=words)
        with self.store.transaction() as tx:
            tx.audit.write(entry)

    def keep(self, pair: str, began: datetime, sentence: str) -> None:
        """Write a look into the diary, which `bridge status` reads."""
        with self.store.transaction() as tx:
            tx.diary.write(pair, began, sentence)
            if self.app is not None and pair in self.app.reconcilers:
                tx.outages.write(pair, self.app.outages(pair))
        self.announce(datetime.now(UTC))

    def announce(self, now: datetime) -> None:
        """Say once of every secret that ends soon, or has ended, when and what to do."""
        for one in self.herald.news(endings(self.settings, now.date())):
            log.warning("secret_ends", secret=one.what, what=one.sentence, days=one.days, next=one.next_step)

    def status(self) -> str:
        """Return how it goes in a few words, for systemd."""
        held = dead = 0
        lag = timedelta(0)
        try:
            with self.store.reading() as tx:
                for name in self.pulse.all():
                    held += sum(tx.dossiers.held_by_stage(name).values())
                    dead += tx.journal.counts(name)["dead"]
                    lag = max(lag, *lags(tx, name, datetime.now(UTC)).values())
        except StateError as error:
            return error.what
        away = sorted({side for beat in self.pulse.all().values() for side in beat.down})
        words = f"{held} held, lag {lag.total_seconds():.0f} s, {dead} dead"
        words += f", away: {', '.join(away)}" if away else ""
        late = ", ".join(self.pulse.late())
        return f"{words}, no progress: {late}" if late else words

    def set_ping(self) -> None:
        """Let the daemon call the dead man's switch that the configuration names, if any."""
        alive = self.settings.alive
        self.daemon.ping = None if alive is None else lambda: ping(alive, os.environ)
        if alive is not None:
            self.daemon.ping_every = alive.every

    def pages(self) -> AbstractContextManager[object]:
        """Return the pages that the configuration asks for, to be served in a block."""
        web = self.settings.web
        if web is None:
            return nullcontext()
        return Pages(pulse=self.pulse, store=self.store, host=web.host, port=web.port)


def _resync(app: App, name: str) -> Callable[[], object]:
    return lambda: app.resync(name)
