"""The memory of an incident, rebuilt from the marks in both worlds, so that nothing is made or said twice.

Where the marks leave a doubt, the memory says "done": a missing word can be asked for, a second ticket or a second
note cannot be taken back.  The one exception is what only shows the present state: it is simply written again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bridge.decide.marks import Traces, ordinal
from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.decide.recalled_effects import effects_done
from bridge.decide.requests import ask_phrases, field_keys
from bridge.decide.stage import kind_of
from bridge.model.actions import Action, Receipt
from bridge.model.dossier import Answer, Dossier, Ending, Evidence, Link, Living, Request, Round
from bridge.model.incident import PENDING
from bridge.model.note import Note
from bridge.model.ticket import Ticket
from bridge.rules.match import match
from bridge.rules.shape import Rule, RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A memory and the effects that must have been done to leave these traces."""

    dossier: Dossier
    done: tuple[tuple[Action, Receipt], ...]


def recall(traces: Traces, rules: RuleSet, now: datetime) -> Recalled | None:
    """Return what the marks of an incident say, None where it bears none."""
    if not (any(traces.here()) or any(traces.there()) or _opened(traces)):
        return None
    rule = _rule(traces, rules)
    links = tuple(_link(traces, rule, ticket, notes, now) for ticket, notes in traces.tickets)
    links = (*links, *_lost_links(traces, rules))
    living = _living(traces)
    links = links or _vanished(traces, living, rules)
    asks = [
        note
        for note in traces.notes
        if note.origin == "person" and first_phrase(note.text, ask_phrases(rules)) is not None
    ]
    dossier = Dossier(
        incident=traces.number,
        rule=rule.name if links else "",
        requests=_requests(traces, rules, asks, links),
        links=links,
        put_backs=traces.highest("put_back"),
        living=living,
        written_keys=_written(traces, links),
        handled=tuple(note.id for note in asks),
    )
    if links:
        dossier = _with_rounds(traces, rule, dossier, now)
    return Recalled(dossier=dossier, done=effects_done(traces, dossier, rule))


def _opened(traces: Traces) -> list[int]:
    found = (ordinal(ticket, traces.pair, traces.number) for ticket, _ in traces.tickets)
    return sorted(which for which in found if which)


def _rule(traces: Traces, rules: RuleSet) -> Rule:
    found = match(rules, traces.incident).rule
    if found is not None:
        return found
    projects = {ticket.project for ticket, _ in traces.tickets}
    return next((rule for rule in rules.rules if rule.ticket.project in projects), rules.rules[0])


# -- links


def _link(traces: Traces, rule: Rule, ticket: Ticket, notes: tuple[Note, ...], now: datetime) -> Link:
    pack = next((note for note in notes if note.mark == f"{traces.number}/pack/{ticket.id}"), None)
    opened = bool(ordinal(ticket, traces.pair, traces.number))
    since = ticket.created_at if opened else (pack.at if pack else None)
    return Link(
        ticket_id=ticket.id,
        ticket_key=ticket.key,
        how="opened" if opened else "adopted",
        linked_at=since or now,
        notes_from=None if opened else (since or ticket.updated_at),
        packed=_packed(traces, rule, ticket, since),
    )


def _packed(traces: Traces, rule: Rule, ticket: Ticket, since: datetime | None) -> tuple[str, ...]:
    """Return the notes that the ticket has from its beginning: what was written before it, and before any carried one."""
    carried = {
        rest.split("/")[2]
        for rest, _ in traces.there()
        if rest.startswith("note/desk/") and rest.endswith(f"/{ticket.id}")
    }
    newest = max((note.at for note in traces.notes if note.id in carried), default=None)
    moments = [moment for moment in (since, newest) if moment is not None]
    return tuple(
        note.id
        for note in traces.notes
        if note.origin == "person"
        and note.id not in carried
        and any(note.at <= moment for moment in moments)
        and first_phrase(note.text, rule.ask) is None
    )


