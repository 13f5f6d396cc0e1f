"""What one call is made with: its limits and clocks, its session and address, and what is known of it under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests
from requests.adapters import BaseAdapter
from urllib3.util import Url

from bridge.connectors.rests import Asking
from bridge.connectors.signs import PORTS, parsed
from bridge.model.errors import ConfigError

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
    """The clocks of a wire: ``monotonic`` and ``sleep`` in seconds, ``now`` in UTC for Retry-After dates.

    ``random`` gives 0 to 1 and spreads the pauses between two tries; the middle leaves them as they are.
    """

    monotonic: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    random: Callable[[], float] = lambda: 0.5


@dataclass(slots=True)
class Call:
    """One call under way: what it is for, whether it writes, and when it must be over."""

    kind: str
    write: bool
    ends: float
    asking: Asking
    file: bool = False


def session_of(transport: BaseAdapter | None) -> requests.Session:
    """Return a session that knows what is configured and nothing else."""
    session = requests.Session()
    # No .netrc, no REQUESTS_CA_BUNDLE, no proxy of the environment: only what is configured.
    session.trust_env = False
    session.headers["User-Agent"] = "bridge"
    if transport is not None:
        session.mount("https://", transport)
        session.mount("http://", transport)
    return session


def plain(system: str, address: str) -> Url:
    """Return a configured address in its parts; ``ConfigError`` where it cannot be one."""
    url = parsed(address)
    if url.scheme not in PORTS or not url.host or url.auth or url.query or url.fragment:
        raise ConfigError(
            f"{system}: the address cannot be used",
            why="it must be http(s)://host[:port][/path] without user, query or fragment",
            next_step="correct the address in the configuration",
        )
    return url


def without_numbers(kind: str) -> str:
    """Return a kind of request without the number of what it was about: there must not be a count for each incident."""
    return " ".join(word for word in kind.split() if not any(sign.isdigit() for sign in word))
