"""The shared HTTP policy: one origin, one deadline, reads repeated, writes never, pages and secrets out."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter

from bridge.connectors.call import Limits, Times
from bridge.connectors.http import Wire
from bridge.connectors.signs import flaw_of
from bridge.model.errors import Ambiguous, BridgeError, Busy, ConfigError, Unreachable
from bridge.simulators.faults import HTML_PAGE, Fault, Faulty, Kind
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Request, Response

SECRET = "s3cret/+token"  # with signs that a URL must escape
DAWN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PAGE = Response.of_text(200, HTML_PAGE, "text/html")


@dataclass
class Clock:
    """A clock that moves only when told; sleeping moves it."""

    now: datetime = DAWN
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def times(self) -> Times:
        return Times(monotonic=self.monotonic, now=lambda: self.now, sleep=self.sleep)

    def monotonic(self) -> float:
        return self.now.timestamp()


class Counting:
    """A server that counts what it did."""

    def __init__(self) -> None:
        self.done = 0

    def handle(self, request: Request) -> Response:
        self.done += 1
        return Response.of_json(200, {"done": self.done, "path": request.target})


class Bench:
    """A wire to a counting server behind faults."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.server = Counting()
        self.faulty = Faulty(inner=self.server)
        given: dict[str, Any] = {
            "times": self.clock.times(),
            "transport": InProcess(self.faulty),
            "secrets": lambda: [SECRET],
        }
        self.wire = Wire("Jira", "https://jira.example/root", **(given | options))

    def read(self, path: str = "/thing", **more: Any) -> requests.Response:
        return self.wire.call("GET", path, write=False, kind="reading", **more)

    def write(self, path: str = "/thing", **more: Any) -> requests.Response:
        return self.wire.call("POST", path, write=True, kind="writing", json={"a": 1}, **more)

    def fault(self, kind: Kind, answer: Response | None = None, times: int | None = 1) -> None:
        self.faulty.add(Fault(kind=kind, times=times, **({"answer": answer} if answer else {})))


def status(code: int, **headers: str) -> Response:
    """Return an answer without much of a body."""
    return Response(
        status=code,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
        body=b"" if code == 204 else b"{}",
    )


def failure(what: Callable[[], object]) -> BridgeError:
    """Return the error that a call must end in."""
    with pytest.raises(BridgeError) as caught:
        what()
    return caught.value


def test_an_answer_comes_back_whole() -> None:
    """A good answer is returned with its body, and counted by method and kind."""
    bench = Bench()
    answer = bench.read(params={"q": "ä b"})
    assert bench.wire.json(answer, write=False, kind="reading") == {
        "done": 1,
        "path": "/root/thing?q=%C3%A4+b",
    }
    assert dict(bench.wire.sent) == {("GET", "reading"): 1}


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/root/thing",
        "http://jira.example/root/thing",
        "https://jira.example:8443/root/thing",
        "https://user@jira.example/root/thing",
        "https://jira.example@evil.example/root/thing",
        "https://jira.example\\@evil.example/root/thing",
        "https://jira.example/other",
        "https://jira.example/root/../other",
        "/../other",
        "@evil.example/root/thing",
        ".evil.example/root/thing",
    ],
)
def test_nothing_but_the_configured_address_is_called(address: str) -> None:
    """Another scheme, host, port or path is refused before anything is sent."""
    bench = Bench()
    assert isinstance(failure(lambda: bench.read(address)), Unreachable)
    assert bench.faulty.seen == []


@pytest.mark.parametrize(
    "address", ["", "jira.example", "ftp://jira.example", "https://", "https://u:p@h", "https://h?x=1"]
)
def test_an_address_that_is_none_is_a_configuration_error(address: str) -> None:
    """What is no plain http address is refused at once, without showing what may be a password in it."""
    error = failure(lambda: Wire("Jira", address, times=Clock().times()))
    assert isinstance(error, ConfigError)
    assert "u:p" not in str(error)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_that_names_the_host_only(code: int) -> None:
    """A redirect is not followed; the error names the host and keeps the token in its query to itself."""
    for call in (Bench.read, Bench.write):
        bench = Bench()
        bench.fault("answer_before", status(code, Location="https://sso.example/login?ticket=abc123"))
        error = failure(lambda bench=bench, call=call: call(bench))
        assert isinstance(error, Unreachable)
        assert "sso.example" in str(error)
        assert "abc123" not in str(error)
        assert len(bench.faulty.seen) == 1


