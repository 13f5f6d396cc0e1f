"""What has a meaning in Jira's wiki markup, shared by writing (``wiki``) and reading (``unwiki``).

The rules are those of both renderers that read our text: the wiki renderer of Server and Data Center
and Cloud's converter to ADF (``@atlaskit/editor-wikimarkup-transformer``).  Where they differ the
stricter one counts.
"""

from __future__ import annotations

import re

#: An invisible character that keeps two signs apart where no backslash can, since neither renderer lets
#: it escape a backslash, a letter or an ampersand.  A joiner that a person typed is written twice.
JOINER = "\u2060"

#: What a single backslash escapes in both renderers.
ESCAPABLE = frozenset("-#*_+?^~|%{}[]()!@")

# Cloud makes no link of an address whose host or port no browser would accept, and its signs are markup then.
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HOST = (
    rf"(?:(?:{_OCTET}\.){{3}}{_OCTET}(?![A-Za-z0-9_.-])|(?!xn--)(?:[A-Za-z0-9_-]+\.)*[A-Za-z][A-Za-z0-9_-]*)"
)

#: An address that both renderers turn into a link as a whole, in which nothing is markup.
URL = (
    rf"https?://{_HOST}(?::[0-5]?[0-9]{{1,4}}(?![0-9]))?"
    r"(?:[/?#][A-Za-z0-9_.!~*';/?:@#&=%+$,()-]*[A-Za-z0-9_~/#$%&(*+:=@-]|/)?"
)

#: An HTML entity, which Server shows as its character.
ENTITY = r"&(?=#?\w{1,31};)"


def joins_word(sign: str) -> bool:
    """Return whether a mark directly after this character cannot open, since it stands inside a word."""
    return sign.isalpha() or sign.isdecimal()


def breaks_line(text: str, end: int) -> bool:
    r"""Return whether a lone pair of backslashes that ends at ``end`` is a forced line break.

    It is not where another backslash follows in the same word, so that ``\\host\share`` stays.
    """
    return _LATER_BACKSLASH.match(text, end) is None


_LATER_BACKSLASH = re.compile(r"[^\s\\]*+\\")
