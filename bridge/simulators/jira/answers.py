"""The JSON that a site answers with, per flavour and API version.

Shapes: the vendor's OpenAPI files for Cloud v3 and Data Center 10.3, and captures of real sites.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.simulators.jira import adf
from bridge.simulators.jira.fields import SYSTEM, Field, catalogue
from bridge.simulators.jira.records import (
    Attached,
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
from bridge.simulators.jira.settings import Person
from bridge.simulators.jira.store import Store
from bridge.simulators.jira.workflow import CATEGORIES, Resolution, Status

Json = dict[str, Any]

_NOT_NAVIGABLE = frozenset({"comment", "attachment"})
_EXPAND = {
    "cloud": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
    "datacenter": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
}


class Shapes:
    """Makes answers for callers of one API version.

    ``comments_for`` decides which comments an issue shows.
    """

    def __init__(self, store: Store, api: str) -> None:
        self._store = store
        self._api = api
        self._cloud = store.cloud
        self._zone = ZoneInfo(store.settings.site_zone)
        self._root = f"{store.settings.base_url}/rest/api/{api}"
        self._known: dict[object, Json] = {}
        self._custom: dict[str, Field] = {}
        for name, field in catalogue(store).items():
            if field.custom is not None:
                self._custom[name] = field

    def at(self, path: str) -> str:
        """Give the address of a resource of this API version."""
        return f"{self._root}/{path}"

    def time(self, moment: datetime | None) -> str | None:
        """Give a moment in the site's zone: ``2026-09-27T10:03:11.123+0200``."""
        if moment is None:
            return None
        local = moment.astimezone(self._zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def text(self, value: str | None) -> Any:
        """Give a rich text: markup on v2, a document on v3."""
        return adf.document(value) if self._api == "3" and value is not None else value

    def user(self, person: Person | None, *, full: bool = False) -> Json | None:
        """Give a user; ``full`` with the e-mail address, which Cloud hides from others."""
        if person is None:
            return None
        key = (person, full)
        if key not in self._known:
            self._known[key] = self._cloud_user(person, full=full) if self._cloud else self._dc_user(person)
        return self._known[key]

    def status(self, status: Status) -> Json:
        """Give a status with its category."""
        if status not in self._known:
            number, colour, name = CATEGORIES[status.category]
            self._known[status] = {
                "self": self.at(f"status/{status.id}"),
                "description": "",
                "iconUrl": self._icon(f"statuses/{status.id}.png"),
                "name": status.name,
                "id": status.id,
                "statusCategory": {
                    "self": self.at(f"statuscategory/{number}"),
                    "id": number,
                    "key": status.category,
                    "colorName": colour,
                    "name": name,
                },
            }
        return self._known[status]

    def resolution(self, resolution: Resolution | None) -> Json | None:
        """Give a resolution; null where the issue is unresolved."""
        if resolution is None:
            return None
        return {**self._named("resolution", resolution.id, resolution.name), "description": ""}

    def priority(self, priority: Named | None) -> Json | None:
        """Give a priority."""
        if priority is None:
            return None
        return {
            **self._named("priority", priority.id, priority.name),
            "iconUrl": self._icon(f"priorities/{priority.name.lower()}.svg"),
        }

    def issue_type(self, kind: Named) -> Json:
        """Give an issue type."""
        extra: Json = {"hierarchyLevel": 0} if self._cloud else {}
        return {
            **self._named("issuetype", kind.id, kind.name),
            "description": "",
            "iconUrl": self._icon(f"issuetypes/{kind.name.lower()}.svg"),
            "subtask": False,
            "avatarId": 10300,
            **extra,
        }

    def component(self, component: Named) -> Json:
        """Give a component as an issue shows it."""
        return self._named("component", component.id, component.name)

    def version(self, version: Version) -> Json:
        """Give a version as an issue shows it; ``releaseDate`` is absent where none is set."""
        shape = {
            **self._named("version", version.id, version.name),
            "description": version.description,
            "archived": version.archived,
            "released": version.released,
        }
        return {**shape, "releaseDate": version.release_date} if version.release_date else shape

    def full_version(self, version: Version) -> Json:
        """Give a version as its project shows it, with ``overdue`` and ``projectId``."""
        shape = {**self.version(version), "projectId": int(self._store.projects[version.project].id)}
        if version.release_date:
            today = self._store.now().astimezone(self._zone).date()
            shape["overdue"] = not version.released and date.fromisoformat(version.release_date) < today
            shape["userReleaseDate"] = f"{date.fromisoformat(version.release_date):%d/%b/%y}"
        return shape

    def short_project(self, project: Project) -> Json:
        """Give a project as an issue shows it."""
        extra: Json = {"simplified": False} if self._cloud else {}
        return {
            "self": self.at(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.spec.name,
            "projectTypeKey": project.spec.kind,
            "avatarUrls": self._avatars("projectavatar"),
            **extra,
        }

    def link_type(self, kind: LinkType) -> Json:
        """Give a kind of issue link."""
        named = self._named("issueLinkType", kind.id, kind.name)
        return {**named, "inward": kind.inward, "outward": kind.outward}

    def comment(self, issue: Issue, comment: Comment, *, properties: bool = False) -> Json:
        """Give a comment; ``properties`` adds its properties."""
        shape: Json = {
            "self": self.at(f"issue/{issue.id}/comment/{comment.id}"),
            "id": comment.id,
            "author": self.user(comment.author),
            "body": self.text(comment.body),
            "updateAuthor": self.user(comment.editor),
            "created": self.time(comment.created),
            "updated": self.time(comment.updated),
        }
        if comment.visibility:
            shape["visibility"] = dict(comment.visibility)
        if self._cloud:
            shape["jsdPublic"] = not is_internal(comment)
        if properties:
            shape["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shape

    def attachment(self, held: Attached) -> Json:
        """Give an attachment without its bytes; its id is a number in a text on Data Center and Cloud v2 alike."""
        return {
            "self": self.at(f"attachment/{held.id}"),
            "id": held.id,
            "filename": held.name,
            "author": self.user(held.author),
            "created": self.time(held.created),
            "size": len(held.data),
            "mimeType": held.kind,
            "content": self.at(f"attachment/content/{held.id}"),
        }

    def remote_link(self, issue: Issue, link: RemoteLink) -> Json:
        """Give a remote link; members that were never sent are absent or empty, as on both products."""
        shape: Json = {
            "id": link.id,
            "self": self.at(f"issue/{issue.key}/remotelink/{link.id}"),
            "application": dict(link.application),
            "object": {"icon": {}, "status": {"icon": {}}, **link.object},
        }
        if link.global_id is not None:
            shape["globalId"] = link.global_id
        if link.relationship is not None:
            shape["relationship"] = link.relationship
        return shape

    def issue_link(self, issue: Issue, link: IssueLink) -> Json | None:
        """Give a link as ``issue`` shows it, with the other side only; None where that side is gone."""
        outward = link.source == issue.id
        other = self._store.issues.get(link.target if outward else link.source)
        if other is None or other.hidden:
            return None
        return {
            "id": link.id,
            "self": self.at(f"issueLink/{link.id}"),
            "type": self.link_type(link.type),
            "outwardIssue" if outward else "inwardIssue": self.linked_issue(other),
        }

    def linked_issue(self, issue: Issue) -> Json:
        """Give the few fields of an issue that a link shows."""
        wanted = {"summary", "status", "priority", "issuetype"}
        return {
            "id": str(issue.id),
            "key": issue.key,
            "self": self.at(f"issue/{issue.id}"),
            "fields": {name: self.value(issue, name) for name in wanted & self.names(issue)},
        }

    def history(self, entry: History) -> Json:
        """One entry of the changelog; Data Center has no ``fieldId``."""
        items = []
        for change in entry.changes:
            item: Json = {"field": change.field, "fieldtype": "jira"}
            if self._cloud:
                item["fieldId"] = change.field.replace("Fix Version", "fixVersions")
            item.update({"from": change.old, "fromString": change.old_text})
            items.append({**item, "to": change.new, "toString": change.new_text})
        author = self.user(entry.author)
        return {"id": entry.id, "author": author, "created": self.time(entry.at), "items": items}

    def names(self, issue: Issue) -> set[str]:
        """Give the ids of an issue's fields: the system's, and the custom ones of its project."""
        own = {
            name
            for name, field in self._custom.items()
            if field.custom and (field.custom.projects is None or issue.project in field.custom.projects)
        }
        return {*SYSTEM, *own} if self._cloud else {*SYSTEM, *own} - {"statuscategorychangedate"}

    def chosen(self, issue: Issue, asked: Iterable[str], *, default: str) -> list[str]:
        """Give the ids that a ``fields`` parameter asks for: ids, ``*all``, ``*navigable``, ``-id``."""
        wanted = [part.strip() for each in asked for part in each.split(",") if part.strip()] or [default]
        if all(each.startswith("-") for each in wanted):
            wanted = [default, *wanted]
        known = self.names(issue)
        chosen: set[str] = set()
        for each in wanted:
            if each == "*all":
                chosen |= known
            elif each == "*navigable":
                chosen |= known - _NOT_NAVIGABLE
            elif each.startswith("-"):
                chosen.discard(each[1:])
            elif each in known:
                chosen.add(each)
        return sorted(chosen)

    def issue(self, issue: Issue, fields: Iterable[str], comments: Iterable[Comment] = ()) -> Json:
        """Give an issue with the named fields; ``comments`` are those that the caller may see."""
        shape: Json = {}
        for name in fields:
            shape[name] = self.comment_page(issue, comments) if name == "comment" else self.value(issue, name)
        return {
            "expand": _EXPAND[self._store.settings.flavour],
            "id": str(issue.id),
            "self": self.at(f"issue/{issue.id}"),
            "key": issue.key,
            "fields": shape,
        }

    def comment_page(self, issue: Issue, comments: Iterable[Comment]) -> Json:
        """Give the ``comment`` field: a page object with every comment."""
        shown = [self.comment(issue, comment) for comment in comments]
        address = {"self": self.at(f"issue/{issue.id}/comment")} if self._cloud else {}
        return {"comments": shown, **address, "maxResults": len(shown), "total": len(shown), "startAt": 0}

    def value(self, issue: Issue, name: str) -> Any:
        """Give the value of one field of an issue."""
        match name:
            case "status":
                return self.status(issue.status)
            case "project":
                return self.short_project(self._store.projects[issue.project])
            case "created" | "updated":
                return self.time(getattr(issue, name))
            case "resolutiondate":
                return self.time(issue.resolved)
            case "statuscategorychangedate":
                return self.time(issue.status_changed)
            case "creator":
                return self.user(issue.creator)
            case "attachment":
                return [self.attachment(held) for held in issue.attachments]
            case "issuelinks":
                shown = (self.issue_link(issue, link) for link in issue.links)
                return [link for link in shown if link is not None]
            case _:
                return self._plain(name, issue.values.get(name))

    def option(self, option: Named) -> Json:
        """Give an option of a select field."""
        return {"self": self.at(f"customFieldOption/{option.id}"), "value": option.name, "id": option.id}

    def _plain(self, name: str, value: Any) -> Any:
        field = SYSTEM.get(name) or self._custom[name]
        if field.kind in {"labels", "components", "versions"}:
            return [self._part(field, each) for each in value or ()]
        if value is None or value == ():
            return None
        if field.kind == "multiselect":
            return [self._part(field, each) for each in value]
        return self._part(field, value)

    def _part(self, field: Field, value: Any) -> Any:
        match field.kind:
            case "rich" | "textarea":
                return self.text(value)
            case "issuetype":
                return self.issue_type(value)
            case "priority":
                return self.priority(value)
            case "resolution":
                return self.resolution(value)
            case "components":
                return self.component(value)
            case "versions":
                return self.version(self._store.versions[value])
            case "user":
                return self.user(value)
            case "datetime":
                return self.time(value)
            case "select" | "multiselect":
                return self.option(value)
        return value

    def _named(self, kind: str, number: str, name: str) -> Json:
        return {"self": self.at(f"{kind}/{number}"), "id": number, "name": name}

    def _cloud_user(self, person: Person, *, full: bool) -> Json:
        mail = {"emailAddress": person.email} if full else {}
        return {
            "self": self.at(f"user?accountId={person.account_id}"),
            "accountId": person.account_id,
            **mail,
            "avatarUrls": self._avatars("useravatar"),
            "displayName": person.display,
            "active": person.active,
            "timeZone": person.zone,
            "accountType": "atlassian",
        }

    def _dc_user(self, person: Person) -> Json:
        return {
            "self": self.at(f"user?username={person.name}"),
            "name": person.name,
            "key": person.key,
            "emailAddress": person.email,
            "avatarUrls": self._avatars("useravatar"),
            "displayName": person.display,
            "active": person.active,
            "timeZone": person.zone,
        }

    def _avatars(self, kind: str) -> Json:
        address = f"{self._store.settings.base_url}/secure/{kind}"
        sizes = {"48x48": "large", "24x24": "small", "16x16": "xsmall", "32x32": "medium"}
        return {size: f"{address}?size={word}" for size, word in sizes.items()}

    def _icon(self, path: str) -> str:
        return f"{self._store.settings.base_url}/images/icons/{path}"


def is_internal(comment: Comment) -> bool:
    """Tell whether a comment is internal to the agents of a service project."""
    mark = comment.properties.get("sd.public.comment")
    return isinstance(mark, Mapping) and mark.get("internal") in (True, "true")
