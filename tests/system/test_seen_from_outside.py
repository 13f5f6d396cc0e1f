"""The running daemon as systemd, a monitor and an operator see it; and its reload."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain, repeat
from pathlib import Path
from typing import NoReturn

import pytest
import requests

from bridge.daemon import Daemon
from bridge.model.errors import Unreachable
from bridge.pulse import Pulse
from bridge.systemd import Notifier
from tests.system.place import PATIENCE, Place, Running, until

pytestmark = pytest.mark.promise("seen from outside")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def address(daemon: Running) -> str:
    """Where the daemon serves its pages."""
    until(lambda: daemon.events("pages_served"))
    return str(daemon.events("pages_served")[0]["address"])


def servers(text: str, metric: str) -> set[tuple[str, str]]:
    """The servers that a metric names, by side and system."""
    return set(re.findall(rf'^{metric}\{{.*side="(\w+)",system="(\w+)"', text, re.MULTILINE))


@contextmanager
def a_switch() -> Iterator[tuple[str, list[str]]]:
    """A dead man's switch: its address, and the paths at which it was called."""
    called: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/secret-path", called
    server.shutdown()
    server.server_close()


def test_pages_status_and_switch_follow_the_daemon(place: Place) -> None:
    """Health, metrics, `status` and the dead man's switch all tell of a daemon that makes progress."""
    place.opens("#ticket the sum is blank")
    with a_switch() as (url, called):
        place.configure(top=f'web: {{port: 0}}\nalive: {{url: "{url}", every: 1s}}')
        assert place.run("status").code == 1
        with place.running() as daemon:
            pages = address(daemon)
            until(lambda: requests.get(pages + "/readyz", timeout=10).status_code == 200)
            until(place.tickets)
            daemon.looks_again()
            assert requests.get(pages + "/healthz", timeout=10).status_code == 200
            text = requests.get(pages + "/metrics", timeout=10).text
            assert 'bridge_held_incidents{pair="retail",stage="linked"} 1.0' in text
            assert re.search(r'bridge_held_oldest_seconds\{pair="retail"\} \d', text)
            assert servers(text, "bridge_http_requests_total") == servers(text, "bridge_breaker_open")
            assert not re.search(r"INC\d", text)
            (status,) = place.run("status", "--json").json
            assert (status["late"], status["held"], status["dead"]) == (False, {"linked": 1}, 0)
            assert "1 held (1 linked)" in place.run("status").out
            until(lambda: called)
            daemon.signals()
            assert daemon.ends() == 0
        assert set(called) == {"/secret-path"}
        assert not any("secret-path" in line for line in daemon.lines)


def test_systemd_hears_of_start_progress_and_end(place: Place, tmp_path: Path) -> None:
    """READY once, WATCHDOG while looks are finished, a STATUS line with figures, STOPPING at the end."""
    heard: list[str] = []
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = tmp_path / "notify"
    listening.bind(str(path))

    def listen() -> None:
        while lines := listening.recv(4096).decode():
            heard.extend(lines.split("\n"))

    threading.Thread(target=listen, daemon=True).start()
    place.environ["NOTIFY_SOCKET"] = str(path)
    place.opens("#ticket the sum is blank")
    with place.running() as daemon:
        until(lambda: "WATCHDOG=1" in heard)
        until(lambda: any(re.fullmatch(r"STATUS=\d+ held, lag \d+ s, \d+ dead", line) for line in heard))
        daemon.signals()
        assert daemon.ends() == 0
    until(lambda: "STOPPING=1" in heard)
    assert heard[0] == "READY=1"


