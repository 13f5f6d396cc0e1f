"""Opening a state, and what a person reads when it cannot be used."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridge.model.errors import StateError
from bridge.state.failures import os_error, spoken
from bridge.state.store import Store
from tests.state.state_samples import NOW, action, as_nobody, incident, later, open_to_all

pytestmark = pytest.mark.promise("state that lasts")

_HOLDER = """
import sys
from bridge.state.store import Store
with Store.open(sys.argv[1], exclusive=True):
    print("open", flush=True)
    sys.stdin.read()
"""


def path_of(url: str) -> Path:
    """Return the file that a URL names."""
    return Path(url.removeprefix("sqlite:///"))


def made(url: str) -> None:
    """Make a state with one watched incident."""
    with Store.open(url, exclusive=True) as store, store.transaction() as tx:
        tx.memory.see_incident("p", incident(), NOW)


def refusal(url: str, *, exclusive: bool = True) -> StateError:
    """Return the error with which opening fails; it must say why and what to do."""
    with pytest.raises(StateError) as raised:
        Store.open(url, exclusive=exclusive).close()
    assert raised.value.why
    assert raised.value.next_step
    return raised.value


def test_a_state_survives_being_closed(url: str) -> None:
    """What was committed is there after opening again, with and without the lock."""
    made(url)
    for exclusive in (True, False):
        with Store.open(url, exclusive=exclusive) as store, store.reading() as tx:
            assert tx.memory.incident("p", "INC1") == incident()


def test_the_database_is_set_up_to_be_durable(url: str) -> None:
    """A state file uses write-ahead logging, full syncs, foreign keys, and is closed to other accounts."""
    made(url)
    with Store.open(url, exclusive=True) as store, store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        found = {
            name: raw.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    assert path_of(url).stat().st_mode & 0o077 == 0


def test_a_second_daemon_refuses_to_start(url: str) -> None:
    """Another process that wants the same state is told which one runs and what to do; readers are let in."""
    with _holding(url) as holder:
        error = refusal(url)
        assert "Another bridge is running" in error.what
        assert f"process {holder.pid}" in error.why
        assert "stop that one first" in error.next_step
        with Store.open(url, exclusive=False) as store, store.reading() as tx:
            assert tx.memory.watched("p", ["INC1"]) == frozenset()
        holder.kill()
        holder.wait()
        made(url)


def _holding(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _HOLDER, url]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    return holder


def test_a_second_store_of_one_process_is_refused_too(url: str) -> None:
    """The lock also holds within one process, and ends with closing."""
    with Store.open(url, exclusive=True):
        assert "Another bridge" in refusal(url).what
    Store.open(url, exclusive=True).close()


def test_a_failed_opening_lets_go_of_the_lock(url: str) -> None:
    """After a damaged file was replaced the next start works."""
    path_of(url).write_bytes(b"not a database at all" * 100)
    refusal(url)
    path_of(url).unlink()
    made(url)


def test_reading_without_a_state_says_to_start_the_daemon(url: str) -> None:
    """A reading command before the first run creates nothing."""
    error = refusal(url, exclusive=False)
    assert "no state file" in error.what
    assert "bridge run" in error.next_step
    assert list(path_of(url).parent.iterdir()) == []


def test_reading_an_unprepared_state_says_to_start_the_daemon(url: str) -> None:
    """A reading command never brings the schema up to date."""
    path_of(url).touch()
    assert "not been prepared" in refusal(url, exclusive=False).what
    assert path_of(url).stat().st_size == 0


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_newer_schema_is_refused(url: str, exclusive: bool) -> None:
    """A state that a newer version wrote is left as it is."""
    made(url)
    with sqlite3.connect(path_of(url)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9001'")
    raw.close()
    error = refusal(url, exclusive=exclusive)
    assert "newer version" in error.what
    assert "9001" in error.why


def test_an_unknown_older_schema_is_refused(url: str) -> None:
    """A schema that no migration leads from is named instead of guessed at."""
    made(url)
    with sqlite3.connect(path_of(url)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0000'")
    raw.close()
    assert "0000" in refusal(url).why


def test_another_programs_database_is_refused(url: str) -> None:
    """A database that is not ours gets no tables of ours."""
    with sqlite3.connect(path_of(url)) as raw:
        raw.execute("CREATE TABLE bookmarks (title TEXT)")
    raw.close()
    error = refusal(url)
    assert "not a state of the bridge" in error.what
    with sqlite3.connect(path_of(url)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]
    raw.close()


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_file_of_rubbish_is_refused(url: str, exclusive: bool) -> None:
    """A file that is no database is named as damaged and stays untouched."""
    path_of(url).write_bytes(b"\x00\xff rubbish " * 1000)
    error = refusal(url, exclusive=exclusive)
    assert "damaged" in error.what
    assert "backup" in error.next_step
    assert path_of(url).read_bytes() == b"\x00\xff rubbish " * 1000


def test_a_page_damaged_in_the_middle_is_a_state_error(url: str) -> None:
    """Damage that is met later is told in the same words, and verify finds it."""
    made(url)
    with path_of(url).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xde\xad" * (path_of(url).stat().st_size // 2 - 2048))
    with pytest.raises(StateError, match="damaged"):
        made(url)


def test_a_folder_that_may_not_be_written_is_named() -> None:
    """An account without rights on the state's folder reads which file it was and what to do."""
    with open_to_all() as folder:
        folder.chmod(0o555)
        with as_nobody():
            error = refusal(f"sqlite:///{folder}/state.db")
    assert str(folder) in error.what
    assert "cannot be written" in error.what
    assert "account" in error.next_step


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_folder_that_may_not_be_entered_is_named(exclusive: bool) -> None:
    """An account that cannot even look into the state's folder reads which one it is."""
    with open_to_all() as folder:
        made(f"sqlite:///{folder}/state.db")
        folder.chmod(0o600)
        with as_nobody():
            error = refusal(f"sqlite:///{folder}/state.db", exclusive=exclusive)
    assert str(folder) in error.what
    assert "account" in error.next_step


