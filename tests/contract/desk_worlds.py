"""Worlds in which a service desk is tried: what people do there, and a connected desk.

A connector of another service desk joins the contract by one more class with the same methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from requests.adapters import BaseAdapter

from bridge.connectors.base import ServiceDesk
from bridge.connectors.remedy import RemedyDesk
from bridge.simulators.remedy import RemedySettings, RemedySimulator
from bridge.simulators.serve import Served
from bridge.simulators.transport import InProcess

LOGIN, PASSWORD = "bridge-svc", "s3cret"
GROUP = "Frontline"


@dataclass
class Clock:
    """A clock that moves only when told; sleeping moves it."""

    now: datetime = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class DeskWorld(Protocol):
    """What the contract needs of a service desk and of the people in it."""

    desk: ServiceDesk
    clock: Clock

    def opens(self, summary: str) -> str:
        """Open an incident in the group ``GROUP`` and return its number."""
        ...

    def writes(self, number: str, text: str, *, public: bool = False) -> str:
        """Write a note as the person ``ann``, a member of ``GROUP``; return its id."""
        ...

    def changes(self, number: str, summary: str) -> None:
        """Change the summary as the person ``ann``."""
        ...

    def closes(self, number: str) -> None:
        """Close the incident for good."""
        ...

    def deletes(self, number: str) -> None:
        """Remove the incident."""
        ...

    def breaks_credentials(self) -> None:
        """Make the bridge's password wrong, and end its session."""
        ...

    def hides_membership(self) -> None:
        """Take the account's permission to see who belongs to a group."""
        ...

    def second_desk(self) -> ServiceDesk:
        """Connect once more, as after a restart."""
        ...


class RemedyWorld:
    """A simulated Remedy; ``connect`` leads to it in process or over HTTP."""

    def __init__(self, connect: Callable[[RemedySimulator], tuple[str, BaseAdapter | None]]) -> None:
        self.clock = Clock()
        self.simulator = RemedySimulator(self.clock, RemedySettings(second_bump=False))
        self.account = self.simulator.add_account(LOGIN, PASSWORD)
        self.simulator.add_group(GROUP)
        self.simulator.add_person("ann", "Ann Ruiz", groups=[GROUP])
        self.url, self.transport = connect(self.simulator)
        self.desk: ServiceDesk = self.second_desk()

    def second_desk(self) -> ServiceDesk:
        return RemedyDesk(
            self.url,
            LOGIN,
            lambda: PASSWORD,
            clock=self.clock,
            sleep=self.clock.pass_,
            fields=["Product Name"],
            web_url="https://itsm.example.com/{number}",
            transport=self.transport,
            page_size=3,
        )

    def opens(self, summary: str) -> str:
        return self.simulator.people.opens({"Description": summary, "Assigned Group": GROUP}, by="ann")

    def writes(self, number: str, text: str, *, public: bool = False) -> str:
        return self.simulator.people.writes(number, text, by="ann", internal=not public)

    def changes(self, number: str, summary: str) -> None:
        self.simulator.people.sets(number, {"Description": summary}, by="ann")

    def closes(self, number: str) -> None:
        self.simulator.people.resolves(number, "ann")
        self.simulator.people.closes(number, "ann")

    def deletes(self, number: str) -> None:
        self.simulator.people.deletes(number)

    def breaks_credentials(self) -> None:
        self.account.password = "another"
        self.simulator.revoke_all()

    def hides_membership(self) -> None:
        self.account.reads_memberships = False


@contextmanager
def remedy_in_process() -> Iterator[DeskWorld]:
    """Remedy without a socket."""
    yield RemedyWorld(lambda simulator: ("https://remedy.example.com", InProcess(simulator)))


@contextmanager
def remedy_over_http() -> Iterator[DeskWorld]:
    """Remedy behind a real HTTP server on loopback."""
    served: list[Served] = []

    def connect(simulator: RemedySimulator) -> tuple[str, None]:
        served.append(Served(simulator))
        return served[0].url, None

    world = RemedyWorld(connect)
    try:
        yield world
    finally:
        world.desk.close()
        served[0].close()


WORLDS = {"remedy": remedy_in_process, "remedy-http": remedy_over_http}
