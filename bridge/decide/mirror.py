"""Mirroring: people's notes both ways, once each, and the fields that the rule keeps equal.

An incident's notes go to its own tickets only; people's comments in a ticket reach every incident of it.
"""

from __future__ import annotations

from datetime import timedelta

from bridge.decide import siblings
from bridge.decide.draft import Draft, digest
from bridge.decide.phrases import first_phrase
from bridge.model.actions import AddIncidentNote, AddTicketNote, SetIncident, SetTicketFields
from bridge.model.dossier import Agreed, Link
from bridge.model.incident import FINAL
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.rules.mapping import translate, translate_back
from bridge.rules.shape import MirroredField, Rule

#: A field written this often within the window is a quarrel with somebody's automation.
QUARREL = 3
QUARREL_WINDOW = timedelta(hours=1)


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
        if note.origin != "person" or not wanted or note.id in link.packed or _is_command(rule, note):
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
        if note.origin != "person" or old:
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


def carry_fields(draft: Draft) -> None:
    """Make the rule's mirrored fields equal, the owner's value winning.

    Of several incidents on a ticket only the one that speaks for all writes there, or they would quarrel.
    """
    rule = draft.rule
    if rule is None or not draft.dossier.held:
        return
    for link in draft.dossier.links:
        ticket = draft.seen.tickets.get(link.ticket_id)
        if ticket is None or link.lost:
            continue
        for mirrored in rule.mirror.fields:
            _carry(draft, link, ticket, mirrored)


def _carry(draft: Draft, link: Link, ticket: Ticket, mirrored: MirroredField) -> None:
    ours, theirs = _ours(draft, link, mirrored), ticket.value(mirrored.ticket)
    if mirrored.owner == "incident":
        if not siblings.speaks(draft, link.ticket_id):
            return
        wanted = translate(draft.rules.maps, mirrored.map, ours) if mirrored.map else ours
        present = theirs
    else:
        wanted = translate_back(draft.rules.maps, mirrored.map, theirs) if mirrored.map else theirs
        present = ours
    if not wanted or wanted.casefold() == present.casefold():
        return
    if _quarrels(draft, mirrored):
        return
    _write(draft, link, ticket, mirrored, wanted)


def _ours(draft: Draft, link: Link, mirrored: MirroredField) -> str:
    """Return the incident's value; where several wait for a ticket its priority is the highest of them."""
    if mirrored.owner == "incident" and mirrored.incident == "priority":
        highest = siblings.highest_priority(siblings.waiting(draft, link.ticket_id))
        return highest or draft.incident.priority
    return draft.incident.value(mirrored.incident)


def _quarrels(draft: Draft, mirrored: MirroredField) -> bool:
    recent = [
        at
        for name, at in draft.dossier.field_writes
        if name == mirrored.ticket and draft.now - at < QUARREL_WINDOW
    ]
    if len(recent) >= QUARREL:
        draft.flag("field_conflict", mirrored.ticket)
        return True
    return False


def _write(draft: Draft, link: Link, ticket: Ticket, mirrored: MirroredField, wanted: str) -> None:
    version = f"{draft.version}-{int(ticket.updated_at.timestamp())}"
    key = f"{draft.number}/mirror/{ticket.id}/{digest(mirrored.ticket + '=' + wanted)}@{version}"
    reason = f"{mirrored.owner} owns {mirrored.incident}: it is {wanted}"
    if mirrored.owner == "incident":
        value = draft.outward(wanted)
        many = mirrored.ticket in ("labels", "components")
        agreed = (mirrored.ticket, _ours(draft, link, mirrored), value)
        draft.do(
            SetTicketFields(
                key=key,
                reason=reason,
                ticket_id=link.ticket_id,
                ticket_key=link.ticket_key,
                fields=((mirrored.ticket, (value,) if many else value),),
                agreed=(agreed,),
            )
        )
        return
    draft.do(
        SetIncident(
            key=key,
            reason=reason,
            fields=((mirrored.incident, wanted),),
            purpose="mirror",
            agreed=((mirrored.ticket, wanted, ticket.value(mirrored.ticket)),),
            ticket_id=link.ticket_id,
        )
    )


def base_with(base: tuple[Agreed, ...], agreed: tuple[tuple[str, str, str], ...]) -> tuple[Agreed, ...]:
    """Return the base with newly agreed values in place of the old ones."""
    changed = {name for name, _, _ in agreed}
    kept = tuple(item for item in base if item.field not in changed)
    return (*kept, *(Agreed(field=name, incident=ours, ticket=theirs) for name, ours, theirs in agreed))
