"""What belongs to a ticket rather than to one incident: its board, and the numbers that people wrote into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update

from bridge.model.shared import Board, Claim
from bridge.state.dialect import chunks, upsert
from bridge.state.schema import BOARDS, CLAIMS, EXAMINED

_BOARDS = select(BOARDS).where(
    BOARDS.c.pair == bindparam("pair"), BOARDS.c.ticket_id.in_(bindparam("tickets", expanding=True))
)
_CLAIMS_ON = (
    select(CLAIMS)
    .where(CLAIMS.c.pair == bindparam("pair"), CLAIMS.c.incident == bindparam("incident"))
    .order_by(CLAIMS.c.at, CLAIMS.c.ticket_id)
)
_CLAIMED = select(CLAIMS.c.incident).where(CLAIMS.c.pair == bindparam("pair"), CLAIMS.c.absent.is_(False))


class Shared:
    """The boards and open claims of all pairs."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- boards

    def boards(self, pair: str, ids: Iterable[str]) -> dict[str, Board]:
        """Return the boards of these tickets, by ticket id; those without one are left out."""
        found: dict[str, Board] = {}
        for some in chunks(tuple(set(ids))):
            for row in self._connection.execute(_BOARDS, {"pair": pair, "tickets": some}):
                found[row.ticket_id] = Board(note_id=row.note_id, text=row.text, revision=row.revision)
        return found

    def put_board(self, pair: str, ticket_id: str, board: Board) -> None:
        """Keep a board as it was last written."""
        row = {"pair": pair, "ticket_id": ticket_id, "note_id": board.note_id, "text": board.text}
        upsert(self._connection, BOARDS, [{**row, "revision": board.revision}])

    # -- claims

    def claim(self, pair: str, claims: Mapping[str, Iterable[Claim]]) -> None:
        """Keep claims on incidents, by number, until they are answered; one that is there already stays."""
        rows = [
            {"pair": pair, "incident": number, **_row(claim)}
            for number, some in claims.items()
            for claim in some
        ]
        upsert(self._connection, CLAIMS, rows, only_if=_never)

    def claims(self, pair: str, number: str) -> tuple[Claim, ...]:
        """Return the open claims on an incident, oldest first."""
        rows = self._connection.execute(_CLAIMS_ON, {"pair": pair, "incident": number})
        return tuple(
            Claim(
                ticket_id=row.ticket_id,
                ticket_key=row.ticket_key,
                at=row.at,
                done=row.done,
                absent=row.absent,
            )
            for row in rows
        )

    def claimed(self, pair: str) -> tuple[str, ...]:
        """Return the numbers of the incidents that are claimed and not known to be absent, sorted."""
        return tuple(sorted(set(self._connection.scalars(_CLAIMED, {"pair": pair}))))

    def set_absent(self, pair: str, numbers: Iterable[str]) -> None:
        """Note that the desk shows no incidents of these numbers."""
        for some in chunks(tuple(set(numbers))):
            query = update(CLAIMS).where(CLAIMS.c.pair == pair, CLAIMS.c.incident.in_(some))
            self._connection.execute(query.values(absent=True))

    def answered(self, pair: str, number: str, ids: Iterable[str]) -> None:
        """Forget the claims of these tickets on an incident, since its dossier has them now."""
        for some in chunks(tuple(set(ids))):
            query = delete(CLAIMS).where(CLAIMS.c.pair == pair, CLAIMS.c.incident == number)
            self._connection.execute(query.where(CLAIMS.c.ticket_id.in_(some)))

    # -- what was examined beyond what a poll shows

    def not_examined(self, pair: str, stream: str, looks: Mapping[str, datetime]) -> frozenset[str]:
        """Return the names of those objects of a stream that were not examined as they stood at their last change."""
        known: dict[str, datetime] = {}
        for some in chunks(tuple(looks)):
            query = select(EXAMINED.c.what, EXAMINED.c.at).where(
                EXAMINED.c.pair == pair, EXAMINED.c.stream == stream, EXAMINED.c.what.in_(some)
            )
            known |= {row.what: row.at for row in self._connection.execute(query)}
        return frozenset(name for name, at in looks.items() if known.get(name) != at)

    def examined(self, pair: str, stream: str, looks: Mapping[str, datetime], before: datetime) -> None:
        """Note that objects of a stream were examined, and forget those that no poll shows any more: changed ``before``."""
        rows = [{"pair": pair, "stream": stream, "what": name, "at": at} for name, at in looks.items()]
        upsert(self._connection, EXAMINED, rows)
        mine = (EXAMINED.c.pair == pair, EXAMINED.c.stream == stream)
        self._connection.execute(delete(EXAMINED).where(*mine, EXAMINED.c.at < before))


def _row(claim: Claim) -> dict[str, Any]:
    return {
        "ticket_id": claim.ticket_id,
        "ticket_key": claim.ticket_key,
        "at": claim.at,
        "done": claim.done,
        "absent": claim.absent,
    }


def _never(offered: Any) -> ColumnElement[bool]:
    """Say that the offered row changes nothing: the one that is there keeps what was found out about it."""
    unchanged: ColumnElement[bool] = offered.pair != CLAIMS.c.pair
    return unchanged
