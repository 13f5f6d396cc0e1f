"""What the bridge promises on side roads, checked in the two worlds; its memory is never asked.

Each check goes from what somebody is known to have done to what must stand in the incident or the ticket afterwards.
A deed after the hold was over promises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.rehearsal.development import REMIND_AFTER, REMINDERS
from bridge.rehearsal.frontline import screenshot_of
from bridge.rehearsal.schedule import Entry
from bridge.rehearsal.side_roads import ENOUGH_HAND_OVERS, TABLE, Road
from bridge.rehearsal.staff import SERVICE_DESK
from bridge.rehearsal.witness import NOTICED, OPEN, Finding, Witness, finding, mark_of
from bridge.rehearsal.world import DESK_ACCOUNT

#: Which answer a person gets on which road.
ANSWERS: dict[Road, str] = {
    "asked where no rule matches": "no_rule",
    "a mistyped key": "no_such_ticket",
    "asked again for a ticket": "already_linked",
    "an answer too early": "too_soon",
    "an answer by an outsider": "not_member",
    "a hold ended by a lead": "not_leads",
}
_EARLY: tuple[Road, ...] = (
    "closed early by a person",
    "closed early by the desk",
    "closed early by a script",
)
_OVER = frozenset({"verified", "released", "worked_around", "closed"})
_REMINDER = re.compile(r"/told/remind/(?P<round>\d+)/(?P<kind>decide/)?(?P<count>\d+)\)")


@dataclass(kw_only=True)
class Promises:
    """Checks the side roads with the eyes of a witness."""

    witness: Witness

    def findings(self) -> tuple[Finding, ...]:
        """Return every promise with how often it was broken."""
        return (
            finding("answers not given exactly once", list(self._answers())),
            finding("workarounds not told exactly once", list(self._workarounds())),
            finding("put back although resolved by a workaround", list(self._free())),
            finding("reminders before their time, or too many", list(self._reminders())),
            finding("questions without their reminders", list(self._unreminded())),
            finding("deployments by a change that is not named", list(self._changes())),
            finding("files of answers not carried exactly once", list(self._files())),
            finding("duplicates not followed", list(self._duplicates())),
            finding("early closings of which a ticket was not told", list(self._closings())),
            finding("moved queues not noted, or not respected", list(self._moved())),
            finding("empty queues that stayed empty", list(self._emptied())),
            finding("causes not asked for", list(self._causes())),
            finding("causes not proposed", list(self._proposals())),
            finding("fields changed on both sides, and nobody told", list(self._fields())),
            finding("returns of third line not told exactly once", list(self._returns())),
        )

    def never_taken(self, hand_overs: int) -> Finding:
        """Return the side roads that nobody took, none where the log is too small to say so."""
        roads = self.witness.diary.roads
        missing = [road for road in TABLE if not roads[road]] if hand_overs >= ENOUGH_HAND_OVERS else []
        return finding("side roads never taken", missing)

    # -- what people did, while it mattered

    def _took(self, *roads: Road) -> Iterator[Entry]:
        for entry in self.witness.diary.entries:
            if entry.what == "took" and entry.detail in roads:
                yield entry

    def _deeds(self, what: str) -> Iterator[Entry]:
        """Yield what people did to incidents that were linked and held then."""
        for entry in self.witness.diary.entries:
            if entry.what == what and self._held(entry.number, entry.at):
                yield entry

    def _held(self, number: str, at: datetime) -> bool:
        """Whether an incident was linked, open and without an answer that ended its hold at a moment."""
        if number not in self.witness.tickets or self.witness.linked_at(number) + NOTICED > at:
            return False
        ended = [deed for deed in self.witness.deeds[number] if deed.what in _OVER and deed.at < at]
        return not ended and self._status(number, at) in OPEN

    def _status(self, number: str, at: datetime) -> str:
        steps = [step.new for step in self.witness.world.desk.people.history(number) if step.time <= at]
        return str(steps[-1]) if steps else ""

    def _stays_open(self, number: str, at: datetime) -> bool:
        """Whether an incident was held and open still when the bridge had had the time to see something."""
        return self._held(number, at) and self._status(number, at + NOTICED) in OPEN

    def _comments(self, number: str, key: str, cause: str) -> list[str]:
        """Return the bridge's comments in a ticket, or the one it follows, that were written for this cause."""
        return [
            text
            for one in self.witness.chain(number, key)
            for text in self.witness.own_comments(one)
            if f"/{number}/{cause}" in mark_of(text)
        ]

    # -- promises

    def _answers(self) -> Iterator[str]:
        for road, answer in ANSWERS.items():
            for entry in self._took(road):
                given = [
                    note
                    for note in self.witness.marked(entry.number, "answer/")
                    if mark_of(_text(note)).rstrip(")").endswith(f"/{answer}")
                ]
                if len(given) != 1:
                    yield f"{entry.number} {answer}: {len(given)}"

    def _workarounds(self) -> Iterator[str]:
        for entry in self._deeds("workaround"):
            times = len(self.witness.marked(entry.number, "told/workaround/"))
            if times != 1 and self._stays_open(entry.number, entry.at):
                yield f"{entry.number} {entry.key}: {times}"

    def _free(self) -> Iterator[str]:
        for entry in self._took("resolved by a workaround"):
            later = [
                step
                for step in self.witness.world.desk.people.history(entry.number)
                if step.time > entry.at and step.old == "Resolved"
            ]
            if later and later[0].who == DESK_ACCOUNT:
                yield entry.number

    def _reminders(self) -> Iterator[str]:
        for number in self.witness.tickets:
            asked = {
                f"{kind}/{found}": note["Submit Date"]
                for kind in ("verify", "decide")
                for note in self.witness.marked(number, f"told/{kind}/")
                for found in re.findall(rf"/told/{kind}/(\d+)\)", mark_of(_text(note)))
            }
            for note in self.witness.marked(number, "told/remind/"):
                told = _REMINDER.search(mark_of(_text(note)))
                since = (
                    asked.get(f"{'decide' if told['kind'] else 'verify'}/{told['round']}") if told else None
                )
                if told is None or since is None or int(told["count"]) > REMINDERS:
                    yield f"{number} {mark_of(_text(note))}"
                elif note["Submit Date"] < since + REMIND_AFTER * int(told["count"]):
                    yield f"{number} {mark_of(_text(note))} after {note['Submit Date'] - since}"

    def _unreminded(self) -> Iterator[str]:
        for entry in self._took("a question that nobody answers in time"):
            times = len(self.witness.marked(entry.number, "told/remind/1/"))
            if times != REMINDERS:
                yield f"{entry.number}: {times}"

    def _changes(self) -> Iterator[str]:
        for entry in self._deeds("deployed"):
            if entry.detail and self._stays_open(entry.number, entry.at):
                questions = self.witness.marked(entry.number, "told/verify/")
                if not any(entry.detail in _text(note) for note in questions):
                    yield f"{entry.number} {entry.detail}"

    def _files(self) -> Iterator[str]:
        for entry in self._took("a fix that failed, with a screenshot"):
            sent = screenshot_of(entry.number)
            for key in self.witness.tickets[entry.number]:
                times = sum(
                    file["data"] == sent
                    for one in self.witness.chain(entry.number, key)
                    for file in self.witness.world.tracker.attachments(one)
                )
                if times != 1:
                    yield f"{entry.number} {key}: {times}"

    def _duplicates(self) -> Iterator[str]:
        for entry in self._deeds("duplicate"):
            if not self._stays_open(entry.number, entry.at):
                continue
            target = str(self.witness.world.tracker.issue(entry.detail)["id"])
            told = [
                note
                for note in self.witness.marked(entry.number, "told/follows/")
                if mark_of(_text(note)).rstrip(")").endswith(f"/{target}")
            ]
            if len(told) != 1 or not self.witness.shown(entry.number, entry.detail):
                yield f"{entry.number} {entry.key} → {entry.detail}: {len(told)}"

    def _closings(self) -> Iterator[str]:
        for entry in self._took(*_EARLY):
            for key in self.witness.tickets[entry.number]:
                times = len(self._comments(entry.number, key, "told/closed_early"))
                if times != 1:
                    yield f"{entry.number} {key}: {times}"

    def _moved(self) -> Iterator[str]:
        for entry in self._took("a queue moved by a person"):
            moves = [step for step in self._queues(entry.number) if step.time >= entry.at]
            noted = self.witness.marked(entry.number, "told/reassigned/")
            named = [
                note
                for note in (noted if moves else ())
                if str(moves[0].new) in _text(note) and str(moves[0].old) in _text(note)
            ]
            undone = any(step.who == DESK_ACCOUNT for step in moves)
            if not named or undone:
                yield f"{entry.number}: {len(named)}{' undone' if undone else ''}"

    def _queues(self, number: str) -> list[Any]:
        return [
            step for step in self.witness.world.desk.people.changes(number) if step.field == "Assigned Group"
        ]

    def _emptied(self) -> Iterator[str]:
        for entry in self._took("a queue that became empty"):
            after = [step for step in self._queues(entry.number) if step.time > entry.at]
            mended = after and (after[0].new, after[0].who) == (SERVICE_DESK, DESK_ACCOUNT)
            if not mended or after[0].time - entry.at > NOTICED:
                yield entry.number

    def _causes(self) -> Iterator[str]:
        for entry in self._took("resolved without a cause: asked for"):
            if len(self.witness.marked(entry.number, "told/cause_missing/")) != 1:
                yield entry.number
        for entry in self._took("resolved without a cause: put back"):
            steps = self.witness.world.desk.people.history(entry.number)
            back = [step.time for step in steps if (step.old, step.who) == ("Resolved", DESK_ACCOUNT)]
            if not any(entry.at < at <= entry.at + NOTICED for at in back):
                yield entry.number

    def _proposals(self) -> Iterator[str]:
        for entry in self._took("a cause proposed by a component"):
            questions = self.witness.marked(entry.number, "told/verify/")
            own = rf"{re.escape(entry.key)} [^\n.]+\."
            if questions and not any(re.search(own, _causes_of(note)) for note in questions):
                yield entry.number

    def _fields(self) -> Iterator[str]:
        for entry in self._took("a field changed on both sides: the incident's wins"):
            if not self._comments(entry.number, entry.key, "told/overruled/"):
                yield f"{entry.number} incident"
        for entry in self._took("a field changed on both sides: the last writer wins"):
            told = self._comments(entry.number, entry.key, "told/overruled/")
            if not told and not self.witness.marked(entry.number, "told/overruled/"):
                yield f"{entry.number} last writer"
        for entry in self._took("a field changed on both sides: a person is asked"):
            if not self.witness.marked(entry.number, "told/field_asked/"):
                yield f"{entry.number} ask"

    def _returns(self) -> Iterator[str]:
        returned = list(self._deeds("returned"))
        for entry in returned:
            times = len(self.witness.marked(entry.number, "told/returned/"))
            if times != _count(returned, entry.number):
                yield f"{entry.number}: {times}"


def _text(note: dict[str, Any]) -> str:
    return str(note["Detailed Description"])


def _causes_of(note: dict[str, Any]) -> str:
    """Return the last part of a question, in which the causes are listed: a ticket's key there is a proposal's."""
    return _text(note).partition("\n")[2]


def _count(entries: Iterable[Entry], number: str) -> int:
    return sum(entry.number == number for entry in entries)
