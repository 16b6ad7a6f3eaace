"""What a report refuses to say, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

from console.reports.basis import (
    EmptyWarehouseError,
    NoReportError,
    NotRandomisedError,
    UnknownCampaignError,
)
from console.reports.campaigns import campaigns
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def empty(fresh: Callable[[], Client]) -> Client:
    return fresh()


@pytest.fixture
def bare(engine: Path) -> Iterator[Client]:
    """A warehouse that was never migrated."""
    client = clickhouse_connect.get_client(interface="chdb", path=str(engine))
    yield client
    client.close()


REPORTS = [
    lambda client: reach(client, ["spring"]),
    lambda client: lift(client, "spring"),
    lambda client: overlap(client, "spring", "summer"),
    campaigns,
]


@pytest.mark.parametrize("report", REPORTS)
def test_an_empty_warehouse_names_the_command_that_fills_it(
    empty: Client, report: Callable[[Client], object]
) -> None:
    with pytest.raises(EmptyWarehouseError, match="flowdrop replay hillstrom"):
        report(empty)


@pytest.mark.parametrize("report", REPORTS)
def test_a_warehouse_without_tables_names_the_command_that_makes_them(
    bare: Client, report: Callable[[Client], object]
) -> None:
    with pytest.raises(EmptyWarehouseError, match="flowdrop sql migrate"):
        report(bare)


def test_an_unknown_campaign_names_those_like_it(
    empty: Client, insert: Callable[..., None]
) -> None:
    for name in ("spring", "summer-sale"):
        insert(empty, "contact", name, ["p"], 0)
    with pytest.raises(UnknownCampaignError, match="'sprng'; did you mean spring"):
        reach(empty, ["summer-sale", "sprng"])
    with pytest.raises(UnknownCampaignError, match="'zzz'; see `flowdrop report campaigns`"):
        overlap(empty, "spring", "zzz")


def test_reports_need_campaigns(empty: Client) -> None:
    with pytest.raises(NoReportError, match="at least one"):
        reach(empty, [])
    with pytest.raises(NoReportError, match="twice"):
        overlap(empty, "spring", "spring")


def test_what_was_not_randomised_has_no_lift(empty: Client, insert: Callable[..., None]) -> None:
    insert(empty, "contact", "cj-8", ["p", "q"], 0)
    with pytest.raises(NotRandomisedError, match=r"cj-8 was not randomised.*report reach cj-8"):
        lift(empty, "cj-8")


def _arms(insert: Callable[..., None], client: Client, **arms: tuple[int, float]) -> None:
    for arm, (people, probability) in arms.items():
        names = [f"{arm}-{n}" for n in range(people)]
        more = {"id": names, "arm": arm, "probability": probability}
        insert(client, "assignment", "spring", names, 0, **more)


def test_lift_needs_a_control_arm(empty: Client, insert: Callable[..., None]) -> None:
    _arms(insert, empty, red=(50, 0.5), blue=(50, 0.5))
    with pytest.raises(NotRandomisedError, match=r"arms are blue, red: .* with --control"):
        lift(empty, "spring")
    with pytest.raises(NotRandomisedError, match="no control arm 'green'"):
        lift(empty, "spring", "green")
    assert lift(empty, "spring", "blue").control == "blue"


@pytest.mark.parametrize("name", ["none", "control", "holdout"])
def test_the_names_of_control_arms(empty: Client, insert: Callable[..., None], name: str) -> None:
    _arms(insert, empty, **{"a": (50, 0.5), name: (50, 0.5)})
    found = lift(empty, "spring")
    assert found.control == name
    assert found.arms[0].arm == name


def test_a_sample_ratio_mismatch_blocks_the_effects(
    empty: Client, insert: Callable[..., None]
) -> None:
    _arms(insert, empty, control=(400, 0.5), drop=(600, 0.5))
    found = lift(empty, "spring")
    assert found.effects == ()
    assert found.sample_ratio is not None
    assert not found.sample_ratio.ok
    assert found.blocked is not None
    assert "sample-ratio mismatch" in found.blocked.en
    assert "样本比例失配" in found.blocked.zh
    assert [arm.people for arm in found.arms] == [400, 600]


def test_probabilities_that_vary_block_the_effects(
    empty: Client, insert: Callable[..., None]
) -> None:
    _arms(insert, empty, control=(100, 0.5), drop=(100, 0.5))
    more = {"id": ["late"], "arm": "drop", "probability": 0.9}
    insert(empty, "assignment", "spring", ["late"], 0, **more)
    found = lift(empty, "spring")
    assert found.blocked is not None
    assert "drop varied between people, from 0.5 to 0.9" in found.blocked.en
    assert found.effects == ()
    assert {arm.arm: arm.probability for arm in found.arms} == {"control": 0.5, "drop": None}


def test_a_campaign_that_contacted_nobody_has_a_reach_of_zero(
    empty: Client, insert: Callable[..., None]
) -> None:
    _arms(insert, empty, control=(5, 0.5), drop=(5, 0.5))
    insert(empty, "conversion", "spring", ["drop-1"], 1)
    found = reach(empty, ["spring"])
    assert (found.reach, found.contacts_per_person, found.by_day) == (0, None, ())
    assert found.conversions.outside == 1
    (listed,) = campaigns(empty)
    assert (listed.start, listed.end, listed.reach) == (None, None, 0)
    assert listed.arms == ("control", "drop")


def test_a_campaign_known_by_its_grants_alone_reports_its_coins(empty: Client) -> None:
    columns = ["account", "version", "kind", "program", "amount", "type", "campaign", "time"]
    grants = [
        ["cj:1", 1, "wallet", "liuliangbao", 100, "grant", "drop-1", 0],
        ["cj:1", 2, "wallet", "liuliangbao", 50, "grant", "drop-1", 0],
        ["cj:2", 1, "wallet", "liuliangbao", 100, "grant", "drop-1", 0],
        ["cj:2", 1, "wallet", "liuliangbao", 100, "grant", "drop-1", 0],  # stored twice
        ["budget:drop-1@3", 2, "budget", "liuliangbao", -250, "grant", "drop-1", 0],
        ["budget:drop-1@3", 1, "budget", "liuliangbao", 900, "fund", "drop-1", 0],
        ["cj:3", 1, "wallet", "liuliangbao", 7, "earn", "", 0],
        ["cj:4", 1, "wallet", "liuliangbao", 9, "grant", "drop-2", 0],
    ]
    empty.insert("postings", grants, column_names=columns)
    found = reach(empty, ["drop-1"])
    (coins,) = found.cost.coins
    assert (coins.program, coins.granted, coins.grants, coins.people) == ("liuliangbao", 250, 3, 2)
    assert (coins.returned, coins.in_packets, coins.net) == (0, 0, 250)
    assert found.by_campaign[0].reach == 0
    assert [each.name for each in campaigns(empty)] == ["drop-1", "drop-2"]
