"""Times in options of commands: what is none is told, at the calendar's ends, too."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from streams.inspect.history import parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:00:00+08:00", datetime(2026, 3, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(text: str, moment: datetime) -> None:
    assert parse_time(text, "at") == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_none_is_told(text: str) -> None:
    with pytest.raises(click.ClickException, match=r"--at '.*' is not a time; write it as"):
        parse_time(text, "at")
