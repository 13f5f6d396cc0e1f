"""The further ways of asking for a ticket: naming an existing one, the agreed value of a field, a team's name.

What is found becomes a request, which stays until it is answered (``decide/requests.py``).
"""

from __future__ import annotations

import re
from dataclasses import replace

from bridge.decide.draft import Draft
from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.model.actions import AddIncidentNote
from bridge.model.dossier import Link, Request
from bridge.model.incident import FINAL, Incident
from bridge.rules.match import all_hold, match
from bridge.rules.shape import Rule, RuleSet

#: How the source of a request begins that the agreed value of a field made; the count of it follows.
BY_VALUE = "value:"

# Word processors turn the hyphen of a key into one of these.
_DASHES = re.compile("[\u2010-\u2015\u2212]")


def link_phrases(rules: RuleSet) -> tuple[str, ...]:
    """Return every phrase by which a person may name an existing ticket to link."""
    return tuple(dict.fromkeys(phrase for rule in rules.rules for phrase in rule.link))


def record(draft: Draft, request: Request) -> None:
    """Record a request, unless its source made one already."""
    if all(request.source != known.source for known in draft.dossier.requests):
        draft.remember(requests=(*draft.dossier.requests, request))


# -- naming an existing ticket


def from_links(draft: Draft) -> None:
    """Record the tickets that people name in notes to have them linked."""
    phrases = link_phrases(draft.rules)
    for note in draft.new_commands:
        named = first_phrase(note.text, phrases)
        if named is None:
            continue
        draft.handled(note)
        key, words = key_and_words(named[1])
        record(
            draft,
            Request(
                source=note.id,
                by=note.author,
                by_name=draft.name_of(note),
                at=note.at,
                text=words,
                key=key,
                links=True,
            ),
        )


def key_and_words(text: str) -> tuple[str, str]:
    """Return the ticket's key with which a text begins, as a key or an address in any case, and what follows it."""
    first, *rest = text.split(maxsplit=1) or [""]
    plain = _DASHES.sub("-", first)
    keys = ticket_keys(plain) or ticket_keys(plain.upper())
    return (keys[0], "".join(rest).lstrip("-:;,. ")) if keys else ("", text)


# -- the agreed value of a field


def asks_by_value(rules: RuleSet, incident: Incident) -> bool:
    """Whether a field of an open incident holds the value on which people agreed as a request."""
    if not incident.is_open:
        return False
    owner = match(rules, incident).rule
    return any(_holds(rule, incident) for rule in ((owner,) if owner else rules.rules))


def value_stands(rules: RuleSet, rule: Rule | None, incident: Incident) -> bool:
    """Whether the agreed value stands in the field: the rule of a linked incident alone says what it is."""
    return _holds(rule, incident) if rule else asks_by_value(rules, incident)


def _holds(rule: Rule, incident: Incident) -> bool:
    return rule.ask_field is not None and all_hold([rule.ask_field], incident)


def from_value(draft: Draft) -> None:
    """Record the agreed value of a field as a request, once until it went away; an open one goes with it."""
    linked = draft.rules.named(draft.dossier.rule) if draft.dossier.links else None
    stands = value_stands(draft.rules, linked, draft.incident)
    if stands == draft.dossier.value_stands:
        return
    draft.remember(value_stands=stands)
    if not stands:
        _withdraw(draft)
        return
    count = draft.dossier.value_asks + 1
    draft.remember(value_asks=count)
    by = draft.incident.modified_by
    person = "" if by in draft.seen.accounts else by
    record(
        draft,
        Request(source=f"{BY_VALUE}{count}", by=person, by_name=person, at=draft.incident.modified_at),
    )


def _withdraw(draft: Draft) -> None:
    def without(request: Request) -> Request:
        is_open = request.source.startswith(BY_VALUE) and not request.answered
        return replace(request, answered="withdrawn") if is_open else request

    draft.remember(requests=tuple(without(request) for request in draft.dossier.requests))


# -- the team


def team_of(rule: Rule, request: Request) -> tuple[str, str]:
    """Return the team that a request names first, in the rule's spelling, and the words after it."""
    named = first_phrase(request.text, rule.ticket.teams)
    return named or ("", request.text)


def has_team(draft: Draft, rule: Rule, team: str) -> bool:
    """Whether the incident has a ticket of this team that is not lost."""
    return any(_is_of(rule, link, team) for link in draft.dossier.links if not link.lost)


def _is_of(rule: Rule, link: Link, team: str) -> bool:
    if link.team or link.how == "opened":
        return link.team == team
    return team_of_project(rule, link.ticket_key.rpartition("-")[0]) == team


def team_of_project(rule: Rule, project: str) -> str:
    """Return the one team that has this project for itself, empty where there is none."""
    teams = [name for name, team in rule.ticket.teams.items() if team.project == project]
    return teams[0] if len(teams) == 1 and project != rule.ticket.project else ""


# -- the answer to what is not seen otherwise


def confirm(draft: Draft) -> None:
    """Tell who asked what became of it, where the living note that is written anew does not: of every further ticket.

    Also of the first one, where it was linked from the tracker's side and nobody in the incident asked.
    """
    if draft.incident.status in FINAL:
        return
    for request in draft.dossier.requests:
        link = next((link for link in draft.dossier.links if link.ticket_key == request.key), None)
        if request.answered not in ("opened", "adopted") or link is None:
            continue
        if request.source.startswith("ticket:"):
            _confirm(draft, request, "linked_in_ticket")
        elif link != draft.dossier.links[0]:
            _confirm(draft, request, f"{request.answered}_further")


def _confirm(draft: Draft, request: Request, text: str) -> None:
    values = {} if text == "linked_in_ticket" else {"author": request.by_name or draft.incident.assignee}
    draft.do(
        AddIncidentNote(
            key=f"{draft.number}/answer/{request.source}/{text}",
            reason=f"{request.key} is linked as asked",
            text=draft.voice.say(text, key=request.key, **values),
            purpose="answer",
        )
    )
