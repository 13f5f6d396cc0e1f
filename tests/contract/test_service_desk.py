"""What every service desk connector promises, tried on each of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.model.errors import Gone, LostCredentials, Refused
from bridge.model.incident import Incident
from bridge.model.note import mark
from tests.contract.desk_worlds import GROUP, LOGIN, WORLDS, DeskWorld


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    """Every world in turn."""
    with WORLDS[request.param]() as one:
        yield one


def read(world: DeskWorld, number: str) -> Incident:
    """Read one incident afresh."""
    (incident,) = world.desk.incidents([number])
    return incident


def test_incidents_since_a_moment_come_oldest_first_each_once(world: DeskWorld) -> None:
    """The poll shows everything modified at or after the moment and nothing older."""
    old = world.opens("old")
    world.clock.pass_(10)
    moment = world.clock.now
    several = [world.opens(f"at once {count}") for count in range(7)]
    world.clock.pass_(1)
    world.changes(several[0], "changed")
    found = [incident.number for incident in world.desk.incidents_since(moment)]
    assert found == [*several[1:], several[0]]
    assert old not in found


def test_nothing_new_is_an_empty_poll(world: DeskWorld) -> None:
    """A moment after the last change shows nothing."""
    number = world.opens("old")
    world.writes(number, "old")
    world.clock.pass_(10)
    assert list(world.desk.incidents_since(world.clock.now)) == []
    assert list(world.desk.notes_since(world.clock.now)) == []


def test_notes_of_all_incidents_since_a_moment(world: DeskWorld) -> None:
    """One poll shows the notes of every incident, with parent, author and access."""
    first, second = world.opens("one"), world.opens("two")
    world.writes(first, "before")
    world.clock.pass_(10)
    moment = world.clock.now
    ids = [world.writes(first, "inside"), world.writes(second, "outside", public=True)]
    found = list(world.desk.notes_since(moment))
    assert sorted(note.id for note in found) == sorted(ids)
    assert {(note.parent, note.text, note.internal) for note in found} == {
        (first, "inside", True),
        (second, "outside", False),
    }
    assert {(note.author, note.origin, note.at) for note in found} == {("ann", "person", moment)}


def test_incidents_are_read_by_number(world: DeskWorld) -> None:
    """Missing numbers are left out, and asking for none returns none."""
    numbers = [world.opens(str(count)) for count in range(5)]
    world.deletes(numbers[2])
    found = {incident.number for incident in world.desk.incidents([*numbers, "nothing"])}
    assert found == set(numbers) - {numbers[2]}
    assert list(world.desk.incidents([])) == []


def test_the_notes_of_one_incident_are_complete_and_in_order(world: DeskWorld) -> None:
    """More notes than a page holds come oldest first."""
    number, other = world.opens("one"), world.opens("two")
    world.writes(other, "elsewhere")
    for count in range(8):
        world.writes(number, f"note {count}")
        world.clock.pass_(count % 2)
    assert [note.text for note in world.desk.notes(number)] == [f"note {count}" for count in range(8)]
    assert dict(world.desk.notes_of([number, other, "nothing"])) == {
        number: world.desk.notes(number),
        other: world.desk.notes(other),
    }


def test_set_fields_can_be_read_back(world: DeskWorld) -> None:
    """Our own names and the desk's own set what they read, and an empty text clears."""
    number = world.opens("one")
    wanted = [("ticket_field", "SHOP-1"), ("Product Name", "Shop"), ("status", "Pending")]
    world.desk.set_incident(read(world, number), [*wanted, ("status_reason", "Client Hold")])
    now = read(world, number)
    assert [now.value(name) for name, _ in wanted] == ["SHOP-1", "Shop", "Pending"]
    world.desk.set_incident(now, [("ticket_field", "")])
    assert read(world, number).ticket_field == ""


def test_a_note_of_ours_is_found_by_its_mark(world: DeskWorld) -> None:
    """The receipt names the note, whose text comes back without the mark and is known as the bridge's."""
    number = world.opens("one")
    text = 'Fixed in "4.2" – grüße 🚀\n\nsecond line'
    receipt = world.desk.add_note(number, text, mark=mark("acme", "INC1/note/jira/7"), internal=True)
    (note,) = world.desk.notes(number)
    assert (note.id, note.text, note.mark) == (receipt.id, text, "INC1/note/jira/7")
    assert (note.origin, note.author, note.internal) == ("bridge", LOGIN, True)
    assert [one.id for one in world.desk.notes_since(note.at)] == [receipt.id]


