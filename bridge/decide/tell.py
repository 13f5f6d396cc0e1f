"""What is told, where, once: milestones, the living note, the ticket's comments and moves, the remote link.

Everything told derives from what is remembered, not from having seen it happen: a telling whose effect is not
in the journal yet is planned, whenever that is noticed.
"""

from __future__ import annotations

from bridge.decide import siblings
from bridge.decide.draft import Draft, digest
from bridge.decide.stage import LinkStage, Stage, cause_is_set, stage
from bridge.decide.words import Words
from bridge.model.actions import (
    AddIncidentNote,
    AddTicketNote,
    EditIncidentNote,
    MoveTicket,
    ShowIncident,
)
from bridge.model.dossier import Answer, Link, Round
from bridge.model.incident import FINAL
from bridge.rules.shape import Rule


def tell_tickets(draft: Draft) -> None:
    """Tell every ticket what Frontline answered, and move it accordingly."""
    if draft.rule is None:
        return
    for attempt in draft.dossier.rounds:
        if attempt.answer is not None and not attempt.answer.of_nobody:
            _tell_answer(draft, draft.rule, attempt, attempt.answer)
    _tell_ending(draft)


def _each_ticket(draft: Draft) -> list[Link]:
    return [link for link in draft.dossier.links if not link.lost]


def _tell_answer(draft: Draft, rule: Rule, attempt: Round, answer: Answer) -> None:
    voice, words = draft.voice, Words(draft)
    for link in _each_ticket(draft):
        if answer.verdict == "verified" and not _speaks_last(draft, link):
            continue  # the board tells of it; whoever is verified last says it, and moves the ticket
        name = "ticket_verified" if answer.verdict == "verified" else "ticket_failed"
        values: dict[str, str | int] = {
            "author": answer.by_name,
            "at": voice.moment(answer.at),
            "number": draft.number,
            "round": attempt.number,
        }
        if answer.verdict == "verified":
            values["how"] = voice.say(f"how_{answer.how}")
        else:
            values["words"] = answer.words
        _comment(draft, link, f"{answer.verdict}/{attempt.number}", draft.outward(voice.say(name, **values)))
        _move(draft, rule, link, attempt, answer, words)


def _speaks_last(draft: Draft, link: Link) -> bool:
    alone = not siblings.others_wait(draft, link.ticket_id)
    return alone and siblings.speaks(draft, link.ticket_id)


def _comment(draft: Draft, link: Link, cause: str, text: str) -> None:
    draft.do(
        AddTicketNote(
            key=f"{draft.number}/told/{cause}/{link.ticket_id}",
            reason=f"{link.ticket_key} is told: {cause.split('/', maxsplit=1)[0].replace('_', ' ')}",
            ticket_id=link.ticket_id,
            ticket_key=link.ticket_key,
            text=text,
        )
    )


def _move(draft: Draft, rule: Rule, link: Link, attempt: Round, answer: Answer, words: Words) -> None:
    accepted = answer.verdict == "verified"
    target = rule.hold.verify.on_accept if accepted else rule.hold.verify.on_reject
    ticket = draft.seen.tickets.get(link.ticket_id)
    if target is None or ticket is None or ticket.status.casefold() == target.transition_to.casefold():
        return
    if accepted and words.stage_of(link).needs_decision:
        return  # it was declined: its status is not ours to change
    if not accepted and attempt.number != len(draft.dossier.rounds) - 1:
        return  # an old failure must not pull back what was fixed again since
    key = f"{draft.number}/move/{answer.verdict}/{attempt.number}/{link.ticket_id}"
    if key in draft.seen.refused:
        draft.flag("not_moved", f"{link.ticket_key}: {draft.seen.refused[key]}")
        return
    draft.do(
        MoveTicket(
            key=key,
            reason=f"Frontline {'verified' if accepted else 'rejected'} the fix",
            ticket_id=link.ticket_id,
            ticket_key=link.ticket_key,
            to_status=target.transition_to,
        )
    )


