"""Hostile texts cost time in proportion to their size."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bridge.decide.phrases import first_phrase, ticket_keys
from bridge.decide.redact import redact
from bridge.decide.text import clean, cut, one_line, summary_line
from bridge.decide.unwiki import from_wiki
from bridge.decide.wiki import to_wiki

SMALL, FACTOR = 2_000, 16

HOSTILE = [
    *(
        "*",
        "{",
        "[",
        "_",
        "!",
        "?",
        "\\",
        "|",
        "-",
        "&",
        "(",
        "\u2060",
        " ",
        "a",
        "1",
        "@",
        ".",
        "+",
        "A",
        "\u0301",
    ),
    *(
        "*{[_",
        "{code}",
        "{quote}",
        "{code:x",
        "{{",
        "{{a",
        "[a\\[",
        "[a|http://b.c]",
        "[~",
        "!a.png",
        "!a.png|",
        "\\\\a",
    ),
    *(
        "*a ",
        "_a*b ",
        "|a",
        "http://a.b/!",
        "http://",
        "http://1.",
        "http://a.",
        "&amp",
        "a@",
        "a.",
        "a@b.",
        "1 ",
        "1-",
        "(1",
    ),
    *(
        "4111 ",
        "+7 912 ",
        "#",
        "# ticket",
        "AB-1",
        "https://x/browse/",
        "A_",
        "\n",
        "\n* ",
        "\n|",
        "h1. ",
        ":)",
        "\U0001f1fa",
    ),
]
WAYS: list[Callable[[str], object]] = [
    clean,
    to_wiki,
    from_wiki,
    lambda text: cut(text, len(text) - 1),
    lambda text: one_line(text, 80),
    summary_line,
    lambda text: redact(text, ("card_number", "phone", "email")),
    lambda text: first_phrase(text, ("#ticket", "-done", "#ticket again")),
    ticket_keys,
]
NAMES = [
    "clean",
    "to_wiki",
    "from_wiki",
    "cut",
    "one_line",
    "summary_line",
    "redact",
    "first_phrase",
    "ticket_keys",
]


def cost(way: Callable[[str], object], text: str) -> float:
    """Return the processor time of one call in seconds, the better of two."""
    times = []
    for _ in range(2):
        before = time.process_time()
        way(text)
        times.append(time.process_time() - before)
    return min(times)


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_no_text_costs_more_than_its_size(way: Callable[[str], object]) -> None:
    """Sixteen times the text takes far less than 256 times the time, which a quadratic search would."""
    for piece in HOSTILE:
        text = piece * (SMALL // len(piece))
        small, large = cost(way, text), cost(way, text * FACTOR)
        assert large < 0.02 or large / max(small, 1e-5) < FACTOR * 5, (
            f"{piece!r}: {small:.4f} s, {large:.4f} s"
        )


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_a_quarter_of_a_megabyte_ends(way: Callable[[str], object]) -> None:
    """As many opening marks are dealt with in seconds, not hours."""
    assert cost(way, "*{[_" * 65_536) < 7.5
