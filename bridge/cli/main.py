"""``bridge``: the command line."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Protocol, cast

import typer
from typer.core import TyperCommand, TyperGroup

from bridge import __version__
from bridge.cli.speech import FAILED, OK, USAGE

#: Where each command is, in the order of the help: its module here, and its function or its group of commands.
_PLACES = {
    "run": ("run", "run_command"),
    "once": ("run", "once_command"),
    "plan": ("plan", "plan_command"),
    "explain": ("explain", "explain_command"),
    "status": ("status", "status_command"),
    "held": ("held", "held_command"),
    "dead": ("dead", "app"),
    "state": ("state", "app"),
    "approve": ("approve", "approve_command"),
    "audit": ("audit", "audit_command"),
    "check": ("check", "check_command"),
    "test": ("rule_tests", "rule_tests_command"),
    "simulate": ("simulate", "simulate_command"),
    "demo": ("demo", "demo_command"),
    "replay": ("replay", "replay_command"),
}
_Command = TyperCommand | TyperGroup


class _Commands(Mapping[str, _Command]):
    """Every command by its name, imported when it is asked for: most need only a part of the bridge, and start sooner."""

    def __getitem__(self, name: str) -> _Command:
        module, member = _PLACES[name]
        what = getattr(_imported(f"bridge.cli.{module}"), member)
        if isinstance(what, typer.Typer):
            return typer.main.get_group(what)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name)(what)
        return cast(_Command, typer.main.get_command(alone))

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


def _imported(module: str) -> Any:
    """Import a module without looking for garbage meanwhile: what is imported stays, and the search takes a fifth of it."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()


class _Bridge(TyperGroup):
    """The command line, whose commands are imported when they are asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(MutableMapping[str, Any], _Commands())

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the shape is not ours
        """Return the names of all commands, importing none."""
        return list(_PLACES)


app = typer.Typer(
    name="bridge",
    cls=_Bridge,
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


class _Telling(Protocol):
    """What every complaint of the command line can do, though its public base class does not say so."""

    def show(self) -> None:
        """Print what is wrong and how to get help."""


def run_app() -> int:
    """Run the command line and return its exit code."""
    try:
        return app(standalone_mode=False) or OK
    except typer.Abort:
        return FAILED
    except typer.TyperException as wrong:
        cast(_Telling, wrong).show()
        return USAGE


def main() -> None:
    """Enter from the shell."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character shows its number; half a surrogate pair is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_app())
