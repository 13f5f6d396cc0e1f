"""A desk, a tracker and the bridge between them in one process, under one clock that only moves when told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal, get_args

from bridge.connectors.gate import Gate
from bridge.connectors.jira import JiraTracker
from bridge.connectors.remedy import RemedyDesk
from bridge.decide.guard import Limits
from bridge.decide.voice import Voice
from bridge.engine.pair import Pair
from bridge.engine.reconcile import Reconciler
from bridge.model.errors import BridgeError
from bridge.rehearsal.clock import VirtualClock, Watch
from bridge.rules.match import fields_named, ticket_fields_named
from bridge.rules.named import links_named, reads_changes
from bridge.rules.shape import RuleSet
from bridge.simulators.faults import Faulty
from bridge.simulators.jira import (
    Account,
    CustomField,
    JiraSettings,
    JiraSimulator,
    Person,
    ProjectSpec,
    Switches,
)
from bridge.simulators.remedy import RemedySettings, RemedySimulator
from bridge.simulators.transport import InProcess
from bridge.state.store import Store
from bridge.voices import voice_of

Flavour = Literal["cloud", "datacenter"]

FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)

DESK_URL = "https://itsm.example.com:8443"
TRACKER_URL = "https://jira.example.com"
DESK_ACCOUNT = "svc-bridge"
DESK_PASSWORD = "desk-password"  # noqa: S105 - a made-up account of a made-up server
TRACKER_TOKEN = "tracker-token"  # noqa: S105 - the same
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def flavour_of(name: str) -> Flavour:
    """Return the flavour of Jira of this name; ``BridgeError`` names the choices."""
    for flavour in FLAVOURS:
        if flavour == name:
            return flavour
    raise BridgeError(f"there is no flavour {name!r}", next_step=f"use {' or '.join(FLAVOURS)}")


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who works where: groups of the desk with their members, developers, projects with components and versions.

    ``names`` are what people call developers whose accounts do not tell; ``custom_fields`` are further fields of tickets.
    """

    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    developers: tuple[str, ...] = ("dev.ana",)
    names: dict[str, str] = field(default_factory=dict)
    projects: tuple[ProjectSpec, ...] = (ProjectSpec(key="FRONT", name="Front Office"),)
    custom_fields: tuple[CustomField, ...] = ()


