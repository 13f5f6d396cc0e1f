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
    projects: tuple[str, ...]
    opened: dict[str, list[str]] = field(init=False)
    tickets: dict[str, list[str]] = field(init=False)
    deeds: dict[str, list[Entry]] = field(init=False)
    _targets: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.opened = defaultdict(list)
        for key in (key for project in self.projects for key in self.world.tracker.keys(project)):
            for label in self.world.tracker.issue(key)["labels"]:
                if found := _LABEL.fullmatch(label):
                    self.opened[found["number"]].append(key)
        self.deeds = defaultdict(list)
        for entry in self.diary.entries:
            self.deeds[entry.number].append(entry)
        self.tickets = defaultdict(list, {number: list(keys) for number, keys in self.opened.items()})
        for entry in self.diary.entries:
            if entry.what == "adopted" and self.shown(entry.number, entry.key):
                self.tickets[entry.number].append(entry.key)
        self._targets = {entry.key: entry.detail for entry in self.diary.entries if entry.what == "duplicate"}

    def shown(self, number: str, key: str) -> bool:
        """Whether a ticket shows an incident, as every linked one does."""
        return any(
            str(link["globalId"]).endswith(f"&incident={number}")
            for link in self.world.tracker.remote_links(key)
        )

    def chain(self, number: str, key: str) -> list[str]:
        """Return a ticket of an incident and the tickets that it was closed as a duplicate of, as far as they know it."""
        found = [key]
        while (target := self._targets.get(found[-1], "")) and self.shown(number, target):
            found.append(target)
        return found

    def marked(self, number: str, cause: str) -> list[dict[str, Any]]:
        """Return the bridge's notes in an incident that were written for this cause, for instance ``told/remind/1``."""
        return [
            note
            for note in self.world.desk.people.notes(number)
            if note["Submitter"] == DESK_ACCOUNT
            and f"/{number}/{cause}" in mark_of(str(note["Detailed Description"]))
        ]

    # -- links

    def unlinked(self, hand_overs: frozenset[str]) -> Finding:
        """Return the incidents that are linked without having been handed over, or the other way round."""
        return finding("linked minus hand-overs", sorted(hand_overs ^ set(self.tickets)))

    def duplicate_tickets(self) -> Finding:
        """Return the tickets beyond the first that were opened for each incident."""
        extra = [key for keys in self.opened.values() for key in keys[1:]]
        return finding("duplicate tickets", extra)

    # -- notes

    def duplicate_notes(self) -> Finding:
        """Return the notes on either side that bear a mark that another note bears."""
        marks = Counter(mark for text in self._own_texts() if (mark := mark_of(text)))
        return finding("duplicate notes", [mark for mark, count in marks.items() for _ in range(count - 1)])

    def _own_texts(self) -> Iterator[str]:
        for number in self.tickets:
            for note in self.world.desk.people.notes(number):
                if note["Submitter"] == DESK_ACCOUNT:
                    yield str(note["Detailed Description"])
        chains = [self.chain(number, key) for number, keys in list(self.tickets.items()) for key in keys]
        for key in dict.fromkeys(key for chain in chains for key in chain):
            yield from self.own_comments(key)

    def own_comments(self, key: str) -> list[str]:
        """Return what the bridge wrote into a ticket."""
        return [
            str(comment["body"])
            for comment in self.world.tracker.comments(key)
            if comment["author"] == DESK_ACCOUNT
        ]

    def lost_notes(self) -> Finding:
        """Return people's notes in linked incidents that did not reach the ticket exactly once."""
        return finding(
            "incident notes lost", [name for number in self.tickets for name in self._lost_notes(number)]
        )

    def _lost_notes(self, number: str) -> Iterator[str]:
        for key in self.tickets[number]:
            told = []
            for one in self.chain(number, key):
                told.append(_plain(str(self.world.tracker.issue(one)["description"] or "")))
                told += map(_plain, self.own_comments(one))
            for note in self.human_notes(number):
                text = _plain(str(note["Detailed Description"]))
                times = sum(each.count(text) for each in told)
                if times != 1:
                    yield f"{number} {note['Work Log ID']} was carried {times} times to {key}"

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
        return finding("ticket comments lost", lost)

    def human_comments(self, number: str) -> list[dict[str, Any]]:
        """Return what people wrote into the tickets of an incident while a note could still be added to it."""
        closed = self._closed_at(number)
        return [
            comment
            for key in self.tickets[number]
            for comment in self.world.tracker.comments(key)
            if comment["author"] != DESK_ACCOUNT
            and (closed is None or comment["created"] < closed - NOTICED)
            and comment["created"] > self._ticket_linked_at(number, key)
        ]

    def _ticket_linked_at(self, number: str, key: str) -> datetime:
        """Return from when on a ticket's comments must reach an incident."""
        adopted = [deed.at for deed in self.deeds[number] if (deed.what, deed.key) == ("adopted", key)]
        if adopted:
            return min(adopted) + NOTICED
        created: datetime = self.world.tracker.issue(key)["created"]
        return created

    def _lost_comments(self, number: str) -> Iterator[str]:
        carried = defaultdict(list)
        for note in self.world.desk.people.notes(number):
            text = str(note["Detailed Description"])
            if note["Submitter"] == DESK_ACCOUNT and "/note/tracker/" in mark_of(text):
                carried[mark_of(text).rstrip(") \n").rsplit("/", 1)[1]].append(text)
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
        return finding(
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
        """Whether something allowed a resolve.

        Deployed, declined or verified since the last failure; a hold that was ended, a workaround, or no link yet.
        """
        if self.linked_at(number) >= resolved_at or self.put_backs(number) >= MOST_PUT_BACKS:
            return True
        before = [deed for deed in self.deeds[number] if deed.at <= resolved_at + NOTICED]
        if any(deed.what in ("released", "workaround") for deed in before):
            return True
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
        return finding("put back although resolved before linking", found)

    def linked_at(self, number: str) -> datetime:
        """Return when the first ticket of an incident was opened."""
        moments: list[datetime] = [self.world.tracker.issue(key)["created"] for key in self.opened[number]]
        return min(moments + [deed.at for deed in self.deeds[number] if deed.what == "adopted"])

    def _closed_at(self, number: str) -> datetime | None:
        closed = [step.time for step in self.world.desk.people.history(number) if step.new == "Closed"]
        return closed[-1] if closed else None

    def still_open(self) -> Finding:
        """Return the linked incidents that nobody resolved in the end: people were left waiting."""
        found = [
            number for number in self.tickets if self.world.desk.people.incident(number)["Status"] in OPEN
        ]
        return finding("linked incidents left open for ever", found)


#: After so many the rule only flags.
MOST_PUT_BACKS = 3


def finding(name: str, found: list[str]) -> Finding:
    """Return a finding with its first examples."""
    return Finding(name=name, count=len(found), examples=tuple(found[:5]))


def mark_of(text: str) -> str:
    """Return the mark at the end of a text of the bridge's, empty where there is none."""
    found = _MARK.search(text)
    return found[0] if found else ""


def _plain(text: str) -> str:
    """Return letters and digits only, so that markup makes no difference."""
    return f" {' '.join(_ALPHANUMERIC.findall(text))} "


def _whole(body: str, note: str) -> bool:
    words = set(_WORDS.findall(_MARKUP.sub(" ", body)))
    return not words or len(words & set(_WORDS.findall(note))) >= ENOUGH * len(words)
