"""The journal's state machine: what may follow what, and that one cause is one row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.model.actions import Receipt, ShowIncident
from bridge.model.errors import StateError
from bridge.state.journal import Effect, Journal
from bridge.state.store import Store
from tests.state.state_samples import NOW, action, later

Step = Callable[[Journal, int], None]
STEPS: dict[str, Step] = {
    "start": lambda journal, row: journal.start(row, NOW),
    "finish": lambda journal, row: journal.finish(row, Receipt(id="7", key="PAY-7"), later(1)),
    "postpone": lambda journal, row: journal.postpone(row, later(60), "busy"),
    "doubt": lambda journal, row: journal.doubt(row, "cut off", NOW),
    "refuse": lambda journal, row: journal.refuse(row, "not allowed", NOW),
    "bury": lambda journal, row: journal.bury(row, "given up", NOW),
    "drop": lambda journal, row: journal.drop(row, NOW),
    "replay": lambda journal, row: journal.replay(row, NOW),
}
#: What each step makes of each state; anything else is refused.
ALLOWED = {
    ("pending", "start"): "started",
    ("pending", "postpone"): "pending",
    ("pending", "refuse"): "refused",
    ("pending", "bury"): "dead",
    ("pending", "drop"): "dropped",
    ("started", "finish"): "done",
    ("started", "postpone"): "pending",
    ("started", "doubt"): "unknown",
    ("started", "refuse"): "refused",
    ("started", "bury"): "dead",
    ("unknown", "finish"): "done",
    ("unknown", "postpone"): "pending",
    ("unknown", "doubt"): "unknown",
    ("unknown", "refuse"): "refused",
    ("unknown", "bury"): "dead",
    ("refused", "drop"): "dropped",
    ("refused", "replay"): "pending",
    ("dead", "drop"): "dropped",
    ("dead", "replay"): "pending",
}
ROADS = {
    "pending": (),
    "started": ("start",),
    "done": ("start", "finish"),
    "unknown": ("start", "doubt"),
    "refused": ("start", "refuse"),
    "dead": ("start", "bury"),
    "dropped": ("drop",),
}


def planned(store: Store, *keys: str, incident: str = "INC1") -> tuple[Effect, ...]:
    """Record these causes as the whole plan of an incident."""
    with store.transaction() as tx:
        return tx.journal.record("p", incident, [action(key) for key in keys], NOW)


def brought_to(store: Store, state: str) -> int:
    """Return the id of an effect that was brought to a state."""
    effect_id = planned(store, "k")[0].id
    for step in ROADS[state]:
        with store.transaction() as tx:
            STEPS[step](tx.journal, effect_id)
    return effect_id


def kept(store: Store, key: str = "k") -> Effect:
    """Return the effect of a cause, which must be there."""
    with store.reading() as tx:
        found = tx.journal.effect("p", key)
    assert found is not None
    return found


@pytest.mark.parametrize("state", ROADS)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_leads_where_it_may_or_changes_nothing(store: Store, state: str, step: str) -> None:
    """Every step from every state either gives the state of the table or is refused without a trace."""
    effect_id = brought_to(store, state)
    before = kept(store)
    if (state, step) in ALLOWED:
        with store.transaction() as tx:
            STEPS[step](tx.journal, effect_id)
        assert kept(store).state == ALLOWED[state, step]
    else:
        with pytest.raises(StateError, match="cannot become"), store.transaction() as tx:
            STEPS[step](tx.journal, effect_id)
        assert kept(store) == before


@pytest.mark.parametrize(
    ("state", "after"),
    [(state, "pending" if state == "dropped" else state) for state in ROADS],
)
def test_planning_a_cause_again_revives_only_a_dropped_one(store: Store, state: str, after: str) -> None:
    """A cause that is planned once more keeps its one row, and only a dropped one becomes pending."""
    effect_id = brought_to(store, state)
    ready = planned(store, "k")
    assert kept(store).state == after
    assert kept(store).id == effect_id
    assert [effect.key for effect in ready] == (["k"] if after == "pending" else [])


@pytest.mark.parametrize(
    ("state", "after"),
    [(state, "dropped" if state == "pending" else state) for state in ROADS],
)
def test_what_is_no_longer_planned_is_dropped_only_while_pending(
    store: Store, state: str, after: str
) -> None:
    """An effect that left the plan is dropped where it did not begin, and stays where it did."""
    brought_to(store, state)
    assert planned(store) == ()
    assert kept(store).state == after


def test_the_plan_of_one_incident_leaves_the_others_alone(store: Store) -> None:
    """Recording a plan drops nothing of another incident or another pair."""
    planned(store, "a", incident="INC1")
    planned(store, "b", incident="INC2")
    with store.transaction() as tx:
        tx.journal.record("q", "INC1", [], NOW)
    assert {kept(store, key).state for key in "ab"} == {"pending"}


def test_a_cause_is_unique_within_its_pair_only(store: Store) -> None:
    """Two pairs may have the same cause; each has a row of its own."""
    first = planned(store, "k")[0]
    with store.transaction() as tx:
        other = tx.journal.record("q", "INC1", [action("k")], NOW)[0]
    assert other.id != first.id


def test_a_cause_of_another_incident_is_never_taken_over(store: Store) -> None:
    """The same cause under a second incident is refused, so that it cannot be carried out twice."""
    planned(store, "k", incident="INC1")
    with pytest.raises(StateError):
        planned(store, "k", incident="INC2")
    assert kept(store).incident == "INC1"


def test_the_same_cause_twice_in_one_plan_is_one_effect(store: Store) -> None:
    """Where a plan names a cause twice the first one counts."""
    with store.transaction() as tx:
        twice = [action("k", text="first"), action("k", text="second")]
        ready = tx.journal.record("p", "INC1", twice, NOW)
    assert [effect.action for effect in ready] == twice[:1]


def test_a_plan_comes_back_in_its_own_order(store: Store) -> None:
    """What is pending is returned in the plan's order, whichever was written first."""
    planned(store, "b", "c")
    assert [effect.key for effect in planned(store, "a", "c", "b")] == ["a", "c", "b"]


