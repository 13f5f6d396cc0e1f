"""Accounts and tokens: who may talk to the server and until when.

A token lives for an absolute time from log-in, is not prolonged by use, and dies at log-out and when the
server restarts (BMC docs, AR REST log-in).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass

from bridge.simulators.remedy.refusal import Rejected, unauthenticated
from bridge.simulators.remedy.settings import RemedySettings


@dataclass(slots=True, kw_only=True)
class Account:
    """A login of the server and what it may do; ``companies`` None sees every company."""

    login: str
    password: str
    writes: bool = True
    reads_memberships: bool = True
    reads_changes: bool = True
    companies: frozenset[str] | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    login: str
    address: str
    ends: int


class Sessions:
    """The live tokens and the accounts they belong to; times are epoch seconds."""

    def __init__(self, seed: int) -> None:
        self.accounts: dict[str, Account] = {}
        self._key = hashlib.sha256(f"remedy {seed}".encode()).digest()
        self._live: dict[str, _Session] = {}
        self._elsewhere: set[str] = set()
        self._serial = 0

    def log_in(self, login: str, password: str, address: str, now: int, settings: RemedySettings) -> str:
        """Return a new token; raise ``Rejected`` 623 for bad credentials and 624 for a locked account."""
        account = self.accounts.get(login)
        if account is None:
            raise unauthenticated(623, login)
        if settings.lock_after is not None and account.failures >= settings.lock_after:
            raise Rejected(624, "Account marked invalid", login, status=401)
        if not hmac.compare_digest(account.password.encode(), password.encode()):
            account.failures += 1
            raise unauthenticated(623, login)
        account.failures = 0
        ends = now + int(settings.token_life.total_seconds())
        token = self._token(login, now, ends)
        self._live[token] = _Session(login=login, address=address, ends=ends)
        return token

    def log_out(self, token: str) -> None:
        """End one token."""
        self._live.pop(token, None)

    def revoke_all(self) -> None:
        """End every token, as a restart of the server does."""
        self._live.clear()

    def occupy(self, login: str) -> None:
        """Let somebody work with this login from another machine until ``vacate``; every call gets 9093."""
        self._elsewhere.add(login)

    def vacate(self, login: str) -> None:
        """End what ``occupy`` began."""
        self._elsewhere.discard(login)

    def live(self, now: int) -> int:
        """Return how many tokens are alive, which shows a client that never logs out."""
        return sum(now < session.ends for session in self._live.values())

    def account(self, token: str, now: int, settings: RemedySettings) -> Account:
        """Return whose token this is; raise ``Rejected`` 401 for a dead one and 9093 for a second address."""
        session = self._live.get(token)
        if session is None or now >= session.ends:
            self._live.pop(token, None)
            raise unauthenticated(settings.expired_token_number, "")
        if session.login in self._elsewhere or (
            settings.single_session and self._doubled(token, session, now)
        ):
            raise Rejected(
                9093,
                "User is currently connected from another machine or incompatible session.",
                session.login,
            )
        return self.accounts[session.login]

    def _doubled(self, token: str, mine: _Session, now: int) -> bool:
        """Whether the same user had a live session from another address before this one."""
        earlier = itertools.takewhile(lambda pair: pair[0] != token, self._live.items())
        return any(
            one.login == mine.login and one.address != mine.address and now < one.ends for _, one in earlier
        )

    def _token(self, login: str, now: int, ends: int) -> str:
        self._serial += 1
        claims = {
            "sub": self._signature(f"{login} {self._serial}"),
            "nbf": now - 120,
            "iat": now,
            "exp": ends,
            "iss": "remedy-simulator",
            "jti": f"IDGAA{self._serial:025d}",
            "_cacheId": self._serial,
        }
        text = f"{_encoded({'alg': 'HS256'})}.{_encoded(claims)}"
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        return _base64(hmac.digest(self._key, text.encode(), "sha256"))


def _encoded(value: object) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