#: (what happens to the first request, error on a write, how many requests a read takes to succeed)
BROKEN: list[tuple[Kind, Response | None, type[BridgeError], int]] = [
    ("drop_before", None, Ambiguous, 2),
    ("drop_after", None, Ambiguous, 2),
    ("time_out_before", None, Ambiguous, 2),
    ("time_out_after", None, Ambiguous, 2),
    ("answer_after", status(502), Ambiguous, 2),
    ("answer_after", status(503), Ambiguous, 2),
    ("answer_before", status(503, Retry_After="7"), Ambiguous, 2),
    ("answer_after", status(504), Ambiguous, 2),
    ("answer_before", status(429), Busy, 2),
    ("answer_before", status(429, Retry_After="7"), Busy, 2),
]


@pytest.mark.parametrize(("kind", "answer", "error", "requests_of_a_read"), BROKEN)
def test_reads_are_repeated_and_writes_never(
    kind: Kind, answer: Response | None, error: type[BridgeError], requests_of_a_read: int
) -> None:
    """Whatever breaks once, a read gets through and a write is sent exactly once."""
    bench = Bench()
    bench.fault(kind, answer)
    assert bench.read().status_code == 200
    assert len(bench.faulty.seen) == requests_of_a_read == sum(bench.wire.sent.values())
    bench = Bench()
    bench.fault(kind, answer)
    assert type(failure(bench.write)) is error
    assert len(bench.faulty.seen) == 1


@pytest.mark.parametrize(
    ("kind", "answer", "error"),
    [
        ("drop_before", None, Unreachable),
        ("time_out_after", None, Unreachable),
        ("answer_before", status(502), Unreachable),
        ("answer_before", status(503), Busy),
        ("answer_before", status(429), Busy),
        ("answer_before", status(520), Unreachable),
    ],
)
def test_a_read_gives_up_after_a_few_tries(
    kind: Kind, answer: Response | None, error: type[BridgeError]
) -> None:
    """A read that never succeeds ends after three requests and says why."""
    bench = Bench()
    bench.fault(kind, answer, times=None)
    caught = failure(bench.read)
    assert type(caught) is error
    assert caught.why
    assert caught.next_step
    assert len(bench.faulty.seen) <= 3


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.5),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Fri, 20 Nov 2026 08:00:09 GMT"}, 9.0),
        ({"Retry-After": "Fri, 20 Nov 2026 07:00:00 GMT"}, 0.5),
        ({"X-RateLimit-Reset": "2026-11-20T08:00:12Z"}, 12.0),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "-5"}, 0.5),
        ({"Retry-After": "inf"}, 0.5),
        ({}, 0.5),
    ],
)
def test_a_pause_that_fits_is_kept(headers: dict[str, str], pause: float) -> None:
    """A read waits as long as a busy server asks, in seconds or until a date, and at least a moment."""
    bench = Bench()
    bench.fault("answer_before", Response(status=429, headers=headers))
    assert bench.read().status_code == 200
    assert bench.clock.slept == [pause]


@pytest.mark.parametrize("after", ["61", "1847", "Fri, 20 Nov 2026 09:00:00 GMT"])
def test_a_pause_beyond_the_deadline_is_handed_on(after: str) -> None:
    """A pause that outlasts the call's deadline is not slept through but handed on whole."""
    bench = Bench()
    bench.fault("answer_before", status(429, Retry_After=after, RateLimit_Reason="jira-quota-tenant-based"))
    error = failure(bench.read)
    assert isinstance(error, Busy)
    assert error.retry_after == (3600.0 if "GMT" in after else float(after))
    assert "jira-quota-tenant-based" in error.why
    assert bench.clock.slept == []


def test_a_pause_named_on_success_means_nothing() -> None:
    """Data Center sends retry-after: 0 with every answer."""
    bench = Bench()
    bench.fault("answer_before", Response(status=200, headers={"retry-after": "0"}, body=b"{}"))
    assert bench.read().status_code == 200
    assert (bench.clock.slept, len(bench.faulty.seen)) == ([], 1)


