"""The audit trail: what it keeps, and that it can only be added to."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bridge.model.errors import StateError
from bridge.state.audit import Entry
from bridge.state.store import Store
from tests.state.state_samples import NOW, later

pytestmark = pytest.mark.promise("audit")


def entry(**changed: object) -> Entry:
    """Return a line about a field that was set."""
    ordinary: dict[str, object] = {
        "at": NOW,
        "who": "bridge",
        "what": "set_incident",
        "outcome": "done",
        "pair": "retail",
        "incident": "INC1",
        "rule": "defects",
        "reason": "it waits for the linked fix",
        "before": {"status": "In Progress"},
        "after": {"status": "Pending"},
        "request": "INC1/waiting/1#1",
    }
    return Entry(**{**ordinary, **changed})  # type: ignore[arg-type]


def test_a_line_is_read_as_it_was_written(store: Store) -> None:
    """Everything of a line survives, moments to the microsecond, and lines come in their order."""
    first, second = entry(), entry(at=later(1.000001), who="ann", what="dead drop", words="не нужно\ud83d")
    with store.transaction() as tx:
        tx.audit.write(first)
        tx.audit.write(second)
    with store.reading() as tx:
        found = list(tx.audit.since())
        assert list(tx.audit.since(later(1))) == found[1:]
        assert list(tx.audit.since(incident="INC2")) == []
        assert tx.audit.broken() == ""
    assert found[0] == first
    assert found[1].at == second.at
    assert found[1].words == "не нужно?"


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"])
def test_lines_can_neither_be_changed_nor_taken_out(store: Store, change: str) -> None:
    """The database itself refuses to change the trail."""
    with store.transaction() as tx:
        tx.audit.write(entry())
    with pytest.raises(StateError, match="could not be used") as raised, store.transaction() as tx:
        tx.audit._connection.execute(text(change))
    assert "only be added to" in raised.value.why
    with store.reading() as tx:
        assert list(tx.audit.since()) == [entry()]


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET who = 'nobody' WHERE id = 2", "DELETE FROM audit WHERE id = 2"]
)
def test_a_change_behind_the_databases_back_is_noticed(store: Store, change: str) -> None:
    """Who takes the guard away and changes a line is found out."""
    with store.transaction() as tx:
        for number in range(4):
            tx.audit.write(entry(incident=f"INC{number}"))
    with store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(change))
    with store.reading() as tx:
        assert "was changed or taken out" in tx.audit.broken()
