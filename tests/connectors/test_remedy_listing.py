"""Walking through everything since a moment: full pages, moving records, servers that cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model.errors import Refused, Unreachable
from bridge.model.incident import Incident
from bridge.simulators.remedy import RemedySettings
from bridge.simulators.wire import Response
from tests.connectors.remedy_world import DAWN, World, numbers, reads

pytestmark = pytest.mark.promise("no missed change")

QUIET = RemedySettings(second_bump=False, auto_close=None)


def world_of(seconds: list[int], **settings: int) -> World:
    """Return a world with one incident opened at each of these seconds after dawn."""
    world = World(settings=replace(QUIET, **settings))
    for second in sorted(seconds):
        world.clock.now = DAWN + timedelta(seconds=second)
        world.opens()
    return world


def modified_since(world: World, moment: object) -> list[str]:
    """Return the numbers of what was modified since, the oldest incident first."""
    people = world.people
    return [one for one in people.numbers() if people.incident(one)["Last Modified Date"] >= moment]


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.lists(st.integers(0, 3), max_size=12),
    since=st.integers(0, 3),
    size=st.integers(1, 5),
    maximum=st.integers(1, 4),
)
def test_every_record_comes_once_and_in_order(
    seconds: list[int], since: int, size: int, maximum: int
) -> None:
    """However small a page and the server's own maximum, nothing is lost or doubled."""
    world = world_of(seconds, maximum_rows=maximum)
    moment = DAWN + timedelta(seconds=since)
    found = list(world.desk(page_size=size).incidents_since(moment))
    assert numbers(found) == modified_since(world, moment)
    assert [one.modified_at for one in found] == sorted(one.modified_at for one in found)


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.lists(st.integers(0, 2), min_size=1, max_size=10),
    size=st.integers(1, 4),
    moves=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=8),
)
def test_records_that_move_meanwhile_still_come_once(
    seconds: list[int], size: int, moves: list[tuple[int, int, bool]]
) -> None:
    """People who write while the list is read neither hide a record nor show it twice."""
    world = world_of(seconds)
    everyone = world.people.numbers()
    walk = world.desk(page_size=size).incidents_since(DAWN)
    found: list[str] = []
    for step, incident in enumerate(walk):
        found.append(incident.number)
        for _, which, later in (move for move in moves if move[0] == step):
            world.clock.sleep(int(later))
            world.people.sets(everyone[which % len(everyone)], {"Priority Weight": step}, by="ann")
    assert Counter(found) == Counter(modified_since(world, DAWN))


def slowly(walk: Iterator[Incident], world: World) -> dict[str, Incident]:
    """Read at 45 s an incident in a busy desk, while the first one changes once more."""
    known: dict[str, Incident] = {}
    for incident in walk:
        known[incident.number] = incident
        world.clock.sleep(45)
        if len(known) == 2:
            world.people.sets(next(iter(known)), {"Description": "news"}, by="ann")
        elif len(known) < 12:
            world.opens()
    return known


def test_a_long_walk_never_outruns_a_change() -> None:
    """However long a walk takes, going on from its newest moment shows the newest state of everything."""
    world = world_of([0, 1, 2, 3])
    desk = world.desk(page_size=1)
    known = slowly(desk.incidents_since(DAWN), world)
    newest = max(one.modified_at for one in known.values())
    known |= {one.number: one for one in desk.incidents_since(newest)}
    assert sorted(known) == world.people.numbers()
    assert known[world.people.numbers()[0]].summary == "news"


def test_notes_are_walked_the_same_way() -> None:
    """A busy second of work infos comes completely, each once."""
    world = World(settings=replace(QUIET, maximum_rows=2))
    number = world.opens()
    written = [world.people.writes(number, f"note {count}", by="ann") for count in range(7)]
    found = [note.id for note in world.desk(page_size=3).notes_since(DAWN)]
    assert found == sorted(written)


def test_a_note_that_was_edited_comes_again() -> None:
    """A work info modified since the moment is shown although it was submitted earlier."""
    world = World(settings=QUIET)
    number = world.opens()
    note = world.people.writes(number, "first", by="ann")
    world.clock.sleep(60)
    moment = world.clock.now
    world.people.edits_note(note, "second", by="ann")
    assert [one.text for one in world.desk().notes_since(moment)] == ["second"]


def test_lists_by_number_survive_the_servers_maximum() -> None:
    """Reading by number is complete where the server sends fewer rows than asked for."""
    world = world_of([0] * 7, maximum_rows=2)
    wanted = world.people.numbers()
    notes = [world.people.writes(wanted[0], str(count), by="ann") for count in range(5)]
    desk = world.desk()
    assert numbers(desk.incidents(wanted)) == wanted
    assert [note.id for note in desk.notes(wanted[0])] == notes


def test_more_numbers_than_one_request_holds() -> None:
    """A hundred numbers are asked for in pieces that fit into an address; unknown ones are left out."""
    world = world_of([0] * 120)
    wanted = world.people.numbers()
    assert numbers(world.desk().incidents([*wanted, "INC999999999999", wanted[0]])) == wanted


@pytest.mark.parametrize(
    "body", [{}, {"entries": None}, {"entries": []}, {"entries": [], "numMatches": None}]
)
def test_missing_entries_are_an_empty_list(body: dict[str, object]) -> None:
    """An answer without entries shows nothing and is no error."""
    world = World()
    world.opens()
    world.fault("answer_before", reads("HPD"), times=None, answer=Response.of_json(200, body))
    assert list(world.desk().incidents_since(DAWN)) == []


def test_a_hidden_date_is_refused_and_named() -> None:
    """Where the account may not see the date, the walk says so instead of seeing nothing for ever."""
    world = World()
    entries = {"entries": [{"values": {"Incident Number": "INC1", "Last Modified Date": None}}]}
    world.fault("answer_before", reads("HPD"), times=None, answer=Response.of_json(200, entries))
    with pytest.raises(Refused) as caught:
        list(world.desk().incidents_since(DAWN))
    assert "Last Modified Date" in caught.value.what


def test_a_list_out_of_order_is_not_believed() -> None:
    """A server that ignores the order asked for cannot send the walk round in circles."""
    world = World()
    stamp = {"Last Modified Date": "2020-01-01T00:00:00.000+0000"}
    entries = {"entries": [{"values": {"Incident Number": "INC1", **stamp}}]}
    world.fault("answer_before", reads("HPD"), times=None, answer=Response.of_json(200, entries))
    with pytest.raises(Unreachable):
        list(world.desk(page_size=1).incidents_since(DAWN))
