"""The breaker of one server: after a few calls without an answer the server is left alone, but for a probe now and then.

``Circuit`` is its state and never asks what time it is; ``Breaker`` keeps one for all threads of the process.  A
server that answers anything at all, a refusal or an error of its own included, is there; only what never reached it, or
never came back, counts against it.  A write is never the probe: its lost answer would have to be looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

#: How many calls in a row must have no answer before the server is left alone.
FAILURES = 3
#: How much longer than its pause the next probe may wait, so that many bridges do not ask a server all at once.
_SPREAD = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """How it stands with a server: moments in seconds of a monotonic clock.

    ``failures`` in a row, ``since`` when and ``why`` the first and the last of them had no answer; ``open`` means that
    nobody asks before ``next_probe``.
    """

    failures: int = 0
    since: float = 0.0
    why: str = ""
    open: bool = False
    next_probe: float = 0.0

    @property
    def trusted(self) -> bool:
        """Whether it is thought to be there, so that another try of a read is worth it."""
        return self.failures < FAILURES - 1

    def failed(self, at: float, why: str, *, pause: float, most: int = FAILURES) -> Circuit:
        """Return what it is after a call without an answer; the pause, in seconds, begins now."""
        failures = self.failures + 1
        return Circuit(
            failures=failures,
            since=self.since if self.failures else at,
            why=why,
            open=self.open or failures >= most,
            next_probe=max(self.next_probe, at + pause),
        )

    def answered(self, most: int = FAILURES) -> Circuit:
        """Return what it is after an answer; of a server that was away one more failure is enough to leave it alone."""
        return Circuit(failures=most - 1, since=self.since, why=self.why) if self.open else Circuit()

    def admits(self, at: float, *, write: bool) -> bool:
        """Whether a call may go out now."""
        return not self.open or (not write and at >= self.next_probe)


@dataclass(kw_only=True)
class Breaker:
    """The breaker of one server, for every thread that calls it.

    ``pause`` is how many seconds a server without an answer is left alone at least; ``random`` gives 0 to 1.
    """

    monotonic: Callable[[], float]
    pause: float = 30.0
    random: Callable[[], float] = lambda: 0.0
    _circuit: Circuit = field(default_factory=Circuit)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def circuit(self) -> Circuit:
        """How it stands now."""
        return self._circuit

    def admits(self, *, write: bool) -> bool:
        """Whether a call may go out now; while the server is away the next pause begins with each that may."""
        with self._lock:
            now, circuit = self.monotonic(), self._circuit
            if not circuit.admits(now, write=write):
                return False
            if circuit.open:
                self._circuit = replace(circuit, next_probe=now + self.pause)
            return True

    def failed(self, why: str, *, asked: float = 0.0) -> None:
        """Note a call without an answer; ``asked`` is how long the server itself wants to be left alone, in seconds."""
        pause = max(self.pause * (1.0 + _SPREAD * self.random()), asked)
        with self._lock:
            self._circuit = self._circuit.failed(self.monotonic(), why, pause=pause)

    def answered(self) -> None:
        """Note an answer of any kind."""
        with self._lock:
            self._circuit = self._circuit.answered()
