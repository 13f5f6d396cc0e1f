"""``--since`` takes what people write when they are asked since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer

from bridge.cli.since import moment_of


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T06:00", datetime(2026, 3, 2, 6, tzinfo=UTC)),
        ("2026-03-02 06:00:30", datetime(2026, 3, 2, 6, 0, 30, tzinfo=UTC)),
        ("2026-03-02T06:00Z", datetime(2026, 3, 2, 6, tzinfo=UTC)),
        ("2026-03-02T01:00+02:00", datetime(2026, 3, 1, 23, tzinfo=UTC)),
    ],
)
def test_a_moment_is_utc_where_it_names_no_zone(text: str, moment: datetime) -> None:
    """Days and moments are ISO 8601."""
    assert moment_of(text) == moment
    assert moment_of(text).tzinfo is UTC


@pytest.mark.parametrize(("text", "ago"), [("30m", timedelta(minutes=30)), ("7d", timedelta(days=7))])
def test_a_length_of_time_is_counted_from_now(text: str, ago: timedelta) -> None:
    """What an operator asks first is the last hour, not a date."""
    before = datetime.now(UTC)
    assert before - ago <= moment_of(text) <= datetime.now(UTC) - ago


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2h30m", "-2h", "2026-13-01", "999999d", "0001-01-01T00:00+09:00"]
)
def test_anything_else_is_told_what_can_be_written(text: str) -> None:
    """The words name every form; nothing ends in a traceback."""
    with pytest.raises(typer.BadParameter, match=r"is no moment: write a day .*7d"):
        moment_of(text)
