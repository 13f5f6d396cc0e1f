"""What the bridge remembers of one incident: its links, rounds, and what was last agreed.

A dossier changes in two ways only: the planner records a fact that it saw, or an effect was done
(``decide/agree.py``).  Both are saved in the same transaction as their cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.model.attachment import Attachment

#: Sources of evidence that a fix runs in production.
EvidenceKind = Literal["fix_version", "status", "phrase", "change"]
#: Who acts next on an incident.
Who = Literal["development", "third_line", "second_line", "frontline", "nobody"]
#: How a hold ended; empty while it holds.
Ending = Literal["", "verified", "released", "declined", "workaround", "closed_early", "resolved_before"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reason to believe that a ticket's fix runs in production.

    ``source`` identifies it for good (``version:10001``, ``status:Deployed``, ``note:WLG1``), ``detail`` is what a
    person reads, ``by`` who said it, ``at`` when the bridge first saw it, ``meets`` which of the rule's sources it is.
    """

    kind: EvidenceKind
    source: str
    detail: str
    by: str = ""
    at: datetime
    meets: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The last value of one mirrored field on which both sides agreed."""

    field: str
    incident: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled:
    """A value that gave way to the other side's: ``lost`` on ``side`` is now ``kept``; ``key`` names the write."""

    key: str
    ticket_id: str
    field: str
    side: Literal["incident", "ticket"]
    lost: str
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose turn it is since when: ``tickets`` are the keys with which they are busy, at which ``stage``."""

    who: Who
    since: datetime
    tickets: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One ticket of the incident; ``former_keys`` are those that it had before it moved to other projects.

    ``evidence`` is latched in the present round; ``spent`` are the sources of evidence that a failed round used up;
    ``left_done`` says that the ticket was seen not done since the round began, so that an old "Deployed" cannot
    count twice.  ``packed`` are the incident's notes that the ticket got in its context pack.  ``notes_from`` is the
    newest moment of the ticket before it was linked: older comments are not ours to carry.  ``told`` is the title of
    the remote link as last written.  ``follows`` are the tickets to which it was closed as a duplicate, one after the
    other, since ``followed_at``; ``told_target`` is the title of the remote link in the last of them.
    ``asked`` are the values of mirrored fields that were put before a person.
    ``handed`` are third line's tickets to which second line handed this one on, ``counting`` the one of them that
    counts in its place, where the rule says so.  ``on_board`` says that others waited for the ticket already, so that a
    line on the ticket's board introduced the incident; ``team`` is the rule's name for the team that was asked for;
    ``seen_done`` the id of the ticket that was seen done in the present round.
    """

    ticket_id: str
    ticket_key: str
    how: Literal["opened", "adopted"]
    former_keys: tuple[str, ...] = ()
    linked_at: datetime
    notes_from: datetime | None = None
    packed: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    spent: tuple[str, ...] = ()
    left_done: bool = True
    follows: tuple[str, ...] = ()
    followed_at: datetime | None = None
    handed: tuple[str, ...] = ()
    counting: str = ""
    base: tuple[Agreed, ...] = ()
    asked: tuple[Agreed, ...] = ()
    told: str = ""
    told_target: str = ""
    on_board: bool = False
    team: str = ""
    seen_done: str = ""
    missing_since: datetime | None = None
    lost: bool = False

    @property
    def beside(self) -> tuple[str, ...]:
        """The ids of the further tickets that are looked at for this one."""
        return tuple(dict.fromkeys((*self.follows, *self.handed)))

    @property
    def awaited(self) -> tuple[str, ...]:
        """The ids of the tickets on which the incident is one of those that wait."""
        return tuple(
            dict.fromkeys((self.ticket_id, *self.follows, *([self.counting] if self.counting else [])))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Frontline's word on a fix: who, when, how, with which words and files.

    ``reopened`` and ``extended`` are nobody's word: the ticket was reopened, or a further one linked, before the fix
    was checked; ``words`` are then the keys of those tickets.
    """

    verdict: Literal["verified", "failed"]
    how: Literal["note", "resolved", "without_evidence", "reopened", "extended"]
    by: str
    by_name: str
    at: datetime
    words: str = ""
    note_id: str = ""
    attachments: tuple[Attachment, ...] = ()

    @property
    def of_nobody(self) -> bool:
        """Whether the round ended without anybody's word."""
        return self.how in ("reopened", "extended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One attempt at the fix: from handing it over to Frontline's answer."""

    number: int
    started_at: datetime
    asked_at: datetime | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody's wish for a ticket.

    ``source`` is the note's id, ``field:<key>`` for a key in the ticket field, ``value:<n>`` for the agreed value of
    a field, ``ticket:<id>`` for the incident's number in a ticket, or ``rule``.  ``key`` is the ticket that was meant,
    or was opened; ``links`` says that an existing one was meant.  ``answered`` is empty while open, else what became
    of it.
    """

    source: str
    by: str
    by_name: str = ""
    at: datetime
    text: str = ""
    key: str = ""
    links: bool = False
    answered: Literal["", "opened", "adopted", "refused", "again", "withdrawn"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that somebody must get; kept until it was written.  ``key`` names its cause."""

    key: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """The one note in the incident that is kept current."""

    note_id: str = ""
    text: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something that only a person can settle; shown by ``bridge held`` and ``bridge explain``."""

    what: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassigned:
    """The incident went from one queue to another; ``by`` is empty where the bridge itself gave it to the fallback."""

    old: str
    new: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything remembered of one incident.

    ``handled`` are the notes whose commands were dealt with, ``replies`` what is still to be answered; ``waited`` is
    the round in which the waiting status was last set; ``open_status`` and ``open_reason`` are the last open status that
    was seen, to which an early resolve goes back; ``put_backs`` counts those; ``was_resolved`` says that it was resolved
    before it was linked and not reopened since, so that it is never put back.  ``field_writes`` are the moments at which
    a mirrored field was written, ``overruled`` the latest values that gave way.  ``balls`` tells who held the ball since
    when, oldest first.  ``queue`` and ``priority`` are the last ones that were seen; ``value_asks`` counts how often the
    agreed value of a field asked for a ticket, ``value_stands`` says that it still stands there.
    """

    incident: str
    rule: str = ""
    requests: tuple[Request, ...] = ()
    handled: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    links: tuple[Link, ...] = ()
    rounds: tuple[Round, ...] = ()
    ending: Ending = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_words: str = ""
    waited: int = 0
    open_status: str = ""
    open_reason: str = ""
    put_backs: int = 0
    was_resolved: bool = False
    queue: str = ""
    reassigned: tuple[Reassigned, ...] = ()
    priority: str = ""
    value_asks: int = 0
    value_stands: bool = False
    written_keys: tuple[str, ...] = ()
    living: Living = Living()
    flags: tuple[Flag, ...] = ()
    field_writes: tuple[tuple[str, datetime], ...] = ()
    overruled: tuple[Overruled, ...] = ()
    balls: tuple[Turn, ...] = ()

    @property
    def round(self) -> Round | None:
        """The present round, None before the first ticket."""
        return self.rounds[-1] if self.rounds else None

    @property
    def held(self) -> bool:
        """Whether the incident must not be resolved yet, as far as the hold itself is concerned."""
        return bool(self.links) and not self.ending

    @property
    def given_up(self) -> bool:
        """Whether the present resolve came too early and was only flagged, so that it is no answer to anything."""
        return any(flag.what in ("resolved_early", "put_back_refused") for flag in self.flags)

    def link(self, ticket_id: str) -> Link | None:
        """Return the link to a ticket, None where there is none."""
        return next((link for link in self.links if link.ticket_id == ticket_id), None)
