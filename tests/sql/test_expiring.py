"""Coins that are too old: of what came before a time, what has not left since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sql.client import rows
from tests.warehouses import add_tables

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
    add_tables(database)
    balances: dict[str, tuple[int, int]] = {}
    values = []
    for number, (account, month, amount, pending) in enumerate(MOVES):
        balance, version = balances.get(account, (0, 0))
        balances[account] = balance, version = balance + amount, version + 1
        time = datetime(2026, month, 1, tzinfo=UTC)
        event = f"e{number}"
        values.append([account, version, "wallet", "p", amount, balance, pending, time, event])
    first = datetime(2026, 1, 1, tzinfo=UTC)
    values.append(["issuer:p@0", 1, "issuer", "p", 100, 100, 0, first, "i"])
    values.append(["elsewhere", 1, "wallet", "q", 100, 100, 0, first, "q"])
    names = ["account", "version", "kind", "program", "amount", "balance", "pending", "time"]
    names.append("event_id")
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


class Events:
    """Inserts postings of one wallet, each of an event, as the ledger's table has them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.balance = self.version = 0

    def moved(
        self, kind: str, amount: int, month: int, event_id: str, pending: int = 0, **more: str
    ) -> None:
        self.balance += amount
        self.version += 1
        row = {
            "account": "ann",
            "version": self.version,
            "kind": "wallet",
            "program": "p",
            "amount": amount,
            "balance": self.balance,
            "pending": pending,
            "event_id": event_id,
            "type": kind,
            "subject": "ann",
            "time": datetime(2026, month, 1, tzinfo=UTC),
            **more,
        }
        self.client.insert("postings", [list(row.values())], column_names=list(row))

    @property
    def old(self) -> int:
        """Coins from before March that expire."""
        found = rows(self.client, "ledger/expiring", program="p", before="2026-03-01 00:00:00")
        return sum(row["coins"] for row in found)


@pytest.fixture
def ann(database: Client) -> Events:
    add_tables(database)
    events = Events(database)
    events.moved("earn", 40, 1, "old")
    return events


def test_a_reversed_earning_takes_nothing_of_the_old(ann: Events) -> None:
    ann.moved("earn", 100, 5, "game")
    ann.moved("reverse", -100, 6, "back", cause="game")
    assert ann.old == 40


def test_only_the_event_that_was_undone_is_left_out(ann: Events) -> None:
    """One of the same id from another source stands, and so does what was spent."""
    ann.moved("earn", 100, 2, "1", event_source="game")
    ann.moved("earn", 7, 2, "1", event_source="check-in")
    ann.moved("transfer", -30, 5, "gift", counterparty="bob")
    ann.moved("reverse", -100, 6, "back", cause="1", cause_source="game")
    assert ann.old == 40 + 7 - 30


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (("transfer", {"counterparty": "bob"}), ("reverse", {"cause": "it"})),
        (("transfer", {"counterparty": "bob"}), ("leg", {"step": "bounce", "cause": "it"})),
        (("transfer", {"counterparty": "bob"}), ("leg", {"step": "unclaimed", "cause": "it"})),
        (("transfer", {"counterparty": "bob"}), ("leg", {"step": "reversal", "cause": "it"})),
        (("order_place", {}), ("reverse", {"cause": "it"})),
        (("redeem", {}), ("reverse", {"cause": "it"})),
        (
            ("packet_send", {"counterparty": "packet:x@0"}),
            ("packet_expire", {"subject": "packet:x@0"}),
        ),
    ],
)
def test_what_comes_back_is_as_old_as_before_it_went(
    ann: Events, there: tuple[str, dict[str, str]], back: tuple[str, dict[str, str]]
) -> None:
    ann.moved(there[0], -40, 4, "it", **there[1])
    assert ann.old == 0
    ann.moved(back[0], 40, 6, "again", **back[1])
    assert ann.old == 40


def test_what_comes_back_in_part_is_as_old_as_before_it_went(ann: Events) -> None:
    ann.moved("earn", 60, 4, "new")
    ann.moved("packet_send", -70, 5, "it", counterparty="packet:x@0")
    ann.moved("packet_expire", 50, 6, "over", subject="packet:x@0")
    assert ann.old == 20


def test_a_redemption_settled_and_then_given_back_had_never_gone(ann: Events) -> None:
    ann.moved("redeem", 0, 4, "r", pending=40)
    assert ann.old == 0  # held
    ann.moved("redeem_settle", -40, 5, "s", cause="r")
    assert ann.old == 0
    ann.moved("reverse", 40, 6, "back", cause="r")
    assert ann.old == 40
