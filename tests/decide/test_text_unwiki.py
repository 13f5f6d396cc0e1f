"""Wiki markup to plain text: readable, no word lost."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.decide.text import clean
from bridge.decide.unwiki import from_wiki

SHARED = Path(os.environ.get("BRIDGE_SHARED", Path(__file__).parents[3] / "shared"))
ISSUES = SHARED / "data/jira/tidev-sample.jsonl.gz"
PAIRS = SHARED / "data/text/wiki-adf-pairs.jsonl.gz"
WORD = re.compile(r"[^\W\d_]+")
# Words that only markup says: names of macros, headings, sizes of pictures, entities.
MARKUP_WORDS = re.compile(
    r"\{(?:code|noformat|quote|panel|color|anchor)(?::[^}\n]*)?\}|^\s*(?:h[1-6]\.|bq\.)|\|(?:thumbnail|width=\S*)!"
    r"|accountid:|mailto:|&\w+;",
    re.MULTILINE | re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("wiki", "expected"),
    [
        ("*bold* _italic_ +under+ ^up^ ~down~ ??cited??", "bold italic under up down cited"),
        ("-struck- stays marked", "-struck- stays marked"),
        ("{*}b{*}ig {{mono_x_y}} {_}i{_}t", "big mono_x_y it"),
        ("a * b * c, snake_case_name, 2 ^ 3", "a * b * c, snake_case_name, 2 ^ 3"),
        ("h1. Title\nh3.Close", "Title\nClose"),
        ("* a\n** b\n# one\n# two\n## deep\n- d", "- a\n  - b\n1. one\n2. two\n  1. deep\n- d"),
        ("# one\n\n# one again", "1. one\n\n1. one again"),
        ("||Name||Age||\n|Ann *B*|30|", "Name | Age\nAnn B | 30"),
        ("|[x|http://y.z]|a\\|b|", "x (http://y.z) | a|b"),
        ("[text|https://x.y/a_b] [https://x.y]", "text (https://x.y/a_b) https://x.y"),
        ("[https://x.y|https://x.y|smart-link]", "https://x.y"),
        ("[mail|mailto:a@b.c] [mailto:a@b.c]", "mail (a@b.c) a@b.c"),
        ("[~jdoe] [~accountid:5b10]", "@jdoe @5b10"),
        ("[^log.txt] [INFO] [a|b]", "[attachment: log.txt] [INFO] [a|b]"),
        ("!a.png|thumbnail! !a b.jpg! wow! no!", "[image: a.png] [image: a b.jpg] wow! no!"),
        ("one\\\\two \\\\srv\\share", "one\ntwo \\\\srv\\share"),
        ("\\*a* \\{code} \\[x] \\:)", "*a* {code} [x] :)"),
        ("&lt;b&gt; &amp; &nbsp;x &unknown;", "<b> &  x &unknown;"),
        ("{color:red}red{color} {anchor:x}here", "red here"),
        ("{code:java|title=A.java}\nint *a_b_; // [x]\n{code}", "A.java\nint *a_b_; // [x]"),
        ("see {noformat}*raw* {code}{noformat} end", "see\n*raw* {code}\n end"),
        ("{panel:title=Note}text{panel}", "Note\ntext"),
        ("bq. said\n{quote}#verified\ntwice{quote}mine", "> said\n> #verified\n> twice\nmine"),
        ("{code}\nnever *closed*", "never closed"),
        ("{unknown} {0} ${name}", "{unknown} {0} ${name}"),
        ("https://x.y/_a_*b*?c=~d~", "https://x.y/_a_*b*?c=~d~"),
    ],
)
def test_markup_reads_as_plain_text(wiki: str, expected: str) -> None:
    """Every construct becomes what a reader of Remedy understands."""
    assert from_wiki(wiki) == expected


@given(st.text(alphabet="*_-+^~?!|#\\{}[]():;& \nabx.codequt", max_size=60))
def test_no_word_is_lost_whatever_the_marks(wiki: str) -> None:
    """Signs may go, letters stay, unless a macro's name or a link's target is made of them."""
    said = re.sub(
        r"\{[^{}\n]*\}|\[[^\]\n]*\]|\|[^!\n]*!|&\w+;|^\s*(?:h[1-6]|bq)\.", " ", wiki, flags=re.MULTILINE
    )
    plain = from_wiki(wiki)
    assert not Counter(re.findall(r"[a-z]", said)) - Counter(re.findall(r"[a-z]", plain))


@given(st.text(max_size=60))
def test_the_result_is_clean(wiki: str) -> None:
    """Whatever comes in, what goes to Remedy is cleaned text."""
    assert clean(from_wiki(wiki)) == from_wiki(wiki)


def bodies() -> Iterator[str]:
    """Yield the descriptions and comments of real issues."""
    with gzip.open(ISSUES, "rt", encoding="utf-8") as lines:
        for fields in (json.loads(line)["fields"] for line in lines):
            yield fields.get("description") or ""
            yield from (note.get("body") or "" for note in (fields.get("comment") or {}).get("comments", ()))


def words(text: str) -> Counter[str]:
    """Count the words of a text."""
    return Counter(WORD.findall(text))


@pytest.mark.skipif(not ISSUES.exists(), reason="the sample of real issues is not here")
def test_real_issues_keep_their_words() -> None:
    """Of 6,000 real texts 99.9 % of the words outside markup arrive, and 99 % of the texts whole."""
    texts = [body for body in bodies() if body]
    lost = [words(MARKUP_WORDS.sub(" ", clean(body))) - words(from_wiki(body)) for body in texts]
    total = sum(sum(words(body).values()) for body in texts)
    assert len(texts) > 6000
    assert sum(sum(gone.values()) for gone in lost) < total * 0.001
    assert sum(1 for gone in lost if not gone) > len(texts) * 0.99


def adf_text(node: dict[str, Any]) -> Iterator[str]:
    """Yield the text nodes of a document of Atlassian's own converter."""
    yield node.get("text", "")
    for child in node.get("content", ()):
        yield from adf_text(child)
    if node["type"] in {
        "paragraph",
        "heading",
        "codeBlock",
        "hardBreak",
        "tableCell",
        "tableHeader",
        "listItem",
    }:
        yield "\n"


@pytest.mark.parametrize("which", ["wiki", "wiki_again"])
@pytest.mark.skipif(not PAIRS.exists(), reason="the pairs of markup and ADF are not here")
def test_real_markup_says_what_atlassians_converter_says(which: str) -> None:
    """99.9 % of the words in the ADF of 2,500 real texts are in ours, and 99 % of the texts have them all."""
    with gzip.open(PAIRS, "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    theirs = [words("".join(adf_text(pair["adf"]))) for pair in pairs]
    lost = [one - words(from_wiki(pair[which])) for one, pair in zip(theirs, pairs, strict=True)]
    total = sum(sum(one.values()) for one in theirs)
    assert sum(sum(gone.values()) for gone in lost) < total * 0.001
    assert sum(1 for gone in lost if not gone) > len(pairs) * 0.99
