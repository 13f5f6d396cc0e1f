"""The people of a site, without HTTP: how tests, the demonstration and a replay let developers work.

Names of methods say what a person does.  ``by`` is a person's name; somebody unknown joins the site.  A key
may be an old one of a moved issue.  What a person may not do raises ``NotAllowed``; a key or version that
is not there, ``KeyError``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bridge.simulators.jira.edits import Edit, perform, set_values
from bridge.simulators.jira.fields import Bad, Field, Reader, catalogue
from bridge.simulators.jira.records import Change, Issue, Project, RemoteLink, Version
from bridge.simulators.jira.steps import arrive, step
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.workflow import Resolution

_ADMIN = "admin"


class NotAllowed(Exception):
    """The site does not let this happen: no such transition, value, or status."""


class People:
    """Everybody who works on the site besides the bridge."""

    def __init__(self, store: Store, lock: threading.RLock) -> None:
        self._store = store
        self._lock = lock

    def creates(
        self,
        project: str,
        summary: str,
        *,
        by: str,
        type: str = "Bug",  # noqa: A002 - Jira's own word
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """Create an issue and return its key; ``fields`` in the plain forms of ``sets``."""
        with self._lock:
            home = self._project(project)
            author = self._store.person(by)
            plain = {"summary": summary, "issuetype": type, **(fields or {})}
            middle = self._store.priorities[len(self._store.priorities) // 2]
            values = {"priority": middle, "reporter": author, **self._inner(home, plain)}
            issue = self._store.create(home, values, author)
            self._store.touch(issue, author, bump=False)
            return issue.key

    def starts(self, key: str, by: str) -> None:
        """Begin work: move the issue to In Progress and take it."""
        self.moves_to(key, "In Progress", by)
        self.sets(key, {"assignee": by}, by)

    def moves_to(
        self, key: str, status: str, by: str, resolution: str | None = None, *, force: bool = False
    ) -> None:
        """Move an issue through the transition that leads to ``status``; ``force`` goes where none does.

        A screen that demands a resolution gets ``resolution``, or the site's first one, which is what the
        form of the screen offers.
        """
        with self._lock:
            issue = self._issue(key)
            given = None if resolution is None else self._resolution(resolution)
            if status not in self._store.statuses:
                raise NotAllowed(f"there is no status {status!r}")
            if force:
                self._store.touch(issue, self._store.person(by), arrive(self._store, issue, status, given))
                return
            way = self._project(issue.project).spec.workflow.way(issue.status.name, status)
            if way is None:
                raise NotAllowed(f"no transition from {issue.status.name!r} to {status!r}")
            values = {} if given is None else {"resolution": given}
            step(self._store, issue, way, Edit(values=values), self._store.person(by))

    def sets(self, key: str, fields: Mapping[str, Any], by: str) -> None:
        """Change fields: texts and names as strings, lists of names where there are several, None to clear.

        A field is named by its id; a custom field also by its name.
        """
        with self._lock:
            issue = self._issue(key)
            values = self._inner(self._project(issue.project), fields)
            perform(self._store, issue, Edit(values=values), self._store.person(by))

    def comments(
        self,
        key: str,
        text: str,
        by: str,
        internal: bool = False,
        *,
        visibility: Mapping[str, str] | None = None,
    ) -> str:
        """Comment and return the comment's id; ``internal`` hides it from a service project's customers."""
        properties = {"sd.public.comment": {"internal": True}} if internal else {}
        with self._lock:
            comment = self._store.add_comment(
                self._issue(key), text, self._store.person(by), visibility=visibility, properties=properties
            )
            return comment.id

    def edits_comment(self, key: str, comment: str, text: str, by: str) -> None:
        """Rewrite a comment."""
        with self._lock:
            issue = self._issue(key)
            known = next(each for each in issue.comments if each.id == comment)
            self._store.change_comment(issue, known, self._store.person(by), body=text)

    def deletes_comment(self, key: str, comment: str, by: str) -> None:
        """Delete a comment."""
        with self._lock:
            issue = self._issue(key)
            known = next(each for each in issue.comments if each.id == comment)
            self._store.delete_comment(issue, known, self._store.person(by))

    def adds_version(self, project: str, name: str, release_date: str | None = None) -> str:
        """Add an unreleased version to a project and return its id; ``release_date`` is ``yyyy-mm-dd``."""
        with self._lock:
            version = self._store.add_version(self._project(project).key, name)
            version.release_date = release_date
            return version.id

    def plans_for(self, key: str, version: str, by: str = _ADMIN) -> None:
        """Make ``version`` (id or name) the issue's one fix version."""
        with self._lock:
            issue = self._issue(key)
            found = self._version(version, issue.project)
            perform(self._store, issue, Edit(values={"fixVersions": (found.id,)}), self._store.person(by))

    def releases(self, version: str, project: str | None = None) -> None:
        """Release a version (id, or name in ``project``) today; no issue changes by that."""
        with self._lock:
            found = self._version(version, project)
            found.released = True
            found.release_date = f"{self._store.now():%Y-%m-%d}"

    def unreleases(self, version: str, project: str | None = None) -> None:
        """Take a release back."""
        with self._lock:
            found = self._version(version, project)
            found.released = False

    def archives_version(self, version: str, project: str | None = None) -> None:
        """Archive a version."""
        with self._lock:
            self._version(version, project).archived = True

    def links_duplicate(self, key: str, of_key: str, by: str = _ADMIN) -> None:
        """Say that ``key`` duplicates ``of_key``."""
        self.links(key, "Duplicate", of_key, by)

    def links(self, key: str, kind: str, to_key: str, by: str = _ADMIN) -> None:
        """Link ``key`` <outward reading of ``kind``> ``to_key``."""
        with self._lock:
            found = next((each for each in self._store.link_types if each.name == kind), None)
            if found is None:
                raise NotAllowed(f"there is no kind of link {kind!r}")
            self._store.link(found, self._issue(key), self._issue(to_key), self._store.person(by))

    def points_at(self, key: str, url: str, title: str, by: str) -> None:
        """Link an issue to a page outside, as the form for web links does: without a global id."""
        with self._lock:
            shown = {"url": url, "title": title}
            link = RemoteLink(
                id=self._store.new_id(), global_id=None, application={}, relationship=None, object=shown
            )
            self._store.put_remote_link(self._issue(key), link, self._store.person(by))

    def removes_links(self, key: str, by: str) -> None:
        """Take every link to a page outside away."""
        with self._lock:
            issue = self._issue(key)
            for link in list(issue.remote_links):
                self._store.drop_remote_link(issue, link, self._store.person(by))

    def deletes(self, key: str, by: str = _ADMIN) -> None:
        """Delete an issue for ever."""
        with self._lock:
            self._store.delete(self._issue(key), self._store.person(by))

    def moves(self, key: str, project: str, by: str = _ADMIN) -> str:
        """Move an issue to another project and return its new key; the old one goes on finding it."""
        with self._lock:
            issue, home = self._issue(key), self._project(project)
            if issue.project == home.key:
                raise NotAllowed(f"{issue.key} is in {home.key} already")
            self._store.touch(issue, self._store.person(by), self._moved(issue, home))
            return issue.key

    def hides(self, key: str, *, hidden: bool = True) -> None:
        """Put an issue behind a security level that no REST account passes, or take it out again."""
        with self._lock:
            issue = self._issue(key)
            issue.hidden = hidden
            self._store.touch(issue, self._store.person(_ADMIN))

    def archives(self, key: str, *, archived: bool = True) -> None:
        """Archive an issue: search leaves it out, reading it by id still works."""
        with self._lock:
            issue = self._issue(key)
            issue.archived = archived
            self._store.touch(issue, self._store.person(_ADMIN))

    def vanishes_from_search(self, key: str, length: timedelta) -> None:
        """Let searches miss an issue from now on, for ``length``; reading it by id is not touched."""
        with self._lock:
            now = self._store.now()
            self._store.index.vanish(self._issue(key).id, now, now + length)

    def _issue(self, key: str) -> Issue:
        issue = self._store.find(key)
        if issue is None:
            raise KeyError(key)
        return issue

    def _project(self, key: str) -> Project:
        return self._store.projects[key]

    def _version(self, version: str, project: str | None) -> Version:
        if version in self._store.versions:
            return self._store.versions[version]
        for each in self._store.versions.values():
            if each.name == version and project in (None, each.project):
                return each
        raise KeyError(version)

    def _resolution(self, name: str) -> Resolution:
        if name not in self._store.resolutions:
            raise NotAllowed(f"there is no resolution {name!r}")
        return self._store.resolutions[name]

    def _inner(self, project: Project, plain: Mapping[str, Any]) -> dict[str, Any]:
        known = catalogue(self._store)
        by_name = {field.name: field for field in known.values() if field.custom is not None}
        reader = Reader(self._store, project, "2")
        values = {}
        for name, value in plain.items():
            field = known.get(name) or by_name.get(name)
            if field is None:
                raise NotAllowed(f"there is no field {name!r}")
            try:
                values[field.id] = reader.read(field, self._sent(field, value))
            except Bad as bad:
                raise NotAllowed(f"{name}: {bad}") from bad
        return values

    def _sent(self, field: Field, value: Any) -> Any:
        """Turn a plain value into what a REST caller would send."""
        if value is None:
            return None
        if isinstance(value, Sequence) and not isinstance(value, str):
            wrap = {"components": "name", "versions": "name", "multiselect": "value"}.get(field.kind)
            return [each if wrap is None else {wrap: each} for each in value]
        match field.kind:
            case "priority" | "issuetype" | "resolution":
                return {"name": value}
            case "select":
                return {"value": value}
            case "user":
                person = self._store.person(value)
                return {"accountId": person.account_id} if self._store.cloud else {"name": person.name}
        return value

    def _moved(self, issue: Issue, home: Project) -> list[Change]:
        old = self._store.projects[issue.project]
        home.newest += 1
        key = f"{home.key}-{home.newest}"
        changes = [
            Change(field="project", old=old.id, old_text=old.spec.name, new=home.id, new_text=home.spec.name),
            Change(field="Key", old=None, old_text=issue.key, new=None, new_text=key),
        ]
        issue.key, issue.project, issue.number = key, home.key, home.newest
        self._store.keys[key] = issue.id
        workflow = home.spec.workflow
        if issue.status.name not in workflow.statuses():
            changes += arrive(self._store, issue, workflow.initial, None)
        return changes + set_values(self._store, issue, {"components": (), "fixVersions": (), "versions": ()})
