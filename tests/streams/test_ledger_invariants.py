"""The ten invariants under Hypothesis: partitions, legs, repeats, lies, and a naive ledger."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import currently_in_test_context, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.events import Leg, ReserveAdd, WalletEvent, encode, partition_of
from streams.events.identity import event_key
from streams.events.times import microseconds
from streams.ledger.accounts import NEVER_NEGATIVE, unpack
from streams.ledger.book import link
from streams.ledger.operations import OPERATIONS
from tests.naive_ledger import MONEY_LEGS
from tests.operations.clients import SOURCES, Clients
from tests.operations.vocabulary import MAKERS
from tests.operations.wallets import open_wallet
from tests.simulator.proof import Evidence, books_differ, differs, judge_of, told_of
from tests.streams.ledger_world import PROGRAMS, RULES, VERIFICATION, Outcome, World, at

if TYPE_CHECKING:
    from collections.abc import Callable

PARTITIONS = 3
WALK = 8_000
WALLETS = [f"w:{number}" for number in range(6)]
OPEN = {
    "p": WALLETS[:5],
    "tiered": [f"t:{number}" for number in range(4)],
    "backed": [f"b:{number}" for number in range(4)],
}

# The same program with tiers of verification that bind, so low that they often refuse.
TIERED = msgspec.structs.replace(
    RULES,
    programs=PROGRAMS | {"p": msgspec.structs.replace(PROGRAMS["p"], verification=VERIFICATION)},
)

names = st.sampled_from(WALLETS)
amounts = st.integers(1, 40)
times = st.floats(0, 9).map(at)  # within the window, but for what `jump` does to the clock


class Few(Clients):
    """Few wallets, mostly one program, and nothing recalled that was refused."""

    campaigns = ("spring", "mixed")

    def __init__(self) -> None:
        super().__init__(Random(0), PARTITIONS)
        self.wallets, self.unopened = list(WALLETS), []
        self.step = timedelta(minutes=20)

    def amount(self) -> int:
        return self.random.randint(1, 40)

    def program(self) -> str:
        return self.programs[0]

    def head(self, subject: str) -> dict[str, Any]:
        self.count += 1
        source = self.random.choice(SOURCES)
        return {"id": f"c{self.count}", "source": source, "time": self.time, "subject": subject}

    def forget(self, event: WalletEvent) -> None:
        """Refer no more to what was refused, or most would refer to nothing."""
        for lately in (self.holds, self.orders, self.shares):
            if event in lately:
                lately.remove(event)
        for packets in (self.packets, self.tiered_packets):
            if packets and packets[-1] == getattr(event.data, "packet", ""):
                packets.pop()


class Ledger(RuleBasedStateMachine):
    """Clients, forgers and couriers at a ledger of three partitions."""

    judged_by = RULES

    def __init__(self) -> None:
        super().__init__()
        self.world = World(PARTITIONS, self.judged_by)
        self.judges = [judge_of(self.judged_by, number, PARTITIONS) for number in range(PARTITIONS)]
        self.clients = Few()
        self.delivered: list[Any] = []
        self.begin()

    def begin(self) -> None:
        """Open wallets and fund budgets, or most examples would try nobody's."""
        self.tell(self.world.make(ReserveAdd, "reserve:backed", amount=600, program="backed"))
        self.drain()
        for program, own in OPEN.items():
            for name in own:
                self.tell(self.world.open(name, program=program))
                self.tell(self.world.earn(name, amount=60, program=program))
        self.tell(self.world.fund("budget:spring", 60))

    def send(self, make: Callable[[Clients], WalletEvent], random: Random, time: datetime) -> None:
        """Have clients send, at a time, what a function of the vocabulary makes by `random`."""
        self.clients.random, self.clients.time = random, time
        self.tell(make(self.clients))
        del self.clients.wallets[len(WALLETS) :]  # or they would be ever more
        while self.clients.unopened:  # in the place of one that closed
            self.tell(open_wallet(self.clients))

    @property
    def sent(self) -> list[WalletEvent]:
        return self.clients.events

    def tell(self, event: WalletEvent, arrived: datetime | None = None) -> Outcome:
        if currently_in_test_context():
            note(str(event))
        outcome = self.judged(event, partition_of(event.subject, PARTITIONS), arrived)
        self.clients.recall(event)
        if outcome.outcome == "refused":
            self.clients.forget(event)
        return outcome

    def judged(
        self, event: WalletEvent, partition: int, arrived: datetime | None = None
    ) -> Outcome:
        """Append an event to a partition; the ledger and the naive one must say the same."""
        offset = len(self.world.logs[partition])
        outcome = self.world.send(event, arrived=arrived, partition=partition)
        key, arrived_us = event.subject.encode(), microseconds(arrived or event.time)
        verdict = self.judges[partition].judge(offset, key, encode(event), arrived_us)
        assert differs(verdict, outcome.result) == ""
        assert [told_of(leg) for leg in outcome.legs] == verdict.legs
        return outcome

    @rule(name=names, time=st.floats(0, 25).map(at))
    def jump(self, name: str, time: datetime) -> None:
        self.tell(self.world.earn(name, amount=1, time=time))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.tell(data.draw(st.sampled_from(self.sent)))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def conflict(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.sent))
        self.tell(msgspec.structs.replace(event, source="another"))

    @rule(name=names, amount=amounts, time=times)
    def future(self, name: str, amount: int, time: datetime) -> None:
        outcome = self.tell(self.world.earn(name, amount=amount, time=at(400)), arrived=time)
        assert outcome.reason == "in_the_future"
        assert not outcome.changed

    @precondition(lambda self: any(self.world.legs.values()))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(sorted(w for w, legs in self.world.legs.items() if legs)))
        self.bring(way)

    @rule()
    def drain(self) -> None:
        while ways := sorted(way for way, legs in self.world.legs.items() if legs):
            for way in ways:
                self.bring(way)

    def bring(self, way: tuple[int, int]) -> None:
        leg = self.world.legs[way].popleft()
        self.delivered.append((leg, way[1]))
        self.judged(leg, way[1])

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def copy_leg(self, data: st.DataObject) -> None:
        leg, target = data.draw(st.sampled_from(self.delivered))
        assert self.judged(leg, target).reason == "repeated_leg"

    @precondition(lambda self: any(self.world.legs.values()))
    @rule(data=st.data(), amount=amounts)
    def forge_leg(self, data: st.DataObject, amount: int) -> None:
        way = data.draw(st.sampled_from(sorted(w for w, legs in self.world.legs.items() if legs)))
        leg = self.world.legs[way][0]
        forged = msgspec.structs.replace(leg.data, amount=leg.data.amount + amount)
        outcome = self.judged(msgspec.structs.replace(leg, data=forged), way[1])
        assert outcome.reason == "forged_leg"

    # -- the invariants, by their number in the design ------------------------------------------

    @invariant()
    def i1_all_accounts_sum_to_zero_on_each_partition(self) -> None:
        for accounts in self.world.accounts:
            assert sum(unpack(name, data).posted for name, data in accounts.items()) == 0
        for outcomes in self.world.outcomes:
            assert all(sum(outcome.postings.amount) == 0 for outcome in outcomes[-1:])

    @invariant()
    def i2_available_is_never_negative(self) -> None:
        for outcomes in self.world.outcomes:
            for outcome in outcomes[-1:]:
                for posting in outcome.postings:
                    never = posting.kind in NEVER_NEGATIVE
                    assert not never or posting.balance - posting.pending >= 0
                for account in outcome.changed.values():
                    assert account.kind not in NEVER_NEGATIVE or account.available >= 0

    @invariant()
    def i5_in_flight_is_what_left_minus_what_arrived(self) -> None:
        legs = [leg.data for way in self.world.legs.values() for leg in way]
        moving = sum(leg.amount for leg in legs if leg.step in MONEY_LEGS)
        assert sum(self.world.total(f"clearing:{program}") for program in PROGRAMS) == moving

    @invariant()
    def accounts_are_the_naive_ledgers(self) -> None:
        tables = [
            {name.encode(): data for name, data in accounts.items()}
            for accounts in self.world.accounts
        ]
        evidence = Evidence(self.judged_by, [], [], [], tables, tables)
        for number, judge in enumerate(self.judges):
            assert list(books_differ(evidence, number, judge)) == []

    def teardown(self) -> None:
        self.i4_versions_grow_by_one_and_chains_hold()
        self.i8_the_log_folded_again_gives_the_same_bytes()
        self.i10_every_record_has_one_outcome()
        self.drain()
        self.accounts_are_the_naive_ledgers()
        for program in PROGRAMS:
            assert self.world.total(f"clearing:{program}") == 0
            for number in range(PARTITIONS):
                clearing = self.world.get(f"clearing:{program}@{number}")
                assert clearing is None or clearing.pending == 0

    def i4_versions_grow_by_one_and_chains_hold(self) -> None:
        for partition, outcomes in enumerate(self.world.outcomes):
            version: Counter[str] = Counter()
            chain: Counter[str] = Counter()
            balance: Counter[str] = Counter()
            for (value, _), outcome in zip(self.world.logs[partition], outcomes, strict=True):
                event = msgspec.json.decode(value)
                key = event_key(event["source"], event["id"])
                for account, _, amount, posted, number, pending in outcome.postings:
                    version[account] += 1
                    balance[account] += amount
                    chain[account] = link(chain[account], key, amount, pending)
                    assert (number, posted) == (version[account], balance[account])
            for name, data in self.world.accounts[partition].items():
                account = unpack(name, data)
                assert (account.version, account.chain) == (version[name], chain[name])

    def i8_the_log_folded_again_gives_the_same_bytes(self) -> None:
        again = World(PARTITIONS, self.judged_by)
        for partition, log in enumerate(self.world.logs):
            for value, arrived_us in log:
                again.fold_record(partition, value, arrived_us)
        assert again.accounts == self.world.accounts
        assert again.shards == self.world.shards
        assert again.outcomes == self.world.outcomes

    def i10_every_record_has_one_outcome(self) -> None:
        for log, outcomes in zip(self.world.logs, self.world.outcomes, strict=True):
            assert len(log) == len(outcomes)
            for (value, _), outcome in zip(log, outcomes, strict=True):
                assert outcome.outcome in {"applied", "asked", "refused", "repeat"}
                is_leg = msgspec.json.decode(value)["type"] == Leg.__struct_config__.tag
                if not is_leg:
                    assert bool(outcome.postings) is (outcome.outcome == "applied")
                assert outcome.outcome == "applied" or not outcome.postings
                assert (outcome.outcome == "refused") <= bool(outcome.reason)