def _tell_ending(draft: Draft) -> None:
    dossier, voice = draft.dossier, draft.voice
    texts = {
        "released": lambda: voice.say(
            "ticket_released", author=dossier.ended_by, number=draft.number, words=dossier.ended_words
        ),
        "closed_early": lambda: voice.say(
            "ticket_closed_early", number=draft.number, status=draft.incident.status
        ),
        "declined": lambda: voice.say("ticket_decided", number=draft.number, author=dossier.ended_by),
    }
    if dossier.ending in texts:
        for link in _each_ticket(draft):
            if dossier.ending != "released" and not siblings.has_last_word(draft, link.ticket_id):
                continue  # others still wait, or the last of them says it
            _comment(draft, link, dossier.ending, draft.outward(texts[dossier.ending]()))


def tell_replies(draft: Draft) -> None:
    """Write the answers that people still wait for, and forget those that were written or refused for good."""
    dealt_with = {*draft.seen.done, *draft.seen.refused}
    draft.remember(replies=tuple(reply for reply in draft.dossier.replies if reply.key not in dealt_with))
    if draft.incident.status in FINAL:
        return
    for reply in draft.dossier.replies:
        draft.do(AddIncidentNote(key=reply.key, reason=reply.reason, text=reply.text, purpose="answer"))


def tell_incident(draft: Draft) -> None:
    """Write the milestones that were reached and not told yet."""
    rule = draft.rule
    if rule is None or not draft.dossier.links or draft.incident.status in FINAL:
        return
    words = Words(draft)
    _tell_put_back(draft, rule, words)
    _tell_tickets_fate(draft, words)
    _tell_rounds(draft, rule, words)
    _tell_progress(draft, rule, words)


def _milestone(draft: Draft, cause: str, text: str, purpose: str = "milestone") -> None:
    draft.do(
        AddIncidentNote(
            key=f"{draft.number}/told/{cause}",
            reason=f"milestone: {cause.split('/', maxsplit=1)[0].replace('_', ' ')}",
            text=text,
            purpose=purpose,  # type: ignore[arg-type]
        )
    )


def _tell_put_back(draft: Draft, rule: Rule, words: Words) -> None:
    count = draft.dossier.put_backs
    if count and draft.incident.is_open:
        _milestone(
            draft,
            f"put_back/{count}",
            draft.voice.say(
                "put_back",
                status=draft.incident.status,
                missing=words.missing(),
                keys=words.keys(),
                count=count,
                limit=rule.hold.resolved_early.put_back,
            ),
        )


def _tell_tickets_fate(draft: Draft, words: Words) -> None:
    voice = draft.voice
    for link in draft.dossier.links:
        now = words.stage_of(link)
        if link.lost:
            _milestone(draft, f"lost/{link.ticket_id}", voice.say("lost", key=link.ticket_key))
        if link.follows and now.ticket is not None:
            _milestone(
                draft,
                f"follows/{link.ticket_id}/{link.follows[-1]}",
                voice.say("follows", key=link.ticket_key, target=now.ticket.key),
            )
        if now.outcome == "unknown_resolution" and now.ticket is not None:
            resolution = now.ticket.resolution
            _milestone(
                draft,
                f"resolution/{link.ticket_id}/{digest(resolution)}",
                voice.say("unknown_resolution", key=link.ticket_key, resolution=resolution),
            )
        _tell_reopened(draft, link, now)
    for flag in draft.dossier.flags:
        if flag.what == "cause_missing":
            _milestone(draft, "cause_missing", voice.say("cause_missing", **words.cause()))
        if flag.what == "field_conflict":
            _milestone(
                draft,
                f"conflict/{digest(flag.detail)}@{int(flag.at.timestamp())}",
                voice.say("field_conflict", field=flag.detail, key=words.keys()),
            )


def _tell_reopened(draft: Draft, link: Link, now: LinkStage) -> None:
    moved = draft.settled(f"{draft.number}/move/verified/{len(draft.dossier.rounds)}/{link.ticket_id}")
    was_done = moved or (now.ticket is not None and link.seen_done == now.ticket.id)
    ended = draft.dossier.ending == "verified" and was_done
    if ended and now.ticket is not None and not now.ticket.done:
        _milestone(
            draft,
            f"reopened/{link.ticket_id}",
            draft.voice.say("reopened_after", key=link.ticket_key, status=now.ticket.status),
        )


