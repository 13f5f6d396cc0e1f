"""An idle cycle costs the same whether there are few links or many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from state_samples import NOW, action, dossier, incident, later, link, note, ticket

from bridge.state.schema import METADATA
from bridge.state.store import Store, Transaction


def filled(store: Store, links: int) -> None:
    """Fill a state with this many linked incidents, their tickets, notes and done effects."""
    numbers = range(links)
    with store.transaction() as tx:
        tx.memory.see_incidents("p", (incident(f"INC{number}") for number in numbers), NOW)
        tx.memory.see_tickets("p", (ticket(str(n), project=f"P{n % 5}") for n in numbers), NOW)
        tx.memory.see_notes("p", "incident", (note(str(n), parent=f"INC{n}") for n in numbers), NOW)
        for number in numbers:
            kept = dossier(f"INC{number}", link(str(number)))
            tx.dossiers.save("p", kept, stage="linked", look_again_at=later(10**6), at=NOW)
            _done(tx, f"INC{number}")


def _done(tx: Transaction, number: str) -> None:
    effect = tx.journal.record("p", number, [action(f"{number}/note")], NOW)[0]
    tx.journal.start(effect.id, NOW)
    tx.journal.finish(effect.id, None, NOW)


def idle_cycle(store: Store) -> None:
    """Do what a cycle does in which the overlap brings known things again and nothing changed."""
    numbers = [f"INC{number}" for number in range(20)]
    with store.transaction() as tx:
        watched = tx.memory.watched("p", [*numbers, "INC999999"])
        linked = tx.links.linked_among("p", [str(number) for number in range(20)])
        assert len(watched) == len(linked) == 20
        assert tx.links.projects("p") == ("P0", "P1", "P2", "P3", "P4")
        assert not tx.memory.see_incidents("p", map(incident, numbers), later(1))
        assert not tx.memory.see_tickets("p", (ticket(str(n), project=f"P{n % 5}") for n in range(20)), NOW)
        assert not tx.memory.see_notes(
            "p", "incident", (note(str(n), parent=f"INC{n}") for n in range(20)), NOW
        )
        assert tx.agenda.watermark("p", "incidents") is None
        tx.agenda.move_watermark("q", "incidents", later(1))
        assert tx.agenda.dirty("p", 100) == ()
        assert tx.agenda.due("p", later(1), 100) == ()
        assert tx.agenda.next_due("p") == later(10**6)


def one_look(store: Store) -> None:
    """Read what deciding about one incident needs."""
    with store.reading() as tx:
        assert tx.memory.incident("p", "INC7") == incident("INC7")
        assert tx.dossiers.get("p", "INC7") is not None
        assert len(tx.memory.notes("p", "incident", "INC7")) == 1
        assert tx.journal.open_effects("p", "INC7") == ()
        assert tx.journal.done_keys("p", "INC7") == {"INC7/note"}
        assert tx.links.incidents_of_ticket("p", "7") == ("INC7",)
        assert tx.memory.ticket_of_key("p", "PAY-7") is not None


@contextmanager
def listening(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Give the statements that the block sends to the database."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)


def scans(store: Store, statement: str, parameters: Any) -> list[str]:
    """Return the steps of a statement's plan that read a whole table or index of ours."""
    given = parameters[0] if isinstance(parameters, list) else parameters
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        steps = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
    return [step for step in steps if step.startswith("SCAN") and step.split()[1] in METADATA.tables]


@pytest.fixture(scope="module")
def few_and_many() -> Iterator[tuple[Store, Store]]:
    """Give a state with 100 links and one with 10,000."""
    with Store.open("sqlite://", exclusive=True) as few, Store.open("sqlite://", exclusive=True) as many:
        filled(few, 100)
        filled(many, 10_000)
        yield few, many


@pytest.mark.parametrize("work", [idle_cycle, one_look])
def test_the_statements_do_not_grow_with_the_links(few_and_many: tuple[Store, Store], work: Any) -> None:
    """Ten thousand links take the very statements that a hundred take."""
    heard = []
    for store in few_and_many:
        with listening(store) as statements:
            work(store)
        heard.append([statement for statement, _ in statements])
    assert heard[0] == heard[1]
    assert len(heard[0]) <= 20


@pytest.mark.parametrize("work", [idle_cycle, one_look])
def test_no_statement_reads_a_whole_table(few_and_many: tuple[Store, Store], work: Any) -> None:
    """Every statement of a cycle finds its rows through an index."""
    _, many = few_and_many
    with listening(many) as statements:
        work(many)
    found = {statement: scans(many, statement, parameters) for statement, parameters in statements}
    assert {statement: steps for statement, steps in found.items() if steps} == {}
    assert found
