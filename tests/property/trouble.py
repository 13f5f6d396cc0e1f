"""Everything that can happen to one request: lost on the way, badly answered, or the death of who asked."""

from __future__ import annotations

from collections.abc import Callable

from bridge.simulators.faults import HTML_PAGE, Fault
from bridge.simulators.wire import Response
from tests.property.death import die

_HALF = Response(status=200, headers={"Content-Type": "application/json"}, body=b'{"id": "1')
_PAGE = Response.of_text(200, HTML_PAGE, "text/html")
_SLOW_DOWN = Response.of_text(429, "slow down", headers={"Retry-After": "20"})
_UNTIL = Response.of_text(429, "slow down", headers={"Retry-After": "Mon, 02 Mar 2026 07:30:00 GMT"})
_NOT_YOU = Response.of_text(401, "who are you?")


def _answers(kind: str, answer: Response) -> Callable[[], Fault]:
    return lambda: Fault(kind=kind, answer=answer)  # type: ignore[arg-type]


def _status(code: int) -> Response:
    return Response.of_text(code, "not now")


#: By name, what may happen.  A server that refuses (401, 429) has done nothing, so these come before only.
TROUBLES: dict[str, Callable[[], Fault]] = {
    "lost request": lambda: Fault(kind="drop_before"),
    "lost answer": lambda: Fault(kind="drop_after"),
    "time-out before": lambda: Fault(kind="time_out_before"),
    "time-out after": lambda: Fault(kind="time_out_after"),
    "500 before": _answers("answer_before", _status(500)),
    "500 after": _answers("answer_after", _status(500)),
    "503 before": _answers("answer_before", _status(503)),
    "503 after": _answers("answer_after", _status(503)),
    "504 after": _answers("answer_after", _status(504)),
    "429 seconds": _answers("answer_before", _SLOW_DOWN),
    "429 date": _answers("answer_before", _UNTIL),
    "401": _answers("answer_before", _NOT_YOU),
    "page before": _answers("answer_before", _PAGE),
    "page after": _answers("answer_after", _PAGE),
    "half an answer": _answers("answer_after", _HALF),
    "death before": lambda: Fault(kind="call_before", call=die),
    "death after": lambda: Fault(kind="call_after", call=die),
}


def trouble(name: str, *, skip: int = 0, times: int | None = 1) -> Fault:
    """Return the trouble of this name for the request after ``skip`` others."""
    fault = TROUBLES[name]()
    fault.skip, fault.times = skip, times
    return fault
