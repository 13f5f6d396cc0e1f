"""The one conversation with the AR System REST API: log-in, renewal, and what every call has in common.

Log-in gives a token of fixed life (BMC docs: "Login information"; an hour by default, not sliding), which
is renewed shortly before its end and once when it is refused.  Calls of one account follow one another,
since AR System may refuse a second session of the same user (ARERR 9093).  A refused password is not
offered again at once, so that the bridge never locks its own account.  Neither password nor
token ever leaves this module but to the server.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests

from bridge.connectors.http import Wire
from bridge.connectors.offers import Offers
from bridge.connectors.remedy.errors import Message, error_of, error_without_words, failure, messages
from bridge.connectors.signs import is_page
from bridge.model.errors import BridgeError, Busy, LostCredentials

_UNAUTHORISED = 401
_JSON = "application/json; charset=UTF-8"
#: Sent with every call: newer servers ask for the first against forged requests (BMC docs, 22.1 and later).
_ALWAYS = {"X-Requested-By": "XMLHttpRequest", "Accept": "application/json"}
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"
#: A token is one word of header-safe characters, JWT or not.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,16384}")
_RENEW_BEFORE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: its JSON ``body`` or None, the ``location`` of what was created, warnings."""

    body: Any = None
    location: str = ""
    warnings: tuple[Message, ...] = ()


