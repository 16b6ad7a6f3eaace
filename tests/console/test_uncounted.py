"""What is stored and in no figure is said, wherever the figures are."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from console.reports.campaigns import campaigns, not_counted
from console.reports.overlap import overlap
from console.reports.reach import reach
from flowdrop.cli import main
from tests.console.signing import got
from tests.console.world import NOW, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.clickhouse

EN = (
    "Not counted: 3 exposures and 1 click are stored but are in no figure here; reach, contacts, "
    "conversions and cost cover contacts sent only. The report of frequency counts exposures."
)
ZH = "未计入：已存储 3 次曝光、1 次点击"


@pytest.fixture
def seen(world: World) -> World:
    """A campaign whose only traffic is exposures and a click, one of contacts, and one of both."""
    world._campaign_rows(
        [
            *(_row("exposure", "shown", n) for n in range(3)),
            _row("click", "shown", 0),
            _row("contact", "told", 0),
            _row("contact", "both", 0),
            _row("exposure", "both", 0),
        ]
    )
    return world


def _row(kind: str, campaign: str, n: int) -> dict[str, Any]:
    row = {"id": f"{kind}/{n}", "type": kind, "time": NOW, "person": f"u{n}", "campaign": campaign}
    return row | {"channel": "e-mail"}


def test_reports_say_what_is_not_counted(seen: World) -> None:
    found = reach(seen.client, ["shown"])
    assert (found.reach, found.contacts, [w.en for w in found.uncounted]) == (0, 0, [EN])
    assert found.uncounted[0].zh.startswith(ZH)
    assert reach(seen.client, ["told"]).uncounted == ()
    (words,) = reach(seen.client, ["told", "both"]).uncounted
    assert words.en.startswith("Not counted: 1 exposure is stored")
    assert "点击" not in words.zh
    (words,) = overlap(seen.client, "shown", "both").uncounted
    assert words.en.startswith("Not counted: 4 exposures and 1 click are stored")
    assert overlap(seen.client, "shown", "told").uncounted == found.uncounted


def test_the_list_has_them_apart(seen: World) -> None:
    found = {each.name: each for each in campaigns(seen.client)}
    assert (found["shown"].exposures_uncounted, found["shown"].clicks_uncounted) == (3, 1)
    assert (found["told"].exposures_uncounted, found["told"].clicks_uncounted) == (0, 0)
    (words,) = not_counted(list(found.values()))
    assert words.en.startswith("Not counted: 4 exposures and 1 click are stored")
    assert not_counted([found["told"]]) == ()


def test_conversions_of_people_not_contacted_are_told(
    seen: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen._campaign_rows([_row("conversion", "told", n) for n in (0, 5, 6)])
    found = {each.name: each for each in campaigns(seen.client)}
    assert (found["told"].conversions, found["told"].conversions_outside) == (1, 2)
    assert found["both"].conversions_outside == 0
    (words,) = not_counted([found["told"]])
    assert words.en.startswith("2 conversions of these campaigns are not counted here: those")
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", seen.url)
    for args in (["campaigns"], ["reach", "told"]):
        printed = CliRunner().invoke(main, ["report", *args]).stdout
        assert words.en in " ".join(printed.split())


def test_pages_and_commands_say_it(
    seen: World, server: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(seen.url, tmp_path / "c.sqlite") as url:
        assert EN in got(f"{url}/reach?campaign=shown").text
        assert ZH in got(f"{url}/reach?campaign=shown&lang=zh").text
        assert "data-notice" not in got(f"{url}/reach?campaign=told").text
        for path in ("/", "/overlap?a=shown&b=told"):
            assert 'data-notice="uncounted"' in got(url + path).text
        assert "reports/uncounted" in got(f"{url}/reach/query?campaign=shown").text
        assert got(f"{url}/campaigns/query").status_code == 200
        table = list(csv.DictReader(io.StringIO(got(f"{url}/campaigns.csv").text)))
    assert {row["name"]: row["exposures_uncounted"] for row in table}["shown"] == "3"
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", seen.url)
    for args in (["reach", "shown"], ["overlap", "shown", "told"]):
        printed = CliRunner().invoke(main, ["report", *args]).stdout
        assert EN in " ".join(printed.split())
    printed = CliRunner().invoke(main, ["report", "campaigns", "--lang", "zh"]).stdout
    assert "未计入" in printed
