"""What belongs to a ticket: boards, claims, what siblings may know; and the way there from the first schema."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bridge.model.dossier import Dossier, Link, Round
from bridge.model.shared import Board, Claim
from bridge.state import migrate
from bridge.state.codec import encode
from bridge.state.links import Links
from bridge.state.sqlite import memory_engine
from bridge.state.store import Store

PAIR = "retail"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_dossier(number: str, minutes: int = 0, **facts: object) -> Dossier:
    """A held incident on ticket 10001, linked some minutes after noon."""
    link = Link(
        ticket_id="10001",
        ticket_key="FRONT-1",
        how="adopted",
        linked_at=NOON + timedelta(minutes=minutes),
        follows=("10002",),
    )
    dossier = Dossier(
        incident=number, links=(link,), rounds=(Round(number=1, started_at=NOON),), queue="Frontline"
    )
    return replace(dossier, **facts)  # type: ignore[arg-type]


def test_siblings_are_told_in_the_order_of_their_links(url: str) -> None:
    """Each incident sees the others on a ticket, also those that follow it there, and only what may be known."""
    with Store.open(url, exclusive=True) as store:
        with store.transaction() as tx:
            for dossier in (
                a_dossier("INC3", 1, priority="High"),
                a_dossier("INC2", 5, ending="verified", ended_at=NOON),
                a_dossier("INC1", 9),
            ):
                tx.dossiers.save(PAIR, dossier, stage="linked", look_again_at=None, at=NOON)
        with store.reading() as tx:
            seen = tx.links.siblings(PAIR, "INC1", ["10001", "10002", "77"])
    assert seen.keys() == {"10001", "10002"}
    first, second = seen["10001"]
    assert (first.number, first.priority, first.queue, first.waits) == ("INC3", "High", "Frontline", True)
    assert (second.number, second.waits, second.verified, second.ended_at) == ("INC2", False, True, NOON)
    assert [one.number for one in seen["10002"]] == ["INC3", "INC2"]


def test_a_board_is_kept_by_its_ticket(url: str) -> None:
    """A board is kept as it was last written, whoever wrote it."""
    with Store.open(url, exclusive=True) as store, store.transaction() as tx:
        tx.shared.put_board(PAIR, "10001", Board(note_id="5", text="one", revision=1))
        tx.shared.put_board(PAIR, "10001", Board(note_id="5", text="two", revision=2))
        assert tx.shared.boards(PAIR, ["10001", "10002"]) == {
            "10001": Board(note_id="5", text="two", revision=2)
        }
        assert tx.shared.boards("other", ["10001"]) == {}


def test_a_claim_stays_until_it_is_answered(url: str) -> None:
    """A claim that comes again changes nothing; what was found out about it stays until its answer."""
    claim = Claim(ticket_id="10001", ticket_key="FRONT-1", at=NOON)
    with Store.open(url, exclusive=True) as store, store.transaction() as tx:
        tx.shared.claim(PAIR, {"INC1": [claim], "INC2": [claim]})
        tx.shared.set_absent(PAIR, ["INC1"])
        tx.shared.claim(PAIR, {"INC1": [replace(claim, at=NOON + timedelta(hours=1))]})
        assert tx.shared.claims(PAIR, "INC1") == (replace(claim, absent=True),)
        assert tx.shared.claimed(PAIR) == ("INC2",)
        tx.shared.answered(PAIR, "INC1", ["10001"])
        assert tx.shared.claims(PAIR, "INC1") == ()
        assert tx.shared.claims(PAIR, "INC2") == (claim,)


def test_what_was_examined_is_not_asked_again_until_it_changes(url: str) -> None:
    """An object is examined once for each of its changes, and forgotten once no poll shows it any more."""
    later = NOON + timedelta(minutes=5)
    with Store.open(url, exclusive=True) as store, store.transaction() as tx:
        tx.shared.examined(PAIR, "tickets", {"1": NOON, "2": later}, NOON)
        assert tx.shared.not_examined(PAIR, "tickets", {"1": NOON, "2": later, "3": NOON}) == {"3"}
        assert tx.shared.not_examined(PAIR, "tickets", {"1": later}) == {"1"}
        assert tx.shared.not_examined(PAIR, "notes", {"1": NOON}) == {"1"}
        tx.shared.examined(PAIR, "tickets", {}, later)
        assert tx.shared.not_examined(PAIR, "tickets", {"1": NOON, "2": later}) == {"1"}


def test_links_of_the_first_schema_are_made_anew_from_the_dossiers() -> None:
    """Migrating a state of the first schema leaves links that know what siblings may know."""
    engine = memory_engine()
    held = a_dossier("INC1")
    ended = a_dossier("INC2", 3, ending="verified", ended_at=NOON)
    with engine.begin() as connection:
        migrate.migrate(connection, "0001")
        for dossier in (held, ended):
            row = {"pair": PAIR, "incident": dossier.incident, "body": encode(dossier)}
            connection.execute(
                text("INSERT INTO dossiers VALUES (:pair, :incident, :body, 'r', 'linked', 1, 0, NULL)"),
                row,
            )
        migrate.upgrade(connection, "in memory")
        seen = Links(connection).siblings(PAIR, "INC9", ["10001", "10002"])
    for ticket_id in ("10001", "10002"):
        first, second = seen[ticket_id]
        assert (first.number, first.linked_at, first.waits, first.queue) == ("INC1", NOON, True, "Frontline")
        assert (second.number, second.waits, second.verified, second.ended_at) == ("INC2", False, True, NOON)
