"""``bridge replay``: a real incident log between two simulated servers, and the table of what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from bridge import logs
from bridge.cli.speech import FAILED, OK, Language, console, print_json, spoken
from bridge.rehearsal.replay import replay
from bridge.rehearsal.report import Report
from bridge.rehearsal.world import Flavour


@spoken
def replay_command(
    log: Annotated[Path, typer.Argument(help="The incident log: CSV, packed by gzip or not.")],
    flavour: Annotated[Flavour, typer.Option(help="Which Jira is simulated.")] = "cloud",
    tickets: Annotated[
        Path | None,
        typer.Option(help="Real Jira issues with their comments, one JSON a line; else a few plain ones."),
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option(help="How the log's columns become Remedy's fields (YAML); else ServiceNow's."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the incidents that occur first.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same replay.")] = 1,
    language: Annotated[Language, typer.Option(help="The language of the notes.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay a real incident log against simulated servers.

    Counts what must be zero and touches no real server. Exits with 0 where every zero holds, else with 1.
    """
    logs.set_up(level="ERROR")
    with _bar() as progress:
        report = replay(
            log,
            tickets,
            flavour=flavour,
            columns=columns,
            limit=limit,
            seed=seed,
            progress=progress,
            language=language,
        )
    if as_json:
        print_json({**asdict(report), "zeros_hold": report.zeros_hold})
    else:
        _tell(report, console())
    raise typer.Exit(OK if report.zeros_hold else FAILED)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show how far it is and an estimate of the time left, where a person watches."""
    shown = Progress(
        TextColumn("replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with shown:
        task = shown.add_task("replaying", total=None)
        yield lambda done, planned: shown.update(task, completed=done, total=planned)


def _tell(report: Report, out: Console) -> None:
    out.print(_table(report))
    for zero in report.zeros:
        if zero.count:
            out.print(f"Not zero: {zero.name}: {', '.join(zero.examples)}", markup=False)
    for surprise in report.surprises:
        out.print(f"Surprise: {surprise}", markup=False)
    out.print("All zeros hold." if report.zeros_hold else "Not all zeros hold.")


def _table(report: Report) -> Table:
    table = Table(title="Replay", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for section, lines in groupby(report.lines, key=lambda line: line.section):
        table.add_section()
        table.add_row(section.upper(), "", style="bold")
        for line in lines:
            table.add_row(line.name, line.value)
    return table
