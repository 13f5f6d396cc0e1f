"""What an answer of Jira means: done, refused, gone, busy, or a caller that Jira did not recognise.

Judged by status and headers only, since Cloud writes its messages in the account's language.  The server's
own words are passed on to people, never parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import requests

from bridge.connectors.http import Wire
from bridge.connectors.signs import is_page, retry_after
from bridge.model.errors import BridgeError, Busy, Gone, LostCredentials, Refused, Unreachable

_LONGEST = 500
_CREDENTIALS = (
    "check the account and its token (Cloud tokens end after a year at most; "
    "after failed log-ins Jira may want a CAPTCHA solved in a browser)"
)
_NEXT = {
    403: "give the bridge's account this permission in the project",
    404: "if it exists, let the bridge's account see it",
    405: "check the configured address: this server does not know the call",
    410: "this call was removed from Jira; a newer bridge is needed",
    413: "the ticket has reached one of Jira's limits; go on in another ticket",
    415: "check what stands between the bridge and Jira: it changed the request",
}
#: Statuses that an anonymous caller of Cloud may get in place of 401 (measured on Cloud sites).
_ANONYMOUS = frozenset({400, 401, 403, 404})
#: The server did not take the request, or somebody else was writing: nothing was done, later may help.
_LATER = frozenset({408, 409, 425})
_CONFLICT_REST = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: in a word, whether it writes, reads one issue or asks who we are; of which product."""

    kind: str
    write: bool
    one_issue: bool
    about_us: bool
    cloud: bool | None


def judge(wire: Wire, response: requests.Response, asked: Asked) -> None:
    """Return where the answer may be believed, else raise what it means."""
    _recognised(wire, response, asked)
    if response.ok:
        return
    if response.status_code >= 500:
        wire.broken(asked.kind, _status(response), write=asked.write)
    if is_page(response):
        _blocked(wire, response, asked)
    raise _refusal(wire, response, asked)


def names_caller(response: requests.Response) -> bool:
    """Whether the answer itself names the account that it was given to."""
    names = (response.headers.get("X-AAccountId"), response.headers.get("X-AUSERNAME"))
    return any(name and name != "anonymous" for name in names)


def words(response: requests.Response) -> str:
    """Return what Jira says in its error body, field names included; empty where it says nothing."""
    try:
        body: Any = response.json()
    except ValueError:
        return "" if is_page(response) else " ".join(response.text.split())[:_LONGEST]
    said = _said(body) if isinstance(body, dict) else []
    return "; ".join(dict.fromkeys(said))[:_LONGEST]


def refused_field(error: BridgeError, field: str) -> bool:
    """Whether a refusal names the field (its id, which is not translated)."""
    return f"{field}: " in error.why


def _said(body: dict[str, Any]) -> list[str]:
    messages = body.get("errorMessages")
    said = [str(text) for text in messages if text] if isinstance(messages, list) else []
    fields = body.get("errors")
    if isinstance(fields, dict):
        said += [f"{name}: {text}" for name, text in fields.items()]
    if not said:
        said = [
            str(body[name])
            for name in ("message", "errorMessage", "detail", "title", "error")
            if body.get(name)
        ]
    return [" ".join(text.split()) for text in said]


def _recognised(wire: Wire, response: requests.Response, asked: Asked) -> None:
    """Raise ``LostCredentials`` where Jira did not recognise the account, however it says so."""
    reasons = response.headers.get("X-Seraph-LoginReason", "OK")
    if any(reason.strip() != "OK" for reason in reasons.split(",")):
        _lost(wire, asked, reasons)
    if response.headers.get("X-Authentication-Denied-Reason"):
        _lost(wire, asked, response.headers["X-Authentication-Denied-Reason"].split(";")[0])
    status = response.status_code
    if status == 401 and not (asked.one_issue and names_caller(response)):
        _lost(wire, asked, "it answered 401")
    if response.headers.get("X-AUSERNAME") == "anonymous" and not asked.write:
        _lost(wire, asked, "it took the bridge for an anonymous visitor")
    believed = response.ok and asked.write
    if asked.cloud and not believed and not names_caller(response) and (response.ok or status in _ANONYMOUS):
        # Cloud answers a broken token as if nobody had logged in: an empty page, or 404.
        _lost(wire, asked, f"it answered {status} without naming the account")


def _lost(wire: Wire, asked: Asked, why: str) -> NoReturn:
    raise LostCredentials(
        wire.hide(f"{wire.system}: {asked.kind} was not answered to the bridge's account"),
        why=wire.hide(why),
        next_step=_CREDENTIALS,
    )


def _blocked(wire: Wire, response: requests.Response, asked: Asked) -> NoReturn:
    raise Unreachable(
        wire.hide(f"{wire.system}: {asked.kind} was blocked"),
        why=f"something in front of it answered {response.status_code} with a web page",
        next_step="let the bridge's requests pass the proxy or firewall",
    )


def _refusal(wire: Wire, response: requests.Response, asked: Asked) -> BridgeError:
    status = response.status_code
    why = wire.hide(": ".join(filter(None, (_status(response), words(response)))))
    next_step = _NEXT.get(status, "change the rule, the ticket or its project's settings accordingly")
    if status in _LATER:
        rest = retry_after(response.headers, wire.now()) or _CONFLICT_REST
        return Busy(f"{wire.system}: {asked.kind} met another change", why=why, retry_after=rest)
    what = wire.hide(f"{wire.system}: {asked.kind} was refused")
    if status == 404 and "problem+json" not in response.headers.get("Content-Type", ""):
        return Gone(f"{wire.system}: {asked.kind}: it is not there, or hidden", why=why, next_step=next_step)
    if asked.one_issue and status in (401, 403):
        return Gone(f"{wire.system}: {asked.kind}: it is hidden", why=why, next_step=_NEXT[404])
    return Refused(what, why=why, next_step=next_step)


def _status(response: requests.Response) -> str:
    return f"it answered {response.status_code}"
