"""The laws of the bridge, checked on a world at rest: no duplicate, no loss, no echo, no early close, nothing left to do.

Each law compares what people did with what the two worlds show; the journal is asked only which links there are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bridge.decide.plan import plan
from bridge.decide.redact import redact
from bridge.decide.text import clean
from bridge.decide.unwiki import from_wiki
from bridge.engine.observe import Observer
from bridge.model.actions import ShowIncident
from bridge.model.dossier import Dossier, Link
from bridge.model.incident import CLOSED, FINAL, RESOLVED
from bridge.model.note import split_mark
from bridge.rehearsal.world import DESK_ACCOUNT
from bridge.simulators.remedy.people import Happened
from bridge.state.journal import Effect, EffectState
from tests.property.texts import words_in
from tests.property.town import CUSTOM, PAIR, POISONOUS, Said, Town

#: No incident or ticket of a short story needs more notes of the bridge than this and three for each human deed.
_MOST_NOTES = 25
#: No transition leads there, the ticket field is full, the queue is empty and the rule has no fallback; a server that
#: refuses whatever belongs to one incident.
_GOOD_REASONS = (
    "the bridge's account is offered",
    "Maximum length - 30",
    "must have an Assigned Group",
    POISONOUS,
)
#: What the bridge says in its own name although it repeats a person's words.
_QUOTING = ("development will not fix this (", "LINKED FIX\n", "A workaround is known (")
#: The rule whose incidents a workaround sets free.
FREED_BY_WORKAROUND = "retail-defects"
#: How often an early resolve is put back, by rule.
PUT_BACKS = {"retail-defects": 3, "outages": 1, "payments": 2}
#: What the bridge may change in a ticket.
_TICKET_FIELDS = (
    "status",
    "resolution",
    "priority",
    "RemoteIssueLink",
    "Comment",
    "labels",
    "Attachment",
    *CUSTOM,
)


@dataclass(kw_only=True)
class Place:
    """An incident or a ticket with what stands in it: texts of people and of the bridge, and the bridge's marks."""

    name: str
    facts: dict[str, Any]
    people: list[str] = field(default_factory=list)
    bridge: list[str] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)

    def carried(self, number: int) -> int:
        """How often the bridge carried the word of this number here; what it quotes in its own notes is not carried."""
        carried = (text for text in self.bridge if not any(words in text for words in _QUOTING))
        return sum(words_in(text).count(number) for text in carried)


def incident_place(town: Town, number: str) -> Place:
    """What stands in an incident."""
    place = Place(name=number, facts=town.scene.incident(number))
    for note in town.world.desk.people.notes(number):
        _add(place, str(note["Detailed Description"] or ""), str(note["Submitter"]))
    return place


def ticket_place(town: Town, key: str) -> Place:
    """What stands in a ticket, its description included, as its readers see it."""
    facts = town.world.tracker.issue(key)
    place = Place(name=str(facts["id"]), facts=facts)
    if facts["creator"] == DESK_ACCOUNT:
        place.bridge.append(from_wiki(str(facts["description"] or "")))
    for comment in town.world.tracker.comments(key):
        _add(place, from_wiki(str(comment["body"])), str(comment["author"]))
    return place


def _add(place: Place, text: str, author: str) -> None:
    if author != DESK_ACCOUNT:
        place.people.append(text)
        return
    place.bridge.append(text)
    _, pair, key = split_mark(text)
    assert pair == PAIR, f"a note of the bridge in {place.name} has no mark: {text!r}"
    place.marks[key] += 1


