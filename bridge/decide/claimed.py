"""Incidents' numbers that people wrote into tickets: finding them, and answering in the ticket where they lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.decide.draft import Draft
from bridge.decide.redact import redact
from bridge.model.actions import AddTicketNote
from bridge.model.dossier import Dossier, Request
from bridge.model.incident import FINAL
from bridge.model.shared import Claim
from bridge.model.ticket import Ticket
from bridge.rules.shape import RuleSet

#: How the source of a request begins that stands in a ticket; the ticket's id follows.
IN_TICKET = "ticket:"

# Remedy numbers incidents INC000000001234; sites put letters of their own between (INC_EU000123456).
_NUMBER = re.compile(r"(?<![A-Z0-9_])INC[A-Z_]{0,12}[0-9]{6,15}(?![A-Z0-9_])")


def numbers_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the incidents' numbers in texts in capitals, in order, each once."""
    return tuple(dict.fromkeys(number for text in texts for number in _NUMBER.findall(text.upper())))


def numbers_of(ticket: Ticket, rules: RuleSet) -> tuple[str, ...]:
    """Return the incidents' numbers that people wrote into a ticket of the rules' projects.

    A label must be the number itself: our own marks have it inside.
    """
    if ticket.project not in rules.projects:
        return ()
    labels = [label for label in ticket.labels if _NUMBER.fullmatch(label.upper())]
    fields = {rule.ticket.incident_field for rule in rules.rules if rule.ticket.incident_field}
    return numbers_in((*labels, *(ticket.value(name) for name in sorted(fields))))


def looks_at_links(ticket: Ticket, rules: RuleSet) -> bool:
    """Whether a rule of the ticket's project takes web links to incidents for numbers."""
    return any(rule.ticket.incident_links and ticket.project in rule.projects for rule in rules.rules)


def is_recorded(dossier: Dossier, claim: Claim) -> bool:
    """Whether a dossier has the request that a claim makes, so that the claim itself can be forgotten."""
    return any(request.source == f"{IN_TICKET}{claim.ticket_id}" for request in dossier.requests)


def gather(draft: Draft) -> None:
    """Record the tickets that name this incident as requests to link them."""
    for claim in draft.seen.claims:
        if is_recorded(draft.dossier, claim):
            continue
        linked = draft.dossier.link(claim.ticket_id) is not None
        # A done ticket of a closed incident is history, of which nobody needs to read.
        over = claim.done and draft.incident.status in FINAL
        request = Request(
            source=f"{IN_TICKET}{claim.ticket_id}",
            by="",
            at=claim.at,
            key=claim.ticket_key,
            links=True,
            answered="again" if linked else "refused" if over else "",
        )
        draft.remember(requests=(*draft.dossier.requests, request))


def refuse_unknown(draft: Draft) -> None:
    """Say in the tickets that name an incident that the desk does not show it."""
    gather(draft)
    for request in draft.dossier.requests:
        if request.source.startswith(IN_TICKET):
            say(draft, request, "no_incident")
    refused = (replace(request, answered="refused") for request in draft.dossier.requests)
    draft.remember(requests=tuple(refused))


def answer(draft: Draft, request: Request, text: str, values: Mapping[str, str]) -> None:
    """Answer where an incident that is there cannot be linked; other refusals are nothing to tell in a ticket."""
    if text == "incident_closed":
        say(draft, request, "closed", status=draft.incident.status)
    elif text == "no_rule":
        say(draft, request, "no_rule", **values)


def say(draft: Draft, request: Request, text: str, **values: str) -> None:
    """Answer a person who wrote the incident's number into a ticket, by one comment there.

    No rule has the incident, so that everything that may not leave the desk is cut out.
    """
    said = draft.voice.say(f"ticket_{text}", number=draft.number, **values)
    draft.do(
        AddTicketNote(
            key=f"{draft.number}/answer/{request.source}/{text}",
            reason=f"{request.key} names the incident and is answered",
            ticket_id=request.source.removeprefix(IN_TICKET),
            ticket_key=request.key,
            text=redact(said, ("card_number", "phone", "email")),
        )
    )
