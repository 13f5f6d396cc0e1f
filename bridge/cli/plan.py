"""``bridge plan``: what the next look would do, writing nothing anywhere."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from bridge.app import build
from bridge.cli.setting import settings_of
from bridge.cli.speech import CHANGES, console, plain, print_json, spoken, tell_failure
from bridge.decide.guard import Limits
from bridge.state.journal import Effect
from bridge.state.store import Store


@spoken
def plan_command(
    context: typer.Context,
    incident: Annotated[str | None, typer.Argument(metavar="INC…", help="Only this incident.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there is something to do.")
    ] = False,
) -> None:
    """Show what the next look would do.  Both sides are read; nothing is written to them or to the state.

    For each incident the first step is shown: a ticket is opened before anything else is decided about it.
    """
    settings = settings_of(context)
    with Store.scratch(settings.state) as store:
        with build(settings, store, os.environ, limits=Limits(read_only=True)) as app:
            summaries = {name: one.cycle() for name, one in app.reconcilers.items()}
        planned = {
            name: [effect for effect in summary.withheld if incident in (None, effect.key.split("/")[0])]
            for name, summary in summaries.items()
        }
    if as_json:
        print_json({name: [_row(action) for action in actions] for name, actions in planned.items()})
    else:
        _tell(planned)
    for summary in summaries.values():
        for error in summary.down.values():
            tell_failure(error)
    if detailed_exitcode and any(planned.values()):
        raise typer.Exit(CHANGES)
