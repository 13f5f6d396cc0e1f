"""The three-way merge of one mirrored field: what both sides agreed on last, against what each says now.

since the base      owner: incident or ticket       last_writer             ask
nothing changed     the owner's value stands        nothing                 nothing
one side changed    the owner's value stands        that side is carried    that side is carried
both, to the same   agreed                          agreed                  agreed
both, differently   the owner's value stands        the later side wins     a person settles it

Pure.  A value is only ever taken over from a side, never made up, and an empty one is never carried: clearing a
field stays a person's to do on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.model.dossier import Agreed
from bridge.rules.shape import Owner

Side = Literal["incident", "ticket"]

BOTH: tuple[Side, Side] = ("incident", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What each side says, each in its own words."""

    incident: str
    ticket: str

    def of(self, side: Side) -> str:
        """Return what one side says."""
        return self.incident if side == "incident" else self.ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What becomes of a field.

    ``equal``: both sides say the same; ``nothing``: they differ and may; ``carry``: the winner's value goes to the
    other side; ``overrule``: the same, against what somebody set there; ``ask``: a person has to settle it.
    """

    kind: Literal["equal", "nothing", "carry", "overrule", "ask"]
    winner: Side | None = None


def merge(base: Sides | None, seen: Sides, *, equal: bool, owner: Owner, later: Side) -> Merged:
    """Return what becomes of a field.

    ``base`` is what was agreed last, None where nothing ever was; ``equal`` tells whether the two sides mean the same,
    since each has its own words; ``later`` is the side that was changed last.
    """
    if equal:
        return Merged(kind="equal")
    if owner == "incident" or owner == "ticket":
        return _owned(base, seen, owner)
    return _shared(base, seen, owner, later)


def other(side: Side) -> Side:
    """Return the side that is not this one."""
    return "ticket" if side == "incident" else "incident"


def _owned(base: Sides | None, seen: Sides, owner: Side) -> Merged:
    if not seen.of(owner):
        return Merged(kind="nothing")
    loser = other(owner)
    set_there = bool(seen.of(loser)) if base is None else seen.of(loser) != base.of(loser)
    return Merged(kind="overrule" if set_there else "carry", winner=owner)


def _shared(base: Sides | None, seen: Sides, owner: Owner, later: Side) -> Merged:
    moved = [side for side in BOTH if seen.of(side) and (base is None or seen.of(side) != base.of(side))]
    if not moved:
        return Merged(kind="nothing")
    if len(moved) == 1:
        return Merged(kind="carry", winner=moved[0])
    if owner == "ask":
        return Merged(kind="ask")
    return Merged(kind="overrule", winner=later)


def base_with(base: tuple[Agreed, ...], agreed: tuple[tuple[str, str, str], ...]) -> tuple[Agreed, ...]:
    """Return the base with newly agreed values (field, incident's, ticket's) in place of the old ones."""
    changed = {name for name, _, _ in agreed}
    kept = tuple(item for item in base if item.field not in changed)
    return (*kept, *(Agreed(field=name, incident=ours, ticket=theirs) for name, ours, theirs in agreed))


def sides_of(base: tuple[Agreed, ...], field: str) -> Sides | None:
    """Return what was agreed on a field, None where nothing was."""
    found = next((item for item in base if item.field == field), None)
    return None if found is None else Sides(incident=found.incident, ticket=found.ticket)