def test_a_file_that_may_not_be_written_is_named() -> None:
    """An account that may read but not write the state file cannot write to it, and is told so."""
    with open_to_all() as folder:
        url = f"sqlite:///{folder}/state.db"
        made(url)
        path_of(url).chmod(0o444)
        folder.chmod(0o777)
        with as_nobody(), Store.open(url, exclusive=False) as store:
            with store.reading() as tx:
                assert tx.memory.watched("p", ["INC1"]) == {"INC1"}
            with pytest.raises(StateError, match="cannot be written"), store.transaction() as tx:
                tx.memory.see_incident("p", incident("INC2"), NOW)


def test_a_copy_to_try_things_out_on_names_the_file(url: str) -> None:
    """Damage that a copy in memory shows is told of the file that was copied."""
    made(url)
    with path_of(url).open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xa5" * (path_of(url).stat().st_size - 5 * 4096))

    def reads() -> None:
        with Store.scratch(url) as store, store.reading() as tx:
            tx.memory.watched("p", ["INC1"])
            list(tx.dossiers.each("p"))

    with pytest.raises(StateError, match="damaged") as raised:
        reads()
    assert str(path_of(url)) in raised.value.what


@pytest.mark.parametrize(
    ("number", "what", "next_step"),
    [
        (errno.ENOSPC, "is full", "make room"),
        (errno.EROFS, "cannot be written", "mount"),
        (errno.EISDIR, "cannot be written", "not a folder"),
        (errno.ENOENT, "cannot be written", "create its folder"),
        (errno.EACCES, "cannot be written", "let the bridge's account"),
    ],
)
def test_what_the_system_refuses_is_told_by_its_cause(number: int, what: str, next_step: str) -> None:
    """A full disk, one that is mounted read-only, and a wrong path each have their own way out."""
    error = os_error("/var/lib/bridge/state.db", OSError(number, os.strerror(number)))
    assert what in error.what
    assert next_step in error.next_step
    assert error.why == os.strerror(number)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A state in a folder that is not there is not created by guesswork."""
    assert f"no folder {tmp_path}/missing" in refusal(f"sqlite:///{tmp_path}/missing/state.db").why
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    """A state path that names a folder is refused."""
    (tmp_path / "state.db").mkdir()
    assert "state.db" in refusal(f"sqlite:///{tmp_path}/state.db").what


@pytest.mark.parametrize(
    "bad", ["nonsense", "postgresql://bridge:secret@db/bridge", "sqlite:///x.db?mode=ro&token=secret"]
)
def test_an_unusable_url_is_refused_without_repeating_it(bad: str) -> None:
    """A URL may hold a password, so that it is never part of the message."""
    error = refusal(bad)
    assert "secret" not in str(error)
    assert "sqlite:////" in error.next_step


def test_a_path_with_special_characters_is_just_a_path(tmp_path: Path) -> None:
    """Blanks, percent signs and question marks may stand in a folder's name."""
    folder = tmp_path / "50% of a b"
    folder.mkdir()
    made(f"sqlite:///{folder}/state.db")
    assert (folder / "state.db").exists()


