"""A day of looks, and many of them: what the process takes stays as it was.

The bridge is alone in its process (``alone.py``), put together from a configuration file, and looks over real sockets at
both simulated servers under a clock that jumps from look to look.  People go on opening incidents, working on them and
ending them, the night's comparison runs, and the state is pruned.  The state is one of some months.  SQLite keeps 2 MB of
the pages that it read for each connection; that is bounded, and counted apart from what the process takes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from bridge.state.audit import Entry
from bridge.state.store import Store
from tests.system.place import Place, a_place

DAY = timedelta(hours=24)
#: How many entries the audit trail has before, which make 4 MB.
TRAIL = 8_000
#: How many looks go by between two samples, and between two things that people do.
EVERY = 80
#: How many incidents wait for a ticket at the beginning: more than the night's comparison reads at once.
QUEUE = 60
#: What SQLite may keep in memory, in bytes: 2 MB of pages for each of a few connections.
MOST_PAGES = 8 * 2**20
#: When in the day both worlds are compared, in tenths.
COMPARED = range(1, 10)
#: How many samples a process needs to have met everything once, and five comparisons, which take the most memory of
#: all: from the fifth on each reads as much.  What the process takes is measured from there on, so that four more
#: comparisons may add nothing.
SETTLED = 66
#: How many samples lie between two moments at which the memory is compared; one comparison of the worlds is in between.
STRETCH = 14


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the process takes at one moment; sizes in bytes."""

    look: int
    memory: int
    #: How much of the memory SQLite keeps.
    pages: int
    objects: int
    files: int
    threads: int
    wal: int
    state: int
    log: int

    @property
    def own(self) -> int:
        """The memory that SQLite does not keep."""
        return self.memory - self.pages


