"""Jira as the tracker: the role ``bridge.connectors.base.Tracker`` over REST v2, Cloud and Data Center alike.

Ids are the foreign keys, since keys change when a ticket moves.  The bridge never deletes anything here,
never assigns anybody, and writes comments that customers of a service project do not see.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from requests.adapters import BaseAdapter

from bridge.connectors.base import Finding
from bridge.connectors.call import Limits, Times
from bridge.connectors.gate import Gate
from bridge.connectors.http import Wire
from bridge.connectors.jira import jql
from bridge.connectors.jira.catalogue import Catalogue
from bridge.connectors.jira.client import Client
from bridge.connectors.jira.comments import Comments
from bridge.connectors.jira.moves import Moves
from bridge.connectors.jira.probing import Probe
from bridge.connectors.jira.prose import CLOUD_LIMIT, DATA_CENTER_LIMIT, LINE_LIMIT, Prose
from bridge.connectors.jira.search import PAGE, Search
from bridge.connectors.jira.session import Credentials
from bridge.connectors.jira.shapes import TICKET_FIELDS, attachment_of, ticket_of, version_of
from bridge.connectors.offers import Offers
from bridge.model.actions import CreateTicket, Receipt, ShowIncident, Value
from bridge.model.attachment import Attachment
from bridge.model.errors import Gone, Refused
from bridge.model.note import Note
from bridge.model.ticket import Ticket, Version

Seen = tuple[Ticket, tuple[Note, ...]]

#: Seconds after which a search is believed that shows nothing (Atlassian: search lags by seconds to minutes).
CLOUD_GRACE = 600.0
DATA_CENTER_GRACE = 120.0
#: The issue property that says what a ticket was opened for.
PROPERTY = "bridge"
#: How the global ids of our own remote links begin.
OWN_LINK = "bridge="
#: What the model of a ticket holds by itself, however a rule spells it.
_OWN = frozenset(
    {
        "labels",
        "components",
        "status",
        "resolution",
        "priority",
        "assignee",
        "summary",
        "type",
        "project",
        "key",
    }
)


class JiraTracker:
    """One Jira site, for one thread at a time; nothing is sent before the first call that needs an answer."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        *,
        pair: str,
        clock: Callable[[], datetime],
        user: str = "",
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        gate: Gate | None = None,
        ticket_fields: Iterable[str] = (),
        search_grace: float | None = None,
        resolutions: Sequence[str] = ("Done", "Fixed", "Resolved"),
        duplicate_link: str = "Duplicate",
        relations: Iterable[str] = (),
        text_limit: int | None = None,
        timeout: float = 60.0,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        proxy_login: Callable[[], str] | None = None,
        transport: BaseAdapter | None = None,
        bridges: Iterable[str] = (),
        offers: Offers | None = None,
    ) -> None:
        """Prepare without connecting; ``ConfigError`` where ``url`` is no address.

        ``user`` is the e-mail (Cloud) or name (Data Center) that belongs to ``token``; without it the token
        is sent as a personal access token.  ``token`` is asked for at every request, so that a renewed one
        is used at once.  ``ticket_fields`` are names or ids of further fields that rules mention, ``relations``
        the readings of issue links ("is blocked by") that they mention.
        ``bridges`` are further accounts (ids on Cloud, names on Data Center) whose marks are believed; ``offers``
        is shared by all trackers of one account, ``gate`` by everything that calls the same site.
        ``search_grace`` and ``timeout`` (of a whole call) are seconds, ``text_limit`` UTF-16 units; ``random`` gives
        0 to 1.
        """
        self.sent: Counter[tuple[str, str]] = Counter()
        self.answers: Counter[tuple[str, str, str]] = Counter()
        credentials = Credentials(user, token, offers)
        wire = Wire(
            "Jira",
            url,
            times=Times(monotonic=monotonic, now=clock, sleep=sleep, random=random),
            limits=Limits(deadline=timeout),
            ca_bundle=ca_bundle,
            proxy=proxy,
            proxy_login=proxy_login,
            transport=transport,
            secrets=credentials.secrets,
            sent=self.sent,
            answers=self.answers,
            gate=gate,
        )
        self._client = client = Client(wire, credentials)
        self._pair, self._grace, self._duplicate = pair, search_grace, duplicate_link
        self._relations = tuple(relations)
        self._names = tuple(name for name in dict.fromkeys(ticket_fields) if name not in _OWN)
        self._prose = Prose(lambda: text_limit or (CLOUD_LIMIT if client.cloud else DATA_CENTER_LIMIT))
        self._catalogue = Catalogue(client, self._prose)
        self._search = Search(client, self._field_ids)
        self._comments = Comments(client, pair, bridges)
        self._moves = Moves(client, resolutions)
        self._written: dict[str, float] = {}

    @property
    def account(self) -> str:
        """The account id (Cloud) or login name (Data Center) of the bridge; asks the server once."""
        return self._client.account

    @property
    def known_account(self) -> str:
        """The same without asking: empty before the first answer."""
        return self._client.known_account

    @property
    def search_grace(self) -> float:
        """Seconds after which a search that shows no ticket may be believed; may ask the server once."""
        if self._grace is not None:
            return self._grace
        return CLOUD_GRACE if self._client.cloud else DATA_CENTER_GRACE

    @property
    def deadline(self) -> float:
        """The longest time that one call takes, in seconds."""
        return self._client.wire.deadline

    def tickets_since(self, since: datetime, projects: Sequence[str]) -> Iterator[Seen]:
        """Yield every visible ticket updated at or after ``since``, oldest first, with all its notes.

        One request while little changed.  Tickets that this object wrote to are shown as they are now even
        where Cloud's index is late.  ``Refused`` where a project is unknown or a field's name is not one
        field's.
        """
        if not projects:
            return
        seen: set[tuple[str, datetime]] = set()
        for issue in self._search.updated(projects, jql.milliseconds(since), self._lately_written()):
            found = self._still_seen(issue)
            if found is not None and (found[0].id, found[0].updated_at) not in seen:
                seen.add((found[0].id, found[0].updated_at))
                yield found

    def tickets(self, ids: Sequence[str]) -> Iterator[Seen]:
        """Yield the tickets with these ids with their notes, read afresh; missing ones are left out."""
        wanted = [each for each in dict.fromkeys(ids) if jql.is_id(each)]
        for first in range(0, len(wanted), PAGE):
            chunk = wanted[first : first + PAGE]
            issues = list(self._search.by_ids(chunk))
            found = {str(issue.get("id")) for issue in issues}
            yield from filter(None, map(self._still_seen, issues))
            if not self._client.cloud:
                # Data Center's index may not know a ticket yet; only a read by id tells that it is missing.
                yield from filter(None, (self.ticket(each) for each in chunk if each not in found))

    def ticket(self, id_or_key: str) -> Seen | None:
        """Return one ticket by id or key, read afresh; None only where verified credentials do not see it.

        A ticket that moved answers under its new key, by id and by old key alike.
        """
        reference = jql.reference(id_or_key)
        if reference is None:
            return None
        try:
            return self._seen(self._client.get(f"issue/{reference}", fields=",".join(self._field_ids())))
        except Gone:
            return None

    def notes(self, ticket_id: str) -> tuple[Note, ...]:
        """Return every note of one ticket, oldest first, read afresh; ``Gone`` where it is not seen."""
        return self._comments.of(_reference(ticket_id))

    def versions(self, project: str) -> tuple[Version, ...]:
        """Return the versions of a project."""
        raw = self._client.get(f"project/{jql.project_key(project)}/versions")
        with self._client.understood("reading versions", write=False):
            return tuple(version_of(each) for each in raw)

    def create_ticket(self, draft: CreateTicket) -> Receipt:
        """Open a ticket in one request, with the mark as a label and the cause as an issue property."""
        fields = self._catalogue.encoded(draft.fields)
        labels = [each for each in fields.pop("labels", []) if each != draft.mark_label]
        fields |= {
            "project": {"key": jql.project_key(draft.project)},
            "issuetype": {"id" if draft.type.isdigit() else "name": draft.type},
            "summary": self._prose.line(draft.summary),
            "description": self._prose.wiki(draft.description),
            "labels": [draft.mark_label, *labels],
        }
        cause = {"pair": self._pair, "incident": draft.key.partition("/")[0], "key": draft.key}
        made = self._client.post(
            "issue", {"fields": fields, "properties": [{"key": PROPERTY, "value": cause}]}
        )
        with self._client.understood("opening a ticket", write=True):
            receipt = Receipt(id=str(made["id"]), key=str(made["key"]))
        self._wrote(receipt.id)
        return receipt

    def find_created(self, draft: CreateTicket) -> Receipt | None:
        """Search for a ticket that carries the draft's mark label; the oldest where there are several."""
        found = list(self._search.labelled(draft.mark_label))
        if not found:
            self._client.prove()
        with self._client.understood("searching", write=False):
            # JQL compares labels without case, and a person's clone of the ticket carries the label too.
            ours = [issue for issue in found if draft.mark_label in (issue["fields"].get("labels") or ())]
            oldest = min(ours, key=lambda issue: int(issue["id"]), default=None)
            return None if oldest is None else Receipt(id=str(oldest["id"]), key=str(oldest["key"]))

    def bearers(self, labels: Sequence[str]) -> dict[str, tuple[Receipt, ...]]:
        """Return the tickets that a search shows with each of these labels, oldest first."""
        return self._search.bearers(labels)

    def has_opened(self) -> bool:
        """Whether a search shows any ticket that this account ever opened; a new one only once it is indexed."""
        if any(True for _ in self._search.created_by_us()):
            return True
        self._client.prove()
        return False

    def set_fields(self, ticket_id: str, fields: Iterable[tuple[str, Value]]) -> None:
        """Set fields by the tracker's own names; an empty value clears.  Labels of the bridge itself stay."""
        issue = _reference(ticket_id)
        values = self._catalogue.encoded(fields)
        body: dict[str, Any] = {}
        if "labels" in values:
            steps = self._label_steps(issue, values.pop("labels"))
            body |= {"update": {"labels": steps}} if steps else {}
        if values:
            body["fields"] = values
        if body:
            self._client.put(f"issue/{issue}", body)
            self._wrote(issue)

    def move(self, ticket_id: str, to_status: str) -> None:
        """Move to a status by whichever transition leads there and look; ``Refused`` where none does."""
        issue = _reference(ticket_id)
        self._moves.move(issue, to_status)
        self._wrote(issue)

    def add_note(self, ticket_id: str, text: str, *, mark: str) -> Receipt:
        """Write an internal note of plain text with ``mark`` (see ``bridge.model.note``) as its last line.

        Its id is in the receipt.
        """
        issue = _reference(ticket_id)
        body = self._prose.wiki(text, last_line=mark)
        receipt = Receipt(id=self._client.comment(issue, body))
        self._wrote(issue)
        return receipt

    def edit_note(self, ticket_id: str, note_id: str, text: str, *, mark: str) -> None:
        """Rewrite a comment of our own, with ``mark`` as its last line; ``Gone`` where it was deleted."""
        issue = _reference(ticket_id)
        if not jql.is_id(note_id):
            raise Refused(f"Jira: {note_id[:80]!r} is not a comment's id")
        self._client.put_comment(issue, note_id, self._prose.wiki(text, last_line=mark))
        self._wrote(issue)

    def web_links(self, ticket_id: str) -> tuple[str, ...]:
        """Return the addresses and titles of a ticket's remote links, without those that a bridge wrote."""
        raw = self._client.get(f"issue/{_reference(ticket_id)}/remotelink")
        with self._client.understood("reading remote links", write=False):
            people = [each for each in raw if not str(each.get("globalId") or "").startswith(OWN_LINK)]
            return tuple(str(each["object"].get(part) or "") for each in people for part in ("url", "title"))

    def incidents_shown(self, ticket_id: str, pair: str) -> tuple[str, ...]:
        """Return the numbers of the incidents that a pair shows in a ticket, by its remote links' global ids."""
        raw = self._client.get(f"issue/{_reference(ticket_id)}/remotelink")
        ours = f"{OWN_LINK}{pair}&incident="
        with self._client.understood("reading remote links", write=False):
            names = [str(each.get("globalId") or "") for each in raw]
            return tuple(name.removeprefix(ours) for name in names if name.startswith(ours))

    def attach(self, ticket_id: str, name: str, data: bytes) -> Receipt:
        """Hang a file on a ticket; its id is in the receipt."""
        issue = _reference(ticket_id)
        made = self._client.upload(f"issue/{issue}/attachments", name, data)
        with self._client.understood("attaching a file", write=True):
            receipt = Receipt(id=str(made[0]["id"]))
        self._wrote(issue)
        return receipt

    def attachments(self, ticket_id: str) -> tuple[Attachment, ...]:
        """Return the files that hang on a ticket, read afresh; ``Gone`` where it is not seen."""
        issue = _reference(ticket_id)
        raw = self._client.get(f"issue/{issue}", fields="attachment")
        with self._client.understood("reading attachments", write=False):
            return tuple(attachment_of(each) for each in raw["fields"].get("attachment") or ())

    def show_incident(self, link: ShowIncident, url: str) -> None:
        """Write the remote link of the incident, an upsert by its global id; ``Refused`` without ``url``."""
        issue = _reference(link.ticket_id)
        if not url:
            raise Refused(
                f"Jira: {link.ticket_key} cannot show its incident",
                why="a remote link needs an address",
                next_step="configure the address under which people open an incident",
            )
        shown = {
            "url": url,
            "title": self._prose.line(link.title),
            "summary": self._prose.line(link.summary),
            "status": {"resolved": link.resolved},
        }
        body = {"globalId": link.global_id[:LINE_LIMIT], "relationship": "incident", "object": shown}
        self._client.post(f"issue/{issue}/remotelink", body)
        self._wrote(issue)

    def probe(self, projects: Sequence[str]) -> list[Finding]:
        """Try every permission that the bridge needs in these projects, writing nothing."""
        return Probe(self._client, self._catalogue, self._search, self._names).findings(projects)

    def close(self) -> None:
        """Let go of connections; never raises."""
        self._client.close()

    def _seen(self, issue: dict[str, Any]) -> Seen:
        with self._client.understood("reading a ticket", write=False):
            ticket = ticket_of(
                issue,
                site=self._client.site,
                duplicate=self._duplicate,
                extra=self._extra(),
                readings=self._relations,
            )
            page = issue["fields"].get("comment")
        return ticket, self._comments.within(page, ticket.id)

    def _still_seen(self, issue: dict[str, Any]) -> Seen | None:
        """Return the ticket of a search's issue, None where it was deleted while its notes were read."""
        try:
            return self._seen(issue)
        except Gone:
            return None

    def _extra(self) -> list[tuple[str, str, bool]]:
        fields = [(name, self._catalogue.field(name)) for name in self._names]
        return [(name, field.id, field.wiki) for name, field in fields]

    def _field_ids(self) -> list[str]:
        own = (*TICKET_FIELDS, "comment")
        return [*own, *(field for _, field, _ in self._extra() if field not in own)]

    def _label_steps(self, issue: str, wanted: list[str]) -> list[dict[str, str]]:
        """Say which labels to add and to remove, so that nobody else's change of a label is undone."""
        raw = self._client.get(f"issue/{issue}", fields="labels")
        with self._client.understood("reading a ticket", write=False):
            present = list(raw["fields"].get("labels") or ())
        leaving = [
            each for each in present if each not in wanted and not each.startswith(f"bridge-{self._pair}-")
        ]
        arriving = [each for each in wanted if each not in present]
        return [*({"remove": each} for each in leaving), *({"add": each} for each in arriving)]

    def _wrote(self, issue: str) -> None:
        if jql.is_id(issue):
            self._written.pop(issue, None)
            self._written[issue] = self._client.wire.monotonic()

    def _lately_written(self) -> tuple[str, ...]:
        """Return the ids of tickets whose last write by us the search index may not know yet, newest last."""
        since = self._client.wire.monotonic() - self.search_grace
        self._written = {issue: at for issue, at in self._written.items() if at > since}
        return tuple(self._written)


def _reference(text: str) -> str:
    reference = jql.reference(text)
    if reference is None:
        raise Refused(f"Jira: {text[:80]!r} is neither a ticket's id nor a key")
    return reference
