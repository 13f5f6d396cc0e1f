"""A simulated Jira site with a tracker connected to it in process, for the tests of the Jira connector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bridge.connectors.jira import JiraTracker
from bridge.model.actions import CreateTicket, ShowIncident
from bridge.model.note import mark
from bridge.simulators.faults import Fault, Faulty, Kind
from bridge.simulators.jira import CustomField, JiraSettings, JiraSimulator, ProjectSpec
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Request, Response

DAWN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
URL = "https://jira.example"
TOKEN = "bridge-token"
EMAIL = "bridge@example.com"
PAIR = "acme"
MARK = mark(PAIR, "INC1/note/remedy/WLG7/10001")
LABEL = "bridge-acme-INC1-1"

Flavour = Literal["cloud", "datacenter"]
FLAVOURS: tuple[Flavour, ...] = ("cloud", "datacenter")

CUSTOM = (
    CustomField(id="customfield_10010", name="Customer Impact", kind="select", options=("High", "Low")),
    CustomField(id="customfield_10011", name="Twin"),
    CustomField(id="customfield_10012", name="twin"),
    CustomField(id="customfield_10013", name="Steps", kind="textarea"),
    CustomField(id="customfield_10014", name="Points", kind="number"),
    CustomField(id="customfield_10015", name="Due to customer", kind="date"),
    CustomField(id="customfield_10016", name="Teams", kind="multiselect", options=("Red", "Blue")),
    CustomField(id="customfield_10017", name="Tester", kind="user"),
    CustomField(id="customfield_10018", name="Room"),
)


@dataclass
class Clock:
    """A clock that moves only when told; sleeping moves it."""

    now: datetime = DAWN

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.now.timestamp()


@dataclass
class Site:
    """A simulated site, its faults, the clock, and how the bridge's token is told."""

    flavour: Flavour = "cloud"
    settings: JiraSettings = field(default_factory=JiraSettings)
    token: str = TOKEN
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        projects = (
            ProjectSpec(key="APP", name="Application", components=("Server", "Web"), versions=("1.0", "2.0")),
            ProjectSpec(key="OPS", name="Operations"),
        )
        settings = replace(self.settings, flavour=self.flavour, custom_fields=CUSTOM)
        if self.settings.projects == JiraSettings().projects:
            settings = replace(settings, projects=projects)
        self.simulator = JiraSimulator(self.clock, settings)
        self.people = self.simulator.people
        self.faulty = Faulty(inner=self.simulator)

    def tracker(self, **options: Any) -> JiraTracker:
        """Connect a tracker."""
        given: dict[str, Any] = {
            "pair": PAIR,
            "clock": self.clock,
            "user": EMAIL if self.flavour == "cloud" else "",
            "sleep": self.clock.sleep,
            "monotonic": self.clock.monotonic,
            "transport": InProcess(self.faulty),
        }
        return JiraTracker(URL, lambda: self.token, **(given | options))

    def opened(self, **options: Any) -> JiraTracker:
        """Connect a tracker that has already learnt the flavour and its own account."""
        tracker = self.tracker(**options)
        assert tracker.account
        return tracker

    def issue(self, summary: str = "Mail is down", **fields: Any) -> str:
        """Let a developer create an issue in APP; return its key."""
        return self.people.creates("APP", summary, by="dev", fields=fields)

    def id_of(self, key: str) -> str:
        """Return an issue's id."""
        seen = self.opened().ticket(key)
        assert seen is not None
        return seen[0].id

    def fault(
        self, kind: Kind, match: Callable[[Request], bool], answer: Response | None = None, **more: Any
    ) -> Fault:
        """Arrange for a fault on the requests that match."""
        if answer is not None:
            more["answer"] = answer
        return self.faulty.add(Fault(kind=kind, match=match, **more))

    def asked(self, method: str, end: str) -> int:
        """Return how many requests of this method and end of path reached the server."""
        return sum(1 for seen, path in self.faulty.seen if seen == method and path.endswith(end))


def posts(end: str) -> Callable[[Request], bool]:
    """Match POSTs whose path ends so."""
    return lambda request: request.method == "POST" and request.path.endswith(end)


def gets(end: str) -> Callable[[Request], bool]:
    """Match GETs whose path ends so."""
    return lambda request: request.method == "GET" and request.path.endswith(end)


def searches(request: Request) -> bool:
    """Match the searches of either flavour."""
    return request.method == "POST" and "/search" in request.path


def draft(**changes: Any) -> CreateTicket:
    """Return a ticket to open."""
    given: dict[str, Any] = {
        "key": "INC1/create/WLG1",
        "reason": "Ann asked for it",
        "project": "APP",
        "type": "Bug",
        "summary": "[INC1] Mail is down",
        "description": "Nobody can send *mail*.",
        "mark_label": LABEL,
    }
    return CreateTicket(**(given | changes))


def shown(ticket_id: str, **changes: Any) -> ShowIncident:
    """Return a remote link to write."""
    given: dict[str, Any] = {
        "key": "INC1/show",
        "reason": "linked",
        "ticket_id": ticket_id,
        "ticket_key": "APP-1",
        "global_id": "remedy:INC1",
        "title": "INC1 Mail is down",
    }
    return ShowIncident(**(given | changes))
