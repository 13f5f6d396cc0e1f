"""Lists of entries: one page, and a walk through everything since a moment that no page boundary can lose.

Dates have whole seconds, many records share one, and records move to the end of the list while it is read.
So the walk never counts rows: it goes on from the last second seen, and inside a second that fills a whole
page, from the last id seen.  Order and fields are always asked for, since a server without ``sort`` answers
in any order and without ``fields`` with a thousand fields an entry (BMC docs: "Entry/formName").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.connectors.remedy import qualification
from bridge.connectors.remedy.errors import RefusedByRemedy, messages
from bridge.connectors.remedy.forms import as_moment, as_text, entry_path, self_link_id
from bridge.connectors.remedy.session import Session
from bridge.model.errors import Unreachable

#: A walk that has lasted this long ends at the first entry that it meets again: what follows was modified
#: since.
_LONG = timedelta(seconds=60)
#: A short page of this many rows may have been cut by the server's own maximum, so one more page is asked
#: for.
_SUSPICIOUS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: the values asked for (missing and null alike are absent) and the id of its self link."""

    values: dict[str, Any]
    link_id: str = ""

    def text(self, name: str) -> str:
        """Return a value as text, empty where there is none."""
        return as_text(self.values.get(name))

    def moment(self, name: str) -> datetime | None:
        """Return a value as a UTC moment, None where there is none."""
        return as_moment(self.values.get(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries; ``more`` where the server says that there are further ones."""

    entries: tuple[Entry, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What to walk through: a form's ``fields``, ordered by the date ``by`` and then by ``key``, the id."""

    form: str
    fields: tuple[str, ...]
    by: str
    key: str


def page(
    session: Session, form: str, fields: Sequence[str], query: str, *, sort: str, limit: int, offset: int = 0
) -> Page:
    """Read one page; an answer without ``entries`` is an empty one."""
    answer = session.call(
        "GET",
        entry_path(form),
        doing=f"read {form}",
        params={
            "q": query,
            "fields": f"values({','.join(fields)})",
            "sort": sort,
            "offset": offset,
            "limit": limit,
        },
    )
    body = answer.body if isinstance(answer.body, dict) else {}
    rows = body.get("entries")
    entries = tuple(_entry(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    links = body.get("_links")
    follows = isinstance(links, dict) and bool(links.get("next"))
    said = (*answer.warnings, *messages(body.get("messages")))
    return Page(entries=entries, more=follows or any(one.cut for one in said))


def everything(
    session: Session, form: str, fields: Sequence[str], query: str, *, sort: str, limit: int
) -> Iterator[Entry]:
    """Yield all entries of a small, quiet set, by offset."""
    offset = 0
    while True:
        found = page(session, form, fields, query, sort=sort, limit=limit, offset=offset)
        yield from found.entries
        offset += len(found.entries)
        if not _may_go_on(found, limit):
            return


def entries_since(
    session: Session, walk: Walk, moment: datetime, *, limit: int, clock: Callable[[], datetime]
) -> Iterator[Entry]:
    """Yield every entry whose date is ``moment`` or later, oldest first, each once.

    An entry that moves while the walk is under way is yielded as it was first met.  A walk that takes long
    ends at the first entry that it meets again, so that the caller's watermark cannot outrun a change: the
    next walk shows the rest.
    """
    met: dict[str, int] = {}
    began = clock()
    for entry in _steps(session, walk, qualification.epoch(moment), limit):
        second, key = _position(entry, walk)
        if key not in met:
            met[key] = second
            yield entry
        elif second > met[key] and clock() - began > _LONG:
            return


def _steps(session: Session, walk: Walk, second: int, limit: int) -> Iterator[Entry]:
    """Yield pages' entries, those of a page's last second more than once."""
    after = ""
    while True:
        found = _page_from(session, walk, second, after, limit)
        yield from found.entries
        goes_on = _may_go_on(found, limit)
        if goes_on:
            second, after = _next(found.entries[-1], walk, second, after)
        elif after:
            second, after = second + 1, ""
        else:
            return


def _page_from(session: Session, walk: Walk, second: int, after: str, limit: int) -> Page:
    query = (
        qualification.rest_of_second(walk.by, second, walk.key, after)
        if after
        else qualification.from_second(walk.by, second)
    )
    order = f"{walk.by}.asc,{walk.key}.asc"
    return page(session, walk.form, walk.fields, query, sort=order, limit=limit)


def _next(last: Entry, walk: Walk, second: int, after: str) -> tuple[int, str]:
    """Return where to go on: from the last second, or inside it where it filled the page."""
    then, key = _position(last, walk)
    if then < second or (after and key == after):
        raise Unreachable(
            f"Remedy: read {walk.form} failed",
            why="the list does not come in the order that was asked for",
            next_step="check what stands between the bridge and Remedy; the bridge tries again by itself",
        )
    return then, (key if then == second else "")


def _position(entry: Entry, walk: Walk) -> tuple[int, str]:
    moment, key = entry.moment(walk.by), entry.text(walk.key)
    if moment is None or not key:
        raise RefusedByRemedy(
            f"Remedy refused to show {walk.key} or {walk.by} of {walk.form}",
            why=f"entry {key or entry.link_id or 'without id'} came without it",
            next_step="give the account read access to these fields",
        )
    return qualification.epoch(moment), key


def _may_go_on(found: Page, limit: int) -> bool:
    """Whether there may be further rows: the server says so, or the page is long enough to be cut."""
    return bool(found.entries) and (found.more or len(found.entries) >= min(limit, _SUSPICIOUS))


def _entry(row: dict[str, Any]) -> Entry:
    values = row.get("values")
    known = values if isinstance(values, dict) else {}
    return Entry(
        values={name: value for name, value in known.items() if value is not None}, link_id=self_link_id(row)
    )
