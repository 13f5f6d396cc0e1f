"""Secrets: written nowhere but where they are kept, read when they are needed, shown never.

No error, representation or log of anything in here holds a secret or a part of one.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from bridge.model.errors import ConfigError
from bridge.rules.face import Shape
from bridge.settings.places import ConfigPath

_SIZE_LIMIT = 64 * 1024
_OTHERS = stat.S_IROTH | stat.S_IWOTH
_HOW = (
    "a secret is never written here, only where it is found: "
    "{file: path}, {env: VARIABLE}, or {credential: name} of systemd"
)


class Secret:
    """A secret text that shows itself to ``reveal`` only."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; for the call that needs it and nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def _variable(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        raise ValueError("the name of an environment variable is expected here")
    return name


def _credential(name: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) is None:
        raise ValueError("the name of a systemd credential is expected here, not a path")
    return name


class SecretRef(Shape):
    """Where a secret is found: one of a file, an environment variable, a systemd credential."""

    file: ConfigPath | None = Field(
        default=None, description="A file that only its owner and group may read."
    )
    env: Annotated[str, AfterValidator(_variable)] | None = Field(
        default=None, description="An environment variable."
    )
    credential: Annotated[str, AfterValidator(_credential)] | None = Field(
        default=None, description="A credential that systemd hands over (LoadCredential=)."
    )

    @model_validator(mode="before")
    @classmethod
    def _reference(cls, data: Any) -> Any:
        # Checked before anything else, so that no message of a later check can repeat a literal secret.
        if not isinstance(data, dict) or len(data) != 1 or not data.keys() <= {"file", "env", "credential"}:
            raise ValueError(_HOW)
        if not all(isinstance(value, str | Path) and str(value) for value in data.values()):
            raise ValueError(_HOW)
        return data

    @property
    def place(self) -> str:
        """The place in words, which is no secret."""
        if self.file is not None:
            return f"the file {self.file}"
        return f"the variable {self.env}" if self.env is not None else f"the credential {self.credential}"


def read_secret(ref: SecretRef, environ: Mapping[str, str]) -> Secret:
    """Return the secret to which ``ref`` points; ``ConfigError`` names the place and what is wrong with it.

    Reads ``CREDENTIALS_DIRECTORY`` of ``environ`` for systemd credentials.
    """
    if ref.env is not None:
        text = environ.get(ref.env, "")
    elif ref.file is not None:
        text = _read(ref.file)
    else:
        text = _read(_credential_file(ref, environ))
    text = text.strip("\r\n")
    if not text.strip():
        raise ConfigError(f"there is no secret in {ref.place}", next_step="put it there and start again")
    if not text.isprintable():
        raise ConfigError(f"the secret in {ref.place} is not one line of text")
    return Secret(text)


def _credential_file(ref: SecretRef, environ: Mapping[str, str]) -> Path:
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise ConfigError(
            f"{ref.place} cannot be read",
            why="the process was not started by systemd with LoadCredential=",
            next_step="add LoadCredential= to the unit, or point to a file",
        )
    return Path(folder) / str(ref.credential)


def _read(path: Path) -> str:
    try:
        _check_access(path)
        with path.open("rb") as stream:
            raw = stream.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"the secret file {path} cannot be read", why=str(error.strerror)) from None
    if len(raw) > _SIZE_LIMIT:
        raise ConfigError(f"the secret file {path} is too large for a secret")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"the secret file {path} is not UTF-8 text") from None


def _check_access(path: Path) -> None:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise ConfigError(f"the secret file {path} is not a regular file")
    if mode & _OTHERS:
        raise ConfigError(
            f"the secret file {path} is open to every account of this machine",
            next_step=f"run chmod 600 {path}, or mount the secret with mode 0400 or 0440",
        )
