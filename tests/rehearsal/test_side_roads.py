"""The side roads of a replay: dealt evenly, all taken, and every promise on them can be broken."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.rehearsal.promises import ANSWERS, Promises
from bridge.rehearsal.replay import replay
from bridge.rehearsal.schedule import Diary, What
from bridge.rehearsal.side_roads import AT_ONCE, ENOUGH_HAND_OVERS, ROADS, SCRIPT, TABLE, Deck, Road
from bridge.rehearsal.witness import Witness
from bridge.rehearsal.world import DESK_ACCOUNT, Flavour
from tests.flow.scene import Scene, a_scene
from tests.rehearsal.small_log import many_hand_overs, write_issues, write_log

#: One deck: half of the hand-overs take a side road.
ONE_DECK = 2 * (len(ROADS) + AT_ONCE - 1)


def dealt(seed: int, count: int) -> list[Road | None]:
    """The first cards of a deck."""
    deck = Deck(seed)
    return [deck.deal() for _ in range(count)]


def broken(scene: Scene, diary: Diary) -> dict[str, int]:
    """Every promise that was broken, and how often."""
    promises = Promises(witness=Witness(world=scene.world, diary=diary, projects=("FRONT",)))
    return {finding.name: finding.count for finding in promises.findings() if finding.count}


def an_hour_on(scene: Scene) -> None:
    """Let an hour pass in which the bridge does not look."""
    scene.world.clock.advance(timedelta(hours=1))


def the_bridge_writes(scene: Scene, number: str, cause: str, text: str = "Something is told.") -> None:
    """A note with a mark of the bridge's stands in the incident."""
    scene.writes(number, f"{text}\n(bridge:retail/{number}/{cause})", by=DESK_ACCOUNT)


def test_a_deck_deals_every_road_once_and_the_straight_one_as_often() -> None:
    """Among the hand-overs of one deck is every side road, the script's as often as it needs, and as many straight."""
    counted = Counter(dealt(7, ONE_DECK))
    assert counted.pop(None) == ONE_DECK // 2
    assert counted.pop(SCRIPT) == AT_ONCE
    assert counted == dict.fromkeys(set(ROADS) - {SCRIPT}, 1)


def test_the_same_seed_deals_the_same() -> None:
    """The order of the roads hangs on the seed alone."""
    assert dealt(3, 100) == dealt(3, 100)
    assert dealt(3, 100) != dealt(4, 100)


def test_a_card_that_was_taken_back_is_dealt_again() -> None:
    """A road that could not be taken now comes up once more in the same deck."""
    deck = Deck(1)
    first = next(card for card in (deck.deal() for _ in range(ONE_DECK)) if card is not None)
    deck.take_back(first)
    rest = [deck.deal() for _ in range(ONE_DECK)]
    assert first in rest


@pytest.mark.promise("held")
@pytest.mark.deep
@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_every_side_road_is_taken_and_keeps_its_promise(tmp_path: Path, flavour: Flavour) -> None:
    """One deck of hand-overs takes every side road, each is counted in the table, and all zeros hold."""
    log = write_log(tmp_path / "log.csv", many_hand_overs(ONE_DECK))
    report = replay(log, write_issues(tmp_path / "issues.jsonl"), flavour=flavour)
    assert [(zero.name, zero.count, zero.examples) for zero in report.zeros if zero.count] == []
    taken = {line.name: line.value for line in report.lines if line.section == "side roads"}
    assert list(taken) == list(TABLE)
    assert [road for road, count in taken.items() if count == "0"] == []
    assert int(taken[SCRIPT]) == AT_ONCE
    assert report.surprises == ()


def test_a_road_that_nobody_took_is_a_finding_in_a_large_log_only() -> None:
    """From three decks on a road without a taker is found; a smaller log says nothing."""
    diary = Diary()
    scene = a_scene()
    diary.takes(scene.world.clock(), "INC1", ROADS[0])
    promises = Promises(witness=Witness(world=scene.world, diary=diary, projects=("FRONT",)))
    assert promises.never_taken(ENOUGH_HAND_OVERS - 1).count == 0
    assert promises.never_taken(ENOUGH_HAND_OVERS).count == len(TABLE) - 1


@pytest.mark.parametrize(
    ("road", "promise"),
    [
        *((road, "answers not given exactly once") for road in ANSWERS),
        ("a second incident on one ticket", "tickets of several incidents without their one board"),
        ("a question that nobody answers in time", "questions without their reminders"),
        ("a fix that failed, with a screenshot", "files of answers not carried exactly once"),
        ("closed early by a person", "early closings of which a ticket was not told"),
        ("closed early by the desk", "early closings of which a ticket was not told"),
        ("closed early by a script", "early closings of which a ticket was not told"),
        ("a queue moved by a person", "moved queues not noted, or not respected"),
        ("a queue that became empty", "empty queues that stayed empty"),
        ("resolved without a cause: asked for", "causes not asked for"),
        ("resolved without a cause: put back", "causes not asked for"),
        (
            "a field changed on both sides: the incident's wins",
            "fields changed on both sides, and nobody told",
        ),
        (
            "a field changed on both sides: the last writer wins",
            "fields changed on both sides, and nobody told",
        ),
        ("a field changed on both sides: a person is asked", "fields changed on both sides, and nobody told"),
    ],
)
def test_a_road_without_what_it_promises_is_found(road: Road, promise: str) -> None:
    """Whoever took a road and finds nothing of what is promised on it is one finding, of this promise only."""
    scene = a_scene()
    number, key = scene.linked()
    diary = Diary()
    an_hour_on(scene)
    diary.takes(scene.world.clock(), number, road, key)
    an_hour_on(scene)
    assert broken(scene, diary) == {promise: 1}


