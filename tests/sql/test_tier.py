"""How well a wallet's owner was known before an offset, by the results of `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sql.client import rows
from streams.events import Verify
from tests.naive_settlement import insert
from tests.streams.ledger_world import World, world_with
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


def verified() -> World:
    world = world_with("a", "b", coins=0)  # offsets 0 and 1
    for name, tier in (("a", "phone"), ("b", "identity"), ("a", "identity"), ("a", "none")):
        world.send(world.make(Verify, name, tier=tier, by=f"{tier} office"))
    assert world.send(world.make(Verify, "c", tier="phone", by="bank")).reason == "unknown_account"
    return world


@pytest.mark.parametrize(
    ("account", "cut", "tier"),
    [
        ("a", 2, None),
        ("a", 3, "phone"),
        ("a", 5, "identity"),
        ("a", 100, "none"),
        ("b", 100, "identity"),
        ("c", 100, None),
    ],
)
def test_the_latest_before_an_offset_counts(
    database: Client, account: str, cut: int, tier: str | None
) -> None:
    add_tables(database)
    insert(database, [outcome.result for outcome in verified().outcomes[0]])
    found = rows(database, "ledger/tier", account=account, partition=0, cut=cut)
    expected = [] if tier is None else [{"tier": tier, "verified_by": f"{tier} office"}]
    assert found == expected
