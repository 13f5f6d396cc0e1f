"""A real incident log: a CSV file whose columns become Remedy's fields by a YAML column map.

Every row is one modification of one incident.  Rows that cannot be used are told and left out; nothing here
decides who does what.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pydantic import Field

from bridge.model.errors import ConfigError
from bridge.rules.face import Shape, Text
from bridge.rules.problems import ConfigProblems
from bridge.rules.shaped import shaped
from bridge.rules.yamlfile import load_yaml

#: The column map of ServiceNow's logs.
SERVICENOW = Path(__file__).with_name("servicenow.yaml")


class Columns(Shape):
    """The columns that every log must have."""

    number: Text
    state: Text
    order: Text
    at: Text
    by: Text
    opened_at: Text
    opened_by: Text
    group: Text
    assignee: Text


class FieldColumn(Shape):
    """Where a Remedy field's value stands, and how Remedy spells it."""

    column: Text
    values: dict[str, str] = Field(default_factory=dict)


class State(Shape):
    """What a state of the log is in Remedy."""

    status: Text
    reason: str = ""


class Final(Shape):
    """Columns that hold their final value from the first row on."""

    cause: Text


class HandOver(Shape):
    """What says that an incident was handed over to development."""

    states: tuple[Text, ...] = ()
    columns: tuple[Text, ...] = ()


class ColumnMap(Shape):
    """How a log is to be read."""

    dates: Text
    missing: str = ""
    columns: Columns
    fields: dict[str, FieldColumn] = Field(default_factory=dict)
    final: Final
    states: dict[str, State]
    hand_over: HandOver

    def needed(self) -> frozenset[str]:
        """Return every column that the map names."""
        own = set(self.columns.model_dump().values())
        return frozenset(
            {
                *own,
                *(entry.column for entry in self.fields.values()),
                self.final.cause,
                *self.hand_over.columns,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One modification: ``values`` by Remedy field; what is missing in the log is absent; ``at`` is UTC.

    ``handed_over`` says that this row shows that development has it.
    """

    number: str
    order: int
    at: datetime
    by: str
    state: str
    group: str = ""
    assignee: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    handed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One incident's rows in order; ``cause`` is its final value, empty where the log has none."""

    number: str
    opened_at: datetime
    opened_by: str
    cause: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLog:
    """A whole log; ``left_out`` counts the rows that could not be used, by reason."""

    histories: tuple[History, ...]
    rows: int
    left_out: Mapping[str, int]

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes that occur, sorted."""
        return tuple(sorted({history.cause for history in self.histories if history.cause}))


def read_columns(path: Path | None) -> ColumnMap:
    """Return a column map, ServiceNow's where ``path`` is None; ``ConfigProblems`` tells every mistake in it."""
    document = load_yaml(path or SERVICENOW)
    columns, problems = shaped(document, ColumnMap)
    if columns is None or problems:
        raise ConfigProblems(problems)
    return columns


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a text file, packed by gzip or not; ``ConfigError`` where it cannot be read."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            plain = gzip.GzipFile(fileobj=raw) if packed else raw
            with io.TextIOWrapper(plain, encoding="utf-8-sig", newline="") as text:
                yield text
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read", why=str(error), next_step="name a CSV or JSON Lines file, packed or not"
        ) from error


def read_log(path: Path, columns: ColumnMap, limit: int | None = None) -> IncidentLog:
    """Return the log; ``limit`` keeps the incidents that occur first, with all their rows.

    ``ConfigError`` where the file cannot be read or lacks a column that the map names.
    """
    found: dict[str, list[tuple[Row, dict[str, str]]]] = {}
    left_out: Counter[str] = Counter()
    rows = 0
    with opened(path) as text:
        for raw in _raw_rows(text, path, columns):
            number = raw.get(columns.columns.number, "")
            if limit is not None and number not in found and len(found) >= limit:
                continue
            rows += 1
            row = _row(raw, columns)
            if isinstance(row, str):
                left_out[row] += 1
                continue
            found.setdefault(number, []).append((row, raw))
    histories = tuple(_history(entries, columns) for entries in found.values())
    return IncidentLog(histories=histories, rows=rows, left_out=dict(left_out))


def _raw_rows(text: TextIO, path: Path, columns: ColumnMap) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(text, restval="")
    absent = sorted(columns.needed() - set(reader.fieldnames or ()))
    if absent:
        raise ConfigError(
            f"{path} has no column {', '.join(absent)}",
            why="the column map names it",
            next_step="correct the column map, or name another one with --columns",
        )
    yield from reader


def _row(raw: Mapping[str, str], columns: ColumnMap) -> Row | str:
    """Return the row, or in words why it cannot be used."""
    names = columns.columns
    state = raw[names.state].strip()
    if state not in columns.states:
        return f"state {state!r} is none that the column map knows"
    try:
        at, order = _moment(raw[names.at], columns), int(raw[names.order])
    except ValueError:
        return "the date or the order cannot be read"
    if not raw[names.number].strip():
        return "no number"
    return Row(
        number=raw[names.number].strip(),
        order=order,
        at=at,
        by=_known(raw[names.by], columns),
        state=state,
        group=_known(raw[names.group], columns),
        assignee=_known(raw[names.assignee], columns),
        values=dict(_values(raw, columns)),
        handed_over=_handed_over(raw, state, columns),
    )


def _values(raw: Mapping[str, str], columns: ColumnMap) -> Iterator[tuple[str, str]]:
    for name, source in columns.fields.items():
        value = _known(raw[source.column], columns)
        spelt = source.values.get(value, "" if source.values else value)
        if spelt:
            yield name, spelt


def _handed_over(raw: Mapping[str, str], state: str, columns: ColumnMap) -> bool:
    shown = any(_known(raw[column], columns) for column in columns.hand_over.columns)
    return shown or state in columns.hand_over.states


def _known(value: str, columns: ColumnMap) -> str:
    value = " ".join(value.split())
    return "" if value == columns.missing else value


def _moment(text: str, columns: ColumnMap) -> datetime:
    return datetime.strptime(text.strip(), columns.dates).replace(tzinfo=UTC)


def _history(entries: list[tuple[Row, dict[str, str]]], columns: ColumnMap) -> History:
    ordered = sorted(entries, key=lambda entry: entry[0].order)
    rows = tuple(row for row, _ in ordered)
    last = ordered[-1][1]
    try:
        opened_at = min(_moment(last[columns.columns.opened_at], columns), rows[0].at)
    except ValueError:
        opened_at = rows[0].at
    return History(
        number=rows[0].number,
        opened_at=opened_at,
        opened_by=_known(last[columns.columns.opened_by], columns),
        cause=_known(last[columns.final.cause], columns),
        rows=rows,
    )
