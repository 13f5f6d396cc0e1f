"""A small service desk for the tests: two groups, three people, one account, one virtual clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from bridge.simulators.remedy import RemedySettings, RemedySimulator
from bridge.simulators.transport import InProcess

BASE = "http://remedy.test"
START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
CREATE = "HPD:IncidentInterface_Create"
INTERFACE = "HPD:IncidentInterface"
HELP_DESK = "HPD:Help Desk"
WORK_LOG = "HPD:WorkLog"

NEW_INCIDENT = {
    "First_Name": "Cora",
    "Last_Name": "Smith",
    "Description": "Mail is down",
    "Impact": "2-Significant/Large",
    "Urgency": "1-Critical",
    "Status": "Assigned",
    "Reported Source": "Direct Input",
    "Service_Type": "User Service Restoration",
    "Assigned Group": "Frontline",
    "z1D_Action": "CREATE",
}


@dataclass
class VirtualClock:
    """A clock that only moves when told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class World:
    """The server, its clock, and a client that is logged in as ``bridge``."""

    clock: VirtualClock
    server: RemedySimulator
    http: requests.Session = field(default_factory=requests.Session)

    def log_in(self, login: str = "bridge", password: str = "secret") -> requests.Response:
        answer = self.http.post(f"{BASE}/api/jwt/login", data={"username": login, "password": password})
        if answer.ok:
            self.http.headers["Authorization"] = f"AR-JWT {answer.text}"
        return answer

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.http.get(f"{BASE}/api/arsys/v1/entry/{path}", params=params)

    def post(self, path: str, values: dict[str, Any], **params: Any) -> requests.Response:
        return self.http.post(f"{BASE}/api/arsys/v1/entry/{path}", json={"values": values}, params=params)

    def put(self, path: str, values: dict[str, Any]) -> requests.Response:
        return self.http.put(f"{BASE}/api/arsys/v1/entry/{path}", json={"values": values})

    def found(self, form: str, q: str, **params: Any) -> list[dict[str, Any]]:
        """Return the values of every record that ``q`` finds."""
        answer = self.get(form, q=q, **params)
        assert answer.status_code == 200, answer.text
        return [entry["values"] for entry in answer.json()["entries"]]

    def opened(self, **values: Any) -> str:
        """Open an incident over REST and return its number."""
        answer = self.post(CREATE, {**NEW_INCIDENT, **values}, fields="values(Incident Number)")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["values"]["Incident Number"])

    def path(self, number: str) -> str:
        """Return the path of an incident on the joined form."""
        entry = self.found(INTERFACE, f"'Incident Number' = \"{number}\"")[0]["Request ID"]
        return f"{INTERFACE}/{entry.replace('|', '%7C')}"


def world(settings: RemedySettings | None = None) -> World:
    """Return a world with the client already logged in."""
    clock = VirtualClock()
    server = RemedySimulator(clock, settings or RemedySettings())
    server.add_group("Frontline")
    server.add_group("Second Line")
    server.add_person("ann", "Ann Lee", groups=["Frontline"])
    server.add_person("bob", "Bob Ray", groups=["Second Line"])
    server.add_person("cora", "Cora Smith")
    server.add_account("bridge", "secret")
    made = World(clock=clock, server=server)
    made.http.mount(BASE, InProcess(server))
    made.log_in()
    return made


def refused(answer: requests.Response, number: int, status: int) -> str:
    """Return the appended text of a refusal, once its number and HTTP status are as expected."""
    (message,) = answer.json()
    assert (message["messageNumber"], answer.status_code) == (number, status), answer.text
    assert message["messageType"] == "ERROR"
    return str(message["messageAppendedText"])


def ruled_out(answer: requests.Response) -> str:
    """Return the text of an application's refusal: HTTP 500, a number from 10000, no other text."""
    (message,) = answer.json()
    assert answer.status_code == 500
    assert message["messageNumber"] >= 10_000
    assert message["messageText"] == ""
    return str(message["messageAppendedText"])
