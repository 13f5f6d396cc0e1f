"""Every way that the standard story can take through a number of troubles, each lived in a copy of the process.

Where a request comes, or a commit, the process is copied once for each trouble: the copy meets it and lives on, the
process itself goes on without.  A copy ends where it stands as another one stood that could meet as many troubles
(``fingerprint.py``), since from there on both go the same way; so every sequence of troubles is tried, and none twice.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.rehearsal.world import Flavour
from bridge.simulators.faults import Fault, Faulty
from tests.crash.picture import Picture, differences
from tests.crash.rehearsed import Asked, Rehearsal, delivered_rules
from tests.crash.story import Deed, Story
from tests.property.death import Moment

#: The trouble that the request meets which comes at this moment.
Trouble = Callable[[datetime], Fault]
#: The names of the troubles that a request may meet.
Choice = Callable[[Asked], Collection[str]]
#: What people do, in order.
Deeds = Callable[[Story], tuple[Deed, ...]]
#: Whether a first trouble may come at the request, or the commit, of this number of this deed.
Where = Callable[[int, int], bool]
MOMENTS: tuple[Moment, ...] = ("before", "after", "full")


def anywhere(_deed: int, _number: int) -> bool:
    """Let trouble begin at any request and any commit."""
    return True


def nowhere(_deed: int, _number: int) -> bool:
    """Let no trouble begin."""
    return False


@dataclass(kw_only=True)
class Lived:
    """What became of all ways: how many there were, and a line for each that ended differently.

    ``known`` are the fingerprints of where they stood, with how many more troubles could come there.
    """

    ways: int = 0
    wrong: list[str] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)
    #: Where the way stood after the look in which it met its first trouble, by the request's number and the trouble.
    met: dict[tuple[int, str], bytes] = field(default_factory=dict)

    def add(self, other: Lived) -> None:
        """Add what became of a copy."""
        self.ways += other.ways
        self.wrong += other.wrong
        self.known |= other.known
        self.met |= other.met


def standing(run: Rehearsal, deed: int, quiet: int, restless: int) -> bytes:
    """Return where a run stands between two looks of a deed, of which so many found nothing and something to do."""
    return run.fingerprint() + bytes((deed, quiet, restless))


class StoodHere(Exception):
    """Another way stood here before, with as many troubles to come."""


@dataclass(kw_only=True)
class Ground:
    """The story as it goes without trouble: what every way is held against."""

    flavour: Flavour
    lag: timedelta = timedelta(0)
    deeds: Deeds = Story.long
    clean: Rehearsal = field(init=False)
    #: Where the story stands after each look, and at rest after each deed.
    looks: list[bytes] = field(default_factory=list)
    rests: list[bytes] = field(default_factory=list)
    #: How many requests, and how many commits, each deed takes.
    requests: list[int] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    #: The run of the process that is on its way now.
    living: Rehearsal = field(init=False)

    def __post_init__(self) -> None:
        self.clean = rehearsal = self.rehearsal()
        rehearsal.after_look = self._after_look
        for deed in self.deeds(Story(world=rehearsal.world)):
            requests, commits = len(rehearsal.asked), rehearsal.store.commits
            rehearsal.does(deed)
            self.rests.append(rehearsal.fingerprint(at_rest=True))
            self.requests.append(len(rehearsal.asked) - requests)
            self.commits.append(rehearsal.store.commits - commits)

    def _after_look(self, quiet: int, restless: int) -> None:
        self.looks.append(standing(self.clean, len(self.rests), quiet, restless))

    def numbers(self, deed: int) -> range:
        """The numbers of a deed's requests."""
        first = sum(self.requests[:deed])
        return range(first, first + self.requests[deed])

    @property
    def pictures(self) -> list[Picture]:
        """Both worlds after each deed."""
        return self.clean.pictures

    def rehearsal(self) -> Rehearsal:
        """Return a new run of the story that did not begin yet."""
        return Rehearsal(flavour=self.flavour, rules=delivered_rules(), index_lag=self.lag)

    def lives(
        self,
        troubles: Mapping[str, Trouble],
        *,
        most: int = 1,
        at_requests: Where = anywhere,
        at_commits: Where = nowhere,
        choice: Choice | None = None,
    ) -> Lived:
        """Live every way through at most so many troubles, of which the first comes where it may.

        ``choice`` names the troubles that each request may meet, where these are not all.
        """
        way = Way(
            ground=self,
            troubles=troubles,
            choice=choice or (lambda _asked: troubles),
            left=most,
            at_requests=at_requests,
            at_commits=at_commits,
        )
        gc.collect()
        gc.freeze()
        try:
            return way.lives()
        finally:
            gc.unfreeze()


