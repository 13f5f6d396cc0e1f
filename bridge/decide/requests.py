"""Who asked for a ticket, and the answer that each of them gets.

A request is a fact that stays until it is answered: a person whose incident matched no rule gets the
ticket as soon as the incident is corrected, without asking twice.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.decide import asking, claimed, siblings
from bridge.decide.asking import record as _record
from bridge.decide.draft import Draft
from bridge.decide.fieldlook import agreed_at_opening
from bridge.decide.named import Named
from bridge.decide.pack import packed_notes, ticket_description
from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.decide.text import summary_line
from bridge.model.actions import AddTicketNote, CreateTicket, Value
from bridge.model.dossier import Link, Request, Round
from bridge.model.incident import FINAL, Incident
from bridge.model.ticket import Ticket
from bridge.rules.mapping import ticket_values
from bridge.rules.match import Verdict, match
from bridge.rules.shape import Rule, RuleSet
from bridge.rules.template import compile_template


def ask_phrases(rules: RuleSet) -> tuple[str, ...]:
    """Return every phrase by which a person may ask for a ticket."""
    return tuple(dict.fromkeys(phrase for rule in rules.rules for phrase in rule.ask))


def field_keys(text: str, projects: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ticket keys of these projects in a ticket field; vendor numbers and other text are nobody's business."""
    return tuple(key for key in ticket_keys(text) if key.rsplit("-", 1)[0] in projects)


def concerns(rules: RuleSet, incident: Incident, note_texts: tuple[str, ...]) -> bool:
    """Whether an incident that nobody watches yet has to be looked at."""
    if incident.status in FINAL:
        return False
    phrases = (*ask_phrases(rules), *asking.link_phrases(rules))
    if any(first_phrase(text, phrases) for text in note_texts):
        return True
    if field_keys(incident.ticket_field, rules.projects):
        return True
    if incident.number and asking.asks_by_value(rules, incident):
        return True
    rule = match(rules, incident).rule
    return rule is not None and rule.open == "automatically" and incident.is_open


def gather(draft: Draft) -> None:
    """Record every new request.

    Notes that ask or name a ticket, keys typed into the ticket field, the agreed value of a field,
    tickets that name the incident, rules that open by themselves.
    """
    _from_notes(draft)
    asking.from_links(draft)
    _from_field(draft)
    asking.from_value(draft)
    claimed.gather(draft)
    _from_rule(draft)


def _from_notes(draft: Draft) -> None:
    phrases = ask_phrases(draft.rules)
    for note in draft.new_commands:
        asked = first_phrase(note.text, phrases)
        if asked is None:
            continue
        draft.handled(note)
        _record(
            draft,
            Request(
                source=note.id,
                by=note.author,
                by_name=draft.name_of(note),
                at=note.at,
                text=asked[1],
            ),
        )


def _from_field(draft: Draft) -> None:
    known = {key for link in draft.dossier.links for key in (link.ticket_key, *link.former_keys)}
    known |= set(draft.dossier.written_keys)
    for key in field_keys(draft.incident.ticket_field, draft.rules.projects):
        if key not in known:
            _record(
                draft,
                Request(
                    source=f"field:{key}",
                    by=draft.incident.modified_by,
                    by_name=draft.incident.modified_by,
                    at=draft.incident.modified_at,
                    key=key,
                ),
            )


def _from_rule(draft: Draft) -> None:
    rule = match(draft.rules, draft.incident).rule
    opens = rule is not None and rule.open == "automatically" and draft.incident.is_open
    own = next((request for request in draft.dossier.requests if request.source == "rule"), None)
    if own is None and opens and not draft.dossier.requests:
        _record(draft, Request(source="rule", by="", at=draft.now))
    elif own is not None and not draft.dossier.links and own.answered in ("", "withdrawn"):
        # Nobody asked, so that nobody waits for an answer where the rule stopped matching before the ticket opened.
        _settle(draft, own, "" if opens else "withdrawn")


