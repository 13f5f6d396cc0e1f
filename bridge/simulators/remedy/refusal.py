"""What the server says when it refuses: AR System error numbers and the array they travel in."""

from __future__ import annotations

from typing import Any


class Rejected(Exception):
    """A refusal in AR System terms; ``status`` is the HTTP status it travels with.

    For rules of the application (numbers from 10000) the useful text is in ``appended`` and ``text`` is
    empty, as clients of real servers found.
    """

    def __init__(self, number: int, text: str, appended: str = "", *, status: int = 500) -> None:
        super().__init__(f"ARERR {number}: {' : '.join(filter(None, (text, appended)))}")
        self.number = number
        self.text = text
        self.appended = appended
        self.status = status

    def body(self) -> list[dict[str, Any]]:
        """Return the array of messages that is the body of the answer."""
        return [message("ERROR", self.number, self.text, self.appended)]


def message(kind: str, number: int, text: str, appended: str) -> dict[str, Any]:
    """Return one AR message as JSON."""
    return {
        "messageType": kind,
        "messageText": text,
        "messageAppendedText": appended,
        "messageNumber": number,
    }


# The numbers of application messages differ between versions; clients may only rely on their being large.
CONTACT, CLOSED, STATUS_NEEDS, REASON_PAIR, NO_GROUP, NO_PERSON, NO_INCIDENT, NOTE_LOCKED = range(
    10_001, 10_009
)


_MALFORMED = 8_939  # no source names the real number


def ruled_out(number: int, text: str) -> Rejected:
    """Return the refusal of an application rule (HTTP 500, the text in messageAppendedText)."""
    return Rejected(number, "", text)


def bad_request(text: str) -> Rejected:
    """Return the refusal of a request that is not well formed (HTTP 400)."""
    return Rejected(_MALFORMED, "The request is not well formed.", text, status=400)


def unauthenticated(number: int, login: str) -> Rejected:
    """Return the refusal of credentials or of a token (HTTP 401; BMC documents 623 for bad credentials)."""
    return Rejected(number, "Authentication failed", login, status=401)


def no_such_form(name: str) -> Rejected:
    """Return 303."""
    return Rejected(303, "Form does not exist on server", name, status=404)


def no_such_entry(name: str) -> Rejected:
    """Return 302, for entries that are not there and for those the account may not see."""
    return Rejected(302, "Entry does not exist in database", name, status=404)


def id_too_long(name: str) -> Rejected:
    """Return 101."""
    return Rejected(101, "Entry ID parameter length is longer than the maximum allowed length.", name)


def no_such_field(name: str, form: str, status: int) -> Rejected:
    """Return 314."""
    return Rejected(314, "No such field exists", f"{form} : {name}", status=status)


def out_of_limits(appended: str) -> Rejected:
    """Return 306, for text that is too long and for labels that do not exist."""
    return Rejected(306, "Value does not fall within the limits specified for the field", appended)


def wrong_type(appended: str) -> Rejected:
    """Return 310."""
    return Rejected(310, "Data type of the value is not correct for the field", appended)


def missing(form: str, field: str) -> Rejected:
    """Return 307."""
    return Rejected(307, "Required field (without a default) not specified", f"{form} : {field}")


def nulled(form: str, field: str) -> Rejected:
    """Return 326."""
    return Rejected(326, "Required field cannot be reset to a NULL value", f"{form} : {field}")


def not_writable(appended: str) -> Rejected:
    """Return 330 (HTTP 403)."""
    return Rejected(330, "You do not have write access to field", appended, status=403)
