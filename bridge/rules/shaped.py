"""Holds what a file says against the shape it must have, and tells every difference with its place.

It shows keys and the words of closed lists, never any other value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bridge.rules.problems import Problem, did_you_mean, shown
from bridge.rules.yamlfile import KEY, Document, Steps

Shaped = TypeVar("Shaped", bound=BaseModel)

_SENTENCES = {
    "string_too_short": "must not be empty",
    "too_short": "at least one entry is needed here",
    "int_type": "a whole number is expected here",
    "int_parsing": "a whole number is expected here",
    "bool_type": "true or false is expected here",
    "bool_parsing": "true or false is expected here",
}
_EXPECTED = {
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "path_type": "a text",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
}


def shaped(
    document: Document, shape: type[Shaped], *, context: Mapping[str, Any] | None = None
) -> tuple[Shaped | None, tuple[Problem, ...]]:
    """Return a document in its shape (None where it does not fit) and all of its problems."""
    try:
        fitting = shape.model_validate(document.data, context=context)
    except ValidationError as error:
        return None, (*document.problems, *differences(document, error, shape))
    return fitting, document.problems


def differences(document: Document, error: ValidationError, shape: type[BaseModel]) -> Iterator[Problem]:
    """Yield one problem for each difference that the file has not been blamed for already."""
    for detail in error.errors(include_url=False):
        loc: Steps = tuple(detail["loc"])
        if document.steps(loc) in document.bad or _only_follows(detail):
            continue
        place = (*loc, KEY) if detail["type"] == "extra_forbidden" else loc
        yield document.problem(place, _sentence(detail, shape))


def _only_follows(detail: Any) -> bool:
    """Whether a list is called too short only because its entries are wrong, which is told of each."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _sentence(detail: Any, shape: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"], shape)
    if kind == "missing":
        return f"the key {shown(detail['loc'][-1])} is missing"
    if kind == "literal_error":
        return _not_listed(detail["input"], context["expected"])
    if kind == "value_error":
        return str(context["error"])
    if kind in _EXPECTED:
        return f"{_EXPECTED[kind]} is expected here, not {_kind(detail['input'])}"
    return _SENTENCES.get(kind) or _bounds(kind, context) or str(detail["msg"])


def _bounds(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']}"
    return f"must be at most {context['le']}" if kind == "less_than_equal" else ""


def _not_listed(given: object, expected: str) -> str:
    listed = re.findall(r"'([^']*)'", expected)
    if not isinstance(given, str):
        return f"one of {', '.join(listed)} is expected here"
    if len(listed) == 1:
        return f"{shown(given)} is not {shown(listed[0])}"
    return f"{shown(given)} is none of {', '.join(listed)}{_meant(given, listed)}"


def _meant(given: str, listed: list[str]) -> str:
    hint = did_you_mean(given, listed)
    return hint if hint.endswith("?") else ""


def _unknown_key(loc: Steps, shape: type[BaseModel]) -> str:
    known = sorted(set(keys_at(shape, loc[:-1])))
    return f"unknown key {shown(loc[-1])}{did_you_mean(str(loc[-1]), known)}"


def _kind(given: object) -> str:
    if isinstance(given, bool):
        return "true or false (put it in quotes)"
    names = {dict: "a mapping", list: "a list", str: "a text", int: "a number"}
    return names.get(type(given), "this")


def keys_at(shape: Any, loc: Steps) -> Iterator[str]:
    """Yield the keys that may stand where ``loc`` leads in a shape."""
    places = [shape]
    for step in loc:
        inner = [place for outer in places for place in _under(outer, step)]
        places = inner or places
    for place in places:
        for model in _models(place):
            yield from (info.alias or name for name, info in model.model_fields.items())


def _models(place: Any) -> Iterator[type[BaseModel]]:
    if isinstance(place, type) and issubclass(place, BaseModel):
        yield place
    elif get_origin(place) is Annotated:
        yield from _models(get_args(place)[0])
    elif get_origin(place) in (Union, UnionType):
        for option in get_args(place):
            yield from _models(option)


def _under(place: Any, step: str | int) -> Iterator[Any]:
    origin, inner = get_origin(place), get_args(place)
    if origin is Annotated:
        yield from _under(inner[0], step)
    elif origin in (Union, UnionType):
        for option in inner:
            yield from _under(option, step)
    elif origin is tuple and isinstance(step, int):
        yield inner[0]
    elif origin is dict:
        yield inner[1]
    elif isinstance(place, type) and issubclass(place, BaseModel):
        fields = place.model_fields.items()
        yield from (info.annotation for name, info in fields if (info.alias or name) == step)
