"""The shape of the side roads of a rule: changes as evidence, reminders, proposed causes, workarounds.

Everything here is optional: a rule that says none of it behaves as if none of it existed.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bridge.rules.durations import Duration, between
from bridge.rules.face import Shape, Text, Texts


class ChangeIn(Shape):
    """A change of the desk that is related to the incident has one of these statuses, and did not fail."""

    class Finished(Shape):
        """Statuses of a change."""

        status: Texts = Field(default=("Completed", "Closed"), description="As the desk spells them.")

    change: Finished


class Remind(Shape):
    """How often an unanswered question is repeated, before it is put before a lead."""

    after: Annotated[Duration, AfterValidator(between("1m", "90d"))] = Field(
        description="How long after the question, and after each reminder, the next one comes."
    )
    times: Annotated[int, Field(ge=1, le=20, strict=True)] = Field(
        default=3, description="How many reminders; with the last one the incident is flagged."
    )


class CausePropose(Shape):
    """Which value of the ticket tells a likely cause."""

    of: Text = Field(description="components, labels, or a field of the tracker as it spells it.")
    map: Text | None = Field(
        default=None, description="The map from the ticket's words to the causes of the list."
    )


class Workaround(Shape):
    """How a ticket tells a workaround: a comment under a label, a field, or either."""

    label: Text | None = Field(default=None, description="The label that says that there is one.")
    says: Texts = Field(
        default=("#workaround",), description="The first words of the comment that holds it, under the label."
    )
    field: Text | None = Field(default=None, description="The tracker's field that holds it.")
    frees: bool = Field(
        default=False,
        description="true: with a known workaround the owner's resolve stands before the fix is deployed.",
    )

    @model_validator(mode="after")
    def _tells_where(self) -> Workaround:
        if self.label is None and self.field is None:
            raise ValueError("give a label, a field, or both")
        return self
