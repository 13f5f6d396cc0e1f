"""The query language: text to a tree.  What the names in it mean is not known here.

Grammar and quoting after Jira's own JQL reference: words, 'single' or "double" quoted strings with
backslash escapes, lists, functions, AND/OR/NOT with their signs, and ORDER BY.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

OPERATORS = ("not in", "is not", "!=", "!~", ">=", "<=", "=", "~", ">", "<", "in", "is")


class BadQuery(Exception):
    """The query cannot be read or asks for what does not exist; the text is the site's."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A word or a quoted string."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A call such as ``currentUser()``."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """EMPTY or NULL."""


Operand = Literal | Function | Empty


@dataclass(frozen=True, slots=True)
class Clause:
    """``field operator operand``; a list is kept as its members."""

    field: str
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A negated part."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """Parts that must all hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Parts of which one must hold."""

    parts: tuple[Node, ...]


Node = Clause | Not | And | Or


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY; ``descending`` None where the query does not say."""

    field: str
    descending: bool | None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; ``where`` None where it restricts nothing."""

    where: Node | None
    order: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<sign>>=|<=|!=|!~|&&|\|\||[=~<>(),!&|])
    | (?P<word>(?:[^\s"'=~<>(),!&|{}*/%+$\#@?;^\\]|\\u[0-9a-fA-F]{4}|\\[^u])+)
    | (?P<bad>\S)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", " ": " "}
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "order", "by", "asc", "desc", "was", "changed"})
# Reserved words of the JQL reference that somebody is likely to write unquoted.
_RESERVED = frozenset(
    """
    abort access add after alias all alter any are as audit before begin between boolean but bye case
    catch cf char check checkpoint collate collation column commit connect continue count create current
    date decimal declare decrement default defaults define delete delimiter difference distinct divide
    do double drop else encoding end equals escape exclusive exec execute exists explain false fetch
    field file first float for from function go goto grant greater group having identified if immediate
    increment index initial inner inout input insert int integer intersect intersection into isempty
    isnull join last left less like limit lock long max min minus mode modify modulo more multiply next
    noaudit notin nowait number object of on option outer output power previous prior privileges public
    raise raw remainder rename resource return returns revoke right row rowid rownum rows select session
    set share size sqrt start strict string subtract sum synonym table then to trans transaction trigger
    true uid union unique update user validate values view when whenever where while with
    """.split()  # noqa: SIM905 - a list of a hundred quoted words is no easier to read
)


def parse(text: str) -> Query:
    """Read a query; ``BadQuery`` where it is none."""
    return _Parser(text).query()


def quote(text: str) -> str:
    """Quote any text so that a query means exactly it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    for plain, sign in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(plain, sign)
    return f'"{escaped}"'


def _tokens(text: str) -> list[_Token]:
    text = text.rstrip()
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise BadQuery(f"Error in the JQL Query at character {position}.")
        kind, value = found.lastgroup, found.group(found.lastgroup)
        if kind == "bad":
            _unreadable(value, found.start(kind))
        tokens.append(_Token(kind, value, found.start(kind)))
        position = found.end()
    return tokens


def _unreadable(character: str, position: int) -> NoReturn:
    if character in "\"'":
        raise BadQuery(
            "Error in the JQL Query: The quoted string has not been completed. "
            f"(line 1, character {position + 1})"
        )
    if character == "\\":
        raise BadQuery(
            f"Error in the JQL Query: an illegal JQL escape sequence. (line 1, character {position + 1})"
        )
    raise BadQuery(
        f"Error in the JQL Query: The character '{character}' is a reserved JQL character. "
        f"You must enclose it in a string or use the escape '\\u{ord(character):04x}' instead. "
        f"(line 1, character {position + 1})"
    )


