"""Settlement and flags of months that the real fold made of random events, beside naive ones."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from console.compliance.flags import flags
from console.settlement.everyone import everyone
from console.settlement.month import month
from console.settlement.statement import statement
from streams.events import PacketClaim, PacketSend, Reward, partition_of
from tests.console.settlement.program_file import write_growth
from tests.naive_settlement import (
    Moved,
    delivered,
    deliveries,
    insert,
    movements,
    queues,
    sums,
    time_of,
)
from tests.simulator.plan import RULES, Clients
from tests.streams.ledger_world import World, name_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from streams.events import Earn, Redeem, Transfer
    from streams.ledger.results import Result

pytestmark = pytest.mark.clickhouse

PARTITIONS = 3
EVENTS = 4_000
MONTHS = ("2026-03", "2026-04", "2026-05", "2026-06")
FRIENDS = ("friend:1", "friend:2", "friend:3", "friend:4")


class Folded(NamedTuple):
    client: Client
    results: list[Result]
    moved: list[Moved]


@pytest.fixture(scope="module", params=[2, 6])
def folded(fresh: Callable[[], Client], request: pytest.FixtureRequest) -> Folded:
    world = World(PARTITIONS, RULES)
    clients = Clients(random.Random(request.param), PARTITIONS)
    clients.step = timedelta(minutes=40)  # over the ends of three months
    for event in (world.open("rich"), world.earn("rich", amount=1000), *redeemed(world)):
        assert world.send(event).outcome == "applied"
    among_friends = random.Random(request.param)
    for name in FRIENDS:
        world.send(world.open(name))
    for number in range(EVENTS):
        clients.time += clients.step
        if number % 20 == 0:
            for event in given(world, among_friends, clients.time):
                world.send(event)
        event = clients.event()
        clients.recall(event)
        world.send(event)
        if clients.random.random() < 0.5:
            world.drain()
    world.drain()
    results = [outcome.result for outcomes in world.outcomes for outcome in outcomes]
    client = fresh()
    insert(client, results)
    return Folded(client, results, movements(results))


def redeemed(world: World) -> Iterator[Redeem]:
    """Data at every kind of price, which random clients seldom hit upon."""
    for carrier, coins in (("mobile", 5), ("mobile", 14), ("telecom", 8), ("unicom", 9)):
        yield world.redeem("rich", coins, carrier=carrier)
    yield world.redeem("rich", 5, carrier="mobile", network="unicom")


def given(world: World, random: random.Random, time: datetime) -> Iterator[Earn | Transfer]:
    """A gift from one friend to another: often in circles and in parts, as clients seldom give."""
    payer, payee = random.sample(FRIENDS, 2)
    yield world.earn(payer, amount=random.randint(1, 80), time=time)
    yield world.transfer(payer, payee, random.randint(1, 80), time=time)


def test_a_draw_is_one_line_on_whichever_partition_its_claimer_is(
    fresh: Callable[[], Client],
) -> None:
    world = World(PARTITIONS, RULES)
    people = [f"guest:{number}" for number in range(60)]
    packet = f"packet:party@{partition_of('host', PARTITIONS)}"
    begun = datetime(2026, 3, 1, tzinfo=UTC)
    terms = {"packet": packet, "amount": 600, "claims": 60, "mode": "equal"}
    terms |= {"expires": begun + timedelta(days=1)}
    events = [world.open(name, time=begun) for name in ("host", *people)]
    events += [world.earn("host", amount=600, time=begun)]
    events += [world.make(PacketSend, "host", **terms, time=begun)]
    events += [world.make(PacketClaim, packet, claimer=name, time=begun) for name in people]
    assert all(world.send(event).outcome in {"applied", "asked"} for event in events)
    world.drain()
    client = fresh()
    insert(client, [outcome.result for told in world.outcomes for outcome in told])
    for party, coins in (("wallets", 600), ("packets", -600)):
        (own,) = statement(client, party, month("2026-03")).programs
        (drawn,) = (line for line in own.lines if line.operation == "packet_claim")
        assert (drawn.events, drawn.coins) == (60, coins)
        assert not {"claim", "leg"} & {line.operation for line in own.lines}


@pytest.mark.parametrize("partition", [0, 1])
def test_a_reward_that_waited_is_in_hand_once_its_wallet_is_open(
    fresh: Callable[[], Client], partition: int
) -> None:
    buyer, friend = name_on(0, 2), name_on(partition, 2, 100)
    world, begun = World(2, RULES), datetime(2026, 3, 1, tzinfo=UTC)
    facts = {"campaign": "spring", "rule": "friend", "conversion": "c1", "to": friend}
    later = begun + timedelta(days=40)
    for event in (
        world.open(buyer, time=begun),
        world.fund("budget:spring@0", 100, time=begun),
        world.make(Reward, buyer, **facts, time=begun),
    ):
        assert world.send(event).outcome == "applied"
    world.drain()
    world.send(world.open(friend, time=later))
    world.send(world.redeem(friend, 1, time=later))
    world.drain()
    client = fresh()
    insert(client, [outcome.result for told in world.outcomes for outcome in told])
    for when, waits, spent in (("2026-03", True, {}), ("2026-04", False, {"redeem": 1})):
        (own,) = statement(client, "advertiser:spring", month(when)).programs
        assert own.budget is not None
        given = own.budget.granted
        assert given > 1
        unplaced, in_hand = (given, 0) if waits else (0, given - 1)
        assert (own.budget.unplaced, own.budget.in_hand) == (unplaced, in_hand)
        assert own.budget.spent == spent


@pytest.mark.parametrize("when", MONTHS)
def test_every_party_of_every_month_equals_a_naive_sum(folded: Folded, when: str) -> None:
    asked = month(when)
    naive = sums(folded.moved, asked)
    found = everyone(folded.client, asked)
    assert {
        (row.party, row.program): [row.opening, row.moved, row.closing] for row in found.parties
    } == naive
    assert found.differences == ()
    assert len(naive) > 8
    on_their_way = [row for row in found.parties if row.party.startswith("clearing:")]
    assert all(row.closing == 0 for row in on_their_way)


def test_what_every_carrier_delivered_equals_a_naive_sum(folded: Folded) -> None:
    told = set()
    for when in MONTHS:
        naive = deliveries(folded.results, folded.moved, month(when))
        assert delivered(folded.client, month(when)) == naive
        told |= naive.keys()
    assert any(party != f"carrier:{network}" for party, _, network, _ in told)
    assert {price for *_, price in told} >= {None, Fraction(2), Fraction(5, 10), Fraction(14, 30)}


def test_what_became_of_granted_coins_equals_a_queue_of_each_wallets(folded: Folded) -> None:
    told = 0
    for when in MONTHS:
        for campaign in ("spring", "autumn"):
            found = statement(folded.client, f"advertiser:{campaign}", month(when))
            for own in found.programs:
                assert own.budget is not None
                in_hand, spent = queues(folded.moved, campaign, own.program, month(when))
                assert (own.budget.in_hand, own.budget.spent) == (in_hand, spent)
                budget = own.budget
                assert budget.unspent == own.closing == (
                    budget.funded - budget.defunded - budget.granted + budget.returned
                    - budget.in_packets + budget.other
                )  # fmt: skip
                assert budget.in_flight == 0  # every leg was delivered, and has its event's time
                told += sum(spent.values())
    assert told > 0


def test_what_a_department_got_equals_a_queue_of_each_wallets(
    folded: Folded, tmp_path: Path
) -> None:
    write_growth(tmp_path, "p", "check-in", "purchase")
    told = 0
    for when in MONTHS:
        asked = month(when)
        found = everyone(folded.client, asked, programs=tmp_path)
        naive = sums(folded.moved, asked)
        paid = [naive.pop((f"department:{name}", "p")) for name in ("check-in", "purchase")]
        naive["department:growth", "p"] = [sum(each) for each in zip(*paid, strict=True)]
        assert {
            (row.party, row.program): [row.opening, row.moved, row.closing] for row in found.parties
        } == naive
        assert found.differences == ()
        (own,) = statement(folded.client, "department:growth", asked, programs=tmp_path).programs
        assert [own.opening, own.closing - own.opening, own.closing] == naive[
            "department:growth", "p"
        ]
        assert [line.name for line in own.caused or ()] == ["check-in", "purchase", "spring"]
        for line in own.caused or ():
            activity = line.name if line.kind == "activity" else ""
            in_hand, spent = queues(folded.moved, line.name, "p", asked, activity=activity)
            assert (line.in_hand, line.spent) == (in_hand, spent)
            told += sum(spent.values())
    assert told > 0


# -- flags -------------------------------------------------------------------------------------


class Gift(NamedTuple):
    time: datetime
    payer: str
    payee: str
    amount: int
    event_id: str
    event_source: str

    def names(self) -> tuple[str, str]:
        return self.event_id, self.event_source


def gifts(folded: Folded, program: str) -> list[Gift]:
    undone = {
        (result.subject, result.cause_source, result.cause)
        for result in folded.results
        if result.outcome == "applied"
        and (result.type == "reverse" or result.step in {"reversal", "bounce", "unclaimed"})
    }
    return sorted(
        Gift(
            *(time_of(result), result.subject, result.counterparty, result.amount),
            *(result.event_id, result.event_source),
        )
        for result in folded.results
        if (result.type, result.outcome, result.program) == ("transfer", "applied", program)
        and (result.subject, result.event_source, result.event_id) not in undone
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
    circles: dict[tuple[str, ...], set[Gift]] = defaultdict(set)
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
                circles[*names[start:], *names[:start]] |= {*path, each}
            elif each.payee not in names and len(names) < 4:
                paths.append([*path, each])
    ours = found(folded, "circular_gifts", circle_coins=10, circle_days=2, circle_share=0.5)
    assert {names: (flag.coins, shown(flag)) for names, flag in ours.items()} == {
        names: (sum(gift.amount for gift in of), sorted(gift.names() for gift in of))
        for names, of in circles.items()
    }
    assert circles
    assert all(_sorted(flag) for flag in ours.values())


def shown(flag: Any) -> list[tuple[str, str]]:
    """Ids and sources of the events that a flag shows."""
    return sorted(zip(flag.evidence, flag.sources, strict=True))


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
