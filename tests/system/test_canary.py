"""A canary in every place that may hold a secret, driven through everything that goes well and wrong: it is seen nowhere."""

from __future__ import annotations

import base64
import html
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import requests

from bridge.simulators.faults import Fault
from bridge.simulators.wire import Request, Response
from tests.connectors.sockets import House, a_house
from tests.system.place import Place, Running, creates, until

pytestmark = pytest.mark.promise("secrets")

#: Every secret of the configuration; each with signs that URLs, JSON, HTML and Python spell otherwise.
PASSWORD = 'kestrel-desk "pass" wörd/100%+&<x>'
TOKEN = "kestrel-tracker-token/+=A1&<b>'"
PROXY = "kestrel-proxy:kestrel/proxy pass+1"
SWITCH = "kestrel-switch-0f2c"
CANARIES = (PASSWORD, TOKEN, PROXY, PROXY.partition(":")[2], SWITCH)


def spelt(secret: str) -> set[str]:
    """Spell a secret in every way in which it may get out, by other means than the bridge's own."""
    raw = secret.encode()
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        quote(secret, safe="").lower(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        base64.b64encode(f"svc-bridge@example.com:{secret}".encode()).decode(),
        base64.b64encode(f"svc-bridge:{secret}".encode()).decode(),
    }


TRACES = {form for canary in CANARIES for form in spelt(canary)} | {
    "kestrel",
    base64.b64encode(b"kestrel")[:8].decode(),
}


