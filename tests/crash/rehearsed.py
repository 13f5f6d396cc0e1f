"""The standard story in one process under a virtual clock, with everything that one request can meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bridge.engine.reconcile import Reconciler
from bridge.model.errors import StateError
from bridge.rehearsal.office import CAST
from bridge.rehearsal.world import Flavour, World
from bridge.rules.load import load_rules
from bridge.rules.shape import RuleSet
from bridge.simulators.faults import Fault, Faulty
from bridge.simulators.wire import Request
from bridge.state.store import Store
from tests.crash.fingerprint import fingerprint
from tests.crash.picture import Picture, picture
from tests.crash.story import Deed, Story
from tests.property.death import Death, MortalStore

RULES = Path(__file__).parents[2] / "config" / "rules" / "frontline.yaml"
PAIR = "retail"
POLL = timedelta(seconds=30)
#: Is told how many looks in a row found nothing to do, and how many found something.
AfterLook = Callable[[int, int], None]
#: Is told of a request before it is answered, with the wire that it came over.
OnRequest = Callable[[Faulty], None]
#: What passes before a look once several looks did not bring rest: longer than every pause and grace in turn.
_LEAPS = (timedelta(minutes=6), POLL, POLL, timedelta(minutes=11), POLL, POLL)
_BEFORE_LEAPS = 5
_MOST_LOOKS = 60


def delivered_rules() -> RuleSet:
    """Return the rules that are delivered."""
    return load_rules([RULES])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request of a run: when it came, and which it was."""

    at: datetime
    side: str
    method: str
    path: str


@dataclass(kw_only=True)
class Rehearsal:
    """A story over both simulated servers with the bridge between them; every request is counted from 0."""

    flavour: Flavour
    rules: RuleSet
    index_lag: timedelta = timedelta(0)
    asked: list[Asked] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    on_request: OnRequest | None = None
    after_look: AfterLook | None = None

    def __post_init__(self) -> None:
        self.world = World.build(CAST, flavour=self.flavour, index_lag=self.index_lag)
        self.store = MortalStore(Store.open("sqlite://", exclusive=True))
        self.bridge = self._started(None)
        self._counts("desk", self.world.desk_wire)
        self._counts("tracker", self.world.tracker_wire)

    def _started(self, begin: datetime | None) -> Reconciler:
        return self.world.reconciler(self.rules, self.store, begin=begin)  # type: ignore[arg-type]

    def _counts(self, side: str, wire: Faulty) -> None:
        def count(request: Request) -> bool:
            at = self.world.clock()
            self.asked.append(Asked(at=at, side=side, method=request.method, path=request.path))
            if self.on_request is not None:
                self.on_request(wire)
            return False

        wire.add(Fault(kind="call_before", match=count, times=None))

    def meets(self, number: int, trouble: Callable[[], Fault]) -> None:
        """Let request ``number`` meet trouble."""
        for wire in (self.world.desk_wire, self.world.tracker_wire):
            fault = trouble()
            fault.match = lambda _request: len(self.asked) == number + 1
            wire.add(fault)

    def plays(self, deeds: Callable[[Story], tuple[Deed, ...]] = Story.long) -> None:
        """Let people do deed after deed, each once everything is at rest."""
        for deed in deeds(Story(world=self.world)):
            self.does(deed)

    def does(self, deed: Deed) -> None:
        """Let people do one deed, and the bridge come to rest after it."""
        # Versions are asked for every few minutes only.
        self.world.clock.advance(timedelta(minutes=6))
        deed()
        self._rests()
        self.pictures.append(picture(self.world))

    @property
    def quiet_looks(self) -> int:
        """How many looks in a row must find nothing to do before all is at rest; a late index has caught up by then."""
        return 2 + int(self.index_lag / POLL)

    def _rests(self) -> None:
        quiet = restless = 0
        for _ in range(_MOST_LOOKS):
            if self._looks(self._pause(quiet, restless)):
                quiet += 1
            else:
                quiet, restless = 0, restless + 1
            if self.after_look is not None:
                self.after_look(quiet, restless)
            if quiet == self.quiet_looks:
                return
        raise AssertionError(f"the bridge does not come to rest: {self.left()}")

    def _pause(self, quiet: int, restless: int) -> timedelta:
        leaps = restless - _BEFORE_LEAPS
        return POLL if quiet or leaps < 0 else _LEAPS[leaps % len(_LEAPS)]

    def _looks(self, later: timedelta) -> bool:
        """Let the bridge look after a while; whether there was nothing to do, and nothing is left."""
        self.world.clock.advance(later)
        try:
            summary = self.bridge.cycle()
        except (Death, StateError):
            # A state that fails ends the process as surely as a kill; whoever runs it starts it again.
            self.bridge = self._started(self.bridge.begin)
            return False
        assert not summary.failed, summary.sentence
        return not (summary.done or summary.down or self.left())

    def fingerprint(self, *, at_rest: bool = False) -> bytes:
        """Return what decides how this goes on, in a few bytes."""
        return fingerprint(self.store, self.bridge, self.world, POLL, at_rest=at_rest)  # type: ignore[arg-type]

    def left(self) -> dict[str, int]:
        """Return what is still open in the journal, by state."""
        with self.store.reading() as tx:
            counts = tx.journal.counts(PAIR)
            dirty = len(tx.agenda.dirty(PAIR, 10))
        open_states = {state: counts[state] for state in ("pending", "started", "unknown") if counts[state]}
        return {**open_states, **({"dirty": dirty} if dirty else {})}
