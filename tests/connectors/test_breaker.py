"""The breaker and the rests of one server: who may ask, when, and who may not be held up by whom."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.app import build
from bridge.connectors.breaker import Breaker, Circuit
from bridge.connectors.call import Times
from bridge.connectors.gate import Gate
from bridge.connectors.http import Wire
from bridge.connectors.rests import Asking, Rests, label_of
from bridge.model.errors import Ambiguous, BridgeError, Busy, Unreachable
from bridge.settings import load_settings
from bridge.simulators.faults import Fault, Faulty
from bridge.simulators.transport import InProcess
from bridge.simulators.wire import Request, Response
from bridge.state.store import Store

pytestmark = pytest.mark.promise("calm")

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Server:
    """A server that answers, and the wires to it that two pairs use."""

    def __init__(self) -> None:
        self.now = NOON
        self.faulty = Faulty(inner=self)
        self.gate = Gate.of(self.monotonic)
        self.wires = [self.wire(), self.wire()]

    def handle(self, request: Request) -> Response:
        """Answer anything."""
        return Response.of_json(200, {"path": request.path})

    def monotonic(self) -> float:
        """The present second."""
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def wire(self) -> Wire:
        """A further wire behind the same gate."""
        times = Times(monotonic=self.monotonic, now=lambda: self.now, sleep=self.sleep)
        transport = InProcess(self.faulty)
        return Wire("Jira", "https://jira.example", times=times, transport=transport, gate=self.gate)

    def read(self, pair: int = 0, kind: str = "reading") -> BridgeError | None:
        """Read as one of the pairs; returns what went wrong."""
        return told(lambda: self.wires[pair].call("GET", "/x", write=False, kind=kind))

    def write(self, pair: int = 0, thing: str = "1", kind: str = "writing") -> BridgeError | None:
        """Write to a thing as one of the pairs; returns what went wrong."""
        return told(lambda: self.wires[pair].call("POST", "/x", write=True, kind=kind, thing=thing, json={}))

    @property
    def asked(self) -> int:
        """How many requests reached it."""
        return len(self.faulty.seen)


def told(what: object) -> BridgeError | None:
    """Return the error that a call ends in, None where it ends well."""
    try:
        what()  # type: ignore[operator]
    except BridgeError as error:
        return error
    return None


@pytest.fixture
def server() -> Server:
    """A server."""
    return Server()


def test_three_calls_without_an_answer_open_it_and_any_answer_closes_it() -> None:
    """Only failures in a row count; the outage begins with the first of them; after it one failure is enough."""
    circuit = Circuit().failed(1.0, "a", pause=30).failed(2.0, "b", pause=30)
    assert not circuit.answered().failed(3.0, "c", pause=30).open
    circuit = circuit.failed(3.0, "c", pause=30)
    assert (circuit.open, circuit.since, circuit.why, circuit.next_probe) == (True, 1.0, "c", 33.0)
    assert not circuit.admits(32.0, write=False)
    assert circuit.admits(33.0, write=False)
    back = circuit.answered()
    assert not back.open
    assert back.failed(40.0, "d", pause=30).open
    assert not back.answered().failed(40.0, "d", pause=30).open


@pytest.mark.parametrize("kind", ["drop_before", "time_out_after", "answer_before"])
def test_an_open_breaker_lets_one_read_through_each_pause(server: Server, kind: str) -> None:
    """In half an hour of calls every second at most sixty requests leave, whoever of the pairs calls."""
    server.faulty.add(Fault(kind=kind, times=None))  # type: ignore[arg-type]
    began = server.now
    while server.now - began < timedelta(minutes=30):
        assert server.read(pair=server.now.second % 2) is not None
        server.sleep(1)
    assert 50 <= server.asked <= 66
    server.faulty.clear()
    server.sleep(40)
    assert server.read() is None
    assert server.read(pair=1) is None


def test_probes_are_spread() -> None:
    """Chance makes a pause longer and never shorter, so that sixty requests are enough for half an hour."""
    now = [0.0]
    breaker = Breaker(monotonic=lambda: now[0], random=lambda: 0.9)
    for _ in range(3):
        breaker.failed("away")
    now[0] = 30.0
    assert not breaker.admits(write=False)
    now[0] = 37.0
    assert breaker.admits(write=False)


def test_a_write_is_never_the_probe(server: Server) -> None:
    """While a server is away a write fails without leaving, so that nothing becomes unclear; nothing was done."""
    server.faulty.add(Fault(kind="drop_after", times=None))
    for _ in range(3):
        server.read()
    before = server.asked
    server.sleep(300)
    error = server.write()
    assert type(error) is Unreachable
    assert "no answer since 2026-11-20 12:00" in error.why
    assert server.asked == before
    assert server.read() is not None
    assert server.asked == before + 1


def test_a_write_without_an_answer_stays_unclear(server: Server) -> None:
    """Losing the answer to a write is counted like any failure, and told as what it is."""
    server.faulty.add(Fault(kind="time_out_after", times=3))
    assert [type(server.write()) for _ in range(4)] == [Ambiguous, Ambiguous, Ambiguous, Unreachable]
    assert server.asked == 3


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_what_a_server_says_itself_never_opens_it(server: Server, status: int) -> None:
    """A server that refuses, or fails by itself, is there."""
    server.faulty.add(Fault(kind="answer_before", times=None, answer=Response.of_text(status, "no")))
    for _ in range(10):
        server.read()
        server.sleep(10)
    assert not server.gate.breaker.circuit.open


def test_a_gateway_that_names_a_time_is_obeyed(server: Server) -> None:
    """503 with Retry-After puts the next probe off until then, an hour at most."""
    answer = Response(status=503, headers={"Retry-After": "600"}, body=b"")
    server.faulty.add(Fault(kind="answer_before", times=None, answer=answer))
    for _ in range(3):
        assert isinstance(server.read(), Busy)
    before = server.asked
    server.sleep(599)
    assert isinstance(server.read(), Unreachable)
    assert server.asked == before
    server.sleep(2)
    server.read()
    assert server.asked == before + 1


def test_only_one_of_many_threads_probes(server: Server) -> None:
    """However many threads ask at once when the pause is over, one request leaves."""
    server.faulty.add(Fault(kind="drop_before", times=None))
    for _ in range(3):
        server.read()
    server.sleep(31)
    before, barrier = server.asked, threading.Barrier(8)
    wires = [server.wire() for _ in range(8)]

    def ask(wire: Wire) -> None:
        barrier.wait()
        told(lambda: wire.call("GET", "/x", write=False, kind="reading"))

    threads = [threading.Thread(target=ask, args=(wire,)) for wire in wires]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == before + 1


def limited(reason: str | None, after: str | None = "60", times: int | None = 1) -> Fault:
    """A refusal for too many requests."""
    headers = {"RateLimit-Reason": reason} if reason else {}
    headers |= {"Retry-After": after} if after else {}
    return Fault(kind="answer_before", times=times, answer=Response(status=429, headers=headers, body=b"{}"))


def test_a_limit_of_one_issue_holds_up_writes_to_it_alone(server: Server) -> None:
    """After jira-per-issue-on-write other issues are written to and this one is read, by any pair."""
    server.faulty.add(limited("jira-per-issue-on-write"))
    error = server.write(thing="1")
    assert isinstance(error, Busy)
    assert error.scope == "object"
    before = server.asked
    assert isinstance(server.write(pair=1, thing="1", kind="moving"), Busy)
    assert server.asked == before
    assert server.write(thing="2") is None
    assert server.read() is None
    server.sleep(60)
    assert server.write(thing="1") is None


def test_a_burst_holds_up_its_endpoint_alone(server: Server) -> None:
    """After jira-burst-based the same kind of call waits, for all pairs; other kinds go on."""
    server.faulty.add(limited("jira-burst-based"))
    assert isinstance(server.write(kind="opening a ticket"), Busy)
    before = server.asked
    error = server.write(pair=1, thing="2", kind="opening a ticket")
    assert isinstance(error, Busy)
    assert error.scope == "endpoint"
    assert server.asked == before
    assert server.write(kind="writing a comment") is None


@pytest.mark.parametrize(
    ("reason", "after", "seconds"),
    [
        ("jira-quota-tenant-based", "600", 600),
        ("jira-quota-global-based", "Fri, 20 Nov 2026 12:20:00 GMT", 1200),
        ("jira-quota-global-based", None, 3600),
        ("jira-quota-tenant-based", "999999999", 3600),
        (None, "90", 90),
        ("something-new", "90", 90),
    ],
)
def test_a_quota_stops_everything_until_it_is_given_back(
    server: Server, reason: str | None, after: str | None, seconds: int
) -> None:
    """No request leaves before the time, given in seconds, as a date, or on the hour; then all goes on.

    The session of the ``jira`` package asks again after a minute at most, and fails over a date.
    """
    server.faulty.add(limited(reason, after))
    assert isinstance(server.read(), Busy)
    before = server.asked
    server.sleep(seconds - 1)
    error = server.write(pair=1)
    assert isinstance(error, Busy)
    assert (error.scope, round(error.retry_after)) == ("system", 1)
    assert isinstance(server.read(kind="searching"), Busy)
    assert server.asked == before
    server.sleep(1)
    assert server.read() is None
    assert server.write() is None
    assert round(sum(server.gate.rests.seconds.values())) == seconds


def test_seconds_are_counted_once_and_by_known_reasons() -> None:
    """Two pairs that are refused at once do not count twice; no server makes up labels of its own."""
    rests = Rests(monotonic=lambda: 5.0)
    busy = Busy("", retry_after=60, scope="system")
    for _ in range(2):
        rests.ask(Asking(endpoint="GET x"), busy, label_of("jira-burst-based"))
    assert rests.seconds == {"jira-burst-based": 60.0}
    assert label_of('x"} 1') == "unnamed"


CONFIG = """\
state: sqlite:///bridge.db
desks:
  itsm: {connector: remedy, username: svc, url: "https://desk.example", password: {env: P}}