def answer(draft: Draft) -> None:
    """Answer each open request: open a ticket, adopt one, or say why not."""
    for request in draft.dossier.requests:
        if request.answered or draft.needs or _opens(draft):
            continue
        if draft.incident.status in FINAL:
            if request.source.startswith(claimed.IN_TICKET):
                claimed.say(draft, request, "closed", status=draft.incident.status)
            continue  # stays open: a cancelling that is undone must not swallow it
        if request.links and not _may_link(draft, request):
            continue
        if request.key:
            _adopt(draft, request)
        elif _living_links(draft) and not _is_further(draft, request):
            keys = ", ".join(link.ticket_key for link in draft.dossier.links)
            _refuse(draft, request, "already_linked", keys=keys, answered="again")
        else:
            _open(draft, request)


def _may_link(draft: Draft, request: Request) -> bool:
    """Whether a named ticket can be looked for; a person who named none, a foreign or a linked one is answered."""
    projects = draft.rules.projects
    if not request.key:
        phrase = asking.link_phrases(draft.rules)[0]
        _refuse(draft, request, "no_key", phrase=phrase, example=f"{projects[0]}-12")
    elif request.key.rpartition("-")[0] not in projects:
        _refuse(draft, request, "other_project", key=request.key, projects=", ".join(projects))
    elif any(link.ticket_key == request.key and not link.lost for link in draft.dossier.links):
        keys = ", ".join(link.ticket_key for link in draft.dossier.links)
        _refuse(draft, request, "already_linked", keys=keys, answered="again")
    else:
        return True
    return False


def _is_further(draft: Draft, request: Request) -> bool:
    """Whether a linked incident's request is for a team that has no ticket of it yet."""
    rule = draft.rules.named(draft.dossier.rule)
    team = asking.team_of(rule, request)[0] if rule else ""
    return rule is not None and team != "" and not asking.has_team(draft, rule, team)


def _opens(draft: Draft) -> bool:
    """Whether a ticket is being opened already: one at a time, then everything is looked at afresh."""
    return any(isinstance(action, CreateTicket) for action in draft.actions)


def _living_links(draft: Draft) -> bool:
    return draft.dossier.held and any(not link.lost for link in draft.dossier.links)


def _who(draft: Draft, request: Request) -> str:
    return request.by_name or request.by or draft.incident.assignee or draft.voice.say("nobody")


def _refuse(draft: Draft, request: Request, text: str, answered: str = "refused", **values: str) -> None:
    _settle(draft, request, answered)
    _say(draft, request, text, **values)


def _say(draft: Draft, request: Request, text: str, **values: str) -> None:
    """Answer a person by a note; a rule that opens by itself has nobody to answer."""
    if request.source.startswith(claimed.IN_TICKET):
        claimed.answer(draft, request, text, values)
        return
    if request.source == "rule":
        return
    draft.reply(
        f"{draft.number}/answer/{request.source}/{text}",
        f"the request of {_who(draft, request)} is answered",
        draft.voice.say(text, author=_who(draft, request), **values),
    )


def _settle(draft: Draft, request: Request, answered: str) -> None:
    draft.remember(
        requests=tuple(
            replace(known, answered=answered) if known.source == request.source else known  # type: ignore[arg-type]
            for known in draft.dossier.requests
        )
    )


def _rule_for(draft: Draft, request: Request) -> Rule | None:
    if draft.dossier.links:
        return draft.rules.named(draft.dossier.rule)
    verdict = match(draft.rules, draft.incident)
    if verdict.rule is None:
        _say(
            draft,
            request,
            "no_rule",
            queue=draft.incident.assigned_group or draft.voice.say("nobody"),
            conditions=_failed_conditions(verdict),
        )
    return verdict.rule


def _failed_conditions(verdict: Verdict) -> str:
    lines = [
        line.text + (f" (it is {line.saw or 'empty'})" if ":" not in line.text else "")
        for trial in verdict.trials
        for line in trial.lines
        if line.depth == 0 and line.holds is False
    ]
    return "; ".join(dict.fromkeys(lines[:6])) + ("." if lines else "")


