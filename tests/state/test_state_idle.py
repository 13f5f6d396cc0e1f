"""An idle cycle costs the same whether there are few links or many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bridge.state.store import Store, Transaction
from tests.state.state_samples import NOW, action, dossier, incident, later, link, note, ticket


def filled(store: Store, links: int) -> None:
    """Fill a state with linked incidents, of which some are held, their tickets, notes and done effects."""
    numbers = range(links)
    with store.transaction() as tx:
        tx.memory.see_incidents("p", (incident(f"INC{number}") for number in numbers), NOW)
        tx.memory.see_tickets("p", (ticket(str(n), project=f"P{n % 5}") for n in numbers), NOW)
        tx.memory.see_notes("p", "incident", (note(str(n), parent=f"INC{n}") for n in numbers), NOW)
        for number in numbers:
            kept = dossier(f"INC{number}", link(str(number)), ending="" if number < 300 else "verified")
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
        assert tx.journal.outcomes("p", "INC7").done == {"INC7/note"}
        assert tx.links.incidents_of_ticket("p", "7") == ("INC7",)
        assert tx.memory.ticket_of_key("p", "PAY-7") is not None


@contextmanager
def listening(store: Store) -> Iterator[list[str]]:
    """Give the statements that the block sends to the database."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)


@contextmanager
def working(store: Store) -> Iterator[list[int]]:
    """Give the steps of the database's virtual machine that the block takes: what is read, not how fast."""
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
    raw.set_progress_handler(step, 1)
    try:
        yield steps
    finally:
        raw.set_progress_handler(None, 1)


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[int, Store]]:
    """Give states by how many links they hold."""
    opened = {links: Store.open("sqlite://", exclusive=True) for links in (100, 1_000, 10_000)}
    for links, store in opened.items():
        filled(store, links)
    yield opened
    for store in opened.values():
        store.close()


def one_page(store: Store) -> None:
    """Read the first few of each thing that is gone through in pages."""
    with store.reading() as tx:
        listed = (
            tx.dossiers.each("p"),
            tx.dossiers.each("p", held=True),
            tx.dossiers.each("p", held=True, stage="linked"),
            tx.links.linked_tickets("p"),
            tx.links.tickets_of_project("p", "P1"),
        )
        assert all(next(one) for one in listed)


@pytest.mark.parametrize("work", [idle_cycle, one_look])
def test_the_statements_do_not_grow_with_the_links(stores: dict[int, Store], work: Any) -> None:
    """Ten thousand links take the very statements that a hundred take."""
    heard = {}
    for links, store in stores.items():
        with listening(store) as statements:
            work(store)
        heard[links] = list(statements)
    assert heard[100] == heard[1_000] == heard[10_000]
    assert 0 < len(heard[100]) <= 20


@pytest.mark.parametrize("work", [idle_cycle, one_look, one_page])
def test_the_rows_read_do_not_grow_with_the_links(stores: dict[int, Store], work: Any) -> None:
    """Every statement finds its rows through an index and reads no others: the same work at any size."""
    taken = []
    for store in (stores[1_000], stores[10_000]):
        work(store)
        with working(store) as steps:
            work(store)
        taken.append(steps[0])
    assert taken[0] > 100
    assert taken[1] < 1.2 * taken[0]
