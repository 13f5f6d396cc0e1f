"""How far the bridge is behind: the age of the oldest change that was not dealt with, by the side that waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

from bridge.model.actions import Side
from bridge.state.store import Transaction


def lags(tx: Transaction, pair: str, now: datetime) -> dict[Side, timedelta]:
    """Return the lag to each side, zero where nothing waits.

    What was not decided yet may have to go to either side, and counts for both.
    """
    undecided = [mark.since for mark in tx.agenda.dirty(pair, 1)]
    planned = tx.journal.open_since(pair)
    # "now" also where a clock stepped back, so that no lag is below zero.
    return {side: now - min((now, *undecided, planned.get(side, now))) for side in get_args(Side)}
