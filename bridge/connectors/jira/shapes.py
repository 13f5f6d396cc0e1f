"""Jira's JSON to our nouns: an issue to a ticket, a comment to a note.

Tolerant of what is missing, since field configurations hide fields; strict about ids and times, since
without them nothing can be believed (``KeyError``, ``TypeError`` or ``ValueError``, for the client to
translate).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.decide.unwiki import from_wiki
from bridge.model.attachment import Attachment
from bridge.model.note import Note, Origin, split_mark
from bridge.model.ticket import Category, Relation, Ticket, Version

Json = Mapping[str, Any]

#: The fields that every ticket needs.
TICKET_FIELDS = (
    "summary",
    "status",
    "resolution",
    "priority",
    "assignee",
    "labels",
    "components",
    "fixVersions",
    "issuelinks",
    "issuetype",
    "project",
    "updated",
    "created",
    "resolutiondate",
)


def moment(text: str) -> datetime:
    """Return a time of Jira's (``2026-09-27T10:03:11.123+0200``) in UTC."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)


def ticket_of(
    issue: Json,
    *,
    site: str,
    duplicate: str,
    extra: Iterable[tuple[str, str, bool]],
    readings: Iterable[str] = (),
) -> Ticket:
    """Return the ticket of an issue.

    ``extra`` are (our name, field id, whether it is wiki text), ``readings`` the issue links to keep ("is blocked by").
    """
    fields = issue["fields"]
    status = fields.get("status") or {}
    key = str(issue["key"])
    return Ticket(
        id=str(issue["id"]),
        key=key,
        project=_named(fields.get("project"), "key") or key.rpartition("-")[0],
        type=_named(fields.get("issuetype")),
        summary=str(fields.get("summary") or ""),
        status=_named(status),
        category=_category(_named(status.get("statusCategory"), "key")),
        resolution=_named(fields.get("resolution")),
        priority=_named(fields.get("priority")),
        assignee=_named(fields.get("assignee"), "displayName"),
        labels=tuple(str(label) for label in fields.get("labels") or ()),
        components=tuple(_named(each) for each in fields.get("components") or ()),
        fix_versions=tuple(version_of(each) for each in fields.get("fixVersions") or ()),
        duplicate_of=_duplicate(fields.get("issuelinks") or (), duplicate),
        relations=tuple(_relations(fields.get("issuelinks") or (), readings)),
        updated_at=moment(fields["updated"]),
        created_at=moment(fields["created"]) if fields.get("created") else None,
        resolved_at=moment(fields["resolutiondate"]) if fields.get("resolutiondate") else None,
        url=f"{site}/browse/{key}",
        fields=tuple(sorted((name, plain(fields.get(field), wiki=wiki)) for name, field, wiki in extra)),
    )


def version_of(raw: Json) -> Version:
    """Return a version."""
    return Version(id=str(raw["id"]), name=str(raw.get("name") or ""), released=raw.get("released") is True)


def attachment_of(raw: Json) -> Attachment:
    """Return an attachment of an issue."""
    return Attachment(name=str(raw["filename"]), size=int(raw["size"]), ref=str(raw["id"]))


def note_of(comment: Json, parent: str, *, accounts: Collection[str], pair: str) -> Note:
    """Return the note of a comment on the issue with id ``parent``; ``accounts`` are those of bridges.

    What ends like a mark and was written by anybody else is that person's words.
    """
    author = comment.get("author") or {}
    who = user_id(author)
    ours = who in accounts
    body = from_wiki(str(comment.get("body") or ""))
    text, marked_by, mark = split_mark(body) if ours else (body, "", "")
    return Note(
        id=str(comment["id"]),
        parent=parent,
        author=who,
        author_name=str(author.get("displayName") or who),
        at=moment(comment["created"]),
        text=text,
        # Only what the server calls public, and nobody restricted, is public.
        internal=bool(comment.get("visibility")) or comment.get("jsdPublic") is not True,
        origin=_origin(author, ours=ours),
        mark=mark if marked_by == pair else "",
    )


def user_id(user: Json) -> str:
    """Return what identifies a user for good: account id on Cloud, name on Data Center."""
    return str(user.get("accountId") or user.get("name") or user.get("key") or "")


def plain(value: Any, *, wiki: bool = False) -> str:
    """Return any field's value as text, several values joined by ``, ``."""
    match value:
        case None:
            return ""
        case str():
            return from_wiki(value) if wiki else value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return ", ".join(plain(each) for each in value)
        case Mapping():
            return _of_object(value)
    return str(value)


def _of_object(value: Json) -> str:
    child = value.get("child")
    if isinstance(child, Mapping) and child:
        return f"{plain(value.get('value'))} / {plain(child.get('value'))}"
    names = ("value", "name", "displayName", "key", "id")
    return next((plain(value[name]) for name in names if value.get(name) is not None), "")


def _named(value: Any, name: str = "name") -> str:
    return str(value.get(name) or "") if isinstance(value, Mapping) else ""


def _category(key: str) -> Category:
    """Return the category; whatever is neither new nor done is in progress."""
    return "new" if key == "new" else "done" if key == "done" else "indeterminate"


def _duplicate(links: Iterable[Json], duplicate: str) -> str:
    """Return the id of the issue that this one duplicates: shown as ``outwardIssue`` of the link."""
    for link in links:
        same = _named(link.get("type")).casefold() == duplicate.casefold()
        if same and isinstance(link.get("outwardIssue"), Mapping):
            return str(link["outwardIssue"]["id"])
    return ""


def _relations(links: Iterable[Json], readings: Iterable[str]) -> Iterator[Relation]:
    """Yield the links that read like one of these: ``outwardIssue`` by the kind's outward reading, and so on."""
    wanted = {reading.casefold() for reading in readings}
    for link in links if wanted else ():
        for side in ("outward", "inward"):
            reading, target = _named(link.get("type"), side), link.get(f"{side}Issue")
            if reading.casefold() in wanted and isinstance(target, Mapping):
                yield Relation(reading=reading, ticket_id=str(target["id"]), key=str(target["key"]))


def _origin(author: Json, *, ours: bool) -> Origin:
    if ours:
        return "bridge"
    return "system" if author.get("accountType") == "app" else "person"
