"""What Remedy's answers mean: the numbers of AR System messages become the bridge's errors.

The number decides and not the HTTP status: 500 is the usual status of any business rule, and some servers
put an error into a 2xx answer (BMC docs: "Entry/formName"; numbers from BMC's ``arerrno.h``).  What a
filter of the application says stands in ``messageAppendedText`` and reaches people word for word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bridge.connectors.remedy.forms import as_text
from bridge.model.errors import (
    Ambiguous,
    Blocked,
    BridgeError,
    Busy,
    Gone,
    LostCredentials,
    Refused,
    Unreachable,
)

#: Connected from elsewhere (9084, 9093), administrators only (394), the database gave up on a transaction
#: (552, 566).
_BUSY = frozenset({394, 552, 566, 9084, 9093})
#: Of these, what every other call of the account would be answered, too.
_ALL_BUSY = frozenset({394, 9084, 9093})
#: Connection and RPC failures between the parts of AR System: the call may still have been completed.
_LOST_ON_THE_WAY = frozenset({90, 91, 92, 93, 94})
_CREDENTIALS = frozenset({612, 623, 624, 8908})
_GONE = frozenset({302, 303})
_LICENCE = frozenset({8932, 9850})
_PERMISSION = frozenset({330, 331, 332, 333, 353})
_MARKED_INVALID = 624
_NO_SUCH_FIELD = 314
_UNKNOWN_IN_QUERY = 1587
#: The id does not fit the form: some servers refuse the double id of the joined incident form.
_MALFORMED_ID = frozenset({100, 101})
#: Seconds to stay away from a busy server.
_REST = 15.0
_FATAL = frozenset({"ERROR", "FATAL", "BAD STATUS"})
#: The rows of a list were cut, by the client's or by the server's maximum.
_CUT = frozenset({66, 72})


class RefusedByRemedy(Refused):
    """A refusal with the number of the AR System message, 0 where there was none."""

    def __init__(self, what: str, *, why: str = "", next_step: str = "", number: int = 0) -> None:
        super().__init__(what, why=why, next_step=next_step)
        self.number = number

    @property
    def about_a_field(self) -> bool:
        """Whether a field's name is not known to the form."""
        return self.number in (_NO_SUCH_FIELD, _UNKNOWN_IN_QUERY)

    @property
    def about_the_id(self) -> bool:
        """Whether the entry's id has a shape that the form does not take."""
        return self.number in _MALFORMED_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of AR System: its number and its words, the application's own first."""

    kind: str
    number: int
    words: str

    @property
    def fatal(self) -> bool:
        """Whether the call failed."""
        return self.kind.upper() in _FATAL

    @property
    def about_the_account(self) -> bool:
        """Whether the account or its token was not accepted."""
        return self.number in _CREDENTIALS

    @property
    def cut(self) -> bool:
        """Whether it says that a list is not complete."""
        return self.number in _CUT


def messages(body: Any) -> tuple[Message, ...]:
    """Return the AR System messages in a JSON body (an array of objects), none where it is something else."""
    if not isinstance(body, list):
        return ()
    return tuple(_message(item) for item in body if isinstance(item, dict) and "messageNumber" in item)


def _message(item: dict[str, Any]) -> Message:
    appended = as_text(item.get("messageAppendedText")).strip()
    text = as_text(item.get("messageText")).strip()
    number = item.get("messageNumber")
    return Message(
        kind=as_text(item.get("messageType")),
        number=number
        if isinstance(number, int)
        else int(as_text(number))
        if as_text(number).isdigit()
        else 0,
        words="; ".join(dict.fromkeys(part for part in (appended, text) if part)),
    )


def failure(said: Iterable[Message], *, status: int) -> Message | None:
    """Return the message that makes the answer a failure, None where it is none.

    With an HTTP status of 400 and above the first message of any kind will do where none calls itself an
    error.
    """
    several = tuple(said)
    fatal = next((one for one in several if one.fatal), None)
    return fatal or (several[0] if several and status >= 400 else None)


def error_of(message: Message, doing: str, *, write: bool) -> BridgeError:
    """Return the error that a failed call amounts to; ``doing`` reads like "read HPD:WorkLog"."""
    number, why = message.number, f"{message.words or 'no reason given'} (ARERR {message.number})"
    what = f"Remedy refused to {doing}"
    if number in _BUSY:
        return Busy(
            f"Remedy could not {doing} now",
            why=why,
            next_step=_busy_step(number),
            retry_after=_REST,
            scope="system" if number in _ALL_BUSY else "call",
        )
    if number in _LOST_ON_THE_WAY:
        return _lost(doing, why, write=write)
    if number in _CREDENTIALS:
        return LostCredentials(
            f"Remedy did not accept the account, to {doing}", why=why, next_step=_account_step(number)
        )
    if number in _GONE:
        return Gone(what, why=why, next_step="check that it exists and that the account may see it")
    return RefusedByRemedy(what, why=why, next_step=_refusal_step(number), number=number)


def _lost(doing: str, why: str, *, write: bool) -> BridgeError:
    if write:
        return Ambiguous(
            f"Remedy may or may not have managed to {doing}",
            why=why,
            next_step="the bridge looks for its trace before it tries again",
        )
    return Unreachable(f"Remedy failed to {doing}", why=why, next_step="the bridge tries again by itself")


def _busy_step(number: int) -> str:
    if number in (9084, 9093):
        return "give the bridge an account that nobody and nothing else uses; it tries again by itself"
    return "the bridge tries again by itself"


def _account_step(number: int) -> str:
    if number == _MARKED_INVALID:
        return "have an administrator unlock the account, and check the stored password"
    return "check the account's name and its stored password"


def _refusal_step(number: int) -> str:
    if number in _LICENCE:
        return "give the account a fixed or floating write licence, for AR System and for Incident Management"
    if number in _PERMISSION:
        return f"give the account {_permission(number)}"
    if number in (_NO_SUCH_FIELD, _UNKNOWN_IN_QUERY):
        return "correct the field's name in the configuration: names differ from form to form"
    return "do what Remedy's words ask for, or change the rule that wanted this"


def _permission(number: int) -> str:
    return {
        330: "write access to this field (ARERR 330)",
        331: "write access to this record, for instance the Incident Master permission (ARERR 331)",
        332: "permission to create records of this form (ARERR 332)",
        333: "access to this field (ARERR 333)",
        353: "access to this form (ARERR 353)",
    }[number]


def error_without_words(status: int, doing: str, *, page: bool, write: bool) -> BridgeError:
    """Return the error of a failed answer (HTTP ``status``) that holds no AR System message."""
    why = (
        f"HTTP {status} with a web page instead of data"
        if page
        else f"HTTP {status} without an AR System message"
    )
    if status == 401:
        return LostCredentials(
            f"Remedy did not accept the account, to {doing}",
            why=why,
            next_step="check the account; where single sign-on stands in front, let the REST paths pass it",
        )
    if status >= 500:
        return _lost(doing, why, write=write)
    if page:
        return Blocked(
            f"Remedy could not be asked to {doing}",
            why=why,
            next_step="where single sign-on or a proxy stands in front, let the REST paths pass it",
        )
    return RefusedByRemedy(
        f"Remedy refused to {doing}",
        why=why,
        next_step="check the configured address and the account's permissions",
    )
