"""What was last seen: real changes are told from noise, and an old look never hides a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model.incident import Incident
from bridge.model.ticket import Ticket, Version
from bridge.state.memory import Memory
from bridge.state.store import Store
from tests.state.state_samples import NOW, incident, later, note, of, ticket


def see(store: Store, what: Callable[[Memory], Any]) -> Any:
    """Do something with the memory in a transaction of its own."""
    with store.transaction() as tx:
        return what(tx.memory)


def test_an_incident_is_new_once(store: Store) -> None:
    """The first look counts as a change and makes the incident watched, the same look again does not."""
    assert see(store, lambda memory: memory.see_incident("p", incident(), NOW)) is True
    assert see(store, lambda memory: memory.see_incident("p", incident(), later(9))) is False
    with store.reading() as tx:
        assert tx.memory.watched("p", ["INC1", "INC2"]) == {"INC1"}
        assert tx.memory.watched("q", ["INC1"]) == frozenset()
        assert tx.memory.incident("p", "INC1") == incident()
        assert tx.memory.incident("p", "INC2") is None


def test_who_touched_an_incident_when_is_kept_but_is_no_change(store: Store) -> None:
    """A save without a difference moves only the time stamps."""
    touched = incident(modified_at=later(5), modified_by="rule engine")
    see(store, lambda memory: memory.see_incident("p", incident(), NOW))
    assert see(store, lambda memory: memory.see_incident("p", touched, NOW)) is False
    with store.reading() as tx:
        assert tx.memory.incident("p", "INC1") == touched


@pytest.mark.parametrize(
    "changed", [{"status": "Resolved"}, {"ticket_field": "PAY-1"}, {"fields": (("Site", "Ghent"),)}]
)
def test_any_other_difference_of_an_incident_is_a_change(store: Store, changed: dict[str, Any]) -> None:
    """A different value counts even where the modification time is the same second."""
    see(store, lambda memory: memory.see_incident("p", incident(), NOW))
    assert see(store, lambda memory: memory.see_incident("p", incident(**changed), NOW)) is True


def test_a_ticket_changes_by_its_content_only(store: Store) -> None:
    """A newer update time alone is no change, a released version is one without any newer time."""
    planned = ticket(fix_versions=(Version(id="1", name="1.0"),))
    released = ticket(fix_versions=(Version(id="1", name="1.0", released=True),), updated_at=later(3))
    assert see(store, lambda memory: memory.see_ticket("p", planned, NOW)) is True
    assert (
        see(store, lambda memory: memory.see_ticket("p", replace(planned, updated_at=later(3)), NOW)) is False
    )
    assert see(store, lambda memory: memory.see_ticket("p", released, NOW)) is True


def test_an_older_look_is_ignored(store: Store) -> None:
    """A lagging search index cannot undo what was read by id."""
    fresh, stale = ticket(status="Done", updated_at=later(60)), ticket(status="Open")
    see(store, lambda memory: memory.see_ticket("p", fresh, NOW))
    assert see(store, lambda memory: memory.see_ticket("p", stale, later(90))) is False
    assert see(store, lambda memory: memory.see_tickets("p", [fresh, stale], NOW)) == frozenset()
    with store.reading() as tx:
        assert tx.memory.ticket("p", "10001") == fresh


def test_a_note_is_new_once_and_changes_by_its_text(store: Store) -> None:
    """A note counts when it is new or its text was edited; what else became known of it is kept."""
    named = note(author_name="Ann")
    assert see(store, lambda memory: memory.see_note("p", "incident", note(), NOW)) is True
    assert see(store, lambda memory: memory.see_note("p", "incident", named, NOW)) is False
    edited = replace(named, text="Hello again")
    assert see(store, lambda memory: memory.see_note("p", "incident", edited, NOW)) is True
    with store.reading() as tx:
        assert tx.memory.notes("p", "incident", "INC1") == (edited,)


def test_the_two_sides_may_use_the_same_note_id(store: Store) -> None:
    """A comment and a work info with one id are two notes."""
    comment = note(parent="10001", text="from Jira")
    see(store, lambda memory: memory.see_note("p", "incident", note(), NOW))
    assert see(store, lambda memory: memory.see_note("p", "ticket", comment, NOW)) is True
    with store.reading() as tx:
        assert tx.memory.notes("p", "incident", "INC1") == (note(),)
        assert tx.memory.notes("p", "ticket", "10001") == (comment,)


def test_notes_come_oldest_first(store: Store) -> None:
    """Notes are in the order of their moments, then of their ids."""
    notes = [note("3", at=later(1)), note("1", at=later(2)), note("2", at=later(1))]
    see(store, lambda memory: memory.see_notes("p", "incident", notes, NOW))
    with store.reading() as tx:
        assert [found.id for found in tx.memory.notes("p", "incident", "INC1")] == ["2", "3", "1"]


def test_thousands_of_looks_at_once(store: Store) -> None:
    """A large poll tells exactly the changed ones, whatever the limits of the database."""
    first = [ticket(str(number)) for number in range(3_000)]
    second = [replace(one, status="Done") if int(one.id) % 7 == 0 else one for one in first]
    assert see(store, lambda memory: memory.see_tickets("p", first, NOW)) == {one.id for one in first}
    changed = see(store, lambda memory: memory.see_tickets("p", second, NOW))
    assert changed == {one.id for one in first if int(one.id) % 7 == 0}
    with store.reading() as tx:
        assert len(tx.memory.tickets("p", [one.id for one in first])) == len(first)
        assert len(tx.memory.watched("p", [f"INC{number}" for number in range(40_000)])) == 0


def test_a_ticket_is_found_by_the_key_that_it_bears_now(store: Store) -> None:
    """After a move to another project only the new key leads to the ticket."""
    moved = ticket(key="OPS-9", project="OPS", updated_at=later(1))
    see(store, lambda memory: memory.see_tickets("p", [ticket(), ticket("2")], NOW))
    see(store, lambda memory: memory.see_ticket("p", moved, NOW))
    with store.reading() as tx:
        assert tx.memory.ticket_of_key("p", "OPS-9") == moved
        assert tx.memory.ticket_of_key("p", "PAY-10001") is None


@settings(max_examples=40, deadline=None)
@given(st.lists(of(Incident), max_size=4), of(Ticket))
def test_whatever_was_seen_is_given_back(incidents: list[Incident], one: Ticket) -> None:
    """Any content survives the database, not only the codec."""
    with Store.open("sqlite://", exclusive=True) as store:
        with store.transaction() as tx:
            tx.memory.see_incidents("p", incidents, NOW)
            tx.memory.see_ticket("p", one, NOW)
        with store.reading() as tx:
            for look in incidents:
                kept = tx.memory.incident("p", look.number)
                assert kept in incidents
                assert kept is not None
                assert kept.modified_at >= look.modified_at
            assert tx.memory.tickets("p", [one.id]) == {one.id: one}
