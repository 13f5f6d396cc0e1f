"""The face of conditions: one field with its test, or all, any or not of further conditions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from bridge.rules.face import Shape, Text, Texts


class Test(Shape):
    """What a field's value must be; several keys must all hold.  Comparison ignores case and outer blanks."""

    is_: str | None = Field(default=None, alias="is", description="Exactly this.")
    is_not: str | None = Field(default=None, description="Anything but this.")
    in_: Texts | None = Field(default=None, alias="in", description="One of these.")
    not_in: Texts | None = Field(default=None, description="None of these.")
    starts_with: Text | None = Field(default=None, description="Begins with this.")
    contains: Text | None = Field(default=None, description="Has this somewhere in it.")
    empty: bool | None = Field(default=None, description="true: has no value; false: has any.")
    at_least: Text | None = Field(
        default=None, description="For priority, impact and urgency: this or more serious; waiting: so many."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Test:
        if not self.model_fields_set:
            raise ValueError(
                "a condition needs at least one of: "
                "is, is_not, in, not_in, starts_with, contains, empty, at_least"
            )
        return self


_GROUPS = frozenset({"all", "any", "not"})
_CONDITION = (
    "a condition is one of: a field with its test (priority: {in: [High]}), "
    "all: [...], any: [...], not: {...}; begin each with its own '- '"
)


class Condition(Shape):
    """One of: a test of one field, ``all``, ``any`` or ``not`` of further conditions.

    Written as a mapping of one key: ``priority: {in: [High]}``, in short ``priority: High``,
    or ``any: [...]``.
    """

    field: str | None = None
    test: Test | None = None
    all_: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = Field(default=None, alias="all")
    any_: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = Field(default=None, alias="any")
    not_: Condition | None = Field(default=None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, data: Any) -> Any:
        if isinstance(data, Condition):
            return data
        if not isinstance(data, dict):
            raise ValueError(_CONDITION)  # noqa: TRY004 - pydantic collects ValueErrors only
        if data.keys() == {"field", "test"}:
            return data
        if len(data) != 1:
            raise ValueError(_CONDITION)
        ((name, test),) = data.items()
        if name in _GROUPS:
            return data
        return {"field": name, "test": test if isinstance(test, dict | list | Test) else {"is": test}}


def _each_alone(value: Any) -> Any:
    """Take ``{impact: High, urgency: High}`` for a list of conditions with one key each."""
    return [{name: test} for name, test in value.items()] if isinstance(value, dict) and value else value


#: Conditions that must all hold, as a list or in short as one mapping.
Conditions = Annotated[
    tuple[Condition, ...],
    BeforeValidator(_each_alone),
    Field(min_length=1),
]
