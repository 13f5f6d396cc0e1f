"""Plain text as it crosses the bridge: cleaned, cut to a limit, put on one line.

Knows nothing of markup; never changes a human word.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

# Vertical tab and form feed are soft breaks of word processors; the others are Unicode's line ends.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# XML 1.0 has no such characters; servers that speak it refuse the whole text.
_NOT_CHARACTERS = re.compile("[\ufffe\uffff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_JOINS = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)


def clean(text: str) -> str:
    """Return the text with LF line ends, without control characters (tabs stay) and outer blank lines.

    Trailing blanks of every line go, indentation stays; lone surrogates become U+FFFD.  Idempotent.
    """
    text = _LINE_ENDS.sub("\n", _CONTROLS.sub("", text))
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _NOT_CHARACTERS.sub("\ufffd", text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def cut(text: str, limit: int, tail: str = ELLIPSIS) -> str:
    """Return the text in at most ``limit`` characters, ending with ``tail`` where something was cut off.

    Never cuts inside a combining or emoji sequence and leaves no blank or backslash dangling before the tail.
    """
    if len(text) <= limit:
        return text
    room = limit - len(tail)
    if room <= 0:
        return tail[: max(limit, 0)]
    return _head(text, room) + tail


def cut_bytes(text: str, limit: int, tail: str = ELLIPSIS) -> str:
    """Return the text in at most ``limit`` bytes of UTF-8, otherwise like ``cut``."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return text
    room = limit - len(tail.encode("utf-8", "replace"))
    if room <= 0:
        return tail.encode("utf-8", "replace")[: max(limit, 0)].decode("utf-8", "ignore")
    return _head(text, len(encoded[:room].decode("utf-8", "ignore"))) + tail


def one_line(text: str, limit: int) -> str:
    """Return the text on one line for logs and tables, without direction overrides, cut with an ellipsis."""
    return cut(" ".join(_BIDI.sub("", clean(text)).split()), limit)


def summary_line(text: str, limit: int = 255) -> str:
    """Return the text as a ticket's summary: one line of at most ``limit`` UTF-16 units, an ellipsis if cut.

    Jira refuses newlines and more than 255 characters, counted as Java counts them.
    """
    line = one_line(text, limit)
    beyond = [at for at, sign in enumerate(line) if ord(sign) > 0xFFFF]
    while len(line) + len(beyond) > limit:
        line = cut(line, max(len(line) - 1, 0))
        beyond = [at for at in beyond if at < len(line) - 1]
    return line


def _head(text: str, room: int) -> str:
    """Return the first ``room`` characters or a few less, so that no character that a reader sees is torn."""
    end = room
    while end > 0 and _inside(text, end):
        end -= 1
    return text[: end or room].rstrip(" \t\n\\")


def _inside(text: str, at: int) -> bool:
    """Return whether a cut before ``text[at]`` would tear one visible character apart."""
    sign, before = text[at], text[at - 1]
    if unicodedata.category(sign).startswith("M") or _JOINS in (sign, before) or ord(sign) in _SKIN:
        return True
    if "\udc00" <= sign <= "\udfff" and "\ud800" <= before <= "\udbff":
        return True
    return ord(sign) in _REGIONAL and _flags_before(text, at) % 2 == 1


def _flags_before(text: str, at: int) -> int:
    count = 0
    while count < at and ord(text[at - count - 1]) in _REGIONAL:
        count += 1
    return count
