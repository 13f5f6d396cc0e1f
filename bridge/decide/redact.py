"""Card numbers, phone numbers and e-mail addresses cut out of a text before it leaves the desk.

Rather removes a number too many than lets a card pass; incident numbers and ticket keys must stay.
Never logs or returns what it removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bridge.decide.digits import Number, replace_numbers
from bridge.decide.phone import LENGTHS, is_phone

#: What stands in the place of what was removed, by kind.
REMOVED: Mapping[str, str] = MappingProxyType(
    {"card_number": "[card number removed]", "phone": "[phone removed]", "email": "[e-mail removed]"}
)

# Begins only where a name begins, so that a long text without @ is read once.
_EMAIL = re.compile(r"(?<![\w.%+'-])[\w.%+'-]++@\w[\w-]*+(?:\.\w[\w-]*+)++")
_TIMESTAMP = re.compile(
    r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?:\d{3})?"
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def redact(text: str, kinds: Iterable[str], texts: Mapping[str, str] = REMOVED) -> str:
    """Return the text without what the ``kinds`` (card_number, phone, email) name, ``texts`` in its place.

    Idempotent; a text without digits and ``@`` comes back unchanged.  Raises ``ValueError`` for an unknown
    kind.
    """
    wanted = frozenset(kinds)
    if unknown := wanted - REMOVED.keys():
        raise ValueError(f"unknown kinds to redact: {', '.join(sorted(unknown))}")
    said = {**REMOVED, **texts}
    if "email" in wanted:
        text = _EMAIL.sub(lambda _: said["email"], text)
    if "card_number" in wanted:
        text = replace_numbers(text, range(13, 20), _is_card, said["card_number"])
    if "phone" in wanted:
        text = replace_numbers(text, LENGTHS, is_phone, said["phone"])
    return text


def _is_card(number: Number) -> bool:
    """Return whether it is a payment card's number (ISO/IEC 7812), in one group or as printed on it."""
    digits = number.digits
    if not _issued(digits) or not _as_printed(number):
        return False
    return (
        sum(_DOUBLED[int(sign)] if at % 2 else int(sign) for at, sign in enumerate(reversed(digits))) % 10
        == 0
    )


def _issued(digits: str) -> bool:
    """Return whether cards begin so: not with 0, with 1 only fifteen digits, and no time as digits."""
    if digits[0] == "0" or (digits[0] == "1" and len(digits) != 15):
        return False
    return _TIMESTAMP.fullmatch(digits) is None


def _as_printed(number: Number) -> bool:
    """Return whether its groups fit a card, and it is no decimal fraction or machine address."""
    if number.before == "." or any("(" in sign or ")" in sign for sign in number.between):
        return False
    return not number.mixes_dots and all(3 <= size <= 10 for size in number.sizes[:-1])