def test_a_pending_effect_takes_the_new_words_and_keeps_its_waiting_time(store: Store) -> None:
    """A plan that says the same cause differently is what will be sent, not earlier than before."""
    effect_id = planned(store, "k")[0].id
    with store.transaction() as tx:
        tx.journal.postpone(effect_id, later(300), "busy")
        other = ShowIncident(key="k", reason="r", ticket_id="1", ticket_key="A-1", global_id="g", title="t")
        ready = tx.journal.record("p", "INC1", [other], later(1))
    assert ready[0].action == other
    assert ready[0].not_before == later(300)


def test_an_effect_tells_its_whole_story(store: Store) -> None:
    """A finished effect holds its attempts, moments and receipt, and no old error."""
    effect_id = planned(store, "k")[0].id
    with store.transaction() as tx:
        tx.journal.start(effect_id, later(1))
        tx.journal.postpone(effect_id, later(5), "busy")
    assert (kept(store).attempts, kept(store).error, kept(store).not_before) == (1, "busy", later(5))
    with store.transaction() as tx:
        tx.journal.start(effect_id, later(5))
        tx.journal.finish(effect_id, Receipt(id="7", key="PAY-7"), later(6))
    done = kept(store)
    assert done.receipt == Receipt(id="7", key="PAY-7")
    assert (done.attempts, done.error, done.created_at) == (2, "", NOW)
    assert (done.started_at, done.finished_at) == (later(5), later(6))


def test_a_doubtful_effect_may_wait_before_its_trace_is_looked_for(store: Store) -> None:
    """The moment from which an absent trace may be believed is kept with the effect."""
    effect_id = brought_to(store, "started")
    with store.transaction() as tx:
        tx.journal.doubt(effect_id, "cut off", NOW, not_before=later(600))
    assert kept(store).not_before == later(600)


def test_questions_about_one_incident(store: Store) -> None:
    """Open, done and refused effects are told apart, in the order in which they were written."""
    rows = {effect.key: effect.id for effect in planned(store, "a", "b", "c", "d", "e")}
    with store.transaction() as tx:
        for key in "abcd":
            tx.journal.start(rows[key], NOW)
        tx.journal.finish(rows["a"], None, NOW)
        tx.journal.refuse(rows["b"], "no such field", NOW)
        tx.journal.doubt(rows["c"], "cut off", NOW)
    with store.reading() as tx:
        assert [effect.key for effect in tx.journal.open_effects("p", "INC1")] == ["c", "d", "e"]
        assert tx.journal.outcomes("p", "INC1").done == {"a"}
        assert tx.journal.outcomes("p", "INC1").refused == {"b": "no such field"}
        assert tx.journal.counts("p") == {
            "pending": 1,
            "started": 1,
            "done": 1,
            "unknown": 1,
            "refused": 1,
            "dead": 0,
            "dropped": 0,
        }
        assert [effect.key for effect in tx.journal.effects("p", state="done")] == ["a"]
        assert [effect.key for effect in tx.journal.effects("p", incident="INC1", limit=2)] == ["e", "d"]
        assert tx.journal.effects("p", incident="INC2") == ()


def test_a_long_error_is_cut(store: Store) -> None:
    """A server's endless error page does not fill the state."""
    effect_id = brought_to(store, "started")
    with store.transaction() as tx:
        tx.journal.refuse(effect_id, "x" * 100_000, NOW)
    assert len(kept(store).error) < 5_000


class JournalMachine(RuleBasedStateMachine):
    """Any order of plans and steps over a few causes, beside a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.open("sqlite://", exclusive=True)
        self.states: dict[str, str] = {}
        self.finished: dict[str, int] = {}

    @rule(keys=st.lists(st.sampled_from("abc"), unique=True))
    def plan(self, keys: list[str]) -> None:
        """Plan some of the causes."""
        ready = planned(self.store, *keys)
        for key, state in self.states.items():
            if state == "pending" and key not in keys:
                self.states[key] = "dropped"
        for key in keys:
            if self.states.get(key, "dropped") == "dropped":
                self.states[key] = "pending"
        assert [effect.key for effect in ready] == [key for key in keys if self.states[key] == "pending"]

    @precondition(lambda self: self.states)
    @rule(data=st.data(), step=st.sampled_from(sorted(STEPS)))
    def take_a_step(self, data: st.DataObject, step: str) -> None:
        """Take any step with any cause."""
        key = data.draw(st.sampled_from(sorted(self.states)))
        wanted = ALLOWED.get((self.states[key], step))
        try:
            with self.store.transaction() as tx:
                STEPS[step](tx.journal, kept_id(tx.journal, key))
        except StateError:
            assert wanted is None
        else:
            assert wanted is not None
            self.states[key] = wanted
            self.finished[key] = self.finished.get(key, 0) + (step == "finish")

    @invariant()
    def the_journal_says_the_same(self) -> None:
        """Find one row for each cause, in the expected state, and nothing done twice."""
        with self.store.reading() as tx:
            rows = tx.journal.effects("p")
        assert {effect.key: effect.state for effect in rows} == self.states
        assert len(rows) == len(self.states)
        assert all(times <= 1 for times in self.finished.values())

    def teardown(self) -> None:
        """Close the state."""
        self.store.close()


def kept_id(journal: Journal, key: str) -> int:
    """Return the number of a cause's row."""
    found = journal.effect("p", key)
    assert found is not None
    return found.id


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
