"""``bridge state``: backups, checks, an export, pruning, and finding again what a lost state knew."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bridge.app import App, build
from bridge.cli.audit import not_whole
from bridge.cli.operator import operator
from bridge.cli.setting import require_secrets, settings_of
from bridge.cli.since import since_option
from bridge.cli.speech import console, count, plain, spoken, tell_down
from bridge.engine.poll import Poll
from bridge.engine.recall import Memory, remember_birth
from bridge.model.errors import BridgeError
from bridge.state.audit import Entry
from bridge.state.failures import damaged
from bridge.state.keep import Pruned, export, prune
from bridge.state.store import Store

app = typer.Typer(
    name="state",
    help="Back up, verify, export, prune or rebuild the state.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

#: How far back a rebuild looks for marks where it is not told.
_LOOK_BACK = timedelta(days=365)


@app.command("backup")
@spoken
def backup_command(
    context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file.")]
) -> None:
    """Copy the state into a new file, also while the daemon runs; the copy is checked."""
    settings = settings_of(context)
    with Store.open(settings.state, exclusive=False) as store:
        size = store.back_up(file)
    console().print(
        f"{plain(str(file))}: {size} bytes, whole. To restore: stop the bridge, put it in the state's place."
    )


@app.command("verify")
@spoken
def verify_command(context: typer.Context) -> None:
    """Check the state file and the audit trail for damage; exits with 1 where there is any."""
    settings = settings_of(context)
    with Store.open(settings.state, exclusive=False) as store:
        damage = store.verify()
        if damage:
            raise damaged(store.place, "; ".join(damage[:5]))
        with store.reading() as tx:
            broken = tx.audit.broken()
            rows = sum(1 for _ in export(tx))
    if broken:
        raise not_whole(broken)
    console().print(f"The state is whole: {count(rows, 'row')}.")


@app.command("export")
@spoken
def export_command(context: typer.Context) -> None:
    """Print the whole state as JSON, one row a line; as confidential as the incidents."""
    settings = settings_of(context)
    with Store.open(settings.state, exclusive=False) as store, store.reading() as tx:
        for line in export(tx):
            sys.stdout.write(line + "\n")


@app.command("prune")
@spoken
def prune_command(
    context: typer.Context,
    older_than: Annotated[
        int, typer.Option("--older-than", metavar="DAYS", min=1, help="How long ago they ended, in days.")
    ] = 180,
) -> None:
    """Forget the texts of incidents that ended long ago; what was done stays known."""
    settings = settings_of(context)
    now = datetime.now(UTC)
    with Store.open(settings.state, exclusive=False) as store:
        found = [prune(store, pair.name, now - timedelta(days=older_than)) for pair in settings.pairs]
        _account(store, "state prune", f"older than {older_than} days", now)
    total = Pruned(effects=sum(one.effects for one in found), notes=sum(one.notes for one in found))
    console().print(f"{count(total.effects, 'effect')} and {count(total.notes, 'note')} pruned.")


@app.command("rebuild")
@spoken
def rebuild_command(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        since_option("How far back to look for marks (UTC); else a year."),
    ] = None,
) -> None:
    """Find again what a lost state knew, from the marks in both worlds.

    For a state that never polled, while the daemon is stopped. Reads both sides and writes to neither; what is found
    is not made or said a second time. Without this command the daemon does the same for each incident when it is next
    touched.
    """
    settings = settings_of(context)
    require_secrets(settings)
    now = datetime.now(UTC)
    begin = since or now - _LOOK_BACK
    with (
        Store.open(settings.state, exclusive=True) as store,
        build(settings, store, os.environ, since=begin) as built,
    ):
        _require_new(built)
        found, down = _rebuild(built, begin, now)
        _account(store, "state rebuild", f"since {begin.date()}: {found} found", now)
    console().print(f"{count(found, 'incident')} found again. Next: bridge held, then bridge run.")
    code = tell_down(down)
    if code:
        raise typer.Exit(code)


def _require_new(built: App) -> None:
    with built.store.reading() as tx:
        polled = [name for name in built.reconcilers if tx.agenda.watermark(name, "incidents")]
    if polled:
        raise BridgeError(
            "the state was not lost",
            why=f"it has polled for {', '.join(polled)} already",
            next_step="to begin anew, stop the bridge and move the state file away first",
        )


def _rebuild(built: App, begin: datetime, now: datetime) -> tuple[int, list[BridgeError]]:
    found, down = 0, []
    for one in built.reconcilers.values():
        born = remember_birth(one.pair, built.store, now)
        polled = Poll(pair=one.pair, store=built.store, begin=begin).run()
        down += list(polled.down.values())
        memory = Memory(pair=one.pair, store=built.store, born=born)
        with built.store.reading() as tx:
            numbers = [mark.incident for mark in tx.agenda.dirty(one.pair.name, 1_000_000)]
        if not polled.down:
            found += sum(memory.bring_back(number, {}) for number in numbers)
    return found, down


def _account(store: Store, what: str, words: str, now: datetime) -> None:
    entry = Entry(at=now, who=operator(os.environ), what=what, outcome="done", reason=words)
    with store.transaction() as tx:
        tx.audit.write(entry)
