"""Weather: what clocks, zones, pages and indexes do to a bridge, and a ledger of what people wrote in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import count, cycle

from bridge.app import FIRST_LOOK_BACK
from bridge.engine.poll import Poll
from bridge.engine.resync import Resynced, resync
from bridge.model.note import split_mark
from bridge.rehearsal.clock import Watch
from bridge.rehearsal.world import START, Flavour
from tests.flow.scene import Scene, a_scene

#: Shortly before the clocks of Berlin and of New York are put forward and back.
CLOCKS_CHANGE = tuple(
    datetime.fromisoformat(f"{moment}:50:00+00:00")
    for moment in ("2026-03-29T00", "2026-10-25T00", "2026-03-08T06", "2026-11-01T05")
)
#: Zones at both ends of the world, two that change their clocks, and one with a crooked offset.
ZONES = ("Pacific/Pago_Pago", "Pacific/Kiritimati", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
URGENCIES = ("1-Critical", "2-High", "3-Medium", "4-Low")


@dataclass(frozen=True, kw_only=True)
class Weather:
    """One kind of weather; ``desk``, ``tracker`` and ``bridge`` are how many seconds their clocks are ahead.

    ``steps`` tells before which look whose clock is put on by how many seconds; ``pace`` is the time between looks.
    ``needs_night`` says that no poll can see everything.
    """

    flavour: Flavour
    zone: str = "Etc/UTC"
    start: datetime = START
    lag: float = 0.0
    page_size: int = 1000
    pace: float = 30.0
    desk: float = 0.0
    tracker: float = 0.0
    bridge: float = 0.0
    steps: tuple[tuple[int, str, float], ...] = ()
    needs_night: bool = False

    @property
    def name(self) -> str:
        """The weather in a line, for reports."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "flavour"}
        told = [f"{name}={value}" for name, value in values.items() if value != getattr(_FAIR, name)]
        return " ".join((self.flavour, *told))


_FAIR = Weather(flavour="cloud")


def watch(scene: Scene, who: str) -> Watch:
    """Return the clock of the desk, the tracker or the bridge."""
    world = scene.world
    return {"desk": world.desk_watch, "tracker": world.tracker_watch, "bridge": world.bridge_watch}[who]


def under(weather: Weather) -> Scene:
    """Set a scene in this weather."""
    scene = a_scene(
        weather.flavour,
        start=weather.start,
        zone=weather.zone,
        index_lag=timedelta(seconds=weather.lag),
        page_size=weather.page_size,
    )
    for who in ("desk", "tracker", "bridge"):
        watch(scene, who).ahead = timedelta(seconds=getattr(weather, who))
    begin = scene.world.bridge_watch() - FIRST_LOOK_BACK
    scene.bridge = scene.world.reconciler(scene.rules, scene.store, begin=begin)
    return scene


def night(scene: Scene) -> Resynced:
    """Let the nightly comparison run and the bridge act on it."""
    bridge = scene.bridge
    found = resync(bridge.pair, bridge.store, Poll(pair=bridge.pair, store=bridge.store, begin=bridge.begin))
    scene.settle()
    return found


