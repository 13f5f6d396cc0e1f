"""Random people, faults, deaths and time over both simulators; the laws are checked when everything is at rest."""

from __future__ import annotations

import sys
import traceback
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.engine.poll import Poll
from bridge.engine.resync import resync
from bridge.simulators.faults import Fault
from tests.property import laws
from tests.property.texts import shapes
from tests.property.town import DEVELOPERS, GROUPS, LOGINS, VERSIONS, Town
from tests.property.trouble import TROUBLES, trouble

SIDES = ("desk", "tracker")
RESOLUTIONS = ("Done", "Done", "Fixed", "Won't Do", "Cannot Reproduce", "Duplicate")
#: Long enough for every grace, pause and retry, and so often that whatever comes due is done.
_LEAPS = (timedelta(seconds=30), timedelta(minutes=11), timedelta(minutes=40), timedelta(hours=3))
_MOST_LOOKS = 15

which = st.integers(0, 7)
logins = st.sampled_from(LOGINS)
developers = st.sampled_from(DEVELOPERS)


class Life(RuleBasedStateMachine):
    """One history of a town."""

    def __init__(self) -> None:
        super().__init__()
        self.surprises: list[str] = []
        structlog.configure(
            processors=[self._overhear],
            wrapper_class=structlog.make_filtering_bound_logger(40),
            cache_logger_on_first_use=False,
        )

    def _overhear(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if event["event"] == "incident_surprised_us" and sys.exc_info()[0]:
            self.surprises.append(traceback.format_exc())
        raise structlog.DropEvent

    # -- beginnings

    @initialize(
        flavour=st.sampled_from(("cloud", "datacenter")),
        lag=st.sampled_from((0, 0, 20, 100, 240)),
        stage=st.integers(0, 5),
        outage=st.booleans(),
    )
    def begins(self, flavour: Any, lag: int, stage: int, outage: bool) -> None:
        """A town where one incident is asked about, linked, fixed or deployed already."""
        self.town = Town.founded(flavour, timedelta(seconds=lag))
        if stage == 0:
            return
        self.opens("Outage" if outage else "Defect", True)
        number = self.town.numbers()[0]
        if stage >= 1:
            self.town.commands(number, "#ticket", "please {w}", "ann")
        if stage >= 2:
            self._rests()
        if stage >= 3 and self.town.ticket_keys():
            self.fixes(0, "dev.ana", "Done", 0)
            self._rests()
        if stage >= 4 and self.town.ticket_keys():
            self.releases(0, 0)
            self._rests()

    def _rests(self) -> None:
        for _ in range(3):
            self.town.looks(minutes=6)

    # -- who and what

    def incident(self, number: int) -> str:
        """One of the incidents."""
        numbers = self.town.numbers()
        return numbers[number % len(numbers)]

    def ticket(self, number: int) -> str:
        """One of the tickets."""
        keys = self.town.ticket_keys()
        return keys[number % len(keys)]

    def some_incident(self) -> bool:
        """Whether there is one."""
        return bool(self.town.numbers())

    def some_ticket(self) -> bool:
        """Whether there is one."""
        return bool(self.town.ticket_keys())

    # -- the desk

    @precondition(lambda self: len(self.town.numbers()) < 3)
    @rule(tier=st.sampled_from(("Defect", "Defect", "Outage", "Question")), owned=st.booleans())
    def opens(self, tier: str, owned: bool) -> None:
        """An incident comes in."""
        number = self.town.scene.opens(**{"Categorization Tier 1": tier})
        if not owned:
            self.town.sets(number, "bob", Status="Assigned", Assignee=None, Assignee_Login_ID=None)

    @precondition(some_incident)
    @rule(who=logins, at=which, shape=shapes())
    def asks(self, who: str, at: int, shape: str) -> None:
        """Somebody asks for a ticket."""
        self.town.commands(self.incident(at), "#ticket", shape, who)

    @precondition(some_incident)
    @rule(who=logins, at=which, shape=shapes(like_marks=True), internal=st.booleans())
    def writes(self, who: str, at: int, shape: str, internal: bool) -> None:
        """Somebody writes a note."""
        self.town.writes(self.incident(at), shape, who, internal=internal)

    @precondition(some_incident)
    @rule(
        who=logins,
        at=which,
        command=st.sampled_from(("#verified", "#failed", "#failed", "#release", "#deployed", "#deployed")),
        shape=shapes(),
    )
    def commands(self, who: str, at: int, command: str, shape: str) -> None:
        """Somebody answers, releases, or says that it is deployed, entitled or not."""
        self.town.commands(self.incident(at), command, shape, who)

    @precondition(some_incident)
    @rule(who=logins, at=which, cause=st.sampled_from((None, "Code")))
    def resolves(self, who: str, at: int, cause: str | None) -> None:
        """Somebody resolves, early or late."""
        self.town.resolves(self.incident(at), who, cause)

    @precondition(some_incident)
    @rule(who=logins, at=which, status=st.sampled_from(("In Progress", "Assigned", "Pending", "Pending")))
    def sets_status(self, who: str, at: int, status: str) -> None:
        """Somebody reopens or takes up an incident."""
        reason = "Customer Follow-Up Required" if status == "Pending" else None
        self.town.sets(self.incident(at), who, Status=status, **{"Status_Reason": reason} if reason else {})

    @precondition(some_incident)
    @rule(who=logins, at=which, status=st.sampled_from(("Closed", "Cancelled")))
    def ends(self, who: str, at: int, status: str) -> None:
        """Somebody closes or cancels."""
        self.town.closes(self.incident(at), who, status)

    @precondition(some_incident)
    @rule(
        who=logins,
        at=which,
        group=st.sampled_from((*GROUPS, None)),
        assignee=st.sampled_from((None, "ann", "bob", "carl")),
    )
    def reassigns(self, who: str, at: int, group: str | None, assignee: str | None) -> None:
        """Somebody gives the incident to another group, person, or nobody."""
        self.town.sets(self.incident(at), who, Assigned_Group=group, Assignee_Login_ID=assignee)

    @precondition(some_incident)
    @rule(
        who=logins,
        at=which,
        fields=st.sampled_from(
            (
                {"Impact": "1-Extensive/Widespread", "Urgency": "1-Critical"},
                {"Impact": "4-Minor/Localized", "Urgency": "4-Low"},
                {"Categorization_Tier_1": "Question"},
                {"Categorization_Tier_1": "Defect"},
                {"Categorization_Tier_1": "Outage"},
                {"Resolution_Category_Tier_2": "Code"},
                {"Description": "Now the page is down"},
            )
        ),
    )
    def edits(self, who: str, at: int, fields: dict[str, str]) -> None:
        """Somebody changes the incident."""
        self.town.sets(self.incident(at), who, **fields)

    @precondition(some_incident)
    @rule(who=logins, at=which, text=st.sampled_from((None, "SAP 77", "FRONT-999", "ELSE-1", "front-1 ??")))
    def edits_ticket_field(self, who: str, at: int, text: str | None) -> None:
        """Somebody clears the ticket field or writes something of no meaning into it."""
        self.town.clears_field(self.incident(at), who, text)

    @precondition(lambda self: self.some_incident() and self.some_ticket())
    @rule(who=logins, at=which, ticket=which, keeps=st.booleans())
    def types_key(self, who: str, at: int, ticket: int, keeps: bool) -> None:
        """Somebody types the key of a ticket that is there."""
        number = self.incident(at)
        before = str(self.town.scene.incident(number)["Vendor Ticket Number"] or "") if keeps else ""
        if not keeps:
            self.town.ledger.excused.add(number)
        self.town.sets(number, who, Vendor_Ticket_Number=f"{before} {self.ticket(ticket)}".strip())

    @precondition(lambda self: self.some_incident() and self.some_ticket())
    @rule(who=logins, at=which, ticket=which, shape=shapes())
    def names_ticket(self, who: str, at: int, ticket: int, shape: str) -> None:
        """Somebody names a ticket that is there to have it linked."""
        self.town.commands(self.incident(at), f"#link {self.ticket(ticket)}", shape, who)

    # -- the tracker

    @precondition(lambda self: self.some_incident() and self.some_ticket())
    @rule(at=which, number=which, known=st.booleans())
    def labels(self, at: int, number: int, known: bool) -> None:
        """A developer writes an incident's number into a ticket, or one that is not there."""
        key, people = self.ticket(number), self.town.world.tracker.people
        label = self.incident(at) if known else "INC000000999999"
        present = self.town.world.tracker.issue(key)["labels"]
        self.town.develops(lambda: people.sets(key, {"labels": [*present, label]}, "dev.ana"))

    @precondition(lambda self: len(self.town.ticket_keys()) < 4)
    @rule(who=developers, project=st.sampled_from(tuple(VERSIONS)))
    def creates(self, who: str, project: str) -> None:
        """A developer opens a ticket."""
        self.town.world.tracker.people.creates(project, "Blank sums", by=who)

    @precondition(some_ticket)
    @rule(
        who=st.sampled_from((*DEVELOPERS, "igor")),
        at=which,
        shape=shapes(like_marks=True),
        deployed=st.booleans(),
    )
    def comments(self, who: str, at: int, shape: str, deployed: bool) -> None:
        """A developer comments, or second line says in the ticket that it is deployed."""
        key = self.ticket(at)
        if deployed and who == "igor":
            self.town.ledger.delivered.add(self.town.id_of(key))
            shape = f"#deployed {shape}"
        self.town.comments(key, shape, who)

    @precondition(some_ticket)
    @rule(
        at=which,
        who=developers,
        resolution=st.sampled_from(RESOLUTIONS),
        version=st.one_of(st.none(), st.integers(0, 1)),
    )
    def fixes(self, at: int, who: str, resolution: str, version: int | None) -> None:
        """A developer plans for a version and finishes."""
        people, key = self.town.world.tracker.people, self.ticket(at)
        names = VERSIONS[key.rpartition("-")[0]]
        if version is not None:
            self.town.develops(lambda: people.plans_for(key, names[version % len(names)], who))
        self.town.develops(lambda: people.moves_to(key, "Done", who, resolution))

    @precondition(some_ticket)
    @rule(
        at=which,
        who=developers,
        status=st.sampled_from(
            ("In Progress", "In Progress", "In Review", "Deployed", "Deployed", "Closed", "To Do")
        ),
    )
    def moves(self, at: int, who: str, status: str) -> None:
        """A developer starts, deploys, closes or reopens."""
        key = self.ticket(at)
        self.town.develops(lambda: self.town.world.tracker.people.moves_to(key, status, who))

    @precondition(some_ticket)
    @rule(at=which, number=st.integers(0, 1))
    def releases(self, at: int, number: int) -> None:
        """Second line releases a version."""
        names, project = self._versions(at)
        self.town.world.tracker.people.releases(names[number % len(names)], project)

    @precondition(some_ticket)
    @rule(at=which, number=st.integers(0, 1))
    def unreleases(self, at: int, number: int) -> None:
        """Second line takes a release back."""
        names, project = self._versions(at)
        self.town.world.tracker.people.unreleases(names[number % len(names)], project)

    def _versions(self, at: int) -> tuple[tuple[str, ...], str]:
        project = self.ticket(at).rpartition("-")[0]
        return VERSIONS[project], project

    @precondition(some_ticket)
    @rule(at=which, who=developers, priority=st.sampled_from(("Highest", "Low")))
    def prioritises(self, at: int, who: str, priority: str) -> None:
        """A developer changes the priority, which the incident owns."""
        key = self.ticket(at)
        self.town.develops(lambda: self.town.world.tracker.people.sets(key, {"priority": priority}, who))

    @precondition(some_ticket)
    @rule(at=which, project=st.sampled_from(tuple(VERSIONS)))
    def moves_project(self, at: int, project: str) -> None:
        """A ticket moves to another project."""
        key = self.ticket(at)
        self.town.develops(lambda: self.town.world.tracker.people.moves(key, project))

    @precondition(lambda self: len(self.town.ticket_keys()) > 1)
    @rule(at=which, of=which)
    def duplicates(self, at: int, of: int) -> None:
        """A developer closes a ticket as a duplicate of another one."""
        key, target, people = self.ticket(at), self.ticket(of), self.town.world.tracker.people
        if key != target:
            self.town.develops(lambda: people.links_duplicate(key, target, "dev.ana"))
            self.town.develops(lambda: people.moves_to(key, "Done", "dev.ana", "Duplicate"))

    @precondition(some_ticket)
    @rule(at=which, hidden=st.booleans())
    def hides(self, at: int, hidden: bool) -> None:
        """A ticket goes out of the bridge's sight, or comes back."""
        self.town.hides(self.ticket(at), hidden)

    @precondition(some_ticket)
    @rule(at=which)
    def deletes(self, at: int) -> None:
        """Somebody deletes a ticket."""
        self.town.deletes(self.ticket(at))

    # -- the bridge and its troubles

    @rule(seconds=st.sampled_from((0, 5, 30, 30, 30, 60)))
    def looks(self, seconds: int) -> None:
        """The bridge looks."""
        self.town.looks(seconds=seconds)

    @rule(minutes=st.sampled_from((3, 6, 11, 45)))
    def waits(self, minutes: int) -> None:
        """Time passes, and the bridge looks."""
        self.town.looks(minutes=minutes)
        self.town.looks(seconds=30)

    @rule(side=st.sampled_from(SIDES), name=st.sampled_from(tuple(TROUBLES)), skip=st.integers(0, 6))
    def trouble_ahead(self, side: str, name: str, skip: int) -> None:
        """One of the next requests meets trouble, and the bridge looks."""
        self._wire(side).add(trouble(name, skip=skip))
        self.town.looks(seconds=30)

    @rule(side=st.sampled_from(SIDES), name=st.sampled_from(tuple(n for n in TROUBLES if "death" not in n)))
    def outage(self, side: str, name: str) -> None:
        """Nothing goes through for a while."""
        self._wire(side).add(trouble(name, times=6))
        self.town.looks(seconds=30)

    @precondition(some_incident)
    @rule(
        side=st.sampled_from(SIDES),
        skip=st.integers(0, 9),
        method=st.sampled_from((None, "POST", "PUT", "PUT")),
        deed=st.sampled_from(
            ("resolves", "clears", "vendor", "writes", "reopens", "gives away", "comments", "moves", "fails")
        ),
        who=logins,
        at=which,
        ticket=which,
    )
    def people_in_the_middle(
        self, side: str, skip: int, method: str | None, deed: str, who: str, at: int, ticket: int
    ) -> None:
        """Somebody does something while the bridge looks: right before it reads or writes."""
        number, keys, town = self.incident(at), self.town.ticket_keys(), self.town
        key = keys[ticket % len(keys)] if keys else ""
        deeds = {
            "resolves": lambda: town.resolves(number, who, "Code"),
            "clears": lambda: town.clears_field(number, who, None),
            "vendor": lambda: town.clears_field(number, who, "SAP 77"),
            "writes": lambda: town.writes(number, "in the middle {w}", who),
            "reopens": lambda: town.sets(number, who, Status="In Progress"),
            "gives away": lambda: town.sets(
                number, who, Assigned_Group="Frontline Cards", Assignee_Login_ID=None
            ),
            "fails": lambda: town.commands(number, "#failed", "again {w}", who),
            "comments": lambda: (
                town.comments(key, "meanwhile {w}", "dev.max") if key in town.ticket_keys() else None
            ),
            "moves": lambda: town.develops(
                lambda: town.world.tracker.people.moves_to(key, "In Progress", "dev.ana")
            ),
        }
        self._wire(side).add(
            Fault(
                kind="call_before",
                match=lambda request: method in (None, request.method),
                skip=skip,
                call=lambda: (deeds[deed](), town.notices())[1],
            )
        )
        town.looks(seconds=30)

    @rule(moment=st.sampled_from(("before", "after", "full")), transactions=st.integers(0, 14))
    def dies_at_a_commit(self, moment: Any, transactions: int) -> None:
        """The process dies, or the disk is full, at one of the next commits, and the bridge looks."""
        self.town.store.strike(transactions, moment)
        self.town.looks(seconds=30)

    def _wire(self, side: str) -> Any:
        world = self.town.world
        return world.desk_wire if side == "desk" else world.tracker_wire

    # -- the end

    @invariant()
    def notices(self) -> None:
        """Whatever people may rely on later is written down, and nothing took the bridge by surprise."""
        if hasattr(self, "town"):
            self.town.notices()
        assert not self.surprises, self.surprises[0]

    def teardown(self) -> None:
        """End all trouble, let time pass until nothing happens, and hold the worlds against the laws."""
        try:
            if hasattr(self, "town"):
                self._comes_to_rest()
                self._judges()
                laws.idles(self.town)
                assert not self.surprises, self.surprises[0]
        finally:
            structlog.reset_defaults()

    def _judges(self) -> None:
        laws.judge(self.town)

    def _comes_to_rest(self) -> None:
        town = self.town
        for wire in (town.world.desk_wire, town.world.tracker_wire):
            wire.clear()
        town.store.spare()
        self._leap(_LEAPS)
        bridge = town.scene.bridge
        resync(bridge.pair, bridge.store, Poll(pair=bridge.pair, store=bridge.store, begin=bridge.begin))
        self._leap((timedelta(seconds=30), timedelta(minutes=6), timedelta(minutes=6)))
        quiet = 0
        for _ in range(_MOST_LOOKS):
            quiet = quiet + 1 if town.looks(seconds=30) == 0 else 0
            if quiet == 3:
                return
        raise AssertionError("the bridge does not come to rest")

    def _leap(self, leaps: tuple[timedelta, ...]) -> None:
        for leap in leaps:
            self.town.world.clock.advance(leap)
            for _ in range(3):
                self.town.looks(seconds=30)
