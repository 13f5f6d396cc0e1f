"""AR System qualifications, built so that no value can ever become syntax.

Every qualification that the connector sends is made here.  Values stand in double quotes and fields in
single quotes; a quote of the same kind inside is doubled, and a backslash is an ordinary character
(BMC docs: "Using fields in qualifications").  Moments are unquoted epoch seconds, which no locale or
time zone of the account can change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def field(name: str) -> str:
    """Return a field's name as a qualification spells it."""
    return "'" + name.replace("'", "''") + "'"


def text(value: str) -> str:
    """Return a character value as a qualification spells it."""
    return '"' + value.replace('"', '""') + '"'


def epoch(moment: datetime) -> int:
    """Return the whole second in which ``moment`` (aware) lies, as AR System counts: since 1970 in UTC."""
    return int(moment.timestamp() // 1)


def equals(name: str, value: str) -> str:
    """Return the qualification: field ``name`` holds exactly ``value``."""
    return f"{field(name)} = {text(value)}"


def one_of(name: str, values: Iterable[str]) -> str:
    """Return the qualification: field ``name`` holds one of ``values`` (at least one)."""
    return " OR ".join(equals(name, value) for value in values)


def from_second(name: str, second: int) -> str:
    """Return the qualification: the moment in field ``name`` is ``second`` (epoch) or later."""
    return f"{field(name)} >= {second}"


def rest_of_second(name: str, second: int, key: str, after: str) -> str:
    """Return the qualification: the moment is exactly ``second`` and field ``key`` sorts behind ``after``."""
    return f"{field(name)} = {second} AND {field(key)} > {text(after)}"
