r"""Do journaled actions one by one; after an unknown outcome, look before repeating.

started --call--> done               effect, memory and last look in one transaction
   |  \\-refused-> later, at last dead  (what must happen)  |  refused (the rest: told to a person)
   |  \\-busy----> later
   |  \\-no answer, process died-> unknown -> trace found: done | absent: pending again | too early: wait
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

import structlog
from structlog.contextvars import bound_contextvars

from bridge.decide import agree
from bridge.decide.siblings import shifted
from bridge.decide.stage import stage
from bridge.engine.accounts import account_of
from bridge.engine.pair import Pair
from bridge.engine.perform import Hands, carries, keeps_order, must_happen
from bridge.model.actions import (
    Action,
    AddTicketNote,
    CreateTicket,
    EditTicketNote,
    MoveTicket,
    Receipt,
    SetIncident,
    SetTicketFields,
    Side,
    kinds_on,
    side_of,
)
from bridge.model.dossier import Dossier
from bridge.model.errors import (
    Ambiguous,
    Blocked,
    BridgeError,
    Busy,
    Gone,
    LostCredentials,
    Refused,
    Unreachable,
)
from bridge.model.incident import Incident, with_values
from bridge.model.shared import Board
from bridge.model.ticket import Ticket
from bridge.state.journal import NO_TRACE, Effect
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: How a try went: ``waits`` for its side, ``unclear`` until its trace is looked for, ``again`` at its own time or when a
#: person says so, ``refused`` for good.
Verdict = Literal["done", "waits", "unclear", "again", "refused"]

#: When a refused effect that must happen is tried again; after the fifth try it is dead.
SCHEDULE = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
#: How long to wait where a busy server does not say.
BUSY_PAUSE = timedelta(seconds=30)
#: How long at most what is blocked waits for another try, as long as nothing passes.
LONGEST_BLOCK = timedelta(minutes=5)


@dataclass(kw_only=True)
class Executor:
    """Carries out the journal of one pair; one cycle's worth of memory about which side is down."""

    pair: Pair
    store: Store
    stopping: Callable[[], bool]
    down: dict[Side, BridgeError] = field(default_factory=dict)
    done: int = 0
    refused: int = 0
    carried: Counter[Side] = field(default_factory=Counter)
    #: How many effects something in front of a side did not let pass.
    blocked: Counter[Side] = field(default_factory=Counter)
    #: Incidents that the desk did not know when something was written.
    unshown: set[str] = field(default_factory=set)

    @property
    def _hands(self) -> Hands:
        return Hands(pair=self.pair)

    # -- after a crash or an unclear answer

    def unclear(self, number: str) -> tuple[Effect, ...]:
        """Return the effects of an incident of which nobody knows whether they were done."""
        with self.store.reading() as tx:
            left = tx.journal.open_effects(self.pair.name, number)
        return tuple(effect for effect in left if effect.state in ("started", "unknown"))

    def settle(self, incident: Incident, unclear: Iterable[Effect]) -> bool:
        """Find out what became of unclear effects of an incident; False where that is not known yet.

        What is unclear at a side that cannot be asked stays so, and keeps nothing of the other side waiting.
        """
        return all(self._settle(one, incident) or side_of(one.action) in self.down for one in unclear)

    def _settle(self, effect: Effect, incident: Incident) -> bool:
        if side_of(effect.action) in self.down:
            return False
        try:
            receipt = self._hands.trace(effect.action, incident)
        except Gone:
            receipt = None  # where there is no object there is no trace
        except BridgeError as error:
            self._note_down(effect.action, error)
            return False
        now = self.pair.clock()
        if receipt is not None:
            log.info("effect_found", effect=effect.key, kind=effect.action.kind)
            self._finish(effect, incident, receipt, outcome="found")
            return True
        sure_at = self._believable_at(effect)
        if now < sure_at:
            with self.store.transaction() as tx:
                tx.journal.doubt(effect.id, effect.error, now, not_before=sure_at)
            return False
        self._again(effect, now)
        return True

    def _again(self, effect: Effect, now: datetime) -> None:
        """Do what left no trace again: at once the first time, then on the schedule, and not for ever."""
        tries = effect.attempts
        with self.store.transaction() as tx:
            if tries <= 1:
                tx.journal.postpone(effect.id, now, "")
            elif tries == 2:
                self._another_try(tx, effect, NO_TRACE, now)
            else:
                words = f"it was sent {tries} times, and left no trace. {effect.error}".rstrip()
                self._another_try(tx, effect, words, now)

    def _believable_at(self, effect: Effect) -> datetime:
        started = effect.started_at or effect.created_at
        if isinstance(effect.action, CreateTicket):
            return started + timedelta(seconds=self.pair.tracker.search_grace)
        return started

    # -- doing

    def drain(self, incident: Incident, effects: Sequence[Effect], *, behind: bool) -> bool:
        """Do these pending effects of an incident in order; True where something changed that is worth another plan.

        ``behind`` says that one before them was given up.  What a side must be waited for keeps the further effects there
        waiting, and none of the other side's.  What was refused and will be tried again, or was given up, is waited for by
        what keeps its order, and by nothing else.
        """
        changed = False
        waiting: set[Side] = set()
        for effect in effects:
            side = side_of(effect.action)
            if self.stopping():
                break
            if side in self.down or side in waiting or (behind and keeps_order(effect.action)):
                continue
            if effect.not_before > self.pair.clock():
                behind = behind or (bool(effect.error) and keeps_order(effect.action))
                waiting |= set() if effect.error else {side}
                continue
            verdict = self._attempt(effect, incident)
            changed = changed or verdict not in ("waits", "unclear")
            behind = behind or verdict == "again"
            waiting |= {side} if verdict == "waits" else set()
            if verdict in ("unclear", "refused"):
                break
        return changed

    def sleeps(self, number: str) -> bool:
        """Whether all that is left to do for an incident waits for a side that cannot be asked."""
        with self.store.reading() as tx:
            left = tx.journal.open_effects(self.pair.name, number)
        return bool(self.down) and all(side_of(effect.action) in self.down for effect in left)

    def _attempt(self, effect: Effect, incident: Incident) -> Verdict:
        with self.store.transaction() as tx:
            tx.journal.start(effect.id, self.pair.clock())
            # An effect before this one may have changed it.
            incident = tx.memory.incident(self.pair.name, incident.number) or incident
        effect = replace(effect, attempts=effect.attempts + 1)
        try:
            with bound_contextvars(request=f"{effect.key}#{effect.attempts}"):
                receipt = self._hands.do(effect.action, incident)
        except Ambiguous as error:
            return self._doubt(effect, error)
        except Blocked as error:
            return self._blocked(effect, error)
        except (Busy, Unreachable, LostCredentials) as error:
            return self._later(effect, error)
        except Refused as error:
            return self._refuse(effect, error)
        self._finish(effect, incident, receipt)
        return "done"

    def _doubt(self, effect: Effect, error: BridgeError) -> Verdict:
        log.warning("effect_unknown", effect=effect.key, why=str(error))
        now = self.pair.clock()
        with self.store.transaction() as tx:
            tx.journal.doubt(effect.id, str(error), now, not_before=now)
            self._account(tx, effect, "unknown", words=str(error))
        return "unclear"

    def _later(self, effect: Effect, error: BridgeError) -> Verdict:
        now = self.pair.clock()
        pause = BUSY_PAUSE
        if isinstance(error, Busy) and error.retry_after > 0:
            pause = timedelta(seconds=error.retry_after)
        log.info("effect_postponed", effect=effect.key, why=str(error), seconds=pause.total_seconds())
        self._note_down(effect.action, error)
        with self.store.transaction() as tx:
            tx.journal.await_server(effect.id, now + pause)
        return "waits"

    def _blocked(self, effect: Effect, error: Blocked) -> Verdict:
        """Find out whether what stands in front of a side dislikes this effect, or lets nothing pass at all.

        Where others passed meanwhile it is about this one, which then counts as refused.  Else it is tried again, less and
        less often so that others have their turn; a second one that is blocked in a look keeps the side away.
        """
        side, now = side_of(effect.action), self.pair.clock()
        log.warning("effect_blocked", effect=effect.key, why=error.why, next=error.next_step)
        with self.store.transaction() as tx:
            again = effect.attempts > 1
            if again and tx.journal.anything_done(self.pair.name, kinds_on(side), effect.created_at):
                return self._another_try(tx, effect, error.why, now)
            tx.journal.postpone(effect.id, now + min(BUSY_PAUSE * effect.attempts, LONGEST_BLOCK), "")
        if self.blocked[side]:
            self.down.setdefault(side, error)
        self.blocked[side] += 1
        return "waits"

    def _note_down(self, action: Action, error: BridgeError) -> None:
        if keeps_all_away(error):
            self.down.setdefault(side_of(action), error)

    def _refuse(self, effect: Effect, error: Refused) -> Verdict:
        self.refused += 1
        now = self.pair.clock()
        log.warning("effect_refused", effect=effect.key, kind=effect.action.kind, why=str(error))
        if isinstance(error, Gone):
            self._suspect(effect)
        with self.store.transaction() as tx:
            return self._another_try(tx, effect, error.what_was_said, now)

    def _another_try(self, tx: Transaction, effect: Effect, words: str, now: datetime) -> Verdict:
        """Set when a failed effect is tried again; after the last try what must happen is dead, the rest refused."""
        tries = effect.attempts
        if not must_happen(effect.action) and (effect.state == "pending" or tries > len(SCHEDULE)):
            tx.journal.refuse(effect.id, words, now)
            self._account(tx, effect, "refused", words=words)
            return "refused"
        if tries <= len(SCHEDULE):
            tx.journal.postpone(effect.id, now + SCHEDULE[tries - 1], words)
            self._account(tx, effect, "tried again later", words=words)
            return "again"
        tx.journal.bury(effect.id, words, now)
        self._account(tx, effect, "dead", words=words)
        tx.agenda.mark_dirty(self.pair.name, [effect.incident], "an effect was given up", now)
        log.error("effect_dead", effect=effect.key, kind=effect.action.kind, tries=tries, why=words)
        return "again"

    def _account(
        self, tx: Transaction, effect: Effect, outcome: str, *, words: str = "", left: str = ""
    ) -> None:
        """Write an outcome into the audit trail, beside what was there before it."""
        name, action = self.pair.name, effect.action
        entry = account_of(
            effect,
            outcome,
            self.pair.clock(),
            words=words,
            incident=tx.memory.incident(name, effect.incident) if isinstance(action, SetIncident) else None,
            ticket=self._ticket(tx, action),
            dossier=tx.dossiers.get(name, effect.incident),
            board=self._board(tx, action),
            left=left,
        )
        tx.audit.write(entry)

    def _ticket(self, tx: Transaction, action: Action) -> Ticket | None:
        if not isinstance(action, SetTicketFields | MoveTicket):
            return None
        return tx.memory.ticket(self.pair.name, action.ticket_id)

    def _board(self, tx: Transaction, action: Action) -> Board | None:
        if not isinstance(action, EditTicketNote):
            return None
        return tx.shared.boards(self.pair.name, [action.ticket_id]).get(action.ticket_id)

    def _suspect(self, effect: Effect) -> None:
        """Remember that a ticket was not where it should be; two looks by id will tell whether it is lost."""
        ticket_id = getattr(effect.action, "ticket_id", "")
        if side_of(effect.action) == "desk":
            self.unshown.add(effect.incident)
            return
        if not ticket_id:
            return
        now = self.pair.clock()
        with self.store.transaction() as tx:
            dossier = tx.dossiers.get(self.pair.name, effect.incident)
            if dossier is not None:
                self._save(tx, agree.missing(dossier, ticket_id, now), now)
                tx.agenda.mark_dirty(self.pair.name, [effect.incident], "its ticket was not found", now)

    def _finish(self, effect: Effect, incident: Incident, receipt: Receipt, outcome: str = "done") -> None:
        """Record an effect as done together with everything that it changes in the memory."""
        now = self.pair.clock()
        name, action = self.pair.name, effect.action
        with self.store.transaction() as tx:
            tx.journal.finish(effect.id, receipt, now)
            self._account(tx, effect, outcome, left=receipt.key or receipt.id)
            dossier = tx.dossiers.get(name, incident.number) or Dossier(incident=incident.number)
            self._remember_look(tx, action, receipt, incident)
            after = agree.agreed(dossier, action, receipt, now)
            self._save(tx, after, now)
            self._wake(tx, incident.number, shifted(dossier, after), now)
        self.done += 1
        if carries(action):
            self.carried[side_of(action)] += 1
        log.info("effect_done", effect=effect.key, kind=action.kind, reason=action.reason)

    def _remember_look(self, tx: Transaction, action: Action, receipt: Receipt, incident: Incident) -> None:
        now, name = self.pair.clock(), self.pair.name
        match action:
            case CreateTicket():
                if tx.memory.ticket(name, receipt.id) is None:
                    tx.memory.see_ticket(name, agree.ticket_created(action, receipt), now)
            case SetTicketFields():
                ticket = tx.memory.ticket(name, action.ticket_id)
                if ticket is not None:
                    tx.memory.see_ticket(name, agree.ticket_after(ticket, action), now)
                self._wake(tx, incident.number, [action.ticket_id], now)
            case AddTicketNote() | EditTicketNote():
                self._remember_board(tx, action, receipt)
            case SetIncident():
                present = tx.memory.incident(name, incident.number) or incident
                tx.memory.see_incident(name, with_values(present, action.fields), now)

    def _wake(self, tx: Transaction, number: str, tickets: Iterable[str], now: datetime) -> None:
        """Ask for a look at the other incidents of these tickets, since what was done shows there for all."""
        of_tickets = tx.links.incidents_of_tickets(self.pair.name, tickets)
        others = {other for some in of_tickets.values() for other in some} - {number}
        tx.agenda.mark_dirty(
            self.pair.name, sorted(others), "another incident of its ticket was acted on", now
        )

    def _remember_board(
        self, tx: Transaction, action: AddTicketNote | EditTicketNote, receipt: Receipt
    ) -> None:
        if isinstance(action, EditTicketNote) or action.board:
            tx.shared.put_board(self.pair.name, action.ticket_id, agree.board_after(action, receipt))

    def _save(self, tx: Transaction, dossier: Dossier, now: datetime) -> None:
        save_dossier(tx, self.pair, dossier, now)


def keeps_all_away(error: BridgeError) -> bool:
    """Whether a failure says that nothing else of its side would get further, either."""
    if isinstance(error, Busy):
        return error.scope == "system"
    return isinstance(error, Unreachable | LostCredentials)


def save_dossier(
    tx: Transaction,
    pair: Pair,
    dossier: Dossier,
    now: datetime,
    look_again_at: datetime | None = None,
) -> None:
    """Save a dossier with the stage that its last looks give it."""
    rule = pair.rules.named(dossier.rule)
    incident = tx.memory.incident(pair.name, dossier.incident)
    name = "unlinked"
    if rule is not None and incident is not None and dossier.links:
        ids = [ticket for link in dossier.links for ticket in (link.ticket_id, *link.beside)]
        name = stage(rule, incident, dossier, tx.memory.tickets(pair.name, ids)).name
    tx.dossiers.save(pair.name, dossier, stage=name, look_again_at=look_again_at, at=now)
