"""The way out over real sockets: nowhere but home, by a trusted certificate, through the named proxy, as configured."""

from __future__ import annotations

import base64
import shutil
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from structlog.testing import capture_logs

from bridge.cli.alive import ping
from bridge.connectors.http import Limits, Times, Wire
from bridge.model.errors import BridgeError, Unreachable
from bridge.settings.shape import Alive
from tests.connectors.sockets import Authority, House, a_house, a_tunnel, an_authority

pytestmark = pytest.mark.promise("one address")

SECRET = "canary/s3cret+token"
TIMES = Times(monotonic=time.monotonic, now=lambda: datetime.now(UTC), sleep=lambda _: None)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def wire(url: str, **more: Any) -> Wire:
    """Return a way to one server, which carries a secret."""
    limits = Limits(deadline=10.0, connect=5.0, tries=1)
    return Wire("Jira", url, times=TIMES, limits=limits, secrets=lambda: [SECRET], **more)


def call(way: Wire, method: str = "GET") -> requests.Response:
    """Send one request with the secret in its header, and in its body where it has one."""
    body = {"password": SECRET} if method != "GET" else None
    headers = {"Authorization": f"Bearer {SECRET}"}
    try:
        return way.call(method, "/thing", write=method != "GET", kind="trying", json=body, headers=headers)
    finally:
        way.close()


def failure(way: Wire, method: str = "GET") -> BridgeError:
    """Return the error in which a request must end; it never holds the secret."""
    with pytest.raises(BridgeError) as caught:
        call(way, method)
    assert SECRET not in str(caught.value)
    return caught.value


# -- redirects

#: Where a redirect may try to lead, with the ports of home and of the stranger.
PLACES = {
    "another host": "http://localhost:{stranger}/take",
    "another port": "http://127.0.0.1:{stranger}/take",
    "another scheme": "https://127.0.0.1:{home}/take",
    "another protocol": "ftp://127.0.0.1:{stranger}/take",
    "without a protocol": "//127.0.0.1:{stranger}/take",
    "user information that looks like home": "http://127.0.0.1:{home}@127.0.0.1:{stranger}/take",
    "a backslash": "http://127.0.0.1:{stranger}\\@127.0.0.1:{home}/take",
    "three slashes": "///127.0.0.1:{stranger}/take",
    "the cloud's metadata": "http://169.254.169.254/latest/meta-data/",
    "a file": "file:///etc/passwd",
    "home itself": "http://127.0.0.1:{home}/take",
    "a path of home": "/take",
    "nothing": "",
}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", list(PLACES.values()), ids=list(PLACES))
def test_no_redirect_is_followed(code: int, where: str) -> None:
    """Whatever a redirect says, on a read and on a write, nothing is sent anywhere, and the error says what to do."""
    with a_house() as stranger, a_house() as home:
        place = where.format(home=home.port, stranger=stranger.port)
        headers = {"Location": f"{place}?token={SECRET}"} if place else {}
        home.answer = lambda _heard: (code, headers, b"")
        for number, method in enumerate(("GET", "POST", "PUT"), start=1):
            error = failure(wire(f"http://127.0.0.1:{home.port}"), method)
            assert isinstance(error, Unreachable)
            assert "was redirected" in error.what
            assert "configure the final address" in error.next_step
            assert len(home.heard) == number
        assert stranger.heard == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_the_dead_mans_switch_is_not_followed_elsewhere(code: int) -> None:
    """A redirect of the switch leads nowhere, although its own address is a secret that would go along."""
    with a_house() as stranger:
        target = {"Location": f"http://127.0.0.1:{stranger.port}/take"}
        with a_house(lambda _heard: (code, target, b"")) as home:
            ping(Alive.model_validate({"url": f"http://127.0.0.1:{home.port}/secret"}), {})
            assert [one.path for one in home.heard] == ["/secret"]
        assert stranger.heard == []


def test_a_switch_that_talks_without_end_is_not_listened_to() -> None:
    """The dead man's switch answered once its status is there; a body without an end keeps nobody from the next call."""
    hangs = threading.Event()

    class Talking(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"and so on")
            hangs.wait(30)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Talking)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with capture_logs() as told:
        ping(Alive.model_validate({"url": f"http://127.0.0.1:{server.server_port}/x"}), {})
    assert (hangs.is_set(), told) == (False, [])
    hangs.set()
    server.shutdown()
    server.server_close()


# -- certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority with a certificate for this machine."""
    return an_authority(tmp_path_factory.mktemp("ca"))


@needs_openssl
def test_a_private_authority_is_trusted_where_it_is_named_only(authority: Authority) -> None:
    """With ``ca_bundle`` the server is asked; without it nothing is sent, on a write nothing is in doubt either."""
    with a_house(context=authority.context()) as home:
        url = f"https://127.0.0.1:{home.port}"
        assert call(wire(url, ca_bundle=str(authority.ca))).json() == {"ok": True}
        for method in ("GET", "POST"):
            error = failure(wire(url), method)
            assert isinstance(error, Unreachable)
            assert "its certificate is not trusted" in error.why
        assert len(home.heard) == 1


@needs_openssl
def test_another_authority_and_another_name_are_refused(authority: Authority, tmp_path: Path) -> None:
    """A certificate of an authority that is not named, and one for another host, are both refused."""
    other = an_authority(tmp_path, "other", host="DNS:jira.example.com")
    with a_house(context=authority.context()) as home:
        way = wire(f"https://127.0.0.1:{home.port}", ca_bundle=str(other.ca))
        assert "its certificate is not trusted" in failure(way, "POST").why
        assert home.heard == []
    with a_house(context=other.context()) as home:
        way = wire(f"https://127.0.0.1:{home.port}", ca_bundle=str(other.ca))
        assert "its certificate is not trusted" in failure(way, "POST").why
        assert home.heard == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate at all"])
