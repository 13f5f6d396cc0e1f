"""``bridge dead``: what was given up after all its tries; a person replays it or does without it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.deeds import as_data, deed, details
from bridge.cli.operator import operator
from bridge.cli.setting import settings_of, state_is_new
from bridge.cli.speech import console, count, moment, plain, print_json, spoken
from bridge.model.actions import side_of
from bridge.model.errors import BridgeError
from bridge.settings import Settings
from bridge.state.audit import Entry
from bridge.state.journal import Effect
from bridge.state.store import Store, Transaction

app = typer.Typer(
    name="dead",
    help="Show what was given up; replay or drop it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Its number, from `bridge dead list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """One given-up effect as people and programs read it."""

    number: int
    pair: str
    incident: str
    since: datetime | None
    tries: int
    sentence: str
    request: dict[str, Any]
    answer: str


@app.command("list")
@spoken
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List what was given up, the oldest first.

    Later notes of the same incident wait behind it; other incidents do not.
    """
    settings = settings_of(context)
    rows = [] if state_is_new(settings) else _all(settings)
    if as_json:
        print_json(rows)
        return
    out = console()
    for row in rows:
        out.print(f"[bold]{row.number}[/]  {plain(row.incident)}  since {moment(row.since)}")
        out.print(f"    {plain(row.sentence)}")
    if rows:
        out.print(f"{len(rows)} given up. Next: bridge dead show NUMBER, then replay or drop it.")
    else:
        out.print("Nothing was given up.")


@app.command("show")
@spoken
def show_command(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one with the request that was refused and the answer to it."""
    settings = settings_of(context)
    with Store.open(settings.state, exclusive=False) as store, store.reading() as tx:
        found = _dead(tx, number)
    told = _told(found)
    if as_json:
        print_json(told)
    else:
        _tell(console(), told, found)


@app.command("replay")
@spoken
def replay_command(context: typer.Context, number: Number) -> None:
    """Try one again, from its first try on; what waits behind it follows."""
    settings = settings_of(context)
    now = datetime.now(UTC)
    with Store.open(settings.state, exclusive=False) as store, store.transaction() as tx:
        found = _dead(tx, number)
        tx.journal.replay(number, now)
        _account(tx, found, "replay", "pending again", "", now)
    console().print(
        f"{plain(found.incident)}: it is tried again with the next look. "
        f"Next: bridge explain {plain(found.incident)}"
    )


@app.command("drop")
@spoken
def drop_command(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why it is not needed; goes into the audit trail.")],
) -> None:
    """Do without one for good; what waits behind it follows."""
    if not reason.strip():
        raise BridgeError(
            "nothing was dropped",
            why="the reason is empty",
            next_step='say why it is not needed: --reason "..."',
        )
    settings = settings_of(context)
    now = datetime.now(UTC)
    with Store.open(settings.state, exclusive=False) as store, store.transaction() as tx:
        found = _dead(tx, number)
        words = f"dropped by {operator(os.environ)}: {reason.strip()} (the last answer was: {found.error})"
        tx.journal.forgo(number, words, now)
        _account(tx, found, "drop", "dropped", reason.strip(), now)
    console().print(
        f"{plain(found.incident)}: it will not be done. Next: bridge explain {plain(found.incident)}"
    )


def _all(settings: Settings) -> list[Dead]:
    with Store.scratch(settings.state) as store, store.reading() as tx:
        found = [effect for pair in settings.pairs for effect in _of_pair(tx, pair.name)]
    return sorted(map(_told, found), key=lambda row: row.number)


def _of_pair(tx: Transaction, pair: str) -> tuple[Effect, ...]:
    return tx.journal.effects(pair, state="dead", limit=tx.journal.counts(pair)["dead"])


def _dead(tx: Transaction, number: int) -> Effect:
    found = tx.journal.numbered(number)
    if found is None or found.state != "dead":
        raise BridgeError(
            f"number {number} is not among what was given up",
            why="there is no such effect" if found is None else f"it is {found.state}",
            next_step="see the numbers with: bridge dead list",
        )
    return found


def _told(effect: Effect) -> Dead:
    side = "Remedy" if side_of(effect.action) == "desk" else "Jira"
    tries = count(effect.attempts, "try").replace("trys", "tries")
    return Dead(
        number=effect.id,
        pair=effect.pair,
        incident=effect.incident,
        since=effect.finished_at,
        tries=effect.attempts,
        sentence=f"The bridge could not {deed(effect.action)} after {tries}; {side} said: {effect.error}",
        request=as_data(effect.action),
        answer=effect.error,
    )


def _tell(out: Console, told: Dead, effect: Effect) -> None:
    out.print(f"[bold]{told.number}[/]  {plain(told.incident)}, pair {told.pair}")
    out.print(plain(told.sentence))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("why", plain(effect.action.reason))
    table.add_row("key", plain(effect.key))
    table.add_row("tries", f"{told.tries}, the last {moment(effect.started_at)}")
    for name, value in details(effect.action):
        table.add_row(plain(name), plain(value))
    table.add_row("answer", plain(told.answer))
    out.print(table)
    out.print(f'Next: bridge dead replay {told.number}, or: bridge dead drop {told.number} --reason "..."')


def _account(tx: Transaction, effect: Effect, what: str, outcome: str, words: str, now: datetime) -> None:
    tx.agenda.mark_dirty(effect.pair, [effect.incident], f"an operator decided: {what}", now)
    tx.audit.write(
        Entry(
            at=now,
            who=operator(os.environ),
            what=f"dead {what}",
            outcome=outcome,
            pair=effect.pair,
            incident=effect.incident,
            reason=words,
            before={"state": "dead", "answer": effect.error},
            request=effect.key,
        )
    )
