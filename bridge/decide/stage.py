"""The stage of an incident: which of the facts are there, with what evidence, and who acts next.

linked -> fixed -> deployed -> verified -> cause set -> the owner resolves

fact      follows                 latched in the round   evidence
linked    the dossier             yes                    a person asked, or the rule opens by itself
fixed     the ticket              no                     done, with one of the rule's fixed resolutions
deployed  the ticket, people      yes                    released version, status, phrase, completed change
verified  people                  for good               a note of the queue, or resolving once deployed
cause     the incident            no                     the classification field
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from bridge.decide.lines import line_of
from bridge.model.dossier import Dossier, Evidence, EvidenceKind, Link, Who
from bridge.model.incident import CANCELLED, CLOSED, RESOLVED, Incident
from bridge.model.ticket import Ticket
from bridge.rules.shape import (
    Cause,
    Deployed,
    EvidenceSource,
    FixVersionReleased,
    Hold,
    PhraseSource,
    Rule,
    StatusIn,
)
from bridge.rules.shape_roads import ChangeIn

Name = Literal[
    "unlinked", "linked", "fixed", "deployed", "verified", "classified", "resolved",
    "decision", "released", "workaround", "closed_early", "given_up",
]  # fmt: skip
Outcome = Literal["open", "fixed", "declined", "duplicate", "unknown_resolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStage:
    """How far one ticket is; ``ticket`` is the one that counts, after following duplicates."""

    link: Link
    ticket: Ticket | None
    outcome: Outcome
    deployed: bool
    evidence: tuple[Evidence, ...]
    line: Who = "development"

    @property
    def fixed(self) -> bool:
        """Whether the patch is ready."""
        return self.outcome == "fixed" or self.deployed

    @property
    def unfixed(self) -> bool:
        """Whether somebody behind Frontline still works on it."""
        return not self.fixed and not self.needs_decision

    @property
    def needs_decision(self) -> bool:
        """Whether development will not fix it, so that Frontline has to decide."""
        return self.link.lost or (self.outcome == "declined" and not self.deployed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The stage of an incident over all of its tickets."""

    name: Name
    ball: Who
    links: tuple[LinkStage, ...]
    missing: tuple[Literal["fixed", "deployed", "verified", "cause", "decision"], ...]

    @property
    def ready(self) -> bool:
        """Whether there is something for Frontline to check: every ticket deployed or decided, one at least deployed."""
        return (
            bool(self.links)
            and any(link.deployed for link in self.links)
            and all(link.deployed or link.needs_decision for link in self.links)
        )

    @property
    def undecided(self) -> bool:
        """Whether no ticket will bring a fix, so that the owner's resolve is the decision."""
        return bool(self.links) and all(link.needs_decision for link in self.links)


def stage(rule: Rule, incident: Incident, dossier: Dossier, tickets: Mapping[str, Ticket]) -> Stage:
    """Return the stage of an incident as it is seen now."""
    links = tuple(_with_line(rule, link_stage(rule.hold, link, tickets), tickets) for link in dossier.links)
    sketch = Stage(name="linked", ball="development", links=links, missing=())
    name = _name(sketch, rule, incident, dossier)
    return Stage(
        name=name,
        ball=_ball(name, links),
        links=links,
        missing=_missing(sketch, rule, incident, dossier),
    )


def _with_line(rule: Rule, link: LinkStage, tickets: Mapping[str, Ticket]) -> LinkStage:
    line = line_of(rule.lines, link.link, own_ticket(link.link, tickets), tickets)
    return replace(link, line=line)


def link_stage(hold: Hold, link: Link, tickets: Mapping[str, Ticket]) -> LinkStage:
    """Return how far one ticket is."""
    ticket = counting_ticket(link, tickets)
    return LinkStage(
        link=link,
        ticket=ticket,
        outcome=outcome(hold, link, ticket),
        deployed=policy_holds(hold.deployed, link.evidence),
        evidence=link.evidence,
    )


def counting_ticket(link: Link, tickets: Mapping[str, Ticket]) -> Ticket | None:
    """Return the ticket that counts for a link.

    Third line's, where the rule lets it count; else the last one that was followed and seen, or the linked one.
    """
    return tickets.get(link.counting) or own_ticket(link, tickets)


def own_ticket(link: Link, tickets: Mapping[str, Ticket]) -> Ticket | None:
    """Return the linked ticket itself, or the one that it duplicates: the last one that was followed and seen."""
    for ticket_id in reversed(link.follows):
        if ticket_id in tickets:
            return tickets[ticket_id]
    return tickets.get(link.ticket_id)


