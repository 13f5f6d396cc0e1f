"""Calls the dead man's switch; never follows it elsewhere, and tells nobody more of its address than the host."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
import structlog

from bridge.model.errors import ConfigError
from bridge.settings import read_secret
from bridge.settings.shape import Alive

log = structlog.get_logger()

#: How long it may take to answer, in seconds.
PATIENCE = 10.0
_NEXT = (
    "try the switch's address from this machine, and look at alive in bridge.yaml; the bridge itself goes on"
)


def ping(alive: Alive, environ: Mapping[str, str]) -> None:
    """Call the switch once; what goes wrong is logged, and nothing is raised."""
    try:
        url = alive.url or (read_secret(alive.url_in, environ).reveal() if alive.url_in else "")
    except ConfigError as error:
        log.warning("alive_not_heard", host="", why=error.what, next=error.next_step)
        return
    why = _called(url, alive)
    if why:
        log.warning("alive_not_heard", host=_host(url), why=why, next=_NEXT)


def _called(url: str, alive: Alive) -> str:
    """Return what went wrong, empty where nothing did."""
    with requests.Session() as session:
        # The same rule as for the servers: no .netrc, proxy or certificates of the surroundings.
        session.trust_env = False
        proxies = {"http": alive.proxy, "https": alive.proxy} if alive.proxy else {}
        try:
            # What it says is not read: an answer without an end must not keep the next calls.
            answer = session.get(
                url,
                timeout=PATIENCE,
                allow_redirects=False,
                stream=True,
                proxies=proxies,
                verify=str(alive.ca_bundle) if alive.ca_bundle else True,
            )
        except (requests.RequestException, OSError, ValueError) as error:
            return type(error).__name__
        return "" if answer.status_code < 300 else f"it answered {answer.status_code}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
