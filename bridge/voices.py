"""Where texts come from: the package's defaults, and a site's own beside its configuration."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml

from bridge.decide.voice import Voice, compile_voice
from bridge.model.errors import ConfigError


def voice_of(language: str, overrides: Path | None = None) -> Voice:
    """Return the texts of a language, single ones replaced by ``<overrides>/<language>.yaml`` where that exists.

    ``ConfigError`` names the file and what is wrong with it.
    """
    package = resources.files("bridge.texts").joinpath(f"{language}.yaml")
    texts = yaml.load(package.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    own = overrides / f"{language}.yaml" if overrides else None
    if own is not None and own.exists():
        texts |= _own_texts(own)
    try:
        return compile_voice(language, texts)
    except ValueError as error:
        raise ConfigError(
            f"the texts in {own or language} cannot be used",
            why=str(error),
            next_step="correct that text; the defaults in the package show every name and variable",
        ) from error


def _own_texts(path: Path) -> dict[str, str]:
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{path} cannot be read", why=str(error), next_step="correct or remove the file"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ConfigError(
            f"{path} is no list of texts",
            why="it must map names to texts",
            next_step="see the guide to texts",
        )
    return found
