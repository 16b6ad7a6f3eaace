"""The lift page of young and lopsided experiments, in a real console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.console.signing import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def pages(world: World, server: Callable[..., Any], tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        server(world.url, tmp_path / "console.sqlite") as address,
        signed_in(address) as client,
    ):
        yield client


@pytest.fixture
def draw(world: World, insert: Callable[..., None]) -> Callable[..., None]:
    """Assigns people to arms of the campaign `spring`."""

    def assign(**arms: tuple[int, float]) -> None:
        for arm, (people, probability) in arms.items():
            names = [f"{arm}-{n}" for n in range(people)]
            more = {"id": names, "arm": arm, "probability": probability}
            insert(world.client, "assignment", "spring", names, 0, **more)

    return assign


def test_minutes_after_the_launch(pages: httpx.Client, draw: Callable[..., None]) -> None:
    draw(drop=(450, 0.9), holdout=(50, 0.1))
    text = pages.get("/lift?campaign=spring&lang=en").text
    assert "No outcomes yet" in text
    assert "10.77 points from 1 %" in text
    assert "33 in drop would have to" in text
    for wrong in ("+0.00", "Passed", 'id="effects"', "notice good", "Withheld effects"):
        assert wrong not in text
    text = pages.get("/lift?campaign=spring&lang=zh").text
    assert "尚无结果" in text
    assert "基准 1% 时 10.77 个百分点" in text
    (told,) = pages.get("/api/lift?campaign=spring").json()["prospects"]
    assert told["least"] == 33


def test_a_lift_without_upper_end_and_what_is_withheld(
    pages: httpx.Client, world: World, insert: Callable[..., None], draw: Callable[..., None]
) -> None:
    draw(drop=(90, 0.9), holdout=(10, 0.09))
    bought = [f"drop-{n}" for n in range(70)]
    insert(world.client, "conversion", "spring", bought, 1, id=bought, value=100)
    report = pages.get("/api/lift?campaign=spring").json()
    (effect,) = report["effects"]
    low = f"{100 * effect['relative_low']:+,.1f}"
    text = pages.get("/lift?campaign=spring&lang=en").text
    assert f"at least {low}\u202f%, no upper limit" in text
    assert "nobody in arm holdout has generated any revenue" in text
    assert "add up to 0.99, not to 1" in text
    assert "Exact test: chi-squared" in text
    text = pages.get("/lift?campaign=spring&lang=zh").text
    for words in (
        f"至少 {low}\u202f%，无上限",
        "保留组无人带来收入",
        "之和为 0.99",
        "精确检验",
    ):
        assert words in text
    assert "Miettinen" in text
    assert "score interval" not in text
