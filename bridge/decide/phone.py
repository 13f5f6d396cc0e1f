"""Whether some digits are a phone number, international or local to Russia, Ukraine, the UK or the US.

Must not take dates, times, machine addresses, versions, amounts, incident numbers or work info ids for one.
"""

from __future__ import annotations

import re

from bridge.decide.digits import Number

#: How many digits a phone number has: an announced one at least 6; E.164 at most 15, and 00 before them.
LENGTHS = range(6, 18)

_DATE = re.compile(
    r"\b(?:(?:19|20)\d\d[-.](?:0?[1-9]|1[0-2])[-.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-.](?:0?[1-9]|1[0-2])[-.](?:19|20)?\d\d)\b"
)
_WORD_BEFORE = re.compile(
    r"\b(?:tel|telephone|phone|ph|mobile|mob|cell|call|fax|тел|телефон|моб|мобильный|мобільний|факс)"
    r"(?:\s*(?:[.:=]|no\.?|№)){0,2}\s*\Z",
    re.IGNORECASE,
)
# How many digits follow a country's code, for the codes of our customers.
_COUNTRIES = (("7", range(11, 12)), ("1", range(11, 12)), ("380", range(12, 13)), ("44", range(11, 14)))
_RUSSIAN = re.compile(r"[78][3489]\d{9}")
_UKRAINIAN = re.compile(r"380[3-9]\d{8}")
# A trunk zero and an area code: Ukraine has ten digits, the UK ten or eleven.
_TRUNK = re.compile(r"0[1-9]\d{8,9}")
_AMERICAN = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")


def is_phone(number: Number) -> bool:
    """Return whether these groups of digits are a phone number as people write them."""
    if number.mixes_dots or not _stands_alone(number):
        return False
    if number.written.lstrip("(").startswith("+"):
        return _international(number.digits)
    if _DATE.search(number.written):
        return False
    return _local(number) or _announced(number)


def _stands_alone(number: Number) -> bool:
    """Return whether it is no part of an id, a version, a date or a longer number."""
    text, start, end = number.text, number.start, number.end
    if _tight(number.before) or _tight(number.after) or re.match(r"[A-Za-z_]", text[end : end + 1]):
        return False
    if text[start] == "+":
        return not text[max(start - 1, 0) : start].isdecimal()
    before = text[max(start - 2, 0) : start]
    return not re.search(r"[\w@]\Z|\w[-/.:]\Z", before) or bool(re.search(r"[^\W\d_][:.]\Z", before))


def _tight(separator: str) -> bool:
    return bool(separator) and re.search(r"\s", separator) is None


def _international(digits: str) -> bool:
    for code, lengths in _COUNTRIES:
        if digits.startswith(code):
            return len(digits) in lengths
    return 10 <= len(digits) <= 15


def _local(number: Number) -> bool:
    digits, sizes = number.digits, number.sizes
    if digits.startswith("00"):
        return digits[2:3] not in ("0", "") and _international(digits[2:])
    if _RUSSIAN.fullmatch(digits):
        return sizes[0] in (1, 4, 11)
    if _TRUNK.fullmatch(digits):
        return len(sizes) == 1 or 3 <= sizes[0] <= 5
    if _AMERICAN.fullmatch(digits) and sizes in ((3, 3, 4), (1, 3, 3, 4)):
        return True
    return bool(_UKRAINIAN.fullmatch(digits)) or _city(number)


def _city(number: Number) -> bool:
    """Return whether it is a number within a city, ``123-45-67``, perhaps after an area code."""
    sizes, dashes = number.sizes, all("-" in sign for sign in number.between[-2:])
    if sizes == (3, 2, 2):
        return dashes
    coded = number.written.startswith("(") and 9 <= len(number.digits) <= 11
    return coded or (sizes == (3, 3, 2, 2) and number.digits[0] in "3456789")


def _announced(number: Number) -> bool:
    """Return whether a word before it says that it is a phone number."""
    if not 6 <= len(number.digits) <= 11 or number.digits.startswith("000"):
        return False
    return _WORD_BEFORE.search(number.text[max(number.start - 30, 0) : number.start]) is not None
