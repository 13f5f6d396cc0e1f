"""The only place that builds parts and hands them to each other."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType

from bridge.connectors.gate import Gate
from bridge.connectors.jira import JiraTracker
from bridge.connectors.offers import Offers
from bridge.connectors.remedy import RemedyDesk
from bridge.connectors.signs import origin, parsed
from bridge.decide.guard import Limits
from bridge.engine.pair import Clock, Pair
from bridge.engine.poll import Poll
from bridge.engine.reconcile import Reconciler
from bridge.engine.resync import Resynced, resync
from bridge.pulse import Request, Standing
from bridge.rules.match import fields_named, ticket_fields_named
from bridge.rules.named import links_named, reads_changes
from bridge.settings import Connection, Desk, Settings, Tracker, secret_source
from bridge.settings import Pair as PairSettings
from bridge.state.keep import prune
from bridge.state.outages import Away
from bridge.state.store import Store
from bridge.voices import voice_of

#: How far back a state that never polled begins to look.
FIRST_LOOK_BACK = timedelta(hours=1)
#: How long the words of effects are kept once their incident ended for good.
KEPT = timedelta(days=180)


def wall_clock() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class App:
    """Everything that one process works with; close it, or use it as a context manager."""

    settings: Settings
    store: Store
    reconcilers: dict[str, Reconciler]
    desks: dict[str, RemedyDesk]
    trackers: dict[str, JiraTracker]
    gates: dict[str, Gate]

    def gate_of(self, pair: str, side: str) -> Gate:
        """Return the gate of a pair's desk or tracker."""
        one = next(one for one in self.settings.pairs if one.name == pair)
        connection = self.settings.desks[one.desk] if side == "desk" else self.settings.trackers[one.tracker]
        return self.gates[_address(connection)]

    def outages(self, pair: str) -> tuple[Away, ...]:
        """Return which sides of a pair are left alone, and until when."""
        now = self.reconcilers[pair].pair.clock()
        found = ((side, self.gate_of(pair, side).outage(now)) for side in ("desk", "tracker"))
        return tuple(
            Away(side=side, since=one.since, why=one.why, next_probe=one.next_probe)
            for side, one in found
            if one is not None
        )

    def standing(self) -> Standing:
        """Return which servers are left alone, and how long each asked to be spared."""
        now = wall_clock()
        sides: list[tuple[str, str, Connection]] = []
        sides += [("desk", name, one) for name, one in self.settings.desks.items()]
        sides += [("tracker", name, one) for name, one in self.settings.trackers.items()]
        found = [(side, name, self.gates[_address(one)]) for side, name, one in sides]
        return Standing(
            open={(side, name): gate.outage(now) is not None for side, name, gate in found},
            spared={
                (side, name, reason): seconds
                for side, name, gate in found
                for reason, seconds in gate.rests.seconds.copy().items()
            },
        )

    def resync(self, pair: str) -> Resynced:
        """Read everything that is held in a pair again."""
        reconciler = self.reconcilers[pair]
        poll = Poll(pair=reconciler.pair, store=self.store, begin=reconciler.begin, step=reconciler.stopping)
        done = resync(reconciler.pair, self.store, poll)
        prune(self.store, pair, reconciler.pair.clock() - KEPT)
        return done

    def requests(self) -> Counter[Request]:
        """Return how many requests were sent and ended, by side, system, method, kind, and status or "none"."""
        systems = [("desk", name, desk.answers) for name, desk in self.desks.items()]
        # Every pair has a tracker of its own; the label names the server, as that of the breaker does.
        systems += [("tracker", one.tracker, self.trackers[one.name].answers) for one in self.settings.pairs]
        found: Counter[Request] = Counter()
        for side, name, answers in systems:
            found.update({(side, name, *what): number for what, number in answers.copy().items()})
        return found

    def let_go(self) -> None:
        """Log out everywhere; the state stays open."""
        for desk in self.desks.values():
            desk.close()
        for tracker in self.trackers.values():
            tracker.close()

    def close(self) -> None:
        """Log out everywhere and let go of the state."""
        self.let_go()
        self.store.close()

    def __enter__(self) -> App:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build(
    settings: Settings,
    store: Store,
    environ: Mapping[str, str],
    *,
    clock: Clock = wall_clock,
    stopping: Callable[[], bool] = lambda: False,
    limits: Limits | None = None,
    since: datetime | None = None,
) -> App:
    """Build the parts of every pair; connects to nothing yet.  ``ConfigError`` where the texts cannot be used."""
    voice = voice_of(settings.language, settings.texts)
    begin = since or clock() - FIRST_LOOK_BACK
    gates = _gates_of(settings)
    desks: dict[str, RemedyDesk] = {}
    trackers: dict[str, JiraTracker] = {}
    reconcilers: dict[str, Reconciler] = {}
    # Pairs that share a tracker share its account, which must not be locked by all of them together.
    offers = {name: Offers() for name in settings.trackers}
    for one in settings.pairs:
        if one.desk not in desks:
            desks[one.desk] = desk_of(settings, one.desk, environ, clock, gates)
        tracker = tracker_of(settings, one, environ, clock, gates, offers[one.tracker])
        trackers[one.name] = tracker
        pair = Pair(
            name=one.name,
            desk=desks[one.desk].for_pair(one.name),
            tracker=tracker,
            rules=one.rule_set,
            voice=voice,
            clock=clock,
            overlap=settings.schedule.overlap,
            limits=limits or Limits(),
        )
        reconcilers[one.name] = Reconciler(pair=pair, store=store, begin=begin, stopping=stopping)
    return App(
        settings=settings,
        store=store,
        reconcilers=reconcilers,
        desks=desks,
        trackers=trackers,
        gates=gates,
    )


