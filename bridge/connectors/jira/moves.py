"""Moving a ticket: find the transition that leads to a status, give what it demands, look where it stands.

Ids of transitions differ per workflow and their names mean nothing, so they are looked up by where they
lead, each time.  Jira was seen to answer "done" and do nothing (JRA-33909), so the status is read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.connectors.jira.client import Client
from bridge.connectors.jira.verdict import refused_field
from bridge.model.errors import Ambiguous, Busy, LostCredentials, Refused, Unreachable

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a ticket stands: its status and its resolution, both by name."""

    status_id: str
    status: str
    resolution: str

    def is_at(self, wanted: str) -> bool:
        """Whether the ticket has the status with this name or id."""
        return wanted == self.status_id or wanted.casefold() == self.status.casefold()


class Moves:
    """Moves tickets of one site; ``resolutions`` are tried in order where a transition wants one."""

    def __init__(self, client: Client, resolutions: Sequence[str]) -> None:
        self._client = client
        self._resolutions = tuple(resolutions)

    def move(self, issue: str, to_status: str) -> None:
        """Bring the issue to a status; nothing is sent where it is there already.

        ``Refused`` where no transition leads there, one demands more than a resolution, or Jira did nothing;
        ``Ambiguous`` where it cannot be seen what came of it.
        """
        before = self._place(issue)
        if before.is_at(to_status):
            return
        way = self._way(issue, before, to_status)
        self._go(issue, way, before)
        self._arrived(issue, before, to_status)

    def _place(self, issue: str) -> _Place:
        raw = self._client.get(f"issue/{issue}", fields="status,resolution")
        with self._client.understood("reading a ticket", write=False):
            status = raw["fields"]["status"]
            resolution = raw["fields"].get("resolution") or {}
            return _Place(
                status_id=str(status["id"]),
                status=str(status["name"]),
                resolution=str(resolution.get("name") or ""),
            )

    def _way(self, issue: str, before: _Place, to_status: str) -> Json:
        """Choose the transition that leads to the status and demands the least."""
        offered = self._client.transitions(issue)
        with self._client.understood("reading transitions", write=False):
            ways = [way for way in offered if _leads(way, to_status) and way.get("isAvailable") is not False]
            if ways:
                return min(ways, key=lambda way: len(_demands(way)))
            names = ", ".join(dict.fromkeys(str(way["to"]["name"]) for way in offered))
        raise Refused(
            f"Jira: nothing leads from {before.status!r} to {to_status!r}",
            why=f"the bridge's account is offered: {names or 'no transition at all'}",
            next_step="add the transition to the workflow, permit it to the account, or change the rule",
        )

    def _go(self, issue: str, way: Json, before: _Place) -> None:
        demanded = _demands(way)
        if set(demanded) - {"resolution"}:
            raise Refused(
                f"Jira: the transition {way.get('name')!r} demands fields that the bridge does not know",
                why=", ".join(str((demanded[name] or {}).get("name") or name) for name in demanded),
                next_step="make them optional on the transition's screen, or move the ticket in Jira",
            )
        fields = self._resolution(way, before) if "resolution" in demanded else {}
        try:
            self._post(issue, way, fields)
        except Refused as refusal:
            # The list of fields may lack a resolution that is demanded all the same; a refusal did nothing.
            if fields or before.resolution or not _ends(way):
                raise
            self._insist(issue, way, before, refusal)

    def _insist(self, issue: str, way: Json, before: _Place, refusal: Refused) -> None:
        try:
            self._post(issue, way, self._resolution(way, before))
        except Refused as second:
            raise (refusal if refused_field(second, "resolution") else second) from None

    def _post(self, issue: str, way: Json, fields: Json) -> None:
        body: Json = {"transition": {"id": str(way["id"])}}
        self._client.post(f"issue/{issue}/transitions", {**body, "fields": fields} if fields else body)

    def _resolution(self, way: Json, before: _Place) -> Json:
        """Choose the ticket's resolution, else the first of ours that is allowed, else the only one."""
        screen = (way.get("fields") or {}).get("resolution") or {}
        allowed = [str(each.get("name")) for each in screen.get("allowedValues") or ()]
        wanted = (before.resolution, *self._resolutions)
        for name in filter(None, wanted):
            match = next((each for each in allowed if each.casefold() == name.casefold()), None)
            if match or not allowed:
                return {"resolution": {"name": match or name}}
        if len(allowed) == 1:
            return {"resolution": {"name": allowed[0]}}
        raise Refused(
            f"Jira: the transition {way.get('name')!r} demands a resolution",
            why=f"it allows {', '.join(allowed)}",
            next_step="name one of them in the configuration, or move the ticket in Jira",
        )

    def _arrived(self, issue: str, before: _Place, to_status: str) -> None:
        try:
            after = self._place(issue)
        except (Busy, Unreachable, LostCredentials, Refused) as error:
            raise Ambiguous(
                "Jira: a ticket was moved, but not seen to arrive",
                why=error.why,
                next_step="the bridge looks at the ticket before it tries again",
            ) from None
        if after.status_id == before.status_id:
            raise Refused(
                f"Jira took the move to {to_status!r} and left the ticket in {before.status!r}",
                next_step="look for a validator or an automation in the workflow, or move the ticket in Jira",
            )


def _leads(way: Json, wanted: str) -> bool:
    to = way["to"]
    return wanted == str(to["id"]) or wanted.casefold() == str(to["name"]).casefold()


def _ends(way: Json) -> bool:
    return bool((way["to"].get("statusCategory") or {}).get("key") == "done")


def _demands(way: Json) -> dict[str, Mapping[str, Any]]:
    """Return the fields that must be sent with a transition, by id."""
    screen = way.get("fields") or {}
    return {
        name: shown
        for name, shown in screen.items()
        if shown.get("required") and not shown.get("hasDefaultValue")
    }