@dataclass(kw_only=True)
class Life:
    """A bridge in a process of its own between two served worlds."""

    place: Place
    process: subprocess.Popen[str]
    samples: list[Sample] = field(default_factory=list)
    #: How many incidents have ended, and whether the fix of the next one is installed.
    ended: int = 0
    installed: bool = False

    def lives(self, looks: int) -> None:
        """Look so many times in a day; take a sample now and then."""
        pace = DAY / looks
        compared = {looks * tenth // 10 for tenth in COMPARED}
        for number in range(QUEUE):
            self.place.opens(f"#ticket the sum is blank in branch {number}")
        for look in range(looks):
            if look % EVERY == EVERY // 2:
                self._people(look)
            if look in compared:
                self._told("resync")
            self.place.world.clock.advance(pace)
            assert self._told("look") == {"wrong": []}
            if look % EVERY == EVERY - 1:
                self._samples(look + 1)

    def _people(self, look: int) -> None:
        """Ann asks for a ticket in a new incident; people talk about the oldest one that waits, and end it."""
        if self.place.tickets():
            self._ends_one(look)
        self.place.opens(f"#ticket the sum is blank ({look})")

    def _ends_one(self, look: int) -> None:
        """Ann resolves the oldest incident, whose fix was installed the last time; the next one's is installed.

        She closes the one that she resolved before.  So there are always as many that are open, each is talked about as
        much, and a comparison always reads as much: what the process needs for each is not what it loses.
        """
        world = self.place.world
        numbers = world.desk.people.numbers()
        if self.ended:
            world.desk.people.closes(numbers[self.ended - 1], "ann")
        if self.installed:
            cause = {"Resolution Category Tier 2": "Code"}
            world.desk.people.resolves(numbers[self.ended], "ann", fields=cause)
            self.ended += 1
        oldest = numbers[self.ended]
        key = self.place.key(oldest)
        world.desk.people.writes(oldest, f"Still waiting ({look}).", by="bob")
        world.tracker.people.comments(key, f"Still at it ({look}).", "dev.ana")
        world.tracker.people.moves_to(key, "Deployed", "igor", "Done", force=True)
        self.installed = True

    def _told(self, deed: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        told = {"at": self.place.world.clock().isoformat(), "do": deed}
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def _samples(self, look: int) -> None:
        # What the servers keep for tests is none of the bridge's, and a day of it is a lot.
        self.place.world.desk_wire.seen.clear()
        self.place.world.tracker_wire.seen.clear()
        self.samples.append(Sample(look=look, **self._told("sample")))


def slope(samples: list[Sample]) -> float:
    """Return by how many bytes the memory grows a look: the median over stretches that each hold one comparison.

    What is lost is lost in each of them.  A heap that finds its size, when threads happen to meet, does so in one.
    """
    ends = samples[::STRETCH]
    grown = [after.own - before.own for before, after in pairwise(ends)]
    return median(grown) / (STRETCH * EVERY)


def with_a_past(place: Place) -> None:
    """Begin the state with an audit trail of some months."""
    now = place.world.clock()
    with Store.open(f"sqlite:///{place.state}", exclusive=True) as store, store.transaction() as tx:
        for number in range(TRAIL):
            at = now - timedelta(minutes=TRAIL - number)
            words = f"carried the note {number} " * 10
            tx.audit.write(Entry(at=at, who="bridge", what="add_ticket_note", outcome="done", words=words))


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """A bridge that looks over sockets, one look for each time it is told to."""
    with a_place(tmp_path, clock=None) as place:
        with_a_past(place)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.life.alone", str(tmp_path / "bridge.yaml"), str(place.state)],
            cwd=Path(__file__).parents[2],
            env=place.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdin is not None
            process.stdin.write(place.world.clock().isoformat() + "\n")
            yield Life(place=place, process=process)
            process.stdin.close()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
            process.wait(timeout=30)


@pytest.mark.promise("long life")
def test_looks_leave_the_process_as_it_was(life: Life) -> None:
    """After some hundred looks there are no more open files, threads and objects than after the first half."""
    life.lives(320)
    assert len(life.place.tickets()) == QUEUE + 4
    settled, last = life.samples[1], life.samples[-1]
    assert last.files == settled.files
    assert last.threads == settled.threads
    assert last.objects - settled.objects < 1500
    assert last.wal <= 8 * 2**20
    assert (last.log - settled.log) / (last.look - settled.look) < 400


@pytest.mark.promise("long life")
@pytest.mark.deep
def test_a_day_of_ten_thousand_looks(life: Life, figure: Callable[[str], None]) -> None:
    """24 hours in 10,000 looks: memory grows by less than 1 MB, sockets and threads stay, files stay small."""
    life.lives(10_000)
    settled = life.samples[SETTLED:]
    growth = slope(settled) * 10_000 / 2**20
    most = (max(sample.own for sample in settled) - settled[0].own) / 2**20
    pages = max(sample.pages for sample in settled)
    first, last = settled[0], settled[-1]
    looks = last.look - first.look
    figure(
        f"10,000 looks, {len(life.place.tickets())} tickets: {growth:+.2f} MB of memory, at most "
        f"{most:+.2f} MB in all, beside {pages / 2**20:.1f} MB of SQLite's, "
        f"{last.objects - first.objects:+d} objects, {last.files - first.files:+d} open files, "
        f"{last.threads - first.threads:+d} threads, WAL {last.wal / 2**20:.1f} MB, "
        f"state {last.state / 2**20:.1f} MB, log {(last.log - first.log) / looks:.0f} B a look"
    )
    assert growth <= 1.0
    assert most <= 4.0
    assert pages <= MOST_PAGES
    ended = life.place.world.desk.people.numbers()[life.ended - 2]
    assert life.place.world.desk.people.incident(ended)["Status"] == "Closed"
    assert {sample.files for sample in settled} == {first.files}
    assert {sample.threads for sample in settled} == {first.threads}
    assert max(sample.wal for sample in settled) <= 8 * 2**20
    assert last.state - first.state <= 3 * 2**20
    assert (last.log - first.log) / looks < 400