def _address(connection: Connection) -> str:
    """Return what tells one server from another: its address, whoever calls it."""
    url = parsed(connection.url)
    return f"{origin(url)}{(url.path or '').rstrip('/')}"


def _gates_of(settings: Settings) -> dict[str, Gate]:
    """Return one gate for each server, however many accounts and pairs use it; the calmest of them sets the pause."""
    pauses: dict[str, float] = {}
    for one in (*settings.desks.values(), *settings.trackers.values()):
        address = _address(one)
        pauses[address] = max(pauses.get(address, 0.0), one.ask_again.total_seconds())
    return {
        address: Gate.of(time.monotonic, pause=pause, random=random.random)
        for address, pause in pauses.items()
    }


def desk_of(
    settings: Settings,
    name: str,
    environ: Mapping[str, str],
    clock: Clock,
    gates: Mapping[str, Gate] | None = None,
) -> RemedyDesk:
    """Build a desk's connector; it asks for every field that the rules of any of its pairs name."""
    desk: Desk = settings.desks[name]
    fields = {field for one in settings.pairs if one.desk == name for field in fields_named(one.rule_set)}
    return RemedyDesk(
        desk.url,
        desk.username,
        secret_source(desk.password, environ),
        clock=clock,
        ticket_field=desk.ticket_field,
        fields=sorted(fields),
        reads_changes=any(
            reads_changes(rule) for one in settings.pairs if one.desk == name for rule in one.rule_set.rules
        ),
        # Jira demands an address for the remote link; the server's own is better than none.
        web_url=desk.web_url or desk.url,
        timeout=desk.timeout.total_seconds(),
        gate=(gates or {}).get(_address(desk)),
        ca_bundle=str(desk.ca_bundle) if desk.ca_bundle else None,
        proxy=desk.proxy,
        proxy_login=secret_source(desk.proxy_login, environ) if desk.proxy_login else None,
        bridges=desk.bridges,
    )


def tracker_of(
    settings: Settings,
    one: PairSettings,
    environ: Mapping[str, str],
    clock: Clock,
    gates: Mapping[str, Gate] | None = None,
    offers: Offers | None = None,
) -> JiraTracker:
    """Build a pair's connector to its tracker."""
    tracker: Tracker = settings.trackers[one.tracker]
    return JiraTracker(
        tracker.url,
        secret_source(tracker.token, environ),
        pair=one.name,
        clock=clock,
        user=tracker.email or tracker.username or "",
        ticket_fields=sorted(ticket_fields_named(one.rule_set)),
        relations=sorted(links_named(one.rule_set)),
        search_grace=None if tracker.search_grace is None else tracker.search_grace.total_seconds(),
        timeout=tracker.timeout.total_seconds(),
        gate=(gates or {}).get(_address(tracker)),
        ca_bundle=str(tracker.ca_bundle) if tracker.ca_bundle else None,
        proxy=tracker.proxy,
        proxy_login=secret_source(tracker.proxy_login, environ) if tracker.proxy_login else None,
        bridges=tracker.bridges,
        offers=offers,
    )
