"""What the two simulated worlds themselves show after a replay; the bridge's own memory is never asked.

Every judgement here is made from tickets, notes, status histories and what people are known to have done.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bridge.rehearsal.schedule import Diary, Entry
from bridge.rehearsal.world import DESK_ACCOUNT, World

_LABEL = re.compile(r"bridge-[a-z0-9]+-(?P<number>.+)-\d+")
_MARK = re.compile(r"\(bridge:[^\s()]+\)\s*\Z")
_COMMAND = re.compile(r"\s*#(?:ticket|verified|failed|release)\b")
_ALPHANUMERIC = re.compile(r"[^\W_]+")
# Names of macros, colours and files are no words of a person: {code:java}, {color:red}, !picture.png|thumbnail!
_MARKUP = re.compile(r"\{[^{}\n]{1,200}\}|![^\s!|]+\.\w{2,5}(?:\|[^!\n]*)?!")
_WORDS = re.compile(r"[^\W_]{4,}")

OPEN = frozenset({"New", "Assigned", "In Progress", "Pending"})
#: How soon after a resolve the bridge must have put it back, and how late evidence still counts for it.
NOTICED = timedelta(minutes=10)
#: Which share of a comment's longer words must be found in the note that carried it.
ENOUGH = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that must not be: how often, and the first examples."""

    name: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Witness:
    """Looks at both worlds."""

    world: World
    diary: Diary
    project: str
    tickets: dict[str, list[str]] = field(init=False)
    deeds: dict[str, list[Entry]] = field(init=False)

    def __post_init__(self) -> None:
        self.tickets = defaultdict(list)
        for key in self.world.tracker.keys(self.project):
            for label in self.world.tracker.issue(key)["labels"]:
                if found := _LABEL.fullmatch(label):
                    self.tickets[found["number"]].append(key)
        self.deeds = defaultdict(list)
        for entry in self.diary.entries:
            self.deeds[entry.number].append(entry)

    # -- links

    def unlinked(self, hand_overs: frozenset[str]) -> Finding:
        """Return the incidents that are linked without having been handed over, or the other way round."""
        return _finding("linked minus hand-overs", sorted(hand_overs ^ set(self.tickets)))

    def duplicate_tickets(self) -> Finding:
        """Return the tickets beyond the first of each incident."""
        extra = [key for keys in self.tickets.values() for key in keys[1:]]
        return _finding("duplicate tickets", extra)

    # -- notes

    def duplicate_notes(self) -> Finding:
        """Return the notes on either side that bear a mark that another note bears."""
        marks = Counter(mark for text in self._own_texts() if (mark := _mark(text)))
        return _finding("duplicate notes", [mark for mark, count in marks.items() for _ in range(count - 1)])

    def _own_texts(self) -> Iterator[str]:
        for number, keys in self.tickets.items():
            for note in self.world.desk.people.notes(number):
                if note["Submitter"] == DESK_ACCOUNT:
                    yield str(note["Detailed Description"])
            for key in keys:
                for comment in self.world.tracker.comments(key):
                    if comment["author"] == DESK_ACCOUNT:
                        yield str(comment["body"])

    def lost_notes(self) -> Finding:
        """Return people's notes in linked incidents that did not reach the ticket exactly once."""
        return _finding(
            "incident notes lost", [name for number in self.tickets for name in self._lost_notes(number)]
        )

    def _lost_notes(self, number: str) -> Iterator[str]:
        keys = self.tickets[number]
        told = [_plain(str(self.world.tracker.issue(key)["description"] or "")) for key in keys]
        told += [
            _plain(str(comment["body"]))
            for key in keys
            for comment in self.world.tracker.comments(key)
            if comment["author"] == DESK_ACCOUNT
        ]
        for note in self.human_notes(number):
            text = _plain(str(note["Detailed Description"]))
            times = sum(each.count(text) for each in told)
            if times != 1:
                yield f"{number} {note['Work Log ID']} was carried {times} times"

    def human_notes(self, number: str) -> list[dict[str, Any]]:
        """Return what people wrote into an incident, without what they asked the bridge for."""
        return [
            note
            for note in self.world.desk.people.notes(number)
            if note["Submitter"] != DESK_ACCOUNT and not _COMMAND.match(str(note["Detailed Description"]))
        ]

    def lost_comments(self) -> Finding:
        """Return people's comments in linked tickets that did not reach the incident exactly once, whole."""
        lost = [name for number in self.tickets for name in self._lost_comments(number)]
        return _finding("ticket comments lost", lost)

    def human_comments(self, number: str) -> list[dict[str, Any]]:
        """Return what people wrote into the tickets of an incident while a note could still be added to it."""
        closed = self._closed_at(number)
        return [
            comment
            for key in self.tickets[number]
            for comment in self.world.tracker.comments(key)
            if comment["author"] != DESK_ACCOUNT and (closed is None or comment["created"] < closed - NOTICED)
        ]

    def _lost_comments(self, number: str) -> Iterator[str]:
        carried = defaultdict(list)
        for note in self.world.desk.people.notes(number):
            text = str(note["Detailed Description"])
            if note["Submitter"] == DESK_ACCOUNT and "/note/tracker/" in _mark(text):
                carried[_mark(text).rstrip(") \n").rsplit("/", 1)[1]].append(text)
        for comment in self.human_comments(number):
            notes = carried[comment["id"]]
            if len(notes) != 1 or not _whole(str(comment["body"]), notes[0]):
                yield f"{number} comment {comment['id']} was carried {len(notes)} times"

    # -- the hold

    def put_backs(self, number: str) -> int:
        """Return how often the bridge took an incident out of Resolved."""
        return sum(
            step.old == "Resolved" and step.who == DESK_ACCOUNT
            for step in self.world.desk.people.history(number)
        )

    def unverified(self) -> Finding:
        """Return the incidents that stayed resolved although nothing allowed it."""
        return _finding(
            "incidents resolved with an unverified fix", list(filter(self._is_unverified, self.tickets))
        )

    def _is_unverified(self, number: str) -> bool:
        return any(
            not self._allowed(number, begun)
            for begun, ended, by in self._stays(number)
            if not (by == DESK_ACCOUNT and ended is not None and ended - begun <= NOTICED)
        )

    def _stays(self, number: str) -> Iterator[tuple[datetime, datetime | None, str]]:
        """Yield each time in which an incident was Resolved: from when, until when (None: for good), ended by whom."""
        begun: datetime | None = None
        for step in self.world.desk.people.history(number):
            if step.new == "Resolved":
                begun = step.time
            elif begun is not None and step.new in OPEN:
                yield begun, step.time, step.who
                begun = None
        if begun is not None:
            yield begun, None, ""

    def _allowed(self, number: str, resolved_at: datetime) -> bool:
        """Whether something allowed a resolve: deployed, declined or verified since the last failure, or no link yet."""
        if self.linked_at(number) >= resolved_at or self.put_backs(number) >= MOST_PUT_BACKS:
            return True
        before = [deed for deed in self.deeds[number] if deed.at <= resolved_at + NOTICED]
        failed = max((deed.at for deed in before if deed.what == "failed"), default=None)
        return any(
            deed.what in ("deployed", "declined", "verified") and (failed is None or deed.at > failed)
            for deed in before
        )

    def put_back_in_vain(self) -> Finding:
        """Return the incidents that were put back although they were resolved before they were linked."""
        found = [
            number
            for number in self.tickets
            for begun, _, by in self._stays(number)
            if by == DESK_ACCOUNT and begun <= self.linked_at(number)
        ]
        return _finding("put back although resolved before linking", found)

    def linked_at(self, number: str) -> datetime:
        """Return when the first ticket of an incident was opened."""
        moments: list[datetime] = [self.world.tracker.issue(key)["created"] for key in self.tickets[number]]
        return min(moments)

    def _closed_at(self, number: str) -> datetime | None:
        closed = [step.time for step in self.world.desk.people.history(number) if step.new == "Closed"]
        return closed[-1] if closed else None

    def still_open(self) -> Finding:
        """Return the linked incidents that nobody resolved in the end: people were left waiting."""
        found = [
            number for number in self.tickets if self.world.desk.people.incident(number)["Status"] in OPEN
        ]
        return _finding("linked incidents left open for ever", found)


#: After so many the rule only flags.
MOST_PUT_BACKS = 3


def _finding(name: str, found: list[str]) -> Finding:
    return Finding(name=name, count=len(found), examples=tuple(found[:5]))


def _mark(text: str) -> str:
    found = _MARK.search(text)
    return found[0] if found else ""


def _plain(text: str) -> str:
    """Return letters and digits only, so that markup makes no difference."""
    return f" {' '.join(_ALPHANUMERIC.findall(text))} "


def _whole(body: str, note: str) -> bool:
    words = set(_WORDS.findall(_MARKUP.sub(" ", body)))
    return not words or len(words & set(_WORDS.findall(note))) >= ENOUGH * len(words)
