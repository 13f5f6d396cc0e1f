"""Plain text to wiki markup: shown literally, readable raw.

The checks of Server's renderer below follow Atlassian's published rules, independently of our reader.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.decide.text import clean, cut
from bridge.decide.unwiki import from_wiki
from bridge.decide.wiki import to_wiki

JOINER = "\u2060"
PIECES = [
    *"*_-+^~?!|#\\{}[]()@:;&<>%'\",./ \n\ta1Zяё\xa0",
    JOINER,
    *(
        "h1. ",
        "bq. ",
        "----",
        "--",
        "---",
        "{code}",
        "{{",
        "}}",
        "{quote}",
        "{color:red}",
        "[~user]",
        "[a|http://b.c]",
    ),
    *(
        "!x.png!",
        "!a b.png|thumbnail!",
        ":)",
        "(!)",
        "(/)",
        "(y)",
        "(*r)",
        ":D",
        ":-P",
        ";-)",
        "??",
        "* ",
        "# ",
        "||",
    ),
    *("https://a.b/c_d?x=1-2#y", "http://x.y", "http://u:p@h.i/_a_", "http://999.1.1.1/*a*", "mailto:a@b.c"),
    *(
        "ftp://x.y/_a_",
        "\\\\",
        "\\\\srv\\share",
        "C:\\_t\\",
        "&amp;",
        "&#92;",
        "javascript:alert(1)",
        "слово",
        "word",
    ),
    *("INC000000012345", "2026-11-21", "(bridge:retail/INC000000000001/note/remedy/WLG000000000012)"),
]
MARKUP = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
TEXTS = st.one_of(
    MARKUP, st.text(alphabet="*_-+^~?!|#\\{}[]()@:;& \nab\u2060", max_size=30), st.text(max_size=40)
)

LETTER = r"[^\W_]"
TOKEN = "\ue000"
URL = re.compile(
    r"(?:(?<=[^\"\[|'!\n])|(?<=\n)|^)(?<![A-Za-z0-9])"
    r"(?:https?://|ftps?://|mailto:|irc:|news:|nntp:|file:)[-_.!~*';/?:@#&=%+$,A-Za-z0-9\[\]()\\]+",
    re.MULTILINE,
)
BLOCKS = re.compile(r"^[ \t]*(?:h[1-6]\.|bq\.|\||[*#-]+[ \t]|-{4,5}[ \t]*$)", re.MULTILINE)
ICONS = re.compile(
    r"(?:[:;]-?\)|:-?\(|:-?[PpD]|\((?:y|n|i|/|x|!|\+|-|\?|on|off|\*[rgby]?|flag|flagoff)\))(?!" + LETTER + ")"
)
DASHES = re.compile(r"(?:^|\s)---?(?:\s|$)", re.MULTILINE)
BREAK = re.compile(r"(?<!\\)\\{2}(?!\S*\\)")


def phrase(mark: str, one: str) -> re.Pattern[str]:
    """Return what Server's renderer takes for a phrase between two of these marks."""
    return re.compile(
        rf"(?:(?<!{LETTER})(?<!\\)|(?<={TOKEN})){mark}[^\s{one}](?:(?!{mark})[^\n]*?[^\s{one}])??(?<!\\){mark}(?!{LETTER})"
    )


PHRASES = [phrase(mark, mark[-1:]) for mark in (r"\?\?", r"\*", r"\^", "~", "_", "-", r"\+", "!")]


def server_markup(wiki: str) -> list[str]:
    """Return everything in the text that Server's renderer would show as something else than it is."""
    found = [match[0] for match in BLOCKS.finditer(wiki)]
    found += [match[0] for match in re.finditer(r"(?<!\\)[{\[]", wiki)]
    text = URL.sub(address, wiki)
    found += [match[0] for match in re.finditer(r"&#?\w{1,31};", text)]
    text = re.sub(r"(?<!\\)\\([-#*_+?^~|%{}\[\]()!@])", lambda sign: f"&#{ord(sign[1])};", text)
    for pattern in (*PHRASES, ICONS, DASHES, BREAK):
        found += [match[0] for match in pattern.finditer(text)]
    return found


