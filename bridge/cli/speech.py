"""How the commands speak: tables for people, JSON for programs, three lines for a failure."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from bridge.model.errors import BridgeError, Busy, ConfigError, Unreachable

P = ParamSpec("P")
R = TypeVar("R")

#: Columns of a table that goes to a file or another program.
WIDE = 160
OK = 0
FAILED = 1
CHANGES = 2
USAGE = 64
TRY_AGAIN = 75
BAD_CONFIG = 78


def console() -> Console:
    """Return where people read; plain and wide without a terminal, so that tables stay tables."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=WIDE)


def complaints() -> Console:
    """Return where failures are told."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


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


def tell_failure(error: BridgeError) -> None:
    """Print a failure in at most three parts."""
    out = complaints()
    out.print(f"[bold red]{_plain(error.what)}[/]")
    if error.why:
        out.print(f"  why:  {_plain(error.why)}")
    if error.next_step:
        out.print(f"  next: {_plain(error.next_step)}")


def _plain(text: str) -> str:
    # What servers and files say is not markup.
    return text.replace("[", "\\[")


plain = _plain


def print_json(value: Any) -> None:
    """Print a value as JSON; its shape is documented and versioned with the product."""
    sys.stdout.write(json.dumps(_jsonable(value), ensure_ascii=False, indent=2) + "\n")


def _jsonable(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _jsonable(asdict(value))
    if isinstance(value, dict):
        return {str(name): _jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value
