"""Frontline at work in the simulated Remedy: does what the script says, as far as the incident still allows it.

People look before they act: an incident that the bridge put back is not where the log has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bridge.rehearsal.schedule import Diary, Schedule
from bridge.rehearsal.script import Act, Script
from bridge.rehearsal.side_roads import Road
from bridge.rehearsal.staff import INSTALLER, Staff
from bridge.simulators.remedy import RemedySimulator
from bridge.simulators.remedy.refusal import Rejected
from bridge.simulators.remedy.settings import ESCALATOR

CAUSE_FIELD = "Resolution Category Tier 2"
ENDED = ("Resolved", "Closed", "Cancelled")
#: How long it takes until somebody gives the cause that was forgotten.
GIVEN_LATER = timedelta(hours=4)
#: How long a person needs from writing that a fix works to resolving.
THEN_RESOLVE = timedelta(minutes=15)


@dataclass(kw_only=True)
class Frontline:
    """Everybody at the desk; ``asks_by_a_road`` takes the asking over where it returns True.

    ``some_cause`` is given where the log has none but the incident needs one.
    """

    desk: RemedySimulator
    staff: Staff
    clock: Callable[[], datetime]
    schedule: Schedule
    diary: Diary
    scripts: dict[str, Script]
    tried: set[str] = field(default_factory=set)
    closings: dict[str, Act] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    roads: dict[str, Road] = field(default_factory=dict)
    asks_by_a_road: Callable[[Act], bool] = lambda _: False
    some_cause: str = ""
    answered: set[str] = field(default_factory=set)
    asked_for_cause: set[str] = field(default_factory=set)

    def perform(self, act: Act) -> None:
        """Do what an act says; what Remedy refuses is counted by its words."""
        try:
            _HOW[act.kind](self, act)
        except Rejected as error:
            self.diary.refused[f"{act.kind}: {error}"] += 1

    def look(self, number: str) -> dict[str, Any]:
        """Return an incident as a person sees it."""
        return self.desk.people.incident(number)

    def member(self, number: str) -> str:
        """Return who may act for an incident: its owner, else a member of its queue."""
        incident = self.look(number)
        return str(incident["Assignee Login ID"] or self.staff.of(str(incident["Assigned Group"] or "")))

    # -- by the script

    def _open(self, act: Act) -> None:
        self.desk.people.opens(dict(act.fields), by=act.by, number=act.number)

    def _change(self, act: Act) -> None:
        incident = self.look(act.number)
        if incident["Status"] == "Closed":
            self.diary.made_up["changes of incidents that were closed by then, left out"] += 1
            return
        fields = self._possible(dict(act.fields), incident)
        if incident["Status"] == "Resolved" and fields.get("Status", "Resolved") != "Resolved":
            self.diary.note(self.clock(), act.number, "reopened")
        if fields:
            self.desk.people.sets(act.number, fields, by=act.by)

    def _possible(self, fields: dict[str, str], incident: dict[str, Any]) -> dict[str, str]:
        """Return the fields with a status that the incident can have: In Progress needs somebody, Assigned a group."""
        status, reason = fields.pop("Status", ""), fields.pop("Status_Reason", "")
        kept = "" if "Assigned Group" in fields else incident["Assignee Login ID"]
        if status == "In Progress" and not (fields.get("Assignee Login ID") or kept):
            self.diary.made_up["Active without an assignee, which is Assigned in Remedy"] += 1
            status = "Assigned"
        if status == "Assigned" and not (fields.get("Assigned Group") or incident["Assigned Group"]):
            status = ""
        if status:
            fields["Status"] = status
            fields |= {"Status_Reason": reason} if reason else {}
        return fields

    def _note(self, act: Act) -> None:
        self.desk.people.writes(act.number, act.text, by=act.by)

    def _ask(self, act: Act) -> None:
        over = self.look(act.number)["Status"] in ENDED
        if over or not self.asks_by_a_road(act):
            self.asks(act)

    def asks(self, act: Act) -> None:
        """Ask for a ticket in a note."""
        self.desk.people.writes(act.number, act.text, by=self.member(act.number))
        self.diary.note(self.clock(), act.number, "asked")

    def _resolve(self, act: Act) -> None:
        self.tried.add(act.number)
        self.causes[act.number] = act.text
        if self.look(act.number)["Status"] in ENDED:
            self.diary.made_up["resolves of incidents that were resolved by then, left out"] += 1
            return
        self.resolves(act.number)

    def _auto_close(self, act: Act) -> None:
        """Close a resolved incident as the desk's escalation does; one that is open is closed after its resolve."""
        incident = self.look(act.number)
        if self.roads.get(act.number) == "closed early by the desk":
            return  # whoever insists has the desk close it, at the desk's own pace
        if incident["Status"] == "Resolved":
            due = incident["Last Resolved Date"] + act.after
            if due > self.clock():
                self.schedule.at(due, partial(self.perform, act))
            else:
                self.desk.people.closes(act.number, ESCALATOR)
                self.diary.note(self.clock(), act.number, "closed")
        elif incident["Status"] != "Closed":
            self.closings[act.number] = act

    def _close(self, act: Act) -> None:
        if self.look(act.number)["Status"] == "Closed":
            self.diary.made_up["closings of incidents that were closed by then, left out"] += 1
            return
        self.closes(act.number, self.member(act.number))

    def closes(self, number: str, by: str) -> None:
        """Close an incident that need not be resolved."""
        fields = {
            "Status": "Closed",
            "Status_Reason": "Automated Resolution Reported",
            "Resolution": "Closed.",
        }
        self.desk.people.sets(number, fields, by=by)
        self.diary.note(self.clock(), number, "closed")

    # -- because of the linked fix

    def resolves(self, number: str) -> None:
        """Resolve an incident with the log's cause, unless the cause is what somebody forgets."""
        forgets = self.roads.get(number) in FORGETFUL and number not in self.asked_for_cause
        cause = "" if forgets else self.causes.get(number, "")
        fields = {CAUSE_FIELD: cause} if cause else {}
        self.desk.people.resolves(number, self.member(number), fields=fields)
        self.diary.note(self.clock(), number, "resolved")
        if forgets and self._is_there(number):
            self.asked_for_cause.add(number)
            self.diary.takes(self.clock(), number, self.roads[number])
            self.schedule.at(self.clock() + GIVEN_LATER, partial(self._gives_cause, number))
        waiting = self.closings.pop(number, None)
        if waiting is not None:
            at = self.clock() + waiting.after
            self.schedule.at(at, partial(self.perform, replace(waiting, at=at)))

    def _is_there(self, number: str) -> bool:
        """Whether the fix was deployed or verified since it last failed."""
        deeds = [entry.what for entry in self.diary.entries if entry.number == number]
        since = deeds[::-1].index("failed") if "failed" in deeds else len(deeds)
        return any(what in ("deployed", "verified") for what in deeds[len(deeds) - since :])

    def _gives_cause(self, number: str) -> None:
        """Give the cause that was forgotten; an incident that was put back for it is resolved with it."""
        cause = self.causes.get(number) or self.some_cause
        self.causes[number] = cause
        status = self.look(number)["Status"]
        if status == "Resolved":
            self.desk.people.sets(number, {CAUSE_FIELD: cause}, by=self.member(number))
        elif status not in ENDED:
            self.resolves(number)

    def checks(self, number: str, key: str, *, works: bool, by_note: bool, again: Callable[[], None]) -> None:
        """Answer for a fix that is in production, or a decision of development, unless a resolve did so already.

        A person who tried to resolve before does so now.
        """
        if self.look(number)["Status"] in ENDED:
            return
        if not works:
            self._fails(number, key)
            again()
            return
        if by_note and number not in self.answered:
            self.answered.add(number)
            self._answers(number, "verified", f"#verified The customer confirms it ({number}).", key)
        if number in self.tried:
            self.diary.made_up["resolves tried again after the fix"] += 1
            self.schedule.at(self.clock() + THEN_RESOLVE, partial(self.retries, number))

    def retries(self, number: str) -> None:
        """Resolve an incident that is still open."""
        if self.look(number)["Status"] not in ENDED:
            self.resolves(number)

    def _fails(self, number: str, key: str) -> None:
        text, road = f"#failed The customer still sees it ({number}).", self.roads.get(number)
        if road != "a fix that failed, with a screenshot":
            self._answers(number, "failed", text, key)
            return
        self.diary.takes(self.clock(), number, road, key)
        shot = (f"seen at {number}.png", screenshot_of(number))
        self._answers(number, "failed", text, key, (shot,))

    def _answers(
        self, number: str, what: Any, text: str, key: str, files: tuple[tuple[str, bytes], ...] = ()
    ) -> None:
        self.desk.people.writes(number, text, by=self.member(number), files=files)
        self.diary.note(self.clock(), number, what, key)
        self.diary.made_up[f"answers by note: {what}"] += 1

    def completes_change(self, summary: str, numbers: tuple[str, ...]) -> str:
        """Let second line complete a change that is related to incidents, and return its number."""
        change = self.desk.people.plans_change(summary, by=INSTALLER)
        for number in numbers:
            self.desk.people.relates_change(number, change)
        self.desk.people.sets_change(change, "Completed", "Final Review Complete", by=INSTALLER)
        return change

    def installs(self, number: str, text: str) -> None:
        """Let second line write into an incident."""
        self.desk.people.writes(number, text, by=INSTALLER)


def screenshot_of(number: str) -> bytes:
    """Return what a screenshot of an incident holds; no two are equal."""
    return b"\x89PNG\r\n\x1a\n" + number.encode()


#: Roads on which somebody resolves without a cause.
FORGETFUL: frozenset[Road] = frozenset(
    {"resolved without a cause: asked for", "resolved without a cause: put back"}
)

_HOW: dict[str, Callable[[Frontline, Act], None]] = {
    "open": Frontline._open,
    "change": Frontline._change,
    "note": Frontline._note,
    "ask": Frontline._ask,
    "resolve": Frontline._resolve,
    "auto_close": Frontline._auto_close,
    "close": Frontline._close,
}
