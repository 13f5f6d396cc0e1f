"""JSON values in and out of rows: what a field accepts, how it is stored, how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.simulators.remedy import refusal
from bridge.simulators.remedy.fields import Field, Form, Kind, Row


def stored(form: Form, field: Field, value: Any) -> Any:
    """Return ``value`` as rows hold it; None and empty text are null.

    Raises ``Rejected`` 306 (too long, unknown label) or 310 (wrong data type).
    """
    if value is None:
        return None
    match field.shape.kind:
        case Kind.TEXT:
            return _text(form, field, value)
        case Kind.SELECTION:
            return _code(form, field, value)
        case Kind.TIME:
            return seconds(value, _where(form, field))
        case Kind.INTEGER:
            return _integer(form, field, value)
        case Kind.ATTACHMENT | Kind.HISTORY:
            raise refusal.wrong_type(_where(form, field))


def _where(form: Form, field: Field) -> str:
    return f"Field ID - {form.name} <{field.number}> ({field.name})"


def _text(form: Form, field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise refusal.wrong_type(_where(form, field))
    limit = field.shape.limit
    if limit is not None and len(value) > limit:
        raise refusal.out_of_limits(f"({_where(form, field)}, Maximum length - {limit})")
    return value or None


def _code(form: Form, field: Field, value: Any) -> int:
    domain = field.shape.domain
    code = domain.code(value) if domain else None
    if code is None:
        raise refusal.out_of_limits(f"({_where(form, field)}, Value - {value})")
    return code


def _integer(form: Form, field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal.wrong_type(_where(form, field))
    return value


def seconds(value: Any, where: str) -> int:
    """Return an ISO date with an offset, or an aware ``datetime``, as epoch seconds; raise ``Rejected`` 310.

    The documented form is ``2022-06-21T11:08:05.000+0000`` (BMC docs, date and time fields).
    """
    if isinstance(value, datetime) and value.tzinfo:
        return int(value.timestamp())
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refusal.wrong_type(where)
    return int(moment.timestamp())


def moment(stamp: int) -> datetime:
    """Return epoch seconds as a UTC ``datetime``."""
    return datetime.fromtimestamp(stamp, UTC)


def iso(stamp: int) -> str:
    """Return epoch seconds as the server writes dates: milliseconds always 000, offset without a colon."""
    return moment(stamp).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


Show = Callable[[Row], Any]


def shower(field: Field, href: Callable[[Row, str], str]) -> Show:
    """Return what turns a row into the JSON value of ``field``.

    ``href`` gives the address of an attachment.
    """
    key, shape = field.key, field.shape
    if shape.display:
        return lambda _row: None
    if shape.private:
        return lambda row: "###" if row.get(key) else None
    match shape.kind:
        case Kind.SELECTION:
            labels = shape.domain.labels if shape.domain else {}
            return lambda row: labels.get(row.get(key))  # type: ignore[arg-type]
        case Kind.TIME:
            return lambda row: None if row.get(key) is None else iso(row[key])
        case Kind.HISTORY:
            return lambda row: _history(row.get(key))
        case Kind.ATTACHMENT:
            return lambda row: _attachment(row.get(key), href(row, field.name))
    return lambda row: row.get(key)


def _history(reached: Mapping[str, tuple[str, int]] | None) -> dict[str, Any] | None:
    if not reached:
        return None
    return {label: {"user": who, "timestamp": iso(stamp)} for label, (who, stamp) in reached.items()}


def _attachment(held: tuple[str, bytes] | None, href: str) -> dict[str, Any] | None:
    return {"name": held[0], "sizeBytes": len(held[1]), "href": href} if held else None


def wishes(form: Form, values: Mapping[str, Any], *, status: int) -> Row:
    """Return the written fields by storage key, each checked against ``form``.

    Raises ``Rejected`` 314 (unknown name, HTTP ``status``), 330 (system field), 306 or 310.
    """
    wish: Row = {}
    for name, value in values.items():
        field = form.fields.get(name)
        if field is None:
            raise refusal.no_such_field(name, form.name, status)
        if field.shape.system:
            raise refusal.not_writable(_where(form, field))
        wish[field.key] = stored(form, field, value)
    return wish


def demand(form: Form, row: Row, *, fresh: bool) -> None:
    """Refuse a required field without a value.

    307 where a ``fresh`` record lacks it, 326 where an old one loses it.
    """
    for field in form.fields.values():
        if field.shape.required and row.get(field.key) is None:
            if fresh:
                raise refusal.missing(form.name, field.name)
            if field.key in row:
                raise refusal.nulled(form.name, field.name)


def complete(form: Form, row: Row) -> Row:
    """Return ``row`` with every stored field of ``form`` present, null where it has no value."""
    empty = {one.key: None for one in form.fields.values() if not one.shape.display}
    return empty | row
