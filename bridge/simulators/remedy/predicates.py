"""What a qualification means on a form: a test of one row, and the few rows worth testing.

Null is neither true nor false, as in the database underneath: ``'Assignee' != "Ann"`` does not find rows
without an assignee.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bridge.simulators.remedy import refusal
from bridge.simulators.remedy.fields import Field, Form, Kind, Row
from bridge.simulators.remedy.qualification import (
    Arithmetic,
    Both,
    Comparison,
    Either,
    FieldName,
    Keyword,
    Negated,
    Node,
    Number,
    Text,
    parse,
)
from bridge.simulators.remedy.refusal import Rejected
from bridge.simulators.remedy.settings import RemedySettings
from bridge.simulators.remedy.table import Table
from bridge.simulators.remedy.values import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks and when (epoch seconds): what ``$USER$`` and ``$TIMESTAMP$`` stand for."""

    now: int
    login: str


Test = Callable[[Row, Asking], bool | None]
Near = Callable[[Table, Asking], list[str] | None]
Value = Callable[[Row, Asking], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``test`` a row.

    ``near`` are the ids of a superset of the rows that pass, or None where no index helps.
    """

    test: Test
    near: Near


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    value: Value
    field: Field | None = None
    literal: Any = None
    null: bool = False
    constant: bool = False


def condition(text: str, form: Form, settings: RemedySettings) -> Condition:
    """Return what ``text`` asks of rows of ``form``.

    Raises ``Rejected``: 1587 for an unknown field, 306 for an unknown label, 310 for values of the wrong
    type, 552 for ``=`` on long text, 564 for LIKE on anything but text, and the settings' number for bad
    grammar.
    """
    tree = parse(
        text,
        syntax_number=settings.syntax_error_number,
        status=settings.bad_qualification_status,
        bare_names=settings.bare_field_names,
    )
    return _Meaning(form, settings).of(tree)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SUM: dict[str, Callable[[Any, Any], Any]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": operators.truediv,
    "%": operators.mod,
}


def _nowhere(_table: Table, _asking: Asking) -> list[str] | None:
    return None


class _Meaning:
    def __init__(self, form: Form, settings: RemedySettings) -> None:
        self._form = form
        self._settings = settings

    def of(self, node: Node) -> Condition:
        match node:
            case Both(parts=parts):
                return _all([self.of(part) for part in parts])
            case Either(parts=parts):
                return _any([self.of(part) for part in parts])
            case Negated(inner=inner):
                return _not(self.of(inner))
            case Comparison(operator="LIKE", left=left, right=right):
                return self._like(self._side(left), self._side(right))
            case Comparison(operator=operator, left=left, right=right):
                return self._compare(operator, self._side(left), self._side(right))
        raise self._refuse(self._settings.syntax_error_number, "a condition is expected")

    def _refuse(self, number: int, appended: str) -> Rejected:
        texts = {
            306: "Value does not fall within the limits specified for the field",
            310: "Data type of the value is not correct for the field",
            552: "Failure during SQL operation to the database",
            564: "The LIKE operator is only for character fields",
        }
        text = texts.get(number, "Error in query line")
        return Rejected(number, text, appended, status=self._settings.bad_qualification_status)

    def _side(self, node: Node) -> _Side:
        match node:
            case FieldName(name=name, position=position):
                return self._field_side(name, position)
            case Text(value=literal) | Number(value=literal):
                return _Side(value=lambda _row, _asking: literal, literal=literal, constant=True)
            case Keyword(name="NULL"):
                return _Side(value=lambda _row, _asking: None, null=True, constant=True)
            case Keyword(name=name):
                return _Side(value=_KEYWORDS[name], constant=True)
            case Arithmetic():
                return self._sum(node)
        raise self._refuse(self._settings.syntax_error_number, "a value is expected")

    def _field_side(self, name: str, position: int) -> _Side:
        field = self._form.find(name)
        if field is None:
            raise Rejected(
                1587,
                "Unknown field referenced in query line",
                f"at position {position} ( '{name}' )",
                status=self._settings.bad_qualification_status,
            )
        key = field.key
        return _Side(value=lambda row, _asking: row.get(key), field=field)

    def _sum(self, node: Arithmetic) -> _Side:
        left, right, work = self._side(node.left), self._side(node.right), _SUM[node.operator]
        for side in (left, right):
            if isinstance(side.literal, str) or (side.field and side.field.shape.kind is Kind.TEXT):
                raise self._refuse(310, "arithmetic needs numbers")

        def value(row: Row, asking: Asking) -> Any:
            a, b = left.value(row, asking), right.value(row, asking)
            return None if a is None or b is None or (b == 0 and node.operator in "/%") else work(a, b)

        return _Side(value=value, constant=left.constant and right.constant)

    def _compare(self, operator: str, left: _Side, right: _Side) -> Condition:
        if left.null or right.null:
            return self._nullness(operator, right if left.null else left)
        if left.field is None and right.field is not None:
            left, right, operator = right, left, _MIRROR.get(operator, operator)
        if left.field is not None:
            self._check_long(left.field, operator)
            right = self._adapted(left.field, right)
        fold = not self._settings.case_sensitive
        test = _comparing(_COMPARE[operator], left.value, right.value, fold=fold)
        return Condition(test=test, near=self._near(operator, left, right))

    def _nullness(self, operator: str, side: _Side) -> Condition:
        if operator not in {"=", "!="}:
            raise self._refuse(self._settings.syntax_error_number, "$NULL$ is compared with = or != only")
        value, wanted = side.value, operator == "="
        return Condition(test=lambda row, asking: (value(row, asking) is None) is wanted, near=_nowhere)

    def _check_long(self, field: Field, operator: str) -> None:
        if field.shape.long:
            raise self._refuse(552, f"{field.name} is long text and is not compared with {operator}")

    def _adapted(self, field: Field, side: _Side) -> _Side:
        """Read the other side as the field's own type: labels as codes, dates as epoch seconds."""
        if not side.constant or side.literal is None:
            return side
        literal = self._literal(field, side.literal)
        return _Side(value=lambda _row, _asking: literal, literal=literal, constant=True)

    def _literal(self, field: Field, literal: Any) -> Any:
        match field.shape.kind:
            case Kind.SELECTION:
                code = field.shape.domain.code(literal) if field.shape.domain else None
                if code is None and isinstance(literal, str):
                    raise self._refuse(306, f"{field.name} : {literal}")
                return literal if code is None else code
            case Kind.TIME:
                return self._stamp(field, literal) if isinstance(literal, str) else literal
            case Kind.INTEGER if isinstance(literal, str):
                return self._whole(field, literal)
            case Kind.TEXT if isinstance(literal, str):
                return literal
            case Kind.INTEGER:
                return literal
        raise self._refuse(310, f"{field.name} : {literal}")

    def _whole(self, field: Field, literal: str) -> int:
        try:
            return int(literal)
        except ValueError as error:
            raise self._refuse(310, f"{field.name} : {literal}") from error

    def _stamp(self, field: Field, literal: str) -> int:
        if literal.isascii() and literal.isdigit():
            return int(literal)
        for form in _DATES:
            try:
                return int(datetime.strptime(literal, form).replace(tzinfo=UTC).timestamp())
            except ValueError:
                continue
        raise self._refuse(310, f"Format of date or time value is not recognized : {field.name} : {literal}")

    def _near(self, operator: str, left: _Side, right: _Side) -> Near:
        if left.field is None or not right.constant or not self._settings.case_sensitive:
            return _nowhere
        key, value = left.field.key, right.value
        if operator == "=":
            return lambda table, asking: _equal(table, key, value({}, asking))
        if operator in {">", ">="}:
            return lambda table, asking: table.between(key, value({}, asking), None)
        if operator in {"<", "<="}:
            return lambda table, asking: table.between(key, None, value({}, asking))
        return _nowhere

    def _like(self, left: _Side, right: _Side) -> Condition:
        if left.field is None or left.field.shape.kind is not Kind.TEXT:
            raise self._refuse(564, left.field.name if left.field else "")
        if not isinstance(right.literal, str):
            raise self._refuse(564, "a pattern in double quotes is expected")
        pattern = like(
            right.literal, brackets=self._settings.like_brackets, fold=not self._settings.case_sensitive
        )
        value = left.value

        def test(row: Row, asking: Asking) -> bool | None:
            text = value(row, asking)
            return None if text is None else pattern.fullmatch(text) is not None

        return Condition(test=test, near=_nowhere)


def _equal(table: Table, key: str, value: Any) -> list[str] | None:
    found = table.equal(key, value)
    return table.between(key, value, value) if found is None else found


def _comparing(compare: Callable[[Any, Any], bool], left: Value, right: Value, *, fold: bool) -> Test:
    def test(row: Row, asking: Asking) -> bool | None:
        a, b = left(row, asking), right(row, asking)
        if a is None or b is None:
            return None
        if isinstance(a, str) != isinstance(b, str):
            a, b = str(a), str(b)
        if fold and isinstance(a, str):
            a, b = a.casefold(), b.casefold()
        return compare(a, b)

    return test


def _all(parts: Sequence[Condition]) -> Condition:
    def test(row: Row, asking: Asking) -> bool | None:
        answer: bool | None = True
        for part in parts:
            one = part.test(row, asking)
            if one is False:
                return False
            answer = answer if one else None
        return answer

    def near(table: Table, asking: Asking) -> list[str] | None:
        found = [ids for part in parts if (ids := part.near(table, asking)) is not None]
        return min(found, key=len) if found else None

    return Condition(test=test, near=near)


def _any(parts: Sequence[Condition]) -> Condition:
    def test(row: Row, asking: Asking) -> bool | None:
        answer: bool | None = False
        for part in parts:
            one = part.test(row, asking)
            if one:
                return True
            answer = None if one is None else answer
        return answer

    def near(table: Table, asking: Asking) -> list[str] | None:
        union: dict[str, None] = {}
        for part in parts:
            ids = part.near(table, asking)
            if ids is None:
                return None
            union.update(dict.fromkeys(ids))
        return list(union)

    return Condition(test=test, near=near)


def _not(inner: Condition) -> Condition:
    def test(row: Row, asking: Asking) -> bool | None:
        answer = inner.test(row, asking)
        return None if answer is None else not answer

    return Condition(test=test, near=_nowhere)


_DATES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y", "%B %d, %Y %I:%M:%S %p", "%B %d, %Y")
"""Date texts of the default locale; a real server reads them in the caller's zone, so clients avoid them."""

_DAY = 86_400
_KEYWORDS: dict[str, Value] = {
    "TIMESTAMP": lambda _row, asking: asking.now,
    "DATE": lambda _row, asking: asking.now - asking.now % _DAY,
    "TIME": lambda _row, asking: asking.now % _DAY,
    "USER": lambda _row, asking: asking.login,
    "WEEKDAY": lambda _row, asking: moment(asking.now).strftime("%A"),
}


def like(pattern: str, *, brackets: bool, fold: bool) -> re.Pattern[str]:
    """Return the regular expression of a LIKE pattern.

    ``%`` any text, ``_`` one character, ``[...]`` a set.
    """
    parts = re.findall(r"\[\^?[^\]]+\]|.", pattern, re.DOTALL) if brackets else list(pattern)
    try:
        return re.compile("".join(map(_like_part, parts)), re.DOTALL | (re.IGNORECASE if fold else 0))
    except re.error as error:
        raise refusal.bad_request(f"pattern {pattern}") from error


def _like_part(part: str) -> str:
    if part == "%":
        return ".*"
    if part == "_":
        return "."
    if len(part) > 1:
        negated = part[1] == "^"
        inner = part[2 if negated else 1 : -1].replace("\\", r"\\").replace("[", r"\[")
        return f"[{'^' if negated else ''}{inner}]"
    return re.escape(part)
