"""What every command shares: the configuration named by ``-c``, ``BRIDGE_CONFIG`` or the default path."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import typer

from bridge import logs
from bridge.model.errors import ConfigError
from bridge.settings import Settings, config_path, holdings, load_settings, read_secret


def settings_of(context: typer.Context, *, quiet: bool = True) -> Settings:
    """Load the configuration and set logging up by it; ``ConfigError`` where it cannot be used.

    ``quiet`` is for commands that answer a person: only warnings are logged beside their answer.
    """
    option: Path | None = context.obj
    path = config_path(option, os.environ)
    if not path.exists():
        raise ConfigError(
            f"there is no configuration {path}",
            why="no -c FILE was given, BRIDGE_CONFIG is not set, and the default is not there"
            if option is None and path == config_path(None, {})
            else "the file does not exist",
            next_step="name it with `bridge -c FILE ...`, or copy the example in config/",
        )
    settings = load_settings(path)
    level = "warning" if quiet and settings.logs.level == "info" else settings.logs.level
    logs.set_up(form=settings.logs.format, level=level, secrets=_ever_known(settings))
    return settings


def require_secrets(settings: Settings) -> None:
    """Read every secret once, for commands that ask servers; ``ConfigError`` names the first that is not there."""
    for one in holdings(settings):
        read_secret(one.ref, os.environ)


def state_is_new(settings: Settings) -> bool:
    """Whether there is no state file yet, so that an empty answer may only mean a wrong path."""
    return not settings.state_path.exists()


def _ever_known(settings: Settings) -> Callable[[], tuple[str, ...]]:
    """Return what gives every secret that was ever read, also after one was changed while the process runs."""
    known: set[str] = set()

    def secrets() -> tuple[str, ...]:
        known.update(settings.known_secrets(os.environ))
        return tuple(known)

    return secrets
