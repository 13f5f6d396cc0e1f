"""The memory of an incident, rebuilt from the marks in both worlds, so that nothing is made or said twice.

Where the marks leave a doubt, the memory says "done": a missing word can be asked for, a second ticket or a second
note cannot be taken back.  The one exception is what only shows the present state: it is simply written again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge.decide.asking import team_of, team_of_project, value_stands
from bridge.decide.marks import Traces, ordinal, waits_since
from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.decide.recalled_effects import effects_done
from bridge.decide.recalled_requests import asks_of, requests_of, times_by_value
from bridge.decide.recalled_rounds import with_rounds
from bridge.decide.requests import field_keys
from bridge.model.actions import Action, Receipt
from bridge.model.dossier import Dossier, Link, Living, Request
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
    requests = requests_of(traces, rules, rule, links)
    stands = value_stands(rules, rule if links else None, traces.incident)
    dossier = Dossier(
        incident=traces.number,
        rule=rule.name if links else "",
        requests=requests,
        links=tuple(_of_team(rule, link, requests) for link in links),
        put_backs=traces.highest("put_back"),
        priority=traces.incident.priority,
        queue=traces.incident.assigned_group,
        value_asks=times_by_value(requests) or int(stands),
        value_stands=stands,
        living=living,
        written_keys=_written(traces, links),
        handled=tuple(note.id for note in asks_of(rules, traces.notes)),
    )
    if links:
        dossier = with_rounds(traces, rule, dossier, now)
    return Recalled(dossier=dossier, done=effects_done(traces, dossier, rule))


def _opened(traces: Traces) -> list[int]:
    found = (ordinal(ticket, traces.pair, traces.number) for ticket, _ in traces.tickets)
    return sorted(which for which in found if which)


def _rule(traces: Traces, rules: RuleSet) -> Rule:
    found = match(rules, traces.incident).rule
    if found is not None:
        return found
    projects = {ticket.project for ticket, _ in traces.tickets}
    return next((rule for rule in rules.rules if rule.projects & projects), rules.rules[0])


# -- links


def _link(traces: Traces, rule: Rule, ticket: Ticket, notes: tuple[Note, ...], now: datetime) -> Link:
    pack = next((note for note in notes if note.mark == f"{traces.number}/pack/{ticket.id}"), None)
    opened = bool(ordinal(ticket, traces.pair, traces.number))
    since = ticket.created_at if opened else (pack.at if pack else _told_at(traces, ticket))
    return Link(
        ticket_id=ticket.id,
        ticket_key=ticket.key,
        how="opened" if opened else "adopted",
        linked_at=waits_since(traces.number, ticket, notes) or since or now,
        notes_from=None if opened else (since or ticket.updated_at),
        packed=_packed(traces, rule, ticket, since),
        on_board=not opened and pack is None,
        **_followed(traces, ticket),
    )


def _followed(traces: Traces, ticket: Ticket) -> dict[str, Any]:
    """Return the tickets that one follows as a duplicate, as it was told last, and since when."""
    told = [
        (rest.split("/")[3], note)
        for rest, note in traces.here()
        if rest.startswith(f"told/follows/{ticket.id}/")
    ]
    beside = {one.id: one for one, _ in traces.beside}
    chain: list[str] = []
    following = beside.get(ticket.duplicate_of)
    while following is not None and following.id not in chain:
        chain.append(following.id)
        if told and following.id == told[-1][0]:
            return {"follows": tuple(chain), "followed_at": told[-1][1].at}
        following = beside.get(following.duplicate_of)
    return {}


def _told_at(traces: Traces, ticket: Ticket) -> datetime | None:
    """Return when a ticket that was there before was linked, by the first note that told so in the incident."""
    confirmed = traces.confirmed(ticket.key)
    living = (note.at for rest, note in traces.here() if rest.startswith("living"))
    return confirmed[1].at if confirmed else min(living, default=None)


def _of_team(rule: Rule, link: Link, requests: tuple[Request, ...]) -> Link:
    request = next((one for one in requests if one.answered == "opened" and one.key == link.ticket_key), None)
    named = team_of(rule, request)[0] if request else ""
    return replace(link, team=named or team_of_project(rule, link.ticket_key.rpartition("-")[0]))


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
        and first_phrase(note.text, (*rule.ask, *rule.link)) is None
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
