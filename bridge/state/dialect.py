"""The few statements whose wording differs between databases, and reading in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Executable, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")
Setting = Callable[[Any], dict[str, Any]]
Condition = Callable[[Any], ColumnElement[bool]]
#: Rows that one statement asks for at most: well below every database's limit of parameters.
CHUNK = 400
PAGE = 200


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    setting: Setting | None = None,
    only_if: Condition | None = None,
) -> None:
    """Insert rows, or update those whose primary key is there already.

    ``setting`` says from the offered row what to set (if left out, all that is not in the key), ``only_if``
    when to set it at all; both are functions of a module, since their statement is built once.
    """
    if rows:
        statement = _upsert(connection.dialect.name, table, tuple(rows[0]), setting, only_if)
        connection.execute(statement, list(rows))


@cache
def _upsert(
    dialect: str, table: Table, names: tuple[str, ...], setting: Setting | None, only_if: Condition | None
) -> Executable:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key.columns]
    offered = statement.excluded
    values = setting(offered) if setting else {name: offered[name] for name in names if name not in keys}
    where = None if only_if is None else only_if(offered)
    return statement.on_conflict_do_update(index_elements=keys, set_=values, where=where)


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """Yield the items in slices of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def pages(
    connection: Connection, query: Select[Any], by: Column[str], size: int = PAGE
) -> Iterator[Row[Any]]:
    """Yield a query's rows in the order of the unique column ``by``, in pages, so that memory stays flat."""
    ordered = query.order_by(by).limit(size)
    rows = connection.execute(ordered).all()
    while rows:
        yield from rows
        if len(rows) < size:
            return
        rows = connection.execute(ordered.where(by > rows[-1]._mapping[by])).all()
