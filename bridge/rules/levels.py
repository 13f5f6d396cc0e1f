"""How serious a value of priority, impact or urgency is.

Impact and urgency carry a number in Remedy (``1-Extensive/Widespread``, ``2-High``), priority does not;
people write either.  The labels are those of BMC's HPD:Help Desk form.
"""

from __future__ import annotations

_LABELS = {
    "priority": ("Critical", "High", "Medium", "Low"),
    "impact": ("Extensive/Widespread", "Significant/Large", "Moderate/Limited", "Minor/Localized"),
    "urgency": ("Critical", "High", "Medium", "Low"),
}

#: The incident's values that have levels.
LEVELLED = tuple(_LABELS)
#: How many incidents wait for a ticket; known where the value of a field is chosen, and nowhere else.
WAITING = "waiting"


def so_many(value: str, least: str) -> bool:
    """Whether a count is at least ``least``; texts that are no whole numbers are not."""
    return value.isdecimal() and least.isdecimal() and int(value) >= int(least)


def level(name: str, value: str) -> int | None:
    """Return the level of a value of ``name`` from 1 (most serious) to 4, None where it is none."""
    text = value.strip().casefold()
    number, dash, label = text.partition("-")
    if number in ("1", "2", "3", "4") and (not dash or _numbered(name, label.strip()) in (None, int(number))):
        return int(number)
    return _numbered(name, text)


def labels(name: str) -> tuple[str, ...]:
    """Return the labels of ``name``, most serious first, as Remedy shows them."""
    if name == "priority":
        return _LABELS[name]
    return tuple(f"{number}-{label}" for number, label in enumerate(_LABELS[name], start=1))


def _numbered(name: str, label: str) -> int | None:
    for number, known in enumerate(_LABELS[name], start=1):
        if label in (known.casefold(), *known.casefold().split("/")):
            return number
    return None
