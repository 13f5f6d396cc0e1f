"""Workarounds: what a ticket tells that helps until the fix comes, and who may be let go because of it.

A workaround stands in a field of the ticket, or, under a label, in the newest comment that begins with the phrase.
It reaches every incident that is held on the ticket, once for each text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.decide.draft import Draft, digest
from bridge.decide.phrases import first_phrase
from bridge.decide.place import target_of
from bridge.model.actions import AddIncidentNote
from bridge.model.dossier import Link
from bridge.model.incident import FINAL
from bridge.model.ticket import Ticket
from bridge.rules.shape_roads import Workaround


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A workaround that a ticket tells now."""

    ticket: Ticket
    text: str


def known(draft: Draft) -> tuple[Known, ...]:
    """Return the workarounds that the incident's tickets tell now, a target's before its duplicate's."""
    rule = draft.rule
    if rule is None or rule.hold.workaround is None:
        return ()
    links = (link for link in draft.dossier.links if not link.lost)
    return tuple(found for link in links for found in _of_link(draft, rule.hold.workaround, link))


def _of_link(draft: Draft, wanted: Workaround, link: Link) -> Iterator[Known]:
    for ticket in (target_of(draft, link), draft.seen.tickets.get(link.ticket_id)):
        text = _text(draft, wanted, ticket) if ticket is not None else ""
        if ticket is not None and text:
            yield Known(ticket=ticket, text=text)


def _text(draft: Draft, wanted: Workaround, ticket: Ticket) -> str:
    in_field = ticket.value(wanted.field).strip() if wanted.field else ""
    labels = {label.casefold() for label in ticket.labels}
    if in_field or wanted.label is None or wanted.label.casefold() not in labels:
        return in_field
    told = [
        (note.at, said[1])
        for note in draft.seen.ticket_notes.get(ticket.id, ())
        if draft.is_human(note) and (said := first_phrase(note.text, wanted.says)) and said[1]
    ]
    return max(told)[1] if told else ""


def frees(draft: Draft) -> Known | None:
    """Return the workaround by which the incident may be resolved before its fix is deployed, None for none."""
    rule = draft.rule
    if rule is None or rule.hold.workaround is None or not rule.hold.workaround.frees:
        return None
    return next(iter(known(draft)), None)


def tell(draft: Draft) -> None:
    """Tell the incident of every workaround that it was not told yet."""
    rule = draft.rule
    if (
        rule is None
        or rule.hold.workaround is None
        or not draft.dossier.held
        or draft.incident.status in FINAL
    ):
        return
    for one in known(draft):
        draft.do(
            AddIncidentNote(
                key=f"{draft.number}/told/workaround/{one.ticket.id}/{digest(one.text)}",
                reason=f"{one.ticket.key} tells a workaround",
                text=draft.voice.say(
                    "workaround", key=one.ticket.key, text=one.text, frees=rule.hold.workaround.frees
                ),
                purpose="milestone",
            )
        )
