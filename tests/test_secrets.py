"""Secrets: where they may be found, when they end, how they are spelt, and how often a refused one is offered."""

from __future__ import annotations

import base64
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bridge.connectors.offers import Offers
from bridge.model.errors import ConfigError, LostCredentials
from bridge.model.secrecy import basic, spellings
from bridge.settings import SecretRef, read_secret, secret_source
from bridge.settings.heralding import Herald
from bridge.settings.holding import Ending
from bridge.settings.shape import Alive, Desk

pytestmark = pytest.mark.promise("secrets")

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("${file:a b/token}", "the file a b/token"),
        ("${env:TOKEN}", "the variable TOKEN"),
        (" ${credential:jira_token} ", "the credential jira_token"),
        ({"file": "token", "expires": "2027-01-31"}, "the file token"),
    ],
)
def test_a_reference_may_be_written_in_one_text(written: object, place: str) -> None:
    """``${kind:place}`` says the same as a mapping."""
    assert SecretRef.model_validate(written).place == place


@pytest.mark.parametrize(
    "written",
    [
        "canary",
        "${canary}",
        "${vault:canary}",
        "x${env:canary}",
        "${env:canary}canary",
        "${file:}",
        "${env:a}${env:canary}",
        {"expires": "2027-01-31"},
        {"env": "A", "file": "canary", "expires": "2027-01-31"},
        {"env": "A", "expires": "canary"},
        {"env": "A", "expires": "2027-02-30"},
        {"env": "A", "expires": "31.01.2027"},
    ],
)
def test_anything_else_is_refused_without_being_repeated(written: object) -> None:
    """A literal, a text around a reference and a day that is none are refused; the message does not repeat them."""
    with pytest.raises(ValidationError) as caught:
        SecretRef.model_validate(written)
    assert all("canary" not in str(error["msg"]) for error in caught.value.errors())


def test_a_mounted_secret_may_be_readable_but_never_writable(tmp_path: Path) -> None:
    """Beside the link that Kubernetes swaps a file of mode 0644 is taken, of 0666 it is not; elsewhere neither is."""
    folder = tmp_path / "..1"
    folder.mkdir()
    (folder / "token").write_text("value", encoding="utf-8")
    ref = SecretRef(file=tmp_path / "token")
    (tmp_path / "token").symlink_to("..data/token")
    (tmp_path / "..data").symlink_to("..1")
    for mode, taken in ((0o644, True), (0o444, True), (0o666, False), (0o600, True)):
        (folder / "token").chmod(mode)
        if taken:
            assert read_secret(ref, {}).reveal() == "value"
        else:
            with pytest.raises(ConfigError, match="open to every account"):
                read_secret(ref, {})
    (tmp_path / "plain").write_text("value", encoding="utf-8")
    (tmp_path / "plain").chmod(0o644)
    (tmp_path / "..data").unlink()
    with pytest.raises(ConfigError, match="open to every account"):
        read_secret(SecretRef(file=tmp_path / "plain"), {})


def test_a_source_reads_anew_and_loses_the_account_where_it_cannot(tmp_path: Path) -> None:
    """A swapped file gives the new value at once; a missing one is a lost account, which is waited for."""
    path = tmp_path / "token"
    source = secret_source(SecretRef(file=path), {})
    for value in ("one", "two"):
        (tmp_path / "new").write_text(value, encoding="utf-8")
        (tmp_path / "new").chmod(0o600)
        os.replace(tmp_path / "new", path)
        assert source() == value
    path.unlink()
    with pytest.raises(LostCredentials) as caught:
        source()
    assert "cannot be read" in caught.value.what


def test_what_belongs_together_is_demanded_together() -> None:
    """The switch has one address, literal or found elsewhere; a proxy's login needs a proxy."""
    for wrong in ({}, {"url": "https://x", "url_in": "${env:A}"}):
        with pytest.raises(ValidationError, match="either url or url_in"):
            Alive.model_validate(wrong)
    desk = {"connector": "remedy", "url": "https://x", "username": "svc", "password": "${env:A}"}
    with pytest.raises(ValidationError, match="proxy_login belongs to a proxy"):
        Desk.model_validate({**desk, "proxy_login": "${env:B}"})
    assert (
        Desk.model_validate({**desk, "proxy_login": "${env:B}", "proxy": "http://p:1"}).proxy == "http://p:1"
    )


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_every_spelling_is_cut_out_the_longest_first(secret: str) -> None:
    """Any text that has a secret in it, in any spelling, is rid of it; the order leaves no piece of one."""
    forms = spellings([secret, "other"])
    assert secret in forms
    assert base64.b64encode(secret.encode("utf-8", "replace")).decode() in forms
    assert [len(form) for form in forms] == sorted((len(form) for form in forms), reverse=True)
    assert "" not in forms
    assert basic("a", secret) == base64.b64encode(f"a:{secret}".encode("utf-8", "replace")).decode()


def offered(offers: Offers, secret: str, span: timedelta) -> int:
    """Count how often a secret that is always refused is offered within a span, tried every 30 seconds."""
    times, now = 0, NOON
    while now < NOON + span:
        try:
            offers.offer(secret, now, "Jira")
        except LostCredentials:
            pass
        else:
            times += 1
            offers.refused(secret, now)
        now += timedelta(seconds=30)
    return times


def test_a_refused_secret_is_offered_twice_in_an_hour() -> None:
    """New or proven, two offers in the first hour, one in each further one; a success or a change starts afresh."""
    for proven in (False, True):
        offers = Offers()
        if proven:
            offers.accepted("old")
        assert offered(offers, "old", timedelta(minutes=59)) == 2
        offers.offer("new", NOON, "Jira")
        offers.accepted("new")
        assert set(offers.known()) == {"old", "new"}
    assert offered(Offers(), "old", timedelta(hours=24)) == 25


@pytest.mark.parametrize(
    ("days", "stage"),
    [(30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 1), (-1, -1), (-99, -1)],
)
def test_every_end_has_its_stage(days: int, stage: int) -> None:
    """An announcement stands until the next is due."""
    assert Ending(what="x", on=date(2027, 1, 31), days=days).stage == stage


def test_each_announcement_is_made_once() -> None:
    """Day by day from 40 days before to 5 days after: five announcements; a renewed secret begins anew."""
    herald = Herald()

    def days_told(on: date) -> list[int]:
        told = []
        for left in range(30, -6, -1):
            for _ in range(3):
                told += [one.days for one in herald.news([Ending(what="x", on=on, days=left)])]
        return told

    assert days_told(date(2027, 1, 31)) == [30, 14, 7, 1, -1]
    assert days_told(date(2028, 1, 31)) == [30, 14, 7, 1, -1]
