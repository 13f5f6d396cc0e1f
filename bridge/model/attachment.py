"""A file that hangs on a note or a ticket."""

from __future__ import annotations

from dataclasses import dataclass

#: The largest file that is carried, in bytes; both products take 10 MB unless an administrator says otherwise.
MOST_BYTES = 10 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file: its ``name`` as people gave it, ``size`` in bytes, and ``ref``, by which its connector finds it."""

    name: str
    size: int
    ref: str = ""

    @property
    def too_large(self) -> bool:
        """Whether it is not carried because of its size."""
        return self.size > MOST_BYTES

    @property
    def told(self) -> str:
        """The file as people read of it: its name and its size."""
        return f"{self.name} ({size_in_words(self.size)})"


def size_in_words(size: int) -> str:
    """Return a size in bytes as people read it: ``812 B``, ``34 kB``, ``1.2 MB``."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size // 1000} kB"
    return f"{size / 1_000_000:.1f} MB"
