"""What the bridge's own marks in both worlds say about an incident whose memory was lost.

mark                                    says
<INC>/note/desk/<note>/<ticket>         that note was carried to the ticket
<INC>/note/tracker/<comment>            that comment was carried to the incident
<INC>/pack/<ticket>                     the ticket was adopted and has the story
<INC>/told/<cause>[/<ticket>]           people were told, here or in the ticket
<INC>/answer/<source>/<text>            a request or a command was answered
<INC>/living[/<revision>/new]           this is the living note
board/<ticket>                          this tells of all incidents that wait for the ticket
label bridge-<pair>-<INC>-<n>           the ticket was opened for the n-th request
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.decide.claimed import numbers_in
from bridge.decide.phrases import ticket_keys
from bridge.model.incident import Incident
from bridge.model.note import Note, board_name
from bridge.model.ticket import Ticket

#: The answers that tell which request linked a ticket.
CONFIRMED = frozenset({"opened_further", "adopted_further", "linked_in_ticket"})
#: A ticket with its notes.
Seen = tuple[Ticket, tuple[Note, ...]]

# As the voice writes moments, in every language.
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Everything of one incident that may bear our marks: its notes, and its tickets with theirs.

    ``beside`` are further tickets in which it may have been spoken of: they name it, or it follows them.
    """

    pair: str
    incident: Incident
    notes: tuple[Note, ...]
    tickets: tuple[Seen, ...]
    beside: tuple[Seen, ...] = ()

    @property
    def number(self) -> str:
        """The incident's number."""
        return self.incident.number

    def here(self) -> Iterator[tuple[str, Note]]:
        """Yield what follows the incident's number in the marks of its own notes."""
        return _marked(self.notes, self.number)

    def there(self) -> Iterator[tuple[str, Note]]:
        """Yield the same of the notes in its tickets, and in those beside them."""
        return (found for _, notes in (*self.tickets, *self.beside) for found in _marked(notes, self.number))

    def told(self, *causes: str) -> Note | None:
        """Return the first note, here or there, that told one of these causes."""
        for rest, note in (*self.here(), *self.there()):
            for cause in causes:
                if rest == f"told/{cause}" or rest.startswith(f"told/{cause}/"):
                    return note
        return None

    def highest(self, *causes: str) -> int:
        """Return the highest number that stands behind one of these causes, 0 where none was told."""
        pattern = re.compile(rf"told/(?:{'|'.join(map(re.escape, causes))})/(\d+)(?:/|$)")
        found = (pattern.match(rest) for rest, _ in (*self.here(), *self.there()))
        return max((int(one[1]) for one in found if one), default=0)

    def answered(self, source: str) -> str:
        """Return with which text a request or a command was answered, empty where it was not."""
        prefix = f"answer/{source}/"
        return next((rest[len(prefix) :] for rest, _ in self.here() if rest.startswith(prefix)), "")

    def confirmed(self, key: str) -> tuple[str, Note] | None:
        """Return the source of the request by which a ticket was linked, and the note that told so."""
        for rest, note in self.here():
            parts = rest.split("/")
            if parts[0] == "answer" and parts[-1] in CONFIRMED and key in ticket_keys(note.text):
                return "/".join(parts[1:-1]), note
        return None


def ordinal(ticket: Ticket, pair: str, number: str) -> int:
    """Return for which request of an incident a ticket was opened, 0 where its labels do not say that."""
    found = (_label(label) for label in ticket.labels)
    return next((which for of_pair, of, which in found if (of_pair, of) == (pair, number)), 0)


def incidents_named(pair: str, ticket: Ticket, notes: Iterable[Note]) -> frozenset[str]:
    """Return the incidents for which a ticket was opened or written to, by its labels, its marks and its board."""
    labels = {of for of_pair, of, which in map(_label, ticket.labels) if of_pair == pair and which}
    board = board_name(ticket.id)
    marks = {note.mark.split("/", 1)[0] for note in notes if note.mark and note.mark != board}
    told = numbers_in(note.text for note in notes if note.mark == board)
    return frozenset(labels | marks | set(told))


def waits_since(number: str, ticket: Ticket, notes: Iterable[Note]) -> datetime | None:
    """Return since when an incident waits for a ticket by the ticket's board, to the minute."""
    for note in notes:
        if note.mark == board_name(ticket.id):
            lines = [line for line in note.text.splitlines() if number in numbers_in([line])]
            found = _MOMENT.search(lines[0]) if lines else None
            if found:
                return datetime.strptime(found[0], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return None


def _label(label: str) -> tuple[str, str, int]:
    found = re.fullmatch(r"bridge-(?P<pair>[a-z0-9_-]+)-(?P<number>[^-\s]+)-(?P<which>\d{1,6})", label)
    return (found["pair"], found["number"], int(found["which"])) if found else ("", "", 0)


def _marked(notes: Iterable[Note], number: str) -> Iterator[tuple[str, Note]]:
    prefix = f"{number}/"
    return ((note.mark[len(prefix) :], note) for note in notes if note.mark.startswith(prefix))
