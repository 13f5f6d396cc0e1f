"""A replay from end to end: a small made-up log on both flavours, and the real one where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.rehearsal.replay import replay
from bridge.rehearsal.report import Report
from bridge.rehearsal.side_roads import Deck
from bridge.rehearsal.world import FLAVOURS, Flavour
from tests.rehearsal.small_log import HANDED_OVER, NOWHERE, PLAIN, write_issues, write_log

SHARED = Path(os.environ.get("BRIDGE_SHARED") or Path(__file__).parents[3] / "shared")
REAL_LOG = SHARED / "data" / "incidents" / "uci-2016-03.csv.gz"
REAL_ISSUES = SHARED / "data" / "jira" / "tidev-sample.jsonl.gz"

needs_data = pytest.mark.skipif(not REAL_LOG.exists(), reason="the real log is not at hand")


def value(report: Report, name: str) -> str:
    """The value of a line of the table."""
    (found,) = (line.value for line in report.lines if line.name == name)
    return found


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_small_log_ends_with_zeros(tmp_path: Path, flavour: Flavour) -> None:
    """Every hand-over is linked once, nothing is lost or doubled, and nothing is resolved unverified."""
    log = write_log(tmp_path / "log.csv")
    issues = write_issues(tmp_path / "issues.jsonl")
    report = replay(log, issues, flavour=flavour)
    assert [(zero.name, zero.count, zero.examples) for zero in report.zeros if zero.count] == []
    assert report.zeros_hold
    assert value(report, "incidents seen") == "6"
    assert value(report, "hand-overs, counted independently") == "5"
    assert value(report, "linked") == "5"
    assert report.surprises == ()


def test_the_same_seed_gives_the_same_replay(tmp_path: Path) -> None:
    """A replay can be repeated exactly."""
    log = write_log(tmp_path / "log.csv", [HANDED_OVER, NOWHERE])
    issues = write_issues(tmp_path / "issues.jsonl")
    assert replay(log, issues, flavour="cloud", seed=3) == replay(log, issues, flavour="cloud", seed=3)


def test_an_early_resolve_is_put_back_and_tried_again(tmp_path: Path) -> None:
    """A person who resolves minutes after asking is put back, and resolves after the deployment."""
    rows = [dict(row) for row in HANDED_OVER]
    for row in rows[-2:]:
        row["sys_updated_at"] = "3/3/2016 09:05"
    rows[2]["sys_updated_at"] = rows[3]["sys_updated_at"] = rows[4]["sys_updated_at"] = "3/3/2016 09:00"
    assert Deck(1).deal() is None, "the one hand-over of this log is to take the straight road"
    report = replay(write_log(tmp_path / "log.csv", [rows]), None, flavour="datacenter", seed=1)
    assert report.zeros_hold
    assert value(report, "put back (incidents)") == "1"
    assert value(report, "resolves tried again after the fix") == "1"
    assert value(report, "held at the end") == "0"


def test_a_log_without_hand_overs_costs_the_polls_only(tmp_path: Path) -> None:
    """Incidents that nobody hands over cost three requests a look and are left alone."""
    report = replay(write_log(tmp_path / "log.csv", [PLAIN]), None, flavour="cloud")
    assert report.zeros_hold
    assert value(report, "linked") == "0"
    assert float(value(report, "requests for each of the floor")) < 2


def test_progress_reaches_everything_that_was_planned(tmp_path: Path) -> None:
    """Whoever watches is told how much is done of how much, up to the end."""
    told: list[tuple[int, int]] = []
    replay(
        write_log(tmp_path / "log.csv"),
        None,
        flavour="cloud",
        progress=lambda done, planned: told.append((done, planned)),
    )
    assert told[-1][0] == told[-1][1]
    assert all(done <= planned for done, planned in told)


@needs_data
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_first_real_incidents_end_with_zeros(flavour: Flavour) -> None:
    """The first incidents of a real log, with real issues' lives, end with zeros."""
    report = replay(REAL_LOG, REAL_ISSUES, flavour=flavour, limit=40)
    assert [(zero.name, zero.count, zero.examples) for zero in report.zeros if zero.count] == []
    assert value(report, "linked") != "0"


@needs_data
@pytest.mark.deep
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_month_s_first_incidents_end_with_zeros(flavour: Flavour) -> None:
    """The first five hundred incidents of a real log, with every side road that so many take, end with zeros."""
    report = replay(REAL_LOG, REAL_ISSUES, flavour=flavour, limit=500)
    assert [(zero.name, zero.count, zero.examples) for zero in report.zeros if zero.count] == []


@needs_data
@pytest.mark.whole
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_whole_real_log_ends_with_zeros(flavour: Flavour) -> None:
    """Every event of a real log: 368 hand-overs, all zeros."""
    report = replay(REAL_LOG, REAL_ISSUES, flavour=flavour)
    assert [(zero.name, zero.count, zero.examples) for zero in report.zeros if zero.count] == []
    assert value(report, "linked") == value(report, "hand-overs, counted independently") == "368"
