"""A simulated Jira site with a clock of its own and somebody who calls it over ``requests``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from jira import JIRA

from bridge.simulators.jira import JiraSettings, JiraSimulator
from bridge.simulators.transport import InProcess

START = datetime(2026, 11, 20, 9, 0, 0, 250_000, tzinfo=UTC)
URL = "https://jira.example"
FLAVOURS = ("cloud", "datacenter")


class Clock:
    """A clock that only moves when told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **length: float) -> None:
        self.now += timedelta(**length)


class World:
    """A site, its clock, and a session logged in as the bridge."""

    def __init__(self, flavour: str = "cloud", **settings: Any) -> None:
        self.clock = Clock()
        self.settings = replace(JiraSettings(flavour=flavour), **settings)  # type: ignore[arg-type]
        self.site = JiraSimulator(self.clock, self.settings)
        self.people = self.site.people
        self.cloud = flavour == "cloud"
        self.session = self.log_in()

    def log_in(self, token: str = "bridge-token") -> requests.Session:
        session = requests.Session()
        session.mount(URL, InProcess(self.site))
        if self.cloud:
            session.auth = ("bridge@example.com", token)
        else:
            session.headers["Authorization"] = f"Bearer {token}"
        return session

    def stranger(self) -> requests.Session:
        """Log in with a credential that means nothing."""
        return self.log_in("wrong")

    def call(
        self, method: str, path: str, body: Any = None, *, api: str = "2", **query: Any
    ) -> requests.Response:
        """Call as the bridge; ``body`` goes as JSON."""
        return self.session.request(method, f"{URL}/rest/api/{api}/{path}", json=body, params=query)

    def get(self, path: str, *, api: str = "2", **query: Any) -> Any:
        """Read, which must succeed."""
        answer = self.call("GET", path, api=api, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, jql: str, **body: Any) -> list[dict[str, Any]]:
        """Every issue of a query, in order, with keys."""
        body = {"jql": jql, "fields": ["summary"], **body}
        path = "search/jql" if self.cloud else "search"
        answer = self.call("POST", path, body)
        assert answer.status_code == 200, answer.text
        issues: list[dict[str, Any]] = answer.json()["issues"]
        return issues

    def found(self, jql: str, **body: Any) -> list[str]:
        """Search and give the keys, in order."""
        return [issue["key"] for issue in self.search(jql, **body)]

    def refused(self, jql: str, **body: Any) -> str:
        """Return what the site says to a query that it refuses with 400."""
        answer = self.call("POST", "search/jql" if self.cloud else "search", {"jql": jql, **body})
        assert answer.status_code == 400, answer.text
        return str(answer.json())

    def library(self) -> JIRA:
        """Construct the unpatched ``jira`` package, logged in; its session is mounted on the site."""
        login: dict[str, Any] = (
            {"basic_auth": ("bridge@example.com", "bridge-token")}
            if self.cloud
            else {"token_auth": "bridge-token"}
        )
        client = JIRA(URL, max_retries=0, get_server_info=False, **login)
        client._session.mount(URL, InProcess(self.site))
        info = client.server_info()
        client.deploymentType = info["deploymentType"]
        client._version = tuple(info["versionNumbers"])
        return client

    def ms(self, moment: datetime | None = None) -> int:
        """Epoch milliseconds of a moment, or of now."""
        return round((moment or self.clock()).timestamp() * 1000)
