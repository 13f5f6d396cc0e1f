"""What every file of ours has in common: shapes that know their keys, texts that are not empty, names."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


class Shape(BaseModel):
    """Frozen, and unknown keys are errors.  A whole number stands for its digits where a text is expected."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True
    )


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


#: A text that is not empty.
Text = Annotated[str, Field(min_length=1)]
#: One text or a list of texts, none of them empty.
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_several),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"


def _name(value: str) -> str:
    if re.fullmatch(NAME_PATTERN, value) is None:
        raise ValueError(
            "a name has lower-case letters, digits, - and _ only, at most 63, and no - or _ first"
        )
    return value


#: The name of a rule, desk, tracker or case.
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
