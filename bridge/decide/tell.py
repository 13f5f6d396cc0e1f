"""What is told, where, once: milestones, the living note, the ticket's comments and moves, the remote link.

Everything told derives from what is remembered, not from having seen it happen: a telling whose effect is not
in the journal yet is planned, whenever that is noticed.
"""

from __future__ import annotations

from bridge.decide import siblings, tickets
from bridge.decide.draft import Draft, digest
from bridge.decide.drift import GONE, TWO_TICKETS
from bridge.decide.place import Place, place, target_of
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
    _tell_target(draft)
    _tell_ending(draft)


def _tell_target(draft: Draft) -> None:
    """Tell a ticket that an incident waits for it because its own one was closed as a duplicate of it."""
    incident = draft.incident
    for link in _each_ticket(draft) if draft.dossier.held else ():
        target = target_of(draft, link)
        if target is not None:
            text = draft.voice.say(
                "ticket_followed",
                number=draft.number,
                priority=incident.priority,
                queue=incident.assigned_group,
                key=link.ticket_key,
            )
            _comment(draft, place(draft, link), "followed", draft.outward(text))


def _each_ticket(draft: Draft) -> list[Link]:
    return [link for link in draft.dossier.links if not link.lost]


def _tell_answer(draft: Draft, rule: Rule, attempt: Round, answer: Answer) -> None:
    voice, words = draft.voice, Words(draft)
    earlier = words.failures(before=attempt.number)
    for link in _each_ticket(draft):
        if answer.verdict == "verified" and not _speaks_last(draft, place(draft, link, answer.at)):
            continue  # the board tells of it; whoever is verified last says it, and moves the ticket
        name = "ticket_verified" if answer.verdict == "verified" else "ticket_failed"
        values: dict[str, str | int] = {
            "author": answer.by_name,
            "at": voice.moment(answer.at),
            "number": draft.number,
            "round": attempt.number,
            "files": ", ".join(file.told for file in answer.attachments),
        }
        if answer.verdict == "verified":
            values["how"] = voice.say(f"how_{answer.how}")
        else:
            values |= {"words": answer.words, "failed_before": earlier}
        text = draft.outward(voice.say(name, **values))
        _comment(draft, place(draft, link, answer.at), f"{answer.verdict}/{attempt.number}", text)
        _move(draft, rule, link, attempt, answer, words)


def _speaks_last(draft: Draft, where: Place) -> bool:
    return siblings.speaks(draft, where.id) and not siblings.others(draft.seen, where.id)


def _comment(draft: Draft, where: Place, cause: str, text: str) -> None:
    draft.do(
        AddTicketNote(
            key=f"{draft.number}/told/{cause}/{where.id}",
            reason=f"{where.key} is told: {cause.split('/', maxsplit=1)[0].replace('_', ' ')}",
            ticket_id=where.id,
            ticket_key=where.key,
            text=text,
        )
    )


def _move(draft: Draft, rule: Rule, link: Link, attempt: Round, answer: Answer, words: Words) -> None:
    accepted = answer.verdict == "verified"
    target = rule.hold.verify.on_accept if accepted else rule.hold.verify.on_reject
    where = place(draft, link, answer.at)
    ticket = draft.seen.tickets.get(where.id)
    if target is None or ticket is None or ticket.status.casefold() == target.transition_to.casefold():
        return
    if accepted and words.stage_of(link).needs_decision:
        return  # it was declined: its status is not ours to change
    fixed_again = ticket.done and link.left_done
    if not accepted and (fixed_again or attempt.number != len(draft.dossier.rounds) - 1):
        return  # an old failure must not pull back what was fixed again since
    key = f"{draft.number}/move/{answer.verdict}/{attempt.number}/{where.id}"
    if key in draft.seen.refused:
        draft.flag("not_moved", f"{where.key}: {draft.seen.refused[key]}")
        return
    draft.do(
        MoveTicket(
            key=key,
            reason=f"Frontline {'verified' if accepted else 'rejected'} the fix",
            ticket_id=where.id,
            ticket_key=where.key,
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
        "workaround": lambda: voice.say(
            "ticket_worked_around", number=draft.number, author=dossier.ended_by, words=dossier.ended_words
        ),
    }
    if dossier.ending in texts:
        for link in _each_ticket(draft):
            where = place(draft, link, dossier.ended_at)
            if dossier.ending != "released" and not siblings.has_last_word(draft, where.id):
                continue  # others still wait, or the last of them says it
            _comment(draft, where, dossier.ending, draft.outward(texts[dossier.ending]()))


def tell_replies(draft: Draft) -> None:
    """Write the answers that people still wait for, and forget those that were written or refused for good."""
    # What was given up is kept: a person may have it tried again.
    dealt_with = {*draft.seen.done, *(draft.seen.refused.keys() - draft.seen.dead.keys())}
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
    if not count or not draft.incident.is_open:
        return
    values: dict[str, str | int] = {
        "status": draft.incident.status,
        "count": count,
        "limit": rule.hold.resolved_early.put_back,
    }
    if draft.dossier.ending == "verified":
        text = draft.voice.say("put_back_cause", **values, **words.cause())
    else:
        text = draft.voice.say("put_back", **values, missing=words.missing(), keys=words.keys())
    _milestone(draft, f"put_back/{count}", text)


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
        if flag.what in (tickets.WITHOUT_TARGET, tickets.IN_A_CIRCLE):
            _milestone(
                draft,
                f"no_target/{digest(flag.detail)}",
                voice.say("no_target", key=words.keys(), chain=flag.detail),
            )
        if flag.what == TWO_TICKETS:
            _milestone(
                draft,
                f"two_tickets/{digest(flag.detail)}",
                voice.say("two_tickets", keys=words.keys(), other=flag.detail),
            )
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
                    files=", ".join(file.told for file in attempt.answer.attachments),
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
        # A resolved one is asked by a note of its own, which names what is wrong with the present value.
        cause_missing=not cause_is_set(rule.hold.cause, draft.incident) and draft.incident.is_open,
        resolved=not draft.incident.is_open,
        files=", ".join(file.told for file in answer.attachments),
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
    parts = (incident.number, incident.status, incident.priority, incident.assigned_group)
    title = " · ".join(part for part in parts if part)
    if draft.rule is None:
        return
    for link in _each_ticket(draft):
        own, target = Place(id=link.ticket_id, key=link.ticket_key), target_of(draft, link)
        _show(draft, own, title, link.told)
        if target is not None:
            _show(draft, Place(id=target.id, key=target.key), title, link.told_target)


def _show(draft: Draft, where: Place, title: str, told: str) -> None:
    incident = draft.expected
    # One that a person removed is written again although the same was written before.
    again = f"/{told.removeprefix(GONE)}" if told.startswith(GONE) else ""
    if told != title:
        draft.do(
            ShowIncident(
                key=f"{draft.number}/show/{where.id}/{digest(title)}@{draft.version}{again}",
                reason=f"{where.key} shows the incident's state",
                ticket_id=where.id,
                ticket_key=where.key,
                global_id=f"bridge={draft.seen.pair}&incident={incident.number}",
                title=title,
                summary=draft.outward(incident.summary),
                resolved=not incident.is_open,
            )
        )
