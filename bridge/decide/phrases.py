"""Whether a note begins with a phrase that asks the bridge for something, and which tickets a field names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from bridge.decide.text import clean

# What may stand before a request: blanks, quotes and marks, but no ">", since a quoted request is none.
_BEFORE = r"[\s\"'«“”„‘’`(\[*_~.,:;!¡…\-–—\u200b\u2060\ufeff]*"
# A word may go on with a letter, a digit, an underscore or an accent, and neither ends the phrase.
_BOUNDARY = r"(?![\w\u0300-\u036f])"
_AFTER = re.compile(r"[\"'»”’`)\]*_~.,:;!…\-–—]*+\s*+(?:[-–—:]\s++)?")

_KEY = r"[A-Z][A-Z0-9_]+-[1-9][0-9]{0,17}"
_ADDRESS = re.compile(r"https?://[^\s,;|]++")
_NAMED = re.compile(rf"(?<![\w-]){_KEY}(?!-?\w)")
_BROWSED = re.compile(rf"(?:/browse/|/issues/|/portal/\d+/|[?&]selectedIssue=)({_KEY})(?!-?\w)")


def first_phrase(text: str, phrases: Iterable[str]) -> tuple[str, str] | None:
    """Return the phrase with which the note begins, as configured, and the cleaned words after it, or None.

    Case, blanks, leading quotes and marks, the kind of apostrophe, ё for е and a blank after ``#`` do not matter; the
    longest phrase wins.  A quoted line (``> #ticket``) begins with nothing.
    """
    note = unicodedata.normalize("NFC", clean(text))
    for phrase in sorted(filter(str.strip, phrases), key=_length, reverse=True):
        found = _pattern(phrase).match(note)
        if found:
            rest = note[found.end() :]
            after = _AFTER.match(rest)
            return phrase, clean(rest[after.end() :] if after else rest).strip()
    return None


def ticket_keys(text: str) -> tuple[str, ...]:
    """Return the ticket keys in the value of a ticket field, in order, each once.

    Reads bare keys (``FRONT-12``) and addresses of tickets; what else stands in an address is none.
    """
    keys: dict[str, None] = {}
    done = 0
    for address in _ADDRESS.finditer(text):
        keys |= dict.fromkeys(_NAMED.findall(text[done : address.start()]))
        keys |= dict.fromkeys(_BROWSED.findall(address[0]))
        done = address.end()
    keys |= dict.fromkeys(_NAMED.findall(text[done:]))
    return tuple(keys)


def _length(phrase: str) -> int:
    return len("".join(phrase.split()))


@lru_cache(maxsize=512)
def _pattern(phrase: str) -> re.Pattern[str]:
    """Return the expression that finds the phrase however its blanks, number sign, apostrophes and ё are typed."""
    signs = unicodedata.normalize("NFC", " ".join(phrase.split()))
    signs = re.sub(r"([#＃]) ?", "#", signs)
    spelt = "".join(_SPELT.get(sign, re.escape(sign)) for sign in signs)
    return re.compile(_BEFORE + spelt + _BOUNDARY, re.IGNORECASE)


_SPELT = {
    " ": r"[^\S\n]+",
    "#": r"[#＃][^\S\n]*",
    **dict.fromkeys("её", "[её]"),
    **dict.fromkeys("ЕЁ", "[ЕЁ]"),
    **dict.fromkeys("'’‘ʼ`´", "['’‘ʼ`´]"),
}
