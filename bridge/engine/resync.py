"""The nightly resync: read every linked incident that is not closed, and its tickets, again, whatever the polls showed.

Catches what no poll can: deleted tickets, tickets moved to a project that nobody polls, changes that were committed
later than any overlap.  It only refreshes what was last seen and marks; the next cycle decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bridge.engine.pair import Pair
from bridge.engine.poll import Poll, batches
from bridge.engine.sight import miss, suspect
from bridge.model.incident import FINAL
from bridge.state.dossiers import Remembered
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: How many incidents are read at once; a tracker reads as many tickets in one request.
AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class Resynced:
    """What a resync read and found."""

    incidents: int
    tickets: int
    missing: int

    @property
    def sentence(self) -> str:
        """The resync in one sentence."""
        return (
            f"{self.incidents} incidents and {self.tickets} tickets read again; "
            f"{self.missing} tickets were not where they should be."
        )


def resync(pair: Pair, store: Store, poll: Poll) -> Resynced:
    """Read everything that is held again; raises what the connectors raise, and is then simply done another night."""
    with store.reading() as tx:
        held = [
            one.dossier.incident
            for one in tx.dossiers.each(pair.name)
            if one.dossier.held or _open(tx, pair, one)
        ]
    incidents = tickets = missing = 0
    for numbers in batches(held, AT_ONCE):
        incidents += _incidents(pair, store, numbers)
        read, gone = _tickets(pair, store, poll, numbers)
        tickets += read
        missing += gone
    done = Resynced(incidents=incidents, tickets=tickets, missing=missing)
    log.info("resync_done", pair=pair.name, sentence=done.sentence)
    return done


def _open(tx: Transaction, pair: Pair, one: Remembered) -> bool:
    """Whether people may still write about an incident whose hold has ended."""
    incident = tx.memory.incident(pair.name, one.dossier.incident)
    return bool(one.dossier.links) and incident is not None and incident.status not in FINAL


def _incidents(pair: Pair, store: Store, numbers: list[str]) -> int:
    found = list(pair.desk.incidents(numbers))
    now = pair.clock()
    with store.transaction() as tx:
        changed = tx.memory.see_incidents(pair.name, found, now)
        tx.agenda.mark_dirty(pair.name, sorted(changed), "the resync saw a change", now)
        if len(found) < len(numbers):
            suspect(tx, pair.name)
    return len(found)


def _tickets(pair: Pair, store: Store, poll: Poll, numbers: list[str]) -> tuple[int, int]:
    with store.reading() as tx:
        dossiers = [dossier for number in numbers if (dossier := tx.dossiers.get(pair.name, number))]
    wanted = {link.ticket_id for dossier in dossiers for link in dossier.links if not link.lost}
    found = list(pair.tracker.tickets(sorted(wanted))) if wanted else []
    with store.transaction() as tx:
        poll.keep_tickets(tx, found)
    absent = wanted - {ticket.id for ticket, _ in found}
    for dossier in dossiers:
        miss(pair, store, dossier.incident, absent)
    return len(found), len(absent)