def test_a_full_disk_loses_nothing_that_was_committed(url: str) -> None:
    """A transaction that does not fit fails as a whole with a message, and works once there is room."""
    made(url)
    crowd = [incident(f"INC{number}", story="x" * 5_000) for number in range(2, 60)]
    with Store.open(url, exclusive=True) as store:
        _limit_pages(store, 60)
        with pytest.raises(StateError, match="is full") as raised, store.transaction() as tx:
            tx.memory.see_incidents("p", crowd, NOW)
        assert "make room" in raised.value.next_step
        with store.reading() as tx:
            assert tx.memory.watched("p", ["INC1", "INC2"]) == {"INC1"}
        _limit_pages(store, 100_000)
        with store.transaction() as tx:
            assert len(tx.memory.see_incidents("p", crowd, NOW)) == len(crowd)
        assert store.verify() == ()


def _limit_pages(store: Store, pages: int) -> None:
    with store.engine.connect() as connection:
        connection.connection.driver_connection.execute(f"PRAGMA max_page_count={pages}")


def test_a_file_that_another_program_keeps_locked_is_named(url: str) -> None:
    """A lock that does not go away in time is told as what it is, not as a defect."""
    made(url)
    keeper, waiter = (sqlite3.connect(path_of(url), timeout=0, isolation_level=None) for _ in range(2))
    keeper.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="in use by another program"), spoken(url):
        waiter.execute("BEGIN IMMEDIATE")
    keeper.close()
    waiter.close()


def test_an_operator_may_write_beside_the_daemon(url: str) -> None:
    """A short transaction without the lock is seen by the daemon that holds it."""
    with Store.open(url, exclusive=True) as daemon, Store.open(url, exclusive=False) as operator:
        with operator.transaction() as tx:
            tx.agenda.mark_dirty("p", ["INC1"], "asked by a person", NOW)
        with daemon.transaction() as tx:
            assert [mark.incident for mark in tx.agenda.dirty("p", 10)] == ["INC1"]


def test_a_transaction_rolls_back_as_a_whole(store: Store) -> None:
    """An exception inside the block leaves nothing of the block."""
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        assert 1 / (not tx.memory.see_incident("p", incident(), NOW))
    with store.reading() as tx:
        assert tx.memory.incident("p", "INC1") is None


@pytest.mark.parametrize("memory", [True, False])
def test_transactions_do_not_nest(url: str, memory: bool) -> None:
    """A transaction or a reading inside another one of the same thread is an error; the outer one goes on."""
    with Store.open("sqlite://" if memory else url, exclusive=True) as store:
        with store.transaction() as tx:
            for inner in (store.transaction, store.reading):
                with pytest.raises(StateError, match="inside another"), inner():
                    pass
            tx.memory.see_incident("p", incident(), NOW)
        with store.reading() as tx:
            assert tx.memory.watched("p", ["INC1"]) == {"INC1"}


@pytest.mark.parametrize("memory", [True, False])
def test_reading_cannot_write(url: str, memory: bool) -> None:
    """A view for reading refuses to write, and the next transaction may again."""
    with Store.open("sqlite://" if memory else url, exclusive=True) as store:
        with pytest.raises(StateError), store.reading() as tx:
            tx.memory.see_incident("p", incident(), NOW)
        with store.transaction() as tx:
            assert tx.memory.see_incident("p", incident(), NOW) is True


def test_a_reader_sees_one_moment_while_another_thread_writes(url: str) -> None:
    """A view does not change under a reader, and does not keep a writer waiting."""
    with Store.open(url, exclusive=True) as store:
        writer = threading.Thread(target=_write_one, args=(store,))
        with store.reading() as tx:
            assert tx.memory.watched("p", ["INC1"]) == frozenset()
            writer.start()
            writer.join(timeout=10)
            assert not writer.is_alive()
            assert tx.memory.watched("p", ["INC1"]) == frozenset()
        with store.reading() as tx:
            assert tx.memory.watched("p", ["INC1"]) == {"INC1"}


def _write_one(store: Store) -> None:
    with store.transaction() as tx:
        tx.memory.see_incident("p", incident(), NOW)


@pytest.mark.parametrize("memory", [True, False])
def test_threads_share_a_store(url: str, memory: bool) -> None:
    """Many threads writing at once lose nothing and break nothing."""
    with Store.open("sqlite://" if memory else url, exclusive=True) as store:
        threads = [threading.Thread(target=_write_many, args=(store, f"INC{number}")) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.reading() as tx:
            assert tx.journal.counts("p")["pending"] == 4 * 25
        assert store.verify() == ()


def _write_many(store: Store, number: str) -> None:
    planned = []
    for count in range(25):
        planned.append(action(f"{number}/{count}"))
        with store.transaction() as tx:
            tx.journal.record("p", number, planned, later(count))
        with store.reading() as tx:
            assert len(tx.journal.open_effects("p", number)) == count + 1


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    """A naive moment never reaches the state."""
    with pytest.raises(StateError, match="time zone"), store.transaction() as tx:
        tx.agenda.move_watermark("p", "incidents", NOW.replace(tzinfo=None))
