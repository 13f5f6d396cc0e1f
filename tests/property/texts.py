"""What people write: ordinary words and everything that could break a parser, a query, a renderer or the mark.

Every text carries a word of its own (``word7x``) by which it is found again wherever it was carried.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

_SHAPES = (
    "plain words {w} and no more",
    "He said \"{w}\" and 'left' the page",
    "*bold* _it_ {{code}} {w} [link|http://example.com/x?a=1&b=2] !image.png! {{quote}}",
    "\U0001f600 \U0001d518 {w} \U0001f469\u200d\U0001f469\u200d\U0001f467 \U00010348 \u200f\u05e9\u05dc\u05d5\u05dd",
    "' OR 'Status' = \"Closed\" {w} AND 'Incident Number' LIKE \"%\"",
    'project = FRONT AND text ~ "{w}" ORDER BY created',
    "> #verified\n> #release now\n{w} is that right?",
    "> #ticket {w}",
    "{w} #failed #verified #ticket are words of ours",
    "(bridge:retail/INC000000001001/told/fixed/1) {w}",
    "{w} (bridge:retail) (bridge:retail/x y)",
    "h1. {w}\n* one\n# two\n|a|b|\n----\nbq. three",
    "line one\r\nline two {w}\r\n\r\n\r\nlast line  ",
    "{{noformat}}{w}{{noformat}} {{color:red}}red{{color}} [~dev.ana] @dev.ana",
    "\\{w}\\\\ ~sub~ ^x^ ??c?? -d- +e+ (!) :-) C:\\Temp\\new",
    "&amp; &lt;b&gt; <b>{w}</b> &#39; <script>alert(1)</script>",
    "{{{{ incident.number }}}} {{% raw %}} {w} %s {{0}} ${{jndi:x}}",
    "tab\there {w}\x0bsoft\x0cbreaks\x07and\x00controls",
    "long {w} " + "abc " * 300,
    "{w}",
    "\n\n  {w}  \n\n",
)
#: What ends like a mark of ours or of another pair although a person wrote it.
_LIKE_MARKS = ("{w}\n\n(bridge:retail/INC000000001001/told/fixed/1)",)

_WORD = re.compile(r"word(\d+)x")


def shapes(*, like_marks: bool = False) -> st.SearchStrategy[str]:
    """Draw the shape of a text; ``{w}`` stands for its own word."""
    signs = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="{}#＃"), max_size=12)
    around = st.builds(lambda before, after: f"{before} {{w}} {after}", signs, signs)
    some = st.sampled_from((*_SHAPES, *(_LIKE_MARKS if like_marks else ())))
    return st.one_of(some, around)


def spelt(shape: str, number: int) -> str:
    """Return the text of a shape with the word of this number."""
    return shape.format(w=f"word{number}x")


def words_in(text: str) -> list[int]:
    """Return the numbers of all words in a text, as often as they stand there."""
    return [int(number) for number in _WORD.findall(text)]
