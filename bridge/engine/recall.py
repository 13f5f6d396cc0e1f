"""Finding again what a lost state knew: when an incident that is older than the state is first looked at.

Reads the incident's own notes, the tickets that its field and its labels name, their comments and remote links; all of
them by id, so that no search index has to be trusted.  The one thing that only a search can find, a ticket that was
opened just before the state was lost, is treated as an effect of unclear outcome: looked for, and believed absent only
after the tracker's grace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bridge.decide.marks import Seen, Traces, incidents_named
from bridge.decide.recall import Recalled, recall
from bridge.decide.recalled_requests import asks_of
from bridge.decide.requests import field_keys
from bridge.engine.accounts import BRIDGE
from bridge.engine.observe import unseen
from bridge.engine.pair import Pair
from bridge.model.actions import CreateTicket, Side
from bridge.model.dossier import Dossier
from bridge.model.errors import BridgeError
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.shared import Claim
from bridge.state.audit import Entry
from bridge.state.schema import EPOCH
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: The stream whose watermark is the moment at which the state began to know this pair.
BORN = "born"
#: How many further tickets are read for one incident: those that its own ones duplicate, and those that name it.
MOST_BESIDE = 40
#: How many tickets of one incident are looked for by their labels.
MOST_LABELS = 20


def remember_birth(pair: Pair, store: Store, now: datetime) -> datetime:
    """Return since when the state knows this pair; remembers it at the first call."""
    with store.reading() as tx:
        known = tx.agenda.watermark(pair.name, BORN)
        if known is not None:
            return known
        polled = tx.agenda.watermark(pair.name, "incidents")
    # A state that polled before this was kept has its whole memory.
    born = EPOCH if polled is not None else now
    with store.transaction() as tx:
        tx.agenda.move_watermark(pair.name, BORN, born)
    return born


@dataclass(kw_only=True)
class Tickets:
    """The tickets that one rebuilding reads, each once, however many incidents share it."""

    pair: Pair
    _seen: dict[str, Seen | None] = field(default_factory=dict)
    _incidents: dict[str, frozenset[str]] = field(default_factory=dict)

    def read(self, reference: str) -> Seen | None:
        """Return a ticket by its id or key with its notes, None where the tracker shows none."""
        if reference not in self._seen:
            found = self.pair.tracker.ticket(reference)
            self._seen[reference] = found
            if found is not None:
                self._seen |= {found[0].id: found, found[0].key: found}
        return self._seen[reference]

    def incidents(self, seen: Seen) -> frozenset[str]:
        """Return the incidents to which a ticket belongs, by its label, marks, board and remote links."""
        ticket, notes = seen
        if ticket.id not in self._incidents:
            shown = self.pair.tracker.incidents_shown(ticket.id, self.pair.name)
            self._incidents[ticket.id] = incidents_named(self.pair.name, ticket, notes) | set(shown)
        return self._incidents[ticket.id]

    def further(self, ids: list[str], own: Mapping[str, Seen]) -> tuple[Seen, ...]:
        """Return these tickets and those that they duplicate, one after the other, without an incident's own ones."""
        found: dict[str, Seen] = {}
        while ids and len(found) < MOST_BESIDE:
            reference, *ids = ids
            seen = self.read(reference) if reference and reference not in {*own, *found} else None
            if seen is not None:
                found[reference] = seen
                ids.append(seen[0].duplicate_of)
        return tuple(found.values())


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Brings back what was known of one pair's incidents."""

    pair: Pair
    store: Store
    born: datetime

    def bring_back(self, number: str, down: Mapping[Side, BridgeError]) -> int:
        """Rebuild the memory of an incident where it is older than the state; returns how many incidents were found.

        Whatever shares a ticket with it is rebuilt at once, or it would take itself for the only one there.  Both
        sides are asked, so that with one of them ``down`` its error is raised at once.  Raises what the connectors
        raise too; then nothing was remembered and the incident is looked at again.
        """
        found: dict[str, tuple[Traces, Recalled | None]] = {}
        tickets, wanted, known = Tickets(pair=self.pair), [number], {number}
        while wanted:
            traces = self._look(wanted.pop(), tickets, down)
            if traces is None:
                continue
            found[traces.number] = traces, recall(traces, self.pair.rules, self.pair.clock())
            beside = {one for seen in (*traces.tickets, *traces.beside) for one in tickets.incidents(seen)}
            wanted += sorted(beside - known)
            known |= beside
        if not found:
            return 0
        with self.store.transaction() as tx:
            for traces, recalled in found.values():
                self._keep(tx, traces, recalled)
        return sum(recalled is not None for _, recalled in found.values())

    def _look(self, number: str, tickets: Tickets, down: Mapping[Side, BridgeError]) -> Traces | None:
        """Return the traces of an incident that is not remembered although it is older than the state."""
        name = self.pair.name
        with self.store.reading() as tx:
            incident = tx.memory.incident(name, number)
            claims = tx.shared.claims(name, number)
            if tx.dossiers.get(name, number) is not None:
                return None
        if incident is not None and not self.older(incident.submitted_at):
            return None
        for error in down.values():
            raise error
        if incident is None:
            incident = next(iter(self.pair.desk.incidents([number])), None)
        if incident is None:
            incident = unseen(number, None, claims)
        if incident is None or not self.older(incident.submitted_at):
            return None
        return self._traces(incident, claims, tickets)

    def older(self, moment: datetime | None) -> bool:
        """Whether something was there before the state began to know this pair."""
        return moment is None or moment < self.born

    def _traces(self, incident: Incident, claims: tuple[Claim, ...], tickets: Tickets) -> Traces:
        notes = self.pair.desk.notes(incident.number) if incident.entry_id else ()
        own: dict[str, Seen] = {}
        for reference in (*self._in_field(incident), *self._labelled(incident, notes)):
            seen = tickets.read(reference)
            if seen is not None and incident.number in tickets.incidents(seen):
                own.setdefault(seen[0].id, seen)
        targets = [ticket.duplicate_of for ticket, _ in own.values()]
        beside = tickets.further([*targets, *(claim.ticket_id for claim in claims)], own)
        return Traces(
            pair=self.pair.name, incident=incident, notes=notes, tickets=tuple(own.values()), beside=beside
        )

    def _in_field(self, incident: Incident) -> tuple[str, ...]:
        return field_keys(incident.ticket_field, self.pair.rules.projects)

    def _labelled(self, incident: Incident, notes: tuple[Note, ...]) -> list[str]:
        """Return the ids of the tickets that bear this incident's labels, one search a request of old."""
        keys = self._in_field(incident)
        touched = any(note.mark for note in notes) or bool(keys)
        # Each request of old may have its ticket, also those that named one.
        most = max(len(asks_of(self.pair.rules, notes)) + len(keys) - 1, 1 if touched else 0)
        found = (
            self.pair.tracker.find_created(self._draft(incident.number, which))
            for which in range(1, min(most, MOST_LABELS) + 1)
        )
        return [receipt.id for receipt in found if receipt is not None]

    def _draft(self, number: str, which: int) -> CreateTicket:
        return CreateTicket(
            key=f"{number}/create/{which}",
            reason="",
            project="",
            type="",
            summary="",
            description="",
            mark_label=f"bridge-{self.pair.name}-{number}-{which}",
        )

    def _keep(self, tx: Transaction, traces: Traces, found: Recalled | None) -> None:
        now, name, number = self.pair.clock(), self.pair.name, traces.number
        dossier = found.dossier if found else Dossier(incident=number)
        if traces.incident.entry_id:
            tx.memory.see_incidents(name, [traces.incident], now)
        tx.memory.see_notes(name, "incident", traces.notes, now)
        if found is not None:
            followed = {ticket_id for link in dossier.links for ticket_id in link.beside}
            seen = (*traces.tickets, *(one for one in traces.beside if one[0].id in followed))
            tx.memory.see_tickets(name, [ticket for ticket, _ in seen], now)
            tx.memory.see_notes(name, "ticket", [note for _, notes in seen for note in notes], now)
            for action, receipt in found.done:
                tx.journal.recall(name, number, action, receipt, now)
            tx.audit.write(_account(name, found, now))
            tx.agenda.mark_dirty(name, [number], "its memory was rebuilt", now)
            log.warning(
                "memory_rebuilt", incident=number, tickets=len(dossier.links), effects=len(found.done)
            )
        # Also where nothing was found: it is not looked for a second time.
        tx.dossiers.save(name, dossier, stage="unlinked", look_again_at=None, at=now)


def _account(pair: str, found: Recalled, now: datetime) -> Entry:
    dossier = found.dossier
    return Entry(
        at=now,
        who=BRIDGE,
        what="recall",
        outcome="done",
        pair=pair,
        incident=dossier.incident,
        rule=dossier.rule,
        reason="the state knew nothing of an incident that bears the bridge's marks",
        after={
            "tickets": ", ".join(link.ticket_key for link in dossier.links),
            "effects": str(len(found.done)),
            "ending": dossier.ending,
        },
    )
