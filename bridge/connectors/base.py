"""The two roles of a connector, and what each promises.

DESK    where incidents live (Remedy); TRACKER where tickets live (Jira).
Every call either returns, or raises one of the errors of ``bridge.model.errors``:

- ``Refused`` (``Gone`` where the object is not there): nothing was done, and repeating will not help;
- ``Busy``, ``Unreachable``, ``LostCredentials``: nothing was done, later may help (``Blocked``, an ``Unreachable``, where
  something in front of the server answered, which may be about the words of this one call);
- ``Ambiguous`` (writes only): it may have been done; look for the trace before repeating.

Reads may be retried inside a connector; writes never are.  A connector never trusts an empty answer that
came without proof of its credentials.  No error, log line or URL ever holds a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bridge.model.actions import CreateTicket, Receipt, ShowIncident, Value
from bridge.model.attachment import Attachment
from bridge.model.change import Change
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.plan import Member
from bridge.model.ticket import Ticket, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of ``bridge check --live``: what was tried and how it went."""

    what: str
    verdict: Literal["ok", "warning", "error"]
    detail: str = ""
    next_step: str = ""


class ServiceDesk(Protocol):
    """Where incidents live."""

    @property
    def account(self) -> str:
        """The login that the bridge uses; notes by it are the bridge's own."""
        ...

    def incidents_since(self, since: datetime) -> Iterator[Incident]:
        """Yield every visible incident modified at or after ``since``, oldest first, each once."""
        ...

    def notes_since(self, since: datetime) -> Iterator[Note]:
        """Yield every note of any incident submitted or modified at or after ``since``, oldest first, each once."""
        ...

    def incidents(self, numbers: Sequence[str]) -> Iterator[Incident]:
        """Yield the incidents with these numbers, read afresh; missing ones are left out."""
        ...

    def notes(self, number: str) -> tuple[Note, ...]:
        """Return every note of one incident, oldest first, read afresh."""
        ...

    def notes_of(self, numbers: Sequence[str]) -> Mapping[str, tuple[Note, ...]]:
        """Return every note of these incidents, by number, oldest first, read afresh; those without any are left out."""
        ...

    def changes(self, numbers: Sequence[str]) -> Mapping[str, tuple[Change, ...]]:
        """Return the changes related to these incidents, by number, read afresh; numbers without any are left out."""
        ...

    def attachment(self, ref: str) -> bytes:
        """Return the file that an attachment's ``ref`` names; ``Gone`` where it is not there any more."""
        ...

    def retired(self, group: str) -> bool:
        """Whether a support group was taken out of use; False where that cannot be known; cached for an hour."""
        ...

    def members(self, group: str) -> tuple[Member, ...] | None:
        """Return the members of a support group, None where membership cannot be read; cached for an hour."""
        ...

    def set_incident(self, incident: Incident, fields: Iterable[tuple[str, str]]) -> None:
        """Set fields, by our own names or the desk's; an empty text clears."""
        ...

    def add_note(self, number: str, text: str, *, mark: str, internal: bool) -> Receipt:
        """Write a note that carries ``mark``; its id is in the receipt."""
        ...

    def edit_note(self, note_id: str, text: str, *, mark: str) -> None:
        """Rewrite a note of our own; ``Refused`` where the desk does not allow it."""
        ...

    def url_of(self, number: str) -> str:
        """Return the address under which a person opens the incident, empty where none is configured."""
        ...

    def probe(self) -> list[Finding]:
        """Try every permission that the bridge needs, writing nothing."""
        ...

    def close(self) -> None:
        """Log out and let go of connections; never raises."""
        ...


class Tracker(Protocol):
    """Where tickets live."""

    @property
    def account(self) -> str:
        """The account id or name that the bridge uses; notes by it are the bridge's own.  May ask the server once."""
        ...

    @property
    def known_account(self) -> str:
        """The same without asking: empty before the first call."""
        ...

    @property
    def search_grace(self) -> float:
        """Seconds after which a search that does not show a ticket may be believed (index lag)."""
        ...

    def tickets_since(
        self, since: datetime, projects: Sequence[str]
    ) -> Iterator[tuple[Ticket, tuple[Note, ...]]]:
        """Yield every visible ticket of these projects updated at or after ``since``, oldest first, with all its notes."""
        ...

    def tickets(self, ids: Sequence[str]) -> Iterator[tuple[Ticket, tuple[Note, ...]]]:
        """Yield the tickets with these ids with their notes, read afresh and consistently; missing ones are left out."""
        ...

    def ticket(self, id_or_key: str) -> tuple[Ticket, tuple[Note, ...]] | None:
        """Return one ticket by id or key, read afresh; None only where verified credentials do not see it."""
        ...

    def notes(self, ticket_id: str) -> tuple[Note, ...]:
        """Return every note of one ticket, oldest first, read afresh."""
        ...

    def versions(self, project: str) -> tuple[Version, ...]:
        """Return the versions of a project."""
        ...

    def create_ticket(self, draft: CreateTicket) -> Receipt:
        """Open a ticket that carries the draft's mark label; its id and key are in the receipt."""
        ...

    def find_created(self, draft: CreateTicket) -> Receipt | None:
        """Search for a ticket that carries the draft's mark label; the oldest where there are several."""
        ...

    def bearers(self, labels: Sequence[str]) -> Mapping[str, tuple[Receipt, ...]]:
        """Return the tickets that a search shows with each mark label, oldest first; labels of none are left out."""
        ...

    def has_opened(self) -> bool:
        """Whether a search shows any ticket that this account ever opened."""
        ...

    def set_fields(self, ticket_id: str, fields: Iterable[tuple[str, Value]]) -> None:
        """Set fields by the tracker's own names; an empty value clears."""
        ...

    def move(self, ticket_id: str, to_status: str) -> None:
        """Move to a status by whichever transition leads there, and read the status back; ``Refused`` where none does."""
        ...

    def add_note(self, ticket_id: str, text: str, *, mark: str) -> Receipt:
        """Write an internal note of plain text that carries ``mark``; its id is in the receipt."""
        ...

    def edit_note(self, ticket_id: str, note_id: str, text: str, *, mark: str) -> None:
        """Rewrite a note of our own, which stays internal; ``Gone`` where it was deleted."""
        ...

    def web_links(self, ticket_id: str) -> tuple[str, ...]:
        """Return the addresses and titles of the links to other places that people made in a ticket."""
        ...

    def incidents_shown(self, ticket_id: str, pair: str) -> tuple[str, ...]:
        """Return the numbers of the incidents that a pair shows in a ticket by its remote links."""
        ...

    def attach(self, ticket_id: str, name: str, data: bytes) -> Receipt:
        """Hang a file on a ticket; its id is in the receipt.  ``Refused`` where the tracker takes no such file."""
        ...

    def attachments(self, ticket_id: str) -> tuple[Attachment, ...]:
        """Return the files that hang on a ticket, read afresh."""
        ...

    def show_incident(self, link: ShowIncident, url: str) -> None:
        """Write the remote link of the incident (created or replaced by its global id)."""
        ...

    def probe(self, projects: Sequence[str]) -> list[Finding]:
        """Try every permission that the bridge needs in these projects, writing nothing."""
        ...

    def close(self) -> None:
        """Let go of connections; never raises."""
        ...