def test_the_deadline_bounds_all_tries_together() -> None:
    """Tries and pauses together end by the deadline."""
    bench = Bench(limits=Limits(deadline=5.0, tries=10))
    bench.fault("drop_before", times=None)
    assert isinstance(failure(bench.read), Unreachable)
    assert bench.clock.now - DAWN <= timedelta(seconds=5)


@pytest.mark.parametrize("code", [200, 204, 400, 401, 403, 404, 409, 410, 413, 500, 501])
def test_what_the_server_itself_says_is_for_the_connector(code: int) -> None:
    """An answer of the server's own is returned, whatever its status, to reads and writes alike."""
    for call in (Bench.read, Bench.write):
        bench = Bench()
        bench.fault("answer_before", status(code))
        assert call(bench).status_code == code


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        Response.of_text(200, "\n  <html>sign in</html>", "application/json"),
        Response.of_text(404, HTML_PAGE, "text/html"),
        Response.of_text(400, "blocked", "text/html"),
    ],
)
def test_a_web_page_is_never_data(page: Response) -> None:
    """A page in place of data is unreachable to a read; to a write it is doubtful where it claims success."""
    bench = Bench()
    bench.fault("answer_before", page, times=None)
    assert isinstance(failure(bench.read), Unreachable)
    assert isinstance(failure(bench.write), Ambiguous if page.status == 200 else Unreachable)


@pytest.mark.parametrize("code", [401, 403])
def test_a_page_that_denies_is_for_the_connector(code: int) -> None:
    """Data Center refuses a caller with a page, which the connector understands."""
    bench = Bench()
    bench.fault("answer_before", Response.of_text(code, HTML_PAGE, "text/html"))
    assert bench.read().status_code == code


@pytest.mark.parametrize("body", [b'{"a": [1, 2', b"", b"nonsense", b'{"a": "\xff"}'])
def test_half_an_answer_is_no_answer(body: bytes) -> None:
    """A body that is not whole JSON is unreachable to a read and ambiguous to a write."""
    bench = Bench()
    bench.fault("answer_before", Response(status=200, body=body), times=2)
    answer = bench.read()
    assert isinstance(failure(lambda: bench.wire.json(answer, write=False, kind="reading")), Unreachable)
    answer = bench.write()
    assert isinstance(failure(lambda: bench.wire.json(answer, write=True, kind="writing")), Ambiguous)


class Trickle(io.BytesIO):
    """A body that comes a byte at a time, each after a while."""

    def __init__(self, body: bytes, tick: Callable[[], None]) -> None:
        super().__init__(body)
        self._tick = tick

    def read1(self, size: int | None = -1) -> bytes:
        self._tick()
        return super().read(1)


class Slow(BaseAdapter):
    """A transport whose answers trickle."""

    def __init__(self, clock: Clock, body: bytes, seconds: float) -> None:
        super().__init__()
        self.asked = 0
        self._make = lambda: Trickle(body, lambda: clock.sleep(seconds))

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        self.asked += 1
        response = requests.Response()
        response.status_code = 200
        response.raw = urllib3.HTTPResponse(body=self._make(), status=200, preload_content=False)
        response.request = request
        return response

    def close(self) -> None:
        """Nothing to close."""


def test_a_trickle_does_not_outlast_the_deadline() -> None:
    """An answer that comes drop by drop ends with the deadline and is not asked for again."""
    clock = Clock()
    slow = Slow(clock, b"x" * 10_000, seconds=1.0)
    bench = Bench(transport=slow, times=clock.times(), limits=Limits(deadline=20.0))
    assert isinstance(failure(bench.read), Unreachable)
    assert (clock.now - DAWN, slow.asked) == (timedelta(seconds=20), 1)
    assert isinstance(failure(bench.write), Ambiguous)


def test_a_slow_answer_that_ends_in_time_is_taken() -> None:
    """A slow answer within the deadline is whole."""
    clock = Clock()
    bench = Bench(transport=Slow(clock, b'{"a":1}', seconds=1.0), times=clock.times())
    assert bench.read().json() == {"a": 1}


