"""Plain text to what Jira stores: wiki markup or a single line, never longer than Jira takes.

Lengths are counted as Java counts them, in UTF-16 units, of the text as it is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from bridge.decide.text import clean, cut, summary_line
from bridge.decide.wiki import to_wiki

#: Units of a description or comment; Cloud counts after a conversion, so stay well below its 32,767.
CLOUD_LIMIT = 20_000
DATA_CENTER_LIMIT = 32_767
LINE_LIMIT = 255
_TAIL = "\n\n[The bridge cut this text: the whole of it stands in the incident.]"


class Prose:
    """Converts and cuts; ``limit`` gives the longest text that the site takes."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit

    def wiki(self, text: str, *, last_line: str = "") -> str:
        """Return plain text as wiki markup that fits, with ``last_line`` kept whole at its end."""
        end = f"\n\n{last_line}" if last_line else ""
        whole, limit = clean(text), self._limit()
        sent = to_wiki(whole + end)
        if units(sent) <= limit:
            return sent
        # Markup makes a text longer by an amount that only trying tells.
        fits, too_long = 0, len(whole)
        while too_long - fits > 1:
            tried = (fits + too_long) // 2
            if units(to_wiki(self._cut(whole, tried) + end)) <= limit:
                fits = tried
            else:
                too_long = tried
        return to_wiki(self._cut(whole, fits) + end)

    @staticmethod
    def _cut(text: str, keep: int) -> str:
        return cut(text, keep + len(_TAIL), _TAIL)

    def line(self, text: str) -> str:
        """Return the text on one line of at most 255 units."""
        return summary_line(text, LINE_LIMIT)


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
