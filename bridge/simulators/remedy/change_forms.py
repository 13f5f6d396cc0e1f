"""Changes, and what incidents are related to: two forms, a few of their fields, and the people who work on them.

A relation has the incident as its second request and the related record as its first, as public clients read it.
Neither a relation nor a finished change touches the incident.
"""

from __future__ import annotations

from bridge.simulators.remedy import domains
from bridge.simulators.remedy.fields import Form, Kind, Named, Shape, form_of
from bridge.simulators.remedy.incident_forms import HELP_DESK

CHANGES = "CHG:Infrastructure Change"
ASSOCIATIONS = "HPD:Associations"

_TEXT = Shape(limit=254)
_STAMP = Shape(kind=Kind.TIME, system=True)
_IDENTITY = Shape(limit=15, system=True)


def _line(name: str, shape: Shape, number: int = 0, key: str = "") -> Named:
    return Named(name=name, key=key or name, shape=shape, number=number)


def _selection(domain: domains.Domain) -> Shape:
    return Shape(kind=Kind.SELECTION, domain=domain)


def change_forms() -> tuple[Form, Form]:
    """Return the form of changes and the form of incidents' relations, in this order."""
    changes = (
        _line("Request ID", _IDENTITY, 1),
        _line("Infrastructure Change ID", _IDENTITY, 1_000_000_182),
        _line("Change Request Status", _selection(domains.CHANGE_STATUS), 7),
        _line("Status Reason", _selection(domains.CHANGE_REASON), 1_000_000_150),
        _line("Description", Shape(limit=100), 1_000_000_000),
        _line("Location Company", _TEXT, 1_000_000_001, key="Company"),
        _line("Submitter", _TEXT.but(system=True), 2),
        _line("Submit Date", _STAMP, 3),
        _line("Last Modified By", _TEXT.but(system=True), 5),
        _line("Last Modified Date", _STAMP, 6),
    )
    associations = (
        _line("Associations ID", _IDENTITY, 1),
        *(_line(name, Shape(limit=38)) for name in ("Request ID01", "Request ID02")),
        *(_line(name, _TEXT) for name in ("Form Name01", "Form Name02", "Request Description01")),
        _line("Association Type01", _selection(domains.ASSOCIATION_TYPE)),
        _line("Submit Date", _STAMP, 3),
        _line("Last Modified Date", _STAMP, 6),
    )
    return (
        form_of(CHANGES, "Request ID", changes),
        form_of(ASSOCIATIONS, "Associations ID", associations),
    )


def relation_row(
    number: str, change: str, summary: str, kind: int, now: int, *, turned: bool
) -> dict[str, object]:
    """Return the row that relates an incident to a change; ``turned`` writes it the other way round."""
    sides = [(change, CHANGES), (number, HELP_DESK)]
    first, second = reversed(sides) if turned else sides
    return {
        "Request ID01": first[0],
        "Form Name01": first[1],
        "Request ID02": second[0],
        "Form Name02": second[1],
        "Request Description01": summary,
        "Association Type01": kind,
        "Submit Date": now,
        "Last Modified Date": now,
    }
