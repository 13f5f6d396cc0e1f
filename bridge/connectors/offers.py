"""What became of a secret that was offered: the one memory that keeps an account from being locked.

A refused secret is offered again after a minute, or at once where it had worked before, and then once an hour:
whoever locks an account after three failures in a row has seen two in the first hour.  A changed one is offered at
once.  One ``Offers`` belongs to one account, however many connections use it.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

from bridge.model.errors import LostCredentials

#: How long a refused secret is kept back: one that never worked after its first refusal, any after a further one.
FIRST_REST = timedelta(minutes=1)
LONG_REST = timedelta(hours=1)
#: How many values are remembered, so that an old one is hidden as well as the present one.
_REMEMBERED = 8


class Offers:
    """Remembers the secrets that were offered and when the last one was refused; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offered: deque[str] = deque(maxlen=_REMEMBERED)
        self._refused = self._proven = ""
        self._times = 0
        self._not_before: datetime | None = None

    def offer(self, secret: str, now: datetime, system: str) -> None:
        """Note that a secret is about to be sent; ``LostCredentials`` where it was refused a short while ago."""
        with self._lock:
            if secret not in self._offered:
                self._offered.append(secret)
            if secret != self._refused or self._not_before is None or now >= self._not_before:
                return
            times = "once" if self._times == 1 else f"{self._times} times"
        raise LostCredentials(
            f"{system} did not accept the account's secret",
            why=f"it was refused {times}; the bridge waits before it offers it again, "
            "so that the account is not locked",
            next_step="store the right one: a changed password or token is tried at once",
        )

    def refused(self, secret: str, now: datetime) -> None:
        """Note that the server did not accept a secret."""
        with self._lock:
            self._times = self._times + 1 if secret == self._refused else 1
            self._refused = secret
            # A server that knew the account a moment ago may have had a hiccup.
            first = timedelta(0) if secret == self._proven else FIRST_REST
            self._not_before = now + (first if self._times == 1 else LONG_REST)

    def accepted(self, secret: str) -> None:
        """Note that the server accepted a secret."""
        with self._lock:
            self._refused, self._times, self._not_before = "", 0, None
            self._proven = secret

    def known(self) -> tuple[str, ...]:
        """Return the values that were offered lately; none of them may be shown."""
        with self._lock:
            return tuple(self._offered)