def test_a_flood_is_stopped() -> None:
    """An answer larger than the limit is not kept, and not asked for again."""
    bench = Bench(limits=Limits(most_bytes=1_000))
    bench.fault("answer_before", Response(status=200, body=b"x" * 100_000), times=None)
    assert isinstance(failure(bench.read), Unreachable)
    assert len(bench.faulty.seen) == 1


def test_secrets_are_cut_out_of_every_error() -> None:
    """A secret that a server echoes is hidden, plain and percent-encoded."""
    for echoed in (SECRET, "s3cret%2F%2Btoken", "s3cret/%2Btoken"):
        bench = Bench()
        bench.fault("answer_before", status(429, RateLimit_Reason=f"for {echoed}", Retry_After="999"))
        error = failure(bench.read)
        assert "for ***" in str(error)
        assert "s3cret" not in str(error)


def test_a_secret_that_http_cannot_carry_is_not_shown() -> None:
    """A token with a line break in it fails without being shown, also not in the chain of causes."""
    bench = Bench()
    error = failure(lambda: bench.read(headers={"Authorization": f"Bearer {SECRET}\r\nX: y"}))
    assert isinstance(error, Unreachable)
    assert SECRET not in str(error)
    assert error.__suppress_context__
    assert bench.faulty.seen == []


def test_a_certificate_that_is_not_trusted_means_nothing_was_done() -> None:
    """A failed check of the certificate is told apart from a connection that broke in the middle."""
    inner = ssl.SSLCertVerificationError(1, "certificate verify failed")
    inner.verify_message = "self-signed certificate"
    reason = urllib3.exceptions.SSLError(inner)
    pool = urllib3.HTTPSConnectionPool("jira.example")
    flaw = flaw_of(requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(pool, "/", reason)))
    assert (flaw.unsent, flaw.again) == (True, False)
    assert "self-signed" in flaw.why
    assert not flaw_of(requests.ConnectionError("reset by peer")).unsent


def test_a_refused_connection_means_that_nothing_was_done() -> None:
    """Where nobody listens a write is unreachable, not ambiguous."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wire = Wire("Jira", f"http://127.0.0.1:{port}", times=Clock().times())
    error = failure(lambda: wire.call("POST", "/thing", write=True, kind="writing"))
    assert isinstance(error, Unreachable)
    assert "refused" in error.why


def test_no_password_is_taken_from_the_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .netrc of the account that runs the bridge adds nothing to a call."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine jira.example login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    told: list[str] = []
    bench = Bench()
    bench.faulty.add(
        Fault(kind="answer_before", match=lambda request: bool(told.extend(request.headers)), times=1)
    )
    bench.read()
    assert "user-agent" in told
    assert "authorization" not in told


class Shop(ThreadingHTTPServer):
    """A real server that counts connections and ends some answers early."""

    daemon_threads = True
    connections = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class Clerk(BaseHTTPRequestHandler):
    """Answers on a kept connection; ``/half`` promises more than it sends, ``/bye`` hangs up."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/bye":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) * (2 if self.path == "/half" else 1)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path == "/half"

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def shop() -> Iterator[Shop]:
    """Run the server for a while."""
    server = Shop(("127.0.0.1", 0), Clerk)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def test_a_connection_is_kept_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls share one connection and take no proxy from the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with shop() as server:
        wire = Wire("Jira", f"http://127.0.0.1:{server.server_port}", times=Clock().times())
        for _ in range(5):
            assert wire.call("GET", "/ok", write=False, kind="reading").json() == {"ok": True}
        wire.close()
        assert server.connections == 1


@pytest.mark.parametrize("path", ["/half", "/bye"])
def test_an_answer_that_breaks_off_is_doubtful_to_a_write(path: str) -> None:
    """An answer shorter than promised, or none at all, is ambiguous to a write and repeated for a read."""
    with shop() as server:
        wire = Wire("Jira", f"http://127.0.0.1:{server.server_port}", times=Clock().times())
        assert isinstance(failure(lambda: wire.call("POST", path, write=True, kind="writing")), Ambiguous)
        assert isinstance(failure(lambda: wire.call("GET", path, write=False, kind="reading")), Unreachable)
        assert dict(wire.sent) == {("POST", "writing"): 1, ("GET", "reading"): 3}
        wire.close()
