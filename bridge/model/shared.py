"""What incidents that wait for the same ticket may know of each other, and what a ticket shows of all of them.

An incident's notes, story and people are not among it: they never reach its siblings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """One incident on a ticket, as the others see it.

    ``waits`` says that it is held and that the ticket was not lost to it; ``verified`` that its people found the fix
    to work; ``ended_at`` is when its hold ended.
    """

    number: str
    linked_at: datetime
    priority: str = ""
    queue: str = ""
    waits: bool = True
    verified: bool = False
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The one comment in a ticket that tells how many incidents wait for it, as it was last written."""

    note_id: str
    text: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A ticket in which a person wrote the incident's number, not answered yet.

    ``done`` says that the ticket was done when that was seen; ``absent`` that the desk shows no such incident.
    """

    ticket_id: str
    ticket_key: str
    at: datetime
    done: bool = False
    absent: bool = False
