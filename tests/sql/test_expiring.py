"""Coins that are too old: of what came before a time, what has not left since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sql.client import rows
from sql.migrate import migrate

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

# account, month of 2026, amount, pending after it; balances follow
MOVES = [
    ("never spent", 1, 100, 0),
    ("never spent", 5, 50, 0),
    ("spent some", 1, 100, 0),
    ("spent some", 2, -30, 0),
    ("spent some", 5, 50, 0),
    ("spent some", 6, -20, 0),  # the oldest first
    ("spent more than was old", 1, 100, 0),
    ("spent more than was old", 5, 50, 0),
    ("spent more than was old", 6, -120, 0),
    ("holds most", 1, 100, 0),
    ("holds most", 6, 0, 70),
    ("new", 5, 50, 0),
    ("expired already", 1, 100, 0),
    ("expired already", 4, -100, 0),
]


@pytest.fixture
def warehouse(database: Client) -> Client:
    migrate(database)
    balances: dict[str, tuple[int, int]] = {}
    values = []
    for account, month, amount, pending in MOVES:
        balance, version = balances.get(account, (0, 0))
        balances[account] = balance, version = balance + amount, version + 1
        time = datetime(2026, month, 1, tzinfo=UTC)
        values.append([account, version, "wallet", "p", amount, balance, pending, time])
    values.append(["issuer:p@0", 1, "issuer", "p", 100, 100, 0, datetime(2026, 1, 1, tzinfo=UTC)])
    values.append(["elsewhere", 1, "wallet", "q", 100, 100, 0, datetime(2026, 1, 1, tzinfo=UTC)])
    names = ["account", "version", "kind", "program", "amount", "balance", "pending", "time"]
    database.insert("postings", values, column_names=names)
    return database


def test_what_is_old_and_has_not_left_expires_as_far_as_it_is_not_held(warehouse: Client) -> None:
    found = rows(warehouse, "ledger/expiring", program="p", before="2026-03-01 00:00:00")
    assert [(row["account"], row["coins"]) for row in found] == [
        ("holds most", 30),
        ("never spent", 100),
        ("spent some", 50),
    ]


def test_before_anything_came_nothing_is_old(warehouse: Client) -> None:
    assert rows(warehouse, "ledger/expiring", program="p", before="2026-01-01 00:00:00") == []
