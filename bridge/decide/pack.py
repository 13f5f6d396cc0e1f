"""The context pack: what a developer needs so that nobody has to tell the story twice.

Never the customer's identity, unless the rule lists it; everything is redacted as the rule says.
"""

from __future__ import annotations

from bridge.decide.draft import Draft
from bridge.decide.named import Named
from bridge.decide.phrases import first_phrase
from bridge.decide.text import cut
from bridge.model.dossier import Request
from bridge.model.note import Note
from bridge.rules.template import compile_template

#: Room for the steps that were tried; the incident keeps the whole text.
MAX_STEPS = 12_000
#: Room for the customer's story.
MAX_STORY = 12_000


def ticket_description(draft: Draft, request: Request, only: tuple[str, ...] | None = None) -> str:
    """Return the description of a ticket: the context pack, or the rule's own template.

    ``only`` limits the pack to these notes: what comes later is carried by itself.
    """
    rule = draft.rule
    if rule is not None and rule.ticket.description != "context_pack":
        text = compile_template(rule.ticket.description, names={"incident"}).render(
            incident=Named(draft.incident)
        )
        return draft.outward(text)
    return draft.outward(_pack(draft, request, packable(draft) if only is None else _these(draft, only)))


def _these(draft: Draft, ids: tuple[str, ...]) -> list[Note]:
    return [note for note in packable(draft) if note.id in ids]


def _pack(draft: Draft, request: Request, notes: list[Note]) -> str:
    incident, voice = draft.incident, draft.voice
    story = "\n".join(part for part in (incident.story, request.text) if part)
    return voice.say(
        "pack",
        number=incident.number,
        url=draft.seen.incident_url,
        summary=incident.summary,
        story=cut(story, MAX_STORY, voice.say("cut", number=incident.number)),
        priority=incident.priority,
        impact=incident.impact,
        urgency=incident.urgency,
        queue=incident.assigned_group,
        owner=incident.assignee,
        steps=_steps(draft, notes),
        extra=_extra(draft),
        keys=", ".join(link.ticket_key for link in draft.dossier.links),
    )


def packable(draft: Draft) -> list[Note]:
    """Return the notes that tell what was tried: people's, as far as the rule lets notes out, without commands."""
    rule = draft.rule
    if rule is None or rule.mirror.notes.to_ticket == "none":
        return []
    public_only = rule.mirror.notes.to_ticket == "public"
    return [
        note
        for note in draft.seen.notes
        if draft.is_human(note)
        and not (public_only and note.internal)
        and first_phrase(note.text, (*rule.ask, *rule.link)) is None
    ]


def packed_notes(draft: Draft) -> tuple[str, ...]:
    """Return the ids of the notes in the pack; they are not carried a second time."""
    return tuple(note.id for note in packable(draft))


def _steps(draft: Draft, notes: list[Note]) -> str:
    lines = [
        draft.voice.say(
            "step",
            author=draft.name_of(note),
            at=draft.voice.moment(note.at),
            text=note.text,
        )
        for note in notes
    ]
    return cut("\n".join(lines), MAX_STEPS, draft.voice.say("cut", number=draft.number))


def _extra(draft: Draft) -> str:
    names = draft.rule.ticket.include if draft.rule else ()
    return "\n".join(f"{name}: {draft.incident.value(name)}" for name in names if draft.incident.value(name))
