"""Who had asked for a ticket before the state was lost, each in its old place: a ticket's label counts the requests.

The place of a request is known where a ticket of its own bears it; the others stand between them in the order of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bridge.decide.asking import BY_VALUE, key_and_words, link_phrases, value_stands
from bridge.decide.claimed import IN_TICKET
from bridge.decide.marks import Traces, ordinal
from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.decide.requests import ask_phrases
from bridge.model.dossier import Link, Request
from bridge.model.note import Note
from bridge.rules.shape import Rule, RuleSet

Answered = Literal["", "opened", "adopted", "refused", "again", "withdrawn"]
#: What became of a request that was answered in these words; any other answer leaves it open.
_BY_ANSWER: dict[str, Answered] = {
    "already_linked": "again",
    "incident_closed": "refused",
    "no_incident": "refused",
    "no_key": "refused",
    "no_such_ticket": "refused",
    "other_project": "refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A request with the place that its ticket's label gives it, 0 where none does."""

    request: Request
    place: int = 0


def asks_of(rules: RuleSet, notes: Iterable[Note]) -> list[Note]:
    """Return people's notes that ask for a ticket or name one, in their order."""
    return _said(notes, (*ask_phrases(rules), *link_phrases(rules)))


def requests_of(traces: Traces, rules: RuleSet, rule: Rule, links: tuple[Link, ...]) -> tuple[Request, ...]:
    """Return the requests that must have been recorded to leave these traces, in their order."""
    named = list(_naming(traces, rules, links))
    adopted = _adopted(traces, links, {one.key for one in named if one.answered == "adopted"})
    asked = _said(traces.notes, ask_phrases(rules))
    opened = list(_opened(traces, rules, rule, asked, links))
    taken = {one.request.source for one in opened}
    rest = [
        _answered(traces, _from_note(traces, note, ask_phrases(rules)))
        for note in asked
        if note.id not in taken
    ]
    others = (
        *named,
        *adopted,
        *rest,
        *_unlinked(traces, rules, taken | {one.source for one in (*named, *adopted)}),
    )
    highest = max((one.request.at for one in opened), default=None)
    gone = [moment for moment in (highest, *(link.linked_at for link in links if link.lost)) if moment]
    went = (_went(request, gone) if request in rest else request for request in others)
    placed = [*opened, *(_Placed(request=request) for request in went)]
    return tuple(_in_place(traces, sorted(placed, key=lambda one: one.request.at)))


def _went(request: Request, gone: list[datetime]) -> Request:
    """Say that a request that nobody answered in words got a ticket that is out of sight by now."""
    got = not request.answered and any(request.at <= moment for moment in gone)
    return replace(request, answered="opened") if got else request


def _said(notes: Iterable[Note], phrases: tuple[str, ...]) -> list[Note]:
    people = (note for note in notes if note.origin == "person")
    return [note for note in people if first_phrase(note.text, phrases) is not None]


def _from_note(traces: Traces, note: Note, phrases: tuple[str, ...]) -> Request:
    return Request(
        source=note.id,
        by=note.author,
        by_name=name_of(traces, note),
        at=note.at,
        text=(first_phrase(note.text, phrases) or ("", ""))[1],
    )


def name_of(traces: Traces, note: Note) -> str:
    """Return what the author of a note is called."""
    incident = traces.incident
    if note.author.casefold() == incident.assignee_login.casefold() and incident.assignee:
        return incident.assignee
    return note.author_name or note.author


def _answered(traces: Traces, request: Request) -> Request:
    return replace(request, answered=_BY_ANSWER.get(traces.answered(request.source), ""))


# -- tickets that were there before


def _naming(traces: Traces, rules: RuleSet, links: tuple[Link, ...]) -> Iterator[Request]:
    """Yield the requests of the notes that name a ticket; the first one of a key is the one that linked it."""
    linked = {link.ticket_key for link in links if link.how == "adopted"}
    for note in _said(traces.notes, link_phrases(rules)):
        request = _from_note(traces, note, link_phrases(rules))
        key, words = key_and_words(request.text)
        request = _answered(traces, replace(request, key=key, text=words, links=True))
        if not request.answered and key in linked:
            linked.discard(key)
            request = replace(request, answered="adopted")
        yield request


