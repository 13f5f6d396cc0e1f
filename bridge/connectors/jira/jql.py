"""The few JQL sentences that the bridge says, built so that no value can change their meaning.

Times are bare epoch milliseconds: a quoted date would be read in the caller's own time zone and to the minute
(Jira JQL reference; AirbyteHQ and Onyx ran into it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bridge.model.errors import Refused

_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,63}-[1-9][0-9]{0,17}")
_ID = re.compile(r"[0-9]{1,18}")
# What JQL's own grammar has an escape for; anything else below a blank is written as \uXXXX.
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def jql_quote(text: str) -> str:
    """Return the text as one JQL string literal, whatever it holds."""
    return '"' + "".join(_ESCAPES.get(sign) or _plain(sign) for sign in text) + '"'


def _plain(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < ord(" ") or sign == "\x7f" else sign


def is_id(text: str) -> bool:
    """Whether the text is an issue's numeric id."""
    return _ID.fullmatch(text) is not None


def reference(text: str) -> str | None:
    """Return an issue id or key fit for a path, keys in capitals; None where it is neither."""
    text = text.strip()
    if is_id(text):
        return text
    return text.upper() if _KEY.fullmatch(text.upper()) else None


def project_key(text: str) -> str:
    """Return a project's key fit for a path; ``Refused`` where it is none."""
    key = text.strip().upper()
    if _PROJECT.fullmatch(key) is None:
        raise Refused(
            f"Jira: {text[:80]!r} is not a project key", next_step="correct the project in the rules"
        )
    return key


def milliseconds(when: datetime) -> int:
    """Return epoch milliseconds, cut to the whole second that the search index knows."""
    return int(when.astimezone(UTC).timestamp()) * 1000


def updated_since(projects: Sequence[str], since: int) -> str:
    """Say: what changed in these projects since an epoch in milliseconds, oldest first."""
    names = ", ".join(jql_quote(project_key(project)) for project in projects)
    return f"project in ({names}) AND updated >= {since} ORDER BY updated ASC, key ASC"


#: Everything that the account itself created.
CREATED_BY_US = "creator = currentUser() ORDER BY created DESC"


def labelled(*labels: str) -> str:
    """Say: everything that carries one of these labels, oldest first."""
    if len(labels) == 1:
        return f"labels = {jql_quote(labels[0])} ORDER BY created ASC, key ASC"
    return f"labels in ({', '.join(map(jql_quote, labels))}) ORDER BY created ASC, key ASC"


def with_ids(ids: Iterable[str]) -> str:
    """Say: the issues with these numeric ids."""
    return f"id in ({', '.join(ids)}) ORDER BY key ASC"
