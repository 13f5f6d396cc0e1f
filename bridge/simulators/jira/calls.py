"""One call to a site: who calls, what they sent, and what they may see.  Shared by every route."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from bridge.simulators.jira import problems
from bridge.simulators.jira.answers import Shapes
from bridge.simulators.jira.matching import Asker
from bridge.simulators.jira.problems import field_refused, message_only, problem, refused
from bridge.simulators.jira.records import Comment, Issue, Project
from bridge.simulators.jira.settings import Account, Flavour, Permission, Person
from bridge.simulators.jira.store import Store
from bridge.simulators.wire import Request, Response

BOTH: frozenset[Flavour] = frozenset({"cloud", "datacenter"})
CLOUD: frozenset[Flavour] = frozenset({"cloud"})
DATACENTER: frozenset[Flavour] = frozenset({"datacenter"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever calls: an account, or nobody with the reason why."""

    account: Account | None
    reason: Literal["OK", "OUT", "AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"] = "OK"

    @property
    def person(self) -> Person | None:
        """The calling person, None for an anonymous caller."""
        return None if self.account is None else self.account.person

    def may(self, permission: Permission) -> bool:
        """Whether the caller has ``permission``."""
        return self.account is not None and permission in self.account.permissions


@dataclass(slots=True, kw_only=True)
class Call:
    """One call: the request, the caller, and the named parts of its path."""

    request: Request
    store: Store
    caller: Caller
    api: str
    shapes: Shapes
    parts: Mapping[str, str]
    query: Mapping[str, list[str]]

    def text(self, name: str, default: str | None = None) -> str | None:
        """Give the last value of a query parameter."""
        values = self.query.get(name)
        return default if not values else values[-1]

    def words(self, name: str) -> list[str]:
        """Every value of a query parameter, commas undone."""
        return [word.strip() for each in self.query.get(name, ()) for word in each.split(",") if word.strip()]

    def number(self, name: str, default: int) -> int:
        """Give a query parameter as a number.

        Cloud's binder refuses other text with an RFC 7807 body, Data Center with 404.
        """
        text = self.text(name)
        if text is None or text == "":
            return default
        try:
            return int(text)
        except ValueError:
            if not self.store.cloud:
                raise problems.fault(404, f"null for uri: {self.request.target}") from None
            detail = f"Failed to convert '{name}' with value: '{text}'"
            raise problem(400, "Bad Request", detail, self.request.path) from None

    def flag(self, name: str, *, default: bool) -> bool:
        """Give a query parameter as a truth value, whatever its case."""
        text = self.text(name)
        return default if text is None else text.lower() == "true"

    def body(self) -> Any:
        """Give the body as JSON; 415 without its content type, 400 where it is empty or no JSON."""
        kind = self.request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise self._wrong_type(kind)
        if not self.request.body.strip():
            raise message_only(400, problems.NO_CONTENT)
        try:
            return json.loads(self.request.body.decode("utf-8"))
        except ValueError:
            raise message_only(400, problems.BAD_JSON) from None

    def members(self, *allowed: str, bean: str) -> dict[str, Any]:
        """Give the body as an object with no member besides ``allowed``.

        ``bean`` is what Data Center calls it.
        """
        body = self.body()
        if not isinstance(body, dict):
            raise self.unbound("", bean)
        for name in body:
            if name not in allowed:
                raise self.unbound(name, bean)
        return body

    def unbound(self, name: str, bean: str) -> problems.Refused:
        """Make the refusal of a member that the site's binder does not know."""
        if self.store.cloud:
            return message_only(400, problems.BAD_PAYLOAD)
        return message_only(400, f'Unrecognized field "{name}" (Class {bean}), not marked as ignorable')

    def issue(self) -> Issue:
        """Give the issue that the path names; 404 where it does not exist or the caller cannot see it."""
        issue = self.store.find(self.parts["issue"])
        if issue is None or not self.sees(issue):
            raise self.no_issue()
        return issue

    def no_issue(self) -> problems.Refused:
        """Make the refusal for an issue that is not there or not visible."""
        return refused(404, problems.NO_ISSUE if self.store.cloud else problems.NO_ISSUE_DC)

    def sees(self, issue: Issue) -> bool:
        """Whether the caller can see an issue."""
        return not issue.hidden and issue.project in self.projects()

    def projects(self) -> frozenset[str]:
        """Give the keys of the projects that the caller can see."""
        if not self.caller.may("browse"):
            return frozenset()
        return frozenset(key for key, each in self.store.projects.items() if not each.spec.hidden)

    def project(self) -> Project:
        """Give the project that the path names by key or id; 404 where the caller cannot see it."""
        wanted = self.parts["project"]
        for project in self.store.projects.values():
            if wanted in (project.id, project.key) and project.key in self.projects():
                return project
        raise refused(404, f"No project could be found with key '{wanted}'.")

    def sees_comment(self, comment: Comment) -> bool:
        """Whether the caller can see a comment that is restricted to a role or group."""
        if not comment.visibility or self.caller.account is None:
            return not comment.visibility
        return (
            comment.visibility.get("value") in self.caller.account.groups
            or comment.author == self.caller.person
        )

    def comments(self, issue: Issue) -> list[Comment]:
        """Give the comments of an issue that the caller can see, oldest first."""
        return [comment for comment in issue.comments if self.sees_comment(comment)]

    def person(self) -> Person:
        """Give the calling person; 401 for an anonymous caller."""
        if self.caller.person is None:
            raise refused(
                401, "You are not authenticated. Authentication required to perform this operation."
            )
        return self.caller.person

    def needs(self, permission: Permission, status: int, text: str) -> None:
        """Refuse with ``status`` and ``text`` unless the caller has ``permission``."""
        if not self.caller.may(permission):
            raise refused(status, text)

    def asker(self, *, strict_keys: bool, strict_projects: bool = True) -> Asker:
        """Give the caller as somebody who searches."""
        person = self.caller.person
        zone = self.store.settings.site_zone if person is None else person.zone
        return Asker(
            person=person,
            zone=ZoneInfo(zone),
            projects=self.projects(),
            now=self.store.now(),
            strict_keys=strict_keys,
            strict_projects=strict_projects,
        )

    def checked_properties(self, sent: Any) -> dict[str, Any]:
        """Read a ``properties`` list of ``{key, value}``; 400 where it is none."""
        if sent is None:
            return {}
        entries: list[Any] = sent if isinstance(sent, list) else [None]
        if not all(isinstance(entry, dict) and entry.keys() == {"key", "value"} for entry in entries):
            text = "Properties must be a list of objects with a key and a value."
            raise field_refused({"properties": text})
        return {str(entry["key"]): entry["value"] for entry in entries}

    def _wrong_type(self, kind: str) -> problems.Refused:
        if self.store.cloud:
            shown = f"'{kind}'" if kind else "'null'"
            detail = f"Content-Type {shown} is not supported."
            return problem(415, "Unsupported Media Type", detail, self.request.path)
        return problems.fault(415, "Unsupported Media Type")


Action = Callable[[Call], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method and a path template below ``/rest/api/N/``, and what answers it."""

    method: str
    path: str
    action: Action
    flavours: frozenset[Flavour] = BOTH


def parameters(request: Request) -> dict[str, list[str]]:
    """Every query parameter with all its values."""
    query = urlsplit(request.target).query
    return parse_qs(query, keep_blank_values=True) if query else {}


def done() -> Response:
    """Make the answer to a call that has nothing to tell."""
    return Response(status=204)