@dataclass(kw_only=True)
class Court:
    """One look at everything, against which the laws are judged."""

    town: Town
    incidents: dict[str, Place]
    tickets: dict[str, Place]
    dossiers: dict[str, Dossier]

    @classmethod
    def of(cls, town: Town) -> Court:
        """Look at everything."""
        incidents = {number: incident_place(town, number) for number in town.numbers()}
        tickets = [ticket_place(town, key) for key in town.ticket_keys()]
        with town.store.reading() as tx:
            dossiers = {
                number: tx.dossiers.get(PAIR, number) or Dossier(incident=number) for number in incidents
            }
        return cls(
            town=town,
            incidents=incidents,
            tickets={ticket.name: ticket for ticket in tickets},
            dossiers=dossiers,
        )

    def live_links(self, number: str) -> list[Link]:
        """The links of an incident whose tickets are there and always were in sight."""
        gone = self.town.ledger.gone
        return [
            link
            for link in self.dossiers[number].links
            if link.ticket_id in self.tickets and link.ticket_id not in gone and not link.lost
        ]

    def status(self, number: str) -> str:
        """The status of an incident."""
        return str(self.incidents[number].facts["Status"])

    def chain(self, ticket_id: str) -> list[Place]:
        """A ticket and all that it, or one after it, was ever closed as a duplicate of, where they are there."""
        known, ahead = [ticket_id], [ticket_id]
        while ahead:
            more = self.town.ledger.duplicates.get(ahead.pop(), set()) - set(known)
            known += more
            ahead += more
        return [self.tickets[one] for one in known if one in self.tickets]

    def put_backs(self, number: str) -> int:
        """How often the bridge reopened an incident, or wrote that it does in the second in which a person reopened it."""
        history = self.town.world.desk.people.history(number)
        before = [None, *history]
        return sum(
            change.who == DESK_ACCOUNT
            and (change.old == RESOLVED or _reopened_by_a_person(last, change.time))
            for last, change in zip(before, history, strict=False)
        )

    def freeing(self, number: str) -> set[str]:
        """The tickets that ever told a workaround, where the incident's rule lets one set it free."""
        return self.town.ledger.freeing if self.dossiers[number].rule == FREED_BY_WORKAROUND else set()

    def was_ended_by_people(self, number: str) -> bool:
        """Whether somebody ever cancelled or closed an incident, which ends its hold also where that is taken back."""
        history = self.town.world.desk.people.history(number)
        return any(change.new in FINAL and change.who != DESK_ACCOUNT for change in history)

    def is_final(self, number: str) -> bool:
        """Whether nobody may change an incident any more."""
        return self.status(number) in FINAL


def _reopened_by_a_person(change: Happened | None, at: datetime) -> bool:
    return change is not None and change.who != DESK_ACCOUNT and change.old == RESOLVED and change.time == at


def judge(town: Town) -> None:
    """Hold the two worlds against every law."""
    court = Court.of(town)
    no_duplicate(court)
    no_loss_to_tickets(court)
    no_loss_to_incidents(court)
    every_request_is_answered(court)
    no_echo(court)
    no_early_close(court)
    hands_off(court)
    nothing_is_left(court)


def no_duplicate(court: Court) -> None:
    """One ticket a request, one note a mark, one living note an incident, one remote link a ticket and incident.

    A ticket that was out of the bridge's sight does not count: hidden before the bridge knew of it, it is opened again.
    """
    labels = Counter(
        label
        for ticket_id, ticket in court.tickets.items()
        if ticket_id not in court.town.ledger.gone
        for label in ticket.facts["labels"]
        if label.startswith("bridge-")
    )
    assert not _many(labels), f"several tickets for one request: {_many(labels)}"
    for place in (*court.incidents.values(), *court.tickets.values()):
        twice = _many(place.marks)
        if place.name in court.town.ledger.poisoned:  # a refused edit becomes a new note
            twice.pop(f"{place.name}/living", None)
        assert not twice, f"{place.name} has several notes for one cause: {twice}"
    for number, place in court.incidents.items():
        living = [text for text in place.bridge if text.startswith("LINKED FIX")]
        refused = number in court.town.ledger.poisoned
        assert len(living) <= 1 or refused, f"{number} has {len(living)} living notes"
        if court.dossiers[number].links and not court.is_final(number) and not refused:
            assert living, (
                f"{number} is linked and has no living note"
            )  # an operator may do without a refused one
    for ticket in court.tickets.values():
        _one_remote_link(court, ticket)


def _many(counted: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in counted.items() if count > 1}


def _one_remote_link(court: Court, ticket: Place) -> None:
    links = court.town.world.tracker.remote_links(ticket.facts["key"])
    shown = Counter(str(link["globalId"]) for link in links)
    assert not _many(shown), f"{ticket.facts['key']} shows an incident twice: {_many(shown)}"
    for number in court.incidents:
        if any(link.ticket_id == ticket.name for link in court.live_links(number)):
            titles = [link["object"]["title"] for link in links if str(link["globalId"]).endswith(number)]
            if number in court.town.ledger.poisoned:  # refused, it is written again with the next change
                continue
            assert len(titles) == 1, f"{ticket.facts['key']} shows {number} {len(titles)} times"
            assert court.status(number) in titles[0], f"{titles[0]!r}, but it is {court.status(number)}"


