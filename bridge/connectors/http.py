"""The one way out: the HTTP policy that every connector shares.

A ``Wire`` calls the configured origin and nothing else, follows no redirect, ends every call by a total
deadline, and repeats reads only.  It must never repeat a write, never believe a web page where data was asked
for, and never put a secret into an error.  What a status up to 501 means is for the connector to say;
everything that went wrong on the way is raised from here as an error of ``bridge.model.errors``.

One ``Wire`` belongs to one thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from json import loads
from typing import Any, NoReturn
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Url

from bridge.connectors.signs import (
    PORTS,
    Flaw,
    flaw_of,
    is_page,
    origin,
    parsed,
    redirect_host,
    retry_after,
)
from bridge.model.errors import Ambiguous, Busy, ConfigError, Unreachable
from bridge.model.secrecy import spellings

#: From here on a gateway speaks in the server's place; 500 and 501 are the server's own.
_FIRST_GATEWAY_STATUS = 502
_TOO_MANY = 429
_UNAVAILABLE = 503
#: Seconds to stay away where a busy server does not say how long.
_DEFAULT_REST = 5.0
_FIRST_PAUSE = 0.5
_CHUNK = 65_536
#: Judged by the connector even as a web page: Jira Data Center sends its CAPTCHA refusal as HTML.
_JUDGED_AS_PAGE = frozenset({401, 403})

_SIGN_ON = "where single sign-on or a proxy stands in front, let the REST paths pass it"

#: Anything that ``requests`` takes as ``auth=``.
Auth = requests.auth.AuthBase | tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds for a whole call and for connecting, tries of a read, bytes of a body."""

    deadline: float = 60.0
    connect: float = 10.0
    tries: int = 3
    most_bytes: int = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The clocks of a wire: ``monotonic`` and ``sleep`` in seconds, ``now`` in UTC for Retry-After dates."""

    monotonic: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(slots=True)
class _Call:
    """One call under way: what it is for, whether it writes, and when it must be over."""

    kind: str
    write: bool
    ends: float
    file: bool = False


class Wire:
    """The connection to one system.

    ``base_url`` may hold a context path.  ``sent`` counts every request that left, by (method, kind).
    ``secrets`` gives the secret values known now; none of them is ever part of an error.  ``proxy_login`` gives
    ``name:password`` for the proxy.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        times: Times,
        limits: Limits = Limits(),
        ca_bundle: str | None = None,
        proxy: str | None = None,
        proxy_login: Callable[[], str] | None = None,
        transport: BaseAdapter | None = None,
        secrets: Callable[[], Iterable[str]] = tuple,
        sent: Counter[tuple[str, str]] | None = None,
    ) -> None:
        """Prepare without connecting; ``ConfigError`` where ``base_url`` is no plain http(s) address."""
        self.system = system
        self.base_url = base_url.rstrip("/")
        self.sent: Counter[tuple[str, str]] = Counter() if sent is None else sent
        self._base = _plain(system, self.base_url)
        self._times = times
        self._limits = limits
        self._secrets = secrets
        # There is no way to say False: no setting, and no variable, is looked at by a session of ours.
        self._verify: bool | str = ca_bundle or True
        self._proxy, self._proxy_login, self._login = proxy, proxy_login, ""
        self.session = _session(transport)

    @property
    def deadline(self) -> float:
        """The longest time that one call takes, in seconds."""
        return self._limits.deadline

    def call(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        kind: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str | None] | None = None,
        auth: Auth | None = None,
        file: bool = False,
    ) -> requests.Response:
        """Send one request and return its whole answer, whatever the connector has to judge in it.

        ``path`` begins with ``/`` below the base, or is an absolute address of the same origin.  ``kind``
        says in a word or two what the call is for (counted, and shown in errors).  A POST that only reads is
        ``write=False`` and may be repeated.  ``file`` says that the answer is somebody's file, which may be a web
        page.  Raises ``Busy`` (429; 503 on a read), ``Unreachable`` (nothing
        was done), ``Ambiguous`` (a write that may have been done).  Answers below 502 other than redirects,
        429 and misplaced web pages are returned.
        """
        address = path if "://" in path else self.base_url + path
        request = self._prepared(
            requests.Request(
                method.upper(), address, params=params, json=json, data=data, headers=headers, auth=auth
            )
        )
        self._stay_home(request)
        ends = self._times.monotonic() + self._limits.deadline
        call = _Call(kind=kind, write=write, ends=ends, file=file)
        return self._judged(self._tried(request, call), call)

    def json(self, response: requests.Response, *, write: bool, kind: str) -> Any:
        """Return the body as JSON; half an answer is ``Ambiguous`` on a write, ``Unreachable`` on a read."""
        try:
            return loads(response.content)
        except ValueError:
            self.broken(kind, "its answer is not complete JSON", write=write)

    def broken(self, kind: str, why: str, *, write: bool) -> NoReturn:
        """Raise for an answer that cannot be understood: ``Ambiguous`` on a write, else ``Unreachable``."""
        if write:
            raise Ambiguous(
                self._about(kind, "may or may not have been carried out"),
                why=self.hide(why),
                next_step="the bridge looks for its trace before it tries again",
            ) from None
        raise Unreachable(
            self._about(kind, "failed"), why=self.hide(why), next_step="the bridge tries again by itself"
        ) from None

    def hide(self, text: str) -> str:
        """Return the text with every known secret, plain or percent-encoded, replaced by ``***``."""
        login = (self._login, self._login.partition(":")[2])
        for form in spellings((*self._secrets(), *login)):
            text = text.replace(form, "***")
        return text

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return self._times.now()

    def monotonic(self) -> float:
        """Return the seconds of a clock that only goes forward."""
        return self._times.monotonic()

    def close(self) -> None:
        """Let go of the connections."""
        self.session.close()

    def _about(self, kind: str, what: str) -> str:
        return self.hide(f"{self.system}: {kind} {what}")

    def _prepared(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request; what cannot be sent is shown by its kind only, since it may hold a secret."""
        try:
            return self.session.prepare_request(request)
        except (requests.RequestException, ValueError) as error:
            raise Unreachable(
                f"{self.system}: a request could not be made",
                why=type(error).__name__,
                next_step="check the address and the credentials for characters that HTTP does not allow",
            ) from None

    def _stay_home(self, request: requests.PreparedRequest) -> None:
        """Refuse any other origin, judged by the same parser that opens the connection."""
        url = parsed(request.url or "")
        inside = (url.path or "/").startswith((self._base.path or "").rstrip("/") + "/")
        if origin(url) != origin(self._base) or url.auth is not None or not inside:
            raise Unreachable(
                f"{self.system}: a call to {url.host or 'nowhere'} was refused",
                why=f"only {self._base.host} below the configured address may be called",
                next_step="check the configured address",
            )

    def _tried(self, request: requests.PreparedRequest, call: _Call) -> requests.Response:
        """Send until there is an answer worth judging; only reads get a further try."""
        pause = _FIRST_PAUSE
        for turn in range(1, self._limits.tries + 1):
            last = call.write or turn == self._limits.tries
            try:
                response = self._exchanged(request, call)
            except Flaw as flaw:
                if last or not flaw.again or not self._waited(pause, call):
                    self._fail(flaw, call)
            else:
                rest = self._rest(response, pause)
                if rest is None or last or not self._waited(rest, call):
                    return response
            pause *= 2
        raise AssertionError("the last try returns or raises")

    def _exchanged(self, request: requests.PreparedRequest, call: _Call) -> requests.Response:
        """Send once and read the whole body; ``Flaw`` where either broke."""
        left = self._left(call)
        proxies = self._proxies()
        self.sent[request.method or "", _without_numbers(call.kind)] += 1
        try:
            response = self.session.send(
                request,
                stream=True,
                allow_redirects=False,
                timeout=(min(self._limits.connect, left), left),
                verify=self._verify,
                proxies=proxies,
            )
        except (requests.RequestException, HTTPError) as error:
            raise flaw_of(error) from None
        except OSError:
            # requests looks for the file before it connects, and says so by the plainest of its errors.
            raise Flaw("the certificates of ca_bundle cannot be read", unsent=True, again=False) from None
        try:
            body = self._body(response, call)
        except (requests.RequestException, HTTPError, OSError) as error:
            response.close()
            raise Flaw(f"its answer broke off ({type(error).__name__})") from None
        except Flaw:
            response.close()
            raise
        # The one place where requests keeps a body that was not read by itself.
        response._content, response._content_consumed = body, True  # type: ignore[attr-defined]
        return response

    def _proxies(self) -> dict[str, str]:
        """Return the way out; the proxy's login is read for every call, so that a renewed one is used at once."""
        if not self._proxy:
            return {}
        if self._proxy_login is not None:
            self._login = self._proxy_login()
        name, _, word = self._login.partition(":")
        start, _, rest = self._proxy.partition("://")
        account = f"{quote(name, safe='')}:{quote(word, safe='')}@" if self._login else ""
        address = f"{start}://{account}{rest}"
        return {"http": address, "https": address}

    def _body(self, response: requests.Response, call: _Call) -> bytes:
        """Read the body in single receives, so that neither a trickle nor a flood outlasts its limit."""
        raw: urllib3.HTTPResponse = response.raw
        parts: list[bytes] = []
        size = 0
        while part := raw.read1(_CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._limits.most_bytes:
                raise Flaw(f"its answer is larger than {self._limits.most_bytes} bytes", again=False)
            left = self._left(call)
            sock = getattr(raw.connection, "sock", None)
            if sock is not None:
                sock.settimeout(left)
        return b"".join(parts)

    def _left(self, call: _Call) -> float:
        left = call.ends - self._times.monotonic()
        if left <= 0:
            raise Flaw(f"no complete answer within {self._limits.deadline:g} s", again=False)
        return left

    def _waited(self, pause: float, call: _Call) -> bool:
        """Sleep, unless the deadline would be over; returns whether there is time for another try."""
        if self._times.monotonic() + pause >= call.ends:
            return False
        self._times.sleep(pause)
        return True

    def _rest(self, response: requests.Response, pause: float) -> float | None:
        """Return the seconds to wait before asking again, None where the answer is final."""
        if response.status_code not in (_TOO_MANY, _UNAVAILABLE, 502, 504):
            return None
        asked = retry_after(response.headers, self._times.now())
        return pause if asked is None else max(asked, pause)

    def _fail(self, flaw: Flaw, call: _Call) -> NoReturn:
        if call.write and not flaw.unsent:
            self.broken(call.kind, flaw.why, write=True)
        raise Unreachable(
            self._about(call.kind, "failed"),
            why=self.hide(flaw.why),
            next_step="check the address, the network and the certificate; the bridge tries again by itself",
        ) from None

    def _judged(self, response: requests.Response, call: _Call) -> requests.Response:
        """Return what the connector must judge; raise for what no connector can use."""
        status = response.status_code
        if status == _TOO_MANY or (status == _UNAVAILABLE and not call.write):
            self._busy(response, call)
        if status >= _FIRST_GATEWAY_STATUS:
            self.broken(call.kind, f"a gateway answered {status}", write=call.write)
        if response.is_redirect or 300 <= status < 400:
            self._redirected(response, call)
        if call.file and response.ok:
            return response
        if is_page(response) and status not in _JUDGED_AS_PAGE and status < 500:
            self._page(response, call)
        return response

    def _busy(self, response: requests.Response, call: _Call) -> NoReturn:
        rest = retry_after(response.headers, self._times.now())
        reason = response.headers.get("RateLimit-Reason", "")
        raise Busy(
            self._about(call.kind, "was put off"),
            why=self.hide(
                f"{self.system} answered {response.status_code}" + (f" ({reason})" if reason else "")
            ),
            next_step="the bridge tries again by itself; if it lasts, ask for a higher limit for its account",
            retry_after=_DEFAULT_REST if rest is None else max(rest, 1.0),
        )

    def _redirected(self, response: requests.Response, call: _Call) -> NoReturn:
        raise Unreachable(
            self._about(call.kind, "was redirected"),
            why=self.hide(f"{self._base.host} sends callers on to {redirect_host(response)}"),
            next_step=f"configure the final address; {_SIGN_ON}",
        )

    def _page(self, response: requests.Response, call: _Call) -> NoReturn:
        why = f"it answered {response.status_code} with a web page instead of data"
        if call.write and response.ok:
            self.broken(call.kind, why, write=True)
        raise Unreachable(
            self._about(call.kind, "failed"),
            why=why,
            next_step=f"check the configured address; {_SIGN_ON}",
        )


def _session(transport: BaseAdapter | None) -> requests.Session:
    session = requests.Session()
    # No .netrc, no REQUESTS_CA_BUNDLE, no proxy of the environment: only what is configured.
    session.trust_env = False
    session.headers["User-Agent"] = "bridge"
    if transport is not None:
        session.mount("https://", transport)
        session.mount("http://", transport)
    return session


def _plain(system: str, address: str) -> Url:
    url = parsed(address)
    if url.scheme not in PORTS or not url.host or url.auth or url.query or url.fragment:
        raise ConfigError(
            f"{system}: the address cannot be used",
            why="it must be http(s)://host[:port][/path] without user, query or fragment",
            next_step="correct the address in the configuration",
        )
    return url


def _without_numbers(kind: str) -> str:
    """Return a kind of request without the number of what it was about: there must not be a count for each incident."""
    return " ".join(word for word in kind.split() if not any(sign.isdigit() for sign in word))
