"""Whatever people, networks and death do, the laws hold once the world is at rest.

``make test`` runs a few histories, always the same ones; ``make test-deep`` two thousand random ones, or as many in all as
``BRIDGE_EXAMPLES`` says.  Two in ten leave the straight road, which costs three times as much.  A failure is shown as it
happened: to cut one down takes as long as all others together.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.machine import Life
from tests.property.roads_bridge import BridgeRoads

pytestmark = pytest.mark.promise("held")

#: Tells what was measured.
Figure = Callable[[str], None]

FEW = 12
FEW_ROADS = 6
MANY = 2_000
#: Separate test items, so that both processors have work: on the straight road, and on the side roads.
PARTS = [*((Life, part) for part in range(8)), *((BridgeRoads, part) for part in range(2))]


def few(histories: int) -> settings:
    """The same few histories every time."""
    return settings(**_common(), max_examples=histories, derandomize=True, phases=[Phase.generate])


def many() -> settings:
    """One part of the many, different ones every time."""
    wanted = int(os.environ.get("BRIDGE_EXAMPLES", str(MANY)))
    return settings(
        **_common(), max_examples=max(1, wanted // len(PARTS)), phases=[Phase.generate], print_blob=True
    )


def _common() -> dict[str, object]:
    return {
        "stateful_step_count": 25,
        "deadline": None,
        "database": None,
        "suppress_health_check": list(HealthCheck),
    }


def test_the_laws_hold_in_a_few_histories(figure: Figure) -> None:
    """A few histories of people, faults and deaths break no law."""
    run_state_machine_as_test(Life, settings=few(FEW))
    figure(f"{FEW} fixed histories")


def test_the_laws_hold_on_the_side_roads(figure: Figure) -> None:
    """A few histories that leave the straight road break no law either."""
    run_state_machine_as_test(BridgeRoads, settings=few(FEW_ROADS))
    figure(f"{FEW_ROADS} on the side roads")


@pytest.mark.deep
@pytest.mark.parametrize(("machine", "part"), PARTS)
def test_the_laws_hold_in_many_histories(machine: type[Life], part: int, figure: Figure) -> None:
    """Two thousand random histories break no law."""
    run_state_machine_as_test(machine, settings=many())
    roads = "side roads" if machine is BridgeRoads else "straight road"
    parts = sum(one is machine for one, _ in PARTS)
    figure(f"{parts} x {many().max_examples} random histories on the {roads}")
