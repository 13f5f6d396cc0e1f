"""Logs: structlog, JSON for machines or lines for people, never a secret.

Events are facts in the past tense; pair, cycle and incident are bound once and ride along.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Literal, TextIO

import structlog

Format = Literal["auto", "json", "console"]

#: Loggers of libraries that print headers, bodies or URLs when asked for details.
TALKATIVE = ("jira", "urllib3", "requests", "apscheduler", "alembic", "sqlalchemy")


def set_up(
    *,
    form: Format = "auto",
    level: str = "INFO",
    secrets: Callable[[], Iterable[str]] = tuple,
    stream: TextIO | None = None,
) -> None:
    """Configure logging for the whole process; ``secrets`` gives the values that must never appear."""
    out = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not out.isatty())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Redact(secrets),
            structlog.processors.JSONRenderer(ensure_ascii=False)
            if as_json
            else structlog.dev.ConsoleRenderer(colors=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


class Redact:
    """Cut known secret values, plain or encoded, out of everything that is logged."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Return the event without secrets."""
        values = [value for value in self._secrets() if value]
        return {name: _without(value, values) for name, value in event.items()} if values else event


def _without(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[secret]")
        return value
    if isinstance(value, dict):
        return {name: _without(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_without(item, secrets) for item in value)
    return value
