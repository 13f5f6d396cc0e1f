"""Logs: structlog, JSON for machines or lines for people, never a secret.

Events are facts in the past tense; pair, cycle and incident are bound once and ride along.  What libraries log
goes the same way, so that it is one stream in one form, without secrets either.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Literal, TextIO

import structlog

from bridge.model.secrecy import spellings

Format = Literal["auto", "json", "console"]

#: Loggers of libraries that print headers, bodies or URLs when asked for details.
TALKATIVE = ("jira", "urllib3", "requests", "alembic", "sqlalchemy")
#: Says in tracebacks of its own what the daemon tells in a line.
SILENT = ("apscheduler",)


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
    _take_in_libraries()


def _take_in_libraries() -> None:
    root = logging.getLogger()
    if not any(isinstance(each, _Libraries) for each in root.handlers):
        root.addHandler(_Libraries())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class _Libraries(logging.Handler):
    """Hands what a library logs to our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record of a library as an event of ours."""
        structlog.get_logger().log(
            record.levelno,
            "library_said",
            library=record.name,
            what=record.getMessage(),
            exc_info=record.exc_info,
        )


class Redact:
    """Cut known secret values, plain or encoded, out of everything that is logged."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Return the event without secrets."""
        values = spellings(self._secrets())
        return {name: _without(value, values) for name, value in event.items()} if values else event


def _without(value: Any, secrets: tuple[str, ...]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_without(name, secrets): _without(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without(item, secrets) for item in value]
    text = str(value)
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return text
