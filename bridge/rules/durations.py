"""Lengths of time as administrators write them: ``30s``, ``2m``, ``1h``, ``7d``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

_WRITTEN = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(value: Any) -> timedelta:
    """Return the length of a text like ``30s``, or a ``timedelta`` as it is; else ``ValueError``."""
    if isinstance(value, timedelta):
        return value
    written = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if written is None:
        raise ValueError("a length of time is a whole number and a unit: 30s, 2m, 1h, 7d")
    return timedelta(**{_UNITS[written[2]]: int(written[1])})


def between(least: str, most: str) -> Callable[[timedelta], timedelta]:
    """Return a validator that refuses lengths of time outside these bounds."""

    def bounded(value: timedelta) -> timedelta:
        if not duration(least) <= value <= duration(most):
            raise ValueError(f"must be between {least} and {most}")
        return value

    return bounded


_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[smhd]$", "examples": ["30s", "2m", "1h"]})

#: Any length of time.
Duration = Annotated[timedelta, BeforeValidator(duration), _SCHEMA]
#: How often something is done.
Rhythm = Annotated[timedelta, BeforeValidator(duration), AfterValidator(between("1s", "1h")), _SCHEMA]
#: How long one call may take.
Patience = Annotated[timedelta, BeforeValidator(duration), AfterValidator(between("1s", "10m")), _SCHEMA]
#: How far something may be behind.
Lag = Annotated[timedelta, BeforeValidator(duration), AfterValidator(between("0s", "1h")), _SCHEMA]