def no_loss_to_tickets(court: Court) -> None:
    """Every note of a person in a linked incident stands exactly once, in its words, in each of its tickets."""
    for said in court.town.ledger.said:
        if said.place not in court.incidents or said.kind != "note":
            continue
        for link in court.live_links(said.place):
            if link.on_board and said.id in link.packed:
                continue  # others waited for the ticket already: what was said before stays in the incident
            if (said.number, link.ticket_id) in court.town.ledger.forgone:
                continue
            places = court.chain(link.ticket_id)
            if court.dossiers[said.place].rule == "payments" and said.internal:
                assert not any(place.carried(said.number) for place in places), f"{said} left the desk"
                continue
            if any(place.name in court.town.ledger.gone for place in places):
                continue
            _stands_once(said, *places)
            ticket = next(place for place in places if place.carried(said.number))
            _in_its_words(said, ticket, redact(clean(said.text), ("card_number", "phone", "email")))


def _stands_once(said: Said, *places: Place) -> None:
    """Once where it belongs, which may have been a ticket that its own one duplicated for a while, and twice nowhere."""
    times = [place.carried(said.number) for place in places]
    told = [place.facts for place in places]
    once = max(times) == 1 or (said.is_evidence and sum(times) > 1)  # evidence may be quoted besides
    assert once, f"{said} stands {times} times in {told}"


def _in_its_words(said: Said, place: Place, words: str) -> None:
    found = [text for text in place.bridge if said.number in words_in(text)]
    # What ends like a mark is cut off, whoever wrote it.
    words, _, _ = split_mark(clean(words))
    kept = [text for text in found if _one_line(words) in _one_line(text)]
    assert kept, f"{said} became {found[0]!r}"


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def no_loss_to_incidents(court: Court) -> None:
    """Every comment of a person stands exactly once in each linked incident that is not closed."""
    for said in court.town.ledger.said:
        if said.place in court.incidents:
            continue
        for number, place in court.incidents.items():
            if (said.number, number) in court.town.ledger.forgone:
                continue
            if _is_due(court, said, number):
                _stands_once(said, place)
                _in_its_words(said, place, from_wiki(said.text))
            elif not said.is_evidence:
                assert place.carried(said.number) <= 1, f"{said} stands twice in {number}"


def _is_due(court: Court, said: Said, number: str) -> bool:
    link = court.dossiers[number].link(said.place)
    if link is None or link not in court.live_links(number) or court.is_final(number):
        return False
    return link.how == "opened" or number in said.linked


def every_request_is_answered(court: Court) -> None:
    """Everybody who asked got a ticket or a note."""
    for said in court.town.ledger.said:
        if said.kind != "ask" or court.is_final(said.place):
            continue
        answers = [
            mark
            for mark in court.incidents[said.place].marks
            if mark.startswith(f"{said.place}/answer/{said.id}/")
        ]
        opened = [
            request
            for request in court.dossiers[said.place].requests
            if request.source == said.id and request.answered == "opened"
        ]
        dropped = [key for key in court.town.ledger.dropped if f"/answer/{said.id}/" in key]
        assert answers or opened or dropped, f"nobody answered {said}"
    for number, dossier in court.dossiers.items():
        # Who wrote an incident's number into a ticket is answered there.
        places = (court.incidents[number], *court.tickets.values())
        for request in dossier.requests:
            told = any(f"/answer/{request.source}/" in mark for place in places for mark in place.marks)
            assert request.answered or told or court.is_final(number), f"{request} in {number} waits"


def no_echo(court: Court) -> None:
    """Nothing that was carried comes back, and the bridge's notes do not grow without people's deeds."""
    for said in court.town.ledger.said:
        own = court.incidents.get(said.place) or court.tickets.get(said.place)
        if own is not None and said.kind == "note" and not said.is_evidence:
            assert own.carried(said.number) == 0, f"{said} came back to {own.name}"
        if said.place in court.incidents:
            others = [place for number, place in court.incidents.items() if number != said.place]
            assert not any(place.carried(said.number) for place in others), f"{said} reached another incident"
    for place in (*court.incidents.values(), *court.tickets.values()):
        most = _MOST_NOTES + 3 * len(court.town.ledger.said)
        assert len(place.bridge) <= most, f"{place.name} has {len(place.bridge)} notes of the bridge"


def no_early_close(court: Court) -> None:
    """A held incident is not resolved: by the bridge never, by people only where the bridge may not or must not object."""
    for number in court.incidents:
        for change in court.town.world.desk.people.history(number):
            mine = change.who == DESK_ACCOUNT
            assert not (mine and change.new in (RESOLVED, CLOSED)), f"the bridge set {number} to {change.new}"
        if court.status(number) == RESOLVED and court.dossiers[number].links:
            _may_be_resolved(court, number)


