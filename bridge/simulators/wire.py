"""The one shape in which a simulated server is asked and answers.

A simulator is a plain object with ``handle(request) -> Response``.  Over HTTP it is served by
``serve.py``; in one process it is reached through ``transport.py``; both lead to the same ``handle``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit


class Dropped(Exception):
    """The connection is closed without an answer."""


class TimedOut(Exception):
    """The answer does not come within the caller's patience."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request as a server sees it; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path with every percent escape undone."""
        return unquote(self.raw_path)

    @property
    def raw_path(self) -> str:
        """The path as it was sent."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; the last of a repeated name wins."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def json(self) -> Any:
        """Return the body as JSON; ``ValueError`` where it is none."""
        return json.loads(self.body.decode("utf-8"))


@dataclass(frozen=True, kw_only=True)
class Response:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
        """Make an answer whose body is ``value`` as JSON."""
        return cls(
            status=status,
            headers={"Content-Type": "application/json;charset=UTF-8", **(headers or {})},
            body=json.dumps(value, ensure_ascii=False).encode("utf-8"),
        )

    @classmethod
    def of_text(
        cls, status: int, text: str, kind: str = "text/plain", headers: Mapping[str, str] | None = None
    ) -> Response:
        """Make an answer whose body is plain text, or HTML with ``kind="text/html"``."""
        return cls(
            status=status,
            headers={"Content-Type": f"{kind};charset=UTF-8", **(headers or {})},
            body=text.encode("utf-8"),
        )


class Server(Protocol):
    """What answers requests; may raise ``Dropped`` or ``TimedOut`` instead of answering."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        ...
