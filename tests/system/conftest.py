"""What every system test stands on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.place import Place, a_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place with fresh servers (Jira Cloud) and nothing run yet."""
    with a_place(tmp_path) as fresh:
        yield fresh
