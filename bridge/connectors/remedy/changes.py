"""Changes that are related to incidents: two requests for fifty incidents, whatever they are related to.

Neither a new relation nor a finished change touches its incident, so both are asked for by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bridge.connectors.remedy import forms, qualification
from bridge.connectors.remedy.errors import RefusedByRemedy
from bridge.connectors.remedy.listing import Entry, everything
from bridge.connectors.remedy.session import Session
from bridge.model.change import Change

#: How many ids stand in one qualification, so that its address stays below what servers take (8 kB).
_CHUNK = 50

_ASSOCIATION_FIELDS = (
    *dict.fromkeys(name for side in forms.ASSOCIATION_SIDES for name in side),
    forms.ASSOCIATION_TYPE,
)
_CHANGE_FIELDS = (forms.CHANGE_ID, forms.CHANGE_STATUS, forms.CHANGE_REASON, forms.MODIFIED)

#: Incident, change, and how the one relates to the other.
_Relation = tuple[str, str, str]


def changes_of(session: Session, numbers: Sequence[str], *, limit: int) -> dict[str, tuple[Change, ...]]:
    """Return the changes of each incident that has any, sorted by id; ``Refused`` where a form is closed to us."""
    relations = [
        relation
        for some in _chunks(sorted(set(numbers)))
        for relation in _relations(session, some, limit=limit)
    ]
    entries = {
        entry.text(forms.CHANGE_ID): entry
        for some in _chunks(sorted({change for _, change, _ in relations}))
        for entry in _entries(session, some, limit=limit)
    }
    found: dict[str, dict[str, Change]] = {}
    for number, change, relation in relations:
        if change in entries:
            known = found.setdefault(number, {})
            known[change] = _worst(known.get(change), _change(entries[change], relation))
    return {number: tuple(known[name] for name in sorted(known)) for number, known in found.items()}


def _worst(before: Change | None, after: Change) -> Change:
    """Return which of two relations to the same change counts: that it broke the thing outweighs everything."""
    return before if before is not None and not before.may_cure else after


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _relations(session: Session, numbers: Sequence[str], *, limit: int) -> Iterator[_Relation]:
    sides = [
        f"({qualification.equals(form, forms.CHANGES)} AND ({qualification.one_of(incident, numbers)}))"
        for incident, _, form in forms.ASSOCIATION_SIDES
    ]
    order = ",".join(f"{side[1]}.asc" for side in forms.ASSOCIATION_SIDES)
    wanted = frozenset(numbers)
    for entry in everything(
        session, forms.ASSOCIATIONS, _ASSOCIATION_FIELDS, " OR ".join(sides), sort=order, limit=limit
    ):
        yield from _sides(entry, wanted)


def _sides(entry: Entry, wanted: Iterable[str]) -> Iterator[_Relation]:
    for incident, related, form in forms.ASSOCIATION_SIDES:
        if entry.text(incident) in wanted and entry.text(form) == forms.CHANGES:
            yield entry.text(incident), entry.text(related), entry.text(forms.ASSOCIATION_TYPE)


def _entries(session: Session, ids: Sequence[str], *, limit: int) -> Iterator[Entry]:
    query = qualification.one_of(forms.CHANGE_ID, ids)
    yield from everything(
        session, forms.CHANGES, _CHANGE_FIELDS, query, sort=f"{forms.CHANGE_ID}.asc", limit=limit
    )


def _change(entry: Entry, relation: str) -> Change:
    modified = entry.moment(forms.MODIFIED)
    if modified is None:
        raise RefusedByRemedy(
            "Remedy refused to show a change's date",
            why=f"{forms.MODIFIED} of {entry.text(forms.CHANGE_ID)} is empty",
            next_step=f"give the account read access to this field of {forms.CHANGES}",
        )
    return Change(
        id=entry.text(forms.CHANGE_ID),
        status=entry.text(forms.CHANGE_STATUS),
        reason=entry.text(forms.CHANGE_REASON),
        relation=relation,
        modified_at=modified,
    )
