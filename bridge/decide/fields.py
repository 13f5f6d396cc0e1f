"""Mirrored fields: made equal as the rule says, with a word to whoever's value gave way.

A field that goes back and forth stops and asks a person; so does one that both sides changed, where the rule wants
that.  The base of the merge moves when a write was done (``agree``), or when both sides are seen to be equal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bridge.decide.draft import Draft, digest
from bridge.decide.fieldlook import FieldLook, look_at
from bridge.decide.merge import Side, Sides, base_with, other
from bridge.model.actions import AddIncidentNote, AddTicketNote, SetIncident, SetTicketFields, Value
from bridge.model.dossier import Agreed, Link, Overruled
from bridge.model.incident import FINAL
from bridge.model.ticket import Ticket
from bridge.rules.shape import MirroredField

#: A field written this often within the window is a quarrel with somebody's automation.
QUARREL = 3
QUARREL_WINDOW = timedelta(hours=1)
#: How many values that gave way are remembered.
KEEP_OVERRULED = 10

QUARRELS, ASKED, NO_WORD, REFUSED = "field_conflict", "field_asked", "field_without_word", "field_refused"

Flags = set[tuple[str, str]]


def carry(draft: Draft) -> None:
    """Bring the rule's mirrored fields together."""
    rule = draft.rule
    if rule is None or not draft.dossier.held or draft.incident.status in FINAL:
        return
    flags: Flags = set()
    for number in range(len(draft.dossier.links)):
        for mirrored in rule.mirror.fields:
            link = draft.dossier.links[number]
            ticket = draft.seen.tickets.get(link.ticket_id)
            if ticket is not None and not link.lost and not draft.needs:
                _settle(draft, link, ticket, mirrored, flags)
    draft.keep_flags((QUARRELS, ASKED, NO_WORD, REFUSED), flags)


def _settle(draft: Draft, link: Link, ticket: Ticket, mirrored: MirroredField, flags: Flags) -> None:
    look = look_at(draft, link, ticket, mirrored)
    if look.merged.kind == "equal":
        _agree(draft, look, forget_asked=True)
    elif mirrored.owner == "incident" and look.speaker != draft.number:
        _agree(draft, look)  # the ticket shows the value of a more serious incident
    elif _stopped(draft, look):
        flags.add((QUARRELS, mirrored.ticket))
    elif look.merged.kind == "ask":
        if _seen_afresh(draft):
            _ask(draft, look, flags)
    elif look.merged.winner is None:
        _left_alone(draft, look, flags)
    else:
        _carry(draft, look, ticket, look.merged.winner, flags)


def _seen_afresh(draft: Draft) -> bool:
    """Whether both sides were read again by id, as must be before anything is done against a person."""
    if not draft.seen.fresh:
        draft.need("fresh")
    return draft.seen.fresh


def _agree(draft: Draft, look: FieldLook, *, forget_asked: bool = False) -> None:
    """Record that both sides stand as they should."""
    link, name = look.link, look.field.ticket
    asked = tuple(item for item in link.asked if not (forget_asked and item.field == name))
    base = link.base
    if look.base != look.seen:
        base = base_with(base, ((name, look.seen.incident, look.seen.ticket),))
    if (asked, base) != (link.asked, link.base):
        draft.remember_link(replace(link, asked=asked, base=base))


def _remember_asked(draft: Draft, look: FieldLook) -> None:
    name, seen = look.field.ticket, look.seen
    kept = tuple(item for item in look.link.asked if item.field != name)
    asked = (*kept, Agreed(field=name, incident=seen.incident, ticket=seen.ticket))
    if asked != look.link.asked:
        draft.remember_link(replace(look.link, asked=asked))


def _stopped(draft: Draft, look: FieldLook) -> bool:
    """Whether a field is written back and forth; that stays so until somebody makes both sides equal."""
    name = look.field.ticket
    if any((flag.what, flag.detail) == (QUARRELS, name) for flag in draft.dossier.flags):
        return True
    recent = [
        at for field, at in draft.dossier.field_writes if field == name and draft.now - at < QUARREL_WINDOW
    ]
    return len(recent) >= QUARREL and look.merged.winner is not None


def _left_alone(draft: Draft, look: FieldLook, flags: Flags) -> None:
    if look.asked is not None and look.asked == look.seen:
        _ask(draft, look, flags)
    elif look.field.owner == "incident" and look.seen.incident and look.to_ticket is None:
        flags.add((NO_WORD, f"{look.field.incident} = {look.seen.incident}"))


def _ask(draft: Draft, look: FieldLook, flags: Flags) -> None:
    """Put both values before a person, once."""
    key, name, seen = look.link.ticket_key, look.field.ticket, look.seen
    detail = f"{name} of {key}: {seen.ticket}, here: {seen.incident}"
    flags.add((ASKED, detail))
    draft.flag(ASKED, detail)
    _remember_asked(draft, look)
    since = next(flag.at for flag in draft.dossier.flags if (flag.what, flag.detail) == (ASKED, detail))
    draft.do(
        AddIncidentNote(
            key=f"{draft.number}/told/field_asked/{digest(detail)}@{int(since.timestamp())}",
            reason=f"both sides changed {name}",
            text=draft.voice.say("field_asked", field=name, key=key, ours=seen.incident, theirs=seen.ticket),
            purpose="milestone",
        )
    )


