"""Whatever people, networks and death do, the laws hold once the world is at rest.

``make test`` runs a few histories, always the same ones; ``make test-deep`` two thousand random ones.  ``BRIDGE_EXAMPLES``
sets how many histories each of the two runs in all.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.machine import Life

FEW = 40
MANY = 2_000
#: Separate test items, so that both processors have work.
PARTS = 8


def _profile(examples: int, *, random: bool) -> settings:
    return settings(
        max_examples=max(1, int(os.environ.get("BRIDGE_EXAMPLES", "0")) // PARTS)
        if random and os.environ.get("BRIDGE_EXAMPLES")
        else examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=not random,
        database=None,
        print_blob=random,
        suppress_health_check=list(HealthCheck),
    )


def test_the_laws_hold_in_a_few_histories() -> None:
    """Forty histories of people, faults and deaths break no law."""
    run_state_machine_as_test(Life, settings=_profile(FEW, random=False))


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
def test_the_laws_hold_in_many_histories(part: int) -> None:
    """Two thousand random histories break no law."""
    run_state_machine_as_test(Life, settings=_profile(MANY // PARTS, random=True))
