"""The rounds of an incident whose memory was lost: how each ended, and what was used up in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from bridge.decide.marks import Traces
from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.decide.recalled_requests import name_of
from bridge.decide.stage import kind_of
from bridge.model.dossier import Answer, Dossier, Ending, Evidence, Link, Round
from bridge.model.incident import PENDING
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.rules.shape import Rule

#: What is told where a round ended, by a rejection or without anybody's word.
_FAILED = ("failed_here", "failed")
_WITHDRAWN: tuple[Literal["reopened", "extended"], ...] = ("reopened", "extended")


def with_rounds(traces: Traces, rule: Rule, dossier: Dossier, now: datetime) -> Dossier:
    """Return the memory with its rounds, what was used up in them, and how the hold ended."""
    ended = traces.highest(*_FAILED, *(f"check_{how}" for how in _WITHDRAWN))
    ending, told = _ending(traces)
    answers, rejections = _answers(traces, rule, ended, now)
    first = dossier.links[0].linked_at
    rounds = [_round(traces, number, first, answer) for number, answer in enumerate(answers, 1)]
    answer = _accepted(traces, rule, told or now) if ending == "verified" else None
    rounds.append(_round(traces, ended + 1, first, answer))
    until = told if ending else (rejections[-1].at if rejections else None)
    who, words = _released(traces, rule) if ending == "released" else ("", "")
    return replace(
        dossier,
        rounds=tuple(rounds),
        ending=ending,
        ended_at=told if ending else None,
        ended_by=answer.by_name if answer else who,
        ended_words=words,
        handled=(*dossier.handled, *_handled(traces, rule, until)),
        links=tuple(_in_round(traces, rule, link, rounds) for link in dossier.links),
        waited=_waited(traces, dossier, ended),
        open_status=traces.incident.status if traces.incident.status == PENDING else "",
    )


def _answers(traces: Traces, rule: Rule, ended: int, now: datetime) -> tuple[list[Answer], list[Note]]:
    """Return how the rounds before the present one ended, and the rejections among them."""
    answers: list[Answer] = []
    given, taken = _commands(traces, rule.hold.verify.reject), 0
    for number in range(1, ended + 1):
        withdrawn = _withdrawn(traces, number)
        if withdrawn is None:
            answers.append(_rejected(traces, rule, given[taken : taken + 1], number, now))
            taken += 1
        else:
            answers.append(withdrawn)
    return answers, given[:taken]


def _withdrawn(traces: Traces, number: int) -> Answer | None:
    """Return the end of a round that nobody gave it, None where somebody did; its words are the tickets' keys."""
    for how in _WITHDRAWN:
        note = traces.told(f"check_{how}/{number}")
        if note is not None:
            keys = ", ".join(ticket_keys(note.text))
            return Answer(verdict="failed", how=how, by="", by_name="", at=note.at, words=keys)
    return None


def _ended(traces: Traces, number: int) -> Note | None:
    """Return the note that told how a round ended without success."""
    return traces.told(*(f"{name}/{number}" for name in (*_FAILED, *(f"check_{how}" for how in _WITHDRAWN))))


def _round(traces: Traces, number: int, first: datetime, answer: Answer | None) -> Round:
    asked = traces.told(f"verify/{number}", f"decide/{number}")
    began = _ended(traces, number - 1)
    return Round(
        number=number,
        started_at=began.at if began else first,
        asked_at=asked.at if asked else None,
        answer=answer,
    )


def _commands(traces: Traces, phrases: tuple[str, ...]) -> list[Note]:
    """Return people's commands of one kind that were taken, not answered with a refusal, oldest first."""
    return [
        note
        for note in traces.notes
        if note.origin == "person"
        and first_phrase(note.text, phrases) is not None
        and not traces.answered(note.id)
    ]


def _answer_of(traces: Traces, note: Note, phrases: tuple[str, ...], verdict: str, how: str) -> Answer:
    return Answer(
        verdict=verdict,  # type: ignore[arg-type]
        how=how,  # type: ignore[arg-type]
        by=note.author,
        by_name=name_of(traces, note),
        at=note.at,
        words=(first_phrase(note.text, phrases) or ("", ""))[1],
        note_id=note.id,
    )


def _rejected(traces: Traces, rule: Rule, said: list[Note], number: int, now: datetime) -> Answer:
    if said:
        return _answer_of(traces, said[0], rule.hold.verify.reject, "failed", "note")
    told = _ended(traces, number)
    return Answer(verdict="failed", how="note", by="", by_name="", at=told.at if told else now)


def _accepted(traces: Traces, rule: Rule, at: datetime) -> Answer:
    taken = [note for note in _commands(traces, rule.hold.verify.accept) if note.at <= at]
    if taken:
        return _answer_of(traces, taken[-1], rule.hold.verify.accept, "verified", "note")
    incident = traces.incident
    return Answer(
        verdict="verified",
        how="resolved",
        by=incident.assignee_login,
        by_name=incident.assignee,
        at=at,
    )


