"""What is true on a site right now, as plain data for tests and the demonstration.

No permissions, no index.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from bridge.simulators.jira.fields import readable
from bridge.simulators.jira.records import Issue
from bridge.simulators.jira.store import Store


class Views:
    """Reads the store and copies; ``KeyError`` where there is no such issue."""

    def __init__(self, store: Store, lock: threading.RLock) -> None:
        self._store = store
        self._lock = lock

    def issue(self, key: str) -> dict[str, Any]:
        """Copy an issue as plain data: names for choices, lists of names, aware UTC times."""
        with self._lock:
            issue = self._found(key)
            values = {name: self._plain(issue.values.get(name)) for name in (*_NAMES, *self._store.custom)}
            return {
                "id": str(issue.id),
                "key": issue.key,
                "project": issue.project,
                "status": issue.status.name,
                "category": issue.status.category,
                "created": issue.created,
                "updated": issue.updated,
                "resolved": issue.resolved,
                "creator": issue.creator.name,
                **values,
                "labels": list(issue.values.get("labels") or ()),
                "components": [each.name for each in issue.values.get("components") or ()],
                "fixVersions": [
                    self._store.versions[each].name for each in issue.values.get("fixVersions") or ()
                ],
                "properties": dict(issue.properties),
                "links": [self._link(issue, link) for link in issue.links],
                "hidden": issue.hidden,
                "archived": issue.archived,
            }

    def comments(self, key: str) -> list[dict[str, Any]]:
        """Copy the comments of an issue, oldest first."""
        with self._lock:
            return [
                {
                    "id": comment.id,
                    "author": comment.author.name,
                    "body": comment.body,
                    "created": comment.created,
                    "updated": comment.updated,
                    "visibility": None if comment.visibility is None else dict(comment.visibility),
                    "properties": dict(comment.properties),
                }
                for comment in self._found(key).comments
            ]

    def attachments(self, key: str) -> list[dict[str, Any]]:
        """Copy the attachments of an issue, oldest first, with their bytes."""
        with self._lock:
            return [
                {"id": held.id, "name": held.name, "data": held.data, "author": held.author.name}
                for held in self._found(key).attachments
            ]

    def remote_links(self, key: str) -> list[dict[str, Any]]:
        """Copy the remote links of an issue."""
        with self._lock:
            return [
                {
                    "id": link.id,
                    "globalId": link.global_id,
                    "application": dict(link.application),
                    "relationship": link.relationship,
                    "object": dict(link.object),
                }
                for link in self._found(key).remote_links
            ]

    def keys(self, project: str) -> list[str]:
        """List the keys of a project's issues, oldest first; hidden and archived ones too."""
        with self._lock:
            found = [issue for issue in self._store.issues.values() if issue.project == project]
            return [issue.key for issue in sorted(found, key=lambda issue: issue.number)]

    def history(self, key: str) -> list[tuple[datetime, str, str, str | None, str | None]]:
        """List what changed: (time, who, field, old, new), oldest first."""
        with self._lock:
            return [
                (entry.at, entry.author.name, change.field, change.old_text, change.new_text)
                for entry in self._found(key).history
                for change in entry.changes
            ]

    def versions(self, project: str) -> dict[str, bool]:
        """Say which versions of a project are released, by name."""
        with self._lock:
            return {version.name: version.released for version in self._store.versions_of(project)}

    def _found(self, key: str) -> Issue:
        issue = self._store.find(key)
        if issue is None:
            raise KeyError(key)
        return issue

    def _plain(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return [readable(self._store, each)[1] for each in value]
        if hasattr(value, "display"):
            return value.name
        return getattr(value, "name", value)

    def _link(self, issue: Issue, link: Any) -> tuple[str, str]:
        outward = link.source == issue.id
        other = self._store.issues[link.target if outward else link.source]
        return (link.type.outward if outward else link.type.inward, other.key)


_NAMES = (
    "summary",
    "description",
    "environment",
    "issuetype",
    "priority",
    "resolution",
    "assignee",
    "reporter",
    "duedate",
)