def test_certificates_that_cannot_be_used_mean_that_nothing_was_done(
    tmp_path: Path, content: bytes | None
) -> None:
    """A missing, empty or broken ``ca_bundle`` is told as what it is; the server is not asked without it."""
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    with a_house() as home:
        for method in ("GET", "POST"):
            error = failure(wire(f"https://127.0.0.1:{home.port}", ca_bundle=str(bundle)), method)
            assert isinstance(error, Unreachable)
        assert home.heard == []


#: What in an environment changes what other programs trust, ask or send.
SURROUNDINGS = (
    "PYTHONHTTPSVERIFY",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "NO_PROXY",
    "NETRC",
)


def surround(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set variables of the environment, and none of the others that could matter."""
    for name in SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@needs_openssl
@pytest.mark.parametrize(
    "name", ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "PYTHONHTTPSVERIFY"]
)
def test_no_variable_makes_a_certificate_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What the configuration does not name is not trusted, and none can switch the check off."""
    with a_house(context=authority.context()) as home:
        for value in (str(authority.ca), "", "0"):
            surround(monkeypatch, **{name: value})
            assert "not trusted" in failure(wire(f"https://127.0.0.1:{home.port}")).why
            ping(Alive.model_validate({"url": f"https://127.0.0.1:{home.port}/x"}), {})
        assert home.heard == []
        surround(monkeypatch, **{name: str(authority.ca)})
        trusting = {"url": f"https://127.0.0.1:{home.port}/x", "ca_bundle": str(authority.ca)}
        ping(Alive.model_validate(trusting), {})
        assert len(home.heard) == 1


def test_the_library_is_the_one_that_we_know() -> None:
    """The HTTP library below was not replaced by another one of the same name."""
    assert int(urllib3.__version__.partition(".")[0]) == 2
    assert int(urllib3.__version__.split(".")[1]) < 900
    assert urllib3.__file__.endswith("/urllib3/__init__.py")


# -- proxies


def test_a_request_goes_through_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``proxy`` everything goes there with the proxy's login, whatever NO_PROXY says; the login is re-read."""
    surround(monkeypatch, NO_PROXY="*")
    logins = iter(("svc:first/pass@word", "svc:second"))
    with a_house() as proxy:
        way = wire(
            "http://jira.invalid/root",
            proxy=f"http://127.0.0.1:{proxy.port}",
            proxy_login=lambda: next(logins),
        )
        for _ in range(2):
            assert call(way).json() == {"ok": True}
        sent = [
            base64.b64decode(one.headers["Proxy-Authorization"].removeprefix("Basic ")) for one in proxy.heard
        ]
        assert sent == [b"svc:first/pass@word", b"svc:second"]
        assert {one.path for one in proxy.heard} == {"http://jira.invalid/root/thing"}


@needs_openssl
def test_through_a_proxy_the_server_is_checked_all_the_same(authority: Authority) -> None:
    """TLS reaches through the proxy: it is told host and port only, and cannot stand in for the server."""
    with a_house(context=authority.context()) as home, a_tunnel(home.port) as told:
        url = f"https://127.0.0.1:{home.port}"
        way = wire(url, proxy=told[0], proxy_login=lambda: "svc:pass", ca_bundle=str(authority.ca))
        assert call(way).json() == {"ok": True}
        assert "not trusted" in failure(wire(url, proxy=told[0])).why
    assert all(line.startswith(f"CONNECT 127.0.0.1:{home.port} ") for line in told[1:])
    assert "Proxy-Authorization: Basic c3ZjOnBhc3M=" in told[1]
    assert SECRET not in "".join(told)
    assert len(home.heard) == 1
    assert "Proxy-Authorization" not in home.heard[0].headers


def test_a_proxy_that_is_away_is_not_gone_around() -> None:
    """Where the proxy does not answer nothing is sent past it, and its login is not shown."""
    with a_house() as home:
        way = wire(
            f"http://127.0.0.1:{home.port}", proxy="http://127.0.0.1:9", proxy_login=lambda: "svc:pass-canary"
        )
        error = failure(way, "POST")
        assert isinstance(error, Unreachable)
        assert "canary" not in str(error)
        assert home.heard == []


@pytest.mark.parametrize(
    "name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
)
def test_no_variable_leads_through_a_proxy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Requests, and the dead man's switch, go straight where no proxy is configured."""
    with a_house() as home, a_house() as proxy:
        surround(monkeypatch, **{name: f"http://127.0.0.1:{proxy.port}"})
        assert call(wire(f"http://127.0.0.1:{home.port}")).json() == {"ok": True}
        ping(Alive.model_validate({"url": f"http://127.0.0.1:{home.port}/x"}), {})
        assert (len(home.heard), proxy.heard) == (2, [])


def test_no_login_of_the_surroundings_goes_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither .netrc nor anything else adds a login to a request, to the proxy's or to the switch's."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login a password b\n")
    netrc.chmod(0o600)
    surround(monkeypatch, NETRC=str(netrc))

    def headers(house: House) -> list[str]:
        return [one.headers.get("Authorization", "") for one in house.heard]

    with a_house() as home:
        way = wire(f"http://127.0.0.1:{home.port}")
        way.call("GET", "/thing", write=False, kind="trying")
        way.close()
        ping(Alive.model_validate({"url": f"http://127.0.0.1:{home.port}/x"}), {})
        assert headers(home) == ["", ""]
