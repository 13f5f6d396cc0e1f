"""The session that is put under the ``jira`` package: our HTTP policy in place of its own.

The package's own session repeats writes after a lost connection, knows no deadline and shows bodies and
headers in its errors.  This one sends through a ``Wire`` and raises our errors only, so that no
``JIRAError`` is ever made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from jira.resilientsession import ResilientSession
from requests.auth import AuthBase

from bridge.connectors.http import Wire
from bridge.connectors.jira.verdict import Asked, judge, names_caller
from bridge.connectors.offers import Offers
from bridge.model.errors import LostCredentials
from bridge.model.secrecy import basic

_API = "/rest/api/2/"
#: POSTs that change nothing and may be repeated.
_READING_POSTS = frozenset({"search", "search/jql", "issue/bulkfetch"})
_ONE_ISSUE = re.compile(r"issue/[^/]+")
_OF_ISSUE = re.compile(r"issue/([^/]+)(?:/|$)")
# Keys of projects are in capitals and ids are digits, so neither becomes part of a name that is counted.
_WORD = re.compile(r"[a-z]+[A-Za-z]*")
_DOING = {
    "GET serverInfo": "asking what it is",
    "GET myself": "asking who we are",
    "GET issue": "reading a ticket",
    "GET comment": "reading comments",
    "GET transitions": "reading transitions",
    "GET versions": "reading versions",
    "GET field": "reading the fields",
    "POST search": "searching",
    "POST bulkfetch": "reading tickets",
    "POST issue": "opening a ticket",
    "PUT issue": "setting fields",
    "POST comment": "writing a comment",
    "PUT comment": "rewriting a comment",
    "GET remotelink": "reading remote links",
    "POST transitions": "moving a ticket",
    "POST remotelink": "showing the incident",
    "POST attachments": "attaching a file",
}
_READS = frozenset({"GET", "HEAD"})


class Credentials(AuthBase):
    """The account: e-mail or name with its secret as Basic, or the secret alone as Bearer.

    The secret is asked for at every request, so that a renewed one is used at once; a refused one is kept back
    for a while.  ``offers`` is shared by all connections of one account.
    """

    def __init__(self, user: str, token: Callable[[], str], offers: Offers | None = None) -> None:
        self._user = user
        self._token = token
        self._offers = offers or Offers()
        self._sent = ""

    def take(self, now: datetime) -> None:
        """Take the secret for the next request; ``LostCredentials`` where it had better not be offered now."""
        secret = self._token()
        self._offers.offer(secret, now, "Jira")
        self._sent = secret

    def refused(self, now: datetime) -> None:
        """Note that the last request was not answered to the bridge's account."""
        self._offers.refused(self._sent, now)

    def accepted(self) -> None:
        """Note that an answer named the bridge's account."""
        self._offers.accepted(self._sent)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request."""
        signed = f"Basic {basic(self._user, self._sent)}" if self._user else f"Bearer {self._sent}"
        request.headers["Authorization"] = signed
        return request

    def secrets(self) -> tuple[str, ...]:
        """Return every secret that was sent lately, and the pairs that it was sent in; reads nothing."""
        known = self._offers.known()
        return (*known, *(basic(self._user, one) for one in known)) if self._user else known


class JiraSession(ResilientSession):
    """What the ``jira`` package takes for its session.

    ``cloud`` is None until the flavour is known; ``named`` tells whether the last answer named the bridge's
    account.
    """

    def __init__(self, wire: Wire, credentials: Credentials) -> None:
        super().__init__(max_retries=0)
        self.wire = wire
        self.auth = credentials
        self._credentials = credentials
        self.cloud: bool | None = None
        self.named = False

    def request(  # type: ignore[override]
        self, method: str, url: str | bytes, _prepare_retry_class: Any = None, **kwargs: Any
    ) -> requests.Response:
        """Send one request by our policy; raises errors of ``bridge.model.errors`` where it was not done."""
        address = url.decode("ascii") if isinstance(url, bytes) else url
        asked = self._asked(method.upper(), address)
        self._credentials.take(self.wire.now())
        response = self.wire.call(
            method,
            address,
            write=asked.write,
            kind=asked.kind,
            params=kwargs.get("params"),
            data=kwargs.get("data"),
            json=kwargs.get("json"),
            headers={**self.headers, **(kwargs.get("headers") or {})},
            auth=self._credentials,
            thing=asked.issue,
        )
        self.named = names_caller(response)
        if response.status_code == 404 and self.cloud is False and not self.named and not asked.about_us:
            self.prove(address)
        try:
            judge(self.wire, response, asked)
        except LostCredentials:
            self._credentials.refused(self.wire.now())
            raise
        if self.named:
            self._credentials.accepted()
        if response.content:
            self.wire.json(response, write=asked.write, kind=asked.kind)
        return response

    def prove(self, address: str) -> None:
        """Ask who we are; ``LostCredentials`` where Jira does not know.

        For answers that name nobody.  ``address`` is that of any call to the same server.
        """
        root = address.partition(_API)[0]
        self.request("GET", f"{root}{_API}myself")

    def _asked(self, method: str, address: str) -> Asked:
        path = urlsplit(address).path.partition(_API)[2]
        write = method not in _READS and path not in _READING_POSTS
        one_issue = method == "GET" and _ONE_ISSUE.fullmatch(path) is not None
        issue = _OF_ISSUE.match(path) if write else None
        return Asked(
            kind=doing(method, path),
            write=write,
            one_issue=one_issue,
            issue=issue[1] if issue else "",
            about_us=path == "myself",
            cloud=self.cloud,
        )


def doing(method: str, path: str) -> str:
    """Say in a word or two what a call below ``/rest/api/2/`` is for; ids and keys are no part of it."""
    words = [part for part in path.replace("search/jql", "search").split("/") if _WORD.fullmatch(part)]
    call = f"{method} {words[-1] if words else 'call'}"
    return _DOING.get(call, call)
