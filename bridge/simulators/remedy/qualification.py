"""The grammar of AR System qualifications: text in, a tree out.

Fields stand in single quotes, text in double quotes, and a quote inside either is doubled; a backslash is an
ordinary character.  What the names mean on a form is not decided here (see ``predicates.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.simulators.remedy.refusal import Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldName:
    """A field by name or number; ``position`` counts characters from 1."""

    name: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text literal."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole or decimal number."""

    value: int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A keyword such as ``$NULL$``, in upper case and without the dollars."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """``left operator right`` with one of + - * / %."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``left operator right`` with one of = != < <= > >= LIKE."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """All of ``parts``, joined by AND."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """Any of ``parts``, joined by OR."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """``NOT inner``."""

    inner: Node


Node = FieldName | Text | Number | Keyword | Arithmetic | Comparison | Both | Either | Negated

KEYWORDS = frozenset({"NULL", "TIMESTAMP", "DATE", "TIME", "USER", "WEEKDAY"})
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "LIKE"})
_DEEPEST = 60

_TOKEN = re.compile(
    r"""\s*(?:
    '(?P<field>(?:[^']|'')*)'
  | "(?P<text>(?:[^"]|"")*)"
  | (?P<number>\d+(?:\.\d+)?)
  | \$(?P<keyword>[A-Za-z]+)\$
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign>&&|\|\||!=|<=|>=|[=<>!()+\-*/%])
  )""",
    re.VERBOSE,
)
_WORDS = {"AND": "AND", "OR": "OR", "NOT": "NOT", "LIKE": "LIKE"}
_SIGNS = {"&&": "AND", "||": "OR", "!": "NOT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    value: str
    position: int


def parse(text: str, *, syntax_number: int, status: int, bare_names: bool = False) -> Node:
    """Return the tree of ``text``; raise ``Rejected`` ``syntax_number`` (HTTP ``status``) where it has none.

    ``bare_names`` also takes one-word field names without quotes, as some servers are said to do.
    """

    def refuse(position: int, what: str) -> Rejected:
        return Rejected(
            syntax_number, "Error in query line", f"at position {position} ( {what} )", status=status
        )

    try:
        tokens = list(_tokens(text, bare_names=bare_names))
        return _Parser(tokens, len(text) + 1).whole()
    except _Misplaced as error:
        raise refuse(error.position, error.what) from error


class _Misplaced(Exception):
    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position
        self.what = what


def _tokens(text: str, *, bare_names: bool) -> Iterator[_Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if not found or not found.lastgroup:
            raise _Misplaced(place + 1, text[place : place + 20])
        kind = found.lastgroup
        yield _token(kind, found[kind], found.start(kind), bare_names=bare_names)
        place = found.end()


def _token(kind: str, value: str, start: int, *, bare_names: bool) -> _Token:
    match kind:
        case "field":
            return _Token(kind=kind, value=value.replace("''", "'"), position=start)
        case "text":
            return _Token(kind=kind, value=value.replace('""', '"'), position=start)
        case "keyword" if value.upper() in KEYWORDS:
            return _Token(kind=kind, value=value.upper(), position=start)
        case "word" if value.upper() in _WORDS:
            return _Token(kind="sign", value=value.upper(), position=start + 1)
        case "word" if bare_names:
            return _Token(kind="field", value=value, position=start + 1)
        case "sign":
            return _Token(kind=kind, value=_SIGNS.get(value, value), position=start + 1)
        case "number":
            return _Token(kind=kind, value=value, position=start + 1)
    raise _Misplaced(start + 1, value)


class _Parser:
    """Recursive descent, loosest first: OR, AND, NOT, comparison, sums, products, one value."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self._sums = 0
        self._end = _Token(kind="end", value="end of line", position=end)

    def whole(self) -> Node:
        node = self._either()
        if self._next.kind != "end":
            raise _Misplaced(self._next.position, self._next.value)
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else self._end

    def _take(self, *signs: str) -> str | None:
        token = self._next
        if token.kind == "sign" and token.value in signs:
            self._place += 1
            return token.value
        return None

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _both(self) -> Node:
        parts = [self._negated()]
        while self._take("AND"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))

    def _negated(self) -> Node:
        if self._take("NOT"):
            with self._deeper():
                return Negated(inner=self._negated())
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        operator = self._take(*COMPARISONS)
        return Comparison(operator=operator, left=left, right=self._sum()) if operator else left

    def _sum(self) -> Node:
        node = self._product()
        while operator := self._take("+", "-"):
            self._another()
            node = Arithmetic(operator=operator, left=node, right=self._product())
        return node

    def _product(self) -> Node:
        node = self._value()
        while operator := self._take("*", "/", "%"):
            self._another()
            node = Arithmetic(operator=operator, left=node, right=self._value())
        return node

    def _value(self) -> Node:
        if self._take("("):
            with self._deeper():
                node = self._either()
            if not self._take(")"):
                raise _Misplaced(self._next.position, self._next.value)
            return node
        if self._take("-"):
            with self._deeper():
                return Arithmetic(operator="-", left=Number(value=0), right=self._value())
        return self._literal()

    def _literal(self) -> Node:
        token = self._next
        self._place += 1
        match token.kind:
            case "field":
                return FieldName(name=token.value, position=token.position)
            case "text":
                return Text(value=token.value)
            case "number":
                return Number(value=float(token.value) if "." in token.value else int(token.value))
            case "keyword":
                return Keyword(name=token.value)
        raise _Misplaced(token.position, token.value)

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        self._check(self._depth)
        yield
        self._depth -= 1

    def _another(self) -> None:
        self._sums += 1
        self._check(self._sums)

    def _check(self, size: int) -> None:
        if size > _DEEPEST:
            raise _Misplaced(self._next.position, "too deep")
