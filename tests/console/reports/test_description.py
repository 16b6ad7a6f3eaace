"""What a campaign is said to be: the latest description, those before it, or that there is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from console.reports.basis import UnknownCampaignError
from console.reports.campaigns import campaigns
from console.reports.description import REPORT, UNDESCRIBED, description
from flowdrop.cli import main
from tests.console.signing import got

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from clickhouse_connect.driver.client import Client

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

DAY = 86_400 * 1_000_000


def test_the_latest_description_applies_and_those_before_it_are_kept(
    fresh: Callable[[], Client], insert: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fresh()
    said = {
        "campaign": "spring",
        "end": "2026-03-31T00:00:00Z",
        "coin_microcents": 250_000,
        "advertiser": "northwind",
        "title_zh": "春季流量",
        "begin": "2026-03-01T00:00:00Z",
        "budget": 5000,
        "channels": ["sms", "app"],
        "creatives": [{"name": "banner", "format": "display", "cost_model": "cpm", "cost": 1200}],
        "click_window_days": 0,
    }
    late = {"campaign": "spring", "advertiser": "southwind"}
    people = ["campaign:spring"] * 3
    texts = [json.dumps(own) for own in (late, said, {**late, "advertiser": "of day 2"})]
    insert(client, "describe", "spring", people, [DAY, 3 * DAY, 2 * DAY], description=texts)
    insert(client, "contact", "autumn", ["ming"], DAY)

    found = description(client, "spring")
    assert [own.advertiser for own in found.descriptions] == ["northwind", "of day 2", "southwind"]
    latest, *_, first = found.descriptions
    assert (latest.time, latest.begin) == (
        datetime(1970, 1, 4, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert (latest.title_zh, latest.budget, latest.channels) == ("春季流量", 5000, ("sms", "app"))
    assert (latest.click_window_days, latest.view_window_days) == (0, 1)
    assert (first.click_window_days, first.budget, first.goal, first.channels) == (7, None, "", ())
    (banner,) = found.creatives
    assert (banner.creative, banner.cost_model, banner.cost_cents) == ("banner", "cpm", 1200)
    ends = {each.name: each.end for each in campaigns(client)}
    assert ends == {"spring": datetime(2026, 3, 31, tzinfo=UTC), "autumn": None}
    (shown, *_) = REPORT.tables[0].shown(found)
    assert shown["coin_microcents"] == "0.25"  # in cents for a person
    advertisers = {each.name: each.advertiser for each in campaigns(client)}
    assert advertisers == {"spring": "northwind", "autumn": ""}

    monkeypatch.setattr("sql.client.connect", lambda: client)
    monkeypatch.setenv("COLUMNS", "40")
    text = CliRunner().invoke(main, ["report", "description", "spring"]).stdout
    words = " ".join(text.split())
    for line in (
        "applies from 1970-01-04 00:00:00 UTC",
        "advertiser northwind",
        "English title -",
        "budget (coins) 5,000",
        "price of a coin (cents) 0.25",
    ):
        assert line in words
    assert "…" not in text

    without = description(client, "autumn")
    assert (without.is_described, without.descriptions, without.creatives) == (False, (), ())
    assert REPORT.sentences(without) == (UNDESCRIBED,)
    with pytest.raises(UnknownCampaignError, match="did you mean spring"):
        description(client, "sprung")


def test_its_page_has_one_line_a_fact(
    world: World, insert: Callable[..., None], server: Callable[..., Any], tmp_path: Path
) -> None:
    said = json.dumps({"campaign": "spring", "goal": "visits", "end": "2026-11-20T00:00:00Z"})
    insert(world.client, "describe", "spring", ["campaign:spring"], DAY, description=said)
    with server(world.url, tmp_path / "console.sqlite") as url:
        text = got(f"{url}/description?campaign=spring&lang=en").text
    for fact in (
        "<dt>goal</dt><dd>visits</dd>",
        "<dt>end</dt><dd>2026-11-20 00:00:00 UTC</dd>",
        "<dt>advertiser</dt><dd>–</dd>",  # noqa: RUF001 - what pages show for nothing
        '<h2 id="basis">Note</h2>',
    ):
        assert fact in text