@dataclass(kw_only=True)
class Way:
    """One process on its way; its copies are further ways."""

    ground: Ground
    troubles: Mapping[str, Trouble]
    choice: Choice
    left: int
    at_requests: Where
    at_commits: Where
    met: tuple[str, ...] = ()
    lived: Lived = field(default_factory=Lived)
    _known: dict[bytes, int] = field(default_factory=dict)
    _deed: int = 0
    _first_request: int = 0
    _first_commit: int = 0
    _back: int | None = None
    #: How many looks in a row found nothing to do.
    _quiet: int = 0
    #: Whether no trouble comes in a look that only shows once more that all is at rest.
    _spares_last: bool = False
    #: The request and the trouble of the look that goes on.
    _meets: tuple[int, str] | None = None

    def __post_init__(self) -> None:
        self.run = self.ground.living = self.ground.rehearsal()
        self._spares_last = self.left > 1
        self.run.on_request = self._at_request
        self.run.after_look = self._after_look
        self.run.store.before_commit = self._at_commit
        # The process itself goes there, and with all its troubles still to come.
        self._known = dict.fromkeys((*self.ground.looks, *self.ground.rests), self.left)

    def lives(self) -> Lived:
        """Live to the end of the story, or to where another way stood; a copy tells what became of it and ends."""
        try:
            with suppress(StoodHere):
                self._plays()
        finally:
            if self._back is not None:  # a copy must never go on as if it were the test
                self._tells(self._back)
        return self.lived

    def _plays(self) -> None:
        for number, deed in enumerate(self.ground.deeds(Story(world=self.run.world))):
            self._deed, self._quiet = number, 0
            self._first_request, self._first_commit = len(self.run.asked), self.run.store.commits
            self.run.does(deed)
            wrong = differences(self.ground.pictures[number], self.run.pictures[-1])
            for line in wrong:
                self._wrong(f"after deed {number}: {line}")
            if wrong:
                return
            self._stands(self.run.fingerprint(at_rest=True))

    def _after_look(self, quiet: int, restless: int) -> None:
        here = standing(self.run, self._deed, quiet, restless)
        if self._meets is not None:
            self.lived.met[self._meets], self._meets = here, None
        self._quiet = quiet
        self._stands(here)

    def _stands(self, here: bytes) -> None:
        """Remember where this way stands; end it where another one stood with as many troubles to come."""
        if self.met and self._known.get(here, -1) >= self.left:
            raise StoodHere
        self._known[here] = self.lived.known[here] = max(self.left, self._known.get(here, -1))

    # -- trouble

    def _at_request(self, wire: Faulty) -> None:
        number = len(self.run.asked) - 1
        if not self.left or (self._spares_last and self._is_last_look):
            return
        if not self.met and not self.at_requests(self._deed, number - self._first_request):
            return
        asked = self.run.asked[-1]
        for name in self.choice(asked):
            first = not self.met
            if self._is_copy(f"{name} at {number} ({asked.side} {asked.method} {asked.path})"):
                self._meets = (number, name) if first else None
                wire.add(self.troubles[name](asked.at))
                return

    @property
    def _is_last_look(self) -> bool:
        """Whether this look only shows once more that nothing is left: what befalls it befell the look before."""
        return self._quiet == self.run.quiet_looks - 1

    def _at_commit(self) -> None:
        number = self.run.store.commits - self._first_commit
        if not self.left or self.met or not self.at_commits(self._deed, number):
            return
        for moment in MOMENTS:
            if self._is_copy(f"commit {number} of deed {self._deed} fails, {moment}"):
                self.run.store.strike(0, moment)
                return

    def _is_copy(self, trouble: str) -> bool:
        """Copy the process; whether this is the copy, which meets the trouble.  The original hears what became of it."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._back, self.left, self.met = writing, self.left - 1, (*self.met, trouble)
            self.lived = Lived(ways=1)
            return True
        os.close(writing)
        with os.fdopen(reading, "rb") as heard:
            answer = heard.read()
        os.waitpid(child, 0)
        there = pickle.loads(answer) if answer else Lived(ways=1, wrong=[f"{trouble}: ended without a word"])
        self.lived.add(there)
        self._known |= there.known
        return False

    def _wrong(self, line: str) -> None:
        self.lived.wrong.append(f"{self.ground.flavour}, {', then '.join(self.met)}: {line}")

    def _tells(self, back: int) -> None:
        if sys.exc_info()[0] is not None:
            self._wrong(traceback.format_exc())
        with os.fdopen(back, "wb") as told:
            pickle.dump(self.lived, told)
        os._exit(0)
