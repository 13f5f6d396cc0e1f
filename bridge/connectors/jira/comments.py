"""The comments of an issue, whole: pages end at 100, and a search shows only some of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bridge.connectors.jira.client import Client
from bridge.connectors.jira.shapes import note_of
from bridge.model.errors import Unreachable
from bridge.model.note import Note

Json = dict[str, Any]

_PAGE = 100
_TRIES = 3


class Comments:
    """Reads comments as notes of one pair; marks are believed of the bridge's account and of ``bridges`` only."""

    def __init__(self, client: Client, pair: str, bridges: Iterable[str] = ()) -> None:
        self._client = client
        self._pair = pair
        self._bridges = frozenset(bridges)

    def within(self, page: Any, issue: str) -> tuple[Note, ...]:
        """Return the notes of an issue from the page that came with it, read afresh where that is not all."""
        with self._client.understood("reading comments", write=False):
            raw = list(page["comments"]) if isinstance(page, dict) else []
            whole = isinstance(page, dict) and int(page["total"]) == len(raw)
        return self._notes(raw, issue) if whole else self.of(issue)

    def of(self, issue: str) -> tuple[Note, ...]:
        """Return every note of an issue, oldest first.

        Read again from the start where a comment was deleted meanwhile: it pushes another one over a page's
        edge.
        """
        for _ in range(_TRIES):
            raw, totals = self._walk(issue)
            if totals == {len(raw)}:
                return self._notes(list(raw.values()), issue)
        raise Unreachable(
            "Jira: the comments of a ticket could not be read whole",
            why=f"it tells of {max(totals)} and shows {len(raw)}",
            next_step="the bridge tries again by itself",
        )

    def _walk(self, issue: str) -> tuple[dict[str, Json], set[int]]:
        """Read every page; return the comments by id, and every total that the pages told."""
        found: dict[str, Json] = {}
        totals: set[int] = set()
        start = 0
        while True:
            page = self._client.get(
                f"issue/{issue}/comment", startAt=start, maxResults=_PAGE, orderBy="created"
            )
            with self._client.understood("reading comments", write=False):
                comments, total = list(page["comments"]), int(page["total"])
                found.update((str(each["id"]), each) for each in comments)
            totals.add(total)
            start += len(comments)
            if not comments or start >= total:
                return found, totals

    def _notes(self, raw: list[Json], issue: str) -> tuple[Note, ...]:
        accounts = self._bridges | {self._client.account}
        with self._client.understood("reading comments", write=False):
            notes = [note_of(each, issue, accounts=accounts, pair=self._pair) for each in raw]
            return tuple(sorted(notes, key=lambda note: (note.at, int(note.id))))
