from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from console.web import formats
from console.web.api import answer
from console.web.rendering import environment


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (formats.number(64_000), "64,000"),
        (formats.number(0), "0"),
        (formats.number(-1_234), "\u22121,234"),
        (formats.number(None), "\u2013"),
        (formats.percent(0.18276), "18.28\u202f%"),
        (formats.percent(0.721, 1), "72.1\u202f%"),
        (formats.signed_percent(0.721, 1), "+72.1\u202f%"),
        (formats.signed_percent(-0.05, 1), "\u22125.0\u202f%"),
        (formats.sentence("no coins moved"), "No coins moved."),
        (formats.sentence("没有变动。"), "没有变动。"),
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


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_of_api_and_charts_has_no_word_for_what_is_no_number(value: float) -> None:
    assert answer({"rate": [value, 1.5]}).body == b'{"rate": [null, 1.5]}'
    chart = (
        environment("en").from_string("{{ chart | tojson }}").render(chart={"rate": (value, 1.5)})
    )
    assert chart == '{"rate": [null, 1.5]}'
