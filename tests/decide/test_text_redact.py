"""What leaves the desk without card numbers, phones and e-mail addresses."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bridge.decide.redact import REMOVED, redact

KINDS = ("card_number", "phone", "email")
CARD, PHONE, EMAIL = (REMOVED[kind] for kind in KINDS)
NOISE = st.text(alphabet="ab1 0-.+()@7842\n#", max_size=30)


def luhn(body: str) -> str:
    """Return the digits with the check digit that makes them a card number."""
    doubled = [int(sign) * (2 - at % 2) for at, sign in enumerate(reversed(body))]
    return body + str(-sum(part // 10 + part % 10 for part in doubled) % 10)


def grouped(digits: str, sizes: tuple[int, ...], separator: str) -> str:
    """Return the digits in groups of these sizes, the last one with the rest."""
    parts: list[str] = []
    for size in sizes:
        parts.append(digits[:size])
        digits = digits[size:]
    return separator.join(part for part in [*parts, digits] if part)


FORMS = st.sampled_from([(), (4, 4, 4), (4, 4, 4, 4), (4, 6), (8,), (4, 4)])
CARDS = st.builds(
    grouped,
    st.tuples(st.sampled_from("3456"), st.text("0123456789", min_size=11, max_size=17)).map(
        lambda d: luhn("".join(d))
    ),
    FORMS,
    st.sampled_from([" ", "-", "\xa0", "  ", " - ", "–", "."]),
)


@given(CARDS, st.text(max_size=20), st.text(max_size=20))
@example("4111 1111 1111 1111", "карта", "x")
@example("378282246310005", "12 ", " 34")
def test_no_card_survives_in_any_text(card: str, before: str, after: str) -> None:
    """A card written in any usual way is gone, whatever stands around it, if that is no digit of its own."""
    assume(not re.search(r"[0-9][\s.()-]*\Z", before) and not re.match(r"[\s.()-]*[0-9]", after))
    cut_out = redact(f"{before}{card}{after}", ("card_number",))
    assert card not in cut_out
    assert CARD in cut_out


@pytest.mark.parametrize(
    "text",
    [
        "pays with 12 4111 1111 1111 1111 today",
        "4111-1111-1111-1111 12/27 123",
        "VISA4111111111111111",
        "4000 0012 3456 7899",
        "2200 0000 0000 0053",
    ],
)
def test_a_card_beside_other_numbers_goes(text: str) -> None:
    """Numbers before and after a card do not hide it."""
    assert CARD in redact(text, KINDS)


@pytest.mark.parametrize(
    "phone",
    [
        "+7 (912) 345-67-89",
        "+79123456789",
        "8 912 345-67-89",
        "8(912)345-67-89",
        "89123456789",
        "8-800-555-35-35",
        "+380 44 123 45 67",
        "+380671234567",
        "380671234567",
        "067 123 45 67",
        "(044) 123-45-67",
        "0671234567",
        "(495) 123-45-67",
        "123-45-67",
        "+44 20 7946 0958",
        "0044 20 7946 0958",
        "020 7946 0958",
        "07911 123456",
        "(212) 555-0123",
        "212-555-0123",
        "212.555.0123",
        "+1 212 555 0123",
        "1-800-555-0199",
        "+49 30 901820",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "call {} now", "Phone:{}.", "2026-11-21 10:30 {}, INC000000012345", "({})"]
)
def test_phones_go(phone: str, around: str) -> None:
    """Phone numbers as people in our countries write them go whole, the text around them stays."""
    assert redact(around.format(phone), ("phone",)) == around.format(PHONE)


@pytest.mark.parametrize("text", ["тел. 2125550123", "call 2125550123", "mob: 912 34 56", "phone 555-0123"])
def test_an_announced_phone_goes_in_any_form(text: str) -> None:
    """A word that announces a phone number makes a doubtful one certain."""
    assert PHONE in redact(text, ("phone",))
    assert not re.search(r"\d", redact(text, ("phone",)))


@pytest.mark.parametrize(
    "text",
    [
        "INC000000012345 WLG000000000012 CRQ000000098765 FRONT-12 AB_1-1234567",
        "(bridge:retail/INC000000000001/note/remedy/WLG000000000012)",
        "2026-11-21 21.11.2026 21-11-2026 08.12.2026 10:30 2026-11-21T12:30:45+0300",
        "10:30-12:45, 12:30:45.123",
        "192.168.100.200 10.0.0.1:8080 192.168.100.200 192.168.100.201",
        "4.2.1 10.0.19041.1234 v1.2.3-456",
        "1 234 567 890 12 345 678,90 $1,234,567 8 345 678 99.99",
        "1700000000 1700000000000 1700000000000000 20261121123045",
        "550e8400-e29b-41d4-a716-446655440000 0.8414709848078965",
        "4111 1111 1111 1112 is no card",
        "0000 0000 0000 0000",
        "@home user@localhost a @ b",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Keys, dates, times, addresses of machines, versions, amounts and stamps stay as they are."""
    assert redact(text, KINDS) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to a.b+c@x-y.co.uk.", f"write to {EMAIL}."),
        ("<иван@почта.рф>, mailto:x@y.org", f"<{EMAIL}>, mailto:{EMAIL}"),
        ("79123456789@mail.ru", EMAIL),
        ("a@b.c,d@e.f", f"{EMAIL},{EMAIL}"),
    ],
)
def test_addresses_go(text: str, expected: str) -> None:
    """E-mail addresses go whole, the punctuation around them stays."""
    assert redact(text, KINDS) == expected


@given(NOISE, st.sets(st.sampled_from(KINDS)))
@example("0671234567.4111111111111111", set(KINDS))
@example("phone 0671234567 123456", {"phone"})
@example("a@b 4111 1111 1111 1111.c", set(KINDS))
def test_redacting_twice_changes_nothing(text: str, kinds: set[str]) -> None:
    """What was redacted once is redacted."""
    once = redact(text, kinds)
    assert redact(once, kinds) == once


@given(st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@")))
def test_a_text_without_digits_and_at_signs_stays(text: str) -> None:
    """Nothing is removed where there is nothing."""
    assert redact(text, KINDS) == text


def test_only_what_is_asked_for_goes_and_in_the_given_words() -> None:
    """A rule that redacts e-mail only leaves phones; the words in their place are the pair's own."""
    assert redact("a@b.cd +79123456789", ["email"], {"email": "[почта]"}) == "[почта] +79123456789"
    with pytest.raises(ValueError, match="passport"):
        redact("x", ["passport"])
