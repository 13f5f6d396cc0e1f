"""Who is calling: Cloud's and Data Center's ways of taking, and not taking, credentials.

Cloud takes a wrong credential for nobody and answers on (only ``/myself`` says 401); Data Center refuses it
at the door.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter

from bridge.simulators.jira.calls import Caller
from bridge.simulators.jira.problems import Refused
from bridge.simulators.jira.settings import Account, JiraSettings, Switches
from bridge.simulators.wire import Request

_CAPTCHA = "CAPTCHA_CHALLENGE; login-url={url}/login.jsp"
_PAGE = (
    "<html><head><title>Unauthorized ({status})</title></head><body><h1>Unauthorized ({status})</h1>"
    "<p>Basic Authentication Failure - Reason : {reason}</p></body></html>"
)


class Doors:
    """Resolves the ``Authorization`` header; remembers revoked accounts, new secrets and failed logins."""

    def __init__(self, settings: JiraSettings, switches: Switches) -> None:
        self._settings = settings
        self._switches = switches
        self._tokens = {account.person.name: account.token for account in settings.accounts}
        self._revoked: set[str] = set()
        self._failures: Counter[str] = Counter()

    def revoke(self, name: str) -> None:
        """Make the token and password of the account of person ``name`` worthless."""
        self._revoked.add(name)

    def reissue(self, name: str, token: str | None = None) -> None:
        """Let the account in again, with a new token where one is given; forget its failed logins."""
        self._revoked.discard(name)
        self._failures.clear()
        if token is not None:
            self._tokens[name] = token

    def caller(self, request: Request) -> Caller:
        """Name the caller; ``Refused`` where the site does not let such a call in."""
        sent = request.headers.get("authorization", "")
        scheme, _, value = sent.partition(" ")
        if self._settings.flavour == "cloud":
            return self._cloud(scheme.lower(), value.strip())
        return self._datacenter(request, scheme.lower(), value.strip())

    def _cloud(self, scheme: str, value: str) -> Caller:
        if scheme == "bearer":
            raise Refused(403, {"error": "Failed to parse Connect Session Auth Token"})
        if scheme != "basic":
            return Caller(account=None, reason="OUT" if not scheme else "AUTHENTICATED_FAILED")
        name, secret = _basic(value)
        if self._captcha(name):
            return Caller(account=None, reason="AUTHENTICATION_DENIED")
        for account in self._open():
            if account.person.email.lower() == name.lower() and self._tokens[account.person.name] == secret:
                return Caller(account=account)
        self._failures[name] += 1
        return Caller(account=None, reason="AUTHENTICATED_FAILED")

    def _datacenter(self, request: Request, scheme: str, value: str) -> Caller:
        if not scheme:
            if _open_to_all(request):
                return Caller(account=None, reason="OUT")
            raise self._refusal("OUT")
        name, secret = _basic(value) if scheme == "basic" else ("", value)
        if self._captcha(name):
            headers = {"X-Authentication-Denied-Reason": _CAPTCHA.format(url=self._settings.base_url)}
            raise self._refusal("AUTHENTICATION_DENIED", 403, headers)
        for account in self._open():
            if scheme == "bearer" and self._tokens[account.person.name] == secret:
                return Caller(account=account)
            if scheme == "basic" and (account.person.name, account.password) == (name, secret):
                return Caller(account=account)
        self._failures[name] += 1
        raise self._refusal("AUTHENTICATED_FAILED")

    def _open(self) -> list[Account]:
        return [
            account
            for account in self._settings.accounts
            if account.person.name not in self._revoked and account.person.active
        ]

    def _captcha(self, name: str) -> bool:
        limit = self._switches.captcha_after
        return limit is not None and self._failures[name] >= limit

    def _refusal(self, reason: str, status: int = 401, headers: dict[str, str] | None = None) -> Refused:
        challenge = {"WWW-Authenticate": f'OAuth realm="{self._settings.base_url}"'} if status == 401 else {}
        told = {"X-Seraph-LoginReason": reason, "X-AUSERNAME": "anonymous", **challenge, **(headers or {})}
        return Refused(status, _PAGE.format(status=status, reason=reason), kind="text/html", headers=told)


def _open_to_all(request: Request) -> bool:
    return request.path.endswith("/serverInfo")


def _basic(value: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret
