"""The picture of exact combinations holds what the table of them does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from console.i18n import translator
from console.reporting.upset import BARS_HEIGHT, COLUMNS_MAX, upset

if TYPE_CHECKING:
    import httpx

SAY = translator("en")


def combinations(count: int) -> list[tuple[frozenset[str], int]]:
    names = "abcde"
    masks = range(1, count + 1)
    return [(frozenset(n for at, n in enumerate(names) if m >> at & 1), 10 * m) for m in masks]


def test_bars_are_as_high_as_people_are_many() -> None:
    made = upset([("a", 9), ("b", 4)], [(frozenset("a"), 5), (frozenset("ab"), 4)], SAY)
    one, both = made["bars"]
    assert (one["height"], both["height"]) == (BARS_HEIGHT, BARS_HEIGHT * 4 / 5)
    assert [is_in for is_in, _ in one["dots"]] == [True, False]
    assert [is_in for is_in, _ in both["dots"]] == [True, True]
    assert one["line"] is None
    assert both["line"] == (made["rows"][0]["y"], made["rows"][1]["y"])
    assert [bar["said"] for bar in made["bars"]] == ["a", "a + b"]


@pytest.mark.parametrize("count", [1, COLUMNS_MAX, COLUMNS_MAX + 1, 31])
def test_what_is_not_shown_is_totalled(count: int) -> None:
    every = combinations(count)
    made = upset([(name, 99) for name in "abcde"], every, SAY)
    assert sum(bar["people"] for bar in made["bars"]) == sum(people for _, people in every)
    assert [bar["is_rest"] for bar in made["bars"]].count(True) == (count > COLUMNS_MAX)
    assert made["rest"] == max(0, count - COLUMNS_MAX)
    shown = [bar["people"] for bar in made["bars"] if not bar["is_rest"]]
    assert shown == sorted((people for _, people in every), reverse=True)[:COLUMNS_MAX]
    assert all(0 < bar["x"] < made["width"] and bar["y"] >= 0 for bar in made["bars"])
    assert ("totals the rest" in made["said"]) == (count > COLUMNS_MAX)


def test_names_of_any_length_and_nobody() -> None:
    long = "春季大促" * 20
    made = upset([(long, 0), ("b", 0)], [], SAY)
    assert made["rows"][0]["full"] == long
    assert len(made["rows"][0]["name"]) < len(long)
    assert made["bars"] == []


@pytest.mark.clickhouse
def test_the_page_draws_the_table(web: httpx.Client) -> None:
    query = {"campaign": ["cj-8", "cj-13", "cj-18"]}
    found = web.get("/api/duplication", params=query).json()["combinations"]
    page = web.get("/duplication", params=query).text
    drawn = page.partition('<svg class="upset"')[2].partition("</svg>")[0]
    titles = re.findall(r'<g class="only"><title>(.*?)</title>', drawn)
    assert titles == [f"{' + '.join(each['campaigns'])}: {each['only']:,}" for each in found]
    assert drawn.count('class="in"') == sum(len(each["campaigns"]) for each in found)
    assert "style=" not in drawn  # which the CSP forbids
    assert "echarts" not in page
