"""How the commands speak: tables for people, JSON for programs, what, why and what next for a failure.

Everything that comes from a server or a file is untrusted: it reaches a terminal without control characters and
is never taken for markup.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any, Literal, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from bridge.model.errors import BridgeError, Busy, ConfigError, Unreachable

P = ParamSpec("P")
R = TypeVar("R")

#: The languages of the delivered notes.
Language = Literal["en", "ru", "uk"]
#: Columns of a table that goes to a file or another program.
WIDE = 160
#: From here on a table has room for whole sentences.
ROOMY = 120
OK = 0
FAILED = 1
CHANGES = 2
USAGE = 64
TRY_AGAIN = 75
BAD_CONFIG = 78

#: Joiners without which some scripts and emoji fall apart; every other invisible character is replaced.
_JOINERS = frozenset("\u200c\u200d\n")


def console() -> Console:
    """Return where people read; without a terminal plain and ``COLUMNS`` wide, else 160, so that tables stay tables."""
    fixed = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, emoji=False, width=WIDE if fixed else None)


def complaints() -> Console:
    """Return where failures are told."""
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def spoken(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the failures of a command into what happened, why, what next, and an exit code."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BridgeError as error:
            tell_failure(error)
            raise typer.Exit(code_of(error)) from error

    return wrapped


def code_of(error: BridgeError) -> int:
    """Return the exit code of a failure."""
    if isinstance(error, ConfigError):
        return BAD_CONFIG
    return TRY_AGAIN if isinstance(error, Busy | Unreachable) else FAILED


def tell_down(down: Iterable[BridgeError]) -> int:
    """Tell of every side that cannot be asked; returns the exit code, 0 where there is none.

    A refused account or a secret that is missing outweighs a server that is merely away: trying again would not help.
    """
    codes = []
    for error in down:
        tell_failure(error)
        codes.append(code_of(error))
    return min(codes, key=lambda code: code == TRY_AGAIN, default=OK)


def tell_failure(error: BridgeError) -> None:
    """Print a failure in at most three parts."""
    out = complaints()
    out.print(f"[bold red]{plain(error.what)}[/]")
    if error.why:
        out.print(f"  why:  {plain(error.why)}")
    if error.next_step:
        out.print(f"  next: {plain(error.next_step)}")


def plain(text: str) -> str:
    """Return a text of somebody else's as it may be printed: no markup, and nothing that moves a terminal's cursor."""
    return escape("".join(char if char.isprintable() or char in _JOINERS else "�" for char in text))


def moment(at: datetime | None) -> str:
    """Return a moment to the minute, UTC."""
    return at.strftime("%Y-%m-%d %H:%M") if at else "—"


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_json(value: Any) -> None:
    """Print a value as JSON; its shape is documented and versioned with the product."""
    sys.stdout.write(json.dumps(_jsonable(value), ensure_ascii=False, indent=2) + "\n")


def failure_json(error: BridgeError) -> dict[str, str]:
    """Return a failure as programs read it."""
    return {"what": error.what, "why": error.why, "next_step": error.next_step}


def _jsonable(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _jsonable(asdict(value))
    if isinstance(value, dict):
        return {str(name): _jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value
