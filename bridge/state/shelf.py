"""One table of last-seen snapshots: keeps the newest look at each object and says which really changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic

from sqlalchemy import Column, Connection, Select, Table, bindparam, select

from bridge.state.codec import Body, decode, encode
from bridge.state.dialect import chunks, upsert


@cache
def _bodies(table: Table, identity: Column[Any], scope: tuple[str, ...]) -> Select[Any]:
    among = identity.in_(bindparam("names", expanding=True))
    return select(identity, table.c.body).where(*(table.c[name] == bindparam(name) for name in scope), among)


@cache
def _body(table: Table, identity: Column[Any], scope: tuple[str, ...]) -> Select[Any]:
    mine = (table.c[name] == bindparam(name) for name in scope)
    return select(table.c.body).where(*mine, identity == bindparam("name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf(Generic[Body]):
    """How one kind of snapshot is kept.

    ``name`` identifies an object and stands in the column ``identity``; ``columns`` are the further columns
    of its row; ``content`` is what counts as a change, compared by ``==``; ``version`` tells the older of two
    looks, where it can be told.
    """

    kind: type[Body]
    table: Table
    identity: Column[Any]
    name: Callable[[Body], str]
    columns: Callable[[Body], dict[str, Any]]
    content: Callable[[Body], object]
    version: Callable[[Body], datetime] | None = None

    def see(
        self,
        connection: Connection,
        scope: Mapping[str, str],
        looks: Iterable[Body],
        at: datetime,
        *,
        surely: bool = False,
    ) -> frozenset[str]:
        """Keep these looks and return the names of those whose content is new or changed.

        A look older than the kept one is ignored: a search index may lag behind what was read by id.  Those that are
        ``surely`` the present state, since no index stands between, are kept however old they say they are: a
        server's clock may have been put back.
        """
        newest = {self.name(look): look for look in looks} if surely else self._newest(looks)
        changed: set[str] = set()
        for names in chunks(tuple(newest)):
            changed |= self._see(connection, scope, {name: newest[name] for name in names}, at, surely=surely)
        return frozenset(changed)

    def behind(
        self, connection: Connection, scope: Mapping[str, str], looks: Iterable[Body]
    ) -> frozenset[str]:
        """Return the names of the looks that differ from the kept ones and say that they are older."""
        given = {self.name(look): look for look in looks}
        bodies = self.bodies(connection, scope, tuple(given))
        known = {
            name: decode(self.kind, body) for name, body in bodies.items() if body != encode(given[name])
        }
        return frozenset(
            name
            for name, look in given.items()
            if name in known
            and self._older(look, known[name])
            and self.content(look) != self.content(known[name])
        )

    def _newest(self, looks: Iterable[Body]) -> dict[str, Body]:
        newest: dict[str, Body] = {}
        for look in looks:
            name = self.name(look)
            if not self._older(look, newest.get(name)):
                newest[name] = look
        return newest

    def _see(
        self,
        connection: Connection,
        scope: Mapping[str, str],
        looks: Mapping[str, Body],
        at: datetime,
        *,
        surely: bool,
    ) -> set[str]:
        known = self.bodies(connection, scope, tuple(looks))
        rows, changed = [], set()
        for name, look in looks.items():
            body = encode(look)
            if known.get(name) == body:
                continue
            before = decode(self.kind, known[name]) if name in known else None
            if not surely and self._older(look, before):
                continue
            rows.append(
                {**scope, self.identity.name: name, "body": body, "seen_at": at, **self.columns(look)}
            )
            if before is None or self.content(before) != self.content(decode(self.kind, body)):
                changed.add(name)
        upsert(connection, self.table, rows)
        return changed

    def _older(self, look: Body, than: Body | None) -> bool:
        return than is not None and self.version is not None and self.version(look) < self.version(than)

    def snapshot(self, connection: Connection, scope: Mapping[str, str], name: str) -> Body | None:
        """Return one kept snapshot, None where there is none; at half the cost of asking for several."""
        body = connection.scalar(_body(self.table, self.identity, tuple(scope)), {**scope, "name": name})
        return None if body is None else decode(self.kind, body)

    def bodies(
        self, connection: Connection, scope: Mapping[str, str], names: Sequence[str]
    ) -> dict[str, str]:
        """Return the kept bodies of those that are there, by name."""
        query = _bodies(self.table, self.identity, tuple(scope))
        found: dict[str, str] = {}
        for some in chunks(names):
            found.update((name, body) for name, body in connection.execute(query, {**scope, "names": some}))
        return found

    def snapshots(
        self, connection: Connection, scope: Mapping[str, str], names: Sequence[str]
    ) -> dict[str, Body]:
        """Return the kept snapshots of those that are there, by name."""
        return {name: decode(self.kind, body) for name, body in self.bodies(connection, scope, names).items()}
