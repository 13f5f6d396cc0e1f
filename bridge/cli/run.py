"""``bridge run`` and ``bridge once``: the daemon, and a single look."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated, Any

import typer

from bridge.app import build
from bridge.cli.running import Running
from bridge.cli.setting import require_secrets, settings_of
from bridge.cli.since import since_option
from bridge.cli.speech import FAILED, console, failure_json, plain, print_json, spoken, tell_down
from bridge.engine.reconcile import Summary
from bridge.settings import Settings
from bridge.state.store import Store

Since = Annotated[
    datetime | None,
    since_option("Where a state that never polled begins to look (UTC); else an hour ago."),
]


@spoken
def run_command(context: typer.Context, since: Since = None) -> None:
    """Run until SIGTERM or Ctrl-C: poll both sides, decide, act.

    On the first signal a running look is finished, within 10 seconds; a second signal ends at once. SIGHUP reads the
    configuration and the rules anew, and keeps the old ones where they cannot be used.
    """

    def load() -> Settings:
        settings = settings_of(context, quiet=False)
        require_secrets(settings)
        return settings

    settings = load()
    with Store.open(settings.state, exclusive=True) as store:
        running = Running.of(store, settings, load, since)
        with running.pages():
            code = running.daemon.run()
    raise typer.Exit(code)


@spoken
def once_command(
    context: typer.Context,
    since: Since = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look once at every pair, do what is to be done, and end.

    Exits with 75 where a server cannot be asked now, with 1 where an account is refused or an incident could not be
    decided.
    """
    settings = settings_of(context)
    require_secrets(settings)
    with (
        Store.open(settings.state, exclusive=True) as store,
        build(settings, store, os.environ, since=since) as app,
    ):
        summaries = {name: one.cycle() for name, one in app.reconcilers.items()}
    if as_json:
        print_json({name: _as_data(summary) for name, summary in summaries.items()})
    else:
        for name, summary in summaries.items():
            console().print(f"{name}: {plain(summary.sentence)}")
    code = tell_down(error for summary in summaries.values() for error in summary.down.values())
    if code:
        raise typer.Exit(code)
    if any(summary.failed for summary in summaries.values()):
        raise typer.Exit(FAILED)


def _as_data(summary: Summary) -> dict[str, Any]:
    return {
        "looked_at": summary.looked_at,
        "done": summary.done,
        "refused": summary.refused,
        "failed": summary.failed,
        "down": {side: failure_json(error) for side, error in summary.down.items()},
    }
