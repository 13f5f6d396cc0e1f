"""The poll: what changed on either side since the last look, at three requests when nothing did.

Level, not edge: what is seen is kept as the last look at each object and its incident is marked dirty, all in one
transaction with the watermark.  A poll that fails loses nothing; the next one starts from the same watermark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal, TypeVar

import structlog

from bridge.decide.marks import incidents_named
from bridge.decide.requests import concerns
from bridge.engine.naming import Naming
from bridge.engine.pair import Pair
from bridge.model.actions import Side
from bridge.model.change import Related
from bridge.model.errors import BridgeError, Refused, StateError
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.ticket import Ticket, Version
from bridge.rules.named import reads_changes
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

Item = TypeVar("Item")
#: What is polled by its date.
STREAMS = ("incidents", "notes", "tickets")
#: A ticket with all its notes.
Seen = tuple[Ticket, tuple[Note, ...]]

#: How much is kept in one transaction, so that memory stays flat while catching up.
BATCH = 200
#: How many incidents are read by number at once.
READ_AT_ONCE = 50


@dataclass(kw_only=True)
class Polled:
    """What one poll brought, ``echoes`` of which were notes of our own.

    ``down`` are the sides that could not be asked, with the reason.
    """

    incidents: int = 0
    notes: int = 0
    tickets: int = 0
    echoes: int = 0
    down: dict[Side, BridgeError] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Poll:
    """Looks at both sides of a pair."""

    pair: Pair
    store: Store
    begin: datetime
    #: Called before each step: catching up after days is many, and each is progress.
    step: Callable[[], object] = bool
    #: How far back to look at least, whatever was seen already; None for no further than the overlap.
    back_to: datetime | None = None

    def run(self) -> Polled:
        """Look once; a side that cannot be asked is named in the result and stops nothing else.

        Raises ``StateError`` only.
        """
        polled = Polled()
        since = self.since()
        self.step()
        try:
            self._incidents(polled, since["incidents"])
            self._notes(polled, since["notes"])
            self._changes()
        except StateError:
            raise  # our own state is no side that could be waited for
        except BridgeError as error:
            polled.down["desk"] = error
        self.step()
        try:
            self._tickets(polled, since["tickets"])
            self._versions()
        except StateError:
            raise
        except BridgeError as error:
            polled.down["tracker"] = error
        try:
            self._claimed()
        except BridgeError as error:
            polled.down.setdefault("desk", error)
        return polled

    def since(self) -> dict[str, datetime]:
        """Return from when on the next poll of each stream looks."""
        with self.store.reading() as tx:
            marks = tx.agenda.watermarks(self.pair.name)
        usual = {stream: marks.get(stream, self.begin) - self.pair.overlap for stream in STREAMS}
        if self.back_to is None:
            return usual
        return {stream: min(since, self.back_to) for stream, since in usual.items()}

    def _incidents(self, polled: Polled, since: datetime) -> None:
        for batch in batches(self.pair.desk.incidents_since(since)):
            self.step()
            polled.incidents += len(batch)
            with self.store.transaction() as tx:
                watched = tx.memory.watched(self.pair.name, [incident.number for incident in batch])
                kept = [
                    incident
                    for incident in batch
                    if incident.number in watched or concerns(self.pair.rules, incident, ())
                ]
                self._keep_incidents(tx, kept)
                self._reached(tx, "incidents", batch[-1].modified_at)

    def _keep_incidents(self, tx: Transaction, incidents: Iterable[Incident]) -> None:
        now = self.pair.clock()
        # The desk answers from its records, not from an index: what it shows is so, whatever its clock says.
        changed = tx.memory.see_incidents(self.pair.name, incidents, now, surely=True)
        tx.agenda.mark_dirty(self.pair.name, sorted(changed), "the incident changed", now)

    def _reached(self, tx: Transaction, stream: str, at: datetime) -> None:
        """Move a watermark, never past our own present: a server's clock that is ahead may be put right any time."""
        tx.agenda.move_watermark(self.pair.name, stream, min(at, self.pair.clock()))

    def _notes(self, polled: Polled, since: datetime) -> None:
        for batch in batches(self.pair.desk.notes_since(since)):
            self.step()
            polled.notes += len(batch)
            self._watch_askers(batch)
            with self.store.transaction() as tx:
                watched = tx.memory.watched(self.pair.name, [note.parent for note in batch])
                kept = [note for note in batch if note.parent in watched]
                polled.echoes += self._keep_notes(tx, "incident", kept)
                self._reached(tx, "notes", max(note.at for note in batch))

    def _watch_askers(self, notes: list[Note]) -> None:
        """Read the incidents that nobody watches yet and in which somebody asks for a ticket, once for each note."""
        with self.store.reading() as tx:
            watched = tx.memory.watched(self.pair.name, [note.parent for note in notes])
        asked: dict[str, tuple[str, ...]] = {}
        for note in notes:
            if note.origin == "person" and note.parent not in watched:
                asked[note.parent] = (*asked.get(note.parent, ()), note.text)
        numbers = {number for number, texts in asked.items() if self._may_concern(texts)}
        # An incident with our marks that nobody watches: a state was lost.
        marked = {note.parent for note in notes if note.mark and note.parent not in watched}
        self._watch(numbers | marked)

    def _watch(self, numbers: set[str]) -> None:
        for some in batches(sorted(numbers), READ_AT_ONCE):
            # Kept whatever their status is, or the same request would be looked up in every cycle.
            found = list(self.pair.desk.incidents(some))
            with self.store.transaction() as tx:
                self._keep_incidents(tx, found)

    def _may_concern(self, texts: tuple[str, ...]) -> bool:
        # A blank incident is in nobody's queue, so that only the words themselves can concern us.
        blank = Incident(number="", entry_id="", status="New", modified_at=self.begin)
        return concerns(self.pair.rules, blank, texts)

    def _keep_notes(self, tx: Transaction, side: Literal["incident", "ticket"], notes: list[Note]) -> int:
        now = self.pair.clock()
        fresh = tx.memory.see_notes(self.pair.name, side, notes, now)
        ours = {self.pair.desk.account, self.pair.tracker.known_account}
        new = [note for note in notes if note.id in fresh]
        others = [note for note in new if note.origin != "bridge" or note.author not in ours]
        parents = {note.parent for note in others}
        numbers = parents if side == "incident" else tx.links.incidents_on(self.pair.name, parents)
        tx.agenda.mark_dirty(self.pair.name, sorted(numbers), "somebody wrote", now)
        return len(new) - len(others)

    def _tickets(self, polled: Polled, since: datetime) -> None:
        with self.store.reading() as tx:
            linked = tx.links.projects(self.pair.name)
        projects = sorted({*self.pair.rules.projects, *linked})
        found = self.pair.tracker.tickets_since(since, projects)
        naming = Naming(pair=self.pair)
        for batch in batches(found):
            self.step()
            polled.tickets += len(batch)
            tickets = [ticket for ticket, _ in batch]
            with self.store.reading() as tx:
                strangers = self._strangers(tx, batch)
                changed = naming.changed(tx, tickets)
                behind = tx.memory.tickets_behind(self.pair.name, tickets)
            self._watch(strangers)
            pointed = naming.pointed(changed)
            surely = self._surely(behind)
            with self.store.transaction() as tx:
                polled.echoes += self.keep_tickets(tx, batch)
                if surely:
                    self.keep_tickets(tx, surely, surely=True)
                naming.keep(tx, tickets, pointed)
                if pointed:
                    naming.remember(tx, tickets, pointed, self._before(tx))
                self._reached(tx, "tickets", batch[-1][0].updated_at)

    def _before(self, tx: Transaction) -> datetime:
        mark = tx.agenda.watermark(self.pair.name, "tickets") or self.begin
        return mark - self.pair.overlap

    def _surely(self, behind: Iterable[str]) -> list[Seen]:
        """Return the present state, read by id, of the tickets whose looks say that they are older than the kept ones."""
        return [seen for one in sorted(behind) if (seen := self.pair.tracker.ticket(one)) is not None]

    def _claimed(self) -> None:
        """Read the incidents that tickets name and nobody watches yet; level, so that a desk that is down loses none."""
        with self.store.reading() as tx:
            claimed = tx.shared.claimed(self.pair.name)
            unwatched = sorted(set(claimed) - tx.memory.watched(self.pair.name, claimed))
        for some in batches(unwatched, READ_AT_ONCE):
            found = list(self.pair.desk.incidents(some))
            absent = sorted(set(some) - {incident.number for incident in found})
            with self.store.transaction() as tx:
                self._keep_incidents(tx, found)
                tx.shared.set_absent(self.pair.name, absent)
                tx.agenda.mark_dirty(self.pair.name, absent, "a ticket names it", self.pair.clock())

    def _strangers(self, tx: Transaction, found: list[Seen]) -> set[str]:
        """Return the incidents that nobody watches although a ticket bears our label or mark for them."""
        named = {number for seen in found for number in incidents_named(self.pair.name, *seen)}
        unwatched = named - tx.memory.watched(self.pair.name, named)
        # One that the desk does not show is remembered as such: its ticket has our answer, and names it for ever.
        return unwatched - tx.dossiers.remembered_among(self.pair.name, unwatched)

    def keep_tickets(self, tx: Transaction, found: list[Seen], *, surely: bool = False) -> int:
        """Keep the looks at linked tickets and mark their incidents; return how many notes were echoes of our own.

        Those read by id are ``surely`` the present state; a search may be late.
        """
        now = self.pair.clock()
        linked = tx.links.linked_among(self.pair.name, [ticket.id for ticket, _ in found])
        mine = [(ticket, notes) for ticket, notes in found if ticket.id in linked]
        tickets = [ticket for ticket, _ in mine]
        changed = tx.memory.see_tickets(self.pair.name, tickets, now, surely=surely)
        numbers = tx.links.incidents_on(self.pair.name, changed)
        tx.agenda.mark_dirty(self.pair.name, sorted(numbers), "the ticket changed", now)
        return self._keep_notes(tx, "ticket", [note for _, notes in mine for note in notes])

    def _versions(self) -> None:
        """Ask for releases, which touch no ticket, in projects that have a fixed ticket not known to be deployed."""
        now = self.pair.clock()
        with self.store.reading() as tx:
            asked = tx.agenda.watermark(self.pair.name, "versions")
            projects = tx.links.projects_at(self.pair.name, "fixed")
        if not projects or self._lately(asked, now):
            return
        for project in projects:
            released = {version.id: version for version in self.pair.tracker.versions(project)}
            with self.store.transaction() as tx:
                waiting = list(tx.links.tickets_of_project(self.pair.name, project, held=True))
                fresh = [with_versions(ticket, released) for ticket in waiting]
                self.keep_tickets(tx, [(ticket, ()) for ticket in fresh])
        with self.store.transaction() as tx:
            tx.agenda.move_watermark(self.pair.name, "versions", now)

    def _lately(self, asked: datetime | None, now: datetime) -> bool:
        """Whether something was asked a short while ago; not where that lies ahead, since our clock was put back then."""
        return asked is not None and timedelta(0) <= now - asked < self.pair.versions_every

    def _changes(self) -> None:
        """Ask for changes, which touch no incident, where a rule waits for one and the fix is not known to be deployed."""
        now, name = self.pair.clock(), self.pair.name
        rules = [rule.name for rule in self.pair.rules.rules if reads_changes(rule)]
        if not rules:
            return
        with self.store.reading() as tx:
            asked = tx.agenda.watermark(name, "changes")
            waiting = tx.dossiers.waiting(name, rules, ("linked", "fixed"))
        if not waiting or self._lately(asked, now):
            return
        found = look_at_changes(self.pair, waiting)
        with self.store.transaction() as tx:
            changed = tx.memory.see_changes(name, found, now)
            tx.agenda.mark_dirty(name, sorted(changed), "a change was seen", now)
            tx.agenda.move_watermark(name, "changes", now)


def look_at_changes(pair: Pair, numbers: Sequence[str]) -> tuple[Related, ...]:
    """Return the changes of these incidents; none at all where the account may not read them, which is logged."""
    try:
        found = pair.desk.changes(numbers)
    except Refused as refusal:
        log.warning("changes_refused", why=refusal.what_was_said, next_step=refusal.next_step)
        return ()
    return tuple(Related(incident=number, changes=found.get(number, ())) for number in numbers)


def with_versions(ticket: Ticket, known: Mapping[str, Version]) -> Ticket:
    """Return the ticket with its versions as the project shows them now."""
    versions = tuple(known.get(version.id, version) for version in ticket.fix_versions)
    return replace(ticket, fix_versions=versions)


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Yield the items in lists of at most ``size``."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
