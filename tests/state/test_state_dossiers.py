"""Dossiers and the index of their links."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

from bridge.model.dossier import Dossier
from bridge.state.store import Store
from tests.state.state_samples import NOW, dossier, later, link, ticket


def save(store: Store, *dossiers: Dossier, stage: str = "linked", pair: str = "p") -> None:
    """Save dossiers at a stage."""
    with store.transaction() as tx:
        for one in dossiers:
            tx.dossiers.save(pair, one, stage=stage, look_again_at=None, at=NOW)


def test_a_dossier_comes_back(store: Store) -> None:
    """A saved dossier is given back with its stage and times; a pair never sees another's."""
    with store.transaction() as tx:
        tx.dossiers.save("p", dossier("INC1", link()), stage="fixed", look_again_at=later(60), at=NOW)
    with store.reading() as tx:
        assert tx.dossiers.get("p", "INC1") == dossier("INC1", link())
        assert tx.dossiers.get("q", "INC1") is None
        kept = tx.dossiers.remembered("p", "INC1")
    assert kept is not None
    assert (kept.stage, kept.updated_at, kept.look_again_at) == ("fixed", NOW, later(60))


def test_links_follow_the_dossier(store: Store) -> None:
    """Added, followed and removed tickets are found, and no longer found, by their incident."""
    save(store, dossier("INC1", link("1"), link("2", follows=("9",))), dossier("INC2", link("2")))
    with store.reading() as tx:
        assert tx.links.incidents_of_ticket("p", "2") == ("INC1", "INC2")
        assert tx.links.incidents_of_ticket("p", "9") == ("INC1",)
        assert tx.links.linked_among("p", ["1", "3", "9"]) == {"1", "9"}
    save(store, dossier("INC1", link("3")))
    with store.reading() as tx:
        assert tx.links.incidents_of_ticket("p", "1") == ()
        assert tx.links.incidents_of_tickets("p", ["2", "3", "9"]) == {"2": ("INC2",), "3": ("INC1",)}
        assert tuple(tx.links.linked_tickets("p")) == ("2", "3")
        assert tuple(tx.links.linked_tickets("q")) == ()


def test_a_ticket_that_is_linked_and_followed_counts_as_linked(store: Store) -> None:
    """A duplicate's target that is linked itself has one row."""
    save(store, dossier("INC1", link("1", follows=("2",)), link("2")))
    with store.reading() as tx:
        assert tx.links.incidents_of_ticket("p", "2") == ("INC1",)


def test_projects_are_those_of_linked_tickets(store: Store) -> None:
    """A project counts when a linked ticket of it was seen, also where other tickets of it are not linked."""
    with store.transaction() as tx:
        seen = [
            ticket("1"),
            ticket("2", project="OPS"),
            ticket("3", project="WEB"),
            ticket("4", project="OPS"),
        ]
        tx.memory.see_tickets("p", seen, NOW)
        tx.memory.see_ticket("q", ticket("1", project="ZZZ"), NOW)
    save(store, dossier("INC1", link("1"), link("4")))
    with store.reading() as tx:
        assert tx.links.projects("p") == ("OPS", "PAY")
        assert tx.links.projects("nobody") == ()


def test_tickets_of_a_project(store: Store) -> None:
    """The tickets of a project are all seen ones, or only those whose incidents are held."""
    with store.transaction() as tx:
        tx.memory.see_tickets("p", [ticket(str(number)) for number in range(3)], NOW)
    save(store, dossier("INC1", link("1")), dossier("INC2", link("2"), ending="verified"), stage="fixed")
    with store.reading() as tx:
        assert [one.id for one in tx.links.tickets_of_project("p", "PAY")] == ["0", "1", "2"]
        assert [one.id for one in tx.links.tickets_of_project("p", "PAY", held=True)] == ["1"]
        assert tx.links.projects_at("p", "fixed") == ("PAY",)
        assert tx.links.projects_at("p", "linked") == ()


def test_held_and_ended_dossiers_are_told_apart(store: Store) -> None:
    """Listing can be narrowed to held ones, to the others, and to a stage."""
    save(store, dossier("INC1", link("1")), dossier("INC2"), dossier("INC3", link("3"), ending="verified"))
    save(store, dossier("INC4", link("4")), stage="fixed")
    with store.reading() as tx:
        listed = {
            held: [one.dossier.incident for one in tx.dossiers.each("p", held=held)]
            for held in (True, False, None)
        }
        assert listed[True] == ["INC1", "INC4"]
        assert listed[False] == ["INC2", "INC3"]
        assert listed[None] == ["INC1", "INC2", "INC3", "INC4"]
        assert [one.dossier.incident for one in tx.dossiers.each("p", stage="fixed")] == ["INC4"]
        assert tx.dossiers.held_by_stage("p") == {"linked": 1, "fixed": 1}


def test_the_longest_held_is_known(store: Store) -> None:
    """The oldest link of what is held counts; of another pair, or of what is held no more, it does not."""
    save(store, dossier("INC1", link("1", linked_at=later(-60), follows=("9",)), link("2")))
    save(store, dossier("INC2", link("2", linked_at=later(-30))))
    save(store, dossier("INC3", link("3", linked_at=later(-900)), ending="verified"), dossier("INC4"))
    save(store, dossier("INC1", link("1", linked_at=later(-5000))), pair="q")
    with store.reading() as tx:
        assert [tx.dossiers.held_since(pair) for pair in ("p", "q", "r")] == [later(-60), later(-5000), None]


def test_a_dossier_may_be_saved_while_they_are_listed(store: Store) -> None:
    """Going through all dossiers and changing each of them visits each once."""
    everyone = [dossier(f"INC{number:04}", link(str(number))) for number in range(450)]
    save(store, *everyone)
    with store.transaction() as tx:
        visited = []
        for one in tx.dossiers.each("p"):
            visited.append(one.dossier.incident)
            changed = replace(one.dossier, queue="Second line")
            tx.dossiers.save("p", changed, stage="linked", look_again_at=None, at=later(1))
    assert visited == [one.incident for one in everyone]


def test_listing_keeps_memory_flat(store: Store) -> None:
    """Ten times the dossiers do not take ten times the memory to go through."""
    save(store, *(dossier(f"INC{number:05}", link(str(number))) for number in range(400)))
    small = _peak(store)
    save(store, *(dossier(f"INC{number:05}", link(str(number))) for number in range(400, 4_000)))
    assert _peak(store) < 2 * small


def _peak(store: Store) -> int:
    with store.reading() as tx:
        sum(1 for _ in tx.dossiers.each("p"))
        tracemalloc.start()
        sum(1 for _ in tx.dossiers.each("p"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak
