"""docs/operations.md against what the fold does: accounts and refusals of every operation.

The simulator's clients, the cases of each refusal and what they seldom meet are folded. Before
an event is, it is tried in worlds like the one at hand: with balances at the limit or at nothing,
with one of the ledger's own accounts as its subject, with another program. What comes of all that
must be what the page says, no more and no less.
"""

from __future__ import annotations

import copy
import re
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from streams.events import (
    OPERATION,
    Close,
    Correction,
    DepositAdd,
    DepositCustody,
    KeyChange,
    Leg,
    OrderPlace,
    PacketShare,
    Reverse,
    Step,
)
from streams.events.decoding import read_wallet
from streams.ledger.accounts import BALANCE_MAX, pack, unpack
from streams.ledger.operations import OPERATIONS, refusals_of
from streams.ledger.refusals import REFUSALS
from streams.programs import Operation
from tests.simulator.plan import RULES, Clients, Record
from tests.streams.ledger_world import Outcome, World, at, name_on, world_with
from tests.streams.test_ledger_corrections import correction
from tests.streams.test_ledger_refusals import CASES, a_packet
from tests.streams.unable_payees import unable_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.events import WalletEvent
    from streams.ledger.operation import Operation as Row

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
SEEDS, EVENTS = 12, 3_000
TRIED_MAX = 30  # events of an operation that are tried in other worlds, for each seed
ORDER = [refusal.name for refusal in REFUSALS]
# What any client's event may meet before its operation is looked at; the page says it once.
COMMON = {
    *("conflict", "in_the_future", "too_old", "forgotten", "unknown_program", "operation_closed"),
}
COMMON_OF_LEGS = {"unknown_key", "revoked_key", "forged_leg", "repeated_leg", "leg_gap"}
RESERVED = "merchant:music:p@0"


class Curious(World):
    """A world that tries some events in others first."""

    def __init__(self, partitions: int) -> None:
        super().__init__(partitions, RULES)
        self.tried: Counter[str] = Counter()
        self.elsewhere: list[Outcome] = []

    def send(self, event: WalletEvent, **where: Any) -> Outcome:
        partition = where["partition"]
        name = named(event)
        self.tried[name] += 1
        if self.tried[name] <= TRIED_MAX:
            for limit in (BALANCE_MAX, 0):
                self.try_with(event, partition, limit, but=event.subject)
            self.try_with(event, partition, BALANCE_MAX, but="")
            for state in ("frozen", "closed"):
                self.try_with(event, partition, None, state=state)
            if not isinstance(event, Leg | KeyChange | Correction):
                changes: list[dict[str, Any]] = [
                    {"subject": RESERVED},
                    {"data": msgspec.structs.replace(event.data, program="q")},
                ]
                if hasattr(event.data, "to"):
                    to_self = msgspec.structs.replace(event.data, to=event.subject)
                    changes.append({"data": to_self})
                for change in changes:
                    other = msgspec.structs.replace(event, id="another", **change)
                    self.try_with(other, partition, None)
        return super().send(event, **where)

    def try_with(
        self,
        event: WalletEvent,
        partition: int,
        limit: int | None,
        *,
        but: str = "",
        state: str = "",
    ) -> None:
        """Fold an event with the posted coins of all accounts `but` one at `limit`, or as is.

        With `state` the subject's wallet, if it is open, is frozen or closed.
        """
        world = World(len(self.shards), RULES)
        world.shards = copy.deepcopy(self.shards)
        world.accounts = [dict(accounts) for accounts in self.accounts]
        for name, data in world.accounts[partition].items():
            if limit is not None and name != but:
                account = unpack(name, data)
                owes = account.kind in {"issuer", "clearing"}
                account.posted = max(-limit if owes else limit, account.pending)
                world.accounts[partition][name] = pack(account)
        wallet = world.on(partition, event.subject)
        if state and wallet is not None and wallet.kind == "wallet" and wallet.state == "open":
            wallet.state = state
            world.accounts[partition][event.subject] = pack(wallet)
        self.elsewhere.append(world.send(event, partition=partition))


def named(event: WalletEvent) -> str:
    return f"leg {event.data.step}" if isinstance(event, Leg) else OPERATION[type(event)]


def clients_outcomes() -> Iterator[Outcome]:
    for seed in range(SEEDS):
        partitions = (1, 2, 3)[seed % 3]
        clients = Clients(Random(seed), partitions)
        world = Curious(partitions)
        for number in range(EVENTS):
            item = clients.next()
            if isinstance(item, Record) and item.partition < partitions:
                event = read_wallet(item.key, item.value)
                if hasattr(event, "data"):
                    world.send(event, partition=item.partition)
            if number % 3 == 0:
                world.drain()
        for outcomes in (*world.outcomes, world.elsewhere):
            yield from outcomes


def cases_outcomes() -> Iterator[Outcome]:
    for name, case in CASES.items():
        world = world_with("a", "b")
        event = case(world)
        world.send(event, partition=0, arrived=at(0) if name == "in_the_future" else None)
        yield from world.outcomes[0]


def seldom_outcomes() -> Iterator[Outcome]:
    """What is rare: a packet that there is, a sharer whom nobody knows, and payees who are full.

    One of what a closed wallet left, one of a gift that is asked back meanwhile.
    """
    small = world_with("a", "b")
    small.send(a_packet(small))
    yield small.send(a_packet(small))
    yield small.send(small.make(PacketShare, "packet:x@0", sharer="nobody"))
    world, payer, payee = World(2), name_on(0, 2), name_on(1, 2)
    near = name_on(1, 2, 1_000)
    for name, coins in ((payer, 100), (payee, 100), (near, 20)):
        world.send(world.open(name, program="tiered"))
        world.send(world.earn(name, amount=coins, program="tiered"))
    yield world.send(world.make(Close, near, to=payee, program="tiered"))
    spender = name_on(0, 2, 2_000)
    world.send(world.open(spender, program="tiered"))
    world.send(world.earn(spender, amount=80, program="tiered"))
    world.send(world.transfer(spender, near, 40, program="tiered"))
    yield world.send(world.make(Close, spender, to=payer, program="tiered"))
    gift = world.transfer(payer, payee, 30, program="tiered")
    world.send(gift)
    world.send(world.make(Reverse, payer, original=gift, program="tiered"))
    yield from world.drain()
    day = world_with("b")
    day.send(day.open("t", program="tiered"))
    day.send(day.earn("t", amount=75, program="tiered"))
    day.send(day.redeem("t", 40, program="tiered"))
    yield day.send(day.make(Close, "t", to="b", program="tiered"))
    yield from undone()
    yield from seldom_refused()


def seldom_refused() -> Iterator[Outcome]:
    """A fee before its month, one hold too many, a share of an empty packet."""
    world = world_with("a", "b")
    world.send(world.make(DepositAdd, "a", amount=45))
    yield world.send(world.make(DepositCustody, "a", month="2199-01"))
    world = world_with("a", "b")
    CASES["too_many_holds"](world)
    yield world.send(world.make(OrderPlace, "a", item="song", quantity=2, amount=30))
    world = world_with("a", "b")
    CASES["packet_empty"](world)
    yield world.send(world.make(PacketShare, "packet:x@0", sharer="b"))


def undone() -> Iterator[Outcome]:
    """A gift that is undone as if it had been forged."""
    world, payer, payee = World(2), name_on(0, 2), name_on(1, 2)
    for name in (payer, payee):
        world.send(world.open(name))
        world.send(world.earn(name, amount=9))
    world.send(world.transfer(payer, payee, 5))
    leg = world.legs[0, 1][0]
    yield from world.drain()
    yield world.send(correction(world, "undo", leg, payee))
    yield from world.drain()


@pytest.fixture(scope="module")
def seen() -> dict[str, tuple[list[str], list[str]]]:
    """By operation: the kinds of accounts that it changed, and the refusals that it gave."""
    accounts: dict[str, set[str]] = defaultdict(set)
    refusals: dict[str, set[str]] = defaultdict(set)
    for outcomes in (clients_outcomes, cases_outcomes, seldom_outcomes, unable_outcomes):
        for result, changed, _, _ in outcomes():
            name = f"leg {result.step}" if result.type == "leg" else result.type
            if result.outcome in {"applied", "asked"}:
                accounts[name] |= {account.kind for account in changed.values()}
            elif result.outcome == "refused":
                refusals[name].add(result.reason)
    names = [*get_args(Operation), *(f"leg {step}" for step in get_args(Step))]
    return {
        name: (
            sorted(accounts[name]),
            sorted(
                refusals[name] - (COMMON_OF_LEGS if name.startswith("leg ") else COMMON),
                key=ORDER.index,
            ),
        )
        for name in names
    }


def table(first: str) -> dict[str, list[str]]:
    """A table of the page by its heading's first cell: each row's other cells, by its name."""
    page = PAGE.read_text(encoding="utf-8")
    lines = page[page.index(f"\n| {first} |") + 1 :].partition("\n\n")[0].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {name.strip("`"): rest for name, *rest in cells}


def rows() -> dict[str, tuple[list[str], list[str]]]:
    """The accounts and refusals that the page says, in the order it says them."""
    words = re.compile(r"`(\w+)`")
    return {
        name: (words.findall(cells[-2]), words.findall(cells[-1]))
        for name, cells in (table("operation") | table("leg")).items()
    }


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_the_page_has_the_refusals_of_an_operations_row(row: Row) -> None:
    refusals = ", ".join(f"`{name}`" for name in refusals_of(row))
    wanted = (
        f"docs/operations.md needs a row | `{row.name}` | subject | what happened | accounts |"
        f" {refusals} | in the first table"
    )
    cells = table("operation").get(row.name)
    assert cells is not None, wanted
    assert len(cells) == len(table("operation")["open"]), f"{wanted}; it has {cells}"
    assert all(cells), f"{wanted}; a column of {cells} is empty"
    assert rows()[row.name][1] == list(refusals_of(row)), f"{wanted}; it has other refusals"


def test_the_page_has_every_operation_and_step_in_the_order_of_the_code() -> None:
    assert list(rows()) == [*get_args(Operation), *(f"leg {step}" for step in get_args(Step))]


def test_the_page_says_how_the_coins_of_every_event_move() -> None:
    ours = ("leg", "rules", "key", "correction")
    moves = {name for names in table("event") for name in re.findall(r"\w+", names)}
    assert moves == {*get_args(Operation), *ours}, "docs/operations.md, `How coins move`"


@pytest.mark.parametrize("name", [*get_args(Operation), *(f"leg {s}" for s in get_args(Step))])
def test_an_operation_changes_and_refuses_what_the_page_says(
    name: str, seen: dict[str, tuple[list[str], list[str]]]
) -> None:
    assert rows()[name] == seen[name]
