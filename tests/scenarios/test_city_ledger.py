"""The city's money on twenty seeds with every disorder on: ledgers and settlements agree.

The logs are read as Kafka would hold them, with legs between partitions arriving whenever they do.
What the fold made of them is judged by the naive ledger, then settled in ClickHouse and by sums in
plain Python.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

from console.settlement.everyone import everyone
from console.settlement.month import month
from console.settlement.statement import statement
from scenarios.city import city
from scenarios.city.plan import DAY_US, FARM, Plan, name
from scenarios.disorder import Disorder, Shares
from scenarios.spoil import Spoiler
from streams import programs
from streams.events import WALLET_TOPIC, encode
from streams.events.decoding import Rejection, read_wallet
from streams.ledger.rules import Rules
from tests import keys
from tests.long import sized
from tests.naive_settlement import delivered, deliveries, insert, movements, queues, sums
from tests.simulator.proof import (
    Evidence,
    books_differ,
    differs,
    judge_of,
    none_is_overdrawn,
    nothing_is_in_flight,
    sums_are_zero,
    told_of,
)
from tests.streams.ledger_world import World
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from scenarios.spoil import Record
    from streams.events import WalletEvent
    from streams.ledger.results import Result

SEEDS = range(1, sized(6, 21))
PARTITIONS = 3
DISORDER = Shares(late=0.03, reorder=0.05, duplicate=0.03, skew=0.05)
SPOILED = 0.02
LEG_ARRIVES_SHARE = 0.4
START = datetime(2026, 1, 20, tzinfo=UTC)  # so that the month ends amid a campaign
MONTHS = ("2026-01", "2026-02")
OPERATIONS = (
    *("open", "earn", "fund", "defund", "grant", "transfer", "leg"),
    *("redeem", "redeem_settle", "redeem_fail", "redeem_expire"),
    *("order_place", "order_fulfil", "order_cancel", "order_refund", "reward"),
    *("packet_send", "packet_claim", "packet_expire"),
)
RULES = Rules(
    programs.load(),
    window_us=10 * DAY_US,
    tolerance_us=DAY_US,
    ledger_keys=keys.LEDGER,
    rules_keys=keys.RULES,
)


class Ledgers:
    """The fold in memory and the naive ledger, told the same."""

    def __init__(self, arrived_us: int) -> None:
        self.world = World(PARTITIONS, RULES)
        self.judges = [judge_of(RULES, number, PARTITIONS) for number in range(PARTITIONS)]
        self.arrived_us = arrived_us
        self.outcomes: Counter[str] = Counter()

    def tell(self, record: Record) -> None:
        _, partition, key, value = record
        event = read_wallet(key, value)
        if not isinstance(event, Rejection):
            assert value is not None
            self.fold(partition, key or b"", value)
            return
        offset = len(self.world.logs[partition])
        self.world.logs[partition].append((value or b"", self.arrived_us))
        verdict = self.judges[partition].judge(offset, key, value, self.arrived_us)
        assert verdict.outcome == "set_aside"
        self.outcomes["set_aside"] += 1

    def fold(self, partition: int, key: bytes, value: bytes) -> None:
        offset = len(self.world.logs[partition])
        outcome = self.world.fold_record(partition, value, self.arrived_us)
        verdict = self.judges[partition].judge(offset, key, value, self.arrived_us)
        assert differs(verdict, outcome.result) == ""
        assert [told_of(leg) for leg in outcome.legs] == verdict.legs
        result = outcome.result
        self.outcomes[f"{result.outcome} {result.reason}".strip()] += 1
        self.outcomes[f"{result.outcome} {result.type}"] += 1

    def deliver(self, way: tuple[int, int]) -> None:
        leg: WalletEvent = self.world.legs[way].popleft()
        self.fold(way[1], leg.subject.encode(), encode(leg))

    def results(self) -> list[Result]:
        return [outcome.result for outcomes in self.world.outcomes for outcome in outcomes]

    def waiting(self) -> list[tuple[int, int]]:
        return sorted(way for way, legs in self.world.legs.items() if legs)

    def problems(self) -> Iterator[str]:
        tables = [
            {name.encode(): packed for name, packed in accounts.items()}
            for accounts in self.world.accounts
        ]
        evidence = Evidence(RULES, [], [], [], tables, [])
        for check in (sums_are_zero, none_is_overdrawn, nothing_is_in_flight):
            yield from check(evidence)
        for number, judge in enumerate(self.judges):
            yield from books_differ(evidence, number, judge)


def plan_of(seed: int) -> Plan:
    return Plan(people=100, days=18, seed=seed, partitions=PARTITIONS, start=START)


def lived(seed: int) -> Ledgers:
    """Let a city live, disturbed in every way, before both ledgers."""
    plan = plan_of(seed)
    ledgers = Ledgers(plan.start_us + 60 * DAY_US)
    random = Random(seed)
    records = Disorder(DISORDER, seed).disturb(city.records(plan))
    for record in Spoiler(SPOILED, seed).spoil(records):
        if record[0] == WALLET_TOPIC:
            ledgers.tell(record)
        if random.random() < LEG_ARRIVES_SHARE and (waiting := ledgers.waiting()):
            ledgers.deliver(random.choice(waiting))
    while waiting := ledgers.waiting():
        ledgers.deliver(random.choice(waiting))
    return ledgers


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One engine for all seeds; each clears what it stores."""
    path = tmp_path_factory.mktemp("clickhouse")
    client = clickhouse_connect.get_client(interface="chdb", path=str(path))
    add_tables(client)
    yield client
    client.close()


