"""The laws of the side roads, checked on a world at rest; each reads only what people did and what both worlds show.

Nothing here asks the planner, or what the bridge remembers beyond which links there are and which rule they have.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.model.incident import CLOSED, RESOLVED
from bridge.model.note import split_mark
from bridge.rehearsal.world import DESK_ACCOUNT
from bridge.simulators.remedy import ESCALATOR
from tests.property.laws import PUT_BACKS, Court
from tests.property.laws_fields import nobody_is_overruled_in_silence
from tests.property.town import Town

#: Who can ever belong to a queue that has an incident of ours, lead it, or install.
_ANSWERING = ("ann", "bob", "lena", "carl", "zoe")
_LEADS = ("lena",)
_INSTALLING = ("igor",)
_REMIND = {"retail-defects": timedelta(days=1), "outages": timedelta(days=2), "payments": timedelta(days=1)}
_QUESTIONS = (
    "Please check it with the customer",
    "development will not fix this",
    "No ticket is left that could bring a fix",
)
_ANSWERED = ("Verified by ", "reports that the fix does not work", " ended the hold")
#: A question that makes no sense any more is taken back, and the next one belongs to another round.
_TAKEN_BACK = ("was reopened before the fix was checked here", "was linked before the fix was checked here")
_MOVED = "This incident came from "
_REMINDER = re.compile(r"\(Reminder (\d+) of (\d+)")


@dataclass(frozen=True, kw_only=True)
class Word:
    """One note of the bridge in an incident, without its mark."""

    at: datetime
    text: str


def judge(town: Town) -> None:
    """Hold the two worlds against every law of the side roads."""
    court = Court.of(town)
    nobody_resolves_for_nothing(court)
    nobody_is_fought_for_long(court)
    one_ticket_a_request(court)
    milestones_once_a_round(court)
    nothing_twice_in_the_same_words(court)
    reminders_in_time(court)
    workarounds_once_a_text(court)
    files_once(court)
    nobody_is_overruled_in_silence(court)


def words_of(court: Court, number: str) -> list[Word]:
    """What the bridge says in an incident, oldest first, without the living note."""
    found = [
        Word(at=note["Submit Date"], text=split_mark(str(note["Detailed Description"] or ""))[0].strip())
        for note in court.town.world.desk.people.notes(number)
        if note["Submitter"] == DESK_ACCOUNT
    ]
    return [word for word in found if not word.text.startswith("LINKED FIX")]


def _heard(court: Court, number: str, *parts: str) -> list[Word]:
    """The notes of the bridge itself (not those that it carried) that contain one of these parts."""
    carried = re.compile(r"word\d+x")
    return [
        word
        for word in words_of(court, number)
        if any(part in carried.split(word.text)[0] for part in parts) or any(map(word.text.startswith, parts))
    ]


def _commands(court: Court, number: str, command: str, by: tuple[str, ...] | None = None) -> int:
    return sum(
        said.text.startswith(command) and (by is None or said.by in by)
        for said in court.town.ledger.said
        if said.place == number
    )


def nobody_resolves_for_nothing(court: Court) -> None:
    """A linked incident stands resolved by an answer, a decision, a workaround, a release, or as nobody may object."""
    for number, dossier in court.dossiers.items():
        if dossier.links and _stands_ended(court, number):
            assert any(_reasons(court, number)), f"{number} is {court.status(number)} for nothing: {dossier}"


def _stands_ended(court: Court, number: str) -> bool:
    """Resolved, or closed by the desk itself since it was; what a person closed nobody can reopen."""
    if court.status(number) == RESOLVED:
        return True
    last = court.town.world.desk.people.history(number)[-1]
    return court.status(number) == CLOSED and last.who == ESCALATOR


def _reasons(court: Court, number: str) -> Iterator[bool]:
    ledger, rule = court.town.ledger, court.dossiers[number].rule
    tickets = {place.name for link in court.dossiers[number].links for place in court.chain(link.ticket_id)}
    tickets |= {link.ticket_id for link in court.dossiers[number].links}
    yield _commands(court, number, "#verified", _ANSWERING) > 0
    yield _commands(court, number, "#release", _LEADS) > 0
    yield _cleared_by_a_lead(court, number)
    yield court.was_ended_by_people(number)
    yield number in ledger.unlinked or number in ledger.changed or number in ledger.poisoned
    yield any(said.text.startswith("#deployed") and said.by in _INSTALLING for said in ledger.said)
    yield bool(tickets & (ledger.deployed | ledger.declined | ledger.gone))
    yield bool(ledger.gone) and any(link.lost for link in court.dossiers[number].links)
    yield bool(tickets & court.freeing(number))
    yield court.put_backs(number) >= PUT_BACKS.get(rule, 0)


def _cleared_by_a_lead(court: Court, number: str) -> bool:
    """Whether the ticket field was ever emptied, and a lead ever changed the incident: the desk tells no more."""
    changes = court.town.world.desk.people.changes(number)
    cleared = any(c.field == "Vendor Ticket Number" and c.old and c.who != DESK_ACCOUNT for c in changes)
    return cleared and any(change.who in _LEADS for change in changes)


def nobody_is_fought_for_long(court: Court) -> None:
    """An incident is put back at most as often as its rule says; a lost state may forget one that had no word yet."""
    for number, dossier in court.dossiers.items():
        most = PUT_BACKS.get(dossier.rule, 0) + court.town.ledger.losses
        assert court.put_backs(number) <= most, f"{number} was put back {court.put_backs(number)} times"


def one_ticket_a_request(court: Court) -> None:
    """No more tickets are opened for an incident than people asked for, and one where a rule opens by itself."""
    alone = {"Outage"} | ({"Defect"} if "opens by itself" in court.town.ledger.edits else set())
    opened = Counter(
        found[1]
        for ticket in court.tickets.values()
        if ticket.facts["creator"] == DESK_ACCOUNT
        for label in ticket.facts["labels"]
        if (found := re.fullmatch(r"bridge-retail-(INC\d+)-\d+", label))
    )
    for number, count in opened.items():
        asked = _commands(court, number, "#ticket")
        by_itself = any(
            change.field == "Categorization Tier 1" and change.new in alone
            for change in court.town.world.desk.people.changes(number)
        )
        assert count <= asked + by_itself, f"{number} has {count} tickets for {asked} requests"


def milestones_once_a_round(court: Court) -> None:
    """What happens once a round is told once a round; every #failed, and every question taken back, may begin one more."""
    for number in court.incidents:
        fails = _commands(court, number, "#failed")
        taken_back = len(_heard(court, number, *_TAKEN_BACK))
        assert taken_back <= _reasons_to_take_back(court, number), (
            f"{number} has questions taken back for nothing"
        )
        rounds = 1 + fails + taken_back
        most = {
            **dict.fromkeys(_QUESTIONS, rounds),
            "the patch is ready": rounds,
            "was sent back to development": fails,
            "Verified by ": 1,
            "Somebody resolved this incident": court.put_backs(number),
        }
        for part, limit in most.items():
            told = len(_heard(court, number, part))
            assert told <= limit, f"{number} was told {told} times, at most {limit}: {part}"