class Session:
    """Calls to one Remedy by one account, one at a time; safe to share between threads."""

    def __init__(
        self, wire: Wire, *, username: str, password: Callable[[], str], clock: Callable[[], datetime]
    ) -> None:
        """Prepare without connecting; ``clock`` tells UTC."""
        self.account = username
        self._wire = wire
        self._password = password
        self._clock = clock
        self._lock = threading.RLock()
        self._token = ""
        self._renew_at: datetime | None = None
        self._offers = Offers()

    def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Mapping[str, Any] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send one request as the account; ``doing`` completes "Remedy refused to ...".

        ``values`` are a form's fields and make it a write.  Raises what ``bridge.connectors.base`` promises.
        """
        with self._lock:
            write = method != "GET"
            response = self._sent(method, path, params, values, doing)
            if self._token_refused(response):
                # Nothing was done, so this is no repetition: the call was never admitted.
                self._forget_token()
                response = self._sent(method, path, params, values, doing)
            return self._judged(response, doing, write=write)

    def file(self, path: str, *, doing: str) -> bytes:
        """Read one file; ``doing`` completes "Remedy refused to ..."."""
        with self._lock:
            response = self._sent("GET", path, None, None, doing, file=True)
            if self._token_refused(response):
                self._forget_token()
                response = self._sent("GET", path, None, None, doing, file=True)
            if not response.ok:
                raise self._error(response, doing, write=False)
            return bytes(response.content)

    def knock(self) -> None:
        """Ask for the server's state without an account; raises where no AR System answers at the address."""
        path, doing = "/api/arsys/v1.0/entry", "tell its state"
        with self._lock:
            response = self._wire.call("GET", path, write=False, kind=doing, headers=_ALWAYS)
        if response.status_code not in (200, _UNAUTHORISED, 403):
            raise self._error(response, doing, write=False)

    def log_in(self) -> None:
        """Log in now where no usable token is at hand."""
        with self._lock:
            if not self._token or (self._renew_at is not None and self._clock() >= self._renew_at):
                self._log_in()

    def log_out(self) -> None:
        """Give the session back; a server that cannot be asked has to forget it by itself."""
        with self._lock:
            token, self._token = self._token, ""
            if not token:
                return
            try:
                self._wire.call(
                    "POST", "/api/jwt/logout", write=True, kind="log-out", headers=self._headers(token)
                )
            except BridgeError:
                return
            finally:
                self._forget_token()

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must not be shown anywhere."""
        return tuple(value for value in (self._token, *self._offers.known()) if value)

    def _sent(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        values: Mapping[str, Any] | None,
        doing: str,
        *,
        file: bool = False,
    ) -> requests.Response:
        self.log_in()
        return self._wire.call(
            method,
            path,
            write=method != "GET",
            kind=doing,
            params=params,
            data=None if values is None else _body(values),
            headers=self._headers(self._token),
            file=file,
        )

    def _token_refused(self, response: requests.Response) -> bool:
        if response.ok:
            return False
        return response.status_code == _UNAUTHORISED or any(
            one.about_the_account for one in messages(_json(response))
        )

    def _headers(self, token: str) -> dict[str, str]:
        return {**_ALWAYS, "Content-Type": _JSON, "Authorization": f"AR-JWT {token}"}

    def _judged(self, response: requests.Response, doing: str, *, write: bool) -> Answer:
        """Return the answer of a call that succeeded; raise the error that any other amounts to."""
        if not response.ok:
            raise self._error(response, doing, write=write)
        location = response.headers.get("Location", "")
        if not response.content:
            return Answer(location=location)
        body = self._wire.json(response, write=write, kind=doing)
        said = self._said(body)
        failed = failure(said, status=response.status_code)
        if failed:
            raise self._spared(error_of(failed, doing, write=write), failed)
        return Answer(body=body, location=location, warnings=said)

    def _error(self, response: requests.Response, doing: str, *, write: bool) -> BridgeError:
        page = is_page(response)
        said = () if page else self._said(_json(response))
        failed = failure(said, status=response.status_code)
        if failed is None:
            return error_without_words(response.status_code, doing, page=page, write=write)
        return self._spared(error_of(failed, doing, write=write), failed)

    def _spared(self, error: BridgeError, said: Message) -> BridgeError:
        """Leave the server alone for a while where it has no room for the account: nobody else would get further."""
        if isinstance(error, Busy) and error.scope == "system":
            self._wire.spare(error, f"ARERR {said.number}")
        return error

    def _said(self, body: Any) -> tuple[Message, ...]:
        return tuple(replace(one, words=self._wire.hide(one.words)) for one in messages(body))

    def _log_in(self) -> None:
        """Offer the password once; ``LostCredentials`` at once where it was refused a short while ago."""
        self._forget_token()
        secret = self._password()
        self._offers.offer(secret, self._clock(), "Remedy")
        try:
            token = self._token_for(secret)
        except LostCredentials:
            self._offers.refused(secret, self._clock())
            raise
        self._offers.accepted(secret)
        self._token, self._renew_at = token, self._end_of(token)

    def _token_for(self, secret: str) -> str:
        doing = "log in"
        response = self._wire.call(
            "POST",
            "/api/jwt/login",
            # A second log-in does no harm, and a lost answer leaves nothing that anybody would have to look
            # for.
            write=False,
            kind=doing,
            data=urlencode({"username": self.account, "password": secret}).encode(),
            headers={**_ALWAYS, "Accept": "*/*", "Content-Type": _FORM},
        )
        if not response.ok:
            raise self._error(response, doing, write=False)
        said = self._said(_json(response))
        if failed := failure(said, status=response.status_code):
            raise error_of(failed, doing, write=False)
        token = response.text.strip()
        if not _TOKEN.fullmatch(token):
            self._wire.broken(doing, "its answer is not a token", write=False)
        return token

    def _forget_token(self) -> None:
        self._token, self._renew_at = "", None

    def _end_of(self, token: str) -> datetime | None:
        """Return when to renew, None where the token does not tell; counted from now, since clocks differ."""
        life = life_of(token)
        if life is None:
            return None
        return self._clock() + life - min(_RENEW_BEFORE, life / 10)


def life_of(token: str) -> timedelta | None:
    """Return how long a JWT lives, read without verifying; None where it does not tell."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return timedelta(seconds=int(claims["exp"]) - int(claims["iat"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _body(values: Mapping[str, Any]) -> bytes:
    # Half a surrogate pair, which other systems do store, must not stop a note.
    return json.dumps({"values": dict(values)}, ensure_ascii=False).encode("utf-8", "replace")
