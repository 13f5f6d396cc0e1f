"""``bridge``: the command line."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated, Protocol, cast

import typer

from bridge import __version__
from bridge.cli import (
    approve,
    audit,
    check,
    dead,
    demo,
    explain,
    held,
    plan,
    replay,
    rule_tests,
    run,
    simulate,
    speech,
    state,
    status,
)

app = typer.Typer(
    name="bridge",
    help="Join BMC Remedy (Helix ITSM) and Jira: an incident stays open until its linked fix is verified.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 ok, 1 failed, 2 the plan has changes (plan --detailed-exitcode), 64 wrong use, "
    "75 a server cannot be asked now, 78 the configuration cannot be used.",
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "-c",
            "--config",
            metavar="FILE",
            help="The configuration; else BRIDGE_CONFIG, else config/bridge.yaml.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - acted on by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep what every command shares."""
    context.obj = config


app.command("run")(run.run_command)
app.command("once")(run.once_command)
app.command("plan")(plan.plan_command)
app.command("explain")(explain.explain_command)
app.command("status")(status.status_command)
app.command("held")(held.held_command)
app.add_typer(dead.app)
app.add_typer(state.app)
app.command("approve")(approve.approve_command)
app.command("audit")(audit.audit_command)
app.command("check")(check.check_command)
app.command("test")(rule_tests.rule_tests_command)
app.command("simulate")(simulate.simulate_command)
app.command("demo")(demo.demo_command)
app.command("replay")(replay.replay_command)


class _Telling(Protocol):
    """What every complaint of the command line can do, though its public base class does not say so."""

    def show(self) -> None:
        """Print what is wrong and how to get help."""


def run_app() -> int:
    """Run the command line and return its exit code."""
    try:
        return app(standalone_mode=False) or speech.OK
    except typer.Abort:
        return speech.FAILED
    except typer.TyperException as wrong:
        cast(_Telling, wrong).show()
        return speech.USAGE


def main() -> None:
    """Enter from the shell."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character shows its number; half a surrogate pair is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_app())
