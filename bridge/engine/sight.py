"""No mass damage by a side that went dark: many objects out of sight at once are not believed to be gone.

    cause     counted                                               withheld
    lost      linked tickets that cannot be found by their ids      believing that they are lost, and telling so
    unseen    held incidents that the desk does not show            all that is to be done for them

Both only where there are at least ten, and more than 30 % of them are out of sight.  Credentials are proved by the
connectors: what is counted here was answered to our own account.  One object out of sight makes all be looked for, since a
permission that is gone would otherwise be noticed one by one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bridge.decide import agree
from bridge.engine.execute import save_dossier
from bridge.engine.pair import Pair
from bridge.engine.poll import READ_AT_ONCE, batches
from bridge.engine.withhold import COUNT_EVERY, LINKS, Desktop, checksum_of, too_many
from bridge.model.dossier import Dossier, Link
from bridge.model.errors import BridgeError, StateError
from bridge.model.plan import Plan
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: How many of what is out of sight the sentence names.
_NAMED = 3
_TICKETS = "lost"
_INCIDENTS = "unseen"


@dataclass(kw_only=True)
class Sight:
    """Counts what one pair does not see any more; ``unseen`` are the incidents that are left alone."""

    pair: Pair
    store: Store
    unseen: frozenset[str] = frozenset()
    _desktop: Desktop = field(init=False)
    _counted_at: datetime | None = None
    _counted: bool = False
    _shown_at: datetime | None = None
    _losing: bool | None = None

    def __post_init__(self) -> None:
        self._desktop = Desktop(pair=self.pair, store=self.store)

    def begins(self, down: Collection[str], polled: int = 0) -> None:
        """Begin a cycle: count anew what lies before a person, or was not seen by the resync.

        ``polled`` is how many incidents the poll was shown: each proves that the desk is not dark.  Raises ``StateError``
        only; on a desk that cannot be asked what was withheld stays so.
        """
        self._losing, self._counted = None, False
        if polled:
            self._shown_at = self.pair.clock()
        with self.store.reading() as tx:
            lying = tx.approvals.under(self.pair.name, _TICKETS)
            suspected = bool(tx.approvals.agreed(self.pair.name, _INCIDENTS))
        if lying is not None:
            links = self._links()
            if not too_many(sum(len(keys) for keys in _missing(links).values()), len(links)):
                self._desktop.settle(_TICKETS)
        if not suspected:
            return
        try:
            if "desk" in down or self._is_fresh():
                self._stays()
            else:
                self._count()
        except StateError:
            raise
        except BridgeError as error:
            log.info("sight_waits", why=str(error))
            self._stays()

    # -- incidents

    def admits(self, number: str) -> bool:
        """Whether an incident that the desk did not show may be gone on with; raises what the desk raises."""
        with self.store.transaction() as tx:
            suspect(tx, self.pair.name)
        if not self._counted:
            self._count()
        return number not in self.unseen

    def may_write(self, number: str) -> bool:
        """Whether the desk may be written to: some incidents are looked for where none was shown for a while."""
        now = self.pair.clock()
        if self._shown_at is None or now - self._shown_at >= COUNT_EVERY:
            some = self._held()[:READ_AT_ONCE]
            if len(some) >= LINKS and too_many(len(self._not_shown(some)), len(some)):
                return self.admits(number)
            self._shown_at = now
        return number not in self.unseen

    def _held(self) -> list[str]:
        with self.store.reading() as tx:
            return sorted(one.dossier.incident for one in tx.dossiers.each(self.pair.name, held=True))

    def _stays(self) -> None:
        """Leave alone what waits for a person, also after a restart."""
        lying = self._desktop.lying(_INCIDENTS)
        waits = lying is not None and lying.state == "waiting"
        self.unseen = frozenset(json.loads(lying.plan)) if lying is not None and waits else frozenset()

    def _is_fresh(self) -> bool:
        return self._counted_at is not None and self.pair.clock() - self._counted_at < COUNT_EVERY

    def _count(self) -> None:
        held = self._held()
        absent = dict.fromkeys(self._not_shown(held) if len(held) >= LINKS else (), "not shown")
        self._counted_at, self._counted = self.pair.clock(), True
        if not too_many(len(absent), len(held)):
            with self.store.transaction() as tx:
                tx.approvals.agree(self.pair.name, _INCIDENTS, "")
            self._desktop.settle(_INCIDENTS)
        else:
            sentence = (
                f"{len(absent)} of {len(held)} held incidents are out of sight, "
                f"{', '.join(sorted(absent)[:_NAMED])} among them: is a permission of the desk's account gone?"
            )
            self._desktop.ask(_INCIDENTS, checksum_of(_INCIDENTS, "", absent), sentence, absent)
        self._stays()

    def _not_shown(self, held: list[str]) -> list[str]:
        shown = {
            incident.number
            for some in batches(held, READ_AT_ONCE)
            for incident in self.pair.desk.incidents(some)
        }
        return [number for number in held if number not in shown]

    # -- tickets

    def admits_losses(self, decided: Plan, known_lost: frozenset[str]) -> bool:
        """Whether the tickets that a plan newly takes for lost may be; raises what the tracker raises."""
        lost = {link.ticket_id for link in decided.dossier.links if link.lost} - known_lost
        if not lost:
            return True
        if self._losing is None:
            self._losing = self._too_many_out_of_sight()
        return not self._losing

    def _too_many_out_of_sight(self) -> bool:
        if len(self._links()) >= LINKS:
            self._look_for_all()
        links = self._links()
        missing = _missing(links)
        keys = sorted(key for some in missing.values() for key in some)
        if not too_many(len(keys), len(links)) or self._covered(keys):
            return False
        projects = sorted({key.rpartition("-")[0] for key in keys})
        sentence = (
            f"{len(keys)} of {len(links)} linked tickets are out of sight, "
            f"{', '.join(keys[:_NAMED])} among them: is a permission in {', '.join(projects)} gone?"
        )
        self._desktop.ask(_TICKETS, checksum_of(_TICKETS, "", missing), sentence, missing)
        return True

    def _covered(self, keys: list[str]) -> bool:
        """Whether an approval names all of these tickets; those of them that were told since are no other plan."""
        lying = self._desktop.lying(_TICKETS)
        if lying is None or lying.state != "approved":
            return False
        named = {key for some in json.loads(lying.plan).values() for key in some}
        return set(keys) <= named

    def _links(self) -> list[tuple[str, Link]]:
        """Return the links of held incidents that are not known to be lost, each with its incident."""
        with self.store.reading() as tx:
            return [
                (one.dossier.incident, link)
                for one in tx.dossiers.each(self.pair.name, held=True)
                for link in one.dossier.links
                if not link.lost
            ]

    def _look_for_all(self) -> None:
        wanted = {link.ticket_id: number for number, link in self._links() if link.missing_since is None}
        for some in batches(sorted(wanted), READ_AT_ONCE):
            absent = set(some) - {ticket.id for ticket, _ in self.pair.tracker.tickets(some)}
            for number in sorted({wanted[ticket_id] for ticket_id in absent}):
                miss(self.pair, self.store, number, absent)


def _missing(links: list[tuple[str, Link]]) -> dict[str, list[str]]:
    """Return the keys of the tickets that were not found, by incident."""
    found: dict[str, list[str]] = {}
    for number, link in _out_of_sight(links):
        found.setdefault(number, []).append(link.ticket_key)
    return found


def _out_of_sight(links: list[tuple[str, Link]]) -> Iterator[tuple[str, Link]]:
    return ((number, link) for number, link in links if link.missing_since is not None)


def suspect(tx: Transaction, pair: str) -> None:
    """Have all held incidents of a pair looked for: one of them was not shown."""
    tx.approvals.agree(pair, _INCIDENTS, "suspected")


def miss(pair: Pair, store: Store, number: str, absent: Collection[str]) -> None:
    """Remember which tickets of an incident were not found; two looks by id will tell whether they are lost."""
    now = pair.clock()
    with store.transaction() as tx:
        dossier = tx.dossiers.get(pair.name, number) or Dossier(incident=number)
        suspected = dossier
        for link in dossier.links:
            if link.ticket_id in absent:
                suspected = agree.missing(suspected, link.ticket_id, now)
        if suspected != dossier:
            save_dossier(tx, pair, suspected, now)
            tx.agenda.mark_dirty(pair.name, [number], "its ticket was not found", now)
