"""Tickets in which people wrote incidents' numbers: kept as claims until the incident's own look answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.decide.claimed import is_recorded, looks_at_links, numbers_in, numbers_of
from bridge.engine.pair import Pair
from bridge.model.shared import Claim
from bridge.model.ticket import Ticket
from bridge.state.store import Store, Transaction


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Finds the incidents that changed tickets of one pair name."""

    pair: Pair
    store: Store

    def pointed(self, tickets: Sequence[Ticket]) -> dict[str, tuple[str, ...]]:
        """Return the numbers in the web links of those tickets whose rule asks for that, by ticket id.

        Costs one request for each such ticket that changed; asked before the transaction that keeps them.
        """
        asked = {ticket.id: ticket for ticket in tickets if looks_at_links(ticket, self.pair.rules)}
        if not asked:
            return {}
        looks = {ticket.id: ticket.updated_at for ticket in asked.values()}
        with self.store.reading() as tx:
            changed = tx.shared.not_examined(self.pair.name, "tickets", looks)
        return {
            ticket_id: numbers_in(self.pair.tracker.web_links(ticket_id)) for ticket_id in sorted(changed)
        }

    def keep(
        self,
        tx: Transaction,
        tickets: Sequence[Ticket],
        pointed: Mapping[str, tuple[str, ...]],
        before: datetime,
    ) -> None:
        """Keep a claim for each incident that a ticket names without being linked to it, and mark those incidents.

        What was examined is remembered; of tickets changed ``before`` that moment no poll will ask again.
        """
        now, name = self.pair.clock(), self.pair.name
        claims: dict[str, list[Claim]] = {}
        for ticket in tickets:
            for number in dict.fromkeys((*numbers_of(ticket, self.pair.rules), *pointed.get(ticket.id, ()))):
                claim = Claim(ticket_id=ticket.id, ticket_key=ticket.key, at=now, done=ticket.done)
                if not self._is_known(tx, number, claim):
                    claims.setdefault(number, []).append(claim)
        tx.shared.claim(name, claims)
        tx.agenda.mark_dirty(name, sorted(tx.memory.watched(name, claims)), "a ticket names it", now)
        if pointed:
            looks = {ticket.id: ticket.updated_at for ticket in tickets if ticket.id in pointed}
            tx.shared.examined(name, "tickets", looks, before)

    def _is_known(self, tx: Transaction, number: str, claim: Claim) -> bool:
        dossier = tx.dossiers.get(self.pair.name, number)
        if dossier is None:
            return False
        return dossier.link(claim.ticket_id) is not None or is_recorded(dossier, claim)
