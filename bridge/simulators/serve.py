"""Serve a simulated server over HTTP, on loopback, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bridge.simulators.wire import Dropped, Request, Response, Server, TimedOut


class _Quiet(WSGIRequestHandler):
    """Keep-alive, and no line on the terminal for every request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the story is told elsewhere."""


class Served:
    """A simulated server with an address; use it as a context manager or call ``close``."""

    def __init__(
        self, server: Server, *, host: str = "127.0.0.1", port: int = 0, patience: float = 0.0
    ) -> None:
        """Bind now (``OSError`` where the port is taken); ``patience`` is how long a time-out is held open, in seconds."""
        try:
            self._http: BaseWSGIServer = make_server(
                host, port, _application(server, patience), threaded=True, request_handler=_Quiet
            )
        except SystemExit as error:  # werkzeug's way of saying that the port is taken
            raise OSError(f"port {port} of {host} is taken") from error
        self._http.daemon_threads = True  # type: ignore[attr-defined]
        self.url = f"http://{host}:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _application(
    server: Server, patience: float
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        try:
            answer = server.handle(_asked(environ))
        except TimedOut:
            time.sleep(patience)
            return _hang_up(environ)
        except Dropped:
            return _hang_up(environ)
        return _sent(answer, start)

    return application


def _asked(environ: WSGIEnvironment) -> Request:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return Request(
        method=environ["REQUEST_METHOD"],
        target=environ.get("REQUEST_URI") or environ["RAW_URI"],
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
    )


def _hang_up(environ: WSGIEnvironment) -> Iterable[bytes]:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


def _sent(answer: Response, start: StartResponse) -> Iterable[bytes]:
    headers = [*answer.headers.items()]
    if answer.status != 204:
        headers.append(("Content-Length", str(len(answer.body))))
    start(f"{answer.status} -", headers)
    return [answer.body] if answer.body else []