@dataclass(kw_only=True)
class Ledger:
    """What people did, to be found on the other side exactly once; ``pairs`` are incidents with their tickets."""

    scene: Scene
    pairs: tuple[tuple[str, str], ...]
    written: list[tuple[str, str, str, bool]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _urged: Counter[str] = field(default_factory=Counter)
    _urgencies: cycle[str] = field(default_factory=lambda: cycle(URGENCIES))

    def notes(self, which: int) -> None:
        """Ann writes into an incident."""
        number, key = self.pairs[which % len(self.pairs)]
        text = f"desk-word-{next(self._numbers)}-end"
        self.scene.writes(number, text)
        self.written.append((text, number, key, True))

    def comments(self, which: int) -> None:
        """Ana comments a ticket."""
        number, key = self.pairs[which % len(self.pairs)]
        text = f"ticket-word-{next(self._numbers)}-end"
        self.scene.world.tracker.people.comments(key, text, "dev.ana")
        self.written.append((text, number, key, False))

    def urges(self, which: int) -> None:
        """Ann changes an incident's urgency, and by that its priority; after a few times she writes instead.

        A field that is written too often counts as a quarrel, which the bridge leaves to people.
        """
        number, _ = self.pairs[which % len(self.pairs)]
        self._urged[number] += 1
        if self._urged[number] > 2:
            self.notes(which)
            return
        self.scene.world.desk.people.sets(number, {"Urgency": next(self._urgencies)}, by="ann")

    def moves(self, which: int) -> None:
        """Ana starts a ticket, or puts it back."""
        _, key = self.pairs[which % len(self.pairs)]
        status = self.scene.ticket_status(key)
        to = "In Review" if status == "In Progress" else "In Progress"
        self.scene.world.tracker.people.moves_to(key, to, "dev.ana", force=True)

    def asks(self, which: int) -> None:
        """Ann opens a further incident and asks for a ticket."""
        number = self.scene.opens(Description=f"Another sum is blank ({which})")
        self.scene.asks(number)
        self.asked.append(number)

    @property
    def deeds(self) -> tuple[Callable[[int], None], ...]:
        """Everything that people do here."""
        return (self.notes, self.comments, self.urges, self.comments, self.notes, self.moves)

    @property
    def cases(self) -> int:
        """How many changes were followed."""
        return len(self.written) + len(self.asked)

    def missing(self, written: Sequence[tuple[str, str, str, bool]]) -> list[str]:
        """Return which of these words do not stand on the other side exactly once."""
        scene = self.scene
        comments = {key: "\n".join(scene.comments(key)) for _, key in self.pairs}
        notes = {number: "\n".join(scene.notes(number)) for number, _ in self.pairs}
        found = []
        for text, number, key, at_desk in written:
            times = (comments[key] if at_desk else notes[number]).count(text)
            if times != 1:
                found.append(f"{text} stands {times} times")
        return found

    def wrong(self) -> list[str]:
        """Return what is not carried exactly once, or does not agree."""
        scene, found = self.scene, self.missing(self.written)
        keys = Counter(scene.key(number) for number in self.asked)
        found += [
            f"{times} incidents have ticket {key!r}" for key, times in keys.items() if times > 1 or not key
        ]
        for number, key in self.pairs:
            found += self._disagreement(number, key)
        return found + twice(scene, [number for number, _ in self.pairs])

    def _disagreement(self, number: str, key: str) -> list[str]:
        scene, ticket = self.scene, self.scene.ticket(key)
        wanted = scene.rules.maps["priority"][str(scene.incident(number)["Priority"])]
        found = [] if ticket["priority"] == wanted else [f"{key}: {ticket['priority']}, not {wanted}"]
        told = "not started" if ticket["category"] == "new" else str(ticket["status"])
        if told not in scene.living(number):
            found.append(f"{number} does not tell that {key} is {ticket['status']}")
        return found


def twice(scene: Scene, numbers: Sequence[str]) -> list[str]:
    """Return every mark that stands twice in an incident or a ticket, and every mark label on two tickets."""
    keys = scene.keys()
    found: list[str] = []
    for texts in (*map(scene.notes, numbers), *map(scene.comments, keys)):
        marks = Counter(mark for text in texts if (mark := split_mark(text)[2]))
        found += [f"{mark} stands {times} times" for mark, times in marks.items() if times > 1]
    labels = Counter(label for key in keys for label in scene.ticket(key)["labels"] if label[:7] == "bridge-")
    return found + [f"{times} tickets bear {label}" for label, times in labels.items() if times > 1]


def lived(
    weather: Weather, *, rounds: int, changes: int = 6, incidents: int = 3, asking: int = 1
) -> tuple[Ledger, list[str]]:
    """Let people work at all offsets between the looks of this weather; return the ledger and what went wrong.

    Before look n each of several changes comes at another fraction of the pace: just after the last look, around whole
    seconds and minutes, and right before the next look.  The last ``asking`` looks bring a further incident.
    """
    scene = under(weather)
    pairs = tuple(linked_all(scene, incidents))
    if weather.needs_night:
        scene.wait(hours=8)
        night(scene)
    ledger = Ledger(scene=scene, pairs=pairs)
    turns = cycle(range(incidents))
    offsets = cycle(OFFSETS)
    for look in range(rounds):
        for at, who, by in weather.steps:
            if at == look:
                watch(scene, who).ahead += timedelta(seconds=by)
        began = scene.world.clock()
        moments = sorted(next(offsets) for _ in range(changes))
        for place, share in enumerate(moments):
            scene.world.clock.jump_to(began + timedelta(seconds=share * weather.pace))
            ledger.deeds[(place + look) % len(ledger.deeds)](next(turns) + look)
        if look >= rounds - asking:
            ledger.asks(look)
        scene.world.clock.jump_to(began + timedelta(seconds=weather.pace + look % 3 * 0.37))
        scene.bridge.cycle()
    scene.wait(seconds=weather.lag + 1)
    scene.settle()
    wrong = [] if weather.needs_night else ledger.wrong()
    night(scene)
    scene.settle()
    wrong += [f"after the night {one}" for one in ledger.wrong()]
    return ledger, [f"{weather.name}: {one}" for one in wrong]


#: Shares of the time between two looks; several equal ones are changes in one instant.
OFFSETS = (
    0.0,
    0.0,
    0.0001,
    0.03,
    0.033,
    0.0333,
    0.4999,
    0.5,
    0.5,
    0.5,
    0.5001,
    0.966,
    0.967,
    0.9999,
    1.0,
    1.0,
    1.0,
)


def linked_all(scene: Scene, incidents: int) -> list[tuple[str, str]]:
    """Link so many incidents and wait until everything is at rest."""
    numbers = [scene.opens(Description=f"A blank sum ({place})") for place in range(incidents)]
    for number in numbers:
        scene.asks(number)
    scene.settle()
    scene.wait(minutes=11)  # whatever an index is late with
    scene.settle()
    return [(number, scene.key(number)) for number in numbers]