def _ending(traces: Traces) -> tuple[Ending, datetime | None]:
    causes: tuple[tuple[Ending, tuple[str, ...]], ...] = (
        ("verified", ("verified_here", "verified")),
        ("released", ("released_here", "released")),
        ("declined", ("declined",)),
        ("closed_early", ("closed_early",)),
    )
    for ending, names in causes:
        note = traces.told(*names)
        if note is not None:
            return ending, note.at
    return "", None


def _released(traces: Traces, rule: Rule) -> tuple[str, str]:
    release = rule.hold.release
    notes = _commands(traces, release.says) if release else []
    if not notes or release is None:
        return "", ""
    note = notes[-1]
    return name_of(traces, note), (first_phrase(note.text, release.says) or ("", ""))[1]


def _handled(traces: Traces, rule: Rule, until: datetime | None) -> tuple[str, ...]:
    """Return the commands that were dealt with: answered ones, and all up to the last one that was taken."""
    hold = rule.hold
    says = (*hold.verify.accept, *hold.verify.reject, *(hold.release.says if hold.release else ()))
    return tuple(
        note.id
        for note in traces.notes
        if note.origin == "person"
        and first_phrase(note.text, says) is not None
        and (traces.answered(note.id) or (until is not None and note.at <= until))
    )


def _waited(traces: Traces, dossier: Dossier, ended: int) -> int:
    """Return the round in which the waiting status was last set: what is told after it shows that it was."""
    if not ended:
        return 1 if dossier.living.note_id else 0
    after = ("failed_here", *(f"check_{how}" for how in _WITHDRAWN))
    return ended + 1 if traces.told(*(f"{name}/{ended}" for name in after)) else ended


def _in_round(traces: Traces, rule: Rule, link: Link, rounds: list[Round]) -> Link:
    """Return the link with what earlier rounds used up, and with the evidence about which people were asked."""
    counting = link.follows[-1] if link.follows else link.ticket_id
    ticket = next((one for one, _ in (*traces.tickets, *traces.beside) if one.id == counting), None)
    present, seen_done = rounds[-1], ""
    evidence: tuple[Evidence, ...] = ()
    if (
        present.asked_at is not None
        and traces.told(f"verify/{present.number}")
        and not _declined(rule, ticket)
    ):
        # Whoever was asked to check had a finished ticket before him.
        evidence, seen_done = _asked_about(rule, present.asked_at), counting
    used = [one for one in rounds[:-1] if one.answer is not None and _uses_up(one.answer, link)]
    spent, left_done = _used_up(traces, rule, ticket, used)
    return replace(link, evidence=evidence, spent=spent, left_done=left_done, seen_done=seen_done)


def _uses_up(answer: Answer, link: Link) -> bool:
    """Whether the end of a round left nothing of what had counted for a ticket."""
    if answer.how == "reopened":
        return link.ticket_key in ticket_keys(answer.words)
    return answer.how != "extended"


def _declined(rule: Rule, ticket: Ticket | None) -> bool:
    names = {name.casefold() for name in rule.hold.declined.resolution}
    return ticket is not None and ticket.done and ticket.resolution.casefold() in names


def _asked_about(rule: Rule, at: datetime) -> tuple[Evidence, ...]:
    policy = rule.hold.deployed
    kinds = [kind_of(source) for source in (policy.any_[:1] or policy.all_)]
    return tuple(
        Evidence(kind=kind, source=f"asked:{at.isoformat()}", detail="the question was asked already", at=at)
        for kind in dict.fromkeys(kinds)
    )


def _used_up(
    traces: Traces, rule: Rule, ticket: Ticket | None, used: list[Round]
) -> tuple[tuple[str, ...], bool]:
    if not used:
        return (), True
    asked = {f"told/verify/{one.number}" for one in used}
    questions = " ".join(note.text for rest, note in traces.here() if rest in asked)
    versions = [
        f"version:{version.id}"
        for version in (ticket.fix_versions if ticket else ())
        if version.released and version.name in questions
    ]
    last = _ended(traces, used[-1].number)
    said = [
        f"note:{note.id}"
        for note in (*traces.notes, *(note for _, notes in traces.tickets for note in notes))
        if last is not None and note.origin == "person" and note.at <= last.at
    ]
    return (*versions, *said), _left_done(traces, rule, ticket, used[-1])


def _left_done(traces: Traces, rule: Rule, ticket: Ticket | None, last: Round) -> bool:
    """Whether the ticket was seen not done since the last round that used its evidence up."""
    if ticket is None or not ticket.done or (last.answer is not None and last.answer.how == "reopened"):
        return True
    moved = traces.told(f"failed_here/{last.number}") is not None
    return moved and rule.hold.verify.on_reject is not None
