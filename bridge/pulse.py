"""The pulse of the process: what each pair did last, kept in memory, for health, metrics and the watchdog.

Alive means progress: every pair finished a look, or a step of a long one, in time.  A server that is
away is no reason to be dead; a look that hangs is.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

#: How many intervals without a finished look make a pair late.
INTERVALS = 3
#: A look may take this long before anybody worries, however short the interval.
AT_LEAST = timedelta(seconds=60)
#: How many calls without an answer may stand between two steps of a look: those of other pairs to the same desk, too.
CALLS = 4

#: Side, system, method, kind and outcome of requests.
Request = tuple[str, str, str, str, str]


def patience(poll: timedelta, timeouts: Iterable[timedelta]) -> timedelta:
    """Return how long a pair may be without progress: a server that never answers must not look like a look that hangs."""
    return max(INTERVALS * poll, AT_LEAST, CALLS * max(timeouts, default=timedelta(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with the servers, by side and name: which are left alone, and seconds spared by reason."""

    open: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    spared: Mapping[tuple[str, str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What one pair did last: moments are UTC, ``seconds`` is how long its last look took."""

    since: datetime
    looked_at: datetime | None = None
    moved_at: datetime | None = None
    seconds: float = 0.0
    sentence: str = ""
    answered: Mapping[str, datetime] = field(default_factory=dict)
    down: tuple[str, ...] = ()
    done: int = 0
    refused: int = 0
    withheld: int = 0
    carried: Mapping[str, int] = field(default_factory=dict)
    echoes: int = 0

    @property
    def last(self) -> datetime:
        """When it last made progress; its beginning counts."""
        return max(moment for moment in (self.since, self.looked_at, self.moved_at) if moment is not None)


@dataclass(kw_only=True)
class Pulse:
    """What all pairs did last; written by their looks, read by other threads."""

    clock: Callable[[], datetime]
    poll: timedelta
    reloaded_at: datetime | None = None
    reload_worked: bool = True
    state_works: bool = True
    requests: Callable[[], Counter[Request]] = Counter
    standing: Callable[[], Standing] = Standing
    #: The longest time of one call to any server.
    timeout: timedelta = timedelta(0)
    secrets_end: Mapping[tuple[str, str, str], datetime] = field(default_factory=dict)
    _beats: dict[str, Beat] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begins(self, pairs: tuple[str, ...]) -> None:
        """Begin to wait for these pairs, and for no others; what is known of them stays."""
        with self._lock:
            now = self.clock()
            self._beats = {name: self._beats.get(name, Beat(since=now)) for name in pairs}

    def beats(
        self,
        pair: str,
        *,
        began: datetime,
        sentence: str,
        down: tuple[str, ...],
        done: int = 0,
        refused: int = 0,
        withheld: int = 0,
        carried: Mapping[str, int] | None = None,
        echoes: int = 0,
    ) -> None:
        """Note that a look of a pair, begun at ``began``, was finished."""
        now = self.clock()
        with self._lock:
            old = self._beats.get(pair, Beat(since=now))
            up = {side: now for side in ("desk", "tracker") if side not in down}
            self._beats[pair] = replace(
                old,
                looked_at=now,
                seconds=(now - began).total_seconds(),
                sentence=sentence,
                answered={**old.answered, **up},
                down=down,
                done=old.done + done,
                refused=old.refused + refused,
                withheld=withheld,
                carried=Counter(old.carried) + Counter(carried or {}),
                echoes=old.echoes + echoes,
            )

    def moves(self, pair: str) -> None:
        """Note that a pair is about to do the next step of its look: catching up may take long, and is progress."""
        with self._lock:
            if pair in self._beats:
                self._beats[pair] = replace(self._beats[pair], moved_at=self.clock())

    def reloads(self, worked: bool) -> None:
        """Note how the last reload of the configuration went."""
        self.reload_worked, self.reloaded_at = worked, self.clock()

    def all(self) -> dict[str, Beat]:
        """Return what each pair did last."""
        with self._lock:
            return dict(self._beats)

    def late(self) -> tuple[str, ...]:
        """Return the pairs that made no progress within three intervals, a minute, and four calls without an answer."""
        oldest = self.clock() - patience(self.poll, [self.timeout])
        return tuple(name for name, beat in self.all().items() if beat.last < oldest)

    def unready(self) -> tuple[str, ...]:
        """Return what is missing before the process does its work: a first look of a pair, a state to write to."""
        waiting = [
            f"pair {name} has not looked yet" for name, beat in self.all().items() if not beat.looked_at
        ]
        if not self.state_works:
            waiting.append("the state cannot be used")
        return tuple(waiting)
