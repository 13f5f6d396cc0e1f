"""``bridge held``: every incident that waits, with whom, since when, and what comes next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from bridge.app import App, build
from bridge.cli.setting import settings_of
from bridge.cli.speech import console, plain, print_json, spoken
from bridge.decide.explain import explain
from bridge.engine.observe import Observer
from bridge.state.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One waiting incident."""

    pair: str
    incident: str
    priority: str
    tickets: str
    stage: str
    with_whom: str
    next_step: str
    since: datetime | None
    flags: str


@spoken
def held_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the incidents that are held, the longest waiting first, with who acts next.  Asks no server."""
    settings = settings_of(context)
    with Store.scratch(settings.state) as store, build(settings, store, os.environ) as app:
        rows = sorted(_rows(app), key=lambda row: (row.since is None, row.since, row.incident))
    if as_json:
        print_json(rows)
        return
    if not rows:
        console().print("Nothing is held.")
        return
    table = Table("incident", "priority", "tickets", "stage", "since", "with", "next", "needs a person")
    for row in rows:
        since = row.since.strftime("%Y-%m-%d %H:%M") if row.since else "—"
        cells = (row.incident, row.priority, row.tickets, row.stage, since)
        table.add_row(*cells, plain(row.with_whom), plain(row.next_step), plain(row.flags) or "—")
    console().print(table)
    console().print(f"{len(rows)} held.")


def _rows(app: App) -> list[Held]:
    rows = []
    for name, one in app.reconcilers.items():
        with app.store.reading() as tx:
            numbers = [found.dossier.incident for found in tx.dossiers.each(name, held=True)]
        observer = Observer(pair=one.pair, store=app.store)
        for number in numbers:
            seen = observer.take(number)
            if seen is None:
                continue
            told = explain(seen, one.pair.rules, one.pair.voice, one.pair.clock())
            rows.append(
                Held(
                    pair=name,
                    incident=number,
                    priority=seen.incident.priority,
                    tickets=", ".join(told.tickets),
                    stage=told.stage,
                    with_whom=told.ball,
                    next_step=told.next_step,
                    since=seen.dossier.links[0].linked_at if seen.dossier.links else None,
                    flags="; ".join(f"{flag.what.replace('_', ' ')}: {flag.detail}" for flag in told.flags),
                )
            )
    return rows
