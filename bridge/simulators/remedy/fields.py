"""What a field and a form are: names, numbers, types and limits; nothing about any particular form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from bridge.simulators.remedy.domains import Domain

Row = dict[str, Any]
"""One stored record: text, integers, selection codes, epoch seconds, or None, by storage key."""


class Kind(Enum):
    """The AR data types that the simulated forms use, under the names of the field metadata."""

    TEXT = "CHARACTER"
    INTEGER = "INTEGER"
    SELECTION = "SELECTION"
    TIME = "DATE_TIME"
    HISTORY = "STATUS_HISTORY"
    ATTACHMENT = "ATTACHMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a field holds and who may write it, whatever it is called.

    ``long`` text cannot be compared with ``=``; ``display`` fields are never stored; ``system`` fields are
    never written by callers; ``private`` ones are masked when read.
    """

    kind: Kind = Kind.TEXT
    domain: Domain | None = None
    limit: int | None = None
    long: bool = False
    required: bool = False
    display: bool = False
    system: bool = False
    private: bool = False

    def but(self, **changes: Any) -> Shape:
        """Return the same shape with ``changes``."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of one form: its ``name`` there, its ``number``, and the ``key`` under which rows hold it."""

    name: str
    number: int
    key: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form: fields by name and by number; ``identity`` is the key that holds the entry id."""

    name: str
    identity: str
    fields: dict[str, Field]
    numbers: dict[str, Field] = field(default_factory=dict)

    def find(self, name: str) -> Field | None:
        """Return the field called ``name``, or numbered so."""
        return self.fields.get(name) or self.numbers.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One line of a form's field table; ``number`` 0 means that no source gives it."""

    name: str
    key: str
    shape: Shape
    number: int = 0


_LOCAL_NUMBERS = 536_870_913
"""Where AR System numbers the fields that no application has reserved."""


def form_of(name: str, identity: str, table: Iterable[Named]) -> Form:
    """Return a form from its field table; unnumbered fields get local numbers in order."""
    fields: dict[str, Field] = {}
    for index, line in enumerate(table):
        number = line.number or _LOCAL_NUMBERS + index
        fields[line.name] = Field(name=line.name, number=number, key=line.key, shape=line.shape)
    numbers = {str(one.number): one for one in fields.values()}
    return Form(name=name, identity=identity, fields=fields, numbers=numbers)
