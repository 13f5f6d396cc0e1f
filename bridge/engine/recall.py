"""Finding again what a lost state knew: when an incident that is older than the state is first looked at.

Reads the incident's own notes, the tickets that its field and its labels name, and their comments; all of them by id,
so that no search index has to be trusted.  The one thing that only a search can find, a ticket that was opened just
before the state was lost, is treated as an effect of unclear outcome: looked for, and believed absent only after the
tracker's grace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from bridge.decide.marks import Traces, incidents_named
from bridge.decide.phrases import first_phrase
from bridge.decide.recall import Recalled, recall
from bridge.decide.requests import ask_phrases, field_keys
from bridge.engine.accounts import BRIDGE
from bridge.engine.pair import Pair
from bridge.model.actions import CreateTicket
from bridge.model.dossier import Dossier
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.state.audit import Entry
from bridge.state.schema import EPOCH
from bridge.state.store import Store

log = structlog.get_logger()

#: The stream whose watermark is the moment at which the state began to know this pair.
BORN = "born"
#: How many tickets of one incident are looked for by their labels.
MOST_LABELS = 20
Seen = tuple[Ticket, tuple[Note, ...]]


def remember_birth(pair: Pair, store: Store, now: datetime) -> datetime:
    """Return since when the state knows this pair; remembers it at the first call."""
    with store.reading() as tx:
        known = tx.agenda.watermark(pair.name, BORN)
        polled = tx.agenda.watermark(pair.name, "incidents")
    if known is not None:
        return known
    # A state that polled before this was kept has its whole memory.
    born = EPOCH if polled is not None else now
    with store.transaction() as tx:
        tx.agenda.move_watermark(pair.name, BORN, born)
    return born


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Brings back what was known of one pair's incidents."""

    pair: Pair
    store: Store
    born: datetime

    def bring_back(self, number: str) -> bool:
        """Rebuild the memory of an incident where it is older than the state; True where something was found.

        Raises what the connectors raise; then nothing was remembered and the incident is looked at again.
        """
        name = self.pair.name
        with self.store.reading() as tx:
            incident = tx.memory.incident(name, number)
            known = tx.dossiers.get(name, number) is not None
        if incident is None or known or not self.older(incident.submitted_at):
            return False
        traces = self._traces(incident)
        found = recall(traces, self.pair.rules, self.pair.clock())
        self._keep(traces, found)
        return found is not None

    def older(self, moment: datetime | None) -> bool:
        """Whether something was there before the state began to know this pair."""
        return moment is None or moment < self.born

    def _traces(self, incident: Incident) -> Traces:
        notes = self.pair.desk.notes(incident.number)
        tickets: dict[str, Seen] = {}
        for reference in (*self._in_field(incident), *self._labelled(incident, notes)):
            found = self.pair.tracker.ticket(reference)
            if found is not None and self._ours(found, incident.number):
                tickets.setdefault(found[0].id, found)
        return Traces(pair=self.pair.name, incident=incident, notes=notes, tickets=tuple(tickets.values()))

    def _in_field(self, incident: Incident) -> tuple[str, ...]:
        return field_keys(incident.ticket_field, self.pair.rules.projects)

    def _ours(self, found: Seen, number: str) -> bool:
        return number in incidents_named(self.pair.name, *found)

    def _labelled(self, incident: Incident, notes: tuple[Note, ...]) -> list[str]:
        """Return the ids of the tickets that bear this incident's labels, one search a request of old."""
        asks = [
            note
            for note in notes
            if note.origin == "person" and first_phrase(note.text, ask_phrases(self.pair.rules)) is not None
        ]
        touched = any(note.mark for note in notes) or bool(self._in_field(incident))
        most = max(len(asks), 1 if touched else 0)
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

    def _keep(self, traces: Traces, found: Recalled | None) -> None:
        now, name, number = self.pair.clock(), self.pair.name, traces.number
        dossier = found.dossier if found else Dossier(incident=number)
        with self.store.transaction() as tx:
            tx.memory.see_notes(name, "incident", traces.notes, now)
            if found is not None:
                tx.memory.see_tickets(name, [ticket for ticket, _ in traces.tickets], now)
                notes = [note for _, some in traces.tickets for note in some]
                tx.memory.see_notes(name, "ticket", notes, now)
                for action, receipt in found.done:
                    tx.journal.recall(name, number, action, receipt, now)
                tx.audit.write(_account(name, found, now))
            # Also where nothing was found: it is not looked for a second time.
            tx.dossiers.save(name, dossier, stage="unlinked", look_again_at=None, at=now)
        if found is not None:
            log.warning(
                "memory_rebuilt", incident=number, tickets=len(dossier.links), effects=len(found.done)
            )


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
