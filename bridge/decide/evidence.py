"""Evidence that a fix runs in production: latched once seen, never forgotten within a round.

    source        counts when                                              of a later round
    fix_version   the ticket is fixed and one of its versions is released  another version, or released again
    status        the ticket stands in one of the named statuses           it left "done" since the round began
    phrase        a member of the named groups wrote it                    a new note
    change        the ticket is fixed and a related change is finished     another change

A version that is un-released, or a ticket moved on from Deployed to Closed, takes nothing back.  A phrase counts for
the ticket: written into one incident, it is evidence for every other incident of the same ticket.  A change that was
finished before the incident was opened, or that broke the thing, is no cure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.decide.draft import Draft
from bridge.decide.phrases import first_phrase
from bridge.decide.stage import Outcome, counting_ticket, name_of, outcome
from bridge.model.change import Change
from bridge.model.dossier import Evidence, Link
from bridge.model.note import Note
from bridge.model.plan import Member
from bridge.model.ticket import Ticket
from bridge.rules.shape import EvidenceSource, FixVersionReleased, Hold, Phrase, PhraseSource, StatusIn
from bridge.rules.shape_roads import ChangeIn


def latch(draft: Draft) -> None:
    """Record the evidence of deployment that is seen now, for every ticket of the incident."""
    rule = draft.rule
    if rule is None or not draft.dossier.held:
        return
    for link in draft.dossier.links:
        ticket = counting_ticket(link, draft.seen.tickets)
        if ticket is None or link.lost:
            continue
        link = _seen_done(rule.hold, _new_chances(link, ticket), ticket)
        known = {(old.source, old.meets) for old in link.evidence}
        fresh = {
            (item.source, item.meets): item
            for item in _seen(draft, rule.hold, link, ticket)
            if item.source not in link.spent and (item.source, item.meets) not in known
        }
        draft.remember_link(replace(link, evidence=(*link.evidence, *fresh.values())))


def _new_chances(link: Link, ticket: Ticket) -> Link:
    """Let old sources count again where the world moved on: reopened since, or a version taken back."""
    unreleased = {f"version:{version.id}" for version in ticket.fix_versions if not version.released}
    spent = tuple(source for source in link.spent if source not in unreleased)
    left_done = link.left_done or not ticket.done
    if left_done and not link.left_done:
        spent = tuple(source for source in spent if not source.startswith("status:"))
    return replace(link, spent=spent, left_done=left_done)


def _seen_done(hold: Hold, link: Link, ticket: Ticket) -> Link:
    """Remember which ticket was done in this round, so that a reopened one is noticed."""
    counts = outcome(hold, link, ticket) not in ("open", "duplicate")
    return replace(link, seen_done=ticket.id) if counts else link


def _seen(draft: Draft, hold: Hold, link: Link, ticket: Ticket) -> Iterator[Evidence]:
    state = outcome(hold, link, ticket)
    for source in hold.deployed.any_ or hold.deployed.all_:
        for item in _of_source(draft, source, state, link, ticket):
            yield replace(item, meets=name_of(source))


def _of_source(
    draft: Draft, source: EvidenceSource, state: Outcome, link: Link, ticket: Ticket
) -> Iterator[Evidence]:
    match source:
        case FixVersionReleased() if state == "fixed":
            yield from _versions(draft, ticket)
        case StatusIn() if state != "declined" and link.left_done:
            yield from _status(draft, ticket, source.status.in_)
        case PhraseSource():
            yield from _phrases(draft, source.phrase, link)
            yield from _heard(draft, name_of(source), link)
        case ChangeIn() if state == "fixed":
            yield from _changes(draft, source.change.status)


def finished(draft: Draft, statuses: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes of the incident that could have brought its fix."""
    names = {name.casefold() for name in statuses}
    opened = draft.incident.submitted_at
    for change in draft.seen.changes:
        too_old = opened is not None and change.modified_at < opened
        if change.may_cure and not too_old and change.status.casefold() in names:
            yield change


def _changes(draft: Draft, statuses: tuple[str, ...]) -> Iterator[Evidence]:
    for change in finished(draft, statuses):
        detail = ", ".join(part for part in (change.id, change.status, change.reason) if part)
        yield Evidence(kind="change", source=f"change:{change.id}", detail=detail, at=draft.now)


def _heard(draft: Draft, name: str, link: Link) -> Iterator[Evidence]:
    """Yield what second line wrote into other incidents of the same ticket since this round began."""
    attempt = draft.dossier.round
    for item in draft.seen.heard.get(link.ticket_id, ()):
        before = attempt is not None and attempt.number > 1 and item.at < attempt.started_at
        if item.meets == name and not before:
            yield item


def _versions(draft: Draft, ticket: Ticket) -> Iterator[Evidence]:
    for version in ticket.fix_versions:
        if version.released:
            yield Evidence(
                kind="fix_version", source=f"version:{version.id}", detail=version.name, at=draft.now
            )


def _status(draft: Draft, ticket: Ticket, names: tuple[str, ...]) -> Iterator[Evidence]:
    if ticket.status.casefold() in {name.casefold() for name in names}:
        yield Evidence(kind="status", source=f"status:{ticket.status}", detail=ticket.status, at=draft.now)


def _phrases(draft: Draft, phrase: Phrase, link: Link) -> Iterator[Evidence]:
    for note in (*draft.seen.notes, *draft.seen.ticket_notes.get(link.ticket_id, ())):
        if not _may_count(draft, note, link) or first_phrase(note.text, phrase.says) is None:
            continue
        if written_by_member(draft, note, phrase.from_group):
            yield Evidence(
                kind="phrase",
                source=f"note:{note.id}",
                detail=first_line(note.text),
                by=draft.name_of(note),
                at=note.at,
            )


def _may_count(draft: Draft, note: Note, link: Link) -> bool:
    old_comment = note.parent == link.ticket_id and link.notes_from is not None and note.at <= link.notes_from
    return (
        draft.is_human(note)
        and not old_comment
        and note.id not in link.packed
        and f"note:{note.id}" not in link.spent
    )


def written_by_member(draft: Draft, note: Note, groups: tuple[str, ...]) -> bool:
    """Whether a member of one of the groups wrote the note, by login or, in the tracker, by full name."""
    return any(is_member(note, members) for group in groups if (members := draft.members(group)) is not None)


def is_member(note: Note, members: tuple[Member, ...]) -> bool:
    """Whether the author of a note is one of these people."""
    names = {note.author.casefold(), note.author_name.casefold()} - {""}
    return any(
        member.login.casefold() in names or (member.name and member.name.casefold() in names)
        for member in members
    )


def first_line(text: str) -> str:
    """Return the first line of a text, at most 120 characters, for tables and one-line notes."""
    return text.strip().split("\n", 1)[0][:120]
