"""Real servers of this machine for tests of the way out: they write down everything that reaches them."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(kw_only=True)
class Heard:
    """One request as it arrived: everything that was said in it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class House:
    """A server that answers every request in one way: status, headers, body."""

    answer: Callable[[Heard], tuple[int, dict[str, str], bytes]]
    heard: list[Heard] = field(default_factory=list)
    port: int = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up or do not like the certificate."""


def good(_heard: Heard) -> tuple[int, dict[str, str], bytes]:
    """Answer that all is well."""
    return 200, {"Content-Type": "application/json"}, b'{"ok": true}'


@contextmanager
def a_house(
    answer: Callable[[Heard], tuple[int, dict[str, str], bytes]] = good,
    context: ssl.SSLContext | None = None,
) -> Iterator[House]:
    """Serve at a free port of this machine, with TLS where there is a context."""
    house = House(answer=answer)

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard = Heard(method=self.command, path=self.path, headers=dict(self.headers), body=body)
            house.heard.append(heard)
            status, headers, sent = house.answer(heard)
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_CONNECT = _any  # noqa: N815 - the names of the base class

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = _Server(("127.0.0.1", 0), Answering)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    house.port = int(server.server_port)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield house
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def a_tunnel(target: int) -> Iterator[list[str]]:
    """Serve a proxy that joins every CONNECT to one port of this machine; yields its address, then what it was told."""
    told: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_join, args=(near, target, told), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    told.append(f"http://127.0.0.1:{listening.getsockname()[1]}")
    try:
        yield told
    finally:
        listening.close()


def _join(near: socket.socket, target: int, told: list[str]) -> None:
    head = b""
    while b"\r\n\r\n" not in head and (part := near.recv(4096)):
        head += part
    told.append(head.decode("latin-1"))
    far = socket.create_connection(("127.0.0.1", target))
    near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=_pour, args=(far, near), daemon=True).start()
    _pour(near, far)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(65_536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A certificate authority of a test: its certificate, and a server's certificate with its key."""

    ca: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return the server's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def an_authority(folder: Path, name: str = "ca", host: str = "IP:127.0.0.1") -> Authority:
    """Make an authority and a certificate of it for a host (``IP:…`` or ``DNS:…``)."""
    ca, ca_key = folder / f"{name}.pem", folder / f"{name}.key"
    key, request, certificate = (folder / f"{name}-server.{end}" for end in ("key", "csr", "pem"))
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={host}\nextendedKeyUsage=serverAuth\n", encoding="utf-8")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ours = ["-addext", "keyUsage=critical,keyCertSign", "-days", "3650", "-subj", f"/CN=Test {name}"]
    _openssl("req", "-x509", *new, "-keyout", ca_key, "-out", ca, *ours)
    _openssl("req", *new, "-keyout", key, "-out", request, "-subj", "/CN=server")
    signing = ["-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "3650", "-extfile", extensions]
    _openssl("x509", "-req", "-in", request, "-out", certificate, *signing)
    return Authority(ca=ca, certificate=certificate, key=key)


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