def _may_be_resolved(court: Court, number: str) -> None:
    dossier = court.dossiers[number]
    flagged = {flag.what for flag in dossier.flags} & {"put_back_refused"}
    given_up = court.put_backs(number) >= PUT_BACKS.get(dossier.rule, 0) or bool(flagged)
    if dossier.held:
        assert given_up or dossier.was_resolved, f"{number} is Resolved while held: {dossier}"
    if court.was_ended_by_people(number):
        return
    ended = court.town.ledger.delivered | court.town.ledger.gone
    ended |= court.freeing(number)
    innocent = number not in court.town.ledger.excused and not any(
        link.ticket_id in ended or (ended and link.lost) for link in dossier.links
    )
    assert given_up or not innocent, f"{number} is Resolved although nobody ended its hold: {dossier}"


def hands_off(court: Court) -> None:
    """The bridge never writes Owner Group, and reassigns only an incident whose queue is empty."""
    for number in court.incidents:
        mine = [
            change for change in court.town.world.desk.people.changes(number) if change.who == DESK_ACCOUNT
        ]
        out_of_use = {None, "", *court.town.ledger.retired}
        repaired = {c.time for c in mine if c.field == "Assigned Group" and c.old in out_of_use}
        for change in mine:
            assert not change.field.startswith("Owner"), f"the bridge changed {change.field} of {number}"
            if change.field in ("Assigned Group", "Assignee", "Assignee Login ID"):
                assert change.time in repaired, f"the bridge took {number} from {change.old}"
    for ticket in court.tickets.values():
        for _, who, changed, old, new in court.town.world.tracker.history(ticket.facts["key"]):
            if who == DESK_ACCOUNT:
                assert changed in _TICKET_FIELDS, f"the bridge changed {changed} from {old} to {new}"


def nothing_is_left(court: Court) -> None:
    """A world at rest: nothing open in the journal, nothing planned, and planning is a function.

    What is for a ticket that went away is tried again for some hours: it may only be hidden.
    """
    town = court.town
    left = [
        f"{effect.key} ({effect.state})"
        for effect in _effects(court, "pending", "started", "unknown")
        if not (effect.error and getattr(effect.action, "ticket_id", "") in town.ledger.gone)
    ]
    assert not left, f"the journal still has {left}"
    _given_up_with_reason(court)
    for number in court.incidents:
        _plans_nothing(town, number)


def _effects(court: Court, *states: EffectState) -> list[Effect]:
    with court.town.store.reading() as tx:
        return [effect for state in states for effect in tx.journal.effects(PAIR, state=state)]


def _given_up_with_reason(court: Court) -> None:
    """An effect is refused for good only where its ticket went away, or for a reason that people made."""
    for effect in _effects(court, "refused", "dead"):
        ticket = getattr(effect.action, "ticket_id", "")
        allowed = ticket in court.town.ledger.gone or any(words in effect.error for words in _GOOD_REASONS)
        assert allowed, f"{effect.key} is {effect.state}: {effect.error}"


def _plans_nothing(town: Town, number: str) -> None:
    bridge = town.scene.bridge
    observer = Observer(pair=bridge.pair, store=bridge.store)
    seen = observer.take(number)
    if seen is None:
        return
    for _ in range(7):
        decided = plan(seen, bridge.pair.rules, bridge.pair.voice, town.now)
        assert decided == plan(seen, bridge.pair.rules, bridge.pair.voice, town.now), (
            "planning is no function"
        )
        if not decided.needs:
            break
        seen = observer.further(seen, decided.needs)
    assert not decided.needs, f"{number} cannot be decided: {decided.needs}"
    if number in town.ledger.poisoned:
        # A show that was refused is planned again once the incident's version moves, and done with the next change.
        decided = replace(
            decided, actions=tuple(one for one in decided.actions if not isinstance(one, ShowIncident))
        )
    assert decided.actions == (), f"a world at rest plans {decided.actions}"
    assert decided.dossier == seen.dossier, f"a world at rest learns {decided.dossier} from {seen.dossier}"


def idles(town: Town) -> None:
    """Looking at a world at rest does nothing and costs three requests."""
    costs = []
    for _ in range(4):
        before = len(town.world.desk_wire.seen), len(town.world.tracker_wire.seen)
        assert town.looks(seconds=30) == 0, "a world at rest was changed"
        after = len(town.world.desk_wire.seen), len(town.world.tracker_wire.seen)
        costs.append((after[0] - before[0], after[1] - before[1]))
    assert min(costs) == (2, 1), f"idle looks cost {costs} requests"
