"""Searching: query text to issues in order, as the index sees them.

And where a page ends and the next begins.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.simulators.jira.jql import BadQuery, Order, Query, parse
from bridge.simulators.jira.matching import Asker, Meaning
from bridge.simulators.jira.records import Issue
from bridge.simulators.jira.store import Store

ORDER_LIMIT = 7
TOKEN_LIFE = timedelta(days=7)
_DESCENDING_BY_NATURE = frozenset(
    {"created", "createddate", "updated", "updateddate", "priority", "resolved"}
)

SortKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The issues of a query in order, and how they were ordered."""

    issues: list[Issue]
    keys: list[SortKey]
    descending: tuple[bool, ...]

    def after(self, key: SortKey) -> int:
        """Give the place of the first issue that comes after ``key`` in this order."""
        for place, each in enumerate(self.keys):
            if _comes_after(each, key, self.descending):
                return place
        return len(self.keys)


def find(store: Store, query: Query, asker: Asker, fresh: Iterable[int] = ()) -> Found:
    """Find what matches; ids in ``fresh`` are taken as they are now, whatever the index knows.

    Raise ``BadQuery`` where a name or a value does not exist.
    """
    store.index.advance(asker.now)
    meaning = Meaning(store, asker)
    test = meaning.predicate(query.where) if query.where is not None else _everything
    few = meaning.candidates(query.where) if query.where is not None else None
    sorting = _sorting(store, query.order)
    reconciled = frozenset(fresh)
    ids = store.index.all_ids() if few is None else few
    issues = [
        issue
        for issue in _states(store, [*ids], reconciled, asker.now)
        if _visible(store, issue, asker) and test(issue)
    ]
    return _ordered(issues, sorting)


def read(text: str, *, order_limit: int | None = None) -> Query:
    """Parse a query; ``BadQuery`` also for too many sort keys."""
    query = parse(text)
    if order_limit is not None and len(query.order) > order_limit:
        raise BadQuery(f"The maximum number of fields to order by is {order_limit}.")
    return query


def token(jql: str, key: SortKey, now: datetime) -> str:
    """Make the opaque token of the page after the issue with sort key ``key``."""
    body = {"q": _digest(jql), "k": key, "t": int(now.timestamp())}
    return base64.urlsafe_b64encode(json.dumps(body).encode("utf-8")).decode("ascii")


def untoken(text: str, jql: str, now: datetime) -> SortKey | None:
    """Read a token back; None where it is not ours, too old, or of another query."""
    try:
        body = json.loads(base64.urlsafe_b64decode(text.encode("utf-8")))
        key, made, digest = tuple(body["k"]), int(body["t"]), body["q"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
    fresh = now.timestamp() - made <= TOKEN_LIFE.total_seconds()
    return key if fresh and digest == _digest(jql) else None


def _digest(jql: str) -> str:
    return hashlib.sha256(jql.encode("utf-8")).hexdigest()[:16]


def _everything(_: Issue) -> bool:
    return True


def _states(store: Store, ids: list[int], fresh: frozenset[int], now: datetime) -> Iterable[Issue]:
    for number in ids:
        state = None if number in fresh else store.index.seen(number, now)
        if state is not None:
            yield state
    for number in sorted(fresh):
        if number in store.issues:
            yield store.issues[number].snapshot()


def _visible(store: Store, state: Issue, asker: Asker) -> bool:
    issue = store.issues[state.id]
    if issue.hidden or issue.archived:
        return False
    return state.project in asker.projects and issue.project in asker.projects


def _sorting(store: Store, order: tuple[Order, ...]) -> list[tuple[Callable[[Issue], Any], bool]]:
    sorters = _sorters(store)
    sorting = []
    for each in order:
        name = each.field.lower()
        if name not in sorters:
            raise BadQuery(f"Not able to sort using field '{each.field}'.")
        descending = name in _DESCENDING_BY_NATURE if each.descending is None else each.descending
        sorting.append((sorters[name], descending))
    return sorting


def _ordered(issues: list[Issue], sorting: list[tuple[Callable[[Issue], Any], bool]]) -> Found:
    keyed: list[tuple[SortKey, Issue]] = [
        ((*(_present(value(issue)) for value, _ in sorting), issue.id), issue) for issue in issues
    ]
    keyed.sort(key=lambda pair: pair[1].id)
    for place, (_, descending) in reversed(list(enumerate(sorting))):
        keyed.sort(key=_at(place), reverse=descending)
    return Found(
        issues=[issue for _, issue in keyed],
        keys=[key for key, _ in keyed],
        descending=(*(descending for _, descending in sorting), False),
    )


def _at(place: int) -> Callable[[tuple[SortKey, Issue]], Any]:
    return lambda pair: pair[0][place]


def _present(value: Any) -> list[Any]:
    return [1, 0] if value is None else [0, value]


def _comes_after(each: SortKey, other: SortKey, descending: tuple[bool, ...]) -> bool:
    for one, two, down in zip(each, other, descending, strict=True):
        if one != two:
            return bool(one < two if down else one > two)
    return False


def _sorters(store: Store) -> dict[str, Callable[[Issue], Any]]:
    order = {status.name: place for place, status in enumerate(store.settings.statuses)}
    ranks = {priority.id: -place for place, priority in enumerate(store.priorities)}

    def second(moment: datetime | None) -> int | None:
        return None if moment is None else int(moment.timestamp())

    def priority(issue: Issue) -> int | None:
        held = issue.values.get("priority")
        return None if held is None else ranks[held.id]

    def named(field: str) -> Callable[[Issue], Any]:
        return lambda issue: getattr(issue.values.get(field), "name", None)

    sorters: dict[str, Callable[[Issue], Any]] = {
        "updated": lambda issue: second(issue.updated),
        "created": lambda issue: second(issue.created),
        "resolved": lambda issue: second(issue.resolved),
        "key": lambda issue: [issue.project, issue.number],
        "id": lambda issue: issue.id,
        "project": lambda issue: issue.project,
        "summary": lambda issue: str(issue.values.get("summary") or "").lower(),
        "status": lambda issue: order[issue.status.name],
        "priority": priority,
        "duedate": lambda issue: issue.values.get("duedate"),
        **{field: named(field) for field in ("assignee", "reporter", "issuetype", "resolution")},
    }
    aliases = {"issuekey": "key", "updateddate": "updated", "createddate": "created", "type": "issuetype"}
    aliases |= {"resolutiondate": "resolved", "due": "duedate"}
    return {**sorters, **{alias: sorters[name] for alias, name in aliases.items()}}
