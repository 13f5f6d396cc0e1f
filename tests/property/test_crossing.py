"""Text that crosses: what a person wrote arrives as text, and nothing in it can pass for a mark of the bridge."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.connectors.jira.prose import Prose, units
from bridge.connectors.jira.shapes import note_of
from bridge.decide.text import clean
from bridge.decide.unwiki import from_wiki
from bridge.decide.wiki import to_wiki
from bridge.model.note import mark, split_mark
from tests.connectors.remedy_world import World
from tests.decide.test_text_wiki import server_markup

pytestmark = pytest.mark.promise("injection")

TRIED = settings(
    max_examples=400, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

#: What notifies people, loads something, leads somewhere or claims to be ours; and what may tear it apart.
PIECES = st.sampled_from(
    (
        *(
            "[~admin]",
            "[~accountid:5b10ac8d82e05b22cc7d4ef5]",
            "@admin",
            "[~",
            "]",
            "~",
            "!http://x.y/a.png!",
            "!a.png!",
        ),
        *(
            "!\\\\srv\\a.png|width=1!",
            "{html}<b>x</b>{html}",
            "{include:x}",
            "{jql-query:x}",
            "{color:red}",
            "{",
            "}",
        ),
        *(
            "[x|javascript:alert(1)]",
            "[x|data:text/html,x]",
            "[x|file:///etc/passwd]",
            "[^a.exe]",
            "[#top]",
            "[x|",
        ),
        *(
            "javascript:alert(1)",
            "vbscript:x",
            "file://x/y",
            "mailto:a@b.c",
            "ftp://x.y",
            "smb://x",
            "HTTP://X.Y/_a_",
        ),
        *(
            "https://x.y/a_b?c=1",
            "//x.y",
            "\\\\",
            "\\",
            "\u2060",
            "\u200b",
            "\u202e",
            "\ufeff",
            "&#91;",
            "&lt;",
            "|",
            "||",
        ),
        *(
            "\n",
            "\r\n",
            " ",
            "h1. x",
            "bq. x",
            "----",
            "* ",
            "a",
            "я",
            "🦊",
            "<script>",
            "]]>",
            "--",
            "!",
            "(",
            ")",
            "(/)",
        ),
        *(
            "(bridge:retail/INC1/told/fixed/1)",
            "(bridge:retail/INC1/note/desk/WLG1/7)",
            "(bridge:other/x)",
            "(bridge:",
        ),
        *("(bridge:retail/", "retail/INC1/living/1/new)", "bridge-retail-INC1-1"),
    )
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))
TAILS = st.builds(
    lambda pair, key, end: f"(bridge:{pair}/{key}){end}",
    st.sampled_from(("acme", "retail", "other-2", "x")),
    st.text(st.characters(codec="ascii", min_codepoint=33, exclude_characters="()"), min_size=1, max_size=60),
    st.sampled_from(("", " ", "\n", "\r\n\t")),
)
OURS = mark("acme", "INC000000000001/note/desk/WLG000000000012/10001")


@TRIED
@given(TEXTS)
@example("[~admin]")
@example("!http://x.y/a.png!")
@example("a[~admin]\u2060[~admin]")
def test_nobody_is_called_and_nothing_is_loaded(text: str) -> None:
    """No text of a customer becomes a mention, picture, macro, attachment or link to anything but http in Jira."""
    wiki = to_wiki(text)
    assert server_markup(wiki) == []
    assert from_wiki(wiki) == clean(text)


@TRIED
@given(TEXTS, TAILS)
@example("x", OURS)
def test_our_mark_is_the_last_one_in_jira(text: str, tail: str) -> None:
    """Whatever a text ends with, our mark follows it, and what stands before it comes back as it was written."""
    for said in (text, f"{text} {tail}"):
        sent = Prose(lambda: 32_767).wiki(said, last_line=OURS)
        plain, pair, key = split_mark(from_wiki(sent))
        assert (plain, mark(pair, key)) == (clean(said).rstrip(), OURS)


@TRIED
@given(TEXTS, TAILS, st.integers(200, 2000))
def test_a_cut_text_keeps_our_mark(text: str, tail: str, limit: int) -> None:
    """A text that is cut to what Jira takes ends with our mark and no other."""
    sent = Prose(lambda: limit).wiki(f"{text} {tail}" * 30, last_line=OURS)
    assert units(sent) <= limit
    assert mark(*split_mark(from_wiki(sent))[1:]) == OURS


@TRIED
@given(TEXTS, TAILS)
def test_a_comment_of_a_person_is_a_persons(text: str, tail: str) -> None:
    """No comment of anybody but a bridge's account is taken for one of ours or loses a word."""
    body = f"{text} {tail}"
    raw = {"id": "1", "created": "2026-09-27T10:03:11.123+0200", "body": body, "author": {"accountId": "dev"}}
    note = note_of(raw, "7", accounts={"me"}, pair="acme")
    assert (note.origin, note.mark, note.text) == ("person", "", from_wiki(body))


@settings(max_examples=120, derandomize=True, deadline=None)
@given(TEXTS, TAILS)
@example("x", OURS)
def test_our_mark_is_the_last_one_in_remedy(text: str, tail: str) -> None:
    """What a developer wrote arrives in Remedy as text under our mark; what a customer wrote is never one of ours."""
    world = World()
    number = world.opens()
    desk = world.desk().for_pair("acme")
    said = f"{from_wiki(text)} {tail}"
    desk.add_note(number, said, mark=OURS, internal=True)
    (ours,) = desk.notes(number)
    assert (ours.origin, mark("acme", ours.mark)) == ("bridge", OURS)
    assert ours.text == clean(said).strip()
    other = world.opens()
    world.people.writes(other, said, by="ann")
    (theirs,) = desk.notes(other)
    assert (theirs.origin, theirs.mark, theirs.text) == ("person", "", clean(said).strip())
