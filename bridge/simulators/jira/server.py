"""The Jira site as a server: finds the route, names the caller, and turns refusals into answers."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from bridge.simulators.jira import (
    limits,
    routes_attachment,
    routes_comment,
    routes_issue,
    routes_link,
    routes_project,
    routes_search,
    routes_site,
)
from bridge.simulators.jira.answers import Shapes
from bridge.simulators.jira.calls import Call, Caller, Route, parameters
from bridge.simulators.jira.doors import Doors
from bridge.simulators.jira.limits import Limits, Throttle
from bridge.simulators.jira.people import People
from bridge.simulators.jira.problems import Refused, fault, problem
from bridge.simulators.jira.settings import JiraSettings, Switches
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.views import Views
from bridge.simulators.wire import Request, Response

_ALL = (
    *routes_search.ROUTES,
    *routes_project.ROUTES,
    *routes_issue.ROUTES,
    *routes_comment.ROUTES,
    *routes_attachment.ROUTES,
    *routes_link.ROUTES,
    *routes_site.ROUTES,
)
_WRITES = frozenset({"POST", "PUT", "DELETE"})


class JiraSimulator:
    """A Jira site, Cloud or Data Center, that answers REST calls from memory.

    ``clock`` gives the present time (aware); nothing else in the site knows any.  ``people`` drives the
    developers, ``switches`` turn oddities on and off, ``throttle`` orders a 429.  Safe to call from several
    threads.
    """

    def __init__(self, clock: Callable[[], datetime], settings: JiraSettings) -> None:
        self._lock = threading.RLock()
        self._store = Store(clock, settings)
        self._doors = Doors(settings, self._store.switches)
        self._limits = Limits(cloud=self._store.cloud)
        self._shapes = {api: Shapes(self._store, api) for api in ("2", "3")}
        self._routes = _table(settings.flavour)
        self._views = Views(self._store, self._lock)
        self.people = People(self._store, self._lock)

    @property
    def switches(self) -> Switches:
        """The oddities of this site; change them at any time."""
        return self._store.switches

    @property
    def settings(self) -> JiraSettings:
        """What the site was made of."""
        return self._store.settings

    def revoke(self, account: str) -> None:
        """Make the credentials of the account of that person's name worthless."""
        with self._lock:
            self._doors.revoke(account)

    def reissue(self, account: str, token: str | None = None) -> None:
        """Let a revoked account in again, with a new token where one is given."""
        with self._lock:
            self._doors.reissue(account, token)

    def throttle(self, throttle: Throttle | None = None) -> Throttle:
        """Answer coming calls with 429, as ``throttle`` says (default: the next one, Retry-After 5)."""
        with self._lock:
            return self._limits.add(throttle or Throttle())

    def unthrottle(self) -> None:
        """Take back every ``throttle``."""
        with self._lock:
            self._limits.clear()

    def issue(self, key: str) -> dict[str, Any]:
        """Copy an issue as it is now, as plain data; ``KeyError`` where there is none."""
        return self._views.issue(key)

    def comments(self, key: str) -> list[dict[str, Any]]:
        """Copy the comments of an issue, oldest first."""
        return self._views.comments(key)

    def attachments(self, key: str) -> list[dict[str, Any]]:
        """Copy the attachments of an issue with their bytes, oldest first."""
        return self._views.attachments(key)

    def remote_links(self, key: str) -> list[dict[str, Any]]:
        """Copy the remote links of an issue."""
        return self._views.remote_links(key)

    def keys(self, project: str) -> list[str]:
        """List the keys of a project's issues, oldest first."""
        return self._views.keys(project)

    def history(self, key: str) -> list[tuple[datetime, str, str, str | None, str | None]]:
        """List what changed in an issue: (time, who, field, old, new), oldest first."""
        return self._views.history(key)

    def versions(self, project: str) -> dict[str, bool]:
        """Say which versions of a project are released, by name."""
        return self._views.versions(project)

    def handle(self, request: Request) -> Response:
        """Answer one call; a refusal is an answer too."""
        with self._lock:
            caller = Caller(account=None, reason="OUT")
            try:
                caller = self._doors.caller(request)
                self._limits.check(request, self._store.now())
                answer = self._answered(request, caller)
            except Refused as refusal:
                answer = refusal.response(localised=self.switches.localised)
            return self._signed(answer, caller)

    def _answered(self, request: Request, caller: Caller) -> Response:
        api, rest = self._split(request)
        route, parts = self._routed(request, rest)
        if self.switches.per_issue_write_limit and request.method in _WRITES and "issue" in parts:
            self._limits.check_issue_write(parts["issue"], self._store.now())
        call = Call(
            request=request,
            store=self._store,
            caller=caller,
            api=api,
            shapes=self._shapes[api],
            parts=parts,
            query=parameters(request),
        )
        return route.action(call)

    def _split(self, request: Request) -> tuple[str, list[str]]:
        segments = [unquote(part) for part in request.raw_path.strip("/").split("/")]
        versions = {"2": "2", "3": "3", "latest": "3"} if self._store.cloud else {"2": "2", "latest": "2"}
        if segments[:2] != ["rest", "api"] or len(segments) < 4 or segments[2] not in versions:
            raise self._unknown(request)
        return versions[segments[2]], segments[3:]

    def _routed(self, request: Request, rest: list[str]) -> tuple[Route, Mapping[str, str]]:
        allowed: set[str] = set()
        for template, routes in self._routes.get(len(rest), ()):
            parts = _matched(template, rest)
            if parts is None:
                continue
            if request.method in routes:
                return routes[request.method], parts
            allowed |= routes.keys()
        raise self._not_allowed(request, allowed) if allowed else self._unknown(request)

    def _unknown(self, request: Request) -> Refused:
        if self._store.cloud:
            detail = f"No endpoint {request.method} {request.path}."
            return problem(404, "Not Found", detail, request.path)
        return fault(404, f"null for uri: {self.settings.base_url}{request.path}")

    def _not_allowed(self, request: Request, allowed: set[str]) -> Refused:
        headers = {"Allow": ",".join(sorted(allowed))}
        if self._store.cloud:
            detail = f"Method '{request.method}' is not supported."
            return problem(405, "Method Not Allowed", detail, request.path, headers)
        return fault(405, "Method Not Allowed", headers)

    def _signed(self, answer: Response, caller: Caller) -> Response:
        headers = dict(answer.headers)
        account = caller.account
        if self._store.cloud:
            if account is not None:
                headers["X-AAccountId"] = account.person.account_id
            else:
                headers.setdefault("X-Seraph-LoginReason", caller.reason)
        else:
            headers.setdefault("X-AUSERNAME", account.person.name if account else "anonymous")
            headers.setdefault("X-Seraph-LoginReason", caller.reason)
        if self.switches.rate_headers and account is not None and answer.status != 429:
            headers |= limits.standing(cloud=self._store.cloud)
        return Response(status=answer.status, headers=headers, body=answer.body)


_Template = tuple[str, ...]


def _table(flavour: str) -> Mapping[int, list[tuple[_Template, dict[str, Route]]]]:
    grouped: dict[_Template, dict[str, Route]] = {}
    for route in _ALL:
        if flavour in route.flavours:
            grouped.setdefault(tuple(route.path.split("/")), {})[route.method] = route
    table: defaultdict[int, list[tuple[_Template, dict[str, Route]]]] = defaultdict(list)
    for template, routes in sorted(grouped.items(), key=lambda pair: sum(part[0] == "{" for part in pair[0])):
        table[len(template)].append((template, routes))
    return table


def _matched(template: _Template, segments: list[str]) -> dict[str, str] | None:
    parts: dict[str, str] = {}
    for expected, given in zip(template, segments, strict=True):
        if expected.startswith("{"):
            parts[expected[1:-1]] = given
        elif expected != given:
            return None
    return parts
