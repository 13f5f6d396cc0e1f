"""Requests at the beginning of a note, keys in the ticket field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.decide.phrases import first_phrase, ticket_keys

ASK = ("#ticket", "#тикет", "#тікет", "#ticket again", "#всё готово")


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("#ticket", ("#ticket", "")),
        ("#Ticket: till 4 freezes", ("#ticket", "till 4 freezes")),
        ("  \n«# TICKET» please", ("#ticket", "please")),
        ("#ticket   again!  now", ("#ticket again", "now")),
        ("#ticket against", ("#ticket", "against")),
        ("*#ticket* - please", ("#ticket", "please")),
        ("- #ticket, a\n\nb  ", ("#ticket", "a\n\nb")),
        ("#ТИКЕТ. Касса", ("#тикет", "Касса")),
        ("#Тікет", ("#тікет", "")),
        ("#все  готово", ("#всё готово", "")),
        ("＃ticket -5 degrees", ("#ticket", "-5 degrees")),
    ],
)
def test_a_request_is_understood_as_people_type_it(note: str, expected: tuple[str, str]) -> None:
    """Case, blanks, quotes, punctuation, ё and the blank after # do not matter; the longest phrase wins."""
    assert first_phrase(note, ASK) == expected


@pytest.mark.parametrize(
    "note",
    [
        "",
        "#tickets",
        "#ticket_2",
        "ticket please",
        "please #ticket",
        "> #ticket",
        " > «#ticket»",
        "#тикета",
        "#",
        "\n",
    ],
)
def test_what_is_no_request_is_none(note: str) -> None:
    """Longer words, a phrase later in the note and quoted lines ask for nothing."""
    assert first_phrase(note, ASK) is None


def test_no_phrases_or_empty_ones_match_nothing() -> None:
    """An empty phrase is not a phrase that every note begins with."""
    assert first_phrase("anything", ()) is None
    assert first_phrase("anything", ("", "  ")) is None


@given(st.sampled_from(ASK), st.text(max_size=30))
def test_a_phrase_before_anything_on_its_own_line_is_found(phrase: str, rest: str) -> None:
    """Whatever follows on the next lines, the phrase is found and as configured."""
    found = first_phrase(f"{phrase}\n{rest}", ASK)
    assert found is not None
    assert found[0] == phrase


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        (
            "VEND-77; FRONT-12, https://x.atlassian.net/browse/WEB_2-3?focusedId=1",
            ("VEND-77", "FRONT-12", "WEB_2-3"),
        ),
        ("FRONT-12,FRONT-12 FRONT-1", ("FRONT-12", "FRONT-1")),
        ("(FRONT-12). [AB-3]|CD-4/EF-5", ("FRONT-12", "AB-3", "CD-4", "EF-5")),
        ("https://x/browse/FRONT-12/?page=UTF-8#ISO-1,https://x/issues/QA-7", ("FRONT-12", "QA-7")),
        ("https://x/jira?selectedIssue=AB-9 http://host/XY-1/path", ("AB-9",)),
        ("xFRONT-12 FRONT-12a FRONT-012 A-1 front-12 FRONT-12-3 X-FRONT-1 FRONT- -12", ()),
        ("", ()),
    ],
)
def test_keys_are_read_in_order_and_once(value: str, keys: tuple[str, ...]) -> None:
    """Bare keys and addresses of tickets count, parts of longer words and of other addresses do not."""
    assert ticket_keys(value) == keys
