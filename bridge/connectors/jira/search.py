"""Searching, in the two dialects: tokens on Cloud, the sort key itself on Data Center.

Offsets drift while people work, so on Data Center each page begins where the last one ended in time; an
offset is used only inside one second.  Yields raw issues; the same issue may come twice, which the caller
drops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bridge.connectors.jira import jql
from bridge.connectors.jira.client import Client
from bridge.connectors.jira.shapes import moment
from bridge.model.actions import Receipt
from bridge.model.errors import Refused, Unreachable

Json = dict[str, Any]

PAGE = 100
_MOST_PAGES = 10_000
#: How many labels one search names: each is up to 255 characters of a query.
_LABELS = 50
#: More ids are refused by Cloud's search.
_MOST_RECONCILED = 50


class Search:
    """The searches of one site; ``fields`` gives the field ids that each issue needs."""

    def __init__(self, client: Client, fields: Callable[[], Sequence[str]]) -> None:
        self._client = client
        self._fields = fields

    def updated(self, projects: Sequence[str], since: int, fresh: Iterable[str] = ()) -> Iterator[Json]:
        """Yield what changed since an epoch in milliseconds, oldest first.

        ``fresh`` are ids that Cloud must show as they are now, however late its index is
        (``reconcileIssues``).
        """
        if not self._client.cloud:
            yield from self._by_time(projects, since)
            return
        query, ids = jql.updated_since(projects, since), [int(each) for each in fresh][-_MOST_RECONCILED:]
        if ids:
            try:
                yield from self._by_token(query, self._fields(), reconcileIssues=ids)
            except Refused:
                # Perhaps one of the ids is gone; the search itself must not depend on them.
                yield from self._by_token(query, self._fields())
        else:
            yield from self._by_token(query, self._fields())

    def labelled(self, *labels: str) -> Iterator[Json]:
        """Yield issues that carry one of these labels, with their labels only."""
        query = jql.labelled(*labels)
        if self._client.cloud:
            yield from self._by_token(query, ["labels"])
            return
        start = 0
        while True:
            page = self._page(query, ["labels"], validateQuery=False, startAt=start)
            issues = self._issues(page)
            yield from issues
            start += len(issues)
            with self._client.understood("searching", write=False):
                if not issues or start >= int(page["total"]):
                    return

    def bearers(self, labels: Sequence[str]) -> dict[str, tuple[Receipt, ...]]:
        """Return the issues that carry each of these labels, oldest first; one request for fifty labels."""
        found: dict[str, dict[int, Receipt]] = {}
        for first in range(0, len(labels), _LABELS):
            chunk = labels[first : first + _LABELS]
            issues = list(self.labelled(*chunk))
            if not issues:
                self._client.prove()
            with self._client.understood("searching", write=False):
                for issue in issues:
                    # JQL compares labels without case.
                    for label in set(chunk) & set(issue["fields"].get("labels") or ()):
                        receipt = Receipt(id=str(issue["id"]), key=str(issue["key"]))
                        found.setdefault(label, {})[int(issue["id"])] = receipt
        return {label: tuple(some[one] for one in sorted(some)) for label, some in found.items()}

    def created_by_us(self) -> Iterator[Json]:
        """Yield issues that the account itself created, newest first, with their labels only."""
        if self._client.cloud:
            yield from self._by_token(jql.CREATED_BY_US, ["labels"])
        else:
            yield from self._issues(self._page(jql.CREATED_BY_US, ["labels"], validateQuery=False))

    def by_ids(self, ids: Sequence[str]) -> Iterator[Json]:
        """Yield the issues with these ids, at most 100: consistently on Cloud, by the index elsewhere."""
        if self._client.cloud:
            body = {"issueIdsOrKeys": list(ids), "fields": list(self._fields())}
            yield from self._issues(self._client.read("issue/bulkfetch", body))
        else:
            yield from self._issues(self._page(jql.with_ids(ids), self._fields(), validateQuery=False))

    def _by_token(self, query: str, fields: Sequence[str], **more: Any) -> Iterator[Json]:
        body: Json = {"jql": query, "maxResults": PAGE, "fields": list(fields), **more}
        tokens: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = self._client.read("search/jql", body)
            yield from self._issues(page)
            token = page.get("nextPageToken")
            # A missing token ends the walk; isLast alone was seen to be wrong.
            if not token:
                return
            if token in tokens:
                break
            tokens.add(token)
            body["nextPageToken"] = token
        raise _endless()

    def _by_time(self, projects: Sequence[str], since: int) -> Iterator[Json]:
        low, start = since, 0
        for _ in range(_MOST_PAGES):
            page = self._page(jql.updated_since(projects, low), self._fields(), startAt=start)
            issues = self._issues(page)
            if not issues:
                self._client.prove()
                return
            yield from issues
            with self._client.understood("searching", write=False):
                if start + len(issues) >= int(page["total"]):
                    return
                last = jql.milliseconds(moment(issues[-1]["fields"]["updated"]))
            low, start = (last, 0) if last > low else (low, start + len(issues))
        raise _endless()

    def _page(self, query: str, fields: Sequence[str], **more: Any) -> Json:
        return self._client.read("search", {"jql": query, "maxResults": PAGE, "fields": list(fields), **more})

    def _issues(self, page: Json) -> list[Json]:
        with self._client.understood("searching", write=False):
            return [dict(each) for each in page["issues"]]


def _endless() -> Unreachable:
    return Unreachable(
        "Jira: a search did not end", why="it repeats its pages", next_step="ask Jira's administrator"
    )
