"""Tells systemd how it goes, where it started us (sd_notify(3)); elsewhere every call does nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Sends lines to the socket that systemd named; ``address`` is empty without systemd."""

    address: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Notifier:
        """Return the notifier for ``NOTIFY_SOCKET``."""
        return cls(address=environ.get("NOTIFY_SOCKET", ""))

    def tell(self, *lines: str) -> None:
        """Send some lines, such as ``READY=1`` or ``STATUS=412 held``; never raises."""
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto("\n".join(lines).encode(), address)


def watchdog_seconds(environ: Mapping[str, str]) -> float:
    """Return how often systemd wants to hear of us, 0 where it does not."""
    wanted = environ.get("WATCHDOG_USEC", "")
    mine = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
    return int(wanted) / 1e6 if wanted.isdigit() and mine else 0.0
