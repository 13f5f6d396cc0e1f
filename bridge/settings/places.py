"""Paths and addresses in the configuration, checked without ever repeating them in an error.

A relative path is relative to the folder of the file that names it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

_SQLITE = "sqlite:///"
_STATE = "the state is a file: sqlite:///name.db beside this file, or sqlite:////var/lib/bridge/bridge.db"


def _from_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("directory", Path())
    return Path(folder) / path


def _state(url: str, info: ValidationInfo) -> str:
    path = url.removeprefix(_SQLITE)
    if path == url or not path.strip("/") or path.startswith(":") or "?" in path or path.endswith("/"):
        raise ValueError(_STATE)
    return f"{_SQLITE}{_from_folder(Path(path), info).absolute()}"


def _address(url: str) -> str:
    parts = _parts(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "no credentials in an address: name the account and the secret under keys of their own"
        )
    if parts.query or parts.fragment:
        raise ValueError("an address ends before ? and #")
    return url.rstrip("/")


def _parts(url: str) -> SplitResult:
    wrong = "an address like https://itsm.example.com:8443 is expected here"
    if any(char.isspace() or not char.isprintable() for char in url):
        raise ValueError(wrong)
    try:
        parts = urlsplit(url)
        usable = parts.port != 0 and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(wrong)
    return parts


def _link(template: str) -> str:
    parts = _parts(template.replace("{number}", "INC1"))
    if "{number}" not in template or parts.username is not None:
        raise ValueError("an address with {number} in it is expected here, and no credentials")
    return template


#: A path; relative ones lead from the folder of the configuration file.
ConfigPath = Annotated[Path, AfterValidator(_from_folder), WithJsonSchema({"type": "string", "minLength": 1})]
#: Where the state lives: an absolute ``sqlite:///`` URL once it is loaded.
StateUrl = Annotated[
    str, AfterValidator(_state), WithJsonSchema({"type": "string", "pattern": "^sqlite:///[^:?]+$"})
]
#: The address of a server, without credentials, query and trailing slash.
Address = Annotated[
    str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": "^https?://[^@?#]+$"})
]
#: An address with ``{number}`` where the incident's number stands.
LinkTemplate = Annotated[
    str, AfterValidator(_link), WithJsonSchema({"type": "string", "pattern": "^https?://.*[{]number[}]"})
]