def clean(what: str, content: str | bytes) -> None:
    """Nothing of this holds a canary in any spelling."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    found = [trace for trace in TRACES if trace.encode() in raw]
    assert not found, f"{what} holds {found}: {raw[max(raw.find(found[0].encode()) - 200, 0) :][:400]!r}"


@pytest.fixture
def watched(place: Place) -> Iterator[tuple[Place, House, House]]:
    """A place with canaries in every secret, and two strangers: a proxy's and a switch's house."""
    place.world.desk.add_account("svc-bridge", PASSWORD)
    place.world.tracker.reissue("svc-bridge", TOKEN)
    for name, value in (("password", PASSWORD), ("token", TOKEN), ("proxy", PROXY)):
        path = place.folder / f"{name}.secret"
        path.write_text(value + "\n", encoding="utf-8")
        path.chmod(0o600)
    place.environ.pop("REMEDY_PASSWORD")
    place.environ.pop("JIRA_TOKEN")
    with a_house() as stranger, a_house(lambda _heard: (500, {}, SWITCH.encode())) as switch:
        address = place.folder / "switch.secret"
        address.write_text(f"http://127.0.0.1:{switch.port}/{SWITCH}", encoding="utf-8")
        address.chmod(0o600)
        configure(place)
        yield place, stranger, switch


def configure(place: Place, **more: str) -> None:
    """Write the configuration with every secret in it."""
    desk = more.get("desk", f'url: "{place.stand.desk_url}"')
    place.configure(
        top="web: {port: 0}\nlogs: {level: debug, format: json}\nalive: {url_in: {file: switch.secret}, every: 1s}",
        desk=f"{desk}, password: {{file: password.secret}}",
        tracker=f'url: "{place.stand.tracker_url}", email: svc-bridge@example.com, token: "${{file:token.secret}}"',
    )


def echo(request: Request) -> str:
    """What a careless server repeats of a request: its credentials, its body, and what it holds of the account."""
    return f"bad {request.headers.get('authorization', '')} {request.body.decode('utf-8', 'replace')} {PASSWORD} {TOKEN}"


class Echoing:
    """A server in front of another that answers some requests by repeating their secrets."""

    def __init__(self, place: Place, side: str, status: int, kind: str) -> None:
        self._wire = place.world.desk_wire if side == "desk" else place.world.tracker_wire
        self._inner = self._wire.inner
        self._status, self._kind, self._side = status, kind, side
        self.answered = 0

    def handle(self, request: Request) -> Response:
        """Answer with an echo, whatever is asked."""
        self.answered += 1
        text = echo(request)
        if self._kind == "page":
            return Response.of_text(self._status, f"<html>{html.escape(text)} {text}</html>", "text/html")
        if self._side == "desk":
            said = {
                "messageType": "ERROR",
                "messageNumber": 9999,
                "messageText": text,
                "messageAppendedText": text,
            }
            return Response.of_json(self._status, [said])
        return Response.of_json(
            self._status,
            {"errorMessages": [text], "errors": {"summary": text}, "message": text},
            {"X-AAccountId": "1", "X-Seraph-LoginReason": "OK", "RateLimit-Reason": TOKEN},
        )

    def __enter__(self) -> Echoing:
        self._wire.inner = self
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.inner = self._inner


def process(daemon: Running) -> None:
    """Neither the list of processes nor the environment of the daemon and its children holds a canary."""
    pids = [daemon.process.pid]
    for folder in Path(f"/proc/{daemon.process.pid}/task").iterdir():
        children = folder / "children"
        pids += (
            [int(pid) for pid in children.read_text(encoding="ascii").split()] if children.exists() else []
        )
    for pid in pids:
        for name in ("cmdline", "environ"):
            clean(f"{name} of process {pid}", Path(f"/proc/{pid}/{name}").read_bytes())


def shown(place: Place, *arguments: str) -> None:
    """A command shows no canary, whatever it has to tell."""
    done = place.run(*arguments)
    clean(" ".join(arguments), done.out + done.err)


def everything_shown(place: Place, number: str) -> None:
    """Every command that tells something tells no canary."""
    for command in (
        ("check",),
        ("check", "--live", "--json"),
        ("plan",),
        ("explain", number),
        ("explain", number, "--json"),
        ("status", "--json"),
        ("held", "--json"),
        ("audit", "--json"),
        ("dead", "list", "--json"),
        ("state", "export"),
        ("state", "verify"),
    ):
        shown(place, *command)


def test_no_canary_gets_out(watched: tuple[Place, House, House]) -> None:
    """Success, echoes of every kind, redirects, wrong secrets, a crash and every command: no canary anywhere."""
    place, stranger, switch = watched
    number = place.opens("#ticket the sum is blank")
    with place.running() as daemon:
        until(lambda: place.key(number))
        until(lambda: switch.heard)
        process(daemon)
        away = f"http://localhost:{stranger.port}/?t={quote(TOKEN)}"
        redirect = Response(status=307, headers={"Location": away}, body=b"")
        for wire in (place.world.desk_wire, place.world.tracker_wire):
            fault = wire.add(Fault(kind="answer_before", times=None, answer=redirect))
            daemon.looks_again(1)
            wire.faults.remove(fault)
        # A refused account comes last: from then on the bridge keeps its secret back, until it is told to reload.
        for status, kind in ((500, "data"), (400, "data"), (429, "data"), (403, "page"), (401, "data")):
            for side in ("desk", "tracker"):
                place.asks(number, f"a note before {side} {status}")
                with Echoing(place, side, status, kind) as echoing:
                    until(lambda echoing=echoing: echoing.answered)
                    daemon.looks_again(1)
            if status in (401, 403):
                reloads(daemon)
        address = daemon.events("pages_served")[0]["address"]
        for page in ("metrics", "healthz", "readyz", "none"):
            answer = requests.get(f"{address}/{page}", timeout=10)
            clean(page, answer.content + str(answer.headers).encode())
        process(daemon)
        other = place.opens("#ticket another one")
        place.world.tracker_wire.add(
            Fault(
                kind="call_after",
                match=creates,
                call=lambda: (daemon.process.kill(), daemon.process.wait(10))[0],
            )
        )
        assert daemon.ends() == -signal.SIGKILL
    with place.running() as again:
        until(lambda: place.key(other))
        again.signals()
        assert again.ends() == 0
    wrong_secrets(place)
    shown(place, "state", "backup", "backup.db")
    everything_shown(place, number)
    for line in (*daemon.lines, *again.lines):
        clean("the log", line)
    for path in sorted(place.folder.rglob("*")):
        if path.is_file() and path.suffix != ".secret":
            clean(str(path), path.read_bytes())
    assert stranger.heard == []
    assert {one.path for one in switch.heard} == {f"/{SWITCH}"}


def reloads(daemon: Running) -> None:
    """Let the daemon read its configuration anew, as somebody does who repaired an account."""
    before = len(daemon.events("reload_done"))
    daemon.signals(signal.SIGHUP)
    until(lambda: len(daemon.events("reload_done")) > before)


def wrong_secrets(place: Place) -> None:
    """The servers know the account no more, and say so by repeating what they were sent."""
    place.world.desk.add_account("svc-bridge", "another one")
    place.world.desk.revoke_all()
    place.world.tracker.reissue("svc-bridge", "another one")
    shown(place, "once")
    shown(place, "check", "--live")
    place.world.desk.add_account("svc-bridge", PASSWORD)
    place.world.tracker.reissue("svc-bridge", TOKEN)


@pytest.mark.deep
def test_no_canary_gets_out_on_the_way(watched: tuple[Place, House, House]) -> None:
    """A proxy that refuses, certificates that are not there and addresses that lead nowhere show no canary either."""
    place, _, _ = watched
    with a_house(lambda _heard: (407, {"Proxy-Authenticate": "Basic"}, PROXY.encode())) as proxy:
        way = f"proxy: 'http://127.0.0.1:{proxy.port}', proxy_login: {{file: proxy.secret}}"
        for url, more in (
            ("http://itsm.invalid", way),
            ("https://itsm.invalid", way),
            ("https://127.0.0.1:9", "ca_bundle: none.pem"),
            ("http://nowhere.invalid", ""),
        ):
            configure(place, desk=", ".join(filter(None, (f'url: "{url}"', more))))
            shown(place, "once")
            shown(place, "check", "--live")
        assert any("Proxy-Authorization" in one.headers for one in proxy.heard)


@pytest.mark.parametrize("name", ["password", "token", "switch"])
def test_a_canary_in_the_wrong_place_is_not_repeated(watched: tuple[Place, House, House], name: str) -> None:
    """A secret written into the configuration itself, or readable for everybody, is refused without being shown."""
    place, _, _ = watched
    path = place.folder / f"{name}.secret"
    path.chmod(0o644)
    refused = place.run("run")
    assert refused.code == 78
    assert "is open to every account" in refused.told
    clean("run", refused.out + refused.err)
    literal = json.dumps(path.read_text(encoding="utf-8").strip(), ensure_ascii=False)
    config = place.folder / "bridge.yaml"
    text = config.read_text(encoding="utf-8")
    written = text.replace(f"{{file: {name}.secret}}", literal).replace(f'"${{file:{name}.secret}}"', literal)
    assert written != text
    config.write_text(written, encoding="utf-8")
    for command in ("check", "run"):
        refused = place.run(command)
        assert refused.code == 78
        assert "a secret is never written here" in refused.told
        clean(command, refused.out + refused.err)


@pytest.mark.parametrize("secret", CANARIES)
def test_the_search_for_canaries_sees_them(secret: str) -> None:
    """The search above does find a secret in every spelling, also inside of other bytes."""
    for form in spelt(secret):
        with pytest.raises(AssertionError, match="holds"):
            clean("something", b"\x00before " + form.encode() + b" after\xff")
