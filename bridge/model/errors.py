"""Every failure that reaches a person says what happened, why, and what to do next."""

from __future__ import annotations

from typing import Literal

#: How far a server's wish to be spared reaches: this call, the object it is about, its endpoint, or all of the server.
Scope = Literal["call", "object", "endpoint", "system"]


class BridgeError(Exception):
    """A failure with a sentence for each of: what happened, why, what to do next.

    None of the three ever holds a secret.
    """

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        parts = [self.what]
        if self.why:
            parts.append(f"why: {self.why}")
        if self.next_step:
            parts.append(f"next: {self.next_step}")
        return "; ".join(parts)


class ConfigError(BridgeError):
    """The configuration cannot be used; exit code 78."""


class StateError(BridgeError):
    """The state file cannot be used; nothing was written to a tracker."""


class Refused(BridgeError):
    """The server said no and did nothing: the same call will be refused again until something changes."""

    @property
    def what_was_said(self) -> str:
        """What a person should read of the refusal: the server's own words where there are any."""
        return self.why or self.what


class Busy(BridgeError):
    """The server did nothing because it is busy; try again after ``retry_after`` seconds, whatever is of that scope."""

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        next_step: str = "",
        retry_after: float = 0.0,
        scope: Scope = "call",
    ) -> None:
        super().__init__(what, why=why, next_step=next_step)
        self.retry_after = retry_after
        self.scope = scope


class Unreachable(BridgeError):
    """The server could not be asked at all; nothing was done."""


class Blocked(Unreachable):
    """Something in front of the server answered in its place, and nothing was done.

    It may let nothing pass, or only dislike this one call: a firewall judges by the words.
    """


class LostCredentials(BridgeError):
    """The account was not recognised; nothing was done and nothing that was read may be believed."""


class Ambiguous(BridgeError):
    """The call may or may not have been carried out: look for its trace before doing it again."""


class Gone(Refused):
    """The object of the call is not there, or not visible to this account."""
