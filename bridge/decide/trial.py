"""Try the planner without any server: a small pure world in which every planned effect simply happens.

Used to run the administrators' own tests of their rules; the planner is the real one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bridge.decide import agree
from bridge.decide.plan import plan
from bridge.decide.stage import stage
from bridge.decide.voice import Voice
from bridge.model.actions import Action, CreateTicket, MoveTicket, Receipt, SetIncident, SetTicketFields
from bridge.model.dossier import Dossier
from bridge.model.incident import Incident, with_values
from bridge.model.note import Note
from bridge.model.plan import Member, Need, Observation, Plan
from bridge.model.shared import Sibling
from bridge.model.ticket import Ticket
from bridge.rules.shape import RuleSet

#: A decision that does not come to rest within this many passes is a defect.
MOST_PASSES = 12


@dataclass(kw_only=True)
class Trial:
    """One incident, its tickets and notes, and the memory of them."""

    rules: RuleSet
    voice: Voice
    now: datetime
    incident: Incident
    dossier: Dossier
    members: Mapping[str, tuple[Member, ...]]
    notes: tuple[Note, ...] = ()
    tickets: dict[str, Ticket] = field(default_factory=dict)
    ticket_notes: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    siblings: Mapping[str, tuple[Sibling, ...]] = field(default_factory=dict)

    def to_rest(self) -> list[Action]:
        """Plan, let everything happen, and plan again until nothing is planned; returns what happened in order."""
        happened: list[Action] = []
        for _ in range(MOST_PASSES):
            decided = self._decide()
            self.dossier = decided.dossier
            if not decided.actions:
                return happened
            for action in decided.actions:
                self._happen(action)
            happened += decided.actions
        raise ValueError("the decision does not come to rest: " + ", ".join(a.key for a in happened[-3:]))

    def stage(self) -> str:
        """Return the stage that the incident has now."""
        rule = self.rules.named(self.dossier.rule)
        if rule is None or not self.dossier.links:
            return "unlinked"
        return stage(rule, self.incident, self.dossier, self.tickets).name

    def _look(self) -> Observation:
        return Observation(
            pair="trial",
            incident=self.incident,
            dossier=self.dossier,
            notes=self.notes,
            tickets={
                known: self.tickets[known]
                for link in self.dossier.links
                for known in (link.ticket_id, *link.beside)
            },
            ticket_notes=self.ticket_notes,
            done=frozenset(self.done),
            siblings=self.siblings,
        )

    def _decide(self) -> Plan:
        seen = self._look()
        while True:
            decided = plan(seen, self.rules, self.voice, self.now)
            if not decided.needs:
                return decided
            for need in decided.needs:
                seen = self._further(seen, need)

    def _further(self, seen: Observation, need: Need) -> Observation:
        match need.kind:
            case "fresh":
                return replace(seen, fresh=True)
            case "notes":
                return replace(seen, all_notes=True)
            case "group":
                return replace(seen, retired={**seen.retired, need.of: False})
            case "members":
                return replace(seen, members={**seen.members, need.of: self.members.get(need.of, ())})
            case "ticket":
                known = {ticket.key: ticket for ticket in self.tickets.values()} | self.tickets
                ticket = known.get(need.of)
                tickets = {**seen.tickets, ticket.id: ticket} if ticket else seen.tickets
                return replace(seen, found={**seen.found, need.of: ticket}, tickets=tickets)

    def _happen(self, action: Action) -> None:
        self.now += timedelta(seconds=1)
        self.done.add(action.key)
        receipt = Receipt(id=str(len(self.done)))
        match action:
            case CreateTicket():
                ticket_id = str(1000 + len(self.tickets))
                receipt = Receipt(id=ticket_id, key=f"{action.project}-{len(self.tickets) + 1}")
                self.tickets[ticket_id] = agree.ticket_created(action, receipt)
            case SetIncident():
                self.incident = replace(with_values(self.incident, action.fields), modified_at=self.now)
            case SetTicketFields():
                ticket = self.tickets[action.ticket_id]
                self.tickets[action.ticket_id] = agree.ticket_after(ticket, action)
            case MoveTicket():
                ticket = self.tickets[action.ticket_id]
                self.tickets[action.ticket_id] = replace(ticket, status=action.to_status)
            case _:
                pass
        self.dossier = agree.agreed(self.dossier, action, receipt, self.now)
