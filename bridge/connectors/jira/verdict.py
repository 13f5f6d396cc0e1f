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
from bridge.model.errors import Blocked, BridgeError, Busy, Gone, LostCredentials, Refused, Unreachable

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
    """What was asked: in a word, whether it writes (to which issue), reads one or asks who we are; of which product."""

    kind: str
    write: bool
    one_issue: bool
    issue: str
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
    why = _stranger(response, asked)
    if not why:
        return
    if asked.write and response.ok:
        # Done all the same, by whomever Jira took us for.
        wire.broken(asked.kind, why, write=True)
    raise LostCredentials(
        wire.hide(f"{wire.system}: {asked.kind} was not answered to the bridge's account"),
        why=wire.hide(why),
        next_step=_CREDENTIALS,
    )


def _stranger(response: requests.Response, asked: Asked) -> str:
    """Say why the answer was not given to our account; empty where it was."""
    headers, status = response.headers, response.status_code
    reasons = headers.get("X-Seraph-LoginReason", "OK")
    if any(reason.strip() != "OK" for reason in reasons.split(",")):
        return f"log-in: {reasons}"
    if headers.get("X-Authentication-Denied-Reason"):
        return f"log-in: {headers['X-Authentication-Denied-Reason'].split(';')[0]}"
    if status == 401 and not _hides_issue(response, asked):
        return "it answered 401"
    if headers.get("X-AUSERNAME") == "anonymous":
        return "it took the bridge for an anonymous visitor"
    # A web page is not Cloud's: what stands in front of it knows no accounts.
    theirs = asked.cloud and not is_page(response)
    unsigned = theirs and not names_caller(response) and not (asked.write and response.ok)
    if unsigned and (response.ok or status in _ANONYMOUS):
        # Cloud answers a broken token as if nobody had logged in: an empty page, or 404.
        return f"it answered {status} without naming the account"
    return ""


def _hides_issue(response: requests.Response, asked: Asked) -> bool:
    """Whether an older Data Center says that a caller whom it knows may not see an issue."""
    shy = response.status_code in (401, 403) and asked.one_issue and asked.cloud is False
    return shy and names_caller(response)


def _blocked(wire: Wire, response: requests.Response, asked: Asked) -> NoReturn:
    raise Blocked(
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
        return Busy(f"{wire.system}: {asked.kind} was put off", why=why, retry_after=rest)
    if asked.cloud is None:
        return Unreachable(
            f"{wire.system}: the configured address does not lead to Jira",
            why=why,
            next_step="correct the address, with the context path if Jira has one",
        )
    what = wire.hide(f"{wire.system}: {asked.kind} was refused")
    if status == 404 and "problem+json" not in response.headers.get("Content-Type", ""):
        return Gone(f"{wire.system}: {asked.kind}: it is not there, or hidden", why=why, next_step=next_step)
    if _hides_issue(response, asked):
        return Gone(f"{wire.system}: {asked.kind}: it is hidden", why=why, next_step=_NEXT[404])
    return Refused(what, why=why, next_step=next_step)


def _status(response: requests.Response) -> str:
    return f"it answered {response.status_code}"
