"""What is wrong with a file an administrator wrote, and where: ``file:line:column: what, did you mean ...``.

A problem never repeats a value that could be a secret: only keys, names and words of a closed list are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.model.errors import ConfigError

_LONGEST_WORD = 60
_LONGEST_LIST = 14


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake; ``line`` and ``column`` count from 1 and are 0 where the file as a whole is meant."""

    file: str
    line: int = 0
    column: int = 0
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.text}"


class ConfigProblems(ConfigError):
    """Every problem of the files that were read together, sorted by file and position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shown(word: object) -> str:
    """Return a word in quotes as a terminal may show it: short, and without control characters."""
    text = "".join(char if char.isprintable() else "?" for char in str(word))
    return f"'{text[:_LONGEST_WORD]}…'" if len(text) > _LONGEST_WORD else f"'{text}'"


def nearest(word: str, known: Collection[str], *, likeness: float = 0.6) -> str | None:
    """Return the known word that was probably meant, None where none is near (``likeness`` from 0 to 1)."""
    by_folded = {name.casefold(): name for name in sorted(known)}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return the end of a sentence that helps on: the word probably meant, or the few that are known."""
    meant = nearest(word, known)
    if meant is not None:
        return f", did you mean {shown(meant)}?"
    if 0 < len(known) <= _LONGEST_LIST:
        return f"; known here: {', '.join(sorted(known))}"
    return ""
