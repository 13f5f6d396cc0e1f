"""Jira keeps the promises of a tracker: Cloud and Data Center in process, and once over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
import requests

from bridge.connectors.jira import JiraTracker
from bridge.simulators.faults import Fault, Faulty
from bridge.simulators.jira import JiraSettings, JiraSimulator, ProjectSpec
from bridge.simulators.serve import Served
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Request
from tests.contract.tracker import TrackerContract, TrackerWorld

TOKEN = "bridge-token"
ADMIN = {"cloud": ("bridge@example.com", TOKEN), "datacenter": ("bridge", "password")}


class JiraWorld:
    """A simulated site; ``url`` None keeps it in the process."""

    project = "APP"
    secret = TOKEN

    def __init__(self, flavour: Literal["cloud", "datacenter"], stack: ExitStack, *, http: bool) -> None:
        self._now = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
        projects = (
            ProjectSpec(key="APP", name="Application", versions=("1.0", "2.0")),
            ProjectSpec(key="OPS", name="Ops"),
        )
        self._cloud = flavour == "cloud"
        self._site = JiraSimulator(self.now, JiraSettings(flavour=flavour, projects=projects))
        self._faulty = Faulty(inner=self._site)
        self._keys: dict[str, str] = {}
        self._url = stack.enter_context(Served(self._faulty)).url if http else "https://jira.example"
        self._transport = None if http else InProcess(self._faulty)
        # How the tests themselves look at the site, past all faults.
        self._window = requests.Session()
        self._window.mount("https://", InProcess(self._site))
        self._window.auth = ADMIN[flavour]
        stack.callback(self._window.close)
        self._stack = stack

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def wait(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def tracker(self) -> JiraTracker:
        tracker = JiraTracker(
            self._url,
            lambda: TOKEN,
            pair="acme",
            user="bridge@example.com" if self._cloud else "",
            clock=self.now,
            sleep=self.wait,
            monotonic=self.monotonic,
            transport=self._transport,
        )
        self._stack.callback(tracker.close)
        return tracker

    def opens(self, summary: str) -> str:
        key = self._site.people.creates("APP", summary, by="dev")
        ticket_id = self._read(f"issue/{key}")["id"]
        self._keys[ticket_id] = key
        return str(ticket_id)

    def says(self, ticket_id: str, text: str) -> str:
        return self._site.people.comments(self._keys[ticket_id], text, "dev")

    def deletes(self, ticket_id: str) -> None:
        self._site.people.deletes(self._keys[ticket_id])

    def hides(self, ticket_id: str) -> None:
        self._site.people.hides(self._keys[ticket_id])

    def moves_away(self, ticket_id: str) -> str:
        return self._site.people.moves(self._keys[ticket_id], "OPS")

    def finishes(self, ticket_id: str) -> None:
        self._site.people.moves_to(self._keys[ticket_id], "Done", "dev", "Fixed")

    def plans(self, ticket_id: str, version: str) -> None:
        self._site.people.plans_for(self._keys[ticket_id], version)

    def releases(self, version: str) -> None:
        self._site.people.releases(version, "APP")

    def revokes(self) -> None:
        self._site.revoke("bridge")

    def loses_the_next_answer(self) -> None:
        def is_write(request: Request) -> bool:
            return request.method != "GET" and "/search" not in request.path

        self._faulty.add(Fault(kind="drop_after", match=is_write, times=None))

    def titles(self) -> list[str]:
        self._site.reissue("bridge")
        query = {"jql": "project in (APP, OPS) order by created", "fields": "summary"}
        found = self._read("search/jql" if self._cloud else "search", query)
        return [issue["fields"]["summary"] for issue in found["issues"]]

    def comments(self, ticket_id: str) -> list[str]:
        self._site.reissue("bridge")
        return [comment["body"] for comment in self._read(f"issue/{ticket_id}/comment")["comments"]]

    def links(self, ticket_id: str) -> list[tuple[str, bool]]:
        shown = [each["object"] for each in self._read(f"issue/{ticket_id}/remotelink")]
        return [(each["url"], each["status"]["resolved"]) for each in shown]

    def silences(self, ticket_id: str, note_id: str) -> None:
        self._site.people.deletes_comment(self._keys[ticket_id], note_id, "admin")

    def points(self, ticket_id: str, url: str, title: str) -> None:
        self._site.people.points_at(self._keys[ticket_id], url, title, "dev")

    def _read(self, path: str, query: dict[str, str] | None = None) -> Any:
        answer = self._window.get(f"https://jira.example/rest/api/2/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(params=["cloud", "datacenter", "cloud over http"])
def world(request: pytest.FixtureRequest) -> Iterator[TrackerWorld]:
    """Give a site of each kind."""
    flavour, _, http = request.param.partition(" ")
    with ExitStack() as stack:
        yield JiraWorld(flavour, stack, http=bool(http))


class TestJira(TrackerContract):
    """Jira as a tracker."""
