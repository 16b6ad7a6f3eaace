from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from console.web import formats


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (formats.number(64_000), "64,000"),
        (formats.number(0), "0"),
        (formats.number(-1_234), "\u22121,234"),
        (formats.number(None), "\u2013"),
        (formats.percent(0.18276), "18.28\u202f%"),
        (formats.percent(0.721, 1), "72.1\u202f%"),
        (formats.points(0.0766), "+7.66"),
        (formats.points(-0.0031), "\u22120.31"),
        (formats.money(5_334_980), "53,349.80"),
        (formats.money(0), "0.00"),
        (formats.money(None), "\u2013"),
        (formats.signed_money(-42), "\u22120.42"),
        (formats.signed(12), "+12"),
        (formats.decimal(1.005, 2), "1.00"),
        (formats.p_value(0.00009), "< 0.0001"),
        (formats.p_value(0.0011), "0.0011"),
        (formats.day(date(2017, 5, 8)), "2017-05-08"),
        (formats.moment(datetime(2017, 5, 8, 1, 2, 3, tzinfo=UTC)), "2017-05-08 01:02:03"),
        (formats.moment(None), "\u2013"),
    ],
)
def test_numbers_look_as_they_should(shown: str, text: str) -> None:
    assert shown == text
