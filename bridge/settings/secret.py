"""Secrets: written nowhere but where they are kept, read when they are needed, shown never.

No error, representation or log of anything in here holds a secret or a part of one.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bridge.model.errors import ConfigError, LostCredentials
from bridge.rules.face import Shape
from bridge.settings.places import ConfigPath

_SIZE_LIMIT = 64 * 1024
_PLACES = frozenset({"file", "env", "credential"})
#: The same reference as one text, as it is written in other tools.
_IN_ONE = re.compile(r"\$\{(file|env|credential):([^{}]+)\}")
#: Where Docker and Kubernetes put what they hand to one container, by default readable by everybody in it.
_MOUNTS = (Path("/run/secrets"), Path("/var/run/secrets"))
#: The link that Kubernetes swaps, beside the files of a mounted secret, when the secret changes.
_SWAPPED = "..data"
_HOW = (
    "a secret is never written here, only where it is found: "
    "{file: path}, {env: VARIABLE}, or {credential: name} of systemd"
)
_ANEW = "write it anew: one line of UTF-8 text in a plain file"


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


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        with suppress(ValueError):
            return date.fromisoformat(value.strip())
    raise ValueError("a day like 2027-01-31 is expected here")


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2027-01-31"]}),
]


class SecretRef(Shape):
    """Where a secret is found: one of a file, an environment variable, a systemd credential.

    ``${file:path}``, ``${env:NAME}`` and ``${credential:name}`` say the same in one text.
    """

    file: ConfigPath | None = Field(
        default=None, description="A file that only its owner and group may read."
    )
    env: Annotated[str, AfterValidator(_variable)] | None = Field(
        default=None, description="An environment variable."
    )
    credential: Annotated[str, AfterValidator(_credential)] | None = Field(
        default=None, description="A credential that systemd hands over (LoadCredential=)."
    )

    expires: Day | None = Field(
        default=None,
        description="The last day on which it is valid; its end is announced from 30 days before.",
    )

    @model_validator(mode="before")
    @classmethod
    def _reference(cls, data: Any) -> Any:
        # Checked before anything else, so that no message of a later check can repeat a literal secret.
        in_one = _IN_ONE.fullmatch(data.strip()) if isinstance(data, str) else None
        if in_one is not None:
            data = {in_one[1]: in_one[2].strip()}
        if not isinstance(data, dict) or not data.keys() <= _PLACES | {"expires"}:
            raise ValueError(_HOW)
        places = [data[name] for name in data.keys() & _PLACES]
        if len(places) != 1 or not all(isinstance(value, str | Path) and str(value) for value in places):
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
        raise ConfigError(f"the secret in {ref.place} is not one line of text", next_step=_ANEW)
    return Secret(text)


def secret_source(ref: SecretRef, environ: Mapping[str, str]) -> Callable[[], str]:
    """Return what reads the secret anew whenever it is needed, so that a rotated one is used without a restart.

    While the bridge runs a secret that cannot be read is a lost account, which is waited for, and no reason to end.
    """

    def read() -> str:
        try:
            return read_secret(ref, environ).reveal()
        except ConfigError as error:
            raise LostCredentials(error.what, why=error.why, next_step=error.next_step) from None

    return read


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
        raise ConfigError(
            f"the secret file {path} cannot be read",
            why=str(error.strerror),
            next_step="put the file there, and let the bridge's account or its group read it",
        ) from None
    if len(raw) > _SIZE_LIMIT:
        raise ConfigError(f"the secret file {path} is too large for a secret", next_step=_ANEW)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"the secret file {path} is not UTF-8 text", next_step=_ANEW) from None


def _check_access(path: Path) -> None:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise ConfigError(f"the secret file {path} is not a regular file", next_step=_ANEW)
    if mode & stat.S_IWOTH or (mode & stat.S_IROTH and not _handed_over(path)):
        raise ConfigError(
            f"the secret file {path} is open to every account of this machine",
            next_step=f"run chmod 600 {path}, or mount the secret with mode 0400 or 0440",
        )


def _handed_over(path: Path) -> bool:
    """Whether a container platform put the file there for this container alone.

    Docker writes its secrets with mode 0444 and Kubernetes with 0644; who else could read them is inside the same
    container, so that the mode says nothing.  Such a file may be read by everybody, but never written.
    """
    mounted = any(path.absolute().is_relative_to(mount) for mount in _MOUNTS)
    return mounted or (path.parent / _SWAPPED).is_symlink()
