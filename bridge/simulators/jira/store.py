"""The site's memory: projects, issues and what hangs on them, with the rules of what moves ``updated``.

The store knows nothing of HTTP or of permissions.  Every change goes through ``touch``, which writes
history, moves ``updated`` and tells the search index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bridge.simulators.jira.index import Index
from bridge.simulators.jira.records import (
    Attached,
    Change,
    Comment,
    History,
    Issue,
    IssueLink,
    LinkType,
    Named,
    Project,
    RemoteLink,
    Version,
)
from bridge.simulators.jira.settings import CustomField, JiraSettings, Person, ProjectSpec, Switches
from bridge.simulators.jira.workflow import Resolution, Status


class Store:
    """Everything a site holds, by id."""

    def __init__(self, clock: Callable[[], datetime], settings: JiraSettings) -> None:
        self._clock = clock
        self._next = 10_000
        self.settings = settings
        self.switches: Switches = replace(settings.switches)
        self.index = Index(flicker=settings.index_flicker)
        self.issues: dict[int, Issue] = {}
        self.keys: dict[str, int] = {}
        self.versions: dict[str, Version] = {}
        self.projects: dict[str, Project] = {}
        self.people: dict[str, Person] = {}
        self.statuses: dict[str, Status] = {status.name: status for status in settings.statuses}
        self.resolutions: dict[str, Resolution] = {each.name: each for each in settings.resolutions}
        self.priorities = _numbered(settings.priorities, 1)
        self.types = _numbered(
            dict.fromkeys(name for spec in settings.projects for name in spec.types), 10_001
        )
        self.link_types = tuple(
            LinkType(id=str(10_000 + number), name=name, inward=inward, outward=outward)
            for number, (name, inward, outward) in enumerate(settings.link_types)
        )
        self.custom: dict[str, CustomField] = {field.id: field for field in settings.custom_fields}
        self._settle()

    @property
    def cloud(self) -> bool:
        """Whether the site is a Cloud site."""
        return self.settings.flavour == "cloud"

    def now(self) -> datetime:
        """Give the site's present time, in UTC, to the millisecond."""
        now = self._clock().astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def new_id(self) -> int:
        """Give a number that nothing on this site has yet."""
        self._next += 1
        return self._next

    def person(self, name: str) -> Person:
        """Give the person of that name, who joins the site where nobody has it."""
        if name not in self.people:
            self.people[name] = Person.of(name)
        return self.people[name]

    def add_project(self, spec: ProjectSpec) -> Project:
        """Set up a project with its components and versions."""
        parts = tuple(Named(id=str(self.new_id()), name=name) for name in spec.components)
        project = Project(id=str(self.new_id()), spec=spec, components=parts)
        self.projects[spec.key] = project
        for name in spec.types:
            if all(kind.name != name for kind in self.types):
                self.types = (*self.types, Named(id=str(self.new_id()), name=name))
        for name in spec.versions:
            self.add_version(spec.key, name)
        return project

    def add_version(self, project: str, name: str) -> Version:
        """Add an unreleased version."""
        version = Version(id=str(self.new_id()), project=project, name=name)
        self.versions[version.id] = version
        return version

    def versions_of(self, project: str) -> list[Version]:
        """Give the versions of a project, oldest first."""
        return [version for version in self.versions.values() if version.project == project]

    def find(self, reference: str) -> Issue | None:
        """Give the issue with that id or key; the old key of a moved issue finds it too."""
        number = (
            int(reference)
            if reference.isascii() and reference.isdigit()
            else self.keys.get(reference.upper())
        )
        return None if number is None else self.issues.get(number)

    def create(self, project: Project, values: dict[str, Any], creator: Person) -> Issue:
        """Make an issue in its project's first status; ``values`` in their inner form."""
        project.newest += 1
        now = self.now()
        issue = Issue(
            id=self.new_id(),
            key=f"{project.key}-{project.newest}",
            project=project.key,
            number=project.newest,
            status=self.statuses[project.spec.workflow.initial],
            created=now,
            updated=now,
            status_changed=now,
            creator=creator,
            values=values,
        )
        self.issues[issue.id] = issue
        self.keys[issue.key] = issue.id
        return issue

    def touch(self, issue: Issue, by: Person, changes: Iterable[Change] = (), *, bump: bool = True) -> None:
        """Record ``changes``, move ``updated`` where ``bump`` says so, and tell the index the new state."""
        now = self.now()
        told = tuple(changes)
        if told:
            issue.history.append(History(id=str(self.new_id()), at=now, author=by, changes=told))
        if bump:
            issue.updated = now
        self.index.offer(issue.snapshot(), now + self.settings.index_lag)

    def add_comment(
        self,
        issue: Issue,
        body: str,
        by: Person,
        *,
        visibility: Mapping[str, str] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> Comment:
        """Add a comment; this moves ``updated`` (a comment is no history entry)."""
        now = self.now()
        comment = Comment(
            id=str(self.new_id()),
            author=by,
            body=body,
            created=now,
            updated=now,
            editor=by,
            visibility=visibility,
            properties=dict(properties or {}),
        )
        issue.comments.append(comment)
        self.touch(issue, by)
        return comment

    def attach(self, issue: Issue, name: str, data: bytes, kind: str, by: Person) -> Attached:
        """Hang a file on an issue; this moves ``updated``."""
        made = Attached(id=str(self.new_id()), name=name, data=data, kind=kind, author=by, created=self.now())
        issue.attachments.append(made)
        change = Change(field="Attachment", old=None, old_text=None, new=made.id, new_text=name)
        self.touch(issue, by, [change])
        return made

    def change_comment(self, issue: Issue, comment: Comment, by: Person, **changes: Any) -> Comment:
        """Replace a comment by an edited one."""
        edited = replace(comment, updated=self.now(), editor=by, **changes)
        issue.comments[issue.comments.index(comment)] = edited
        self.touch(issue, by, bump=self.switches.comment_edit_bumps)
        return edited

    def delete_comment(self, issue: Issue, comment: Comment, by: Person) -> None:
        """Take a comment away; it leaves no trace."""
        issue.comments.remove(comment)
        self.touch(issue, by, bump=self.switches.comment_delete_bumps)

    def put_remote_link(self, issue: Issue, link: RemoteLink, by: Person) -> None:
        """Add a remote link or replace the one with the same id."""
        old = next((each for each in issue.remote_links if each.id == link.id), None)
        if old is None:
            issue.remote_links.append(link)
        else:
            issue.remote_links[issue.remote_links.index(old)] = link
        self._remote_link_changed(issue, by, None if old is None else old, link)

    def drop_remote_link(self, issue: Issue, link: RemoteLink, by: Person) -> None:
        """Take a remote link away."""
        issue.remote_links.remove(link)
        self._remote_link_changed(issue, by, link, None)

    def link(self, kind: LinkType, source: Issue, target: Issue, by: Person) -> IssueLink:
        """Link two issues (``source`` <outward> ``target``); an equal link is kept and nothing changes."""
        for known in source.links:
            if (known.type, known.source, known.target) == (kind, source.id, target.id):
                return known
        made = IssueLink(id=str(self.new_id()), type=kind, source=source.id, target=target.id)
        for issue, other, reading in ((source, target, kind.outward), (target, source, kind.inward)):
            issue.links.append(made)
            text = f"This issue {reading} {other.key}"
            change = Change(field="Link", old=None, old_text=None, new=other.key, new_text=text)
            self.touch(issue, by, [change])
        return made

    def unlink(self, link: IssueLink, by: Person) -> None:
        """Remove a link from both its issues."""
        for issue in (self.issues.get(link.source), self.issues.get(link.target)):
            if issue is not None and link in issue.links:
                issue.links.remove(link)
                change = Change(field="Link", old=link.id, old_text=link.type.name, new=None, new_text=None)
                self.touch(issue, by, [change])

    def delete(self, issue: Issue, by: Person) -> None:
        """Delete an issue for ever; only its keys are never given again."""
        for link in list(issue.links):
            self.unlink(link, by)
        del self.issues[issue.id]
        self.index.forget(issue.id)

    def _remote_link_changed(
        self, issue: Issue, by: Person, old: RemoteLink | None, new: RemoteLink | None
    ) -> None:
        if not self.switches.remote_link_bumps:
            self.touch(issue, by, bump=False)
            return
        change = Change(
            field="RemoteIssueLink",
            old=None if old is None else str(old.id),
            old_text=None if old is None else old.object["title"],
            new=None if new is None else str(new.id),
            new_text=None if new is None else new.object["title"],
        )
        self.touch(issue, by, [change])

    def _settle(self) -> None:
        for account in self.settings.accounts:
            self.people[account.person.name] = account.person
        for person in self.settings.people:
            self.people[person.name] = person
        for spec in self.settings.projects:
            self.add_project(spec)


def _numbered(names: Iterable[str], first: int) -> tuple[Named, ...]:
    return tuple(Named(id=str(first + number), name=name) for number, name in enumerate(names))
