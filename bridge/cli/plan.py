"""``bridge plan``: what the next look would do, writing nothing anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from bridge.app import build
from bridge.cli.deeds import as_data, deed, details
from bridge.cli.setting import require_secrets, settings_of
from bridge.cli.speech import CHANGES, console, plain, print_json, spoken, tell_down
from bridge.decide.guard import Limits
from bridge.model.actions import Action
from bridge.state.store import Store

#: How an action looks in a plan: a new thing, or a changed one.
SIGNS = {"create_ticket": "+", "add_ticket_note": "+", "add_incident_note": "+"}


@spoken
def plan_command(
    context: typer.Context,
    incident: Annotated[
        str | None, typer.Argument(metavar="INC…", show_default=False, help="Only this incident.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there is something to do.")
    ] = False,
) -> None:
    """Show what the next look would do, and write nothing.

    Both sides are read; neither they nor the state are changed. For each incident its next step is shown: a ticket
    is opened before anything else is decided about it.
    """
    settings = settings_of(context)
    require_secrets(settings)
    with (
        Store.scratch(settings.state) as store,
        build(settings, store, os.environ, limits=Limits(read_only=True)) as app,
    ):
        summaries = {name: one.cycle() for name, one in app.reconcilers.items()}
    planned = {name: _of(summary.withheld, incident) for name, summary in summaries.items()}
    if as_json:
        print_json({name: [as_data(action) for action in actions] for name, actions in planned.items()})
    else:
        _tell(planned, {name for name, summary in summaries.items() if summary.down})
    code = tell_down(error for summary in summaries.values() for error in summary.down.values())
    if code:
        raise typer.Exit(code)
    if detailed_exitcode and any(planned.values()):
        raise typer.Exit(CHANGES)


def _of(actions: Iterable[Action], incident: str | None) -> list[Action]:
    # An incident may be decided more than once in a look; the last decision counts.
    return list({action.key: action for action in actions if incident in (None, _number(action))}.values())


def _number(action: Action) -> str:
    return action.key.split("/", 1)[0]


def _tell(planned: Mapping[str, list[Action]], unseen: Set[str]) -> None:
    out = console()
    for name, actions in planned.items():
        if not actions:
            unknown = "what is to do cannot be told before both sides can be asked."
            out.print(f"{name}: {unknown if name in unseen else 'nothing to do.'}")
            continue
        out.print(f"[bold]{name}[/]: {len(actions)} to do")
        for action in actions:
            _tell_one(out, action)


def _tell_one(out: Console, action: Action) -> None:
    sign = SIGNS.get(action.kind, "~")
    out.print(f"  {sign} {plain(_number(action))}  {plain(deed(action))}")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in details(action):
        table.add_row(plain(name), plain(value))
    table.add_row("because", plain(action.reason))
    out.print(Padding(table, (0, 0, 0, 6), expand=False))
