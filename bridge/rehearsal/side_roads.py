"""The side roads of a replay: what a log does not tell, but people plausibly do.

A deck of roads, shuffled by the seed, is dealt one card a hand-over; the other half of the cards is the straight road,
on which the log alone drives.  So every road is taken about as often as any other, and the same seed deals the same.
"""

from __future__ import annotations

import random
from typing import Literal, get_args

Road = Literal[
    "a second incident on one ticket",
    "a developer's own ticket, linked by its key",
    "asked again for a ticket",
    "asked where no rule matches",
    "a mistyped key",
    "an answer too early",
    "an answer by an outsider",
    "a hold ended by a lead",
    "a fix that failed, with a screenshot",
    "a question that nobody answers in time",
    "declined as Won't Do",
    "declined as Cannot Reproduce",
    "a duplicate",
    "a chain of duplicates",
    "a workaround",
    "resolved by a workaround",
    "resolved without a cause: asked for",
    "resolved without a cause: put back",
    "a cause proposed by a component",
    "closed early by a person",
    "closed early by the desk",
    "closed early by a script",
    "a queue moved by a person",
    "a queue that became empty",
    "a field changed on both sides: the incident's wins",
    "a field changed on both sides: the last writer wins",
    "a field changed on both sides: a person is asked",
    "handed on to third line and back",
]
#: What says that a fix runs in production; each counts as a road of its own.
Way = Literal["version", "status", "incident", "ticket", "change"]

ROADS: tuple[Road, ...] = get_args(Road)
WAYS: tuple[Way, ...] = get_args(Way)
#: A script closes so many incidents at once; it needs as many cards.
AT_ONCE = 3
SCRIPT: Road = "closed early by a script"

#: From so many hand-overs on a road that was never taken is a finding.  That is three decks: a card is lost where the
#: incident was resolved before it was linked, or where no other incident's ticket could be joined, which three in a
#: row are not.
ENOUGH_HAND_OVERS = 3 * 2 * (len(ROADS) + AT_ONCE - 1)

#: Roads on which development takes its time, because people lose patience.
SLOW: frozenset[Road] = frozenset(
    {
        "an answer too early",
        "a hold ended by a lead",
        "resolved by a workaround",
        "closed early by a person",
        "closed early by the desk",
        "closed early by a script",
        "a queue moved by a person",
        "a queue that became empty",
        "handed on to third line and back",
        "a second incident on one ticket",
    }
)
#: Roads that need a fix that works, whatever became of the real issue.
NEEDS_FIX: frozenset[Road] = frozenset(
    {
        "resolved without a cause: asked for",
        "resolved without a cause: put back",
        "a cause proposed by a component",
        "a question that nobody answers in time",
        "a second incident on one ticket",
        "a field changed on both sides: the incident's wins",
        "a field changed on both sides: the last writer wins",
        "a field changed on both sides: a person is asked",
        "handed on to third line and back",
    }
)
#: The channel by which the customer came (Reported Source), where it must be another than the log's: it decides the rule.
STRICT, BY_LINES, NO_RULE = "Email", "Self Service", "Systems Management"
CHANNELS: dict[Road, str] = {
    "asked where no rule matches": NO_RULE,
    "resolved without a cause: put back": STRICT,
    "a field changed on both sides: the last writer wins": STRICT,
    "a field changed on both sides: a person is asked": BY_LINES,
    "handed on to third line and back": BY_LINES,
}


def way_road(way: Way) -> str:
    """Return how the table names a way of deployment."""
    names = {
        "version": "a released version",
        "status": "a status",
        "incident": "a phrase in the incident",
        "ticket": "a phrase in the ticket",
        "change": "a completed change",
    }
    return f"deployed by {names[way]}"


#: Every line of the table's section, in this order.
TABLE: tuple[str, ...] = (*ROADS, *map(way_road, WAYS))


class Deck:
    """Deals roads; an empty deck is shuffled anew."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"{seed}/roads")  # noqa: S311  (a replay must be repeatable, not secret)
        self._cards: list[Road | None] = []

    def deal(self) -> Road | None:
        """Take the next card, None for the straight road."""
        if not self._cards:
            roads: list[Road | None] = [*ROADS, *[SCRIPT] * (AT_ONCE - 1)]
            self._cards = roads + [None] * len(roads)
            self._chance.shuffle(self._cards)
        return self._cards.pop()

    def take_back(self, road: Road) -> None:
        """Take a card back that could not be played now; somebody later gets it."""
        self._cards.insert(self._chance.randrange(len(self._cards) + 1), road)
