"""Faults on request: what a network and a tired server do to one call.

A ``Faulty`` server wraps another one.  Each fault names the requests it concerns, what happens to them,
and how often.  "Before" means the server never saw the request; "after" means that it did its work and
only the answer suffered, which is the case that makes duplicates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bridge.simulators.wire import Dropped, Request, Response, Server, TimedOut

Kind = Literal[
    "drop_before",
    "drop_after",
    "answer_before",
    "answer_after",
    "time_out_before",
    "time_out_after",
    "call_before",
    "call_after",
]

HTML_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass(kw_only=True)
class Fault:
    """One fault: which requests (``match``), what (``kind``), how often (``times``; None for ever).

    ``skip`` matching requests pass unharmed first.  ``answer`` is what the ``answer_*`` kinds send;
    ``call`` is what the ``call_*`` kinds run (it may raise to kill the caller).
    """

    kind: Kind
    match: Callable[[Request], bool] = field(default=lambda _request: True)
    times: int | None = 1
    skip: int = 0
    answer: Response = field(default_factory=lambda: Response.of_text(503, "unavailable"))
    call: Callable[[], None] = field(default=lambda: None)

    def strikes(self, request: Request) -> bool:
        """Whether this request is hit; counts down ``skip`` and ``times``."""
        if self.times == 0 or not self.match(request):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(kw_only=True)
class Faulty:
    """A server with faults; keeps every request it was asked in ``seen`` as (method, path)."""

    inner: Server
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        """Arrange for ``fault``; returned so that it can be watched or removed."""
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """No more faults."""
        self.faults.clear()

    def handle(self, request: Request) -> Response:
        """Answer through the faults that strike this request, the first added first."""
        self.seen.append((request.method, request.path))
        struck = [fault for fault in self.faults if fault.strikes(request)]
        for fault in struck:
            answer = _before(fault)
            if answer is not None:
                return answer
        response = self.inner.handle(request)
        for fault in struck:
            response = _after(fault, response)
        return response


def _before(fault: Fault) -> Response | None:
    match fault.kind:
        case "drop_before":
            raise Dropped
        case "time_out_before":
            raise TimedOut
        case "answer_before":
            return fault.answer
        case "call_before":
            fault.call()
    return None


def _after(fault: Fault, response: Response) -> Response:
    match fault.kind:
        case "drop_after":
            raise Dropped
        case "time_out_after":
            raise TimedOut
        case "answer_after":
            return fault.answer
        case "call_after":
            fault.call()
    return response
