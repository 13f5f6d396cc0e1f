"""The cause of a verified incident: whether it holds, what the ticket suggests, and asking for it.

The bridge never writes a cause: it shows the list, and what the ticket makes likely.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.decide.draft import Draft, digest
from bridge.decide.place import target_of
from bridge.decide.stage import cause_is_set
from bridge.model.actions import AddIncidentNote
from bridge.model.incident import RESOLVED
from bridge.model.ticket import Ticket
from bridge.rules.mapping import translate
from bridge.rules.shape import Cause
from bridge.rules.shape_roads import CausePropose


def unknown_value(draft: Draft) -> str:
    """Return what the field holds where that is none of the rule's list, empty where it is empty or right."""
    cause = draft.rule.hold.cause if draft.rule else None
    if cause is None or cause_is_set(cause, draft.incident):
        return ""
    return draft.incident.value(cause.field)


def proposal(draft: Draft) -> tuple[str, str]:
    """Return (the cause that a ticket suggests, the ticket's key), both empty where none does."""
    cause = draft.rule.hold.cause if draft.rule else None
    if cause is None or cause.propose is None:
        return "", ""
    for link in draft.dossier.links:
        ticket = target_of(draft, link) or draft.seen.tickets.get(link.ticket_id)
        for found in _suggested(draft, cause, cause.propose, ticket) if ticket else ():
            return found, ticket.key if ticket else ""
    return "", ""


def _suggested(draft: Draft, cause: Cause, propose: CausePropose, ticket: Ticket) -> Iterator[str]:
    listed = {value.casefold(): value for value in cause.one_of}
    for word in _words(propose, ticket):
        translated = translate(draft.rules.maps, propose.map, word) or ""
        if translated.casefold() in listed:
            yield listed[translated.casefold()]


def _words(propose: CausePropose, ticket: Ticket) -> tuple[str, ...]:
    several = {"labels": ticket.labels, "components": ticket.components}
    if propose.of in several:
        return several[propose.of]
    value = ticket.value(propose.of).strip()
    return (value,) if value else ()


def ask(draft: Draft) -> None:
    """Ask for the cause of a verified incident that was resolved without one, once for each value that is none."""
    rule = draft.rule
    if rule is None or draft.dossier.ending != "verified" or draft.expected.status != RESOLVED:
        return
    if cause_is_set(rule.hold.cause, draft.incident):
        draft.clear_flag("cause_missing")
        return
    present = unknown_value(draft)
    suggested, by = proposal(draft)
    draft.do(
        AddIncidentNote(
            key=f"{draft.number}/told/cause_missing/{digest(present)}",
            reason="it was resolved without a cause of the rule's list",
            text=draft.voice.say(
                "cause_missing",
                cause_field=rule.hold.cause.field if rule.hold.cause else "",
                causes=", ".join(rule.hold.cause.one_of) if rule.hold.cause else "",
                cause_value=present,
                proposed=suggested,
                proposed_by=by,
            ),
            purpose="milestone",
        )
    )