def _reasons_to_take_back(court: Court, number: str) -> int:
    """How often a developer opened one of an incident's tickets again, and how many further tickets it has."""
    dossier, history = court.dossiers[number], court.town.world.tracker.history
    tickets = {place.name: place for link in dossier.links for place in court.chain(link.ticket_id)}
    moves = [change for place in tickets.values() for change in history(place.facts["key"])]
    reopened = sum(name == "resolution" and not new for _, _, name, _, new in moves)
    gone = sum(link.ticket_id not in court.tickets for link in dossier.links)  # its history went with it
    return reopened + len(dossier.links) + 25 * gone


def nothing_twice_in_the_same_words(court: Court) -> None:
    """No two notes of the bridge say the same, but for answers, and for moves and questions that come again."""
    for number in court.incidents:
        said = sum(one.place == number for one in court.town.ledger.said)
        changes = court.town.world.desk.people.changes(number)
        moves = sum(change.field == "Assigned Group" and change.who != DESK_ACCOUNT for change in changes)
        for text, times in Counter(word.text for word in words_of(court, number)).items():
            most = moves if text.startswith(_MOVED) else said
            if any(words in text for words in _TAKEN_BACK):
                most = _reasons_to_take_back(court, number)
            if any(words in text for words in _QUESTIONS):  # once a round
                most += 1 + len(_heard(court, number, *_TAKEN_BACK))
            assert times <= max(1, most), f"{number} reads {times} times: {text}"


def reminders_in_time(court: Court) -> None:
    """The k-th reminder comes no sooner than k spans after its question, and none comes after an answer."""
    for number, dossier in court.dossiers.items():
        if number in court.town.ledger.poisoned:
            continue  # what the bridge says in its own name waits for no refused note, so that the order says nothing
        span = _REMIND.get(dossier.rule)
        since: datetime | None = None
        for word in words_of(court, number):
            if any(question in word.text for question in _QUESTIONS):
                since = word.at
            elif any(part in word.text for part in _ANSWERED) and not word.text.startswith("Somebody"):
                since = None
            elif (found := _REMINDER.search(word.text)) is not None:
                assert since is not None, f"{number} is reminded of nothing: {word}"
                assert span is not None, f"{number} has a rule that reminds nobody: {word}"
                assert word.at >= since + span * int(found[1]), f"{number} is reminded too early: {word}"


def workarounds_once_a_text(court: Court) -> None:
    """Every text of a workaround reaches an incident once, however often it is set and taken away."""
    for number in court.incidents:
        told = Counter(
            word.text.split("): ", 1)[-1] for word in _heard(court, number, "A workaround is known")
        )
        assert not told or max(told.values()) <= len(court.dossiers[number].links), f"{number}: {told}"


def files_once(court: Court) -> None:
    """No file is carried twice into one ticket."""
    for ticket in court.tickets.values():
        held = court.town.world.tracker.attachments(ticket.facts["key"])
        twice = {data: times for data, times in Counter(one["data"] for one in held).items() if times > 1}
        assert not twice, f"{ticket.facts['key']} holds files twice: {twice}"
