"""People on side roads: how they ask, lose patience, change their minds, and hand things on.

Everybody looks before they act: whoever finds the incident resolved or closed leaves it, and the road is not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bridge.rehearsal.course import Course
from bridge.rehearsal.development import PROJECT, SECOND_LINE, THIRD_LINE, WORKAROUND, Development
from bridge.rehearsal.frontline import ENDED, Frontline
from bridge.rehearsal.schedule import Diary, Schedule
from bridge.rehearsal.script import Act
from bridge.rehearsal.side_roads import AT_ONCE, CHANNELS, Deck, Road
from bridge.rehearsal.staff import INSTALLER, LEAD
from bridge.simulators.jira import JiraSimulator
from bridge.simulators.remedy import RemedySimulator
from bridge.simulators.remedy.refusal import Rejected
from bridge.simulators.remedy.settings import ESCALATOR

#: How soon a mistake is noticed and mended, and how soon somebody tries again.
MENDED, INSISTS = timedelta(minutes=30), timedelta(hours=2)
#: How often somebody insists at most, and when the desk closes what was resolved.
MOST_TRIES, AUTO_CLOSE = 8, timedelta(days=15)
CHANNEL, ORDINARY = "Reported Source", "Phone"
SCRIPT_USER = "night.script"
#: What both sides of a shared field are changed to: (the incident's word, the ticket's, the ticket's for the incident's).
#: Whatever stands on either side, one of the three is new to both.
_WORDS = (("1-Critical", "Medium", "Highest"), ("4-Low", "High", "Low"), ("2-High", "Low", "High"))


@dataclass(kw_only=True)
class Detours:
    """Deals the roads and lets people take them."""

    desk: RemedySimulator
    tracker: JiraSimulator
    frontline: Frontline
    development: Development
    clock: Callable[[], datetime]
    schedule: Schedule
    diary: Diary
    deck: Deck
    roads: dict[str, Road]
    tries: dict[str, int] = field(default_factory=dict)
    scripted: list[str] = field(default_factory=list)

    # -- asking

    def asks(self, act: Act) -> bool:
        """Deal a road to a hand-over; whether the asking itself goes another way than by a plain note."""
        road = self.deck.deal()
        if road is None:
            return False
        self.roads[act.number] = road
        if road in CHANNELS:
            self._came_by(act.number, CHANNELS[road])
        asking = _ASKING.get(road)
        return asking(self, act) if asking else False

    def _came_by(self, number: str, channel: str) -> None:
        self.desk.people.sets(number, {CHANNEL: channel}, by=self.frontline.member(number))

    def _misfiled(self, act: Act) -> bool:
        """Ask from an incident that no rule matches, and correct it later; nobody asks twice."""
        self.frontline.asks(act)
        self.diary.takes(self.clock(), act.number, "asked where no rule matches")
        self._later(MENDED, partial(self._came_by, act.number, ORDINARY))
        return True

    def _mistypes(self, act: Act) -> bool:
        self._types(act.number, f"{PROJECT}-990099")
        self.diary.takes(self.clock(), act.number, "a mistyped key")
        self._later(MENDED, partial(self.frontline.asks, act))
        return True

    def _own_ticket(self, act: Act) -> bool:
        key = self.development.opens_own(act.number)
        self._adopts(act.number, key, "a developer's own ticket, linked by its key")
        return True

    def _joins(self, act: Act) -> bool:
        course = self.development.joinable()
        if course is None:
            self.deck.take_back(self.roads.pop(act.number))
            return False
        course.joined.append(act.number)
        self._adopts(act.number, course.key, "a second incident on one ticket")
        return True

    def _adopts(self, number: str, key: str, road: Road) -> None:
        self._types(number, key)
        self.diary.note(self.clock(), number, "adopted", key)
        self.diary.takes(self.clock(), number, road, key)

    def _types(self, number: str, key: str) -> None:
        self.desk.people.sets(number, {"Vendor Ticket Number": key}, by=self.frontline.member(number))

    # -- once there is a ticket

    def linked(self, course: Course) -> None:
        """Plan what people do on the road of a ticket's incident."""
        planned = _LINKED.get(course.road) if course.road else None
        if planned is not None:
            share, deed = planned
            self._at(course.part(share), partial(self._if_open, course, partial(deed, self, course)))

    def _at(self, moment: datetime, deed: Callable[[], object]) -> None:
        """Plan what somebody does at either side; what Remedy refuses is counted by its words."""
        self.development.does(moment, partial(self._careful, deed))

    def _later(self, span: timedelta, deed: Callable[[], object]) -> None:
        self._at(self.clock() + span, deed)

    def _careful(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except Rejected as error:
            self.diary.refused[f"side road: {error}"] += 1

    def _is_open(self, number: str) -> bool:
        return self.frontline.look(number)["Status"] not in ENDED

    def _if_open(self, course: Course, deed: Callable[[], object]) -> None:
        if self._is_open(course.number):
            deed()

    def _took(self, course: Course) -> None:
        if course.road is not None:
            self.diary.takes(self.clock(), course.number, course.road, course.key)

    def _writes(self, number: str, text: str, by: str = "") -> None:
        self.desk.people.writes(number, text, by=by or self.frontline.member(number))

    def _asks_again(self, course: Course) -> None:
        self._writes(course.number, f"#ticket Is there any news? ({course.number})")
        self._took(course)

    def _too_soon(self, course: Course) -> None:
        self._writes(course.number, f"#failed It is as before ({course.number}).")
        self._took(course)

    def _outsider(self, course: Course) -> None:
        self._writes(course.number, f"#verified It works here ({course.number}).", INSTALLER)
        self._took(course)

    def _asks_release(self, course: Course) -> None:
        """Ask for the end of the hold, first by somebody who may not."""
        self._writes(course.number, f"#release The customer cannot wait ({course.number}).", INSTALLER)
        self._later(INSISTS, partial(self._if_open, course, partial(self._releases, course)))

    def _releases(self, course: Course) -> None:
        self._writes(course.number, f"#release Agreed with the customer ({course.number}).", LEAD)
        self.diary.note(self.clock(), course.number, "released", course.key)
        self._took(course)
        if course.number in self.frontline.tried:
            self._later(INSISTS, partial(self.frontline.retries, course.number))

    def _workaround(self, course: Course) -> None:
        """Tell a workaround in the ticket; on one of the roads Frontline resolves with it."""
        people, who = self.tracker.people, course.life.assignee
        labels = self.tracker.issue(course.key)["labels"]
        people.sets(course.key, {"labels": [*labels, WORKAROUND]}, who)
        people.comments(course.key, f"#workaround Use the old form until {course.key} is fixed.", who)
        for number in course.numbers:
            self.diary.note(self.clock(), number, "workaround", course.key)
        if course.road == "a workaround":
            self._took(course)
        else:
            self._later(INSISTS, partial(self._if_open, course, partial(self._works_around, course)))

    def _works_around(self, course: Course) -> None:
        self.diary.note(self.clock(), course.number, "worked_around", course.key)
        self._took(course)
        self.frontline.resolves(course.number)

    # -- closing early

    def _closes(self, course: Course) -> None:
        self.frontline.closes(course.number, self.frontline.member(course.number))
        self._took(course)

    def _insists(self, course: Course) -> None:
        """Resolve again and again, until nobody puts it back and the desk closes it by its own rule."""
        incident = self.frontline.look(course.number)
        tries = self.tries[course.number] = self.tries.get(course.number, 0) + 1
        if incident["Status"] == "Resolved":
            due = incident["Last Resolved Date"] + AUTO_CLOSE
            self._at(due, partial(self._desk_closes, course))
        elif incident["Status"] not in ENDED and tries <= MOST_TRIES:
            self.frontline.tried.add(course.number)
            self.frontline.resolves(course.number)
            self._later(INSISTS, partial(self._insists, course))

    def _desk_closes(self, course: Course) -> None:
        if self.frontline.look(course.number)["Status"] == "Resolved":
            self.desk.people.closes(course.number, ESCALATOR)
            self.diary.note(self.clock(), course.number, "closed")
            self._took(course)

    def _script(self, course: Course) -> None:
        """Wait for some more, then let a script close them all within the same second."""
        self.scripted = [number for number in (*self.scripted, course.number) if self._is_open(number)]
        if len(self.scripted) < AT_ONCE:
            return
        for number in self.scripted:
            self.frontline.closes(number, SCRIPT_USER)
            self.diary.takes(self.clock(), number, "closed early by a script")
        self.scripted.clear()

    # -- queues and fields

    def _moves_queue(self, course: Course) -> None:
        present = self.frontline.look(course.number)["Assigned Group"]
        group = course.chance.choice([name for name in self.frontline.staff.ordinary if name != present])
        # Somebody there takes it: an incident in progress needs an owner.
        owner = self.frontline.staff.of(group)
        self.desk.people.reassigns(course.number, group, owner, by=self.frontline.member(course.number))
        self._took(course)

    def _empties_queue(self, course: Course) -> None:
        empty = {"Assigned Group": None, "Assignee Login ID": None}
        self.desk.people.sets(course.number, empty, by=self.frontline.member(course.number))
        self._took(course)

    def _overrules(self, course: Course) -> None:
        """Let a developer change a field that the incident owns."""
        present = self.tracker.issue(course.key)["priority"]
        self.tracker.people.sets(
            course.key, {"priority": "Low" if present != "Low" else "High"}, course.life.assignee
        )
        self._took(course)

    def _both_change(self, course: Course) -> None:
        """Change a shared field on both sides between two looks of the bridge."""
        present = self.frontline.look(course.number)["Urgency"], self.tracker.issue(course.key)["priority"]
        ours, theirs, settled = next(
            words for words in _WORDS if words[0] != present[0] and words[1] != present[1]
        )
        self.desk.people.sets(course.number, {"Urgency": ours}, by=self.frontline.member(course.number))
        self.tracker.people.sets(course.key, {"priority": theirs}, course.life.assignee)
        self._took(course)
        if course.road == "a field changed on both sides: a person is asked":
            equal = partial(self.tracker.people.sets, course.key, {"priority": settled}, course.life.assignee)
            self._later(INSISTS, equal)

    # -- three lines

    def _hands_on(self, course: Course) -> None:
        """Hand a ticket of second line on to third line, which returns it."""
        if course.project != SECOND_LINE:
            return
        people, who = self.tracker.people, course.life.assignee
        target = people.creates(THIRD_LINE, f"Behind {course.key}", by=who)
        people.links(target, "Blocks", course.key, who)
        self._at(course.part(0.7), partial(self._if_open, course, partial(self._returns, course, target)))

    def _returns(self, course: Course, target: str) -> None:
        self.tracker.people.moves_to(target, "Done", course.life.assignee, "Won't Do")
        self.diary.note(self.clock(), course.number, "returned", course.key, target)
        self._took(course)


_ASKING: dict[Road, Callable[[Detours, Act], bool]] = {
    "asked where no rule matches": Detours._misfiled,
    "a mistyped key": Detours._mistypes,
    "a developer's own ticket, linked by its key": Detours._own_ticket,
    "a second incident on one ticket": Detours._joins,
}
#: When in the course of the work people act, and what they do; on the other roads development or the check decides.
_LINKED: dict[Road, tuple[float, Callable[[Detours, Course], None]]] = {
    "asked again for a ticket": (0.2, Detours._asks_again),
    "an answer too early": (0.3, Detours._too_soon),
    "an answer by an outsider": (0.5, Detours._outsider),
    "a hold ended by a lead": (0.3, Detours._asks_release),
    "a workaround": (0.4, Detours._workaround),
    "resolved by a workaround": (0.4, Detours._workaround),
    "closed early by a person": (0.3, Detours._closes),
    "closed early by the desk": (0.1, Detours._insists),
    "closed early by a script": (0.3, Detours._script),
    "a queue moved by a person": (0.4, Detours._moves_queue),
    "a queue that became empty": (0.4, Detours._empties_queue),
    "a field changed on both sides: the incident's wins": (0.5, Detours._overrules),
    "a field changed on both sides: the last writer wins": (0.5, Detours._both_change),
    "a field changed on both sides: a person is asked": (0.5, Detours._both_change),
    "handed on to third line and back": (0.3, Detours._hands_on),
}