def test_a_note_of_ours_can_be_rewritten(world: DeskWorld) -> None:
    """Rewriting changes the text and keeps mark and place."""
    number = world.opens("one")
    own = mark("acme", "INC1/living")
    receipt = world.desk.add_note(number, "first", mark=own, internal=True)
    world.desk.edit_note(receipt.id, "second", mark=own)
    assert [(note.id, note.text, note.mark) for note in world.desk.notes(number)] == [
        (receipt.id, "second", "INC1/living")
    ]


def test_a_note_that_is_not_there_is_gone(world: DeskWorld) -> None:
    """Rewriting a missing note is told apart from other refusals."""
    with pytest.raises(Gone):
        world.desk.edit_note("WLG000000009999", "text", mark=mark("acme", "x"))


def test_a_closed_incident_stays_as_it_is(world: DeskWorld) -> None:
    """What the desk does not allow is refused with its words, and nothing happened."""
    number = world.opens("one")
    world.closes(number)
    with pytest.raises(Refused) as caught:
        world.desk.set_incident(read(world, number), [("status", "Assigned")])
    assert caught.value.why
    assert read(world, number).status == "Closed"


def test_members_of_a_group(world: DeskWorld) -> None:
    """Members carry login and name; an unknown group is empty."""
    assert [(one.login, one.name) for one in world.desk.members(GROUP) or ()] == [("ann", "Ann Ruiz")]
    assert world.desk.members("Nobody's") == ()


def test_hidden_membership_is_not_an_empty_group(world: DeskWorld) -> None:
    """None says that nobody can tell."""
    world.hides_membership()
    assert world.desk.members(GROUP) is None


def test_lost_credentials_are_never_an_empty_poll(world: DeskWorld) -> None:
    """Reads and writes both fail loudly once the account is not recognised."""
    number = world.opens("one")
    incident = read(world, number)
    world.breaks_credentials()
    with pytest.raises(LostCredentials):
        list(world.desk.incidents_since(world.clock.now))
    with pytest.raises(LostCredentials):
        world.desk.set_incident(incident, [("ticket_field", "SHOP-1")])


def test_another_process_sees_the_same(world: DeskWorld) -> None:
    """Nothing is remembered that a restart would lose."""
    number = world.opens("one")
    world.desk.add_note(number, "text", mark=mark("acme", "x"), internal=True)
    again = world.second_desk()
    assert again.notes(number) == world.desk.notes(number)
    again.close()


def test_threads_may_share_a_desk(world: DeskWorld) -> None:
    """Several threads read and write at once and each gets its own answer."""
    numbers = [world.opens(str(count)) for count in range(8)]

    def work(number: str) -> tuple[str, str]:
        world.desk.add_note(number, f"for {number}", mark=mark("acme", number), internal=True)
        (note,) = world.desk.notes(number)
        return read(world, number).number, note.text

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, numbers)) == [(number, f"for {number}") for number in numbers]


def test_the_account_and_the_address(world: DeskWorld) -> None:
    """The login is known without asking, and an incident's address is built from the pattern."""
    assert world.desk.account == LOGIN
    assert world.desk.url_of("INC1") == "https://itsm.example.com/INC1"


def test_the_probe_finds_everything_in_order(world: DeskWorld) -> None:
    """On a good installation every finding is fine and nothing is written."""
    number = world.opens("one")
    world.writes(number, "note")
    before = (read(world, number), world.desk.notes(number))
    found = world.desk.probe()
    assert [one for one in found if one.verdict != "ok"] == []
    assert found
    assert (read(world, number), world.desk.notes(number)) == before


def test_closing_twice_is_harmless(world: DeskWorld) -> None:
    """Letting go never raises."""
    list(world.desk.incidents_since(world.clock.now))
    world.desk.close()
    world.desk.close()
    assert world.opens("afterwards") in {
        one.number for one in world.second_desk().incidents_since(world.clock.now)
    }
