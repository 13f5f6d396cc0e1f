"""Mirroring: people's notes both ways, once each.

An incident's notes go to its own tickets only; people's comments in a ticket reach every incident of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.decide.draft import Draft
from bridge.decide.phrases import first_phrase
from bridge.decide.place import place, target_of
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
        where = place(draft, link, note.at)
        draft.do(
            AddTicketNote(
                key=f"{draft.number}/note/desk/{note.id}/{where.id}",
                reason=f"{draft.name_of(note)} wrote in the incident",
                ticket_id=where.id,
                ticket_key=where.key,
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
    for key, note in _comments(draft, link):
        draft.do(
            AddIncidentNote(
                key=f"{draft.number}/note/tracker/{note.id}",
                reason=f"{draft.name_of(note)} wrote in {key}",
                text=draft.voice.say(
                    "note_from_ticket",
                    author=draft.name_of(note),
                    key=key,
                    at=draft.voice.moment(note.at),
                    text=note.text,
                ),
                internal=allowed == "internal",
            )
        )


def _comments(draft: Draft, link: Link) -> Iterator[tuple[str, Note]]:
    """Yield (key, comment) of people in the ticket since it was linked, and in the one it follows since then."""
    target = target_of(draft, link)
    places = [(link.ticket_id, link.ticket_key, link.notes_from)]
    if target is not None:
        places.append((target.id, target.key, link.followed_at))
    for ticket_id, key, since in places:
        for note in draft.seen.ticket_notes.get(ticket_id, ()):
            if draft.is_human(note) and (since is None or note.at > since):
                yield key, note
