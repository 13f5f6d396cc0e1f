"""What people answer: verified, failed, release.  Each command is dealt with once, and always answered.

Only members of the incident's present queue may answer, in their own note: never the bridge, customers, mail,
system entries or quoted text.  The owner's "verified" counts even without evidence of a deployment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from bridge.decide.draft import Draft
from bridge.decide.evidence import is_member
from bridge.decide.phrases import first_phrase
from bridge.decide.stage import Stage, counting_ticket, stage
from bridge.decide.words import Words
from bridge.model.dossier import Answer, Dossier, Link, Round
from bridge.model.note import Note
from bridge.rules.shape import Rule

Permission = Literal["yes", "no", "unreadable", "unknown"]


def take(draft: Draft) -> None:
    """Take every new answer of a person, oldest first."""
    rule = draft.rule
    if rule is None:
        return
    for note in draft.new_commands:
        if draft.needs:
            return
        accepted = first_phrase(note.text, rule.hold.verify.accept)
        rejected = first_phrase(note.text, rule.hold.verify.reject)
        released = first_phrase(note.text, rule.hold.release.says) if rule.hold.release else None
        if accepted is not None:
            _verdict(draft, rule, note, accepted[1], accepts=True)
        elif rejected is not None:
            _verdict(draft, rule, note, rejected[1], accepts=False)
        elif released is not None:
            _release(draft, rule, note, released[1])


def _keys(draft: Draft) -> str:
    return ", ".join(link.ticket_key for link in draft.dossier.links)


def reply(draft: Draft, note: Note, text: str, **values: str) -> None:
    """Answer a note and count it as dealt with."""
    draft.handled(note)
    draft.reply(
        f"{draft.number}/answer/{note.id}/{text}",
        f"the note of {draft.name_of(note)} is answered",
        draft.voice.say(text, author=draft.name_of(note), **values),
    )


def may_answer(draft: Draft, rule: Rule, note: Note) -> Permission:
    """Whether the author of a note may answer for the queue that has the incident now."""
    if note.author.casefold() == draft.incident.assignee_login.casefold() != "":
        return "yes"
    if rule.hold.verify.by == "owner":
        return "no"
    members = draft.members(draft.incident.assigned_group)
    if draft.needs:
        return "unknown"
    if members is None:
        return "unreadable"
    return "yes" if is_member(note, members) else "no"


def _verdict(draft: Draft, rule: Rule, note: Note, words: str, *, accepts: bool) -> None:
    permission = may_answer(draft, rule, note)
    if permission == "unknown":
        return
    if permission != "yes":
        _turn_away(draft, rule, note, permission)
        return
    if not draft.dossier.held:
        reply(draft, note, "hold_over", keys=_keys(draft))
        return
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    if accepts:
        _accept(draft, note, words, present)
    else:
        _reject(draft, note, words, present)


def _turn_away(draft: Draft, rule: Rule, note: Note, permission: Permission) -> None:
    if rule.hold.verify.by == "owner":
        owner = draft.incident.assignee or draft.voice.say("nobody")
        reply(draft, note, "not_owner", owner=owner)
        return
    text = "not_member" if permission == "no" else "no_membership"
    reply(draft, note, text, queue=draft.incident.assigned_group)


def _accept(draft: Draft, note: Note, words: str, present: Stage) -> None:
    is_owner = note.author.casefold() == draft.incident.assignee_login.casefold()
    if not present.ready and not is_owner:
        reply(draft, note, "too_soon", keys=_keys(draft), state=Words(draft).state(present))
        return
    draft.handled(note)
    how: Literal["note", "without_evidence"] = "note" if present.ready else "without_evidence"
    end_verified(draft, _answer(draft, note, words, "verified", how))


def _reject(draft: Draft, note: Note, words: str, present: Stage) -> None:
    if not (present.ready or present.undecided or all(link.fixed for link in present.links)):
        reply(draft, note, "too_soon", keys=_keys(draft), state=Words(draft).state(present))
        return
    draft.handled(note)
    next_round(draft, _answer(draft, note, words, "failed", "note"), draft.dossier.links)


def _answer(
    draft: Draft,
    note: Note,
    words: str,
    verdict: Literal["verified", "failed"],
    how: Literal["note", "resolved", "without_evidence"],
) -> Answer:
    return Answer(
        verdict=verdict,
        how=how,
        by=note.author,
        by_name=draft.name_of(note),
        at=note.at,
        words=words,
        note_id=note.id,
        attachments=note.attachments,
    )


def end_verified(draft: Draft, answer: Answer) -> None:
    """Record an accepted verification, which ends the hold for good."""
    draft.remember(
        rounds=_answered(draft.dossier, answer),
        ending="verified",
        ended_at=draft.now,
        ended_by=answer.by_name,
        flags=(),
    )


def _answered(dossier: Dossier, answer: Answer) -> tuple[Round, ...]:
    return (*dossier.rounds[:-1], replace(dossier.rounds[-1], answer=answer))


def next_round(draft: Draft, answer: Answer, links: Iterable[Link]) -> None:
    """Record how a round ended and begin the next one: what counted for these tickets before is used up."""
    rounds = _answered(draft.dossier, answer)
    following = Round(number=rounds[-1].number + 1, started_at=draft.now)
    draft.remember(rounds=(*rounds, following))
    for link in links:
        draft.remember_link(used_up(draft, link))


def used_up(draft: Draft, link: Link) -> Link:
    """Return a link whose evidence was used up: only what comes anew counts for it."""
    ticket = counting_ticket(link, draft.seen.tickets)
    left_done = ticket is None or not ticket.done
    released = [
        f"version:{version.id}" for version in (ticket.fix_versions if ticket else ()) if version.released
    ]
    # Whatever was installed before this answer was part of what failed.
    installed = [f"change:{change.id}" for change in draft.seen.changes if not change.failed]
    counted = [item.source for item in link.evidence if not (left_done and item.kind == "status")]
    spent = tuple(dict.fromkeys((*link.spent, *counted, *released, *installed)))
    return replace(link, evidence=(), spent=spent, left_done=left_done, seen_done="")


def _release(draft: Draft, rule: Rule, note: Note, words: str) -> None:
    release = rule.hold.release
    if release is None:
        return
    members = [draft.members(group) for group in release.from_group]
    if draft.needs:
        return
    if not any(is_member(note, known) for known in members if known is not None):
        text = "leads_unreadable" if None in members else "not_leads"
        reply(draft, note, text, groups=", ".join(release.from_group))
        return
    if not draft.dossier.held:
        reply(draft, note, "hold_over", keys=_keys(draft))
        return
    draft.handled(note)
    end_released(draft, draft.name_of(note), words)


def end_released(draft: Draft, by: str, words: str) -> None:
    """Record that an entitled person ended the hold."""
    draft.remember(ending="released", ended_at=draft.now, ended_by=by, ended_words=words, flags=())


def cleared_field(draft: Draft) -> None:
    """Take a cleared ticket field as the wish to end the hold: granted to the rule's groups, answered to others."""
    rule = draft.rule
    if rule is None or rule.hold.release is None or not draft.dossier.held:
        return
    written = draft.dossier.written_keys
    if not written or any(key in draft.incident.ticket_field for key in written):
        return
    release = rule.hold.release
    members = [draft.members(group) for group in release.from_group]
    if draft.needs:
        return
    login = draft.incident.modified_by.casefold()
    if any(member.login.casefold() == login for known in members if known for member in known):
        end_released(draft, draft.incident.modified_by, "")
        return
    draft.reply(
        f"{draft.number}/told/cleared/{len(draft.dossier.rounds)}",
        "the ticket field was cleared",
        draft.voice.say("cleared_field", groups=", ".join(release.from_group), phrase=release.says[0]),
    )
