"""``bridge held``: every incident that waits, with whom, since when, and what comes next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bridge.app import App, build
from bridge.cli.setting import settings_of, state_is_new
from bridge.cli.speech import ROOMY, console, moment, plain, print_json, spoken
from bridge.decide.explain import explain
from bridge.engine.observe import Observer
from bridge.engine.reconcile import Reconciler
from bridge.state.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One waiting incident."""

    pair: str
    incident: str
    priority: str
    tickets: tuple[str, ...]
    stage: str
    with_whom: str
    next_step: str
    since: datetime | None
    flags: tuple[str, ...]


@spoken
def held_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the incidents that are held.

    The longest waiting comes first, each with who acts next. Asks no server.
    """
    settings = settings_of(context)
    with Store.scratch(settings.state) as store, build(settings, store, os.environ) as app:
        rows = [row for name, one in app.reconcilers.items() for row in _rows(app, name, one)]
    rows.sort(key=lambda row: (row.since is None, row.since, row.incident))
    out = console()
    if as_json:
        print_json(rows)
    elif rows:
        _tell(out, rows)
        out.print(f"{len(rows)} held.")
    elif state_is_new(settings):
        out.print(f"Nothing is held: there is no state file {plain(str(settings.state_path))} yet.")
    else:
        out.print("Nothing is held.")


def _rows(app: App, name: str, one: Reconciler) -> list[Held]:
    with app.store.reading() as tx:
        numbers = [found.dossier.incident for found in tx.dossiers.each(name, held=True)]
    observer = Observer(pair=one.pair, store=app.store)
    rows = (_row(one, observer, number) for number in numbers)
    return [row for row in rows if row is not None]


def _row(one: Reconciler, observer: Observer, number: str) -> Held | None:
    seen = observer.take(number)
    if seen is None:
        return None
    told = explain(seen, one.pair.rules, one.pair.voice, one.pair.clock())
    return Held(
        pair=one.pair.name,
        incident=number,
        priority=seen.incident.priority,
        tickets=told.tickets,
        stage=told.stage,
        with_whom=told.ball,
        next_step=told.next_step,
        since=seen.dossier.links[0].linked_at if seen.dossier.links else None,
        flags=tuple(f"{flag.what.replace('_', ' ')}: {flag.detail}" for flag in told.flags),
    )


def _tell(out: Console, rows: list[Held]) -> None:
    if out.width < ROOMY:
        for row in rows:
            _tell_narrow(out, row)
        return
    table = Table(
        "incident", "priority", "tickets", "stage", "since", "now with", "next", box=None, pad_edge=False
    )
    for row in rows:
        with_whom, next_step = plain(row.with_whom) or "—", plain(row.next_step)
        for flag in row.flags:
            next_step += f"\n[yellow]needs a person:[/] {plain(flag)}"
        table.add_row(*_head(row), moment(row.since), with_whom, next_step)
    out.print(table)


def _head(row: Held) -> tuple[str, ...]:
    return (
        plain(row.incident),
        plain(row.priority) or "—",
        plain(", ".join(row.tickets)) or "—",
        plain(row.stage),
    )


def _tell_narrow(out: Console, row: Held) -> None:
    out.print(f"{'  '.join(_head(row))}  since {moment(row.since)}")
    out.print(f"    now with {plain(row.with_whom) or 'nobody'}: {plain(row.next_step)}")
    for flag in row.flags:
        out.print(f"    [yellow]needs a person:[/] {plain(flag)}")
