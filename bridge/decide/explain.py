"""Why an incident stands where it stands: every fact with its evidence, what is missing, who acts next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.decide.asked import deadline
from bridge.decide.draft import Draft
from bridge.decide.evidence import first_line
from bridge.decide.stage import LinkStage, Stage, cause_is_set, stage
from bridge.decide.stage import lacking as missing_evidence
from bridge.decide.voice import Voice
from bridge.decide.words import Words
from bridge.decide.workaround import known
from bridge.model.dossier import Answer, Dossier, Evidence, Flag
from bridge.model.plan import Observation
from bridge.rules.match import Verdict, match
from bridge.rules.shape import Rule, RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact of the way to a resolved incident: whether it is there, by what evidence, since when."""

    name: str
    holds: bool
    evidence: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything there is to say about one incident; ``verdict`` has every condition with the value it saw."""

    incident: str
    status: str
    queue: str
    owner: str
    tickets: tuple[str, ...]
    rule: str
    verdict: Verdict
    stage: str
    state: str
    facts: tuple[Fact, ...]
    missing: tuple[str, ...]
    ball: str
    next_step: str
    round: int
    put_backs: int
    flags: tuple[Flag, ...]
    deadline: datetime | None = None
    history: tuple[str, ...] = ()


def explain(seen: Observation, rules: RuleSet, voice: Voice, now: datetime) -> Explanation:
    """Explain an incident as it is seen and remembered; decides and changes nothing."""
    verdict = match(rules, seen.incident)
    rule = rules.named(seen.dossier.rule) if seen.dossier.rule else verdict.rule
    empty = Explanation(
        incident=seen.incident.number,
        status=seen.incident.status,
        queue=seen.incident.assigned_group,
        owner=seen.incident.assignee,
        tickets=tuple(link.ticket_key for link in seen.dossier.links),
        rule=rule.name if rule else "",
        verdict=verdict,
        stage="unlinked",
        state=voice.say("state_unlinked"),
        facts=(Fact(name="linked", holds=False, evidence=_requests(seen.dossier)),),
        missing=(),
        ball="",
        next_step=voice.say("next_unlinked"),
        round=len(seen.dossier.rounds),
        put_backs=seen.dossier.put_backs,
        flags=seen.dossier.flags,
    )
    if rule is None or not seen.dossier.links:
        return empty
    draft = Draft(seen=seen, rules=rules, voice=voice, now=now, dossier=seen.dossier, rule=rule)
    present = stage(rule, seen.incident, seen.dossier, seen.tickets)
    words = Words(draft)
    return replace(
        empty,
        stage=present.name,
        state=voice.say(f"state_{present.name}"),
        facts=facts(rule, seen, present, words),
        missing=present.missing,
        ball=words.ball(present),
        next_step=words.next(present),
        deadline=deadline(rule, seen.incident, seen.dossier, present),
        history=tuple(_history(draft)),
    )


def _history(draft: Draft) -> Iterator[str]:
    """Yield what happened beside the straight road: workarounds, moves of the queue."""
    dossier, voice = draft.dossier, draft.voice
    for one in known(draft) if dossier.held else ():
        yield f"workaround known in {one.ticket.key}: {first_line(one.text)}"
    for moved in dossier.reassigned:
        by = f"by {moved.by}" if moved.by else "by the bridge, to the fallback queue"
        yield f"queue {moved.old} → {moved.new}, {voice.moment(moved.at)}, {by}"


def facts(rule: Rule, seen: Observation, present: Stage, words: Words) -> tuple[Fact, ...]:
    """Return the facts of a linked incident, in the order of its life."""
    first = seen.dossier.links[0]
    return (
        Fact(name="linked", holds=True, evidence=_linked(seen.dossier), at=first.linked_at),
        _fixed(present, words),
        _deployed(rule, present),
        _verified(seen.dossier),
        _cause(rule, seen, words),
    )


def _requests(dossier: Dossier) -> str:
    return "; ".join(
        f"{request.by_name or request.by or 'the rule'} asked ({request.answered or 'not answered yet'})"
        for request in dossier.requests
    )


def _linked(dossier: Dossier) -> str:
    return "; ".join(f"{link.ticket_key} was {link.how}" for link in dossier.links)


def _fixed(present: Stage, words: Words) -> Fact:
    told = [_ticket(link) for link in present.links]
    told += [words.given_reason(link) for link in present.links if link.needs_decision]
    return Fact(
        name="fixed",
        holds=all(link.fixed for link in present.links),
        evidence="; ".join(filter(None, told)),
    )


def _ticket(link: LinkStage) -> str:
    if link.link.lost:
        return f"{link.link.ticket_key} is lost"
    if link.ticket is None:
        return f"{link.link.ticket_key} was not seen yet"
    resolution = f", {link.ticket.resolution}" if link.ticket.resolution else ""
    old = "" if link.link.left_done else " (still from the round before)"
    copy = (
        f" (of which {link.link.ticket_key} is a duplicate)" if link.ticket.id != link.link.ticket_id else ""
    )
    return f"{link.ticket.key} is {link.ticket.status or 'new'}{resolution}{old}{copy}"


def _deployed(rule: Rule, present: Stage) -> Fact:
    evidence = [item for link in present.links for item in link.evidence]
    told = [_evidence(item) for item in evidence]
    for link in present.links:
        lacking = () if link.needs_decision else missing_evidence(rule.hold.deployed, link.evidence)
        if lacking:
            wanted = (" and " if rule.hold.deployed.all_ else " or ").join(lacking)
            told.append(f"{link.link.ticket_key} waits for {wanted}")
    return Fact(
        name="deployed",
        holds=bool(present.links) and all(link.deployed for link in present.links),
        evidence="; ".join(told),
        at=min((item.at for item in evidence), default=None),
    )


def _evidence(item: Evidence) -> str:
    by = f" by {item.by}" if item.by else ""
    return f"{item.kind}: {item.detail}{by} [{item.source}], {item.at:%Y-%m-%d %H:%M} UTC"


def _verified(dossier: Dossier) -> Fact:
    answers = [attempt.answer for attempt in dossier.rounds if attempt.answer]
    last = answers[-1] if answers else None
    told = "; ".join(_round(attempt.number, attempt.answer) for attempt in dossier.rounds if attempt.answer)
    if dossier.ending in ("released", "declined", "workaround"):
        words = f": {first_line(dossier.ended_words)}" if dossier.ended_words else ""
        ended = f"{dossier.ending} by {dossier.ended_by}{words}"
        told = f"{told}; {ended}" if told else ended
    return Fact(
        name="verified", holds=dossier.ending == "verified", evidence=told, at=last.at if last else None
    )


def _round(number: int, answer: Answer) -> str:
    files = f" [{', '.join(file.told for file in answer.attachments)}]" if answer.attachments else ""
    words = f": {first_line(answer.words)}" if answer.words else ""
    when = f"{answer.at:%Y-%m-%d %H:%M} UTC"
    return f"round {number}: {answer.verdict} by {answer.by_name} ({answer.how}), {when}{words}{files}"


def _cause(rule: Rule, seen: Observation, words: Words) -> Fact:
    cause = rule.hold.cause
    value = seen.incident.value(cause.field) if cause else ""
    evidence = f"{cause.field} is {value or 'empty'}" if cause else "the rule asks for none"
    told = words.cause()
    if told["cause_value"]:
        evidence += ", which is not in the rule's list"
    if told["proposed"]:
        evidence += f"; {told['proposed_by']} suggests {told['proposed']}"
    return Fact(name="cause", holds=cause_is_set(cause, seen.incident), evidence=evidence)
