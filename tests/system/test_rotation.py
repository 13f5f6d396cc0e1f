"""Secrets that change while the bridge runs: taken up on both sides, nothing lost, nothing twice, nobody locked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from bridge.rehearsal.world import DESK_PASSWORD, TRACKER_TOKEN
from bridge.simulators.remedy import RemedySettings
from tests.system.place import Place, Running, a_place, until

pytestmark = pytest.mark.promise("secrets")


def mount(folder: Path, version: str, **secrets: str) -> None:
    """Put secrets where Kubernetes puts them: files are links through ``..data``, which is swapped as a whole."""
    versioned = folder / f"..{version}"
    versioned.mkdir(parents=True)
    for name, value in secrets.items():
        (versioned / name).write_text(value, encoding="utf-8")
        (versioned / name).chmod(0o644)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..new").symlink_to(versioned.name)
    os.replace(folder / "..new", folder / "..data")
    for old in folder.glob("..*"):
        if old.is_dir() and not old.is_symlink() and old != versioned:
            shutil.rmtree(old)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Place]:
    """A place whose secrets are mounted; the desk locks an account after its third refusal."""
    with a_place(tmp_path, remedy=RemedySettings(lock_after=3)) as place:
        mount(place.folder / "secrets", "1", remedy=DESK_PASSWORD, jira=TRACKER_TOKEN)
        place.environ.pop("REMEDY_PASSWORD")
        place.environ.pop("JIRA_TOKEN")
        place.configure(
            desk=f'url: "{place.stand.desk_url}", password: "${{file:secrets/remedy}}"',
            tracker=f'url: "{place.stand.tracker_url}", email: svc-bridge@example.com, token: {{file: secrets/jira}}',
        )
        yield place


def replace_account(place: Place, password: str) -> None:
    """Change the password of the bridge's account at the desk; every session of it ends."""
    place.world.desk.add_account("svc-bridge", password)
    place.world.desk.revoke_all()


def log_ins(place: Place) -> int:
    """How often the desk was offered a password."""
    return len([path for _, path in place.world.desk_wire.seen if path.endswith("/jwt/login")])


def crossed(place: Place, daemon: Running, number: str, words: str) -> None:
    """One note each way, which crosses exactly once."""
    place.asks(number, f"from the desk: {words}")
    place.world.tracker.people.comments(place.key(number), f"from the tracker: {words}", "dev.ana")
    until(lambda: f"from the desk: {words}" in place.comments(place.key(number)))
    until(lambda: f"from the tracker: {words}" in place.said(number))
    daemon.looks_again()
    assert place.comments(place.key(number)).count(f"from the desk: {words}") == 1
    assert place.said(number).count(f"from the tracker: {words}") == 1


def test_rotated_secrets_are_taken_up_without_a_restart(mounted: Place) -> None:
    """Password and token change with their mounted files: the bridge goes on, and nobody is told of anything."""
    number = mounted.opens("#ticket the sum is blank")
    with mounted.running() as daemon:
        until(lambda: mounted.key(number))
        crossed(mounted, daemon, number, "before")
        mount(mounted.folder / "secrets", "2", remedy="desk-2", jira="token-2")
        replace_account(mounted, "desk-2")
        mounted.world.tracker.reissue("svc-bridge", "token-2")
        crossed(mounted, daemon, number, "after")
        replace_account(mounted, "desk-3")
        mount(mounted.folder / "secrets", "3", remedy="desk-3", jira="token-2")
        crossed(mounted, daemon, number, "at last")
        daemon.signals()
        assert daemon.ends() == 0
        assert len(daemon.events("side_lost")) <= 2  # a look between the two halves of a change
    assert mounted.tickets() == ["FRONT-1"]
    assert mounted.effects("unknown") == mounted.effects("dead") == mounted.effects("refused") == ()
    assert not any(
        secret in "".join(daemon.lines) for secret in ("desk-2", "token-2", "desk-3", TRACKER_TOKEN)
    )