def rule_of(make: Callable[[Clients], WalletEvent]) -> Any:
    """A rule by which clients send what a function of the vocabulary makes.

    Hypothesis draws a seed for each. If it drew the numbers that come of it (`use_true_random` of
    False), what is to happen now and then would happen most of the time: it is fond of 0.0.
    """

    def send(self: Ledger, random: Random, time: datetime) -> None:
        self.send(make, random, time)

    send.__name__ = f"clients_{make.__name__}"
    return rule(random=st.randoms(use_true_random=True), time=times)(send)


for make in MAKERS:
    setattr(Ledger, f"clients_{make.__name__}", rule_of(make))


class TieredLedger(Ledger):
    """The same where tiers of verification bind."""

    judged_by = TIERED


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=100, stateful_step_count=80, deadline=None)
TestTieredLedger = TieredLedger.TestCase
TestTieredLedger.settings = settings(max_examples=60, stateful_step_count=80, deadline=None)


def test_clients_send_all_that_the_ledger_can_do() -> None:
    """By a walk longer than any example: each operation is applied, and judged the same."""
    ledger, random = Ledger(), Random(1)
    weights = [make.weight for make in MAKERS]
    for number, make in enumerate(random.choices(MAKERS, weights, k=WALK)):
        ledger.send(make, random, at(number / WALK * 40))
        if random.random() < 0.3:
            ledger.drain()
    ledger.teardown()
    results = [one.result for outcomes in ledger.world.outcomes for one in outcomes]
    applied = {result.type for result in results if result.outcome == "applied"}
    assert {row.name for row in OPERATIONS} - applied == set()


def test_i6_nothing_is_applied_past_the_window() -> None:
    world = World()
    world.send(world.open("a", time=at(100)))
    for days in (0, 50, 89.999):
        outcome = world.send(world.earn("a", amount=1, time=at(days)))
        assert outcome.reason == "too_old"
    assert world.send(world.earn("a", amount=1, time=at(90))).outcome == "applied"
    assert RULES.window_us == microseconds(at(10)) - microseconds(at(0))