def _lost_links(traces: Traces, rules: RuleSet) -> tuple[Link, ...]:
    known = {ticket.key for ticket, _ in traces.tickets}
    keys = [key for key in field_keys(traces.incident.ticket_field, rules.projects) if key not in known]
    lost = [(rest.split("/")[2], note) for rest, note in traces.here() if rest.startswith("told/lost/")]
    return tuple(
        Link(
            ticket_id=ticket_id,
            ticket_key=keys[index] if index < len(keys) else "",
            how="opened",
            linked_at=note.at,
            missing_since=note.at,
            lost=True,
        )
        for index, (ticket_id, note) in enumerate(lost)
        if all(ticket.id != ticket_id for ticket, _ in traces.tickets)
    )


def _vanished(traces: Traces, living: Living, rules: RuleSet) -> tuple[Link, ...]:
    """Return a lost link where the living note shows that there was a ticket, and none is in sight any more.

    Without it the request would look as if nobody had answered it, and a second ticket would be opened.
    """
    note = next((note for note in traces.notes if note.id == living.note_id), None)
    if note is None:
        return ()
    keys = field_keys(traces.incident.ticket_field, rules.projects) or ticket_keys(living.text)
    key = keys[0] if keys else ""
    return (
        Link(
            ticket_id=f"gone-{key or note.id}",
            ticket_key=key,
            how="opened",
            linked_at=note.at,
            missing_since=note.at,
            lost=True,
        ),
    )


def _written(traces: Traces, links: tuple[Link, ...]) -> tuple[str, ...]:
    keys = [link.ticket_key for link in links if link.ticket_key]
    if traces.told("cleared"):
        return tuple(keys)
    return tuple(key for key in keys if key in traces.incident.ticket_field)


# -- requests


def _requests(
    traces: Traces, rules: RuleSet, asks: list[Note], links: tuple[Link, ...]
) -> tuple[Request, ...]:
    opened = _opened(traces)
    lost = [link.linked_at for link in links if link.lost]
    found = [_request(traces, note, rules) for note in asks]
    if opened and not found:
        at = traces.incident.submitted_at or traces.incident.modified_at
        found.append(Request(source="rule", by="", at=at))
    for ticket, _ in traces.tickets:
        if not ordinal(ticket, traces.pair, traces.number):
            at = traces.incident.modified_at
            found.append(
                Request(source=f"field:{ticket.key}", by="", at=at, key=ticket.key, answered="adopted")
            )
    while len(found) < max(opened, default=0):
        # The next request must not take the number, and with it the label, of a ticket that is there.
        found.append(
            Request(
                source=f"lost:{len(found) + 1}", by="", at=traces.incident.modified_at, answered="refused"
            )
        )
    return tuple(
        Request(
            source=request.source,
            by=request.by,
            by_name=request.by_name,
            at=request.at,
            text=request.text,
            key=request.key,
            answered="opened" if index in opened or _went(request, index, opened, lost) else request.answered,
        )
        for index, request in enumerate(found, 1)
    )


def _went(request: Request, index: int, opened: list[int], lost: list[datetime]) -> bool:
    """Whether a request that nobody answered in words got a ticket that is out of sight by now."""
    earlier = index < max(opened, default=0)
    return not request.answered and (earlier or any(request.at <= moment for moment in lost))


def _request(traces: Traces, note: Note, rules: RuleSet) -> Request:
    text = (first_phrase(note.text, ask_phrases(rules)) or ("", ""))[1]
    said = traces.answered(note.id)
    again = {"already_linked": "again", "incident_closed": "refused"}.get(said, "")
    return Request(
        source=note.id,
        by=note.author,
        by_name=_name(traces, note),
        at=note.at,
        text=text,
        answered=again,  # type: ignore[arg-type]
    )


# -- rounds


def _with_rounds(traces: Traces, rule: Rule, dossier: Dossier, now: datetime) -> Dossier:
    """Return the memory with its rounds, what was used up in them, and how the hold ended."""
    failed = traces.highest("failed_here", "failed")
    ending, told = _ending(traces)
    rejections = _commands(traces, rule.hold.verify.reject)[:failed]
    rounds = [
        _round(traces, number, dossier.links[0].linked_at, _rejected(traces, rule, rejections, number, now))
        for number in range(1, failed + 1)
    ]
    answer = _accepted(traces, rule, told or now) if ending == "verified" else None
    rounds.append(_round(traces, failed + 1, dossier.links[0].linked_at, answer))
    until = told if ending else (rejections[-1].at if rejections else None)
    who, words = _released(traces, rule) if ending == "released" else ("", "")
    settled = not failed or traces.told(f"failed_here/{failed}") is not None
    return replace(
        dossier,
        rounds=tuple(rounds),
        ending=ending,
        ended_at=told if ending else None,
        ended_by=answer.by_name if answer else who,
        ended_words=words,
        handled=(*dossier.handled, *_handled(traces, rule, until)),
        links=tuple(_in_round(traces, rule, link, failed, rounds[-1], settled) for link in dossier.links),
        waited=_waited(traces, dossier, failed),
        open_status=traces.incident.status if traces.incident.status == PENDING else "",
    )


