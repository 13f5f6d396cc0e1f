"""How far the bridge is behind, each way."""

from __future__ import annotations

from datetime import timedelta

from bridge.model.actions import AddTicketNote
from bridge.state.lag import lags
from bridge.state.store import Store
from tests.state.state_samples import NOW, action, later

NOTHING = timedelta(0)


def test_what_is_not_decided_may_have_to_go_either_way(store: Store) -> None:
    """An incident that has to be looked at counts for both sides, since its first mark."""
    with store.transaction() as tx:
        assert lags(tx, "p", NOW) == {"desk": NOTHING, "tracker": NOTHING}
        tx.agenda.mark_dirty("p", ["INC1"], "changed", NOW)
        tx.agenda.mark_dirty("p", ["INC1", "INC2"], "changed", later(20))
        assert lags(tx, "p", later(30)) == {"desk": timedelta(seconds=30), "tracker": timedelta(seconds=30)}
        assert lags(tx, "p", later(-30)) == {"desk": NOTHING, "tracker": NOTHING}
        assert lags(tx, "q", later(30)) == {"desk": NOTHING, "tracker": NOTHING}


def test_what_is_decided_waits_for_its_own_side(store: Store) -> None:
    """An effect that is open counts for the side that it changes, however often it was put off, until it is finished."""
    carried = AddTicketNote(key="INC1/note", reason="r", ticket_id="10001", ticket_key="PAY-1", text="Hello")
    with store.transaction() as tx:
        (first,) = tx.journal.record("p", "INC1", [carried], NOW)
        (second,) = tx.journal.record("p", "INC2", [action("INC2/a")], later(10))
        tx.journal.postpone(first.id, later(300), "busy")
        assert lags(tx, "p", later(60)) == {"desk": timedelta(seconds=50), "tracker": timedelta(seconds=60)}
        tx.journal.start(first.id, later(60))
        tx.journal.doubt(first.id, "no answer", later(61))
        assert lags(tx, "p", later(62))["tracker"] == timedelta(seconds=62)
        tx.journal.finish(first.id, None, later(63))
        assert lags(tx, "p", later(70)) == {"desk": timedelta(seconds=60), "tracker": NOTHING}
        tx.journal.refuse(second.id, "no", later(80))
        assert lags(tx, "p", later(90)) == {"desk": NOTHING, "tracker": NOTHING}
