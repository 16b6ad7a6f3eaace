from __future__ import annotations

import click
import pytest

from console.settlement.month import month


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-10", "2026-10-01 00:00:00", "2026-11-01 00:00:00"),
        ("2026-12", "2026-12-01 00:00:00", "2027-01-01 00:00:00"),
        ("2024-02", "2024-02-01 00:00:00", "2024-03-01 00:00:00"),
    ],
)
def test_a_month_is_from_its_first_day_to_the_next_ones(text: str, start: str, end: str) -> None:
    assert month(text).bounds == {"start": start, "end": end}


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-10", "10/2026", "", "9999-12"]
)
def test_what_is_no_month_is_named_with_the_remedy(text: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        month(text)
    assert repr(text) in refused.value.message
    assert "such as 2026-10" in refused.value.message
    assert "--" not in refused.value.message
