"""Settlement and flags of months that the real fold made of random events, beside naive ones."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from console.compliance.flags import flags
from console.settlement.everyone import everyone
from console.settlement.month import Month, month
from console.settlement.statement import statement
from streams.ledger.results import Postings, Result
from tests.simulator.plan import RULES, Clients
from tests.streams.ledger_world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

PARTITIONS = 3
EVENTS = 4_000
MONTHS = ("2026-03", "2026-04", "2026-05", "2026-06")


class Moved(NamedTuple):
    """One posting that moved coins, and what its result says."""

    time: datetime
    account: str
    kind: str
    amount: int
    version: int
    result: Result


class Folded(NamedTuple):
    client: Client
    results: list[Result]
    moved: list[Moved]


@pytest.fixture(scope="module", params=[1, 2])
def folded(fresh: Callable[[], Client], request: pytest.FixtureRequest) -> Folded:
    world = World(PARTITIONS, RULES)
    clients = Clients(random.Random(request.param), PARTITIONS)
    clients.step = timedelta(minutes=40)  # over the ends of three months
    for _ in range(EVENTS):
        clients.time += clients.step
        event = clients.event()
        clients.recall(event)
        world.send(event)
        if clients.random.random() < 0.5:
            world.drain()
    world.drain()
    results = [outcome.result for outcomes in world.outcomes for outcome in outcomes]
    client = fresh()
    _insert(client, results)
    moved = [
        Moved(_time(result), posting.account, posting.kind, posting.amount, posting.version, result)
        for result in results
        for posting in result.posting
        if posting.amount
    ]
    return Folded(client, results, moved)


def _time(result: Result) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=result.time)


def _insert(client: Client, results: list[Result]) -> None:
    names = [name for name in Result.__struct_fields__ if name != "posting"]
    lists = Postings.__struct_fields__
    client.insert(
        "ledger_results",
        [
            [getattr(result, name) for name in names]
            + [list(getattr(result.posting, name)) for name in lists]
            for result in results
        ],
        column_names=[*names, *(f"posting.{name}" for name in lists)],
    )


def party_of(moved: Moved) -> str:
    """Whose a posting is, told a second time."""
    prefix, _, rest = moved.account.partition(":")
    name, _, number = rest.rpartition("@")
    if moved.kind in {"wallet", "packet", "deposit"}:
        return f"{moved.kind}s"
    if moved.kind == "budget":
        return f"advertiser:{name if number.isdecimal() and name else rest}"
    if moved.kind == "clearing" and moved.result.campaign:
        return f"advertiser:{moved.result.campaign}"
    if moved.kind == "issuer" and moved.result.activity:
        return f"department:{moved.result.activity}"
    return f"{prefix}:{(name or rest).partition(':')[0]}"  # a reserve is of no partition


@pytest.mark.parametrize("when", MONTHS)
def test_every_party_of_every_month_equals_a_naive_sum(folded: Folded, when: str) -> None:
    asked = month(when)
    naive: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in folded.moved:
        if each.time < asked.end:
            sums = naive[party_of(each), each.result.program]
            sums[each.time >= asked.start] += each.amount
            sums[2] += each.amount
    found = everyone(folded.client, asked)
    assert {
        (row.party, row.program): [row.opening, row.moved, row.closing] for row in found.parties
    } == naive
    assert found.differences == ()
    assert len(naive) > 8
    on_their_way = [row for row in found.parties if row.party.startswith("clearing:")]
    assert all(row.closing == 0 for row in on_their_way)


def test_what_became_of_granted_coins_equals_a_queue_of_each_wallets(folded: Folded) -> None:
    told = 0
    for when in MONTHS:
        for campaign in ("spring", "autumn"):
            found = statement(folded.client, f"advertiser:{campaign}", month(when))
            for own in found.programs:
                assert own.budget is not None
                in_hand, spent = _queues(folded.moved, campaign, own.program, month(when))
                assert (own.budget.in_hand, own.budget.spent) == (in_hand, spent)
                budget = own.budget
                assert budget.unspent == own.closing == (
                    budget.funded - budget.defunded - budget.granted + budget.returned
                    - budget.in_packets + budget.other
                )  # fmt: skip
                assert budget.in_flight == 0  # every leg was delivered, and has its event's time
                told += sum(spent.values())
    assert told > 0


def _queues(
    moved: Iterable[Moved], campaign: str, program: str, asked: Month
) -> tuple[int, dict[str, int]]:
    """Coins of `campaign` in hand and spent, by a queue of coins in each wallet."""
    wallets: dict[str, list[Moved]] = defaultdict(list)
    for each in sorted(moved, key=lambda each: each.version):
        if each.kind == "wallet" and each.time < asked.end and each.result.program == program:
            wallets[each.account].append(each)
    in_hand, spent = 0, defaultdict(int)
    for history in wallets.values():
        kept = _standing(history)
        coins = deque([each, each.amount] for each in kept if each.amount > 0)
        for each in kept:
            left = -each.amount
            while left > 0 and coins:
                taken = min(left, coins[0][1])
                if _granted(coins[0][0], campaign):
                    spent[_operation(each)] += taken
                left -= taken
                coins[0][1] -= taken
                if not coins[0][1]:
                    coins.popleft()
        in_hand += sum(amount for each, amount in coins if _granted(each, campaign))
    return in_hand, dict(spent)


def _standing(history: list[Moved]) -> list[Moved]:
    """Leave out what was undone: what is of one event and comes to nothing."""
    sums: dict[str, int] = defaultdict(int)
    for each in history:
        sums[each.result.cause or each.result.event_id] += each.amount
    return [each for each in history if sums[each.result.cause or each.result.event_id]]


def _operation(each: Moved) -> str:
    return each.result.step if each.result.type == "leg" else each.result.type


def _granted(each: Moved, campaign: str) -> bool:
    return _operation(each) in {"grant", "reward"} and each.result.campaign == campaign


# -- flags -------------------------------------------------------------------------------------


class Gift(NamedTuple):
    time: datetime
    payer: str
    payee: str
    amount: int
    event_id: str


def gifts(folded: Folded, program: str) -> list[Gift]:
    undone = {
        (result.subject, result.cause)
        for result in folded.results
        if result.outcome == "applied" and (result.type == "reverse" or result.step == "reversal")
    }
    return sorted(
        Gift(_time(result), result.subject, result.counterparty, result.amount, result.event_id)
        for result in folded.results
        if (result.type, result.outcome, result.program) == ("transfer", "applied", program)
        and (result.subject, result.event_id) not in undone
    )


def found(folded: Folded, rule: str, **thresholds: float) -> dict[tuple[str, ...], Any]:
    made = flags(folded.client, month("2026-04"), [rule], thresholds).flags
    return {flag.accounts: flag for flag in made if flag.program == "p"}


def test_circles_equal_those_of_a_naive_search(folded: Folded) -> None:
    asked, window = month("2026-04"), timedelta(days=2)
    edges = [
        each
        for each in gifts(folded, "p")
        if each.amount >= 10 and asked.start - window <= each.time < asked.end
    ]
    circles: dict[tuple[str, ...], set[str]] = defaultdict(set)
    paths = [[each] for each in edges]
    while paths:
        path = paths.pop()
        for each in edges:
            amounts = [own.amount for own in (*path, each)]
            in_order = path[-1].time <= each.time <= path[0].time + window
            if each.payer != path[-1].payee or not in_order or min(amounts) < 0.5 * max(amounts):
                continue
            names = [own.payer for own in (*path, each)]
            if each.payee == names[0] and each.time >= asked.start:
                start = names.index(min(names))
                circles[*names[start:], *names[:start]] |= {own.event_id for own in (*path, each)}
            elif each.payee not in names and len(names) < 4:
                paths.append([*path, each])
    ours = found(folded, "circular_gifts", circle_coins=10, circle_days=2, circle_share=0.5)
    assert {names: set(flag.evidence) for names, flag in ours.items()} == circles
    assert circles
    assert all(_sorted(flag) for flag in ours.values())


def _sorted(flag: Any) -> bool:
    return flag.first_time <= flag.last_time and len(flag.evidence) == flag.events


def test_splits_equal_those_of_a_naive_search(folded: Folded) -> None:
    asked, window = month("2026-04"), timedelta(hours=100)
    small = [each for each in gifts(folded, "p") if each.amount < 60]
    most: dict[tuple[str, str], int] = defaultdict(int)
    for last in small:
        inside = [
            each
            for each in small
            if (each.payer, each.payee) == (last.payer, last.payee)
            and each.time >= asked.start - window
            and last.time - window <= each.time <= last.time
        ]
        coins = sum(each.amount for each in inside)
        if asked.start <= last.time < asked.end and len(inside) >= 2 and coins >= 60:
            most[last.payer, last.payee] = max(most[last.payer, last.payee], coins)
    ours = found(folded, "split_gifts", gift_limit=60, split_hours=100, split_gifts=2)
    assert {names: flag.coins for names, flag in ours.items()} == most
    assert most
