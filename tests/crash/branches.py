"""Many ways on from one point of the standard story: each is lived in a process of its own that begins as a copy.

A branch plays one deed of the people with trouble and the next deed without, and holds both worlds against those of the
undisturbed run.  Copying the process where the deed begins spares the way up to there, so that every request of the
story can be tried, and pairs of them.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from bridge.rehearsal.world import Flavour
from tests.crash.picture import differences
from tests.crash.rehearsed import Rehearsal, delivered_rules
from tests.crash.story import Story

#: Arranges the trouble of a branch; what it returns at the end is told with what went wrong.
Trouble = Callable[[Rehearsal], object]


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One way on: its name, and what is arranged in the copy before the deed."""

    name: str
    arrange: Trouble


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One deed of the undisturbed run: which of its requests there were, and which belong to a look that did something."""

    deed: int
    first: int
    last: int
    busy: tuple[int, ...]
    commits: int


@dataclass(kw_only=True)
class Tree:
    """The story as it goes without trouble, and every way on from any of its deeds."""

    flavour: Flavour
    lag: timedelta = timedelta(0)
    clean: Rehearsal = field(init=False)
    chapters: list[Chapter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clean = self._rehearsal()
        for deed in range(len(self._deeds(self.clean))):
            first, commits = len(self.clean.asked), self.clean.store.commits
            self._play(self.clean, deed)
            last = len(self.clean.asked)
            self.chapters.append(
                Chapter(
                    deed=deed,
                    first=first,
                    last=last,
                    busy=tuple(number for number in sorted(self.clean.busy) if first <= number < last),
                    commits=self.clean.store.commits - commits,
                )
            )

    def grow(self, branches: Callable[[Chapter], Iterable[Branch]]) -> tuple[int, list[str]]:
        """Live every branch of every chapter; returns how many there were and a line for each that ended differently."""
        trunk = self._rehearsal()
        count, wrong = 0, []
        for chapter in self.chapters:
            gc.collect()
            gc.freeze()
            for branch in branches(chapter):
                count += 1
                wrong += [f"{branch.name}: {line}" for line in self._lived(trunk, chapter, branch)]
            gc.unfreeze()
            self._play(trunk, chapter.deed)
        return count, wrong

    def _lived(self, trunk: Rehearsal, chapter: Chapter, branch: Branch) -> list[str]:
        """Live one branch in a copy of this process; returns what ended differently from the undisturbed run."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            lines: list[str] = []
            try:
                lines += self._followed(trunk, chapter, branch)
            finally:  # a copy must never go on as if it were the test
                lines += [traceback.format_exc()] if sys.exc_info()[0] else []
                os.write(writing, json.dumps(lines).encode())
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as heard:
            answer = heard.read()
        os.waitpid(child, 0)
        told: list[str] = json.loads(answer) if answer else ["the copy ended without a word"]
        return told

    def _followed(self, trunk: Rehearsal, chapter: Chapter, branch: Branch) -> Iterator[str]:
        branch.arrange(trunk)
        for deed in (chapter.deed, chapter.deed + 1)[: len(self.chapters) - chapter.deed]:
            try:
                self._play(trunk, deed)
            except AssertionError as error:
                yield f"deed {deed}: {error}"
                return
            yield from (
                f"after deed {deed}: {line}"
                for line in differences(self.clean.pictures[deed], trunk.pictures[deed])
            )
            trunk.spared()

    def _rehearsal(self) -> Rehearsal:
        return Rehearsal(flavour=self.flavour, rules=delivered_rules(), index_lag=self.lag)

    @staticmethod
    def _deeds(rehearsal: Rehearsal) -> tuple[Callable[[], None], ...]:
        return Story(world=rehearsal.world).long()

    def _play(self, rehearsal: Rehearsal, deed: int) -> None:
        rehearsal.does(self._deeds(rehearsal)[deed])
