"""Who types: the name that the audit trail keeps of an operator."""

from __future__ import annotations

import getpass
from collections.abc import Mapping


def operator(environ: Mapping[str, str]) -> str:
    """Return the login of the person at the keyboard, also behind sudo; ``unknown`` where there is none."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = "unknown"
    behind = environ.get("SUDO_USER", "")
    return f"{behind} (as {account})" if behind and behind != account else account
