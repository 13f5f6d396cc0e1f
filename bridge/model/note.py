"""A note: a work info in Remedy or a comment in Jira, and the mark by which the bridge knows its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.model.attachment import Attachment

#: Who wrote it: a person, this or another bridge, or the system itself.
Origin = Literal["person", "bridge", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note; ``parent`` is the incident's number or the ticket's id.

    ``author`` is the account (login, account id), ``author_name`` what people call them.  ``text`` is plain text
    without our mark; ``mark`` is the effect key that we left in it, empty where it is not ours.
    """

    id: str
    parent: str
    author: str
    author_name: str = ""
    at: datetime
    text: str
    internal: bool = True
    origin: Origin = "person"
    mark: str = ""
    attachments: tuple[Attachment, ...] = ()


# The mark must survive every server: plain ASCII, no wiki or HTML meaning, the last thing of the note.
_MARK = re.compile(r"\(bridge:(?P<pair>[a-z0-9_-]+)/(?P<key>[^\s()]{1,200})\)\s*\Z")


def mark(pair: str, key: str) -> str:
    """Return the trailing mark that names the effect ``key`` of ``pair``."""
    return f"(bridge:{pair}/{key})"


def board_name(ticket_id: str) -> str:
    """Return what the mark of a ticket's board names instead of an effect, since several incidents write it."""
    return f"board/{ticket_id}"


def split_mark(text: str) -> tuple[str, str, str]:
    """Return (text without its mark, pair, effect key); pair and key are empty where there is no mark."""
    found = _MARK.search(text)
    if found is None:
        return text, "", ""
    return text[: found.start()].rstrip(), found["pair"], found["key"]
