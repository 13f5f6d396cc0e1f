"""Tickets in which people wrote incidents' numbers: kept as claims until the incident's own look answers them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.decide.claimed import is_recorded, looks_at_links, numbers_in, numbers_of
from bridge.engine.pair import Pair
from bridge.model.shared import Claim
from bridge.model.ticket import Ticket
from bridge.state.store import Transaction


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Finds the incidents that changed tickets of one pair name."""

    pair: Pair

    def changed(self, tx: Transaction, tickets: Sequence[Ticket]) -> frozenset[str]:
        """Return the ids of those tickets that changed and whose rule asks for their web links."""
        looks = {
            ticket.id: ticket.updated_at for ticket in tickets if looks_at_links(ticket, self.pair.rules)
        }
        return tx.shared.not_examined(self.pair.name, "tickets", looks)

    def pointed(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the numbers in the web links of these tickets, by ticket id; costs one request for each."""
        return {ticket_id: numbers_in(self.pair.tracker.web_links(ticket_id)) for ticket_id in sorted(ids)}

    def keep(
        self, tx: Transaction, tickets: Sequence[Ticket], pointed: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Keep a claim for each incident that a ticket names without being linked to it, and mark those incidents."""
        now, name = self.pair.clock(), self.pair.name
        claims: dict[str, list[Claim]] = {}
        for ticket in tickets:
            for number in dict.fromkeys((*numbers_of(ticket, self.pair.rules), *pointed.get(ticket.id, ()))):
                claim = Claim(ticket_id=ticket.id, ticket_key=ticket.key, at=now, done=ticket.done)
                if not self._is_known(tx, number, claim):
                    claims.setdefault(number, []).append(claim)
        tx.shared.claim(name, claims)
        tx.agenda.mark_dirty(name, sorted(tx.memory.watched(name, claims)), "a ticket names it", now)

    def remember(
        self, tx: Transaction, tickets: Sequence[Ticket], pointed: Collection[str], before: datetime
    ) -> None:
        """Remember what was examined; of tickets changed ``before`` that moment no poll will ask again."""
        looks = {ticket.id: ticket.updated_at for ticket in tickets if ticket.id in pointed}
        tx.shared.examined(self.pair.name, "tickets", looks, before)

    def _is_known(self, tx: Transaction, number: str, claim: Claim) -> bool:
        dossier = tx.dossiers.get(self.pair.name, number)
        if dossier is None:
            return False
        return dossier.link(claim.ticket_id) is not None or is_recorded(dossier, claim)
