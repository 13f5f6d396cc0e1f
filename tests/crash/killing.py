"""A real bridge between two served worlds that is killed at a named point and started again, while people go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import connect
from threading import Event, Lock
from typing import Literal

from bridge.rehearsal.world import Flavour
from bridge.simulators.faults import Fault
from bridge.simulators.wire import Dropped, Request
from tests.crash.picture import Picture, differences, picture
from tests.crash.story import Story
from tests.system.place import PATIENCE, Place, Running, a_place

Moment = Literal["before", "at", "after"]
Match = Callable[[Request], bool]


@dataclass(kw_only=True)
class Killer:
    """Kills the running bridge once.

    ``before`` the server does what it was asked, ``at`` the moment between that and its answer, or ``after`` the bridge had
    the answer: when it asks for anything else.
    """

    match: Match
    moment: Moment
    skip: int = 0
    victim: Running | None = None
    killed: bool = False
    _answered: bool = False
    _lock: Lock = field(default_factory=Lock)

    def lurks(self, place: Place) -> None:
        """Lie in wait on both wires."""
        for wire in (place.world.desk_wire, place.world.tracker_wire):
            wire.add(Fault(kind="call_before", match=self._strikes_before, times=None, call=self._kills))
            wire.add(Fault(kind="call_after", match=self._strikes_at, times=None, call=self._strikes_dead))

    def _is_due(self, request: Request) -> bool:
        with self._lock:
            if self.killed or self.victim is None or not self.match(request):
                return False
            self.skip -= 1
            return self.skip < 0

    def _strikes_before(self, request: Request) -> bool:
        if self.moment == "after" and self._answered:
            return not self.killed and self.victim is not None
        if self.moment == "at" or not self._is_due(request):
            return False
        self._answered = True
        return self.moment == "before"

    def _strikes_at(self, request: Request) -> bool:
        return self.moment == "at" and self._is_due(request)

    def _kills(self) -> None:
        self._strikes_dead()
        raise Dropped

    def _strikes_dead(self) -> None:
        assert self.victim is not None
        self.killed = True
        self.victim.process.kill()
        self.victim.process.wait(timeout=PATIENCE)


@dataclass(kw_only=True)
class Trial:
    """The short story with a real process between two served worlds; whoever kills it makes it start again."""

    place: Place
    expected: list[Picture]
    killer: Killer | None = None
    starts: int = 0
    _running: ExitStack = field(default_factory=ExitStack)

    def plays(self) -> list[str]:
        """Play the story; returns what differs from the undisturbed run after the first deed that ends differently."""
        if self.killer:
            self.killer.lurks(self.place)
        story = Story(world=self.place.world)
        with self._running:
            bridge = self._starts()
            for number, (deed, expected) in enumerate(zip(story.short(), self.expected, strict=True)):
                deed()
                bridge = self._waits(bridge, expected)
                if wrong := differences(expected, picture(self.place.world)):
                    return [f"after deed {number}: {line}" for line in wrong]
            bridge = self._is_left_alone(bridge)
            bridge.looks_again()
            bridge.signals()
            code = bridge.ends()
        wrong = differences(self.expected[-1], picture(self.place.world))
        return [*wrong, *([f"ended with {code}"] if code else []), *self._open(), *self._damage()]

    def _starts(self, *, alone: bool = False) -> Running:
        self.starts += 1
        bridge = self._running.enter_context(self.place.running())
        if self.killer and not alone:
            self.killer.victim = bridge
        return bridge

    def _waits(self, bridge: Running, expected: Picture) -> Running:
        """Wait until the worlds are as they should be, or long enough; a bridge that dies is started again."""
        pause = Event()
        for _ in range(int(PATIENCE / 0.05)):
            if bridge.process.poll() is not None:
                bridge = self._starts()
            if not differences(expected, picture(self.place.world)) and not self._open():
                return bridge
            pause.wait(0.05)
        return bridge

    def _is_left_alone(self, bridge: Running) -> Running:
        """Let nobody kill it any more."""
        if self.killer:
            self.killer.victim = None
            return bridge if bridge.process.poll() is None else self._starts(alone=True)
        return bridge

    def _open(self) -> list[str]:
        """Return the effects that the journal does not know to be ended."""
        with closing(connect(self.place.state)) as file:
            rows = file.execute("SELECT key FROM effects WHERE state IN ('pending', 'started', 'unknown')")
            return [f"{key} is left open" for (key,) in rows.fetchall()]

    def _damage(self) -> list[str]:
        with closing(connect(self.place.state)) as file:
            (verdict,) = file.execute("PRAGMA integrity_check").fetchone()
        return [] if verdict == "ok" else [f"the state file is damaged: {verdict}"]


@contextmanager
def a_trial(
    folder: Path, flavour: Flavour, expected: list[Picture], killer: Killer | None
) -> Iterator[Trial]:
    """Serve two fresh worlds for a trial."""
    with a_place(folder, flavour) as place:
        address = "https://itsm.example.com/incident/{number}"
        secret = "password: {env: REMEDY_PASSWORD}"
        place.configure(desk=f'url: "{place.stand.desk_url}", {secret}, web_url: "{address}"')
        yield Trial(place=place, expected=expected, killer=killer)
