"""Reach a simulated server from ``requests`` without a socket.

Mount ``InProcess(server)`` on a session and every call under that prefix goes straight to
``server.handle``.  Sweeps of tens of thousands of runs need this; nothing else differs from HTTP.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from bridge.simulators.wire import Dropped, Request, Response, Server, TimedOut


class InProcess(BaseAdapter):
    """A ``requests`` adapter over a server object.

    ``Dropped`` becomes ``requests.ConnectionError`` and ``TimedOut`` becomes ``requests.ReadTimeout``, as they
    would over a socket; anything else the server raises passes through.
    """

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Hand the prepared request to the server and wrap its answer."""
        try:
            answer = self.server.handle(_asked(request))
        except Dropped as error:
            raise requests.ConnectionError("connection dropped", request=request) from error
        except TimedOut as error:
            raise requests.ReadTimeout("no answer in time", request=request) from error
        return _wrapped(answer, request)

    def close(self) -> None:
        """Nothing to close."""


def _asked(request: requests.PreparedRequest) -> Request:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    return Request(
        method=request.method or "GET",
        target=parts.path + (f"?{parts.query}" if parts.query else ""),
        headers={name.lower(): str(value) for name, value in request.headers.items()},
        body=body.encode("utf-8") if isinstance(body, str) else bytes(body),
    )


def _wrapped(answer: Response, request: requests.PreparedRequest) -> requests.Response:
    raw = HTTPResponse(
        body=io.BytesIO(answer.body),
        headers=dict(answer.headers),
        status=answer.status,
        preload_content=False,
    )
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response.raw = raw
    response.url = request.url or ""
    response.request = request
    response.reason = ""
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    return response