def _adopted(traces: Traces, links: tuple[Link, ...], known: set[str]) -> list[Request]:
    return [
        _adoption(traces, link, first=link is links[0])
        for link in links
        if link.how == "adopted" and link.ticket_key not in known
    ]


def _adoption(traces: Traces, link: Link, *, first: bool) -> Request:
    confirmed = traces.confirmed(link.ticket_key)
    # Of a further ticket people are told before the living note names it.
    untold = confirmed is None and not first and link.ticket_key in _living_keys(traces)
    return Request(
        source=confirmed[0] if confirmed else f"field:{link.ticket_key}",
        by="",
        at=link.linked_at,
        key=link.ticket_key,
        answered="again" if untold else "adopted",
    )


def _living_keys(traces: Traces) -> frozenset[str]:
    living = (note for rest, note in traces.here() if rest.split("/")[0] == "living")
    return frozenset(key for note in living for key in ticket_keys(note.text))


# -- tickets that were opened


def _opened(
    traces: Traces, rules: RuleSet, rule: Rule, asked: list[Note], links: tuple[Link, ...]
) -> Iterator[_Placed]:
    """Yield the requests for which tickets were opened; where no answer names the ticket, in the order of the notes."""
    free = [note for note in asked if not _BY_ANSWER.get(traces.answered(note.id))]
    sources = {link.ticket_key: (traces.confirmed(link.ticket_key) or ("", None))[0] for link in links}
    free = [note for note in free if note.id not in sources.values()]
    numbered = ((ordinal(ticket, traces.pair, traces.number), ticket) for ticket, _ in traces.tickets)
    for place, ticket in sorted(
        ((which, ticket) for which, ticket in numbered if which), key=lambda one: one[0]
    ):
        source = sources.get(ticket.key, "")
        note = next((note for note in asked if note.id == source), None)
        if note is None and not source and free:
            note = free.pop(0)
        if note is not None:
            request = _from_note(traces, note, ask_phrases(rules))
        else:
            at = ticket.created_at or traces.incident.modified_at
            request = Request(source=source or _nobody(rule), by="", at=at)
        yield _Placed(request=replace(request, key=ticket.key, answered="opened"), place=place)


def _nobody(rule: Rule) -> str:
    """Return the source of a request that stands in no note."""
    return f"{BY_VALUE}1" if rule.ask_field is not None and rule.open != "automatically" else "rule"


# -- what was answered and led to no ticket


def _unlinked(traces: Traces, rules: RuleSet, known: Iterable[str]) -> Iterator[Request]:
    """Yield the requests by a value or in a ticket that were answered, and by which nothing is linked."""
    seen = set(known)
    for rest, note in (*traces.here(), *traces.there()):
        parts = rest.split("/")
        source = parts[1] if parts[0] == "answer" and len(parts) == 3 else ""
        if not source.startswith((BY_VALUE, IN_TICKET)) or source in seen:
            continue
        seen.add(source)
        answered: Answered = _BY_ANSWER.get(parts[2], "")
        if not answered and source.startswith(BY_VALUE) and not value_stands(rules, None, traces.incident):
            answered = "withdrawn"
        keys = {f"{IN_TICKET}{ticket.id}": ticket.key for ticket, _ in (*traces.tickets, *traces.beside)}
        links = source.startswith(IN_TICKET)
        yield Request(
            source=source, by="", at=note.at, key=keys.get(source, ""), links=links, answered=answered
        )


def times_by_value(requests: Iterable[Request]) -> int:
    """Return how often the agreed value of a field had asked."""
    counts = (
        request.source.removeprefix(BY_VALUE) for request in requests if request.source.startswith(BY_VALUE)
    )
    return max((int(count) for count in counts if count.isdigit()), default=0)


# -- the order


def _in_place(traces: Traces, requests: list[_Placed]) -> list[Request]:
    """Return the requests so that each opened ticket's one stands in its place; gaps are requests that left no trace.

    The next request must not take the number, and with it the label, of a ticket that is there.
    """
    placed: list[Request] = []
    for one in requests:
        while one.place > len(placed) + 1:
            placed.append(_lost(len(placed) + 1, traces.incident.modified_at))
        if one.place:
            placed.insert(one.place - 1, one.request)
        else:
            placed.append(one.request)
    return placed


def _lost(place: int, at: datetime) -> Request:
    return Request(source=f"lost:{place}", by="", at=at, answered="refused")