def problems_of_settlement(seed: int, results: list[Result], client: Client) -> Iterator[str]:
    """Say where ClickHouse settles otherwise than a naive sum."""
    moved, campaign = movements(results), f"city-{seed}-1"
    for when in map(month, MONTHS):
        settled = everyone(client, when)
        yield from map(str, settled.differences)
        told = {
            (row.party, row.program): [row.opening, row.moved, row.closing]
            for row in settled.parties
        }
        if told != (naive := sums(moved, when)):
            yield f"{when.name}: {told} where naive sums are {naive}"
        if delivered(client, when) != (given := deliveries(results, moved, when)):
            yield f"{when.name}: {delivered(client, when)} delivered where naive sums are {given}"
        [own] = statement(client, f"advertiser:{campaign}", when).programs
        in_hand, spent = queues(moved, campaign, own.program, when)
        if own.budget is None or (own.budget.in_hand, own.budget.spent) != (in_hand, spent):
            yield f"{when.name}: {own.budget} where queues have {in_hand} in hand, spent {spent}"
        elif own.budget.unspent != own.closing or own.budget.unplaced or own.budget.other:
            yield f"{when.name}: {own.budget} does not close at {own.closing}"
        elif own.budget.granted - own.budget.returned != in_hand + sum(spent.values()):
            yield f"{when.name}: {own.budget} tells not each coin once"


@pytest.mark.clickhouse
@pytest.mark.parametrize("seed", SEEDS)
def test_ledgers_and_settlements_say_the_same_to_the_coin(seed: int, warehouse: Client) -> None:
    ledgers = lived(seed)
    assert list(ledgers.problems()) == []
    outcomes = ledgers.outcomes
    assert outcomes["set_aside"] > 0
    assert outcomes["repeat"] > 0
    assert outcomes["refused conflict"] > 0
    spent = outcomes["applied redeem"] + outcomes["applied order_place"]
    farm = {name(seed, number) for number in plan_of(seed).machine(FARM)}
    short = [r for r in ledgers.results() if r.reason == "insufficient_balance"]
    assert spent > 10 * sum(r.subject not in farm for r in short)
    insert(warehouse, ledgers.results())
    try:
        assert list(problems_of_settlement(seed, ledgers.results(), warehouse)) == []
    finally:
        for table in ("ledger_results", "postings"):
            warehouse.command(f"TRUNCATE TABLE {table}")


def test_the_city_is_refused_for_what_people_do_wrong() -> None:
    """Without any disorder some still spend what they lack, or come too late."""
    plan = Plan(people=300, days=18, seed=1, partitions=PARTITIONS)
    ledgers = Ledgers(plan.start_us + 60 * DAY_US)
    for record in city.records(plan):
        if record[0] == WALLET_TOPIC:
            ledgers.tell(record)
        for way in ledgers.waiting():
            ledgers.deliver(way)
    refused = {
        name.removeprefix("refused "): count
        for name, count in ledgers.outcomes.items()
        if name.startswith("refused ")
    }
    for reason in ("insufficient_balance", "nothing_earned", "packet_empty", "already_claimed"):
        assert refused[reason] > 0, refused
    assert not {"conflict", "too_old", "forgotten", "in_the_future", "wrong_packet"} & set(refused)
    for operation in OPERATIONS:
        assert ledgers.outcomes[f"applied {operation}"] > 0, operation
    told = sum(v for k, v in ledgers.outcomes.items() if k.split()[0] == "refused") / 2
    assert told < 0.1 * sum(len(log) for log in ledgers.world.logs)
