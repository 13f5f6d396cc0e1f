"""One mirrored field as it is seen now: both sides' words, whether they mean the same, and what becomes of it.

The planner acts on it and ``explain`` prints it; it changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.decide.draft import Draft
from bridge.decide.merge import Merged, Side, Sides, merge, sides_of
from bridge.decide.siblings import others
from bridge.model.actions import Value
from bridge.model.dossier import Link
from bridge.model.ticket import Ticket
from bridge.rules.levels import level
from bridge.rules.mapping import Circumstances, Unmapped, first_case, sourced, translate, translate_back
from bridge.rules.match import same
from bridge.rules.shape import MirroredField, Rule

#: Fields of a ticket that hold several values.
MANY = ("labels", "components")
#: Behind every level there is.
_NO_LEVEL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLook:
    """One mirrored field of one link.

    ``seen`` and ``base`` are in each side's own words; ``to_ticket`` and ``to_incident`` what each side says in the
    other's words, None where there is no word for it.  ``speaker`` is the incident whose value counts for the ticket;
    ``case`` names the case that decided, where the rule has cases; ``asked`` are the values put before a person.
    """

    field: MirroredField
    link: Link
    seen: Sides
    base: Sides | None
    asked: Sides | None
    to_ticket: Value | None
    to_incident: str | None
    merged: Merged
    speaker: str
    case: str

    def word_for(self, side: Side) -> Value | None:
        """Return what would be written on a side."""
        return self.to_ticket if side == "ticket" else self.to_incident


def look_at(draft: Draft, link: Link, ticket: Ticket, field: MirroredField) -> FieldLook:
    """Return how one mirrored field stands."""
    base, asked = sides_of(link.base, field.ticket), sides_of(link.asked, field.ticket)
    values = _ticket_values(draft, ticket, field)
    ours, word, case = _our_word(draft, link, field)
    seen = Sides(incident=ours, ticket=", ".join(values))
    back = _their_word(draft, field, values, ours)
    return FieldLook(
        field=field,
        link=link,
        seen=seen,
        base=base,
        asked=asked,
        to_ticket=_among(draft, field, values, base, word),
        to_incident=back,
        merged=merge(
            asked or base or _beginning(link, seen),
            _as_compared(field, seen, word),
            equal=_equal(field, seen, values, word, back),
            owner=field.owner,
            later="incident" if draft.incident.modified_at >= ticket.updated_at else "ticket",
        ),
        speaker=speaker(draft, link),
        case=case,
    )


def _beginning(link: Link, seen: Sides) -> Sides | None:
    """Return the base of a field that was never agreed on.

    A ticket that was opened for the incident follows it first; one for which others wait already shows their value,
    which is nobody's loss.
    """
    return Sides(incident="", ticket=seen.ticket) if link.how == "opened" or link.on_board else None


def _as_compared(field: MirroredField, seen: Sides, word: str | None) -> Sides:
    # Where the incident owns the field, a default of the map may stand for an empty value.
    return Sides(incident=word or "", ticket=seen.ticket) if field.owner == "incident" else seen


def _our_word(draft: Draft, link: Link, field: MirroredField) -> tuple[str, str | None, str]:
    """Return (the incident's value, the same in the ticket's words, the case that decided)."""
    maps, map_name = draft.rules.maps, field.map or field.map_to_ticket
    ours, case = draft.incident.value(field.incident).strip(), ""
    word = translate(maps, map_name, ours)
    if field.when:
        now = Circumstances(incident=draft.incident, waiting=len(others(draft.seen, link.ticket_id)) + 1)
        chosen, case = first_case(field.when, now)
        value = sourced(field.ticket, chosen, now, maps) if chosen else word
        word = None if isinstance(value, Unmapped) or value is None else _text(value)
    return ours, None if word is None else _spelt(field, draft.outward(word)), case


def _spelt(field: MirroredField, word: str) -> str:
    return re.sub(r"\s+", "_", word.strip()) if field.ticket == "labels" else word


def _ticket_values(draft: Draft, ticket: Ticket, field: MirroredField) -> tuple[str, ...]:
    """Return the ticket's values of a field; our own mark labels are nobody's business."""
    if field.ticket not in MANY:
        value = ticket.value(field.ticket).strip()
        return (value,) if value else ()
    ours = f"bridge-{draft.seen.pair}-"
    values: tuple[str, ...] = getattr(ticket, field.ticket)
    return tuple(value for value in values if not value.startswith(ours))


def _their_word(draft: Draft, field: MirroredField, values: Sequence[str], ours: str) -> str | None:
    """Return the ticket's value in the incident's words; of several the incident's own, else the first that has one."""
    maps = draft.rules.maps
    if field.map is None and field.map_to_incident is None:
        return next((value for value in values if same(value, ours)), ", ".join(values))
    if field.map is not None:
        found = [translate_back(maps, field.map, value) for value in values]
    else:
        found = [translate(maps, field.map_to_incident, value) for value in values]
    words = [word for word in found if word]
    return next((word for word in words if same(word, ours)), words[0] if words else None)


def _equal(
    field: MirroredField, seen: Sides, values: Sequence[str], word: str | None, back: str | None
) -> bool:
    if not seen.incident and not seen.ticket and not (field.owner == "incident" and word):
        return True
    forth = word is not None and any(same(word, value) for value in values)
    if field.owner == "incident" or forth:
        return forth
    return bool(back) and same(back or "", seen.incident)


def _among(
    draft: Draft, field: MirroredField, values: Sequence[str], base: Sides | None, word: str | None
) -> Value | None:
    """Return what is written to the ticket: of several values only the one that was agreed is replaced."""
    if word is None or field.ticket not in MANY:
        return word
    old = translate(draft.rules.maps, field.map or field.map_to_ticket, base.incident) if base else None
    kept = [value for value in values if old is None or not same(value, _spelt(field, old))]
    return tuple(dict.fromkeys((*kept, word)))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def speaker(draft: Draft, link: Link) -> str:
    """Return the number of the incident whose values count for a ticket: held, most serious, first linked."""
    siblings = draft.seen.siblings.get(link.ticket_id, ())
    ranks = [(_rank(one.priority), one.linked_at, one.number) for one in siblings if one.waits]
    own = (_rank(draft.incident.priority), link.linked_at, draft.number)
    return min([own, *ranks])[2]


def _rank(priority: str) -> int:
    return level("priority", priority) or _NO_LEVEL


def agreed_at_opening(
    draft: Draft, rule: Rule, fields: Sequence[tuple[str, Value]]
) -> tuple[tuple[str, str, str], ...]:
    """Return the mirrored fields that a new ticket is opened with: what the bridge writes is agreed from the start."""
    written = dict(fields)
    return tuple(
        (field.ticket, draft.incident.value(field.incident).strip(), _text(written[field.ticket]))
        for field in rule.mirror.fields
        if field.ticket in written
    )
