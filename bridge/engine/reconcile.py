"""One cycle on one screen: observe, decide, write it down, act; then look again until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

from bridge.decide.claimed import is_recorded
from bridge.decide.draft import digest
from bridge.decide.guard import Guard
from bridge.decide.plan import plan
from bridge.engine.census import Census
from bridge.engine.execute import Executor, keeps_all_away, save_dossier
from bridge.engine.observe import Observer
from bridge.engine.pair import Pair
from bridge.engine.poll import Poll, Polled
from bridge.engine.recall import Memory, remember_birth
from bridge.engine.sight import Sight
from bridge.model.actions import Action, CreateTicket, Side, side_of
from bridge.model.dossier import Dossier
from bridge.model.errors import BridgeError, Busy, LostCredentials, StateError, Unreachable
from bridge.model.plan import Observation, Plan
from bridge.state.agenda import Mark
from bridge.state.journal import Effect
from bridge.state.store import Store

log = structlog.get_logger()

#: How often one incident may be planned in one cycle; a settled incident needs one.
MOST_PASSES = 8
#: How often a decision may ask for something to be looked at first.
MOST_NEEDS = 16
#: How many incidents one cycle takes up; the rest follow in the next one.
MOST_INCIDENTS = 1000
#: How long an incident that could not be decided is left alone.
POISON_PAUSE = timedelta(minutes=5)
#: Why an incident is looked at again that speaks for others on its ticket.
WOKEN = "another incident of its ticket changed"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What one cycle did, in figures and in one sentence."""

    cycle: int
    polled: Polled
    looked_at: int
    done: int
    refused: int
    failed: tuple[str, ...]
    withheld: tuple[Action, ...]
    down: dict[Side, BridgeError]
    #: How many changes were carried across, by the side that they went to.
    carried: Mapping[Side, int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The cycle in one sentence."""
        parts = [f"{_many(self.looked_at, 'incident')} looked at", f"{_many(self.done, 'effect')} done"]
        if self.refused:
            parts.append(f"{self.refused} refused")
        if self.withheld:
            parts.append(f"{len(self.withheld)} withheld")
        if self.failed:
            parts.append(f"{len(self.failed)} could not be decided: {', '.join(self.failed[:3])}")
        parts += [f"the {side} cannot be asked ({error.what})" for side, error in self.down.items()]
        return f"cycle {self.cycle}: {', '.join(parts)}."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@dataclass(kw_only=True)
class Reconciler:
    """Brings every incident of one pair one step closer, again and again."""

    pair: Pair
    store: Store
    begin: datetime
    stopping: Callable[[], bool] = field(default=lambda: False)
    cycles: int = 0
    started: datetime = field(init=False)
    _census: Census = field(init=False)
    _sight: Sight = field(init=False)
    _forerunner: bool | None = None
    #: Incidents that wait for sides that cannot be asked, with the mark that they had then.
    _asleep: dict[str, tuple[Mark | None, frozenset[Side]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.started = self.pair.clock()
        self._census = Census(pair=self.pair, store=self.store)
        self._sight = Sight(pair=self.pair, store=self.store)

    def cycle(self) -> Summary:
        """Look at everything that may have changed and bring each incident to rest.

        1. Poll both sides.  2. For every incident that is dirty or due: settle what is unclear, look, decide, guard,
        write down, act, and look again.  Raises ``StateError`` only; trackers that cannot be asked are named in the summary.
        """
        self.cycles += 1
        if self.cycles == 1 or self._census.frozen:
            self._follow_rules()
        with bound_contextvars(pair=self.pair.name, cycle=self.cycles):
            born = remember_birth(self.pair, self.store, self.started)
            memory = Memory(pair=self.pair, store=self.store, born=born)
            polled = Poll(pair=self.pair, store=self.store, begin=self.begin, step=self.stopping).run()
            executor = Executor(pair=self.pair, store=self.store, stopping=self.stopping, down=_away(polled))
            self._sight.begins(executor.down, polled.incidents)
            guard = Guard(limits=self.pair.limits)
            looked_at, failed = 0, []
            for number, mark in self._in_turn(executor.down):
                if self.stopping():
                    break
                if number in self._census.frozen or number in self._sight.unseen:
                    continue
                looked_at += 1
                if not self._one(number, mark, executor, guard, memory):
                    failed.append(number)
            summary = Summary(
                cycle=self.cycles,
                polled=polled,
                looked_at=looked_at,
                done=executor.done,
                refused=executor.refused,
                failed=tuple(failed),
                withheld=tuple(guard.held_back),
                down={**polled.down, **executor.down},
                carried=dict(executor.carried),
            )
            log.info("cycle_done", sentence=summary.sentence)
            return summary

    def _in_turn(self, down: Mapping[Side, BridgeError]) -> Iterator[tuple[str, Mark | None]]:
        """Yield the incidents to look at, and after them once those that were woken meanwhile."""
        waiting = self._waiting(down)
        yield from waiting
        if not waiting:
            return  # nobody acted, so that nobody was woken
        with self.store.reading() as tx:
            marks = tx.agenda.dirty(self.pair.name, MOST_INCIDENTS)
        yield from ((mark.incident, mark) for mark in marks if mark.why == WOKEN)

    def _follow_rules(self) -> None:
        """Look at everything again where the rules are not those of the last time: links follow the rule of their name."""
        name, now = self.pair.name, self.pair.clock()
        stream = f"rules:{digest(self.pair.rules.model_dump_json())}"
        with self.store.reading() as tx:
            last = tx.agenda.watermark(name, "rules")
            old = last is not None and tx.agenda.watermark(name, stream) == last
        if old:
            self._census.rules_are_old()
            return
        if last is not None and not self._census.admits_rules(stream):
            return
        with self.store.transaction() as tx:
            held = [one.dossier.incident for one in tx.dossiers.each(name, held=True)]
            asked = [one.dossier.incident for one in tx.dossiers.each(name, stage="unlinked")]
            tx.agenda.mark_dirty(name, (*held, *asked), "the rules changed", now)
            tx.agenda.move_watermark(name, "rules", now)
            tx.agenda.move_watermark(name, stream, now)

    def _waiting(self, down: Mapping[Side, BridgeError]) -> list[tuple[str, Mark | None]]:
        """Return what is marked or due, without what only waits for a side that is still away."""
        now, name = self.pair.clock(), self.pair.name
        self._asleep = {number: one for number, one in self._asleep.items() if one[1] <= down.keys()}
        most = MOST_INCIDENTS + len(self._asleep)
        with self.store.reading() as tx:
            marks = {mark.incident: mark for mark in tx.agenda.dirty(name, most)}
            due = tx.agenda.due(name, now, most)
            awake = set(tx.agenda.due(name, now, most, effects=False)) if self._asleep else set()
        found = [(number, marks.get(number)) for number in dict.fromkeys((*marks, *due))]
        return [
            (number, mark)
            for number, mark in found
            if number in awake or number not in self._asleep or self._asleep[number][0] != mark
        ][:MOST_INCIDENTS]

    def _one(self, number: str, mark: Mark | None, executor: Executor, guard: Guard, memory: Memory) -> bool:
        """Bring one incident to rest; False where it could not be decided, which stops nobody else."""
        with bound_contextvars(incident=number):
            try:
                memory.bring_back(number, executor.down)
                settled = self._to_rest(number, executor, guard, memory)
            except (Unreachable, LostCredentials, Busy) as error:
                log.info("incident_waits", why=str(error))
                self._sleep(number, mark, executor)
                return True  # stays dirty: the next cycle looks again
            except StateError:
                raise
            except BridgeError as error:
                return self._put_aside(number, mark, str(error), memory)
            except Exception as error:
                log.exception("incident_surprised_us")
                return self._put_aside(number, mark, f"{type(error).__name__}: {error}", memory)
            self._remember_whether_settled(number, mark, settled)
            if not settled:
                self._sleep(number, mark, executor)
            return True

    def _remember_whether_settled(self, number: str, mark: Mark | None, settled: bool) -> None:
        """Take a mark away once all is done; what was only due, and is withheld now, needs one to be looked at again."""
        if settled and mark is not None:
            with self.store.transaction() as tx:
                tx.agenda.clear_dirty(self.pair.name, mark)
        elif not settled and mark is None:
            with self.store.transaction() as tx:
                tx.agenda.mark_dirty(self.pair.name, [number], "something is left to do", self.pair.clock())

    def _sleep(self, number: str, mark: Mark | None, executor: Executor) -> None:
        """Leave an incident alone until something happens to it, where nothing can be done before a side is back."""
        if executor.sleeps(number):
            self._asleep[number] = mark, frozenset(executor.down)

    def _put_aside(self, number: str, mark: Mark | None, why: str, memory: Memory) -> bool:
        log.error("incident_put_aside", why=why, minutes=POISON_PAUSE.total_seconds() / 60)
        now, older = self.pair.clock(), memory.older(self._submitted(number))
        with self.store.transaction() as tx:
            dossier = tx.dossiers.get(self.pair.name, number)
            if dossier is None and older:
                return False  # stays dirty: an empty dossier would pass for a memory that was rebuilt
            if mark is not None:
                tx.agenda.clear_dirty(self.pair.name, mark)
            save_dossier(tx, self.pair, dossier or Dossier(incident=number), now, now + POISON_PAUSE)
        return False

    def _to_rest(self, number: str, executor: Executor, guard: Guard, memory: Memory) -> bool:
        """Plan and act until nothing is left to do now; False where something still has to be found out."""
        observer = Observer(pair=self.pair, store=self.store)
        for _ in range(MOST_PASSES):
            seen = observer.take(number)
            if seen is None:
                return True
            unclear = executor.unclear(number)
            if not executor.settle(seen.incident, unclear):
                return True  # due again at its own time
            if unclear:
                seen = observer.take(number) or seen
            decided = self._decide(observer, seen)
            if number in observer.unshown and not self._sight.admits(number):
                return self._later(number)
            if not self._sight.admits_losses(decided, _lost(seen)):
                return self._later(number)
            decided = guard.admit(decided)
            effects = self._write_down(seen, decided)
            if "tracker" not in executor.down and self._suspects(effects, decided, memory):
                continue
            if not effects and not decided.withheld and decided.dossier != seen.dossier:
                continue  # what was only learned may change what is to be done
            if not effects:
                return not decided.withheld
            if "desk" not in executor.down and _writes_to_desk(effects) and not self._sight.may_write(number):
                return self._later(number)
            changed = executor.drain(seen.incident, effects, behind=bool(seen.dead))
            if number in executor.unshown and not self._sight.admits(number):
                return self._later(number)
            if not changed:
                return not executor.down
        log.warning("incident_does_not_rest", passes=MOST_PASSES)
        return True

    def _later(self, number: str) -> bool:
        """Leave an incident alone for a while, as it is."""
        with self.store.transaction() as tx:
            tx.dossiers.look_again(self.pair.name, number, self.pair.clock() + POISON_PAUSE)
        return True

    def _suspects(self, effects: tuple[Effect, ...], decided: Plan, memory: Memory) -> bool:
        """Treat the opening of a ticket that was asked for before the state began as one that may have been done."""
        asked = {request.source: request for request in decided.dossier.requests}
        now, found = self.pair.clock(), False
        for effect in effects:
            action = effect.action
            if not isinstance(action, CreateTicket) or effect.attempts or effect.started_at is not None:
                continue
            request = asked.get(action.source)
            at = None if request is None or request.source == "rule" else request.at
            if memory.older(at or self._submitted(decided.incident)) and self._had_a_forerunner():
                with self.store.transaction() as tx:
                    tx.journal.suspect(effect.id, memory.born, now)
                found = True
        return found

    def _had_a_forerunner(self) -> bool:
        """Whether a bridge was here before this state: without one nothing can have been done already.

        A pair's very first ticket, opened within the lag of the search before the state was lost, is not seen by this.
        Waiting for it would keep every new installation waiting, so that is the price that was chosen.
        """
        if self._forerunner is None:
            self._forerunner = self.pair.tracker.has_opened()
        return self._forerunner

    def _submitted(self, number: str) -> datetime | None:
        with self.store.reading() as tx:
            incident = tx.memory.incident(self.pair.name, number)
        return incident.submitted_at if incident else None

    def _decide(self, observer: Observer, seen: Observation) -> Plan:
        for _ in range(MOST_NEEDS):
            decided = plan(seen, self.pair.rules, self.pair.voice, self.pair.clock())
            if not decided.needs:
                return decided
            seen = observer.further(seen, decided.needs)
        raise BridgeError(
            f"{seen.incident.number} cannot be decided",
            why=f"after {MOST_NEEDS} looks the decision still asks for {decided.needs[0].kind} {decided.needs[0].of}",
            next_step="report this as a defect of the bridge with the output of `bridge explain`",
        )

    def _write_down(self, seen: Observation, decided: Plan) -> tuple[Effect, ...]:
        """Write a decision down in one transaction; returns what is to be done now, in order."""
        now, name = self.pair.clock(), self.pair.name
        with self.store.transaction() as tx:
            effects = tx.journal.record(name, decided.incident, decided.actions, now)
            if decided.dossier != seen.dossier or decided.look_again_at is not None:
                save_dossier(tx, self.pair, decided.dossier, now, decided.look_again_at)
            else:
                tx.dossiers.look_again(name, decided.incident, None)
            tx.agenda.mark_dirty(name, decided.wakes, WOKEN, now)
            if seen.claims:
                answered = [claim.ticket_id for claim in seen.claims if is_recorded(decided.dossier, claim)]
                tx.shared.answered(name, decided.incident, answered)
        return effects


def _away(polled: Polled) -> dict[Side, BridgeError]:
    """Return the sides that nothing can be asked of; one that spares a single endpoint is not among them."""
    return {
        side: error
        for side, error in polled.down.items()
        if keeps_all_away(error) or not isinstance(error, Busy) or error.scope == "call"
    }


def _writes_to_desk(effects: Iterable[Effect]) -> bool:
    return any(side_of(effect.action) == "desk" for effect in effects)


def _lost(seen: Observation) -> frozenset[str]:
    return frozenset(link.ticket_id for link in seen.dossier.links if link.lost)
