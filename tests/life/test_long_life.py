"""A day of looks, and many of them: what the process takes stays as it was.

The bridge looks over real sockets at both simulated servers, under a clock that jumps from look to look.  People go on
working now and then, the night's comparison runs, and the state is pruned as the daemon does it.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from bridge.engine.poll import Poll
from bridge.engine.reconcile import Reconciler
from bridge.engine.resync import resync
from bridge.rehearsal.office import CAST
from bridge.rehearsal.stand import Ports, Stand
from bridge.rehearsal.world import World
from bridge.state.store import Store
from tests.crash.rehearsed import delivered_rules
from tests.crash.story import Story

DAY = timedelta(hours=24)
#: How many looks go by between two samples, and between two things that people do.
EVERY = 80


class Counting:
    """A log that keeps nothing but its size."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, text: str) -> int:
        """Count."""
        self.size += len(text.encode())
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the process takes at one moment; sizes in bytes."""

    look: int
    memory: int
    objects: int
    files: int
    threads: int
    wal: int
    state: int
    log: int


@dataclass(kw_only=True)
class Life:
    """A bridge between two served worlds, its state in a file."""

    stand: Stand
    path: Path
    log: Counting
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.stand.world
        self.store = Store.open(f"sqlite:///{self.path}", exclusive=True)
        served = (self.stand.desk_url, self.stand.tracker_url)
        self.bridge: Reconciler = world.reconciler(delivered_rules(), self.store, served=served)
        self.story = Story(world=world)
        self.poll = Poll(pair=self.bridge.pair, store=self.store, begin=self.bridge.begin)

    def lives(self, looks: int) -> None:
        """Look so many times in a day; take a sample now and then."""
        pace = DAY / looks
        for look in range(looks):
            if look % EVERY == EVERY // 2:
                self._people(look)
            if look == looks // 2:
                resync(self.bridge.pair, self.store, self.poll)
            self.stand.world.clock.advance(pace)
            summary = self.bridge.cycle()
            assert not summary.down
            assert not summary.failed
            if look % EVERY == EVERY - 1:
                self.samples.append(self._sample(look + 1))

    def _people(self, look: int) -> None:
        if look < EVERY:
            self.story.asks()
        else:
            self.stand.world.desk.people.writes(self.story.number, f"Still waiting ({look}).", by="bob")
            self.stand.world.tracker.people.comments(self.story.key, f"Still at it ({look}).", "dev.ana")

    def _sample(self, look: int) -> Sample:
        # What the simulators keep for tests is none of the bridge's.
        self.stand.world.desk_wire.seen.clear()
        self.stand.world.tracker_wire.seen.clear()
        gc.collect()
        wal = self.path.with_name(self.path.name + "-wal")
        return Sample(
            look=look,
            memory=resident(),
            objects=len(gc.get_objects()),
            files=len(os.listdir("/proc/self/fd")),
            threads=threading.active_count(),
            wal=wal.stat().st_size if wal.exists() else 0,
            state=self.path.stat().st_size,
            log=self.log.size,
        )


def resident() -> int:
    """Return the memory of this process that is in use, in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line that lies nearest to the points (least squares)."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """A bridge that looks over sockets; its log is counted."""
    log = Counting()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(file=log),  # type: ignore[arg-type]
    )
    with Stand(World.build(CAST, flavour="cloud"), Ports()) as stand:
        alive = Life(stand=stand, path=tmp_path / "bridge.db", log=log)
        yield alive
        alive.store.close()
    structlog.reset_defaults()


@pytest.mark.promise("long life")
def test_looks_leave_the_process_as_it_was(life: Life) -> None:
    """After some hundred looks there are no more open files, threads and objects than after the first half."""
    life.lives(320)
    settled, last = life.samples[1], life.samples[-1]
    assert last.files == settled.files
    assert last.threads == settled.threads
    # What people wrote is kept by the simulators.
    assert last.objects - settled.objects < 1500
    assert last.wal <= 8 * 2**20
    assert (last.log - settled.log) / (last.look - settled.look) < 400


@pytest.mark.promise("long life")
@pytest.mark.deep
def test_a_day_of_ten_thousand_looks(life: Life, figure: Callable[[str], None]) -> None:
    """24 hours in 10,000 looks: memory grows by less than 1 MB, sockets and threads stay, files stay small."""
    life.lives(10_000)
    settled = [sample for sample in life.samples if sample.look >= 2000]
    growth = slope([(sample.look, sample.memory) for sample in settled]) * 10_000 / 2**20
    first, last = settled[0], settled[-1]
    looks = last.look - first.look
    figure(
        f"10,000 looks: {growth:+.2f} MB of memory, {last.objects - first.objects:+d} objects, "
        f"{last.files - first.files:+d} open files, {last.threads - first.threads:+d} threads, "
        f"WAL {last.wal / 2**20:.1f} MB, state {last.state / 2**20:.1f} MB, "
        f"log {(last.log - first.log) / looks:.0f} B a look"
    )
    assert growth <= 1.0
    assert {sample.files for sample in settled} == {first.files}
    assert {sample.threads for sample in settled} == {first.threads}
    assert max(sample.wal for sample in settled) <= 8 * 2**20
    assert last.state - first.state <= 2**20
    assert (last.log - first.log) / looks < 400
