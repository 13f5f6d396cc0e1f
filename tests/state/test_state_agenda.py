"""What to look at next: nothing that changed is forgotten, and nothing is looked at too early."""

from __future__ import annotations

import pytest

from bridge.state.diary import KEPT
from bridge.state.store import Store
from tests.state.state_samples import NOW, action, dossier, later


def test_a_watermark_never_moves_backwards(store: Store) -> None:
    """The newest moment stays, whatever comes after it, for each stream and pair by itself."""
    for seconds in (10, 5, 12, 12, 1):
        with store.transaction() as tx:
            tx.agenda.move_watermark("p", "incidents", later(seconds))
    with store.transaction() as tx:
        tx.agenda.move_watermark("q", "incidents", later(1))
    with store.reading() as tx:
        assert tx.agenda.watermark("p", "incidents") == later(12)
        assert tx.agenda.watermark("q", "incidents") == later(1)
        assert tx.agenda.watermark("p", "notes") is None


def test_marks_come_longest_waiting_first(store: Store) -> None:
    """The order is that of the first marks, and a limit leaves the rest for later."""
    with store.transaction() as tx:
        tx.agenda.mark_dirty("p", ["INC2"], "new note", NOW)
        tx.agenda.mark_dirty("p", ["INC1", "INC3", "INC1"], "changed", later(1))
        tx.agenda.mark_dirty("p", ["INC2"], "changed", later(2))
    with store.reading() as tx:
        first, second = tx.agenda.dirty("p", 2)
        assert (first.incident, first.since, first.why) == ("INC2", NOW, "changed")
        assert second.incident == "INC1"
        assert tx.agenda.dirty("q", 2) == ()


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_mark_set_meanwhile_survives(store: Store, seconds: int) -> None:
    """Clearing takes only the mark that was read, even where the clock did not move in between."""
    with store.transaction() as tx:
        tx.agenda.mark_dirty("p", ["INC1"], "changed", NOW)
        (read,) = tx.agenda.dirty("p", 10)
        tx.agenda.mark_dirty("p", ["INC1"], "changed", later(seconds))
        assert tx.agenda.clear_dirty("p", read) is False
        (again,) = tx.agenda.dirty("p", 10)
        assert tx.agenda.clear_dirty("p", again) is True
        assert tx.agenda.dirty("p", 10) == ()


def test_due_are_those_whose_time_has_come(store: Store) -> None:
    """An incident is due from its moment on, longest overdue first, each once."""
    with store.transaction() as tx:
        tx.dossiers.save("p", dossier("INC1"), stage="", look_again_at=later(20), at=NOW)
        tx.dossiers.save("p", dossier("INC2"), stage="", look_again_at=None, at=NOW)
        tx.dossiers.save("p", dossier("INC3"), stage="", look_again_at=later(5), at=NOW)
        row = tx.journal.record("p", "INC2", [action("INC2/a"), action("INC2/b")], NOW)[0]
        tx.journal.record("p", "INC1", [action("INC1/a")], NOW)
        tx.journal.postpone(row.id, later(10), "busy")
    with store.reading() as tx:
        assert tx.agenda.due("p", later(-1), 10) == ()
        assert tx.agenda.due("p", NOW, 10) == ("INC1", "INC2")
        assert tx.agenda.due("p", later(30), 10) == ("INC1", "INC2", "INC3")
        assert tx.agenda.due("p", later(30), 2) == ("INC1", "INC2")
        assert tx.agenda.due("q", later(30), 10) == ()
        assert tx.agenda.next_due("p") == NOW
        assert tx.agenda.next_due("q") is None


@pytest.mark.parametrize(
    ("steps", "is_due"),
    [
        ((), True),
        (("start",), True),
        (("start", "doubt"), True),
        (("start", "finish"), False),
        (("start", "refuse"), False),
        (("start", "bury"), False),
        (("drop",), False),
    ],
)
def test_an_unfinished_effect_makes_its_incident_due(
    store: Store, steps: tuple[str, ...], is_due: bool
) -> None:
    """Pending, started and unknown effects want another look; a started one was left by a killed process."""
    further = {"doubt": ("cut off",), "finish": (None,), "refuse": ("no",), "bury": ("no",)}
    with store.transaction() as tx:
        row = tx.journal.record("p", "INC1", [action()], NOW)[0]
        for step in steps:
            getattr(tx.journal, step)(row.id, *further.get(step, ()), NOW)
    with store.reading() as tx:
        assert tx.agenda.due("p", NOW, 10) == (("INC1",) if is_due else ())


def test_the_next_look_can_be_moved_alone(store: Store) -> None:
    """Setting when to look again changes neither the dossier nor its stage."""
    with store.transaction() as tx:
        tx.dossiers.save("p", dossier("INC1"), stage="linked", look_again_at=NOW, at=NOW)
        tx.dossiers.look_again("p", "INC1", later(60))
    with store.reading() as tx:
        assert tx.agenda.due("p", later(59), 10) == ()
        assert tx.agenda.next_due("p") == later(60)
        kept = tx.dossiers.remembered("p", "INC1")
    assert kept is not None
    assert (kept.dossier, kept.stage) == (dossier("INC1"), "linked")


def test_the_diary_keeps_the_last_cycles(store: Store) -> None:
    """Cycles are numbered for each pair, the newest is told first, the oldest are forgotten."""
    with store.transaction() as tx:
        numbers = [tx.diary.write("p", later(number), f"cycle {number}") for number in range(KEPT + 10)]
        tx.diary.write("q", NOW, "another pair")
    with store.reading() as tx:
        everything = tx.diary.last("p", 10_000)
        (newest,) = tx.diary.last("p")
    assert numbers == list(range(1, KEPT + 11))
    assert [cycle.number for cycle in everything] == numbers[:9:-1]
    assert (newest.started_at, newest.sentence) == (later(KEPT + 9), f"cycle {KEPT + 9}")
