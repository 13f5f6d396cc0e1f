"""Second line and third line behind Frontline: which of them has a ticket.  Pure.

A ticket is with third line while one of the tickets to which it was handed on is not done, or while it says so
itself; it is with second line while it says that; a ticket that says neither is with development.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.model.dossier import Link, Who
from bridge.model.ticket import Ticket
from bridge.rules.match import folded
from bridge.rules.shape import Line, Lines


def line_of(lines: Lines | None, link: Link, own: Ticket | None, tickets: Mapping[str, Ticket]) -> Who:
    """Return who works on a linked ticket; ``own`` is the ticket itself, after duplicates."""
    if lines is None:
        return "development"
    if own is None:
        return "second_line"
    if handed_and_open(link, tickets) or says(lines.third_line, own):
        return "third_line"
    return "second_line" if says(lines.second_line, own) else "development"


def handed_and_open(link: Link, tickets: Mapping[str, Ticket]) -> tuple[Ticket, ...]:
    """Return third line's tickets on which it still works."""
    return tuple(tickets[one] for one in link.handed if one in tickets and not tickets[one].done)


def says(line: Line, ticket: Ticket) -> bool:
    """Whether a ticket says that it is with this line."""
    asked: list[tuple[str, tuple[str, ...]]] = []
    if line.project is not None:
        asked.append((ticket.project, line.project))
    if line.status is not None:
        asked.append((ticket.status, line.status.in_))
    if line.field is not None:
        asked.append((ticket.value(line.field), line.in_ or ()))
    return all(folded(value) in {folded(word) for word in words} for value, words in asked)


def keys_with(link: Link, who: str, tickets: Mapping[str, Ticket]) -> tuple[str, ...]:
    """Return the keys of the tickets that a line works on for a link."""
    handed = handed_and_open(link, tickets) if who == "third_line" else ()
    return tuple(ticket.key for ticket in handed) or (link.ticket_key,)
