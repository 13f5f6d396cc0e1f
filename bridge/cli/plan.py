"""``bridge plan``: what the next look would do, writing nothing anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from bridge.app import build
from bridge.cli.setting import settings_of
from bridge.cli.speech import CHANGES, TRY_AGAIN, console, plain, print_json, spoken, tell_failure
from bridge.decide.guard import Limits
from bridge.engine.reconcile import Summary
from bridge.model.actions import Action
from bridge.state.store import Store

#: How an action looks in a plan: a new thing, or a changed one.
SIGNS = {"create_ticket": "+", "add_ticket_note": "+", "add_incident_note": "+"}


@spoken
def plan_command(
    context: typer.Context,
    incident: Annotated[str | None, typer.Argument(metavar="[INC…]", help="Only this incident.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there is something to do.")
    ] = False,
) -> None:
    """Show what the next look would do.  Both sides are read; nothing is written to them or to the state.

    For each incident its next step is shown: a ticket is opened before anything else is decided about it.
    """
    settings = settings_of(context)
    with (
        Store.scratch(settings.state) as store,
        build(settings, store, os.environ, limits=Limits(read_only=True)) as app,
    ):
        summaries = {name: one.cycle() for name, one in app.reconcilers.items()}
    planned = {name: _of(summary.withheld, incident) for name, summary in summaries.items()}
    if as_json:
        print_json(planned)
    else:
        _tell(planned)
    _end(summaries.values(), changes=detailed_exitcode and any(planned.values()))


def _of(actions: Iterable[Action], incident: str | None) -> list[Action]:
    return [action for action in actions if incident in (None, action.key.split("/", 1)[0])]


def _tell(planned: Mapping[str, list[Action]]) -> None:
    out = console()
    for name, actions in planned.items():
        if not actions:
            out.print(f"{name}: nothing to do.")
            continue
        out.print(f"[bold]{name}[/]: {len(actions)} to do")
        for action in actions:
            sign = SIGNS.get(action.kind, "~")
            number = action.key.split("/", 1)[0]
            out.print(f"  {sign} {number}  {action.kind}{plain(_detail(action))}")
            out.print(f"      because {plain(action.reason)}")


def _detail(action: Action) -> str:
    values: dict[str, Any] = {
        name: getattr(action, name)
        for name in ("project", "summary", "ticket_key", "to_status", "title")
        if getattr(action, name, "")
    }
    values |= dict(getattr(action, "fields", ()))
    shown = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f": {shown}" if shown else ""


def _end(summaries: Iterable[Summary], *, changes: bool) -> None:
    down = [error for summary in summaries for error in summary.down.values()]
    for error in down:
        tell_failure(error)
    if down:
        raise typer.Exit(TRY_AGAIN)
    if changes:
        raise typer.Exit(CHANGES)
