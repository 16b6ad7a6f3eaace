"""What a check knows of wallets: of the warehouse, and of the file itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from xxhash import xxh3_64_intdigest

from intake.files.check import Check
from intake.files.warehouse import NOTHING
from intake.mapping import loads
from streams.events.times import microseconds
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("flowdrop_home")

EARN = """
feed = "shop"
id = "id"
person = "person"
time = "time"
[[event]]
when = "coins > 0"
type = "wallet.earn"
fields = { program = "'p'", activity = "'game'", amount = "coins" }
[[event]]
when = "coins == 0"
type = "wallet.redeem"
fields = { program = "'p'", carrier = "'telecom'", amount = "1" }
"""
OPEN = """[[event]]
name = "open"
when = "open == 'yes'"
type = "wallet.open"
fields = { program = "'p'" }
"""
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ROWS = """id,person,time,coins,open
1,ann,2026-03-01T09:00:00Z,5,no
2,bob,2026-03-01T09:00:00Z,5,no
3,bob,2026-03-01T10:00:00Z,5,no
4,cat,2026-03-01T10:00:00Z,5,yes
5,dan,2026-03-01T10:00:00Z,0,no
"""


@pytest.mark.parametrize(("mapping", "without"), [(EARN, 2), (EARN + OPEN, 1)])
def test_those_who_would_get_coins_without_a_wallet_are_counted(
    tmp_path: Path, mapping: str, without: int
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    wallets = np.array([xxh3_64_intdigest(b"ann")], np.uint64)
    known = replace(NOTHING, wallets=wallets, silent="")
    found = Check(path, loads(mapping), StreamSettings(), known, now=NOW).run()
    assert (found.rejected, found.people) == (0, 4)
    assert found.without_wallet == without, "bob, and cat unless the file opens a wallet for her"
    assert found.is_good
    assert not found.is_well, "the ledger would refuse what bob is given"
    assert (
        Check(path, loads(mapping), StreamSettings(), NOTHING, now=NOW).run().without_wallet is None
    )


@pytest.mark.parametrize(("days", "old"), [(30, 0), (31, 2), (40, 5)])
def test_a_file_with_events_too_old_for_the_ledger_is_not_well(
    tmp_path: Path, days: int, old: int
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    settings = StreamSettings(dedup_window_days=31)
    clock = microseconds(datetime(2026, 3, 1, 9, 30, tzinfo=UTC) + timedelta(days=days))
    clocks = dict.fromkeys(range(settings.partitions), clock)
    people = ["ann", "bob", "cat", "dan"]
    wallets = np.array([xxh3_64_intdigest(name.encode()) for name in people], np.uint64)
    known = replace(NOTHING, wallets=wallets, clocks_us=clocks, silent="")
    found = Check(path, loads(EARN), settings, known, now=NOW).run()
    assert (found.rejected, found.without_wallet, found.too_old) == (0, 0, old)
    assert found.is_well is (old == 0)