def address(found: re.Match[str]) -> str:
    """Return a link's token, and what follows the link; only http may be one."""
    whole = found[0].rstrip(".,>)];}\"'!")
    assert whole.startswith("http"), f"{whole} is a link"
    assert "\\" not in whole, f"{whole} has a backslash in its address"
    return TOKEN + found[0][len(whole) :]


@given(TEXTS)
@example("a\\")
@example("\\\\")
@example("\\\\srv\\x")
@example("\\*x*")
@example(f"{JOINER}\\{JOINER}{JOINER}*x*")
@example("https://a.b/c;)")
@example("!http://a.b/c.png!")
def test_what_was_typed_comes_back(text: str) -> None:
    """Reading what was written gives the cleaned text, whatever it was."""
    assert from_wiki(to_wiki(text)) == clean(text)


@given(TEXTS)
@example("*a\n*b* https://x.y/_z_")
@example('"https://x.y/_z_"')
@example("https://a.b/c:)")
@example(":-) (*) ;) (flag)")
def test_nothing_typed_becomes_markup_on_server(text: str) -> None:
    """No block, phrase, macro, link, icon, entity, dash or break is left for Server's renderer."""
    assert server_markup(to_wiki(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "*b*",
        "_i_",
        "h1. x",
        "- x",
        "|x|",
        "{code}",
        "[~u]",
        "!x.png!",
        ":)",
        "(/)",
        "-- ",
        "a -- b",
        "\\\\",
        "&lt;",
    ],
)
def test_the_check_of_server_markup_sees_markup(text: str) -> None:
    """The check above does find every kind of markup where it is not escaped."""
    assert server_markup(text)


@pytest.mark.parametrize(
    "text",
    [
        "Till 4 froze at 10:30 on 2026-11-21, see INC000000012345 and FRONT-12.",
        "e-mail a-b to first.last_name@x-y.com (really), it's 5 - 3 = 2!",
        "https://x.example/a_b_c/-d-/*e*?q=_1_&r=~2~#z, and (http://y.example/_a_).",
        "snake_case and init__ stay? C++ too; 100% of #12 @home ~ok",
        "temperature fell to -5 in 2026-11",
        "(bridge:retail/INC000000000001/note/remedy/WLG000000000012)",
        "(bridge:retail_eu-2/INC000000000001/set/status_hold@3)",
        "C:\\temp\\file.txt and \\\\server\\share\\dir",
        "Касса зависла — перезагрузка не помогла…",
    ],
)
def test_ordinary_prose_stays_readable_raw(text: str) -> None:
    """What is no markup is not escaped: dates, keys, addresses, the trailing mark."""
    assert to_wiki(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* and _it_", "\\*bold* and \\_it_"),
        ("__init__", "\\_\\_init__"),
        ("{code}x{code}", "\\{code}x\\{code}"),
        ("[~admin] [a|http://b.c]", f"\\[~admin] \\[a|{JOINER}http://b.c{JOINER}]"),
        ("!x.png!", "\\!x.png!"),
        ("* item\n# two\n- three", "\\* item\n\\# two\n\\- three"),
        ("h1. head\nbq. said", f"{JOINER}h1. head\n{JOINER}bq. said"),
        ("|a|b|", "\\|a|b|"),
        ("----", "\\----"),
        (":) (!) (y) :-)", ":\\) \\(!) \\(y) :\\-\\)"),
        ("mailto:a@b.c javascript:x", f"mailto:{JOINER}a@b.c javascript:{JOINER}x"),
        ("a \\\\ b", f"a \\{JOINER}\\ b"),
    ],
)
def test_markup_is_escaped_where_it_begins(text: str, expected: str) -> None:
    """One backslash, or one invisible joiner, where the markup would begin, and nothing more."""
    assert to_wiki(text) == expected


@given(TEXTS, st.integers(1, 60))
def test_a_cut_of_markup_leaves_no_dangling_backslash(text: str, limit: int) -> None:
    """What remains before the tail never ends with a backslash that would escape the tail."""
    wiki = to_wiki(text)
    short = cut(wiki, limit, "…")
    assert short == wiki or not short.removesuffix("…").endswith("\\")
