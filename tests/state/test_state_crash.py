"""A process that is killed with -9, whenever it happens, loses nothing that it had committed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bridge.state.store import Store
from tests.state.state_samples import later

pytestmark = pytest.mark.promise("state that lasts")

# Each transaction writes the cause, a dossier and a watermark that must agree; then its number is told.
_WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from bridge.model.actions import AddIncidentNote
from bridge.model.dossier import Dossier
from bridge.state.store import Store
first = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
store = Store.open(sys.argv[1], exclusive=True)
with store.reading() as tx:
    number = tx.journal.counts("p")["started"]
while True:
    number += 1
    at = first + timedelta(seconds=number)
    with store.transaction() as tx:
        action = AddIncidentNote(key=f"INC{number}/note", reason="", text="x" * 2000)
        effect = tx.journal.record("p", f"INC{number}", [action], at)[0]
        tx.journal.start(effect.id, at)
        tx.dossiers.save("p", Dossier(incident=f"INC{number}"), stage="linked", look_again_at=None, at=at)
        tx.agenda.move_watermark("p", "incidents", at)
    print(number, flush=True)
"""


def killed_after(url: str, commits: int) -> int:
    """Let a writer commit some transactions, kill it at once, and return the last commit that it told of."""
    command = [sys.executable, "-c", _WRITER, url]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [writer.stdout.readline() for _ in range(commits)]
    writer.kill()
    told += writer.stdout.readlines()
    writer.wait()
    return max(int(line) for line in told if line.endswith("\n"))


@pytest.mark.parametrize("commits", [(1, 7, 60)])
def test_a_killed_writer_loses_nothing_committed(url: str, commits: tuple[int, ...]) -> None:
    """After each kill the state opens again, whole, with every told transaction and no half of one."""
    for count in commits:
        told = killed_after(url, count)
        with Store.open(url, exclusive=True) as store:
            assert store.verify() == ()
            with store.reading() as tx:
                started = tx.journal.counts("p")["started"]
                assert told <= started <= told + 1
                assert tx.agenda.watermark("p", "incidents") == later(started)
                assert sum(1 for _ in tx.dossiers.each("p")) == started
                assert len(tx.agenda.due("p", later(10**6), 10**6)) == started


def test_an_interrupt_in_the_middle_of_a_statement_stays_one(store: Store) -> None:
    """Ctrl-C closes the connection that is busy; it is not told as a state that could not be used."""

    def reads() -> None:
        with store.reading() as tx:
            tx.connection.invalidate()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reads()
