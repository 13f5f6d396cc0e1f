"""Reading what a replay is made of: an incident log by its column map, and the lives of Jira issues."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.model.errors import ConfigError
from bridge.rehearsal.count_alone import hand_overs_in
from bridge.rehearsal.incident_log import read_columns, read_log
from bridge.rehearsal.jira_history import read_lives
from bridge.rehearsal.script import script_of
from tests.rehearsal.small_log import (
    HANDED_OVER,
    NOWHERE,
    PLAIN,
    TOO_LATE,
    rows_of,
    write_issues,
    write_log,
)


def test_rows_are_ordered_by_count_not_by_minute(tmp_path: Path) -> None:
    """Rows that share a minute, in any order in the file, come out in the order of their modification count."""
    path = write_log(tmp_path / "log.csv", [list(reversed(PLAIN))])
    (history,) = read_log(path, read_columns(None)).histories
    assert [row.state for row in history.rows] == ["New", "Active", "Resolved", "Closed"]
    assert history.opened_at == datetime(2016, 3, 1, 8, 0, tzinfo=UTC)
    assert history.cause == "code 6"


def test_values_become_remedys_and_missing_ones_are_absent(tmp_path: Path) -> None:
    """Columns become Remedy's fields in Remedy's spelling; a question mark is no value."""
    path = write_log(tmp_path / "log.csv", [NOWHERE])
    row = read_log(path, read_columns(None)).histories[0].rows[0]
    assert row.values["Impact"] == "3-Moderate/Limited"
    assert row.values["Categorization Tier 1"] == "Category 4"
    assert "Product Name" not in row.values
    assert (row.group, row.assignee) == ("", "")


def test_a_bad_state_is_told_and_survived(tmp_path: Path) -> None:
    """A row of a state that nobody knows is left out and counted, the incident's others stay."""
    rows = rows_of(
        "INC9", ("New", "1/3/2016 08:10"), ("-100", "1/3/2016 09:00"), ("Closed", "2/3/2016 09:00")
    )
    log = read_log(write_log(tmp_path / "log.csv", [rows]), read_columns(None))
    assert [row.state for row in log.histories[0].rows] == ["New", "Closed"]
    assert sum(log.left_out.values()) == 1
    assert "-100" in next(iter(log.left_out))


def test_a_limit_keeps_whole_incidents(tmp_path: Path) -> None:
    """The first incidents are kept with all their rows, even where others stand between them."""
    mixed = [row for pair in zip(PLAIN, HANDED_OVER, strict=False) for row in pair]
    log = read_log(write_log(tmp_path / "log.csv", [mixed]), read_columns(None), limit=1)
    assert [history.number for history in log.histories] == ["INC1"]
    assert len(log.histories[0].rows) == len(PLAIN)


def test_packed_logs_are_read(tmp_path: Path) -> None:
    """A log packed by gzip is read like a plain one."""
    plain = write_log(tmp_path / "log.csv")
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_log(packed, read_columns(None)) == read_log(plain, read_columns(None))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A log without a column that the map names is refused with the column's name."""
    path = tmp_path / "log.csv"
    path.write_text("number,incident_state\nINC1,New\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="sys_mod_count"):
        read_log(path, read_columns(None))


def test_a_map_of_ones_own_is_checked(tmp_path: Path) -> None:
    """A column map with an unknown key is refused with the file and the line."""
    path = tmp_path / "map.yaml"
    path.write_text('dates: "%Y"\ncolums: {}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="colums"):
        read_columns(path)


def test_hand_overs_are_counted_alone_as_the_script_has_them(tmp_path: Path) -> None:
    """The independent count finds exactly the incidents for which the script lets somebody ask."""
    columns = read_columns(None)
    path = write_log(tmp_path / "log.csv")
    asked = {
        history.number
        for history in read_log(path, columns).histories
        if any(act.kind == "ask" for act in script_of(history, columns).acts)
    }
    assert hand_overs_in(path, columns) == asked == {"INC2", "INC3", "INC4", "INC5", "INC6"}


def test_a_script_is_what_people_do(tmp_path: Path) -> None:
    """States, reassignments and silent modifications become acts; the cause is used at the resolve only."""
    columns = read_columns(None)
    path = write_log(tmp_path / "log.csv", [HANDED_OVER])
    script = script_of(read_log(path, columns).histories[0], columns)
    assert [act.kind for act in script.acts] == [
        "open", "note", "change", "ask", "note", "change", "resolve", "auto_close",
    ]  # fmt: skip
    moved = dict(script.acts[5].fields)
    assert moved["Assigned Group"] == "Group 2"
    assert moved["Assignee Login ID"] == "resolver.2"
    assert [act.text for act in script.acts if "code 6" in act.text] == ["code 6", "code 6"]


def test_the_wish_comes_at_the_first_sign(tmp_path: Path) -> None:
    """A change request that appears after the resolve is asked for then, not at the incident's first row."""
    columns = read_columns(None)
    path = write_log(tmp_path / "log.csv", [TOO_LATE])
    script = script_of(read_log(path, columns).histories[0], columns)
    assert script.asked_at == datetime(2016, 3, 2, 10, 0, tzinfo=UTC)
    assert script.resolves_at is None


def test_a_closing_that_was_undone_is_left_out(tmp_path: Path) -> None:
    """Remedy cannot reopen a closed incident: the closing before a reopening is left out and counted."""
    columns = read_columns(None)
    path = write_log(tmp_path / "log.csv", [NOWHERE])
    script = script_of(read_log(path, columns).histories[0], columns)
    assert [act.kind for act in script.acts].count("auto_close") == 1
    assert sum(script.adapted.values()) == 1


def test_lives_are_those_of_finished_issues(tmp_path: Path) -> None:
    """Comments keep their bodies and their place in the issue's life; what cannot be used is counted."""
    lives = read_lives(write_issues(tmp_path / "issues.jsonl"))
    assert [life.key for life in lives.lives] == ["AC-1", "AC-2", "AC-3"]
    first = lives.lives[0].remarks
    assert [round(remark.share, 2) for remark in first] == [0.1, 0.2]
    assert "\r\n* one" in first[0].body
    assert lives.left_out == {"comments without a body": 1, "issues that were never finished": 1}
