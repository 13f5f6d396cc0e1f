"""Serves ``/healthz``, ``/readyz`` and ``/metrics`` from a thread of its own; it can never stop the bridge.

``/healthz`` says whether the process makes progress, never whether a tracker is up: else an outage of Jira would
become a loop of restarts.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bridge.model.errors import ConfigError, StateError
from bridge.pulse import Pulse
from bridge.state.store import Store
from bridge.web.figures import Figures

log = structlog.get_logger()

#: How long answers under way may take once the process ends, in seconds.
_FAREWELL = 1
#: Names under which a browser on this machine may call; any other is somebody who rebound a name.
_LOCAL = ["127.0.0.1", "localhost", "[::1]"]


def application(pulse: Pulse, store: Store, *, local: bool = True) -> Starlette:
    """Return the pages; ``local`` admits only callers that name this machine."""
    figures = Figures(pulse, store)

    def healthz(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        late = pulse.late()
        told = {"alive": not late, "late": list(late)}
        return JSONResponse(told, status_code=503 if late else 200)

    def readyz(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        missing = pulse.unready()
        told = {"ready": not missing, "missing": list(missing)}
        return JSONResponse(told, status_code=503 if missing else 200)

    def metrics(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
        try:
            text = generate_latest(figures.registry())
        except StateError as error:
            return PlainTextResponse(error.what, status_code=503)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_LOCAL)] if local else [],
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can call an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(kw_only=True)
class Pages:
    """The pages, served from a thread; a context manager."""

    pulse: Pulse
    store: Store
    host: str
    port: int
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    _socket: socket.socket | None = field(default=None)

    @property
    def address(self) -> str:
        """Where the pages are, once they are served."""
        port = self._socket.getsockname()[1] if self._socket else self.port
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}"

    def __enter__(self) -> Pages:
        self._socket = self._bound()
        app = application(self.pulse, self.store, local=is_loopback(self.host))
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_FAREWELL
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="pages", daemon=True
        )
        self._thread.start()
        log.info("pages_served", address=self.address)
        return self

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((self.host, self.port))
            # From here on callers wait instead of being refused, however late the thread begins.
            found.listen()
        except OSError as error:
            found.close()
            raise ConfigError(
                f"the pages cannot be served at {self.host}:{self.port}",
                why=str(error),
                next_step="another program has the port: name another one under web in bridge.yaml",
            ) from error
        return found

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=_FAREWELL + 1)
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
