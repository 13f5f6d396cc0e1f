"""States for the tests: one in memory, one in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.state.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    """Give an empty state in memory."""
    with Store.open("sqlite://", exclusive=True) as opened:
        yield opened


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give the URL of a state file that is not there yet."""
    return f"sqlite:///{tmp_path}/state.db"