@dataclass(kw_only=True)
class World:
    """Both simulated servers and everything to drive them; ``desk_wire`` and ``tracker_wire`` take faults.

    Each server and the bridge go by a watch of their own, which all show the time of ``clock`` until they are set.
    ``page_size`` is how many entries the bridge asks of the desk at once.
    """

    clock: VirtualClock
    desk: RemedySimulator
    tracker: JiraSimulator
    desk_wire: Faulty
    tracker_wire: Faulty
    flavour: Flavour
    desk_watch: Watch
    tracker_watch: Watch
    bridge_watch: Watch
    page_size: int = 1000
    _gates: dict[str, Gate] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        cast: Cast,
        *,
        flavour: Flavour = "cloud",
        start: datetime = START,
        index_lag: timedelta = timedelta(0),
        remedy: RemedySettings | None = None,
        clock: Callable[[], datetime] | None = None,
        zone: str = "Etc/UTC",
        page_size: int = 1000,
    ) -> World:
        """Set the scene; nothing has happened yet.  With a ``clock`` of the caller's, time is not ours to move.

        ``zone`` is that of the bridge's account at the tracker, in which the tracker reads dates that name none.
        ``page_size`` is how much either server shows at once.
        """
        virtual = VirtualClock(start)
        clock = clock or virtual
        desk_watch, tracker_watch = Watch(clock=clock), Watch(clock=clock)
        desk = RemedySimulator(desk_watch, remedy or RemedySettings())
        populate(desk, cast)
        people = tuple(Person.of(name, display=cast.names.get(name)) for name in cast.developers)
        accounts = (
            Account(person=Person.of(DESK_ACCOUNT, display="The bridge", zone=zone), token=TRACKER_TOKEN),
            *(Account(person=person, token=person.name) for person in people),
        )
        tracker = JiraSimulator(
            tracker_watch,
            JiraSettings(
                flavour=flavour,
                base_url=TRACKER_URL,
                accounts=accounts,
                people=people,
                projects=cast.projects,
                custom_fields=cast.custom_fields,
                index_lag=index_lag if flavour == "cloud" else timedelta(0),
                search_cap=page_size,
                switches=Switches(wide_page_cap=min(page_size, 100)),
            ),
        )
        return cls(
            clock=virtual,
            desk=desk,
            tracker=tracker,
            desk_wire=Faulty(inner=desk),
            tracker_wire=Faulty(inner=tracker),
            flavour=flavour,
            desk_watch=desk_watch,
            tracker_watch=tracker_watch,
            bridge_watch=Watch(clock=virtual),
            page_size=page_size,
        )

    def starts_anew(self) -> None:
        """Forget what processes so far knew of the servers: the next pair belongs to a new one."""
        self._gates.clear()

    def gate(self, side: str) -> Gate:
        """Return the gate of a side, which all pairs of one process share."""
        return self._gates.setdefault(side, Gate.of(self.clock.monotonic, random=lambda: 0.5))

    def pair(
        self,
        rules: RuleSet,
        *,
        name: str = "retail",
        language: str = "en",
        served: tuple[str, str] | None = None,
    ) -> Pair:
        """Return the bridge's connectors to this world.

        They run their real HTTP code: without a socket, or, where ``served`` gives the desk's and the tracker's
        addresses, over one.
        """
        desk_url, tracker_url = served or (DESK_URL, TRACKER_URL)
        return Pair(
            name=name,
            desk=RemedyDesk(
                desk_url,
                DESK_ACCOUNT,
                lambda: DESK_PASSWORD,
                clock=self.bridge_watch,
                sleep=self.clock.sleep,
                monotonic=self.clock.monotonic,
                random=lambda: 0.5,
                gate=self.gate("desk"),
                fields=sorted(fields_named(rules)),
                pair=name,
                page_size=self.page_size,
                reads_changes=any(reads_changes(rule) for rule in rules.rules),
                web_url="https://itsm.example.com/incident/{number}",
                transport=None if served else InProcess(self.desk_wire),
            ),
            tracker=JiraTracker(
                tracker_url,
                lambda: TRACKER_TOKEN,
                pair=name,
                clock=self.bridge_watch,
                user=Person.of(DESK_ACCOUNT).email if self.flavour == "cloud" else "",
                sleep=self.clock.sleep,
                monotonic=self.clock.monotonic,
                random=lambda: 0.5,
                gate=self.gate("tracker"),
                ticket_fields=sorted(ticket_fields_named(rules)),
                relations=sorted(links_named(rules)),
                transport=None if served else InProcess(self.tracker_wire),
            ),
            rules=rules,
            voice=_voice_of(language),
            clock=self.bridge_watch,
            limits=Limits(creates_per_cycle=1000),
        )

    def reconciler(
        self,
        rules: RuleSet,
        store: Store,
        *,
        begin: datetime | None = None,
        served: tuple[str, str] | None = None,
        language: str = "en",
    ) -> Reconciler:
        """Return a bridge at work in this world."""
        self.starts_anew()
        pair = self.pair(rules, served=served, language=language)
        return Reconciler(pair=pair, store=store, begin=begin or self.bridge_watch())


@cache
def _voice_of(language: str) -> Voice:
    """Return the delivered texts of a language; they never change, and to compile them costs more than a whole look."""
    return voice_of(language)


def populate(desk: RemedySimulator, cast: Cast) -> None:
    """Give a simulated desk its groups, their members and their accounts; people's passwords are their logins."""
    known: set[str] = set()
    for group, members in cast.groups.items():
        desk.add_group(group)
        for login, name in members.items():
            if login not in known:
                desk.add_person(login, name)
                desk.add_account(login, login)
                known.add(login)
            desk.join_group(login, group)
    desk.add_account(DESK_ACCOUNT, DESK_PASSWORD)
