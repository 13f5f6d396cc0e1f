"""What ``bridge check --live`` asks Jira: every permission and setting that it needs, writing nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from bridge.connectors.base import Finding
from bridge.connectors.jira import jql
from bridge.connectors.jira.catalogue import Catalogue
from bridge.connectors.jira.client import Client
from bridge.connectors.jira.search import Search
from bridge.model.errors import BridgeError

Json = dict[str, Any]

#: Jira's names of permissions, and what the bridge cannot do without each.
_NEEDED = {
    "BROWSE_PROJECTS": "see tickets",
    "CREATE_ISSUES": "open tickets",
    "EDIT_ISSUES": "set fields",
    "TRANSITION_ISSUES": "move tickets",
    "ADD_COMMENTS": "write comments",
    "LINK_ISSUES": "show the incident in the ticket",
}
_SLOW_POLL = 5.0
_SHORT_WINDOW = 300_000
_MOST_TYPES = 20


class Probe:
    """Tries one site; ``names`` are the further fields that rules mention."""

    def __init__(self, client: Client, catalogue: Catalogue, search: Search, names: Sequence[str]) -> None:
        self._client = client
        self._catalogue = catalogue
        self._search = search
        self._names = names

    def findings(self, projects: Sequence[str]) -> list[Finding]:
        """Return what was found; nothing more is tried where Jira does not answer or know the account."""
        found: list[Finding] = [self._tried("Jira answers", self._server)]
        if found[0].verdict == "ok":
            found.append(self._tried("Jira knows the account", self._account))
        if found[-1].verdict == "error":
            return found
        visible = []
        for project in projects:
            about = list(self._project(project))
            found += about
            visible += [project] if about[0].verdict == "ok" else []
        found += [self._tried(f"field {name!r}", partial(self._field, name)) for name in self._names]
        if visible:
            found.append(self._tried("poll", lambda: self._poll(visible)))
        return found

    def _tried(self, what: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except BridgeError as error:
            detail = "; ".join(filter(None, (error.what, error.why)))
            return Finding(what=what, verdict="error", detail=detail, next_step=error.next_step)

    def _server(self) -> Finding:
        kind = "Cloud" if self._client.cloud else "Data Center"
        version = str(self._client.info.get("version") or "unknown")
        return Finding(
            what="Jira answers", verdict="ok", detail=f"{kind}, version {version}, {self._client.site}"
        )

    def _account(self) -> Finding:
        me = self._client.myself()
        detail = f"{me.get('displayName') or 'nameless'} ({self._client.account})"
        return Finding(what="Jira knows the account", verdict="ok", detail=detail)

    def _project(self, project: str) -> Iterator[Finding]:
        seen = self._tried(f"project {project}", lambda: self._visible(project))
        yield seen
        if seen.verdict == "error":
            return
        yield self._tried(f"permissions in {project}", lambda: self._permissions(project))
        yield self._tried(f"labels in {project}", lambda: self._labels(project))

    def _visible(self, project: str) -> Finding:
        raw = self._client.get(f"project/{jql.project_key(project)}")
        with self._client.understood("reading a project", write=False):
            return Finding(what=f"project {project}", verdict="ok", detail=str(raw["name"]))

    def _permissions(self, project: str) -> Finding:
        what = f"permissions in {project}"
        wanted = ",".join(_NEEDED)
        raw = self._client.get("mypermissions", projectKey=jql.project_key(project), permissions=wanted)
        with self._client.understood("reading permissions", write=False):
            held = {name for name, each in raw["permissions"].items() if each.get("havePermission")}
        missing = [name for name in _NEEDED if name not in held]
        if not missing:
            return Finding(what=what, verdict="ok", detail=", ".join(_NEEDED.values()))
        lacks = ", ".join(f"{name} ({_NEEDED[name]})" for name in missing)
        return Finding(
            what=what,
            verdict="error",
            detail=f"missing: {lacks}",
            next_step=f"grant them to the bridge's account in the permission scheme of {project}",
        )

    def _labels(self, project: str) -> Finding:
        """Look for the field by which a lost create is found again on the create screen of every type."""
        what = f"labels in {project}"
        lacking = [name for name, fields in self._create_screens(project) if "labels" not in fields]
        if not lacking:
            return Finding(what=what, verdict="ok", detail="on the create screen of every type")
        return Finding(
            what=what,
            verdict="warning",
            detail=f"not on the create screen of: {', '.join(lacking)}",
            next_step="put the field Labels on the create screen of each type in which rules open tickets",
        )

    def _create_screens(self, project: str) -> Iterator[tuple[str, set[str]]]:
        path = f"issue/createmeta/{jql.project_key(project)}/issuetypes"
        for kind in self._listed(path, "issueTypes")[:_MOST_TYPES]:
            if kind.get("subtask") is not True:
                fields = self._listed(f"{path}/{int(kind['id'])}", "fields")
                yield (
                    str(kind.get("name") or kind["id"]),
                    {str(f.get("fieldId") or f.get("key")) for f in fields},
                )

    def _listed(self, path: str, cloud_name: str) -> list[Json]:
        """Read one page of at most 200 entries, which Data Center calls ``values``."""
        page = self._client.get(path, maxResults=200)
        with self._client.understood("reading the create screen", write=False):
            return list(page[cloud_name] if cloud_name in page else page["values"])

    def _field(self, name: str) -> Finding:
        field = self._catalogue.field(name)
        return Finding(what=f"field {name!r}", verdict="ok", detail=f"{field.id}, {field.type}")

    def _poll(self, projects: Sequence[str]) -> Finding:
        """Time one poll of the last five minutes."""
        clock = self._client.wire.monotonic
        since = int(self._client.wire.now().timestamp()) * 1000 - _SHORT_WINDOW
        began = clock()
        count = sum(1 for _ in self._search.updated(projects, since))
        took = clock() - began
        slow = took > _SLOW_POLL
        return Finding(
            what="poll",
            verdict="warning" if slow else "ok",
            detail=f"{count} tickets of the last five minutes in {took:.1f} s",
            next_step="ask Jira's administrator for the health of the search index" if slow else "",
        )
