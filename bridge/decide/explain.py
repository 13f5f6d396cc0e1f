"""Why an incident stands where it stands: every fact with its evidence, what is missing, who acts next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.decide.asked import deadline
from bridge.decide.asking import BY_VALUE
from bridge.decide.claimed import IN_TICKET
from bridge.decide.draft import Draft
from bridge.decide.evidence import first_line
from bridge.decide.fieldlook import look_at
from bridge.decide.fields import as_seen, stands
from bridge.decide.siblings import highest_priority, others, standing
from bridge.decide.stage import LinkStage, Stage, cause_is_set, stage
from bridge.decide.stage import lacking as missing_evidence
from bridge.decide.voice import Voice
from bridge.decide.words import Words
from bridge.decide.workaround import known
from bridge.model.dossier import Answer, Dossier, Evidence, Flag, Link, Request, Turn
from bridge.model.plan import Observation
from bridge.rules.mapping import Circumstances, Unmapped, field_value
from bridge.rules.match import Verdict, match
from bridge.rules.shape import Rule, RuleSet
from bridge.rules.values import FieldSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact of the way to a resolved incident: whether it is there, by what evidence, since when."""

    name: str
    holds: bool
    evidence: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStand:
    """How one field stands: both values, what was agreed last, which case decided; ``ticket`` is empty before it opens."""

    ticket: str
    field: str
    owner: str
    here: str
    there: str
    agreed: str = ""
    case: str = ""
    stands: str


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
    ball_since: datetime | None = None
    balls: tuple[Turn, ...] = ()
    fields: tuple[FieldStand, ...] = ()


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
        balls=seen.dossier.balls,
        fields=_future_fields(rule, rules, seen) if rule and not seen.dossier.links else (),
    )
    if rule is None or not seen.dossier.links:
        return empty
    draft = Draft(seen=seen, rules=rules, voice=voice, now=now, dossier=seen.dossier, rule=rule)
    present = stage(rule, seen.incident, seen.dossier, seen.tickets)
    words = Words(draft)
    return replace(
        empty,
        stage=present.name,
        state=words.state(present),
        facts=facts(rule, seen, present, words),
        missing=present.missing,
        ball=words.ball(present),
        next_step=words.next(present),
        ball_since=_since(seen.dossier, present),
        fields=tuple(_fields(draft, rule)),
        deadline=deadline(rule, seen.incident, seen.dossier, present),
        history=tuple(_history(draft)),
    )


def _since(dossier: Dossier, present: Stage) -> datetime | None:
    """Return since when whoever holds the ball has it; None where the bridge did not look since that changed."""
    last = dossier.balls[-1] if dossier.balls else None
    return last.since if last and last.who == present.ball else None


def _fields(draft: Draft, rule: Rule) -> Iterator[FieldStand]:
    for link in draft.dossier.links:
        ticket = draft.seen.tickets.get(link.ticket_id)
        if ticket is None:
            continue
        for mirrored in rule.mirror.fields:
            look = look_at(draft, link, ticket, mirrored)
            yield FieldStand(
                ticket=link.ticket_key,
                field=mirrored.ticket,
                owner=mirrored.owner,
                here=look.seen.incident,
                there=look.seen.ticket,
                agreed=as_seen(look.base),
                case=look.case,
                stands=stands(look, draft.number),
            )


def _future_fields(rule: Rule, rules: RuleSet, seen: Observation) -> tuple[FieldStand, ...]:
    """Return what the fields of the ticket would be if it were opened now."""
    return tuple(_future(name, source, rules, seen) for name, source in rule.ticket.fields.items())


def _future(name: str, source: FieldSource, rules: RuleSet, seen: Observation) -> FieldStand:
    value, case = field_value(name, source, Circumstances(incident=seen.incident), rules.maps)
    missing = isinstance(value, Unmapped)
    there = "" if isinstance(value, Unmapped) else value if isinstance(value, str) else ", ".join(value)
    return FieldStand(
        ticket="",
        field=name,
        owner="incident",
        here=seen.incident.value(source.of) if source.of else "",
        there=there,
        case=case,
        stands="no entry in its map" if missing else "set when the ticket is opened" if there else "left out",
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
        Fact(name="linked", holds=True, evidence=_linked(seen), at=first.linked_at),
        _fixed(present, words),
        _deployed(rule, present),
        _verified(seen.dossier),
        _cause(rule, seen, words),
    )


def _requests(dossier: Dossier) -> str:
    return "; ".join(
        f"{_asker(request)} asked ({request.answered or 'not answered yet'})" for request in dossier.requests
    )


def _asker(request: Request) -> str:
    if request.source == "rule":
        return "the rule"
    if request.source.startswith(IN_TICKET):
        return f"somebody in {request.key}"
    how = " by the agreed value of a field" if request.source.startswith(BY_VALUE) else ""
    return f"{request.by_name or request.by or 'somebody'}{how}"


def _linked(seen: Observation) -> str:
    return "; ".join(
        f"{link.ticket_key} was {link.how}{_for_team(link)}{_shared(seen, link)}"
        for link in seen.dossier.links
    )


def _for_team(link: Link) -> str:
    return f" for {link.team}" if link.team else ""


def _shared(seen: Observation, link: Link) -> str:
    """Say how many others wait for the same ticket, and who speaks for all in it."""
    beside = others(seen, link.ticket_id)
    if not beside:
        return ""
    own = standing(seen.dossier, link.ticket_id)
    waiting = (*beside, *((own,) if own and own.waits else ()))
    first = min(waiting, key=lambda one: (one.linked_at, one.number))
    count = "1 other incident waits" if len(beside) == 1 else f"{len(beside)} other incidents wait"
    priority = highest_priority(waiting) or "none"
    return f", for which {count} too (highest priority {priority}; {first.number} keeps its board)"


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
    handed = f", handed on to {len(link.link.handed)} of third line" if link.link.handed else ""
    old = "" if link.link.left_done else " (still from the round before)"
    copy = f" (of which {link.link.ticket_key} is a duplicate)" if link.link.follows else ""
    return f"{link.ticket.key} is {link.ticket.status or 'new'}{resolution}{handed}{old}{copy}"


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
    if answer.of_nobody:
        what = "reopened" if answer.how == "reopened" else "linked as well"
        return f"round {number}: not checked, since {answer.words} was {what} before"
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