def test_the_old_secret_alone_is_told_calmly_and_locks_nobody(mounted: Place) -> None:
    """With only the old secrets: one warning for each side, two offers at most; the new ones heal it, nothing is lost."""
    number = mounted.opens("#ticket the sum is blank")
    with mounted.running() as daemon:
        until(lambda: mounted.key(number))
        daemon.looks_again()
        account = mounted.world.desk.add_account("svc-bridge", "desk-2")
        mounted.world.desk.revoke_all()
        mounted.world.tracker.reissue("svc-bridge", "token-2")
        before = log_ins(mounted)
        mounted.asks(number, "from the desk: meanwhile")
        mounted.world.tracker.people.comments("FRONT-1", "from the tracker: meanwhile", "dev.ana")
        until(lambda: len(daemon.events("side_lost")) == 2)
        asked = len(mounted.world.tracker_wire.seen)
        daemon.looks_again(5)
        lost = daemon.events("side_lost")
        assert sorted(event["side"] for event in lost) == ["desk", "tracker"]
        assert all(event["level"] == "warning" and event["what"] and event["next"] for event in lost)
        assert 1 <= log_ins(mounted) - before <= 2
        assert account.failures == log_ins(mounted) - before
        assert len(mounted.world.tracker_wire.seen) - asked <= 2
        mount(mounted.folder / "secrets", "2", remedy="desk-2", jira="token-2")
        until(lambda: len(daemon.events("side_back")) == 2)
        until(lambda: "from the tracker: meanwhile" in mounted.said(number))
        until(lambda: "from the desk: meanwhile" in mounted.comments("FRONT-1"))
        crossed(mounted, daemon, number, "after")
        assert account.failures == 0
    assert mounted.comments("FRONT-1").count("from the desk: meanwhile") == 1
    assert mounted.said(number).count("from the tracker: meanwhile") == 1
    assert mounted.tickets() == ["FRONT-1"]


def test_a_secret_that_is_gone_for_a_while_is_waited_for(mounted: Place) -> None:
    """A file that vanishes and comes back stops that side only, and ends nothing; a reload without it is refused."""
    number = mounted.opens("#ticket the sum is blank")
    token = mounted.folder / "secrets" / "jira"
    with mounted.running() as daemon:
        until(lambda: mounted.key(number))
        token.rename(token.with_name("away"))
        until(lambda: daemon.events("side_lost"))
        (lost,) = daemon.events("side_lost")
        assert lost["side"] == "tracker"
        assert "cannot be read" in lost["what"]
        assert "put the file there" in lost["next"]
        mounted.asks(number, "from the desk: meanwhile")
        daemon.looks_again()
        daemon.signals(1)
        until(lambda: daemon.events("reload_failed"))
        token.with_name("away").rename(token)
        until(lambda: "from the desk: meanwhile" in mounted.comments("FRONT-1"))
        daemon.signals(1)
        until(lambda: daemon.events("reload_done"))
        crossed(mounted, daemon, number, "after")
    assert mounted.comments("FRONT-1").count("from the desk: meanwhile") == 1


def test_the_end_of_a_secret_is_announced(place: Place) -> None:
    """Ten days before its end a token is announced in log, status, check and metric; a password that ended as well."""
    today = datetime.now(UTC).date()
    soon, over, far = (today + timedelta(days=days) for days in (10, -3, 60))
    url = place.stand.desk_url
    place.configure(
        top="web: {port: 0}",
        desk=f'url: "{url}", password: {{env: REMEDY_PASSWORD, expires: {over}}}',
        tracker=f'url: "{place.stand.tracker_url}", email: svc-bridge@example.com, '
        f"token: {{env: JIRA_TOKEN, expires: {soon}}}",
    )
    checked = place.run("check")
    assert checked.code == 0
    assert f"its last day is {soon}, in 10 days" in checked.told
    assert f"its last day was {over}" in checked.told
    with place.running() as daemon:
        daemon.looks_again(3)
        until(lambda: daemon.events("pages_served"))
        metrics = requests.get(f"{daemon.events('pages_served')[0]['address']}/metrics", timeout=10).text
        shown = place.run("status")
        (status,) = place.run("status", "--json").json
    announced = {event["secret"]: event for event in daemon.events("secret_ends")}
    assert len(daemon.events("secret_ends")) == 2
    assert announced["tracker jira: secret"]["days"] == 10
    assert "renew it" in announced["desk itsm: secret"]["next"]
    assert f"its last day is {soon}, in 10 days" in shown.told
    assert [one["on"] for one in status["secrets_ending"]] == [str(over), str(soon)]
    ends = datetime(soon.year, soon.month, soon.day, tzinfo=UTC) + timedelta(days=1)
    (line,) = [
        line for line in metrics.splitlines() if line.startswith("bridge_secret_expiry") and "jira" in line
    ]
    assert float(line.rpartition(" ")[2]) == ends.timestamp()
    place.configure(desk=f'url: "{url}", password: {{env: REMEDY_PASSWORD, expires: {far}}}')
    assert "its last day" not in place.run("check").told
