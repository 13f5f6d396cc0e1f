"""What every command shares: the configuration named by ``-c``, ``BRIDGE_CONFIG`` or the default path."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from bridge import logs
from bridge.model.errors import ConfigError
from bridge.settings import Settings, config_path, load_settings


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
            if option is None
            else "the file does not exist",
            next_step="name it with `bridge -c FILE ...`, or copy the example in config/",
        )
    settings = load_settings(path)
    secrets = settings.known_secrets(os.environ)
    level = "warning" if quiet and settings.logs.level == "info" else settings.logs.level
    logs.set_up(form=settings.logs.format, level=level, secrets=lambda: secrets)
    return settings