def _round(traces: Traces, number: int, first: datetime, answer: Answer | None) -> Round:
    asked = traces.told(f"verify/{number}", f"decide/{number}")
    began = traces.told(f"failed_here/{number - 1}", f"failed/{number - 1}")
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


def _name(traces: Traces, note: Note) -> str:
    incident = traces.incident
    if note.author.casefold() == incident.assignee_login.casefold() and incident.assignee:
        return incident.assignee
    return note.author_name or note.author


def _answer_of(traces: Traces, note: Note, phrases: tuple[str, ...], verdict: str, how: str) -> Answer:
    return Answer(
        verdict=verdict,  # type: ignore[arg-type]
        how=how,  # type: ignore[arg-type]
        by=note.author,
        by_name=_name(traces, note),
        at=note.at,
        words=(first_phrase(note.text, phrases) or ("", ""))[1],
        note_id=note.id,
    )


def _rejected(traces: Traces, rule: Rule, rejections: list[Note], number: int, now: datetime) -> Answer:
    if number <= len(rejections):
        return _answer_of(traces, rejections[number - 1], rule.hold.verify.reject, "failed", "note")
    told = traces.told(f"failed_here/{number}", f"failed/{number}")
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
    return _name(traces, note), (first_phrase(note.text, release.says) or ("", ""))[1]


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


def _waited(traces: Traces, dossier: Dossier, failed: int) -> int:
    """Return the round in which the waiting status was last set: what is told after it shows that it was."""
    if not failed:
        return 1 if dossier.living.note_id else 0
    return failed + 1 if traces.told(f"failed_here/{failed}") else failed


def _in_round(traces: Traces, rule: Rule, link: Link, failed: int, present: Round, moved: bool) -> Link:
    """Return the link with what failed rounds used up, and with the evidence about which people were asked."""
    ticket = next((ticket for ticket, _ in traces.tickets if ticket.id == link.ticket_id), None)
    evidence: tuple[Evidence, ...] = ()
    if (
        present.asked_at is not None
        and traces.told(f"verify/{present.number}")
        and not _declined(rule, ticket)
    ):
        evidence = _asked_about(rule, present.asked_at)
    spent, left_done = _used_up(traces, rule, ticket, failed, moved)
    return replace(link, evidence=evidence, spent=spent, left_done=left_done)


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
    traces: Traces, rule: Rule, ticket: Ticket | None, failed: int, moved: bool
) -> tuple[tuple[str, ...], bool]:
    if not failed:
        return (), True
    questions = " ".join(
        note.text
        for rest, note in traces.here()
        if rest in {f"told/verify/{n}" for n in range(1, failed + 1)}
    )
    versions = [
        f"version:{version.id}"
        for version in (ticket.fix_versions if ticket else ())
        if version.released and version.name in questions
    ]
    last = traces.told(f"failed_here/{failed}", f"failed/{failed}")
    said = [
        f"note:{note.id}"
        for note in (*traces.notes, *(note for _, notes in traces.tickets for note in notes))
        if last is not None and note.origin == "person" and note.at <= last.at
    ]
    left_done = ticket is None or not ticket.done or (moved and rule.hold.verify.on_reject is not None)
    return (*versions, *said), left_done


def _living(traces: Traces) -> Living:
    found = [
        (int(parts[1]) if len(parts) > 1 else 1, note)
        for rest, note in traces.here()
        if (parts := rest.split("/"))[0] == "living"
    ]
    if not found:
        return Living()
    note = max((note for _, note in found), key=lambda note: (note.at, note.id))
    return Living(note_id=note.id, text=note.text, revision=max(revision for revision, _ in found))
