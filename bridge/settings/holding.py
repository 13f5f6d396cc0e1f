"""The secrets that a configuration names, all of them: whose they are, where they are found, and when they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Protocol
from urllib.parse import urlsplit

from bridge.model.errors import ConfigError
from bridge.model.secrecy import basic
from bridge.settings.secret import SecretRef, read_secret
from bridge.settings.shape import Alive, Connection, Desk, Tracker

#: How many days before its end a secret is spoken of.
ANNOUNCED = (30, 14, 7, 1)

Side = Literal["desk", "tracker", "alive"]


class Named(Protocol):
    """What of a configuration may name secrets."""

    @property
    def desks(self) -> Mapping[str, Desk]:
        """The desks by name."""

    @property
    def trackers(self) -> Mapping[str, Tracker]:
        """The trackers by name."""

    @property
    def alive(self) -> Alive | None:
        """The dead man's switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One secret: whose it is, the account that it is sent with (empty where it stands alone), and its place."""

    side: Side
    system: str
    kind: Literal["secret", "proxy_login", "address"] = "secret"
    user: str = ""
    ref: SecretRef

    @property
    def what(self) -> str:
        """The secret in words, as ``check`` names it."""
        owner = "alive" if self.side == "alive" else f"{self.side} {self.system}"
        return f"{owner}: {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A secret whose last day is near or over; ``days`` are left after today, below zero where it is over."""

    what: str
    on: date
    days: int

    @property
    def stage(self) -> int:
        """The announcement that is due: the fewest days of ``ANNOUNCED`` that are not over yet, -1 after the end."""
        return -1 if self.days < 0 else min(step for step in ANNOUNCED if self.days <= step)

    @property
    def sentence(self) -> str:
        """What a person should read."""
        if self.days < 0:
            return f"its last day was {self.on}"
        left = {0: "today", 1: "tomorrow"}.get(self.days, f"in {self.days} days")
        return f"its last day is {self.on}, {left}"

    @property
    def next_step(self) -> str:
        """What a person should do."""
        return "renew it, store it in its place (no restart is needed), and write its new day under expires"


def holdings(settings: Named) -> Iterator[Holding]:
    """Yield every secret that a configuration names."""
    for name, desk in settings.desks.items():
        yield Holding(side="desk", system=name, user=desk.username, ref=desk.password)
        yield from _proxy("desk", name, desk)
    for name, tracker in settings.trackers.items():
        user = tracker.email or tracker.username or ""
        yield Holding(side="tracker", system=name, user=user, ref=tracker.token)
        yield from _proxy("tracker", name, tracker)
    if settings.alive is not None and settings.alive.url_in is not None:
        yield Holding(side="alive", system="alive", kind="address", ref=settings.alive.url_in)


def _proxy(side: Side, name: str, connection: Connection) -> Iterator[Holding]:
    if connection.proxy_login is not None:
        yield Holding(side=side, system=name, kind="proxy_login", ref=connection.proxy_login)


def known_values(settings: Named, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return every value that can be read now and must not be shown, in the forms in which it is sent."""
    found: list[str] = []
    for one in holdings(settings):
        try:
            value = read_secret(one.ref, environ).reveal()
        except ConfigError:
            continue
        found.append(value)
        if one.kind == "proxy_login":
            found += [value.partition(":")[2], basic(*value.partition(":")[::2])]
        elif one.kind == "address":
            found.append(_path(value))
        elif one.user:
            found.append(basic(one.user, value))
    if settings.alive is not None and settings.alive.url is not None:
        # Whoever knows the path of such an address can call it.
        found.append(_path(settings.alive.url))
    return tuple(value for value in found if value)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.strip("/")
    except ValueError:
        return ""


def endings(settings: Named, today: date) -> tuple[Ending, ...]:
    """Return the secrets that end within 30 days or have ended, the first to end first."""
    found = [
        Ending(what=one.what, on=one.ref.expires, days=(one.ref.expires - today).days)
        for one in holdings(settings)
        if one.ref.expires is not None
    ]
    return tuple(
        sorted((one for one in found if one.days <= ANNOUNCED[0]), key=lambda one: (one.on, one.what))
    )


def ends_at(settings: Named) -> dict[tuple[str, str, str], datetime]:
    """Return the moment (UTC) after the last day of every secret that has one, by side, system and kind."""
    return {
        (one.side, one.system, one.kind): datetime.combine(one.ref.expires + timedelta(days=1), time(), UTC)
        for one in holdings(settings)
        if one.ref.expires is not None
    }
