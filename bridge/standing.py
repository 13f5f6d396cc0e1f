"""Where every thread of the process stands, for the log: what an operator needs when a look does not end.

Names of functions, files and lines only; never a value, which could be a secret or a customer's words.
"""

from __future__ import annotations

import sys
import threading
import traceback

#: How many of the innermost calls of a thread are told.
_DEEPEST = 12


def where_threads_stand() -> dict[str, list[str]]:
    """Return the innermost calls of each thread by the thread's name, as ``file:line function``, the outer ones first."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return {
        names.get(ident, str(ident)): [
            f"{_short(call.filename)}:{call.lineno} {call.name}"
            for call in traceback.extract_stack(frame)[-_DEEPEST:]
        ]
        for ident, frame in sys._current_frames().items()
    }


def _short(path: str) -> str:
    return "/".join(path.rsplit("/", maxsplit=2)[-2:])
