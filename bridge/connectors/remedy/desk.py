"""BMC Remedy in the role of the service desk.

Incidents are those of ``HPD:IncidentInterface``, notes those of ``HPD:WorkLog``, groups those of ``CTM``.
Polls cost one request each while little has changed.  Adding a work info does not change its incident's date
(BMC docs: "Work info sub-component permissions"), so notes are polled by themselves.  The bridge never
creates, closes or deletes an incident, and never writes its owner group.
"""

from __future__ import annotations

import copy
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from urllib.parse import quote

from requests.adapters import BaseAdapter

from bridge.connectors.base import Finding
from bridge.connectors.call import Limits, Times
from bridge.connectors.gate import Gate
from bridge.connectors.http import Wire
from bridge.connectors.remedy import forms, qualification
from bridge.connectors.remedy.changes import changes_of
from bridge.connectors.remedy.errors import RefusedByRemedy
from bridge.connectors.remedy.groups import Groups
from bridge.connectors.remedy.listing import Entry, Walk, entries_since, everything
from bridge.connectors.remedy.probing import Probe
from bridge.connectors.remedy.reading import incident_of, note_of
from bridge.connectors.remedy.session import Session
from bridge.connectors.remedy.writing import Writer
from bridge.model.actions import Receipt
from bridge.model.change import Change
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.plan import Member

_CHUNK = 50
_LINK_FIELD = "{number}"


