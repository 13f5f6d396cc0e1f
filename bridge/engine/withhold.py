"""Asking a person about a plan that would touch too much, and whether exactly that plan was approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bridge.engine.accounts import BRIDGE
from bridge.engine.pair import Pair
from bridge.state.approvals import Withheld
from bridge.state.audit import Entry
from bridge.state.store import Store, Transaction

log = structlog.get_logger()

#: Fewer links than these are never too many.
LINKS = 10
#: The share of them above which a person is asked.
SHARE = 0.3
#: How often a withheld plan is counted anew, since the world moves on.
COUNT_EVERY = timedelta(minutes=5)


def too_many(touched: int, links: int) -> bool:
    """Whether so many of so many links are a mass that a person must approve."""
    return links >= LINKS and touched > SHARE * links


def checksum_of(cause: str, digest: str, touched: Mapping[str, Any]) -> str:
    """Return what names exactly this plan, in 12 hexadecimal digits."""
    text = json.dumps([cause, digest, sorted(touched.items())], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


@dataclass(frozen=True, kw_only=True)
class Desktop:
    """What of one pair lies before a person; nothing here decides what is too much."""

    pair: Pair
    store: Store

    def lying(self, cause: str) -> Withheld | None:
        """Return the plan of this cause that waits or is approved."""
        with self.store.reading() as tx:
            return tx.approvals.under(self.pair.name, cause)

    def approved(self, checksum: str) -> bool:
        """Whether a person approved exactly this plan."""
        with self.store.reading() as tx:
            found = tx.approvals.of(self.pair.name, checksum)
        return found is not None and found.state == "approved"

    def settle(self, cause: str) -> None:
        """Take every plan of this cause away: it was carried out, or nothing of it is left to do."""
        with self.store.transaction() as tx:
            tx.approvals.settle(self.pair.name, cause)

    def ask(self, cause: str, checksum: str, sentence: str, touched: Mapping[str, Any]) -> None:
        """Put a plan before a person, once, in place of any other of its cause; log and account for it."""
        now, name = self.pair.clock(), self.pair.name
        with self.store.transaction() as tx:
            plan = json.dumps(touched, ensure_ascii=False)
            if not tx.approvals.ask(name, checksum, cause, sentence, plan, now):
                return
            _account(tx, name, sentence, checksum, now)
        log.error(
            "plan_withheld", cause=cause, checksum=checksum, why=sentence, next=f"bridge approve {checksum}"
        )


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
