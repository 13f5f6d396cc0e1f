"""A simulated Remedy with a desk connected to it in process, for the tests of the Remedy connector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.connectors.remedy import RemedyDesk
from bridge.model.note import mark
from bridge.simulators.faults import Fault, Faulty, Kind
from bridge.simulators.remedy import RemedySettings, RemedySimulator
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Request, Response

LOGIN = "bridge-svc"
PASSWORD = "correct horse & battery"
MARK = mark("acme", "INC1/milestone/1")
ENTRY = "/api/arsys/v1/entry/"
DAWN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


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
class World:
    """The simulated server, its faults, the clock, and how the desk's password is told."""

    settings: RemedySettings = field(default_factory=lambda: RemedySettings(second_bump=False))
    password: str = PASSWORD
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.simulator = RemedySimulator(self.clock, self.settings)
        self.account = self.simulator.add_account(LOGIN, PASSWORD)
        self.people = self.simulator.people
        self.simulator.add_group("Frontline")
        self.simulator.add_person("ann", "Ann Ruiz", groups=["Frontline"])
        self.simulator.add_person("bob", "Bob Hall", groups=["Frontline"])
        self.simulator.add_person(LOGIN, "Bridge Service")
        self.faulty = Faulty(inner=self.simulator)

    def desk(self, **options: Any) -> RemedyDesk:
        """Connect a desk."""
        return RemedyDesk(
            "https://remedy.example.com",
            LOGIN,
            lambda: self.password,
            clock=self.clock,
            sleep=self.clock.sleep,
            monotonic=self.clock.monotonic,
            transport=InProcess(self.faulty),
            **options,
        )

    def opens(self, **fields: Any) -> str:
        """Open an incident in Frontline's queue as Ann."""
        named = {name.replace("_", " "): value for name, value in fields.items()}
        return self.people.opens({"Assigned Group": "Frontline", **named}, by="ann")

    def fault(self, kind: Kind, match: Callable[[Request], bool], **how: Any) -> Fault:
        """Arrange for a fault."""
        return self.faulty.add(Fault(kind=kind, match=match, **how))


def reads(form: str) -> Callable[[Request], bool]:
    """Match reads of a form."""
    return lambda request: request.method == "GET" and request.path.startswith(ENTRY + form)


def writes(form: str) -> Callable[[Request], bool]:
    """Match writes to a form."""
    return lambda request: request.method in ("POST", "PUT") and request.path.startswith(ENTRY + form)


def said(
    number: int, text: str = "", appended: str = "", *, status: int = 500, kind: str = "ERROR"
) -> Response:
    """Return an answer that holds one AR System message."""
    message = {
        "messageType": kind,
        "messageText": text,
        "messageNumber": number,
        "messageAppendedText": appended,
    }
    return Response.of_json(status, [message])


def numbers(incidents: Iterable[Any]) -> list[str]:
    """Return the incidents' numbers in the order in which they came."""
    return [incident.number for incident in incidents]
