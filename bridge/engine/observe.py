"""One immutable look at an incident, from what the polls kept; and the further looks that a decision asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bridge.engine.pair import Pair
from bridge.engine.poll import look_at_changes
from bridge.model.dossier import Dossier, Evidence
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.plan import Need, Observation
from bridge.model.shared import Claim, Sibling
from bridge.model.ticket import Ticket
from bridge.rules.named import reads_changes
from bridge.state.store import Store, Transaction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Observer:
    """Takes looks at incidents of one pair."""

    pair: Pair
    store: Store
    #: Incidents that the desk did not show when they were read again.
    unshown: set[str] = field(default_factory=set)

    def take(self, number: str) -> Observation | None:
        """Return what is known of an incident without asking anybody; None where it is not watched."""
        name = self.pair.name
        with self.store.reading() as tx:
            known = tx.dossiers.get(name, number)
            claims = tx.shared.claims(name, number)
            incident = tx.memory.incident(name, number) or unseen(number, known, claims)
            if incident is None:
                return None
            dossier = known or Dossier(incident=number)
            tickets = self._tickets(tx, dossier)
            siblings = tx.links.siblings(name, number, tickets)
            outcomes = tx.journal.outcomes(name, number)
            return Observation(
                pair=name,
                incident=incident,
                dossier=dossier,
                notes=tx.memory.notes(name, "incident", number),
                tickets=tickets,
                ticket_notes={known: tx.memory.notes(name, "ticket", known) for known in tickets},
                siblings=siblings,
                boards=tx.shared.boards(name, tickets),
                claims=claims,
                heard=self._heard(tx, dossier, siblings),
                changes=tx.memory.changes(name, number),
                done=outcomes.done,
                refused={**outcomes.refused, **outcomes.dead},
                dead=outcomes.dead,
                failing=outcomes.failing,
                incident_url=self.pair.desk.url_of(number),
                written=outcomes.written,
                accounts=self._accounts(),
            )

    def _accounts(self) -> frozenset[str]:
        """Return the bridge's own accounts, as far as they are known without asking."""
        return frozenset({self.pair.desk.account, self.pair.tracker.known_account} - {""})

    def _tickets(self, tx: Transaction, dossier: Dossier) -> dict[str, Ticket]:
        ids = [ticket_id for link in dossier.links for ticket_id in (link.ticket_id, *link.beside)]
        return tx.memory.tickets(self.pair.name, ids) if ids else {}

    def _heard(
        self, tx: Transaction, dossier: Dossier, siblings: Mapping[str, tuple[Sibling, ...]]
    ) -> dict[str, tuple[Evidence, ...]]:
        """Return what second line wrote into other incidents of the same tickets, which counts for the ticket."""
        heard: dict[str, tuple[Evidence, ...]] = {}
        for link in dossier.links if dossier.held else ():
            numbers = [one.number for one in siblings.get(link.ticket_id, ())]
            for sibling in tx.dossiers.with_evidence(self.pair.name, numbers, "phrase"):
                theirs = sibling.link(link.ticket_id)
                said = tuple(item for item in theirs.evidence if item.kind == "phrase") if theirs else ()
                heard[link.ticket_id] = (*heard.get(link.ticket_id, ()), *said)
        return heard

    def further(self, seen: Observation, needs: tuple[Need, ...]) -> Observation:
        """Return the look with everything that a decision needs; raises what the connectors raise."""
        for need in needs:
            match need.kind:
                case "fresh":
                    seen = self._fresh(seen)
                case "members":
                    known = {**seen.members, need.of: self.pair.desk.members(need.of)}
                    seen = replace(seen, members=known)
                case "ticket":
                    seen = self._with_ticket(seen, need.of)
                case "notes":
                    seen = self._with_notes(seen)
                case "group":
                    retired = {**seen.retired, need.of: self.pair.desk.retired(need.of)}
                    seen = replace(seen, retired=retired)
        return seen

    def _fresh(self, seen: Observation) -> Observation:
        """Read the incident and its tickets again by id, before anything is done against a person."""
        number = seen.incident.number
        ids = list(seen.tickets)
        incidents = list(self.pair.desk.incidents([number]))
        found = list(self.pair.tracker.tickets(ids)) if ids else []
        self._keep(number, found)
        if not incidents:
            self.unshown.add(number)
        incident = incidents[0] if incidents else seen.incident
        rule = self.pair.rules.named(seen.dossier.rule)
        related = look_at_changes(self.pair, [number]) if rule is not None and reads_changes(rule) else ()
        now = self.pair.clock()
        with self.store.transaction() as tx:
            tx.memory.see_incidents(self.pair.name, [incident], now)
            tx.memory.see_changes(self.pair.name, related, now)
        return replace(
            seen,
            incident=incident,
            changes=related[0].changes if related else seen.changes,
            tickets={**seen.tickets, **{ticket.id: ticket for ticket, _ in found}},
            ticket_notes={**seen.ticket_notes, **{ticket.id: notes for ticket, notes in found}},
            fresh=True,
        )

    def _with_ticket(self, seen: Observation, id_or_key: str) -> Observation:
        found = self.pair.tracker.ticket(id_or_key)
        if found is None:
            return replace(seen, found={**seen.found, id_or_key: None})
        ticket, notes = found
        self._keep(seen.incident.number, [found])
        with self.store.reading() as tx:
            siblings = tx.links.siblings(self.pair.name, seen.incident.number, [ticket.id])
            boards = tx.shared.boards(self.pair.name, [ticket.id])
        return replace(
            seen,
            siblings={**seen.siblings, **siblings},
            boards={**seen.boards, **boards},
            found={**seen.found, id_or_key: ticket},
            tickets={**seen.tickets, ticket.id: ticket},
            ticket_notes={**seen.ticket_notes, ticket.id: notes},
        )

    def _keep(self, number: str, found: list[tuple[Ticket, tuple[Note, ...]]]) -> None:
        """Keep what one incident reads of tickets; no poll will show it to their other incidents as a change any more."""
        pair, now = self.pair.name, self.pair.clock()
        with self.store.transaction() as tx:
            changed = tx.memory.see_tickets(pair, [ticket for ticket, _ in found], now)
            notes = [note for _, some in found for note in some]
            unseen = tx.memory.see_notes(pair, "ticket", notes, now)
            said = {note.parent for note in notes if note.id in unseen and note.origin == "person"}
            others = tx.links.incidents_on(pair, {*changed, *said}) - {number}
            tx.agenda.mark_dirty(pair, sorted(others), "another incident's look saw its ticket change", now)

    def _with_notes(self, seen: Observation) -> Observation:
        notes = self.pair.desk.notes(seen.incident.number)
        with self.store.transaction() as tx:
            tx.memory.see_notes(self.pair.name, "incident", notes, self.pair.clock())
        return replace(seen, notes=notes, all_notes=True)


def unseen(number: str, known: Dossier | None, claims: tuple[Claim, ...]) -> Incident | None:
    """Return what stands for an incident that tickets name and the desk does not show; it has no entry id."""
    if known is None and not any(claim.absent for claim in claims):
        return None
    return Incident(number=number, entry_id="", status="", modified_at=EPOCH)
