"""Plain text: cleaned, cut and put on one line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.decide.text import clean, cut, cut_bytes, one_line, summary_line

TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(), st.sampled_from("\r\n\t\x00\x0b\x85\u2028\ud800\udc00\ufffe \xa0á\u200d👩🏽🇺🇦\\")
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\r\nb\rc\n", "a\nb\nc"),
        ("a\x00b\x1b[31m\x7f", "ab[31m"),
        ("a\u2028b\u2029c\x0bd\x85e", "a\nb\nc\nd\ne"),
        ("\ud83d\ude00 \ud83d", "\U0001f600 \ufffd"),
        ("\n \n  a \t\n\n b  \n\n", "  a\n\n b"),
        ("a\tb", "a\tb"),
        ("", ""),
    ],
)
def test_clean_normalises_what_servers_disagree_on(raw: str, expected: str) -> None:
    """Line ends become LF, controls vanish, tabs and indentation stay, outer blank lines go."""
    assert clean(raw) == expected


@given(TEXTS)
@example("\x00\r\x00\n")
@example("\ud83d\x00\ude00")
def test_clean_text_stays_as_it_is(raw: str) -> None:
    """Cleaning twice changes nothing, and a clean text can be encoded and has no control characters."""
    once = clean(raw)
    assert clean(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert {unicodedata.category(sign) for sign in once if sign not in "\t\n"}.isdisjoint({"Cc", "Cs"})


@given(TEXTS, st.integers(0, 40), st.sampled_from(["", "…", " (cut)"]))
def test_cut_keeps_the_limit_and_says_that_it_cut(text: str, limit: int, tail: str) -> None:
    """A text that fits stays; a longer one is its own beginning with the tail, within the limit."""
    short = cut(text, limit, tail)
    if len(text) <= limit:
        assert short == text
        return
    assert len(short) <= limit
    if limit > len(tail):
        assert short.endswith(tail)
        assert text.startswith(short.removesuffix(tail))


@given(TEXTS, st.integers(0, 60))
def test_cut_bytes_keeps_a_limit_of_bytes(text: str, limit: int) -> None:
    """The bytes of the result never exceed the limit and always decode."""
    whole = clean(text)
    short = cut_bytes(whole, limit)
    assert len(short.encode("utf-8")) <= limit
    assert short == whole or whole.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("caf\u0065\u0301s and more", 5, "caf…"),
        ("go 👩\u200d💻 now please", 6, "go…"),
        ("x👍🏽yz", 3, "x…"),
        ("a🇺🇦🇺🇦bcd", 5, "a🇺🇦…"),
        ("end \\\\\\*bold text", 8, "end…"),
        ("word word word", 6, "word…"),
    ],
)
def test_cut_never_tears_what_a_reader_sees_as_one(text: str, limit: int, expected: str) -> None:
    """Accents, joined emoji and flags stay whole, and no blank or backslash dangles before the tail."""
    assert cut(text, limit) == expected


def test_cut_of_one_endless_character_still_cuts() -> None:
    """A text of accents only is cut all the same, since the limit is the server's."""
    assert cut("\u0301" * 100, 10) == "\u0301" * 9 + "…"


@given(TEXTS)
def test_summary_is_one_line_that_jira_takes(text: str) -> None:
    """A summary has no line end and at most the limit of UTF-16 units."""
    line = summary_line(text, 20)
    assert "\n" not in line
    assert len(line.encode("utf-16-le")) // 2 <= 20


def test_summary_of_emoji_counts_as_java_does() -> None:
    """A character beyond the basic plane takes two of Jira's 255."""
    assert len(summary_line("😀" * 300).encode("utf-16-le")) // 2 <= 255
    assert summary_line("😀" * 127) == "😀" * 127
    assert summary_line(" first\n\n second\tthird ") == "first second third"


def test_one_line_hides_nothing_from_a_log_reader() -> None:
    """Line ends, escape characters and direction overrides cannot forge or turn a line of a log."""
    assert one_line("ok\n2026 ERROR\x1b[0m \u202egpj.exe", 80) == "ok 2026 ERROR[0m gpj.exe"
    assert one_line("abcdef", 4) == "abc…"
