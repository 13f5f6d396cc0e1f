"""What every test may use."""

from __future__ import annotations

import structlog

pytest_plugins = ["tests.promises"]


def pytest_runtest_teardown() -> None:
    """Let no test's log outlive it: a command that ran in this process logged into a stream that is closed by now."""
    structlog.reset_defaults()