trackers:
  one: {connector: jira, url: "https://jira.example/", token: {env: T}, ask_again: 45s}
  other: {connector: jira, url: "https://JIRA.example:443", token: {env: T}}
pairs:
  - {name: a, desk: itsm, tracker: one, rules: RULES}
  - {name: b, desk: itsm, tracker: one, rules: RULES}
  - {name: c, desk: itsm, tracker: other, rules: RULES}
"""


def test_a_process_has_one_breaker_for_each_server(tmp_path: Path) -> None:
    """Pairs share it, and so do two names of one server; its pause is the longest that any of them names."""
    rules = Path(__file__).parents[2] / "config" / "rules" / "frontline.yaml"
    (tmp_path / "bridge.yaml").write_text(CONFIG.replace("RULES", f'["{rules}"]'), encoding="utf-8")
    settings = load_settings(tmp_path / "bridge.yaml")
    with (
        Store.open("sqlite://", exclusive=True) as store,
        build(settings, store, {"P": "p", "T": "t"}) as app,
    ):
        trackers = [app.gate_of(pair, "tracker") for pair in "abc"]
        assert trackers[0] is trackers[1] is trackers[2]
        assert trackers[0].breaker.pause == 45.0
        assert app.gate_of("a", "desk") is app.gate_of("b", "desk") is not trackers[0]
        for _ in range(3):
            trackers[0].breaker.failed("the connection was lost")
        assert [away.side for away in app.outages("c")] == ["tracker"]
        assert app.standing().open[("tracker", "other")] is True
        assert app.standing().open[("desk", "itsm")] is False