def _carry(draft: Draft, look: FieldLook, ticket: Ticket, winner: Side, flags: Flags) -> None:
    wanted = look.word_for(other(winner))
    if not wanted:
        name = look.field.incident if winner == "incident" else look.field.ticket
        flags.add((NO_WORD, f"{name} = {look.seen.of(winner)}"))
        return
    if look.merged.kind == "overrule" and not _seen_afresh(draft):
        return
    plain = _text(wanted)
    about = f"{draft.number}/mirror/{ticket.id}/{digest(look.field.ticket + '=' + plain)}"
    refusal = next((words for key, words in draft.seen.refused.items() if key.startswith(f"{about}@")), "")
    if refusal:
        flags.add((REFUSED, f"{look.field.ticket} = {plain}: {refusal}"))
    key = f"{about}@{draft.version}-{int(ticket.updated_at.timestamp())}"
    if look.merged.kind == "overrule":
        _remember_loser(draft, look, key, winner, plain)
    _write(draft, look, key, winner, wanted)


def _write(draft: Draft, look: FieldLook, key: str, winner: Side, wanted: Value) -> None:
    field, link, reason = look.field, look.link, _reason(look, winner, _text(wanted))
    if winner == "incident":
        draft.do(
            SetTicketFields(
                key=key,
                reason=reason,
                ticket_id=link.ticket_id,
                ticket_key=link.ticket_key,
                fields=((field.ticket, wanted),),
                agreed=((field.ticket, look.seen.incident, _text(wanted)),),
            )
        )
        return
    draft.do(
        SetIncident(
            key=key,
            reason=reason,
            fields=((field.incident, _text(wanted)),),
            purpose="mirror",
            agreed=((field.ticket, _text(wanted), look.seen.ticket),),
            ticket_id=link.ticket_id,
        )
    )


def _reason(look: FieldLook, winner: Side, wanted: str) -> str:
    """Return why a value is written, as ``plan`` and the journal show it."""
    source = look.field.incident if winner == "incident" else look.field.ticket
    if look.case:
        return f"{look.field.ticket} is {wanted} ({look.case})"
    if look.field.owner == winner:
        return f"{winner} owns {source}: it is {wanted}"
    if look.merged.kind == "overrule":
        return f"the {winner} was changed last: {source} is {wanted}"
    return f"{source} was changed in the {winner}: it is {wanted}"


def _remember_loser(draft: Draft, look: FieldLook, key: str, winner: Side, kept: str) -> None:
    known = draft.dossier.overruled
    if any(item.key == key for item in known):
        return
    loser = other(winner)
    new = Overruled(
        key=key,
        ticket_id=look.link.ticket_id,
        field=look.field.ticket if loser == "ticket" else look.field.incident,
        side=loser,
        lost=look.seen.of(loser),
        kept=kept,
    )
    draft.remember(overruled=(*known, new)[-KEEP_OVERRULED:])


def tell_losers(draft: Draft) -> None:
    """Tell the side whose value gave way, once, and only when it really did."""
    for item in draft.dossier.overruled:
        link = draft.dossier.link(item.ticket_id)
        if item.key in draft.seen.done and link is not None and not link.lost:
            _tell_loser(draft, item, link)


def _tell_loser(draft: Draft, item: Overruled, link: Link) -> None:
    key = f"{draft.number}/told/overruled/{digest(item.key)}"
    if item.side == "ticket":
        text = draft.voice.say(
            "ticket_field_overruled",
            field=item.field,
            number=draft.number,
            lost=item.lost or draft.voice.say("nothing"),
            kept=item.kept,
        )
        draft.do(
            AddTicketNote(
                key=key,
                reason=f"{item.field} gave way to the incident's value",
                ticket_id=link.ticket_id,
                ticket_key=link.ticket_key,
                text=draft.outward(text),
            )
        )
    elif draft.incident.status not in FINAL:
        text = draft.voice.say(
            "field_overruled",
            field=item.field,
            key=link.ticket_key,
            lost=item.lost or draft.voice.say("nothing"),
            kept=item.kept,
        )
        draft.do(
            AddIncidentNote(
                key=key,
                reason=f"{item.field} gave way to the value of {link.ticket_key}",
                text=text,
                purpose="milestone",
            )
        )


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def stands(look: FieldLook, number: str) -> str:
    """Return in a few words how a mirrored field stands, for ``explain``."""
    if look.merged.kind == "equal":
        return "equal"
    if look.field.owner == "incident" and look.speaker != number:
        return f"{look.speaker} speaks for the ticket"
    if look.asked is not None and look.asked == look.seen:
        return "a person has to settle it"
    if look.merged.winner is None:
        return (
            "different, and nothing to carry"
            if look.merged.kind == "nothing"
            else "a person has to settle it"
        )
    word = look.word_for(other(look.merged.winner))
    return (
        f"the {look.merged.winner}'s value is to be carried" if word else "no word for it on the other side"
    )


def as_seen(sides: Sides | None) -> str:
    """Return what was agreed last, for ``explain``."""
    return f"{sides.incident or '—'} / {sides.ticket or '—'}" if sides else ""