@pytest.mark.parametrize(
    ("what", "detail", "promise"),
    [
        ("workaround", "", "workarounds not told exactly once"),
        ("deployed", "CRQ000000000001", "deployments by a change that is not named"),
        ("duplicate", "FRONT-2", "duplicates not followed"),
        ("returned", "", "returns of third line not told exactly once"),
    ],
)
def test_a_deed_that_nobody_reads_of_is_found(what: What, detail: str, promise: str) -> None:
    """What happened to a held incident's ticket and is not told in the incident is one finding."""
    scene = a_scene()
    number, key = scene.linked()
    scene.world.tracker.people.creates("FRONT", "The original", by="dev.ana")
    diary = Diary()
    an_hour_on(scene)
    diary.note(scene.world.clock(), number, what, key, detail)
    an_hour_on(scene)
    assert broken(scene, diary) == {promise: 1}


def test_a_deed_after_the_hold_promises_nothing() -> None:
    """A workaround that came after the hold was ended is nobody's to tell."""
    scene = a_scene()
    number, key = scene.linked()
    diary = Diary()
    an_hour_on(scene)
    diary.note(scene.world.clock(), number, "released", key)
    an_hour_on(scene)
    diary.note(scene.world.clock(), number, "workaround", key)
    an_hour_on(scene)
    assert broken(scene, diary) == {}


def test_a_workaround_that_was_told_twice_is_found() -> None:
    """Once is the promise: two notes of one workaround are a finding, one is none."""
    scene = a_scene()
    number, key = scene.linked()
    diary = Diary()
    an_hour_on(scene)
    diary.note(scene.world.clock(), number, "workaround", key)
    an_hour_on(scene)
    the_bridge_writes(scene, number, "told/workaround/10001/aa")
    assert broken(scene, diary) == {}
    the_bridge_writes(scene, number, "told/workaround/10001/ab")
    assert broken(scene, diary) == {"workarounds not told exactly once": 1}


def test_a_put_back_of_what_a_workaround_freed_is_found() -> None:
    """Nobody who resolved by a workaround finds the incident open again."""
    scene = a_scene()
    number, key = scene.linked()
    diary = Diary()
    an_hour_on(scene)
    diary.takes(scene.world.clock(), number, "resolved by a workaround", key)
    assert broken(scene, diary) == {}
    scene.resolves(number)
    scene.settle()
    assert broken(scene, diary) == {"put back although resolved by a workaround": 1}


@pytest.mark.parametrize(("hours", "count", "findings"), [(47, 1, 1), (49, 1, 0), (49, 2, 1), (200, 3, 1)])
def test_a_reminder_has_its_time_and_its_number(hours: int, count: int, findings: int) -> None:
    """The first reminder comes two days after the question, the second after four, and there is no third."""
    scene = a_scene()
    number, _ = scene.linked()
    the_bridge_writes(scene, number, "told/verify/1")
    scene.world.clock.advance(timedelta(hours=hours))
    the_bridge_writes(scene, number, f"told/remind/1/{count}")
    found = broken(scene, Diary())
    assert found.get("reminders before their time, or too many", 0) == findings
    assert sum(found.values()) == findings


def test_a_question_without_its_proposal_is_found() -> None:
    """Where a ticket's component tells a likely cause, the question names the ticket and the cause."""
    scene = a_scene()
    number, key = scene.linked()
    diary = Diary()
    an_hour_on(scene)
    diary.takes(scene.world.clock(), number, "a cause proposed by a component", key)
    the_bridge_writes(scene, number, "told/verify/1", f"{key} is there.\nSet it to one of: code 1, code 2.")
    assert broken(scene, diary) == {"causes not proposed": 1}
    proposing = f"{key} is there.\nSet it to one of: code 1, code 2. {key} suggests code 1."
    the_bridge_writes(scene, number, "told/verify/2", proposing)
    assert broken(scene, diary) == {}


def test_a_move_that_was_undone_is_found() -> None:
    """A queue that somebody chose is noted by name, and never changed back by the bridge."""
    scene = a_scene()
    number, key = scene.linked()
    diary = Diary()
    an_hour_on(scene)
    diary.takes(scene.world.clock(), number, "a queue moved by a person", key)
    scene.world.desk.people.reassigns(number, "Back Office", "zoe", by="ann")
    scene.settle()
    assert broken(scene, diary) == {}
    scene.world.desk.people.reassigns(number, "Frontline Retail", "ann", by=DESK_ACCOUNT)
    assert broken(scene, diary) == {"moved queues not noted, or not respected": 1}


def test_a_second_incident_is_linked_by_the_tickets_own_word() -> None:
    """An incident that joined a ticket counts as linked once the ticket shows it, from then on with its notes."""
    scene = a_scene()
    _, key = scene.linked()
    second = scene.opens()
    scene.writes(second, "This is told at home only.")
    diary = Diary()
    an_hour_on(scene)
    scene.world.desk.people.sets(second, {"Vendor Ticket Number": key}, by="ann")
    diary.note(scene.world.clock(), second, "adopted", key)
    seen = Witness(world=scene.world, diary=diary, projects=("FRONT",))
    assert second not in seen.tickets
    scene.settle()
    linked = Witness(world=scene.world, diary=diary, projects=("FRONT",))
    assert linked.tickets[second] == [key]
    assert (linked.lost_notes().count, linked.duplicate_tickets().count) == (0, 0)
    assert "at home only" not in "".join(scene.comments(key))
    an_hour_on(scene)
    scene.writes(second, "And one more customer.")
    assert linked.lost_notes().count == 1
