"""Mirroring: people's notes both ways, once each.

An incident's notes go to its own tickets only; people's comments in a ticket reach every incident of it.
"""

from __future__ import annotations

from bridge.decide.draft import Draft
from bridge.decide.phrases import first_phrase
from bridge.model.actions import AddIncidentNote, AddTicketNote
from bridge.model.dossier import Link
from bridge.model.incident import FINAL
from bridge.model.note import Note
from bridge.rules.shape import Rule


def carry_notes(draft: Draft) -> None:
    """Carry people's notes that were not carried yet."""
    if draft.rule is None:
        return
    for link in draft.dossier.links:
        if not link.lost:
            _to_ticket(draft, draft.rule, link)
            _to_incident(draft, draft.rule, link)


def _is_command(rule: Rule, note: Note) -> bool:
    verify, release = rule.hold.verify, rule.hold.release
    says = (*rule.ask, *rule.link, *verify.accept, *verify.reject, *(release.says if release else ()))
    return first_phrase(note.text, says) is not None


def _to_ticket(draft: Draft, rule: Rule, link: Link) -> None:
    allowed = rule.mirror.notes.to_ticket
    for note in draft.seen.notes:
        wanted = allowed == "all" or (allowed == "public" and not note.internal)
        if not draft.is_human(note) or not wanted or note.id in link.packed or _is_command(rule, note):
            continue
        draft.do(
            AddTicketNote(
                key=f"{draft.number}/note/desk/{note.id}/{link.ticket_id}",
                reason=f"{draft.name_of(note)} wrote in the incident",
                ticket_id=link.ticket_id,
                ticket_key=link.ticket_key,
                text=draft.outward(
                    draft.voice.say(
                        "note_from_incident",
                        author=draft.name_of(note),
                        number=draft.number,
                        at=draft.voice.moment(note.at),
                        text=note.text,
                    )
                ),
            )
        )


def _to_incident(draft: Draft, rule: Rule, link: Link) -> None:
    allowed = rule.mirror.notes.to_incident
    if allowed == "none" or draft.incident.status in FINAL:
        return
    for note in draft.seen.ticket_notes.get(link.ticket_id, ()):
        old = link.notes_from is not None and note.at <= link.notes_from
        if not draft.is_human(note) or old:
            continue
        draft.do(
            AddIncidentNote(
                key=f"{draft.number}/note/tracker/{note.id}",
                reason=f"{draft.name_of(note)} wrote in {link.ticket_key}",
                text=draft.voice.say(
                    "note_from_ticket",
                    author=draft.name_of(note),
                    key=link.ticket_key,
                    at=draft.voice.moment(note.at),
                    text=note.text,
                ),
                internal=allowed == "internal",
            )
        )
