"""What an answer, or the lack of one, says: pauses asked for, web pages, and how far a broken exchange got.

Nothing here sends anything.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import requests
from urllib3.exceptions import LocationParseError, MaxRetryError, NewConnectionError
from urllib3.util import Url, parse_url

PORTS = {"http": 80, "https": 443}
#: The parts of OpenSSL that speak while our own certificates are loaded, before anything is sent.
_CERTIFICATES = frozenset({"X509", "PEM", "ASN1"})
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


class Flaw(Exception):
    """The exchange broke.

    ``unsent``: the server cannot have acted; ``again``: a read is worth repeating.
    """

    def __init__(self, why: str, *, unsent: bool = False, again: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.unsent = unsent
        self.again = again


def is_page(response: requests.Response) -> bool:
    """Whether the answer is a web page: by its type, or by a body that begins with ``<``."""
    if not response.content:
        return False
    kind = response.headers.get("Content-Type", "").lower()
    return kind.startswith("text/html") or response.content.lstrip()[:1] == b"<"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a server asks to wait, None where it does not say.

    Understands ``Retry-After`` as seconds or HTTP date, and ``X-RateLimit-Reset`` as ISO 8601 (source:
    Atlassian, rate limiting).
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    when = _http_date(text) or _iso_date(headers.get("X-RateLimit-Reset", "").strip())
    return None if when is None else max((when - now).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _iso_date(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def parsed(address: str) -> Url:
    """Return the parts of an address as the connection will read them; empty where there are none."""
    try:
        return parse_url(address)
    except LocationParseError:
        return Url()


def origin(url: Url) -> tuple[str, str, int]:
    """Return scheme, host and port, the defaults filled in."""
    return url.scheme or "", (url.host or "").lower(), url.port or PORTS.get(url.scheme or "", 0)


def redirect_host(response: requests.Response) -> str:
    """Return the host of a redirect and nothing else: its query often holds tokens."""
    place = response.headers.get("Location", "").partition("?")[0]
    return parsed(place).host or (
        "another path of itself" if place.startswith("/") else "an unreadable address"
    )


def flaw_of(error: Exception) -> Flaw:
    """Tell a request that never reached the server from one that may have."""
    if isinstance(error, requests.ConnectTimeout):
        return Flaw("no connection in time", unsent=True)
    if isinstance(error, requests.Timeout):
        return Flaw("no answer in time")
    if isinstance(error, requests.exceptions.ProxyError):
        return Flaw("the proxy did not connect", unsent=True)
    reason = _root(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Flaw(f"its certificate is not trusted: {reason.verify_message}", unsent=True, again=False)
    if isinstance(reason, ssl.SSLError) and reason.library in _CERTIFICATES:
        return Flaw("the certificates of ca_bundle cannot be used", unsent=True, again=False)
    if isinstance(reason, NewConnectionError):
        return Flaw("the connection was refused or the host is unknown", unsent=True)
    if isinstance(error, requests.ConnectionError):
        return Flaw("the connection was lost")
    return Flaw(f"the exchange failed ({type(error).__name__})")


def _root(error: BaseException) -> BaseException:
    """Return the innermost reason that urllib3 wrapped."""
    inner: Any = error
    while True:
        deeper = inner.reason if isinstance(inner, MaxRetryError) else next(iter(inner.args), None)
        if isinstance(inner, NewConnectionError) or not isinstance(deeper, BaseException):
            return inner  # type: ignore[no-any-return]
        inner = deeper