def outcome(hold: Hold, link: Link, ticket: Ticket | None) -> Outcome:
    """Return what a ticket says of itself in the present round; an old "done" of a failed round says nothing."""
    if ticket is None or not ticket.done or not link.left_done:
        return "open"
    named: tuple[tuple[Outcome, tuple[str, ...]], ...] = (
        ("fixed", hold.fixed.resolution),
        ("declined", hold.declined.resolution),
        ("duplicate", hold.duplicate.resolution),
    )
    for result, resolutions in named:
        if ticket.resolution.casefold() in {name.casefold() for name in resolutions}:
            return result
    return "unknown_resolution"


def closed_as_duplicate(hold: Hold, ticket: Ticket) -> bool:
    """Whether a ticket was closed as a duplicate, in whichever round."""
    names = {name.casefold() for name in hold.duplicate.resolution}
    return ticket.done and ticket.resolution.casefold() in names


def policy_holds(policy: Deployed, evidence: tuple[Evidence, ...]) -> bool:
    """Whether the latched evidence is enough for the rule."""
    if policy.any_:
        return bool(evidence)
    return not _unmet(policy, evidence)


def kind_of(source: EvidenceSource) -> EvidenceKind:
    """Return the kind of evidence that a source gives."""
    match source:
        case FixVersionReleased():
            return "fix_version"
        case StatusIn():
            return "status"
        case PhraseSource():
            return "phrase"
        case ChangeIn():
            return "change"


def name_of(source: EvidenceSource) -> str:
    """Return what a source of evidence is called: the same rule always gives the same name."""
    match source:
        case FixVersionReleased():
            return "a released version"
        case StatusIn():
            return f"the status {' or '.join(source.status.in_)}"
        case PhraseSource():
            return f"{' or '.join(source.phrase.says)} of {' or '.join(source.phrase.from_group)}"
        case ChangeIn():
            return f"a change that is {' or '.join(source.change.status)}"


def lacking(policy: Deployed, evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """Return the names of the sources that the rule still waits for: any one of them, or all that are left."""
    return () if policy_holds(policy, evidence) else _unmet(policy, evidence)


def _unmet(policy: Deployed, evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    met = {item.meets for item in evidence}
    # What an earlier version latched does not say which source it met; its kind is the best that is known.
    met_kinds = {item.kind for item in evidence if not item.meets}
    sources = policy.any_ or policy.all_
    return tuple(
        name_of(source)
        for source in sources
        if name_of(source) not in met and kind_of(source) not in met_kinds
    )


def cause_is_set(cause: Cause | None, incident: Incident) -> bool:
    """Whether the second-level classification holds one of the rule's values."""
    if cause is None:
        return True
    return incident.value(cause.field).casefold() in {value.casefold() for value in cause.one_of}


def _name(sketch: Stage, rule: Rule, incident: Incident, dossier: Dossier) -> Name:
    if not dossier.links:
        return "unlinked"
    if dossier.ending == "verified":
        return _after_verification(rule, incident)
    if dossier.ending == "declined":
        return "resolved" if not incident.is_open else "decision"
    if dossier.ending == "resolved_before":
        return "resolved"
    if dossier.ending:
        return dossier.ending
    if sketch.ready:
        return "deployed"
    if sketch.undecided:
        return "decision"
    if not incident.is_open and dossier.given_up:
        return "given_up"
    waiting = [link for link in sketch.links if not (link.deployed or link.needs_decision)]
    return "fixed" if all(link.fixed for link in waiting) else "linked"


def _after_verification(rule: Rule, incident: Incident) -> Name:
    if incident.status in (RESOLVED, CLOSED, CANCELLED):
        return "resolved"
    return "classified" if cause_is_set(rule.hold.cause, incident) else "verified"


def _ball(name: Name, links: tuple[LinkStage, ...]) -> Who:
    if name in ("resolved", "workaround", "closed_early", "given_up"):
        return "nobody"
    if name == "linked":
        return _farthest(links)
    return "second_line" if name == "fixed" else "frontline"


def _farthest(links: tuple[LinkStage, ...]) -> Who:
    """Return who of those behind Frontline is waited for: with several tickets, the line that is farthest away."""
    lines = {link.line for link in links if link.unfixed}
    order: tuple[Who, ...] = ("third_line", "development", "second_line")
    return next((who for who in order if who in lines), "development")


def _missing(
    sketch: Stage, rule: Rule, incident: Incident, dossier: Dossier
) -> tuple[Literal["fixed", "deployed", "verified", "cause", "decision"], ...]:
    over = ("released", "workaround", "closed_early", "declined", "resolved_before")
    if not dossier.links or dossier.ending in over:
        return ()
    missing: list[Literal["fixed", "deployed", "verified", "cause", "decision"]] = []
    if not dossier.ending:
        if sketch.undecided:
            return ("decision",)
        if not all(link.fixed or link.needs_decision for link in sketch.links):
            missing.append("fixed")
        if not sketch.ready:
            missing.append("deployed")
        missing.append("verified")
    if not cause_is_set(rule.hold.cause, incident):
        missing.append("cause")
    return tuple(missing)
