"""Side roads of the bridge itself: restarts, lost states, other rules, a spell of reading only, dead letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bridge.decide.guard import Limits
from bridge.engine.execute import SCHEDULE
from bridge.model.actions import Action
from bridge.rehearsal.world import DESK_ACCOUNT
from bridge.rules.shape import Rule, RuleSet
from bridge.simulators.faults import Fault
from bridge.simulators.jira import Person
from bridge.simulators.remedy.refusal import message
from bridge.simulators.wire import Request, Response
from bridge.state.journal import Effect
from tests.property import laws_roads
from tests.property.machine import SIDES, which
from tests.property.roads_tracker import TrackerRoads
from tests.property.texts import words_in
from tests.property.town import PAIR, POISONOUS, the_rules

_ACCOUNT = {"X-AAccountId": Person.of(DESK_ACCOUNT).account_id, "X-AUSERNAME": DESK_ACCOUNT}
_NO = {
    "tracker": Response.of_json(400, {"errorMessages": [POISONOUS], "errors": {}}, _ACCOUNT),
    "desk": Response.of_json(500, [message("ERROR", 10_099, "", POISONOUS)]),
}
#: By name, what an administrator may change in the first rule.
_EDITS = (
    "as it was",
    "cause puts back",
    "opens by itself",
    "reminds nobody",
    "waits nowhere",
    "no workaround",
)


class BridgeRoads(TrackerRoads):
    """The bridge and its operators leave the straight road."""

    @rule()
    def restarts(self) -> None:
        """The daemon is started anew over the same state."""
        self.town.scene.restart()

    @rule()
    def forgets(self) -> None:
        """The state is lost altogether, and the daemon rebuilds it; not while the pair's first ticket cannot be found."""
        if self.town.shows_a_ticket():
            self.town.forgets()

    @rule(edit=st.sampled_from(_EDITS))
    def edits_rules(self, edit: str) -> None:
        """An administrator changes a rule, and the daemon is started with it."""
        rules = the_rules()
        self.town.ledger.edits.add(edit)
        edited = (_edited(rules.rules[0], edit), *rules.rules[1:])
        self.town.scene.rules = RuleSet(maps=rules.maps, rules=edited)
        self.town.scene.restart()

    @rule(minutes=st.sampled_from((1, 20, 90)))
    def only_reads(self, minutes: int) -> None:
        """For a while the bridge may only look, then it is let go."""
        bridge = self.town.scene.bridge
        bridge.pair = replace(bridge.pair, limits=Limits(creates_per_cycle=1000, read_only=True))
        self.town.looks(seconds=30)
        self.town.looks(minutes=minutes)
        self.town.scene.restart()

    @precondition(lambda self: self.some_incident())
    @rule(side=st.sampled_from(SIDES), at=which, hours=st.sampled_from((0, 1, 4)))
    def poisons(self, side: str, at: int, hours: int) -> None:
        """A server refuses whatever belongs to one incident, from now on."""
        number = self.incident(at)
        entry = str(self.town.scene.incident(number)["Entry ID"])
        self.town.ledger.poisoned.add(number)

        def belongs(request: Request) -> bool:
            named = number.encode() in request.body or entry in request.path
            asks = any(part in request.path for part in ("/search", "/jql", "/bulkfetch", "/jwt"))
            return request.method in ("POST", "PUT") and named and not asks

        self._wire(side).add(Fault(kind="answer_before", match=belongs, times=None, answer=_NO[side]))
        self.town.looks(seconds=30)
        for pause in SCHEDULE if hours else ():
            self.town.looks(seconds=pause.total_seconds() + 1)

    @rule(cured=st.booleans(), replayed=st.booleans())
    def operator_comes(self, cured: bool, replayed: bool) -> None:
        """An operator looks at what was given up: he cures the cause or not, and replays it or does without."""
        if cured:
            for wire in (self.town.world.desk_wire, self.town.world.tracker_wire):
                wire.faults = [fault for fault in wire.faults if fault.times is not None]
        for effect in self._dead():
            self._decides(effect, replayed)
        self.town.looks(seconds=30)

    def _dead(self) -> tuple[Effect, ...]:
        with self.town.store.reading() as tx:
            return tx.journal.effects(PAIR, state="dead")

    def _decides(self, effect: Effect, replayed: bool) -> None:
        now = self.town.now
        with self.town.store.transaction() as tx:
            if replayed:
                tx.journal.replay(effect.id, now)
            else:
                tx.journal.forgo(effect.id, f"dropped: {POISONOUS}", now)
            tx.agenda.mark_dirty(PAIR, [effect.incident], "an operator decided", now)
        if not replayed:
            self.town.ledger.dropped.add(effect.key)
            self.town.ledger.forgone.update((word, _place(effect.action)) for word in _words(effect.action))

    def _comes_to_rest(self) -> None:
        """Replay what was given up once all trouble is over, and let all reminders pass."""
        for wire in (self.town.world.desk_wire, self.town.world.tracker_wire):
            wire.clear()
        self.town.store.spare()
        for _ in range(2):
            self._leap((timedelta(minutes=11), timedelta(hours=3)))
            for effect in self._dead():
                self._decides(effect, replayed=True)
        self._leap((timedelta(days=2), timedelta(days=2)))
        super()._comes_to_rest()

    def _judges(self) -> None:
        super()._judges()
        laws_roads.judge(self.town)


def _words(action: Action) -> list[int]:
    return words_in(f"{getattr(action, 'text', '')} {getattr(action, 'description', '')}")


def _place(action: Action) -> str:
    return str(getattr(action, "ticket_id", "") or action.key.split("/", maxsplit=1)[0])


def _edited(rule: Rule, edit: str) -> Rule:
    hold = rule.hold
    changes: dict[str, dict[str, Any]] = {
        "as it was": {},
        "cause puts back": {
            "hold": hold.model_copy(
                update={"cause": hold.cause and hold.cause.model_copy(update={"missing": "put_back"})}
            )
        },
        "opens by itself": {"open": "automatically"},
        "reminds nobody": {
            "hold": hold.model_copy(update={"verify": hold.verify.model_copy(update={"remind": None})})
        },
        "waits nowhere": {"hold": hold.model_copy(update={"waiting": "keep"})},
        "no workaround": {"hold": hold.model_copy(update={"workaround": None})},
    }
    return rule.model_copy(update=changes[edit])
