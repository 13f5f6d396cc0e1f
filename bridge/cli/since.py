"""``--since``: from when on, as a day, a moment, or how long ago."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import typer

from bridge.rules.durations import duration


def since_option(help_text: str) -> Any:
    """Return the option ``--since``, which gives an aware moment."""
    return typer.Option(
        "--since",
        metavar="WHEN",
        parser=moment_of,
        help=f"{help_text} As 2026-03-02, 2026-03-02T06:00, or 2h.",
    )


def moment_of(text: str) -> datetime:
    """Return the moment of a text: ISO 8601, in UTC where it names no zone, or a length of time before now.

    ``typer.BadParameter`` says what can be written.
    """
    with suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return datetime.now(UTC) - duration(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is no moment: write a day (2026-03-02), a moment (2026-03-02T06:00, UTC), "
            "or how long ago it was (30m, 2h, 7d)"
        ) from None
