"""No mass damage by an edit of the rules: what it would touch waits until a person approved exactly that.

Counted are the held incidents about which the new rules decide anew; what people wrote meanwhile is everyday work and
no part of the edit.  Only where there are at least ten held incidents, and more than 30 % of them are touched, are those
left alone.  Nothing here adds or changes an action.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from bridge.decide.plan import plan
from bridge.engine.accounts import after_of
from bridge.engine.observe import Observer
from bridge.engine.pair import Pair
from bridge.engine.withhold import COUNT_EVERY, LINKS, Desktop, checksum_of, too_many
from bridge.model.plan import Observation
from bridge.state.store import Store

log = structlog.get_logger()

#: How many of the touched incidents the sentence names.
_NAMED = 3
_CAUSE = "rules"
#: What stands in the key of a note that merely carries a person's words.
_EVERYDAY = "/note/"


@dataclass(kw_only=True)
class Census:
    """Counts what new rules would touch; ``frozen`` are the incidents that are left alone until a person decides."""

    pair: Pair
    store: Store
    frozen: frozenset[str] = frozenset()
    _desktop: Desktop = field(init=False)
    _counted_at: datetime | None = None
    _checksum: str = ""
    _settled: bool = False

    def __post_init__(self) -> None:
        self._desktop = Desktop(pair=self.pair, store=self.store)

    def rules_are_old(self) -> None:
        """Note that the rules are those of the last time: what new ones would have touched is nobody's question now."""
        if not self._settled:
            self._settled = True
            self._thaw()

    def admits_rules(self, digest: str) -> bool:
        """Whether the new rules of this digest may be followed; else what they touch is frozen, and a person asked."""
        now = self.pair.clock()
        fresh = self._counted_at is not None and now - self._counted_at < COUNT_EVERY
        if fresh and self._checksum and not self._desktop.approved(self._checksum):
            return False
        with self.store.reading() as tx:
            held = [one.dossier.incident for one in tx.dossiers.each(self.pair.name, held=True)]
        touched = self._touched(held) if len(held) >= LINKS else {}
        checksum = checksum_of(_CAUSE, digest, touched)
        if not too_many(len(touched), len(held)) or self._desktop.approved(checksum):
            self._thaw()
            return True
        self._counted_at, self._checksum, self.frozen = now, checksum, frozenset(touched)
        sentence = (
            f"the new rules would touch {len(touched)} of {len(held)} held incidents, "
            f"{', '.join(sorted(touched)[:_NAMED])} among them"
        )
        self._desktop.ask(_CAUSE, checksum, sentence, touched)
        return False

    def _touched(self, numbers: Iterable[str]) -> dict[str, Any]:
        """Return what the present rules would do, by incident, without what is done every day."""
        numbers = list(numbers)
        with self.store.reading() as tx:
            busy = {mark.incident for mark in tx.agenda.dirty(self.pair.name, len(numbers) + LINKS)}
        lying = self._desktop.lying(_CAUSE)
        asked: dict[str, Any] = json.loads(lying.plan) if lying is not None else {}
        observer = Observer(pair=self.pair, store=self.store)
        found: dict[str, Any] = {}
        for number in numbers:
            seen = observer.take(number)
            deeds = [] if seen is None else self._deeds(seen)
            if number in busy:
                known = asked.get(number, [])
                deeds = [(key, deed) for key, deed in deeds if _EVERYDAY not in key or deed in known]
            if deeds:
                found[number] = [deed for _, deed in deeds]
        return found

    def _deeds(self, seen: Observation) -> list[tuple[str, list[Any]]]:
        """Return the deeds that the present rules decide on for an incident, each with its key."""
        try:
            decided = plan(seen, self.pair.rules, self.pair.voice, self.pair.clock())
        except Exception:
            # One bad incident must not stop the count; its own look will put it aside.
            log.exception("incident_surprised_us", incident=seen.incident.number)
            return []
        deeds: list[tuple[str, list[Any]]] = [
            (action.key, [action.kind, after_of(action)]) for action in decided.actions
        ]
        # What must be looked at first may well be harmless, but nobody can know that yet.
        looks = [need for need in decided.needs if need.kind == "fresh"]
        return deeds + [("", ["look", {need.kind: need.of}]) for need in looks]

    def _thaw(self) -> None:
        self.frozen, self._counted_at, self._checksum = frozenset(), None, ""
        self._desktop.settle(_CAUSE)