def test_systemd_reads_of_a_look_that_hangs(tmp_path: Path) -> None:
    """Without progress the watchdog is not fed and the dead man's switch is silent, but the STATUS line goes on."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(PATIENCE)
    clock = iter(chain([NOON], repeat(NOON + timedelta(hours=1))))
    pinged: list[int] = []
    goes_on = threading.Event()

    def hangs() -> NoReturn:
        goes_on.wait(PATIENCE)
        raise Unreachable("it hung")

    pulse = Pulse(clock=lambda: next(clock), poll=timedelta(seconds=30))
    daemon = Daemon(
        cycles={"retail": hangs},
        resyncs={"retail": hangs},
        poll=timedelta(seconds=30),
        resync_at=(3, 0),
        pulse=pulse,
        notifier=Notifier(address=str(tmp_path / "notify")),
        status=lambda: f"no progress: {', '.join(pulse.late())}",
        ping=lambda: pinged.append(1),
    )
    running = threading.Thread(target=daemon.run, daemon=True)
    running.start()
    heard = [listening.recv(4096).decode() for _ in range(2)]
    daemon.stop.set()
    goes_on.set()
    running.join(PATIENCE)
    assert heard == ["READY=1", "STATUS=no progress: retail"]
    assert pinged == []


def test_a_reload_takes_new_rules_or_keeps_the_old_ones(place: Place) -> None:
    """On SIGHUP a usable configuration is taken whole; a broken one is told with its place and changes nothing."""
    place.configure(top="web: {port: 0}")
    with place.running() as daemon:
        pages = address(daemon)
        daemon.looks_again()
        rules = place.folder / "rules.yaml"
        good = rules.read_text(encoding="utf-8")
        rules.write_text(good.replace("project:", "projekt:"), encoding="utf-8")
        daemon.signals(signal.SIGHUP)
        until(lambda: daemon.events("reload_failed"))
        assert "rules.yaml:" in str(daemon.events("reload_failed")[0])
        assert "the old configuration goes on" in daemon.events("reload_failed")[0]["next"]
        assert "bridge_config_last_reload_successful 0.0" in requests.get(pages + "/metrics", timeout=10).text
        number = place.opens("#ticket the sum is blank")
        until(lambda: place.key(number))
        rules.write_text(good.replace('"#ticket"', '"#newphrase", "#ticket"'), encoding="utf-8")
        daemon.signals(signal.SIGHUP)
        until(lambda: daemon.events("reload_done"))
        daemon.looks_again()
        assert "bridge_config_last_reload_successful 1.0" in requests.get(pages + "/metrics", timeout=10).text
        other = place.opens("#ticket the page is blank")
        until(lambda: place.key(other))
        place.configure(top="web: {port: 0}", state="sqlite:///other.db")
        daemon.signals(signal.SIGHUP)
        until(lambda: len(daemon.events("reload_failed")) == 2)
        assert "state cannot be changed" in daemon.events("reload_failed")[1]["what"]
        daemon.signals()
        assert daemon.ends() == 0
    place.configure(top="web: {port: 0}")
    trail = [json.loads(line) for line in place.run("audit", "--json").out.splitlines()]
    reloads = [(line["outcome"], line["words"]) for line in trail if line["what"] == "reload"]
    assert [outcome for outcome, _ in reloads] == ["refused", "done", "refused"]
    assert "rules.yaml:" in reloads[0][1]
    assert len(place.tickets()) == 2


def test_pages_for_everybody_must_be_asked_for(place: Place) -> None:
    """Without a log-in the pages listen on this machine only, unless the configuration says that it may be more."""
    place.configure(top='web: {port: 0, host: "0.0.0.0"}')
    refused = place.run("check")
    assert refused.code == 78
    assert "everybody: true" in refused.told


def test_a_signal_tells_where_everything_stands(place: Place) -> None:
    """SIGUSR1 changes nothing and logs the status and the functions that each thread is in."""
    with place.running() as daemon:
        daemon.looks_again(1)
        daemon.signals(signal.SIGUSR1)
        until(lambda: daemon.events("daemon_stands"))
        (told,) = daemon.events("daemon_stands")
        assert any("daemon.py" in call and call.endswith(" run") for call in told["threads"]["MainThread"])
        assert "desk-password" not in str(told)
        assert told["status"]
        daemon.looks_again()


def test_a_signal_makes_it_look_now(place: Place) -> None:
    """SIGUSR2 is followed by a look at once, however long the poll is."""
    place.configure()
    path = place.folder / "bridge.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("poll: 1s", "poll: 1h"), encoding="utf-8")
    with place.running() as daemon:
        daemon.looks_again(1)
        number = place.opens("#ticket the sum is blank")
        daemon.signals(signal.SIGUSR2)
        until(lambda: place.key(number) == "FRONT-1")
