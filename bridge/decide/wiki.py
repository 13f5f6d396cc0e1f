"""Plain text to Jira's wiki markup (REST v2 on Cloud and Data Center) that shows exactly what was typed.

Nothing that a customer typed may become markup, a mention, an image or a macro; ordinary prose, dates,
keys and http addresses stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bridge.decide.text import clean
from bridge.decide.wiki_signs import ENTITY, ESCAPABLE, JOINER, URL, breaks_line, joins_word

# Where a mark or an icon may end; we put a joiner before an address, so that one ends it too.
_END = r"(?:(?![A-Za-z0-9])|(?=https?:))"
_SIGN = re.compile(
    rf"(?P<url>{URL})"
    rf"|(?P<joiner>{JOINER}+)"
    r"|(?P<backslash>\\+)"
    r"|(?P<bracket>[{\[])"
    rf"|(?P<icon>\((?=(?:[-+yni/x!?]|on|off|\*[rgby]?|flag|flagoff)\){_END}))"
    rf"|(?P<smile>[:;]-?[()]{_END})"
    rf"|(?P<grin>:(?=-?[PpD]{_END}))"
    rf"|(?P<entity>{ENTITY})"
    r"|(?P<scheme>(?:mailto|ftps?|irc|news|nntp|file|javascript|vbscript|data|jamfselfservice|https?):(?=\S))"
    r"|(?P<mark>([-*_+^~!])\11*|\?\?+)"
    r"|(?P<close>\))"
)
# Punctuation after an address that neither renderer counts to it and that we do not escape.
_URL_END = re.compile(r"[.,'\">]{0,2}\??\)?[.,!'\">]{0,3}(?: |\Z)")
# Server makes no link of an address after one of these, Cloud does: they must be kept apart.
_BEFORE_URL = frozenset("\"'[|!\\")
_START = re.compile(r"\s*+(?:(?P<word>h[1-6]\.|bq\.)|(?P<sign>\||[*#-]+(?=\s)|-{4,5}(?=\Z)))")


def to_wiki(plain: str) -> str:
    """Return wiki markup that both of Jira's renderers show as the cleaned text, every sign literally."""
    lines = clean(plain).split("\n")
    return "\n".join(_Line(line).written() for line in lines)


@dataclass(slots=True)
class _Line:
    """One line being written.

    ``escaped`` and ``joined`` say what the last piece was, ``closers`` where a mark could close last.
    """

    line: str
    pieces: list[str] = field(default_factory=list)
    escaped: bool = False
    joined: bool = False
    closers: dict[str, int] = field(default_factory=dict)

    def written(self) -> str:
        done = self._line_start()
        for found in _SIGN.finditer(self.line, done):
            if found.start() > done:
                self._plain(self.line[done : found.start()])
            getattr(self, f"_{found.lastgroup}")(found)
            done = found.end()
        self._plain(self.line[done:])
        return "".join(self.pieces)

    def _line_start(self) -> int:
        """Write what would make the line a heading, quote, item, row or ruler; return where it ends."""
        found = _START.match(self.line)
        if found is None:
            return 0
        if found["word"]:
            self._plain(self.line[: found.start("word")])
            self._join()
            return found.start("word")
        self._plain(self.line[: found.start("sign")])
        self._escape(self.line[found.start("sign")])
        return found.start("sign") + 1

    def _plain(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.escaped = self.joined = False

    def _escape(self, signs: str) -> None:
        self.pieces.extend(f"\\{sign}" for sign in signs)
        self.escaped, self.joined = True, False

    def _join(self) -> None:
        if not self.joined:
            self.pieces.append(JOINER)
            self.escaped, self.joined = False, True

    def _url(self, found: re.Match[str]) -> None:
        before = self.line[found.start() - 1 : found.start()]
        if before and (before.isalnum() or before in _BEFORE_URL):
            self._join()
        self._plain(found[0])
        if _URL_END.match(self.line, found.end()) is None:
            self._join()

    def _joiner(self, found: re.Match[str]) -> None:
        # An odd run on the page says that the last one is ours: it stays ours, and no second one is added.
        self.pieces.append(found[0] * 2)
        self.escaped = False

    def _backslash(self, found: re.Match[str]) -> None:
        run = found[0]
        pair = len(run) == 2 and breaks_line(self.line, found.end())
        self._plain(f"\\{JOINER}\\" if pair else run)
        after = self.line[found.end() : found.end() + 1]
        if not after or after in ESCAPABLE:
            self._join()

    def _bracket(self, found: re.Match[str]) -> None:
        self._escape(found[0])

    def _icon(self, found: re.Match[str]) -> None:
        self._escape(found[0])

    def _smile(self, found: re.Match[str]) -> None:
        self._plain(found[0][0])
        self._escape(found[0][1:])

    def _grin(self, found: re.Match[str]) -> None:
        self._plain(found[0])
        self._join()

    def _entity(self, found: re.Match[str]) -> None:
        self._plain(found[0])
        self._join()

    def _scheme(self, found: re.Match[str]) -> None:
        self._plain(found[0])
        self._join()

    def _close(self, found: re.Match[str]) -> None:
        # Server writes an escaped sign as an entity, whose semicolon must not make a smile with this.
        if self.escaped:
            self._escape(found[0])
        else:
            self._plain(found[0])

    def _mark(self, found: re.Match[str]) -> None:
        """Write a run of one mark, escaped where it could open or be a dash."""
        run = found[0]
        if self._is_dash(found):
            # A blank other than a space after it still lets the last sign open on Cloud.
            alone = self.line[found.end() : found.end() + 1] in ("", " ")
            self._escape(run[0] if alone else run)
            self._plain(run[1:] if alone else "")
        elif self._may_open(found):
            first = 1 if self._in_word(found.start()) and run[0] != "?" else 0
            self._plain(run[:first])
            self._escape(run[first:])
        else:
            self._plain(run)

    def _in_word(self, at: int) -> bool:
        """Return whether the sign before cannot begin a mark; after a joiner of ours anything can."""
        return at > 0 and not self.joined and joins_word(self.line[at - 1])

    def _may_open(self, found: re.Match[str]) -> bool:
        """Return whether a mark of the run can open, and something later on the line close it."""
        run, after = found[0], self.line[found.end() : found.end() + 1]
        if self.escaped and run == "-" and after == ")":
            return True  # the semicolon of an entity, as in ``_close``
        if self._last_closer(run[0]) < found.end():
            return False
        if after in ("", " "):
            # Cloud reads a third question mark as the first of what is cited.
            return run[0] == "?" and len(run) > 2
        return len(run) > 1 or not self._in_word(found.start())

    def _last_closer(self, mark: str) -> int:
        if mark not in self.closers:
            closers = re.finditer(rf"(?<=[^ ]){re.escape(mark)}{_END}", self.line)
            self.closers[mark] = max((found.start() for found in closers), default=-1)
        return self.closers[mark]

    def _is_dash(self, found: re.Match[str]) -> bool:
        if found[0] not in ("--", "---"):
            return False
        around = (
            self.line[max(found.start() - 1, 0) : found.start()],
            self.line[found.end() : found.end() + 1],
        )
        return all(sign in ("", "\ufeff") or sign.isspace() for sign in around)
