"""Where the value of a ticket's field comes from: fixed, an incident's field, or the first case that holds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from bridge.rules.conditions import Conditions
from bridge.rules.face import Shape, Text


def _fixed_value(value: Any) -> Any:
    if isinstance(value, list | tuple) and value and all(_is_text(item) for item in value):
        return tuple(str(item) for item in value)
    if not _is_text(value):
        raise ValueError("a text, or a list of texts, is expected here")
    return str(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


_FixedValue = Annotated[str | tuple[str, ...] | None, BeforeValidator(_fixed_value)]


def _one_source(value: object, of: str | None, map_name: str | None) -> None:
    if (value is None) == (of is None):
        raise ValueError("give either value, or of (with an optional map)")
    if map_name is not None and of is None:
        raise ValueError("map needs of")


def _plain_source(value: Any) -> Any:
    return value if isinstance(value, dict | Source) else {"value": value}


class Source(Shape):
    """A fixed ``value``, or ``of`` an incident's field, through a ``map`` where one is named."""

    value: _FixedValue = Field(default=None, description="A fixed value, or a list of them.")
    of: Text | None = Field(default=None, description="The incident's field that the value is taken from.")
    map: Text | None = Field(default=None, description="The map that translates the value.")

    @model_validator(mode="after")
    def _one(self) -> Source:
        _one_source(self.value, self.of, self.map)
        return self


class ValueCase(Source):
    """The value that counts while its conditions hold; the first such case is taken."""

    if_: Conditions = Field(
        alias="if", description="All of these; beside the incident's fields, waiting counts who waits."
    )


class FieldSource(Shape):
    """Where the value of a ticket's field comes from.

    A fixed ``value``, or ``of`` an incident's field, through a ``map`` where one is named, or the first of the
    cases under ``when`` that holds, else ``otherwise``.
    """

    value: _FixedValue = Field(default=None, description="A fixed value, or a list of them.")
    of: Text | None = Field(default=None, description="The incident's field that the value is taken from.")
    map: Text | None = Field(default=None, description="The map that translates the value.")
    when: tuple[ValueCase, ...] = Field(default=(), description="Cases, tried in order.")
    otherwise: Annotated[Source | None, BeforeValidator(_plain_source)] = Field(
        default=None, description="The source where no case holds; without it the field is left out."
    )

    @model_validator(mode="after")
    def _one_source(self) -> FieldSource:
        if self.when:
            if self.value is not None or self.of is not None or self.map is not None:
                raise ValueError(
                    "beside when stands otherwise: {value: ...} or otherwise: {of: ..., map: ...}"
                )
            return self
        if self.otherwise is not None:
            raise ValueError("otherwise needs when")
        _one_source(self.value, self.of, self.map)
        return self
