"""The shape of ``bridge.yaml``: what an administrator may write, and nothing that does nothing."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bridge.rules.durations import Lag, Patience, Rhythm
from bridge.rules.face import Name, Shape, Text
from bridge.settings.places import Address, ConfigPath, LinkTemplate, StateUrl
from bridge.settings.secret import SecretRef

_PAIR_PATTERN = r"^[a-z0-9_-]{1,32}$"


def _time_of_day(value: Any) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value) is None:
        raise ValueError('a time of day like "03:00" is expected here')
    return time.fromisoformat(value)


def _pair_name(value: str) -> str:
    if re.fullmatch(_PAIR_PATTERN, value) is None:
        raise ValueError("a pair's name has lower-case letters, digits, - and _ only, at most 32")
    return value


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _email(value: str) -> str:
    if re.fullmatch(r"[^@\s]+@[^@\s]+", value) is None:
        raise ValueError(
            "an e-mail address is expected here; on Data Center give a username, or only a token"
        )
    return value


TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
PairName = Annotated[
    str, AfterValidator(_pair_name), WithJsonSchema({"type": "string", "pattern": _PAIR_PATTERN})
]
Files = Annotated[
    tuple[ConfigPath, ...],
    BeforeValidator(_several),
    Field(min_length=1),
    WithJsonSchema({"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}),
]


class Schedule(Shape):
    """When the bridge looks."""

    poll: Rhythm = Field(default=timedelta(seconds=30), description="How often it asks what changed.")
    overlap: Lag = Field(
        default=timedelta(minutes=2),
        description="How far each look reaches back behind the last one, for clocks and late index entries.",
    )
    resync: TimeOfDay = Field(
        default=time(3, 0), description="When everything that is linked is compared anew, local time of day."
    )


class Logs(Shape):
    """What the process tells of itself."""

    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, else json."
    )
    level: Literal["debug", "info", "warning", "error"] = "info"


class Web(Shape):
    """Health, readiness and metrics over HTTP."""

    host: Text = Field(default="127.0.0.1", description="The address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(description="The port; 0 takes a free one.")
    everybody: bool = Field(
        default=False, description="Whether others than this machine may ask, as in a container."
    )

    @model_validator(mode="after")
    def _guarded(self) -> Web:
        if not self.everybody and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(
                "the pages have no log-in: listen on 127.0.0.1, or say everybody: true where the network is guarded"
            )
        return self


class Alive(Shape):
    """An address that is called as long as the bridge makes progress, so that its silence is noticed."""

    url: Address | None = Field(
        default=None, description="The address of the dead man's switch; it is asked with GET."
    )
    url_in: SecretRef | None = Field(
        default=None, description="Where the address is found, if whoever knows it could call it, too."
    )
    every: Rhythm = Field(default=timedelta(minutes=1), description="How often it is called.")
    ca_bundle: ConfigPath | None = Field(
        default=None, description="Certificates to trust instead of the delivered ones, as a PEM file."
    )
    proxy: Address | None = Field(default=None, description="The proxy on the way to it.")

    @model_validator(mode="after")
    def _one_address(self) -> Alive:
        if (self.url is None) == (self.url_in is None):
            raise ValueError("give either url or url_in")
        return self


class Connection(Shape):
    """How a server is reached."""

    url: Address = Field(description="The address of the server, without credentials.")
    ca_bundle: ConfigPath | None = Field(
        default=None, description="Certificates to trust instead of the delivered ones, as a PEM file."
    )
    proxy: Address | None = Field(default=None, description="The proxy on the way to this server.")
    proxy_login: SecretRef | None = Field(
        default=None, description="Where name:password for the proxy is found, if it wants one."
    )
    bridges: tuple[Text, ...] = Field(
        default=(),
        description="Further accounts whose marks are believed: earlier ones of this bridge, those of other bridges.",
    )
    timeout: Patience = Field(
        default=timedelta(seconds=60), description="How long one call may take altogether."
    )
    ask_again: Rhythm = Field(
        default=timedelta(seconds=30),
        description="How long the server is left alone, once it does not answer, before it is asked again.",
    )

    @model_validator(mode="after")
    def _proxy_first(self) -> Connection:
        if self.proxy_login is not None and self.proxy is None:
            raise ValueError("proxy_login belongs to a proxy: name it, too")
        return self


class Desk(Connection):
    """A service desk, where incidents live."""

    connector: Literal["remedy"]
    username: Text = Field(description="The bridge's own account; nobody else may log in with it.")
    password: SecretRef
    ticket_field: Text = Field(
        default="Vendor Ticket Number", description="The incident's field for the ticket's key."
    )
    web_url: LinkTemplate | None = Field(
        default=None, description="The address under which people open an incident, with {number} in it."
    )


class Tracker(Connection):
    """An issue tracker, where tickets live.

    Cloud: e-mail and API token.  Data Center: a personal access token alone, or a username with its password.
    """

    connector: Literal["jira"]
    email: Annotated[str, AfterValidator(_email)] | None = Field(
        default=None, description="The account of the API token; Cloud only."
    )
    username: Text | None = Field(default=None, description="For basic authentication on Data Center.")
    token: SecretRef = Field(description="The API token, the personal access token, or the password.")
    search_grace: Lag | None = Field(
        default=None,
        description="How long the search may not show a new ticket; else 10m on Cloud, 2m on Data Center.",
    )

    @model_validator(mode="after")
    def _one_account(self) -> Tracker:
        if self.email is not None and self.username is not None:
            raise ValueError("give either email (Cloud) or username (Data Center)")
        return self


class PairShape(Shape):
    """A desk and a tracker that are joined by rules."""

    name: PairName = Field(description="Stays the same for life: links and marks know their pair by it.")
    desk: Text
    tracker: Text
    rules: Files = Field(description="Rules files, tried in this order.")


class SettingsFile(Shape):
    """``bridge.yaml``."""

    state: StateUrl = Field(description="Where the bridge keeps what it knows: sqlite:///bridge.db.")
    language: Literal["en", "ru", "uk"] = Field(default="en", description="The language of the notes.")
    schedule: Schedule = Schedule()
    texts: ConfigPath | None = Field(default=None, description="A folder with texts of your own.")
    logs: Logs = Logs()
    web: Web | None = Field(
        default=None, description="Health, readiness and metrics; left out, none are served."
    )
    alive: Alive | None = Field(default=None, description="A dead man's switch; left out, nothing is called.")
    desks: Annotated[dict[Name, Desk], Field(min_length=1)]
    trackers: Annotated[dict[Name, Tracker], Field(min_length=1)]
    pairs: Annotated[tuple[PairShape, ...], Field(min_length=1)]
