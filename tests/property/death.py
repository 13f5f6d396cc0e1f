"""Sudden death: of the process in a call or at a commit, and a disk that takes no more.

``Death`` is no ``Exception``, as a killed process handles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from bridge.model.errors import StateError
from bridge.state.store import Store, Transaction

Moment = Literal["before", "after", "full"]


class Death(BaseException):
    """The process is gone from here on."""


def _nothing() -> None:
    """Let it go well."""


def die() -> None:
    """End the process."""
    raise Death


class MortalStore:
    """A store at whose n-th next write transaction the process dies, or the disk is full, once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._countdown = 0
        self._moment: Moment = "before"
        self.commits = 0
        #: Called before each write transaction begins; it may strike that one.
        self.before_commit: Callable[[], None] = _nothing

    def strike(self, transactions: int, moment: Moment) -> None:
        """Let ``transactions`` more go well, and die ``before`` or ``after`` the commit of the next one."""
        self._countdown, self._moment = transactions + 1, moment

    def begins_anew(self, store: Store) -> None:
        """Be another store from now on, as after a disk that died."""
        self._store = store
        self.spare()

    def spare(self) -> None:
        """Let all go well."""
        self._countdown = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give a transaction of the real store."""
        self.before_commit()
        struck = self._counted()
        self.commits += 1
        with self._store.transaction() as tx:
            yield tx
            if struck and self._moment == "before":
                raise Death
            if struck and self._moment == "full":
                raise StateError("the disk is full")
        if struck and self._moment == "after":
            raise Death

    def _counted(self) -> bool:
        if self._countdown == 0:
            return False
        self._countdown -= 1
        return self._countdown == 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
