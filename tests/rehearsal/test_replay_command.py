"""``bridge replay`` on the command line: its table, its JSON, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bridge.cli.replay import replay_command
from tests.rehearsal.small_log import HANDED_OVER, write_issues, write_log


@pytest.fixture
def app() -> typer.Typer:
    """An application with this one command."""
    app = typer.Typer()
    app.command()(replay_command)
    return app


def test_the_table_ends_with_the_zeros(app: typer.Typer, tmp_path: Path) -> None:
    """A person reads the table, and the exit code is 0."""
    log = write_log(tmp_path / "log.csv", [HANDED_OVER])
    issues = write_issues(tmp_path / "issues.jsonl")
    result = CliRunner().invoke(app, [str(log), "--tickets", str(issues), "--flavour", "datacenter"])
    assert result.exit_code == 0
    assert "incidents resolved with an unverified fix" in result.stdout
    assert "All zeros hold." in result.stdout


def test_json_is_json_and_nothing_else(app: typer.Typer, tmp_path: Path) -> None:
    """A program reads the same as JSON."""
    log = write_log(tmp_path / "log.csv")
    result = CliRunner().invoke(app, [str(log), "--json", "--limit", "2", "--seed", "5"])
    found = json.loads(result.stdout)
    assert found["zeros_hold"] is True
    assert {"section": "log", "name": "incidents seen", "value": "2"} in found["lines"]
    assert all(zero["count"] == 0 for zero in found["zeros"])


def test_a_zero_that_does_not_hold_is_the_exit_code(app: typer.Typer, tmp_path: Path) -> None:
    """An incident that nobody ever resolves is no zero: the exit code is 1 and the incident is named."""
    rows = [row for row in HANDED_OVER if row["incident_state"] not in ("Resolved", "Closed")]
    result = CliRunner().invoke(app, [str(write_log(tmp_path / "log.csv", [rows]))])
    assert result.exit_code == 1
    assert "INC2" in result.stdout


def test_a_file_that_is_not_there_is_told(app: typer.Typer, tmp_path: Path) -> None:
    """A missing log is a configuration failure, without a traceback."""
    result = CliRunner().invoke(app, [str(tmp_path / "nothing.csv")])
    assert result.exit_code == 78