def _open(draft: Draft, request: Request) -> None:
    rule = _rule_for(draft, request)
    if rule is None:
        return
    if not draft.seen.all_notes:
        draft.need("notes")
        return
    draft.rule = rule
    team, words = asking.team_of(rule, request)
    ticket = rule.for_team(team).ticket
    fields, problems = ticket_values(rule.for_team(team), draft.incident, draft.rules.maps)
    if problems:
        first = problems[0]
        _say(draft, request, "no_value", field=first.field, value=first.value, map=first.map)
        return
    draft.remember(rule=rule.name)
    if not draft.dossier.links:
        draft.remember(was_resolved=not draft.incident.is_open)
    ordinal = 1 + [known.source for known in draft.dossier.requests].index(request.source)
    key = f"{draft.number}/create/{ordinal}"
    refusal = draft.seen.refused.get(key) or draft.seen.failing.get(key)
    if refusal:
        _say(draft, request, "open_refused", why=refusal)
    outward = tuple((name, _outward(draft, value)) for name, value in fields)
    if key in draft.seen.dead:
        return  # a person decides: replay it, or do without it
    if key in draft.seen.refused:
        _settle(draft, request, "refused")
        return
    draft.actions.append(
        CreateTicket(
            key=key,
            reason=_why_open(request, rule),
            project=ticket.project,
            type=ticket.type,
            summary=summary_line(draft.outward(_summary(rule, draft.incident))),
            description=ticket_description(draft, replace(request, text=words)),
            fields=outward,
            mark_label=f"bridge-{draft.seen.pair}-{draft.number}-{ordinal}",
            source=request.source,
            team=team,
            packed=packed_notes(draft),
            agreed=agreed_at_opening(draft, rule, outward),
        )
    )


def _outward(draft: Draft, value: Value) -> Value:
    if isinstance(value, str):
        return draft.outward(value)
    return tuple(draft.outward(one) for one in value)


def _why_open(request: Request, rule: Rule) -> str:
    if request.source == "rule":
        return f"rule {rule.name} opens by itself"
    if request.source.startswith(asking.BY_VALUE):
        return f"the agreed value of a field asks for a ticket (rule {rule.name})"
    return f"{request.by_name or request.by} asked for a ticket (rule {rule.name})"


def _summary(rule: Rule, incident: Incident) -> str:
    return compile_template(rule.ticket.summary, names={"incident"}).render(incident=Named(incident))


def _adopt(draft: Draft, request: Request) -> None:
    rule = _rule_for(draft, request)
    if rule is None:
        return
    if request.key not in draft.seen.found:
        draft.need("ticket", request.key)
        return
    ticket = draft.seen.found[request.key]
    if ticket is None:
        _refuse(draft, request, "no_such_ticket", key=request.key)
        return
    if not draft.seen.all_notes:
        draft.need("notes")
        return
    draft.rule = rule
    draft.remember(rule=rule.name)
    _settle(draft, request, "adopted")
    if draft.dossier.link(ticket.id) is None:
        draft.remember(**linked(draft, adopted_link(draft, ticket)))


def adopted_link(draft: Draft, ticket: Ticket) -> Link:
    """Return the link to a ticket that was there before: its older comments are not ours to carry.

    The incident's present notes go into the story that the ticket gets.  Where others wait for it already, its board
    gets a line instead, and the story so far stays in the incident.
    """
    return Link(
        ticket_id=ticket.id,
        ticket_key=ticket.key,
        how="adopted",
        linked_at=draft.now,
        notes_from=ticket.updated_at,
        packed=packed_notes(draft),
        on_board=bool(siblings.others(draft.seen, ticket.id)),
        team=asking.team_of_project(draft.rule, ticket.project) if draft.rule else "",
    )


def linked(draft: Draft, link: Link) -> dict[str, object]:
    """Return the facts that a new link brings: the first round, and whether the incident was resolved before."""
    facts: dict[str, object] = {"links": (*draft.dossier.links, link)}
    if not draft.dossier.rounds:
        facts["rounds"] = (Round(number=1, started_at=draft.now),)
        facts["was_resolved"] = not draft.incident.is_open
    return facts


def introduce(draft: Draft) -> None:
    """Tell an adopted ticket the incident's story, once; a ticket with a board has its line there instead."""
    for link in draft.dossier.links:
        key = f"{draft.number}/pack/{link.ticket_id}"
        if link.how != "adopted" or link.on_board or link.lost or draft.settled(key):
            continue
        if not draft.seen.all_notes:
            draft.need("notes")
            return
        request = next(
            (known for known in draft.dossier.requests if known.key == link.ticket_key),
            Request(source="", by="", at=draft.now),
        )
        draft.do(
            AddTicketNote(
                key=key,
                reason=f"{link.ticket_key} was linked by hand and gets the incident's story",
                ticket_id=link.ticket_id,
                ticket_key=link.ticket_key,
                text=ticket_description(draft, request, only=link.packed),
            )
        )
