"""The metrics: what the pulse and the state say, in the words of Prometheus.

No incident's number and no person's name ever becomes a label: the number of series does not grow with the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.decide.drift import Kind
from bridge.pulse import Beat, Pulse
from bridge.state.lag import lags
from bridge.state.store import Store, Transaction


class Figures(Collector):
    """Reads pulse and state whenever it is asked; holds nothing itself."""

    def __init__(self, pulse: Pulse, store: Store) -> None:
        self._pulse = pulse
        self._store = store

    def registry(self) -> CollectorRegistry:
        """Return a registry with these figures only."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return registry

    def describe(self) -> Iterator[Metric]:
        """Describe nothing in advance, so that registering reads nothing."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its present values; ``StateError`` where the state cannot be read."""
        beats = self._pulse.all()
        yield from _looks(beats)
        yield from self._process()
        yield from self._requests()
        yield from self._servers()
        with self._store.reading() as tx:
            yield from _work(tx, tuple(beats), self._pulse.clock())

    def _process(self) -> Iterator[Metric]:
        reload = GaugeMetricFamily(
            "bridge_config_last_reload_successful", "1 where the last reload of the configuration worked."
        )
        reload.add_metric([], float(self._pulse.reload_worked))
        yield reload
        late = GaugeMetricFamily("bridge_late_pairs", "Pairs that made no progress in time.")
        late.add_metric([], len(self._pulse.late()))
        yield late
        ends = GaugeMetricFamily(
            "bridge_secret_expiry_timestamp_seconds",
            "When a secret ends that has an end.",
            labels=("side", "system", "secret"),
        )
        for labels, at in self._pulse.secrets_end.items():
            ends.add_metric(list(labels), at.timestamp())
        yield ends

    def _requests(self) -> Iterator[Metric]:
        sent = CounterMetricFamily(
            "bridge_http_requests",
            "Requests sent, by what came of them.",
            labels=("side", "system", "method", "op", "code"),
        )
        for labels, number in self._pulse.requests().items():
            sent.add_metric(list(labels), number)
        yield sent

    def _servers(self) -> Iterator[Metric]:
        standing = self._pulse.standing()
        breaker = GaugeMetricFamily(
            "bridge_breaker_open",
            "1 where a server is left alone since it does not answer.",
            labels=("side", "system"),
        )
        for (side, system), away in standing.open.items():
            breaker.add_metric([side, system], float(away))
        spared = CounterMetricFamily(
            "bridge_rate_limited_seconds",
            "Seconds that a server asked to be spared, at whatever scope.",
            labels=("side", "system", "reason"),
        )
        for labels, seconds in standing.spared.items():
            spared.add_metric(list(labels), seconds)
        yield from (breaker, spared)


def _looks(beats: dict[str, Beat]) -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "bridge_last_success_timestamp_seconds", "When a side last answered.", labels=("pair", "side")
    )
    cycle = GaugeMetricFamily(
        "bridge_last_cycle_timestamp_seconds", "When a look was last finished.", labels=("pair",)
    )
    seconds = GaugeMetricFamily(
        "bridge_cycle_duration_seconds", "How long the last look took.", labels=("pair",)
    )
    down = GaugeMetricFamily("bridge_side_down", "1 where a side cannot be asked.", labels=("pair", "side"))
    done = CounterMetricFamily(
        "bridge_effects_carried_out", "Effects by how they went.", labels=("pair", "outcome")
    )
    for name, beat in beats.items():
        for side, at in beat.answered.items():
            success.add_metric([name, side], at.timestamp())
        cycle.add_metric([name], beat.looked_at.timestamp() if beat.looked_at else 0.0)
        seconds.add_metric([name], beat.seconds)
        for side in ("desk", "tracker"):
            down.add_metric([name, side], float(side in beat.down))
        done.add_metric([name, "done"], beat.done)
        done.add_metric([name, "refused"], beat.refused)
    yield from (success, cycle, seconds, down, done)
    yield from _carried(beats)


def _carried(beats: dict[str, Beat]) -> Iterator[Metric]:
    carried = CounterMetricFamily(
        "bridge_changes_mirrored",
        "What people did on one side and was carried to the other.",
        labels=("pair", "direction"),
    )
    echoes = CounterMetricFamily(
        "bridge_echoes_suppressed",
        "The bridge's own notes that a poll showed and nobody had to look at.",
        labels=("pair",),
    )
    for name, beat in beats.items():
        for direction in ("to_desk", "to_tracker"):
            carried.add_metric([name, direction], beat.carried.get(direction, 0))
        echoes.add_metric([name], beat.echoes)
    yield from (carried, echoes)


def _work(tx: Transaction, pairs: tuple[str, ...], now: datetime) -> Iterator[Metric]:
    effects = GaugeMetricFamily("bridge_effects", "Effects in the journal.", labels=("pair", "state"))
    dead = GaugeMetricFamily(
        "bridge_dead_letters", "Effects that were given up and wait for a person.", labels=("pair",)
    )
    held = GaugeMetricFamily("bridge_held_incidents", "Held incidents.", labels=("pair", "stage"))
    longest = GaugeMetricFamily(
        "bridge_held_oldest_seconds",
        "How long ago the incident was linked that is held for the longest time.",
        labels=("pair",),
    )
    lag = GaugeMetricFamily(
        "bridge_lag_seconds",
        "Age of the oldest change that was not dealt with, by where it has to go.",
        labels=("pair", "direction"),
    )
    waiting = GaugeMetricFamily("bridge_plans_withheld", "Plans that wait for an approval.", labels=("pair",))
    for name in pairs:
        counts = tx.journal.counts(name)
        for state, number in counts.items():
            effects.add_metric([name, state], number)
        dead.add_metric([name], counts["dead"])
        for stage, number in tx.dossiers.held_by_stage(name).items():
            held.add_metric([name, stage], number)
        longest.add_metric([name], _seconds(tx.dossiers.held_since(name), now))
        for side, behind in lags(tx, name, now).items():
            lag.add_metric([name, f"to_{side}"], behind.total_seconds())
        waiting.add_metric([name], len(tx.approvals.waiting(name)))
    yield from (effects, dead, held, longest, lag, waiting)
    yield _drift(tx, pairs)


def _seconds(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _drift(tx: Transaction, pairs: tuple[str, ...]) -> Metric:
    drift = GaugeMetricFamily(
        "bridge_drift", "Differences that the last nightly comparison found.", labels=("pair", "kind")
    )
    for name in pairs:
        told = tx.drifts.told(name)
        for kind in get_args(Kind) if told.at else ():
            drift.add_metric([name, kind], told.counts.get(kind, 0))
    return drift