def _unescaped(text: str) -> str:
    def undone(found: re.Match[str]) -> str:
        sign = found.group(1)
        if len(sign) == 5:
            return chr(int(sign[1:], 16))
        if sign not in _ESCAPED:
            raise BadQuery(f"Error in the JQL Query: '\\{sign}' is an illegal JQL escape sequence.")
        return _ESCAPED[sign]

    return _ESCAPE.sub(undone, text) if "\\" in text else text


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def query(self) -> Query:
        where = None if self._done() or self._is_word("order") else self._either()
        order = self._order() if self._is_word("order") else ()
        if not self._done():
            self._fail("Expecting either 'OR' or 'AND'")
        return Query(where, order)

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take_word("or") or self._take_sign("||", "|"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Node:
        parts = [self._part()]
        while self._take_word("and") or self._take_sign("&&", "&"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Node:
        if self._take_word("not") or self._take_sign("!"):
            return Not(self._part())
        if self._take_sign("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._name("a field name")
        operator = self._operator()
        if operator in {"in", "not in"}:
            return Clause(field, operator, self._members())
        return Clause(field, operator, (self._operand(),))

    def _operator(self) -> str:
        token = self._peek()
        if token is not None and token.kind == "sign" and token.text in OPERATORS:
            self._at += 1
            return token.text
        negated = self._take_word("not")
        if self._take_word("in"):
            return "not in" if negated else "in"
        if not negated and self._take_word("is"):
            return "is not" if self._take_word("not") else "is"
        return self._fail("Expecting operator but got")

    def _members(self) -> tuple[Operand, ...]:
        if not self._take_sign("("):
            operand = self._operand()
            if not isinstance(operand, Function):
                self._fail("Expecting a list or function")
            return (operand,)
        members = [self._operand()]
        while self._take_sign(","):
            members.append(self._operand())
        self._expect(")")
        return tuple(members)

    def _operand(self) -> Operand:
        token = self._peek()
        if token is None or token.kind == "sign":
            self._fail("Expecting either a value, list or function")
        name = self._name("a value")
        if token.kind == "word" and name.lower() in {"empty", "null"}:
            return Empty()
        if self._take_sign("("):
            return Function(name, self._arguments())
        if token.kind == "word" and name.lower() in _RESERVED:
            raise BadQuery(
                f"Error in the JQL Query: '{name}' is a reserved JQL word. You must surround it in "
                f"quotation marks to use it in a query. (line 1, character {token.position + 1})"
            )
        return Literal(name, token.kind == "quoted")

    def _arguments(self) -> tuple[str, ...]:
        found: list[str] = []
        while not self._take_sign(")"):
            if found:
                self._expect(",")
            found.append(self._name("an argument"))
        return tuple(found)

    def _order(self) -> tuple[Order, ...]:
        self._at += 1
        if not self._take_word("by"):
            self._fail("Expecting 'BY'")
        keys = [self._key()]
        while self._take_sign(","):
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> Order:
        field = self._name("a field name")
        if self._take_word("desc"):
            return Order(field, True)
        return Order(field, False if self._take_word("asc") else None)

    def _name(self, expected: str) -> str:
        token = self._peek()
        if token is None or token.kind == "sign":
            self._fail(f"Expecting {expected}")
        if token.kind == "word" and token.text.lower() in _KEYWORDS:
            self._fail(f"Expecting {expected} but got '{token.text}'")
        self._at += 1
        return _unescaped(token.text[1:-1] if token.kind == "quoted" else token.text)

    def _peek(self) -> _Token | None:
        return None if self._done() else self._tokens[self._at]

    def _done(self) -> bool:
        return self._at >= len(self._tokens)

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "word" and token.text.lower() == word

    def _take_word(self, word: str) -> bool:
        if self._is_word(word):
            self._at += 1
            return True
        return False

    def _take_sign(self, *signs: str) -> bool:
        token = self._peek()
        if token is not None and token.kind == "sign" and token.text in signs:
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take_sign(sign):
            self._fail(f"Expecting '{sign}'")

    def _fail(self, text: str) -> NoReturn:
        token = self._peek()
        where = (
            "the end of the query" if token is None else f"'{token.text}' (character {token.position + 1})"
        )
        raise BadQuery(f"Error in the JQL Query: {text} at {where}.")
