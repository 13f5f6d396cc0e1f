"""No mass damage: what would touch too many links at once waits until a person approved exactly that.

    cause     counted                                                      withheld
    rules     settled, held incidents about which new rules decide anew    all that is to be done for them
    lost      linked tickets that are out of sight                         believing that they are lost, and telling so

Both only where there are at least ten links, and more than 30 % of them are touched.  Nothing here adds or changes
an action.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bridge.decide.plan import plan
from bridge.engine.accounts import BRIDGE, after_of
from bridge.engine.observe import Observer
from bridge.engine.pair import Pair
from bridge.model.plan import Plan
from bridge.state.audit import Entry
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: Fewer links than these are never too many.
LINKS = 10
#: The share of them above which a person is asked.
SHARE = 0.3
#: How often a withheld plan is counted anew, since the world moves on.
COUNT_EVERY = timedelta(minutes=5)
#: How many of the touched incidents the sentence names.
_NAMED = 3


def too_many(touched: int, links: int) -> bool:
    """Whether so many of so many links are a mass that a person must approve."""
    return links >= LINKS and touched > SHARE * links


@dataclass(kw_only=True)
class Census:
    """Counts what one pair would touch; ``frozen`` are the incidents that are left alone until a person decides."""

    pair: Pair
    store: Store
    frozen: frozenset[str] = frozenset()
    _counted_at: datetime | None = None
    _checksum: str = ""
    _losing: bool | None = None
    _settled: bool = False

    def begins(self) -> None:
        """Begin a cycle: what is out of sight is counted anew when it is asked for."""
        self._losing = None

    # -- new rules

    def rules_are_old(self) -> None:
        """Note that the rules are those of the last time: what new ones would have touched is nobody's question now."""
        if not self._settled:
            self._settled = True
            self._thaw()

    def admits_rules(self, digest: str) -> bool:
        """Whether the new rules of this digest may be followed; else what they touch is frozen, and a person asked."""
        now = self.pair.clock()
        fresh = self._counted_at is not None and now - self._counted_at < COUNT_EVERY
        if fresh and self._checksum and not self._approved(self._checksum):
            return False
        with self.store.reading() as tx:
            held = [one.dossier.incident for one in tx.dossiers.each(self.pair.name, held=True)]
            busy = {mark.incident for mark in tx.agenda.dirty(self.pair.name, len(held) + LINKS)}
        touched = (
            self._touched([number for number in held if number not in busy]) if len(held) >= LINKS else {}
        )
        if not too_many(len(touched), len(held)):
            self._thaw()
            return True
        checksum = _checksum("rules", digest, touched)
        if self._approved(checksum):
            self._thaw()
            return True
        self._counted_at, self._checksum, self.frozen = now, checksum, frozenset(touched)
        sentence = (
            f"the new rules would touch {len(touched)} of {len(held)} held incidents, "
            f"{', '.join(sorted(touched)[:_NAMED])} among them"
        )
        self._ask("rules", checksum, sentence, touched)
        return False

    def _touched(self, numbers: list[str]) -> dict[str, Any]:
        """Return what the present rules would do about incidents that rested under the old ones."""
        observer = Observer(pair=self.pair, store=self.store)
        found: dict[str, Any] = {}
        for number in numbers:
            seen = observer.take(number)
            if seen is None:
                continue
            try:
                decided = plan(seen, self.pair.rules, self.pair.voice, self.pair.clock())
            except Exception:
                # One bad incident must not stop the count; its own look will put it aside.
                log.exception("incident_surprised_us", incident=number)
                continue
            # What must be looked at first may well be harmless, but nobody can know that yet.
            deeds: list[Any] = [[action.kind, after_of(action)] for action in decided.actions]
            deeds += [["look", {need.kind: need.of}] for need in decided.needs if need.kind == "fresh"]
            if deeds:
                found[number] = deeds
        return found

    def _thaw(self) -> None:
        self.frozen, self._counted_at, self._checksum = frozenset(), None, ""
        with self.store.transaction() as tx:
            tx.approvals.settle(self.pair.name, "rules")

    # -- tickets out of sight

    def admits_losses(self, decided: Plan, known_lost: frozenset[str]) -> bool:
        """Whether the tickets that a plan newly takes for lost may be; asked only where there are some."""
        lost = {link.ticket_id for link in decided.dossier.links if link.lost} - known_lost
        if not lost:
            return True
        if self._losing is None:
            self._losing = self._too_many_out_of_sight()
        return not self._losing

    def _too_many_out_of_sight(self) -> bool:
        with self.store.reading() as tx:
            links = [
                (one.dossier.incident, link)
                for one in tx.dossiers.each(self.pair.name, held=True)
                for link in one.dossier.links
                if not link.lost
            ]
            projects = {link.ticket_key.rpartition("-")[0] for _, link in links if link.missing_since}
        missing = {number: link.ticket_key for number, link in links if link.missing_since is not None}
        if not too_many(len(missing), len(links)):
            return False
        # Which projects went dark names the plan: one more of their tickets is no other plan.
        checksum = _checksum("lost", ", ".join(sorted(projects)), {})
        if self._approved(checksum):
            return False
        sentence = (
            f"{len(missing)} of {len(links)} linked tickets are out of sight, "
            f"{', '.join(sorted(missing.values())[:_NAMED])} among them: "
            f"is a permission in {', '.join(sorted(projects))} gone?"
        )
        self._ask("lost", checksum, sentence, missing)
        return True

    # -- asking

    def _approved(self, checksum: str) -> bool:
        with self.store.reading() as tx:
            found = tx.approvals.of(self.pair.name, checksum)
        return found is not None and found.state == "approved"

    def _ask(self, cause: str, checksum: str, sentence: str, touched: dict[str, Any]) -> None:
        now, name = self.pair.clock(), self.pair.name
        with self.store.transaction() as tx:
            if not tx.approvals.ask(
                name, checksum, cause, sentence, json.dumps(touched, ensure_ascii=False), now
            ):
                return
            _account(tx, name, sentence, checksum, now)
        log.error(
            "plan_withheld", cause=cause, checksum=checksum, why=sentence, next=f"bridge approve {checksum}"
        )


def _checksum(cause: str, digest: str, touched: dict[str, Any]) -> str:
    text = json.dumps([cause, digest, sorted(touched.items())], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _account(tx: Transaction, pair: str, sentence: str, checksum: str, now: datetime) -> None:
    tx.audit.write(
        Entry(
            at=now,
            who=BRIDGE,
            what="withhold",
            outcome="waiting for approval",
            pair=pair,
            reason=sentence,
            request=checksum,
        )
    )