def _tell_rounds(draft: Draft, rule: Rule, words: Words) -> None:
    for attempt in draft.dossier.rounds:
        if attempt.answer is None:
            continue
        if attempt.answer.of_nobody:
            _tell_withdrawn(draft, attempt, attempt.answer, words)
        elif attempt.answer.verdict == "failed":
            _milestone(
                draft,
                f"failed_here/{attempt.number}",
                draft.voice.say(
                    "failed",
                    author=attempt.answer.by_name,
                    words=attempt.answer.words,
                    keys=words.keys(),
                    round=attempt.number + 1,
                ),
            )
        else:
            _milestone(
                draft, f"verified_here/{attempt.number}", _verified(draft, rule, attempt.answer, words)
            )
    if draft.dossier.ending == "released":
        _milestone(
            draft,
            "released_here",
            draft.voice.say(
                "released",
                author=draft.dossier.ended_by,
                words=draft.dossier.ended_words,
                keys=words.keys(),
            ),
        )


def _tell_withdrawn(draft: Draft, attempt: Round, answer: Answer, words: Words) -> None:
    values = {"keys": answer.words} | ({"linked": words.keys()} if answer.how == "extended" else {})
    name = f"check_{answer.how}"
    _milestone(draft, f"{name}/{attempt.number}", draft.voice.say(name, **values))


def _verified(draft: Draft, rule: Rule, answer: Answer, words: Words) -> str:
    return draft.voice.say(
        "verified",
        author=answer.by_name,
        at=draft.voice.moment(answer.at),
        how=draft.voice.say(f"how_{answer.how}"),
        keys=words.keys(),
        cause_missing=not cause_is_set(rule.hold.cause, draft.incident),
        resolved=not draft.incident.is_open,
        **words.cause(),
    )


def _tell_progress(draft: Draft, rule: Rule, words: Words) -> None:
    attempt = draft.dossier.round
    if attempt is None or not draft.dossier.held or draft.dossier.was_resolved:
        return
    present = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    if present.ready:
        _milestone(draft, f"verify/{attempt.number}", words.question(present), "question")
    elif present.undecided:
        _milestone(draft, f"decide/{attempt.number}", words.decision(present), "question")
    elif present.name == "fixed" and draft.incident.is_open:
        _milestone(
            draft,
            f"fixed/{attempt.number}",
            draft.voice.say("fixed", keys=words.keys(), versions=words.versions(), next=words.next(present)),
        )


def keep_living_note(draft: Draft) -> None:
    """Keep the one living note current; unchanged text is no write, a refused edit becomes a new note."""
    rule = draft.rule
    if rule is None or not draft.dossier.links or draft.incident.status in FINAL:
        return
    present: Stage = stage(rule, draft.incident, draft.dossier, draft.seen.tickets)
    text = Words(draft).living(present)
    living = draft.dossier.living
    if text == living.text:
        return
    revision = living.revision + 1
    edit_key = f"{draft.number}/living/{revision}"
    if living.note_id and edit_key not in draft.seen.refused:
        draft.do(
            EditIncidentNote(
                key=edit_key,
                reason="the living note is brought up to date",
                note_id=living.note_id,
                text=text,
                revision=revision,
            )
        )
        return
    draft.do(
        AddIncidentNote(
            key=f"{edit_key}/new",
            reason="the living note shows the state of the fix",
            text=text,
            purpose="living",
        )
    )


def show_in_tickets(draft: Draft) -> None:
    """Keep the remote link of the incident current in every ticket."""
    incident = draft.expected
    title = " · ".join(part for part in (incident.number, incident.status, incident.priority) if part)
    if draft.rule is None:
        return
    for link in _each_ticket(draft):
        key = f"{draft.number}/show/{link.ticket_id}/{digest(title)}@{draft.version}"
        if link.told == title:
            continue
        draft.do(
            ShowIncident(
                key=key,
                reason=f"{link.ticket_key} shows the incident's state",
                ticket_id=link.ticket_id,
                ticket_key=link.ticket_key,
                global_id=f"bridge={draft.seen.pair}&incident={incident.number}",
                title=title,
                summary=draft.outward(incident.summary),
                resolved=not incident.is_open,
            )
        )
