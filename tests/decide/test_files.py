"""The names that files of an answer get in a ticket."""

from __future__ import annotations

import re

import pytest

from bridge.decide.files import name_in_ticket
from bridge.model.attachment import Attachment

TRACE = r"[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("shot.png", "shot.", ".png"),
        ("archive.tar.gz", "archive.tar.", ".gz"),
        ("no ending", "no ending.", ""),
        ("../../etc/passwd", "etc_passwd.", ""),
        ('a:b*c?"d".log', "a_b_c_d_.", ".log"),
        ("экран.png", "экран.", ".png"),
        ("...", "file.", ""),
        ("x" * 400 + ".txt", "x" * 120 + ".", ".txt"),
        ("a sentence. and another one", "a sentence. and another one.", ""),
    ],
)
def test_a_name_keeps_its_ending_and_carries_a_trace(name: str, begins: str, ends: str) -> None:
    """The ending stays, signs that file systems refuse go, and the trace of the effect stands in between."""
    assert re.fullmatch(
        re.escape(begins) + TRACE + re.escape(ends), name_in_ticket(name, "retail/INC1/file/W1/01/7")
    )


def test_every_effect_gives_a_name_of_its_own() -> None:
    """Two files of one name do not meet in a ticket; the same effect always gives the same name."""
    first, again = name_in_ticket("shot.png", "a"), name_in_ticket("shot.png", "a")
    assert first == again
    assert first != name_in_ticket("shot.png", "b")


@pytest.mark.parametrize(
    ("size", "told"), [(0, "f (0 B)"), (999, "f (999 B)"), (34_500, "f (34 kB)"), (1_250_000, "f (1.2 MB)")]
)
def test_sizes_are_told_in_words(size: int, told: str) -> None:
    """People read a size in the unit that fits it."""
    assert Attachment(name="f", size=size).told == told
