"""The one way out: the HTTP policy that every connector shares.

A ``Wire`` calls the configured origin and nothing else, follows no redirect, ends every call by a total
deadline, asks no server that is away or wants to be spared, and repeats reads only.  It must never repeat a
write, never believe a web page where data was asked for, and never put a secret into an error.  What a status up
to 501 means is for the connector to say; everything that went wrong on the way is raised from here as an error of
``bridge.model.errors``.

One ``Wire`` belongs to one thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from json import loads
from typing import Any, NoReturn
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from bridge.connectors.call import Auth, Call, Limits, Times, plain, session_of, without_numbers
from bridge.connectors.gate import Gate
from bridge.connectors.rests import LONGEST, Asking, label_of, rest_of, scope_of
from bridge.connectors.signs import (
    Flaw,
    flaw_of,
    is_page,
    origin,
    parsed,
    redirect_host,
    retry_after,
)
from bridge.model.errors import Ambiguous, Blocked, Busy, Unreachable
from bridge.model.secrecy import spellings

#: From here on a gateway speaks in the server's place; 500 and 501 are the server's own.
_FIRST_GATEWAY_STATUS = 502
_TOO_MANY = 429
_UNAVAILABLE = 503
#: Seconds to stay away where a busy server does not say how long.
_DEFAULT_REST = 5.0
_LEAST_REST = 1.0
_FIRST_PAUSE = 0.5
#: The longest rest, in seconds, that a read waits for by itself; who asks may have others to serve meanwhile.
_LONGEST_WAIT = 15.0
_CHUNK = 65_536
_USUAL = Limits()
#: Judged by the connector even as a web page: Jira Data Center sends its CAPTCHA refusal as HTML.
_JUDGED_AS_PAGE = frozenset({401, 403})

_SIGN_ON = "where single sign-on or a proxy stands in front, let the REST paths pass it"


class Wire:
    """The connection to one system.

    ``base_url`` may hold a context path.  ``sent`` counts every request that left, by (method, kind), ``answers`` what
    came of each, by (method, kind, status or "none").  ``gate`` is shared by all wires to the same server.
    ``secrets`` gives the secret values known now; none of them is ever part of an error.  ``proxy_login`` gives
    ``name:password`` for the proxy.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        times: Times,
        limits: Limits = _USUAL,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        proxy_login: Callable[[], str] | None = None,
        transport: BaseAdapter | None = None,
        secrets: Callable[[], Iterable[str]] = tuple,
        sent: Counter[tuple[str, str]] | None = None,
        answers: Counter[tuple[str, str, str]] | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Prepare without connecting; ``ConfigError`` where ``base_url`` is no plain http(s) address."""
        self.system = system
        self.base_url = base_url.rstrip("/")
        self.sent: Counter[tuple[str, str]] = Counter() if sent is None else sent
        self.answers: Counter[tuple[str, str, str]] = Counter() if answers is None else answers
        self.gate = gate or Gate.of(times.monotonic)
        self._base = plain(system, self.base_url)
        self._times = times
        self._limits = limits
        self._secrets = secrets
        # There is no way to say False: no setting, and no variable, is looked at by a session of ours.
        self._verify: bool | str = ca_bundle or True
        self._proxy, self._proxy_login, self._login = proxy, proxy_login, ""
        self.session = session_of(transport)

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
        thing: str = "",
    ) -> requests.Response:
        """Send one request and return its whole answer, whatever the connector has to judge in it.

        ``path`` begins with ``/`` below the base, or is an absolute address of the same origin.  ``kind``
        says in a word or two what the call is for (counted, and shown in errors).  A POST that only reads is
        ``write=False`` and may be repeated.  ``file`` says that the answer is somebody's file, which may be a web
        page.  ``thing`` names the object that is written to, where limits are kept for each.  Raises ``Busy`` (429;
        503 on a read; or at once what was asked to be spared), ``Unreachable`` (nothing was done; at once while the
        server is away), ``Ambiguous`` (a write that may have been done).  Answers below 502 other than redirects,
        429 and misplaced web pages are returned.
        """
        address = path if "://" in path else self.base_url + path
        request = self._prepared(
            requests.Request(
                method.upper(),
                address,
                params=params,
                json=json,
                data=data,
                headers=self._headers(headers),
                auth=auth,
                cookies=self.session.cookies,
            )
        )
        self._stay_home(request)
        ends = self._times.monotonic() + self._limits.deadline
        endpoint = f"{method.upper()} {without_numbers(kind)}"
        asking = Asking(endpoint=endpoint, thing=thing, write=write)
        call = Call(kind=kind, write=write, ends=ends, asking=asking, file=file)
        self._admitted(call)
        return self._judged(self._tried(request, call), call)

    def spare(self, busy: Busy, reason: str) -> None:
        """Ask nothing of the whole server for as long as ``busy`` says; ``reason`` is one of a few, to be counted by."""
        self.gate.rests.ask(Asking(endpoint=""), busy, reason)

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

    def _headers(self, given: Mapping[str, str | None] | None) -> dict[str, str | bytes]:
        """Return the session's headers with those of one call in their place; what is None there is not sent."""
        merged: CaseInsensitiveDict[str | bytes | None] = CaseInsensitiveDict()
        merged.update(self.session.headers)
        merged.update(given or {})
        return {name: value for name, value in merged.items() if value is not None}

    def _prepared(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request; what cannot be sent is shown by its kind only, since it may hold a secret."""
        try:
            # Not by the session, which would look for much that ours never has, at a third of the cost of a call.
            return request.prepare()
        except (requests.RequestException, ValueError) as error:
            raise Unreachable(
                f"{self.system}: a request could not be made",
                why=type(error).__name__,
                next_step="check the address and the credentials for characters that HTTP does not allow",
            ) from None

    def _stay_home(self, request: requests.PreparedRequest) -> None:
        """Refuse any other origin, judged by the same parser that opens the connection."""
        # What follows the question mark names no place, and is new with every call.
        url = parsed((request.url or "").partition("?")[0])
        inside = (url.path or "/").startswith((self._base.path or "").rstrip("/") + "/")
        if origin(url) != origin(self._base) or url.auth is not None or not inside:
            raise Unreachable(
                f"{self.system}: a call to {url.host or 'nowhere'} was refused",
                why=f"only {self._base.host} below the configured address may be called",
                next_step="check the configured address",
            )

    def _admitted(self, call: Call) -> None:
        """Return where the server may be asked now; a read waits for a short rest."""
        held = self.gate.rests.of(call.asking)
        if held is not None:
            rest, left = held
            wait = not call.write and rest.scope == "endpoint" and left <= _LONGEST_WAIT
            if not wait or not self._waited(left, call):
                raise Busy(
                    self._about(call.kind, "was not tried yet"),
                    why=rest.why,
                    next_step=rest.next_step,
                    retry_after=left,
                    scope=rest.scope,
                )
        if not self.gate.breaker.admits(write=call.write):
            self._away(call)

    def _away(self, call: Call) -> NoReturn:
        outage = self.gate.outage(self._times.now())
        if outage is None:  # another thread had an answer this very moment
            raise Unreachable(self._about(call.kind, "was not tried"), why="it was away a moment ago")
        raise Unreachable(
            self._about(call.kind, "was not tried"),
            why=self.hide(f"no answer since {outage.since:%Y-%m-%d %H:%M:%S} UTC: {outage.why}"),
            next_step=f"the bridge asks again by itself from {outage.next_probe:%H:%M:%S} UTC on",
        )

    def _tried(self, request: requests.PreparedRequest, call: Call) -> requests.Response:
        """Send until there is an answer worth judging; only reads get a further try, of a server that is trusted."""
        pause = _FIRST_PAUSE
        tries = 1 if call.write or not self.gate.breaker.circuit.trusted else self._limits.tries
        for turn in range(1, tries + 1):
            last = turn == tries
            spread = pause * (0.5 + self._times.random())
            try:
                response = self._exchanged(request, call)
            except Flaw as flaw:
                if last or not flaw.again or not self._waited(spread, call):
                    self.gate.breaker.failed(self.hide(flaw.why))
                    self._fail(flaw, call)
            else:
                rest = self._rest(response, spread, call)
                if rest is None or last or not self._waited(rest, call):
                    self._reckon(response)
                    return response
            pause *= 2
        raise AssertionError("the last try returns or raises")

    def _reckon(self, response: requests.Response) -> None:
        """Tell the breaker whether the server answered, or a gateway in its place."""
        status = response.status_code
        if status < _FIRST_GATEWAY_STATUS:
            self.gate.breaker.answered()
            return
        asked = retry_after(response.headers, self._times.now()) or 0.0
        self.gate.breaker.failed(f"a gateway answered {status}", asked=min(asked, LONGEST))

    def _exchanged(self, request: requests.PreparedRequest, call: Call) -> requests.Response:
        """Send once and read the whole body; ``Flaw`` where either broke."""
        self._left(call)  # nothing is sent that has no time for an answer
        proxies = self._proxies()
        what = request.method or "", without_numbers(call.kind)
        self.sent[what] += 1
        code = "none"
        try:
            response = self._received(request, call, proxies)
            code = str(response.status_code)
        finally:
            self.answers[*what, code] += 1
        return response

    def _received(
        self, request: requests.PreparedRequest, call: Call, proxies: dict[str, str]
    ) -> requests.Response:
        left = self._left(call)
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

    def _body(self, response: requests.Response, call: Call) -> bytes:
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

    def _left(self, call: Call) -> float:
        left = call.ends - self._times.monotonic()
        if left <= 0:
            raise Flaw(f"no complete answer within {self._limits.deadline:g} s", again=False)
        return left

    def _waited(self, pause: float, call: Call) -> bool:
        """Sleep, unless the deadline would be over; returns whether there is time for another try."""
        if self._times.monotonic() + pause >= call.ends:
            return False
        self._times.sleep(pause)
        return True

    def _rest(self, response: requests.Response, pause: float, call: Call) -> float | None:
        """Return the seconds to wait before asking again, None where the answer is final for this call."""
        if response.status_code == _TOO_MANY:
            self._spared(response, call)
        if response.status_code not in (_TOO_MANY, _UNAVAILABLE, 502, 504):
            return None
        asked = rest_of(response.headers, self._times.now())
        if asked is not None and asked > _LONGEST_WAIT:
            return None
        return pause if asked is None else max(asked, pause)

    def _spared(self, response: requests.Response, call: Call) -> None:
        """Remember for all callers what a refusal for too many requests is about, and for how long."""
        reason = label_of(response.headers.get("RateLimit-Reason", ""))
        self.gate.rests.ask(call.asking, self._put_off(response, call), reason)

    def _fail(self, flaw: Flaw, call: Call) -> NoReturn:
        if call.write and not flaw.unsent:
            self.broken(call.kind, flaw.why, write=True)
        raise Unreachable(
            self._about(call.kind, "failed"),
            why=self.hide(flaw.why),
            next_step="check the address, the network and the certificate; the bridge tries again by itself",
        ) from None

    def _judged(self, response: requests.Response, call: Call) -> requests.Response:
        """Return what the connector must judge; raise for what no connector can use."""
        status = response.status_code
        if status == _TOO_MANY or (status == _UNAVAILABLE and not call.write):
            raise self._put_off(response, call)
        if status >= _FIRST_GATEWAY_STATUS:
            self.broken(call.kind, f"a gateway answered {status}", write=call.write)
        if response.is_redirect or 300 <= status < 400:
            self._redirected(response, call)
        if call.file and response.ok:
            return response
        if is_page(response) and status not in _JUDGED_AS_PAGE and status < 500:
            self._page(response, call)
        return response

    def _put_off(self, response: requests.Response, call: Call) -> Busy:
        rest = rest_of(response.headers, self._times.now())
        reason = response.headers.get("RateLimit-Reason", "")
        return Busy(
            self._about(call.kind, "was put off"),
            why=self.hide(
                f"{self.system} answered {response.status_code}" + (f" ({reason})" if reason else "")
            ),
            next_step="the bridge tries again by itself; if it lasts, ask for a higher limit for its account",
            retry_after=_DEFAULT_REST if rest is None else min(max(rest, _LEAST_REST), LONGEST),
            scope=scope_of(reason, call.asking),
        )

    def _redirected(self, response: requests.Response, call: Call) -> NoReturn:
        raise Unreachable(
            self._about(call.kind, "was redirected"),
            why=self.hide(f"{self._base.host} sends callers on to {redirect_host(response)}"),
            next_step=f"configure the final address; {_SIGN_ON}",
        )

    def _page(self, response: requests.Response, call: Call) -> NoReturn:
        why = f"it answered {response.status_code} with a web page instead of data"
        if call.write and response.ok:
            self.broken(call.kind, why, write=True)
        raise Blocked(
            self._about(call.kind, "failed"),
            why=why,
            next_step=f"check the configured address; {_SIGN_ON}",
        )
