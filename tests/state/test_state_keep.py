"""A state that lasts: old schemas, backups, exports, pruning."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bridge.model.actions import AddIncidentNote, Receipt
from bridge.model.errors import StateError
from bridge.state.keep import export, prune
from bridge.state.schema import METADATA, REVISION
from bridge.state.store import Store
from tests.state.state_samples import NOW, dossier, incident, later, link, note

pytestmark = pytest.mark.promise("state that lasts")

OLD = sorted((Path(__file__).parent / "old").glob("*.sql"))


def path_of(url: str) -> Path:
    """Return the file that a URL names."""
    return Path(url.removeprefix("sqlite:///"))


def restored(url: str, dump: Path) -> None:
    """Make a state file as an older version left it."""
    with sqlite3.connect(path_of(url)) as raw:
        raw.executescript(dump.read_text(encoding="utf-8"))
    raw.close()


def test_there_is_an_old_state_of_every_version_but_this() -> None:
    """Whoever adds a migration adds a state of the version before it."""
    assert [int(dump.stem) for dump in OLD] == list(range(1, int(REVISION)))


@pytest.mark.parametrize("dump", OLD, ids=lambda dump: dump.stem)
def test_an_old_state_is_brought_forward_whole(url: str, dump: Path) -> None:
    """Every row survives the way to this version, and the schema is that of a new state."""
    restored(url, dump)
    with Store.open(url, exclusive=True) as store:
        assert store.verify() == ()
        with store.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, METADATA) == []
        with store.reading() as tx:
            (remembered,) = tx.dossiers.each("retail", held=True)
            number = remembered.dossier.incident
            assert remembered.dossier.links[0].ticket_key == "FRONT-1"
            assert f"{number}/create/1" in tx.journal.outcomes("retail", number).done
            assert len(tx.journal.effects("retail")) >= 5
            assert list(export(tx))


@pytest.mark.parametrize("dump", OLD, ids=lambda dump: dump.stem)
def test_the_old_state_is_copied_aside_first(url: str, dump: Path) -> None:
    """An upgrade can be taken back: the state as it was lies beside the new one, closed to others."""
    restored(url, dump)
    Store.open(url, exclusive=True).close()
    copy = path_of(url).with_name(f"state.db.{dump.stem}.bak")
    assert copy.stat().st_mode & 0o077 == 0
    with sqlite3.connect(copy) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (dump.stem,)
        assert raw.execute("SELECT count(*) FROM effects").fetchone()[0] >= 5
    raw.close()
    Store.open(url, exclusive=True).close()
    assert sorted(path.name for path in copy.parent.glob("*.bak")) == [copy.name]


def test_a_backup_is_made_while_the_state_is_in_use(url: str, tmp_path: Path) -> None:
    """The copy holds what was committed, opens as a state, and never overwrites a file."""
    target = tmp_path / "copy.db"
    with Store.open(url, exclusive=True) as store:
        with store.transaction() as tx:
            tx.memory.see_incident("p", incident(), NOW)
        with Store.open(url, exclusive=False) as beside:
            assert beside.back_up(target) == target.stat().st_size
        with pytest.raises(StateError, match="already"):
            store.back_up(target)
    assert target.stat().st_mode & 0o077 == 0
    with Store.open(f"sqlite:///{target}", exclusive=True) as copy, copy.reading() as tx:
        assert tx.memory.incident("p", "INC1") == incident()


def test_a_backup_that_cannot_be_written_leaves_nothing(url: str, tmp_path: Path) -> None:
    """A folder that is not there is told, and no half of a file remains."""
    with Store.open(url, exclusive=True) as store, pytest.raises(StateError) as raised:
        store.back_up(tmp_path / "nowhere" / "copy.db")
    assert raised.value.next_step
    assert list(tmp_path.glob("**/copy.db")) == []


def test_the_export_holds_every_row_as_json(store: Store) -> None:
    """Each row is one line of JSON with its table; bodies are JSON themselves, moments are readable."""
    with store.transaction() as tx:
        tx.memory.see_incident("p", incident(), NOW)
        tx.dossiers.save("p", dossier("INC1", link()), stage="linked", look_again_at=None, at=NOW)
    with store.reading() as tx:
        rows = [json.loads(line) for line in export(tx)]
    tables = {row["table"] for row in rows}
    assert tables == {"dossiers", "links", "incidents"}
    found = next(row for row in rows if row["table"] == "incidents")
    assert found["body"]["number"] == "INC1"
    assert found["modified_at"] == NOW.isoformat()


def done(store: Store, number: str, key: str) -> None:
    """Let an effect be done."""
    action = AddIncidentNote(key=key, reason="somebody wrote", text="a long story")
    with store.transaction() as tx:
        (effect,) = tx.journal.record("p", number, [action], NOW)
        tx.journal.start(effect.id, NOW)
        tx.journal.finish(effect.id, Receipt(id="WLG1"), NOW)


def test_pruning_forgets_words_and_keeps_causes(store: Store) -> None:
    """Of incidents closed long ago the words go; keys and receipts stay, so that nothing is said again."""
    with store.transaction() as tx:
        tx.memory.see_incident("p", incident("INC1", status="Closed"), NOW)
        tx.memory.see_incident("p", incident("INC2", status="Resolved"), NOW)
        tx.memory.see_note("p", "incident", note("1", parent="INC1"), NOW)
        tx.memory.see_note("p", "incident", note("2", parent="INC2"), NOW)
    done(store, "INC1", "INC1/note/tracker/1")
    done(store, "INC2", "INC2/note/tracker/1")
    assert prune(store, "p", NOW - timedelta(days=1)).effects == 0
    found = prune(store, "p", later(1))
    assert (found.effects, found.notes) == (1, 1)
    with store.reading() as tx:
        closed = tx.journal.effect("p", "INC1/note/tracker/1")
        resolved = tx.journal.effect("p", "INC2/note/tracker/1")
        assert tx.journal.outcomes("p", "INC1").done == {"INC1/note/tracker/1"}
        assert tx.memory.notes("p", "incident", "INC1") == ()
        assert len(tx.memory.notes("p", "incident", "INC2")) == 1
    assert closed is not None
    assert resolved is not None
    assert (getattr(closed.action, "text", None), closed.receipt.id) == ("", "WLG1")
    assert getattr(resolved.action, "text", None) == "a long story"
    assert prune(store, "p", later(1)).effects == 0


def test_pruning_lets_go_of_what_was_never_wanted(store: Store) -> None:
    """An effect that was dropped before it began leaves nothing behind."""
    action = AddIncidentNote(key="INC1/x", reason="", text="")
    with store.transaction() as tx:
        tx.journal.record("p", "INC1", [action], NOW)
        tx.journal.record("p", "INC1", [], NOW)
    assert prune(store, "p", later(1)).effects == 1
    with store.reading() as tx:
        assert tx.journal.effect("p", "INC1/x") is None
