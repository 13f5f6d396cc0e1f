"""One generated day in fast motion: people's plots on one side of the clock, the bridge's looks on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources

from bridge.decide.text import one_line
from bridge.engine.reconcile import Reconciler
from bridge.rehearsal.office import Line, Office
from bridge.rehearsal.plots import DAY, Plot, Scheduled, Wait
from bridge.rehearsal.world import World
from bridge.rules.load import load_rules
from bridge.rules.shape import RuleSet
from bridge.state.journal import Effect
from bridge.state.store import Store

#: How much virtual time passes between two looks.
TICK = timedelta(minutes=1)
#: A day whose plots do not end by then has gone wrong.
LONGEST = timedelta(hours=16)


@dataclass(kw_only=True)
class Actor:
    """One plot on its way, and what it waits for."""

    plot: Plot
    until: datetime | None = None
    look: Callable[[], bool] | None = None
    over: bool = False

    def step(self, now: datetime) -> None:
        """Let the plot go on as far as it can now."""
        while not self.over and self._may_go_on(now):
            try:
                self._wait_for(next(self.plot), now)
            except StopIteration:
                self.over = True

    def _may_go_on(self, now: datetime) -> bool:
        if self.until is not None:
            return now >= self.until
        return self.look is None or self.look()

    def _wait_for(self, wait: Wait, now: datetime) -> None:
        self.until, self.look = (now + wait, None) if isinstance(wait, timedelta) else (None, wait)


@dataclass(kw_only=True)
class Day:
    """The day: call ``tick`` until ``over``."""

    world: World
    store: Store
    bridge: Reconciler
    tell: Callable[[Line], None]
    schedule: Iterable[Scheduled] = DAY
    actors: list[Actor] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    settled: int = 0

    def __post_init__(self) -> None:
        self.begin = self.world.clock()
        self.office = Office(world=self.world, tell=self.tell)
        for scheduled in self.schedule:
            plot = scheduled.plot(self.office)
            self.actors.append(Actor(plot=plot, until=self.begin + scheduled.after))

    @property
    def over(self) -> bool:
        """Whether everybody went home and the bridge has nothing left to do."""
        return all(actor.over for actor in self.actors) and self.settled > 2

    def tick(self) -> None:
        """Let a minute pass: people act, the bridge looks.  ``RuntimeError`` where the day does not end."""
        self.world.clock.advance(TICK)
        now = self.world.clock()
        if now - self.begin > LONGEST:
            raise RuntimeError("the day does not end: somebody still waits for something")
        for actor in self.actors:
            actor.step(now)
        summary = self.bridge.cycle()
        self._tell_effects()
        self.settled = 0 if summary.done else self.settled + 1

    def _tell_effects(self) -> None:
        with self.store.reading() as tx:
            effects = tx.journal.effects(self.bridge.pair.name, state="done", limit=200)
        for effect in reversed(effects):
            if effect.key not in self.told:
                self.told.add(effect.key)
                if effect.action.kind not in UNTOLD:
                    self._tell_effect(effect)

    def _tell_effect(self, effect: Effect) -> None:
        action = effect.action
        words = SENTENCES.get(action.kind, action.kind)
        text = f"{words}: {one_line(getattr(action, 'text', '') or action.reason, 140)}"
        at = effect.finished_at or self.world.clock()
        self.tell(Line(at=at, voice="bridge", text=text, about=effect.incident))


#: What is too small to be told of in a story.
UNTOLD = frozenset({"show_incident", "edit_incident_note"})
#: How the story names what the bridge does.
SENTENCES = {
    "create_ticket": "opens a ticket",
    "add_ticket_note": "writes into the ticket",
    "set_ticket_fields": "sets the ticket's fields",
    "move_ticket": "moves the ticket",
    "show_incident": "shows the incident in the ticket",
    "add_incident_note": "writes into the incident",
    "edit_incident_note": "updates its note in the incident",
    "set_incident": "sets the incident",
}


def demo_rules() -> RuleSet:
    """Return the rules of the demonstration, which are the ones in the guide."""
    with resources.as_file(resources.files("bridge.rehearsal").joinpath("demo_rules.yaml")) as path:
        return load_rules([path])
