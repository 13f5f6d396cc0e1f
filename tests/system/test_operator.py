"""What an operator does beside the running daemon: dead letters and the audit trail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.model.actions import AddTicketNote
from bridge.state.audit import Entry
from bridge.state.store import Store
from tests.system.place import Place, until


def lines(told: str) -> list[dict[str, Any]]:
    """What `audit --json` printed."""
    return [json.loads(line) for line in told.splitlines()]


@pytest.fixture
def buried(place: Place) -> tuple[Place, str, int]:
    """A place with a linked incident one of whose notes was given up."""
    number = place.opens("#ticket the sum is blank")
    assert place.run("once").code == 0
    (ticket,) = place.tickets()
    now = datetime.now(UTC)
    note = AddTicketNote(
        key=f"{number}/note/desk/WLG1/1",
        reason="Ann wrote in the incident",
        ticket_id="1",
        ticket_key=ticket,
        text="poison",
    )
    with Store.open(f"sqlite:///{place.state}", exclusive=True) as store, store.transaction() as tx:
        (effect,) = tx.journal.record("retail", number, [note], now)
        tx.journal.start(effect.id, now)
        tx.journal.bury(effect.id, "The comment is poisonous.", now)
    return place, number, effect.id


def test_dead_letters_are_listed_and_shown(buried: tuple[Place, str, int]) -> None:
    """The list names the incident and the answer in a sentence; one is shown with its request."""
    place, number, effect = buried
    listed = place.run("dead", "list")
    assert listed.code == 0
    assert number in listed.out
    assert (
        "The bridge could not write into FRONT-1 after 1 try; Jira said: The comment is poisonous."
        in listed.told
    )
    (one,) = place.run("dead", "list", "--json").json
    assert (one["number"], one["incident"], one["answer"]) == (effect, number, "The comment is poisonous.")
    shown = place.run("dead", "show", str(effect))
    assert "poison" in shown.told
    assert "bridge dead replay" in shown.told
    assert place.run("dead", "show", str(effect), "--json").json["request"]["text"] == "poison"


def test_a_drop_needs_a_reason_and_is_accounted_for(buried: tuple[Place, str, int]) -> None:
    """Without a reason nothing is dropped; with one it is gone from the list and stands in the trail."""
    place, number, effect = buried
    assert place.run("dead", "drop", str(effect)).code == 64
    assert place.run("dead", "drop", str(effect), "--reason", " ").code == 1
    assert len(place.effects("dead")) == 1
    assert place.run("dead", "drop", str(effect), "--reason", "it was said by phone").code == 0
    assert place.effects("dead") == ()
    assert "Nothing was given up." in place.run("dead", "list").out
    last = lines(place.run("audit", "--json").out)[-1]
    assert (last["what"], last["outcome"], last["incident"]) == ("dead drop", "dropped", number)
    assert last["reason"] == "it was said by phone"
    assert last["who"] not in ("", "bridge")


def test_a_replay_beside_the_daemon_is_taken_up(buried: tuple[Place, str, int]) -> None:
    """The daemon runs; what is replayed beside it is looked at with its next look."""
    place, number, effect = buried
    with place.running() as daemon:
        until(lambda: daemon.cycles() >= 1)
        assert place.run("dead", "replay", str(effect)).code == 0
        # Nobody ever wrote that note, so that the next plan does without it.
        until(lambda: {found.id: found.state for found in place.effects()}[effect] == "dropped")
        daemon.signals()
        assert daemon.ends() == 0
    assert "replay" in [
        line["what"].removeprefix("dead ") for line in lines(place.run("audit", "--json").out)
    ]
    assert number


def test_what_is_not_dead_cannot_be_decided_about(buried: tuple[Place, str, int]) -> None:
    """A number that is not in the list is refused with what it is."""
    place, _, effect = buried
    told = place.run("dead", "replay", str(effect - 1))
    assert told.code == 1
    assert "it is done" in told.err
    assert "there is no such effect" in place.run("dead", "drop", "4711", "--reason", "x").err


def test_the_trail_tells_people_and_programs(place: Place) -> None:
    """Every effect of a look is there; a window in time and one incident narrow it; it is found to be whole."""
    number = place.opens("#ticket the sum is blank")
    assert place.run("once").code == 0
    found = lines(place.run("audit", "--since", "1h", "--json").out)
    assert {line["what"] for line in found} >= {"create_ticket", "set_incident", "add_incident_note"}
    assert {line["incident"] for line in found} == {number}
    assert all(set(line) == set(Entry.__slots__) for line in found)
    assert lines(place.run("audit", "--since", "2999-01-01", "--json").out) == []
    assert "Nothing was done in this time." in place.run("audit", "--incident", "INC4711").out
    assert "status: In Progress → Pending" in place.run("audit").told
    assert "The audit trail is whole." in place.run("audit", "--verify").out


def test_a_state_is_backed_up_verified_and_exported_beside_the_daemon(place: Place) -> None:
    """The three commands work while the daemon runs; a damaged copy is found out."""
    place.opens("#ticket the sum is blank")
    with place.running() as daemon:
        until(place.tickets)
        daemon.looks_again()
        assert "whole" in place.run("state", "backup", "copy.db").out
        assert "already" in place.run("state", "backup", "copy.db").err
        assert "The state is whole" in place.run("state", "verify").out
        rows = lines(place.run("state", "export").out)
        daemon.signals()
        assert daemon.ends() == 0
    assert {"effects", "dossiers", "incidents", "audit"} <= {row["table"] for row in rows}
    assert place.run("state", "prune", "--older-than", "30").code == 0
    assert lines(place.run("audit", "--json").out)[-1]["what"] == "state prune"
    place.configure(state="sqlite:///copy.db")
    assert place.run("held", "--json").json[0]["tickets"] == place.tickets()


def test_a_lost_state_is_rebuilt_without_writing_anything(place: Place) -> None:
    """After the file is gone the links are found again; the next look makes and says nothing twice."""
    number = place.opens("#ticket the sum is blank")
    assert place.run("once").code == 0
    notes, comments = place.notes(number), place.world.tracker.comments(place.key(number))
    assert "the state was not lost" in place.run("state", "rebuild").err
    for path in place.folder.glob("bridge.db*"):
        path.unlink()
    told = place.run("state", "rebuild", "--since", "2026-01-01")
    assert (told.code, "1 incident found again" in told.out) == (0, True)
    (held,) = place.run("held", "--json").json
    assert (held["incident"], held["tickets"]) == (number, [place.key(number)])
    assert place.run("once").code == 0
    assert len(place.tickets()) == 1
    assert place.notes(number) == notes
    assert place.world.tracker.comments(place.key(number)) == comments


def test_a_withheld_plan_is_listed_and_approved(place: Place) -> None:
    """The list shows what would be done; an approval of exactly that plan is accounted for."""
    place.opens("#ticket the sum is blank")
    assert place.run("once").code == 0
    assert "No plan is withheld." in place.run("approve").out
    now = datetime.now(UTC)
    with Store.open(f"sqlite:///{place.state}", exclusive=False) as store, store.transaction() as tx:
        tx.approvals.ask("retail", "0123456789ab", "rules", "the new rules would touch 9 of 10", "{}", now)
    assert "0123456789ab" in place.run("approve").out
    assert place.run("approve", "--json").json[0]["plan"] == {}
    assert "1 plan withheld: bridge approve" in place.run("status").out
    assert place.run("status", "--json").json[0]["plans_withheld"] == 1
    assert "moved on" in place.run("approve", "ffffffffffff").err
    assert place.run("approve", "0123456789ab").code == 0
    assert "No plan is withheld." in place.run("approve").out
    last = lines(place.run("audit", "--json").out)[-1]
    assert (last["what"], last["request"], last["outcome"]) == ("approve", "0123456789ab", "approved")
