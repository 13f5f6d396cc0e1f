"""The nightly resync: read every linked incident that is not closed, its notes and its tickets, whatever the polls showed.

Catches what no poll can: deleted tickets and notes, tickets moved to a project that nobody polls, changes that were
committed later than any overlap, or by a server whose clock was put back.  It compares what it reads with the journal
and the memory, corrects the memory where the next cycle can put the worlds right, and says what is a person's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bound_contextvars

from bridge.decide import agree
from bridge.decide.drift import MENDED, Drift, Finished, Night, after, compare, labels_of
from bridge.engine.execute import save_dossier
from bridge.engine.pair import Pair
from bridge.engine.poll import Poll, Seen, batches
from bridge.engine.recall import BORN
from bridge.engine.sight import suspect
from bridge.model.actions import Receipt
from bridge.model.errors import BridgeError
from bridge.model.incident import FINAL, Incident
from bridge.model.note import Note
from bridge.state.audit import Entry
from bridge.state.dossiers import Remembered
from bridge.state.drifts import Told
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: How many incidents are read at once; a tracker reads as many tickets in one request.
AT_ONCE = 50
#: How far the last look of a night goes back behind the night before: a server's clock may have been put back by this.
FURTHER_BACK = timedelta(hours=6)
#: How far before the state's birth anything is looked at, as at the first start.
BEFORE_BIRTH = timedelta(hours=1)
#: The stream whose watermark is when the last resync began.
NIGHT = "night"


@dataclass(frozen=True, kw_only=True)
class Resynced:
    """What a resync read and found; ``fresh`` is the drift that no resync told of before."""

    incidents: int
    tickets: int
    missing: int
    found: tuple[Drift, ...] = ()
    fresh: tuple[Drift, ...] = ()
    mended: tuple[Drift, ...] = ()

    @property
    def sentence(self) -> str:
        """The resync in one sentence."""
        read = (
            f"{self.incidents} incidents and {self.tickets} tickets read again; "
            f"{self.missing} tickets were not where they should be; "
        )
        kinds = Counter(one.kind for one in self.found)
        drift = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in sorted(kinds.items()))
        if not drift:
            return f"{read}no drift."
        return f"{read}drift: {drift} ({len(self.fresh)} new, {len(self.mended)} mended)."


def resync(pair: Pair, store: Store, poll: Poll) -> Resynced:
    """Read everything that is held again; raises what the connectors raise, and is then simply done another night."""
    return _Resync(pair=pair, store=store, poll=poll).run()


@dataclass(kw_only=True)
class _Read:
    """What one batch of incidents and their tickets shows now."""

    incidents: Mapping[str, Incident]
    notes: Mapping[str, tuple[Note, ...]]
    tickets: Mapping[str, Seen]
    missed: dict[str, list[str]]


@dataclass(kw_only=True)
class _Resync:
    """One night's comparison of one pair."""

    pair: Pair
    store: Store
    poll: Poll
    found: list[Drift] = field(default_factory=list)
    fresh: list[Drift] = field(default_factory=list)
    mended: list[Drift] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)

    def run(self) -> Resynced:
        """Compare a batch after the other, then look further back than any poll."""
        pair, began = self.pair, self.pair.clock()
        with self.store.reading() as tx:
            held = [
                one.dossier.incident
                for one in tx.dossiers.each(pair.name)
                if one.dossier.held or _open(tx, pair, one)
            ]
            told = tx.drifts.told(pair.name)
        whole = True
        for numbers in batches(held, AT_ONCE):
            if self.poll.step():
                whole = False  # told to stop: another night
                break
            self._batch(numbers, told)
        done = Resynced(
            incidents=self.read["incidents"],
            tickets=self.read["tickets"],
            missing=self.read["missing"],
            found=tuple(self.found),
            fresh=tuple(self.fresh),
            mended=tuple(self.mended),
        )
        if whole:
            self._keep(done, told, began)
            self._look_back(began)
        log.info("resync_done", pair=pair.name, sentence=done.sentence)
        return done

    def _keep(self, done: Resynced, told: Told, began: datetime) -> None:
        """Remember what was found, so that it is told once, and what was mended, so that it is mended once."""
        there = {one.incident for one in done.found}
        mended = {name for name in told.mended if name.split(" ", 2)[1] in there or self._held(name)}
        kept = Told(
            at=began,
            sentence=done.sentence,
            counts=dict(Counter(one.kind for one in done.found)),
            names=frozenset(one.name for one in done.found),
            mended=frozenset(mended | {one.name for one in done.mended}),
        )
        with self.store.transaction() as tx:
            tx.drifts.keep(self.pair.name, kept)

    def _held(self, name: str) -> bool:
        with self.store.reading() as tx:
            return bool(tx.dossiers.held_among(self.pair.name, [name.split(" ", 2)[1]]))

    def _look_back(self, began: datetime) -> None:
        """Poll once more from before the last night on: for what was asked in incidents that nobody watches."""
        name = self.pair.name
        with self.store.reading() as tx:
            last, born = tx.agenda.watermark(name, NIGHT), tx.agenda.watermark(name, BORN)
        born = born or self.poll.begin
        if last is None:
            back_to = min(self.poll.begin, max(born, began - timedelta(days=1)))
        else:  # not to where nobody had asked us yet
            back_to = max(last - FURTHER_BACK, born - BEFORE_BIRTH)
        polled = replace(self.poll, back_to=back_to).run()
        for error in polled.down.values():
            raise error
        with self.store.transaction() as tx:
            tx.agenda.move_watermark(name, NIGHT, began)

    # -- one batch

    def _batch(self, numbers: list[str], told: Told) -> None:
        read = self._read(numbers)
        with self.store.reading() as tx:
            nights = [self._night(tx, number, read) for number in numbers]
        bearers = self._bearers(nights)
        shown = self._shown(nights)
        for night in nights:
            own = {label: bearers[label] for label in self._labels(night) if label in bearers}
            self._judge(replace(night, bearers=own, shown=shown), told)

    def _read(self, numbers: list[str]) -> _Read:
        pair = self.pair
        incidents = {one.number: one for one in pair.desk.incidents(numbers)}
        notes = pair.desk.notes_of(numbers)
        with self.store.reading() as tx:
            dossiers = [one for number in numbers if (one := tx.dossiers.get(pair.name, number))]
        wanted = {link.ticket_id for one in dossiers for link in one.links if not link.lost}
        tickets = {seen[0].id: seen for seen in (pair.tracker.tickets(sorted(wanted)) if wanted else ())}
        if len(incidents) < len(numbers):
            with self.store.transaction() as tx:
                suspect(tx, pair.name)
        self.read.update(incidents=len(incidents), tickets=len(tickets), missing=len(wanted - tickets.keys()))
        missed: dict[str, list[str]] = {}
        for number, what in self._see(incidents, notes, tickets):
            missed.setdefault(number, []).append(what)
        return _Read(incidents=incidents, notes=notes, tickets=tickets, missed=missed)

    def _see(
        self,
        incidents: Mapping[str, Incident],
        notes: Mapping[str, tuple[Note, ...]],
        tickets: Mapping[str, Seen],
    ) -> list[tuple[str, str]]:
        """Keep everything as last seen and mark what changed; return what no poll would have shown any more, by incident."""
        pair, now = self.pair, self.pair.clock()
        since = self.poll.since()
        at_desk = [note for some in notes.values() for note in some]
        in_tickets = [note for _, some in tickets.values() for note in some]
        late: list[tuple[str, str]] = []
        with self.store.transaction() as tx:
            changed = tx.memory.see_incidents(pair.name, incidents.values(), now, surely=True)
            late += [
                (one, "the incident") for one in changed if incidents[one].modified_at < since["incidents"]
            ]
            moved = tx.memory.see_tickets(pair.name, [one for one, _ in tickets.values()], now, surely=True)
            unseen = tx.memory.see_notes(pair.name, "incident", at_desk, now)
            written = [note for note in at_desk if note.id in unseen and note.origin == "person"]
            late += [(note.parent, note.id) for note in written if note.at < since["notes"]]
            unseen = tx.memory.see_notes(pair.name, "ticket", in_tickets, now)
            said = [note for note in in_tickets if note.id in unseen and note.origin == "person"]
            of_ticket = tx.links.incidents_of_tickets(pair.name, {*moved, *(note.parent for note in said)})
            late += [
                (number, tickets[one][0].key)
                for one in sorted(moved)
                if tickets[one][0].updated_at < since["tickets"]
                for number in of_ticket.get(one, ())
            ]
            late += [
                (number, note.id)
                for note in said
                if note.at < since["tickets"]
                for number in of_ticket.get(note.parent, ())
            ]
            touched = {*changed, *(note.parent for note in written)}
            touched.update(number for some in of_ticket.values() for number in some)
            tx.agenda.mark_dirty(pair.name, sorted(touched), "the resync saw a change", now)
        return late

    def _night(self, tx: Transaction, number: str, read: _Read) -> Night:
        name = self.pair.name
        dossier = tx.dossiers.get(name, number)
        if dossier is None:
            raise BridgeError(f"{number} is not remembered any more", next_step="nothing: done another night")
        own = {link.ticket_id for link in dossier.links}
        return Night(
            pair=name,
            dossier=dossier,
            incident=read.incidents.get(number),
            notes=read.notes.get(number, ()),
            tickets={one: seen for one, seen in read.tickets.items() if one in own},
            finished=tuple(
                Finished(action=effect.action, left=effect.receipt.id if effect.receipt else "")
                for effect in tx.journal.finished(name, number)
            ),
            boards=tx.shared.boards(name, own),
            missed=tuple(read.missed.get(number, ())),
        )

    def _labels(self, night: Night) -> set[str]:
        return labels_of(
            night.pair, night.number, night.finished, (ticket for ticket, _ in night.tickets.values())
        )

    def _bearers(self, nights: list[Night]) -> dict[str, tuple[Receipt, ...]]:
        labels = sorted({label for night in nights for label in self._labels(night)})
        return dict(self.pair.tracker.bearers(labels)) if labels else {}

    def _shown(self, nights: list[Night]) -> dict[str, tuple[str, ...]]:
        """Read the remote links of each ticket, one request each."""
        ids = sorted({link.ticket_id for night in nights for link in night.links if link.told})
        shown = {}
        for ticket_id in ids:
            self.poll.step()
            shown[ticket_id] = self.pair.tracker.incidents_shown(ticket_id, self.pair.name)
        return shown

    # -- what is done about it

    def _judge(self, night: Night, told: Told) -> None:
        pair, now = self.pair, self.pair.clock()
        known = {(one.kind, one.ticket_id) for one in self.found if one.kind == "board_gone"}
        found = [one for one in compare(night) if (one.kind, one.ticket_id) not in known]
        mended = [one for one in found if one.kind in MENDED and one.name not in told.mended]
        fresh = [one for one in found if one.name not in told.names or one in mended]
        dossier = after(night.dossier, found, mended, now)
        for one in found:
            if one.kind == "ticket_gone":
                dossier = agree.missing(dossier, one.ticket_id, now)
        with self.store.transaction() as tx:
            for one in fresh:
                tx.audit.write(_entry(pair, one, now, mended=one in mended))
            for one in mended:
                if one.kind == "board_gone":
                    board = night.boards[one.ticket_id]
                    tx.shared.put_board(pair.name, one.ticket_id, replace(board, text=""))
            if dossier != night.dossier:
                save_dossier(tx, pair, dossier, now)
            if dossier != night.dossier or mended:
                tx.agenda.mark_dirty(pair.name, [night.number], "the resync found drift", now)
        for one in fresh:
            with bound_contextvars(pair=pair.name, incident=one.incident):
                log.warning("drift_found", kind=one.kind, what=one.what, mended=one in mended)
        self.found += found
        self.fresh += fresh
        self.mended += mended


def _entry(pair: Pair, one: Drift, now: datetime, *, mended: bool) -> Entry:
    return Entry(
        at=now,
        who="bridge",
        what="drift",
        outcome="mended" if mended else "reported",
        pair=pair.name,
        incident=one.incident,
        reason=one.kind.replace("_", " "),
        words=one.what,
    )


def _open(tx: Transaction, pair: Pair, one: Remembered) -> bool:
    """Whether people may still write about an incident whose hold has ended."""
    incident = tx.memory.incident(pair.name, one.dossier.incident)
    return bool(one.dossier.links) and incident is not None and incident.status not in FINAL