class RemedyDesk:
    """The role ``bridge.connectors.base.ServiceDesk`` over AR System REST; may be shared between threads.

    ``password`` is asked at each log-in and so may change.  ``fields`` are further fields of the incident
    form that rules name.  ``web_url`` holds ``{number}``.  ``timeout`` is the longest time of one call in
    seconds. ``note_limit`` and ``summary_limit`` are the lengths of a work info's text and summary in
    characters. Where ``pair`` is given only its marks are shown in notes; without, those of any pair.
    ``reads_changes`` makes ``probe`` try the forms of changes as well.
    ``sent`` counts the requests, ``answers`` what came of them.  ``gate`` is shared by everything that calls the same
    server; ``random`` gives 0 to 1.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: Callable[[], str],
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        gate: Gate | None = None,
        ticket_field: str = "Vendor Ticket Number",
        fields: Iterable[str] = (),
        web_url: str = "",
        timeout: float = 60.0,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        transport: BaseAdapter | None = None,
        page_size: int = 1000,
        pair: str = "",
        reads_changes: bool = False,
        note_limit: int | None = None,
        summary_limit: int = 100,
        bridges: Iterable[str] = (),
        proxy_login: Callable[[], str] | None = None,
    ) -> None:
        """Prepare without connecting; ``ConfigError`` where ``url`` is no address.

        ``bridges`` are further logins whose marks are believed.
        """
        self.sent: Counter[tuple[str, str]] = Counter()
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self._wire = Wire(
            "Remedy",
            url,
            times=Times(monotonic=monotonic, now=clock, sleep=sleep, random=random),
            limits=Limits(deadline=timeout),
            ca_bundle=ca_bundle,
            proxy=proxy,
            proxy_login=proxy_login,
            transport=transport,
            secrets=self._secrets,
            sent=self.sent,
            answers=self.answers,
            gate=gate,
        )
        self._session = Session(self._wire, username=username, password=password, clock=clock)
        self._bridges = frozenset(one.casefold() for one in (username, *bridges))
        self._groups = Groups(self._session, clock=clock, page_size=page_size)
        self._writer = Writer(
            self._session,
            self._groups,
            ticket_field=ticket_field,
            note_limit=note_limit,
            summary_limit=summary_limit,
        )
        self._clock = clock
        self._ticket_field = ticket_field
        self._further = tuple(sorted(set(fields)))
        self._web_url = web_url
        self._page_size = page_size
        self._pair = pair
        self._reads_changes = reads_changes
        # Fields that some servers' forms lack: all of them, then only the files, then none.
        self._telltales: tuple[str, ...] = (*forms.NOTE_TELLTALES, *forms.NOTE_FILES)

    def for_pair(self, pair: str) -> RemedyDesk:
        """Return this desk as one pair sees it: the same session and lock, only that pair's marks shown."""
        view = copy.copy(self)
        view._pair = pair
        return view

    @property
    def account(self) -> str:
        """The login that the bridge uses."""
        return self._session.account

    def incidents_since(self, since: datetime) -> Iterator[Incident]:
        """Yield every visible incident modified at or after ``since``, oldest first, each once."""
        walk = Walk(form=forms.INCIDENTS, fields=self._incident_fields(), by=forms.MODIFIED, key=forms.NUMBER)
        for entry in entries_since(self._session, walk, since, limit=self._page_size, clock=self._clock):
            yield self._incident(entry)

    def notes_since(self, since: datetime) -> Iterator[Note]:
        """Yield every note modified at or after ``since`` (submitting counts), oldest first, each once."""
        for entry in self._telling(lambda fields: self._notes_walk(fields, since)):
            yield self._note(entry)

    def incidents(self, numbers: Sequence[str]) -> Iterator[Incident]:
        """Yield the incidents with these numbers, read afresh, by number; missing ones are left out."""
        wanted = sorted(set(numbers))
        for start in range(0, len(wanted), _CHUNK):
            query = qualification.one_of(forms.NUMBER, wanted[start : start + _CHUNK])
            yield from map(
                self._incident, self._all(forms.INCIDENTS, self._incident_fields(), query, forms.NUMBER)
            )

    def notes(self, number: str) -> tuple[Note, ...]:
        """Return every note of one incident, oldest first, read afresh."""
        query = qualification.equals(forms.NUMBER, number)
        order = f"{forms.SUBMITTED}.asc,{forms.WORK_LOG_ID}"
        found = self._telling(lambda fields: self._all(forms.WORK_LOG, fields, query, order))
        notes = {note.id: note for note in map(self._note, found)}
        return tuple(notes.values())

    def notes_of(self, numbers: Sequence[str]) -> dict[str, tuple[Note, ...]]:
        """Return every note of these incidents, by number, oldest first, read afresh; one request for fifty of them."""
        found: dict[str, dict[str, Note]] = {}
        wanted = sorted(set(numbers))
        order = f"{forms.SUBMITTED}.asc,{forms.WORK_LOG_ID}"
        for start in range(0, len(wanted), _CHUNK):
            query = qualification.one_of(forms.NUMBER, wanted[start : start + _CHUNK])
            for entry in self._telling(partial(self._all, forms.WORK_LOG, query=query, order=order)):
                note = self._note(entry)
                found.setdefault(note.parent, {})[note.id] = note
        return {number: tuple(notes.values()) for number, notes in found.items()}

    def changes(self, numbers: Sequence[str]) -> dict[str, tuple[Change, ...]]:
        """Return the changes of these incidents, by number; ``Refused`` where a form is closed to the account."""
        return changes_of(self._session, numbers, limit=self._page_size)

    def attachment(self, ref: str) -> bytes:
        """Return a work info's file; ``ref`` is the work info's id and the field (BMC docs: ``/attach/{field}``)."""
        note_id, _, field = ref.partition("/")
        path = f"{forms.entry_path(forms.WORK_LOG, note_id)}/attach/{quote(field, safe='')}"
        return self._session.file(path, doing=f"read a file of {note_id}")

    def retired(self, group: str) -> bool:
        """Whether every group of this name was taken out of use; cached for an hour."""
        return self._groups.retired(group)

    def members(self, group: str) -> tuple[Member, ...] | None:
        """Return the members of the groups of this name, None where hidden; cached for an hour."""
        return self._groups.members(group)

    def set_incident(self, incident: Incident, fields: Iterable[tuple[str, str]]) -> None:
        """Set fields, by our own names or the form's; an empty text clears, a group goes by its name."""
        self._writer.set_incident(incident, fields)

    def add_note(self, number: str, text: str, *, mark: str, internal: bool) -> Receipt:
        """Write a note; ``mark`` (see ``bridge.model.note.mark``) ends its text and is its summary."""
        return Receipt(id=self._writer.add_note(number, text, mark=mark, internal=internal))

    def edit_note(self, note_id: str, text: str, *, mark: str) -> None:
        """Rewrite a note of our own; ``Refused`` with Remedy's words where it may not be."""
        self._writer.edit_note(note_id, text, mark=mark)

    def url_of(self, number: str) -> str:
        """Return the address under which a person opens the incident, empty where none is configured."""
        return self._web_url.replace(_LINK_FIELD, quote(number, safe=""))

    def probe(self) -> list[Finding]:
        """Try every permission that the bridge needs, writing nothing."""
        probe = Probe(
            self._session,
            clock=self._clock,
            incident_fields=self._incident_fields(),
            note_fields=(*forms.NOTE_FIELDS, *self._telltales),
            ticket_field=self._ticket_field,
            reads_changes=self._reads_changes,
        )
        return probe.findings()

    def close(self) -> None:
        """Log out and let go of connections; never raises."""
        self._session.log_out()
        self._wire.close()

    def _secrets(self) -> tuple[str, ...]:
        return self._session.secrets()

    def _incident_fields(self) -> tuple[str, ...]:
        return (*forms.OWN.values(), *forms.INCIDENT_FRAME, *self._rest())

    def _rest(self) -> tuple[str, ...]:
        known = {*forms.OWN.values(), *forms.INCIDENT_FRAME}
        wanted = dict.fromkeys((self._ticket_field, *self._further))
        return tuple(name for name in wanted if name not in known)

    def _incident(self, entry: Entry) -> Incident:
        return incident_of(entry, ticket_field=self._ticket_field, further=self._further)

    def _note(self, entry: Entry) -> Note:
        return note_of(entry, accounts=self._bridges, pair=self._pair)

    def _all(self, form: str, fields: Sequence[str], query: str, order: str) -> Iterator[Entry]:
        return everything(self._session, form, fields, query, sort=f"{order}.asc", limit=self._page_size)

    def _notes_walk(self, fields: tuple[str, ...], since: datetime) -> Iterator[Entry]:
        walk = Walk(form=forms.WORK_LOG, fields=fields, by=forms.MODIFIED, key=forms.WORK_LOG_ID)
        return entries_since(self._session, walk, since, limit=self._page_size, clock=self._clock)

    def _telling(self, read: Callable[[tuple[str, ...]], Iterator[Entry]]) -> Iterator[Entry]:
        """Yield work log entries, without the tell-tales and files where this server's form lacks them."""
        began = False
        while True:
            try:
                for entry in read((*forms.NOTE_FIELDS, *self._telltales)):
                    began = True
                    yield entry
            except RefusedByRemedy as refusal:
                if began or not self._telltales or not refusal.about_a_field:
                    raise
                self._telltales = () if self._telltales == forms.NOTE_FILES else forms.NOTE_FILES
            else:
                return
