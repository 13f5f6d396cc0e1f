"""What was seen of one incident, and what was decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.model.actions import Action
from bridge.model.change import Change
from bridge.model.dossier import Dossier, Evidence
from bridge.model.incident import Incident
from bridge.model.note import Note
from bridge.model.shared import Board, Claim, Sibling
from bridge.model.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a support group."""

    login: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something the planner must see before it can decide: the engine looks and asks again.

    ``fresh``: incident, tickets and versions read again by id; ``members``: who belongs to group ``of``;
    ``ticket``: the ticket with key or id ``of``; ``notes``: every note of the incident, for the context pack;
    ``group``: whether group ``of`` still works.
    """

    kind: Literal["fresh", "members", "ticket", "notes", "group"]
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One immutable look at an incident and everything that belongs to it.

    ``members`` holds the groups that were looked up, None where membership cannot be read; ``found`` the tickets
    that were looked up by key or id, None where the tracker shows no such ticket to verified credentials;
    ``siblings`` are the other incidents on each ticket, ``heard`` is the evidence of a deployment that was written into
    them; ``boards`` are the comments that tell of all; ``claims`` the tickets in which a person wrote the incident's
    number; ``changes`` are the changes related to the incident;
    ``retired`` says of the groups that were looked up whether they were taken out of use;
    ``written`` are the ids of the notes that finished effects left, by key;
    ``done`` are the journal keys of finished effects, ``refused`` those that a server refused for good, with its words,
    ``failing`` those that were refused and will be tried again; ``dead`` those of ``refused`` on which a person still
    has to decide.
    """

    pair: str
    incident: Incident
    dossier: Dossier
    notes: tuple[Note, ...] = ()
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    ticket_notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    members: Mapping[str, tuple[Member, ...] | None] = field(default_factory=dict)
    found: Mapping[str, Ticket | None] = field(default_factory=dict)
    done: frozenset[str] = frozenset()
    written: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)
    dead: Mapping[str, str] = field(default_factory=dict)
    heard: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    retired: Mapping[str, bool] = field(default_factory=dict)
    siblings: Mapping[str, tuple[Sibling, ...]] = field(default_factory=dict)
    boards: Mapping[str, Board] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    all_notes: bool = False
    fresh: bool = False
    incident_url: str = ""
    accounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A decision about one incident: what to do, what to remember, and why.

    ``dossier`` is the memory with the facts of this look recorded.  Where ``needs`` is not empty the decision is not
    made yet.  ``look_again_at`` asks for another look although nothing may change (a grace, a confirmation).
    ``wakes`` are the incidents that must be looked at again because of what changed in this one.
    """

    incident: str
    dossier: Dossier
    actions: tuple[Action, ...] = ()
    needs: tuple[Need, ...] = ()
    look_again_at: datetime | None = None
    withheld: tuple[str, ...] = ()
    wakes: tuple[str, ...] = ()
