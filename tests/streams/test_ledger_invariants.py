"""The ten invariants under Hypothesis: several partitions, legs, repeats, lies, and a naive model.

The model is one dictionary of balances and a list of what was applied, written apart from the
ledger: it knows nothing of partitions but what is in flight.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime  # noqa: TC003 - hypothesis reads the rules' annotations
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.events import Earn, Fund, Grant, Open, Redeem, Transfer, WalletEvent, partition_of
from streams.ledger.accounts import NEVER_NEGATIVE, unpack
from streams.ledger.fold import link, microseconds
from streams.ledger.recent import key_of
from tests.streams.ledger_world import RULES, World, at

PARTITIONS = 3
WALLETS = [f"w:{number}" for number in range(6)]
BUDGETS = [f"budget:spring@{number}" for number in range(PARTITIONS)]

names = st.sampled_from(WALLETS)
amounts = st.integers(1, 40)
times = st.floats(0, 25).map(at)


class Naive:
    """A ledger of one dictionary: what each event should do, told in the plainest way."""

    def __init__(self) -> None:
        self.wallets: dict[str, int] = {}
        self.budgets: dict[str, int] = defaultdict(int)
        self.minted = 0
        self.redeemed = 0
        self.suspense = 0
        self.flying: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
        self.clock: dict[int, datetime] = {}
        self.first: dict[tuple[str, str], tuple[WalletEvent, str]] = {}

    def judge(self, event: WalletEvent) -> tuple[str, str]:
        """The outcome and reason that the ledger should give; applies what is applied."""
        subject, place = event.subject, partition_of(event.subject, PARTITIONS)
        clock = self.clock.get(place)
        seen = self.first.get((subject, event.id))
        too_old = clock is not None and (clock - event.time).total_seconds() > 10 * 86_400
        if seen is not None and not too_old:
            return ("repeat", seen[1]) if seen[0] == event else ("refused", "conflict")
        if too_old:
            # It may still be remembered; then it is a repeat or a conflict. Never applied.
            return ("not applied", "")
        reason = self.apply(event)
        if reason == "":
            self.clock[place] = max(event.time, clock or event.time)
        if subject in self.wallets or subject in self.budgets:
            self.first[subject, event.id] = (event, reason)
        return ("refused", reason) if reason else ("applied", "")

    def apply(self, event: WalletEvent) -> str:  # noqa: C901, PLR0911 - plain on purpose
        subject = event.subject
        match event:
            case Fund():
                self.budgets[subject] += event.data.amount
                self.minted += event.data.amount
                return ""
            case Open():
                if subject in self.wallets:
                    return "already_open"
                self.wallets[subject] = 0
                return ""
        if subject not in self.wallets:
            return "unknown_account"
        match event:
            case Earn():
                coins = event.data.amount if event.data.spend is None else event.data.spend // 100
                if not coins:
                    return "nothing_earned"
                self.minted += coins
                self.wallets[subject] += coins
            case Grant():
                budget = f"budget:spring@{partition_of(subject, PARTITIONS)}"
                if self.budgets.get(budget, 0) < event.data.amount:
                    return "budget_exhausted"
                self.budgets[budget] -= event.data.amount
                self.wallets[subject] += event.data.amount
            case Redeem():
                if self.wallets[subject] < event.data.amount:
                    return "insufficient_balance"
                self.wallets[subject] -= event.data.amount
                self.redeemed += event.data.amount
            case Transfer():
                return self.pay(subject, event.data.to, event.data.amount)
        return ""

    def pay(self, payer: str, payee: str, amount: int) -> str:
        origin, target = (partition_of(name, PARTITIONS) for name in (payer, payee))
        if payer == payee:
            return "to_self"
        if origin == target and payee not in self.wallets:
            return "unknown_payee"
        if self.wallets[payer] < amount:
            return "insufficient_balance"
        self.wallets[payer] -= amount
        if origin == target:
            self.wallets[payee] += amount
        else:
            self.flying[origin, target].append((payee, amount))
        return ""

    def land(self, origin: int, target: int) -> None:
        payee, amount = self.flying[origin, target].pop(0)
        if payee in self.wallets:
            self.wallets[payee] += amount
        else:
            self.suspense += amount


class Ledger(RuleBasedStateMachine):
    """Clients, forgers and couriers at a ledger of three partitions."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(PARTITIONS)
        self.naive = Naive()
        self.sent: list[WalletEvent] = []
        self.delivered: list[Any] = []

    def tell(self, event: WalletEvent) -> None:
        expected = self.naive.judge(event)
        outcome = self.world.send(event)
        if expected[0] == "not applied":
            assert outcome.outcome != "applied"
        else:
            assert (outcome.outcome, outcome.reason) == expected
        self.sent.append(event)

    @rule(name=names, time=times)
    def open(self, name: str, time: datetime) -> None:
        self.tell(self.world.open(name, time=time))

    @rule(name=names, amount=amounts, time=times)
    def earn(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.earn(name, amount=amount, time=time))

    @rule(name=names, spend=st.integers(0, 5000), time=times)
    def purchase(self, name: str, spend: int, time: datetime) -> None:
        self.tell(self.world.earn(name, "purchase", spend=spend, time=time))

    @rule(name=st.sampled_from(BUDGETS), amount=amounts, time=times)
    def fund(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.fund(name, amount, time=time))

    @rule(name=names, amount=amounts, time=times)
    def grant(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.grant(name, amount, time=time))

    @rule(name=names, amount=amounts, time=times)
    def redeem(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.redeem(name, amount, time=time))

    @rule(name=names, to=names, amount=amounts, time=times)
    def transfer(self, name: str, to: str, amount: int, time: datetime) -> None:
        self.tell(self.world.transfer(name, to, amount, time=time))

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
        # Under an id of its own that is not used again, so that the model need not remember it.
        event = self.world.earn(name, amount=amount, time=at(400))
        known = self.world.get(name) is not None
        outcome = self.world.send(event, arrived=time)
        assert outcome.reason == "in_the_future"
        assert bool(outcome.changed) is known

    @precondition(lambda self: any(self.world.legs.values()))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(sorted(w for w, legs in self.world.legs.items() if legs)))
        self.delivered.append((self.world.legs[way][0], way[1]))
        assert self.world.deliver(*way).outcome == "applied"
        self.naive.land(*way)

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def copy_leg(self, data: st.DataObject) -> None:
        leg, target = data.draw(st.sampled_from(self.delivered))
        assert self.world.send(leg, partition=target).reason == "repeated_leg"

    @precondition(lambda self: any(self.world.legs.values()))
    @rule(data=st.data(), amount=amounts)
    def forge_leg(self, data: st.DataObject, amount: int) -> None:
        way = data.draw(st.sampled_from(sorted(w for w, legs in self.world.legs.items() if legs)))
        leg = self.world.legs[way][0]
        forged = msgspec.structs.replace(leg.data, amount=leg.data.amount + amount)
        outcome = self.world.send(msgspec.structs.replace(leg, data=forged), partition=way[1])
        assert outcome.reason == "forged_leg"

    # -- the invariants, by their number in the design ------------------------------------------

    @invariant()
    def i1_all_accounts_sum_to_zero_on_each_partition(self) -> None:
        for accounts in self.world.accounts:
            assert sum(unpack(data).posted for data in accounts.values()) == 0
        for outcomes in self.world.outcomes:
            assert all(sum(outcome.postings.amount) == 0 for outcome in outcomes)

    @invariant()
    def i2_available_is_never_negative(self) -> None:
        for outcomes in self.world.outcomes:
            for outcome in outcomes[-1:]:
                for account in outcome.changed.values():
                    assert account.kind not in NEVER_NEGATIVE or account.available >= 0

    @invariant()
    def i5_in_flight_is_what_left_minus_what_arrived(self) -> None:
        clearing = sum(self.world.balance(f"clearing:p@{n}") for n in range(PARTITIONS))
        assert clearing == sum(a for legs in self.naive.flying.values() for _, a in legs)

    @invariant()
    def balances_are_the_naive_ledgers(self) -> None:
        for name in WALLETS:
            account = self.world.get(name)
            assert (None if account is None else account.posted) == self.naive.wallets.get(name)
        for name in BUDGETS:
            assert self.world.balance(name) == self.naive.budgets.get(name, 0)
        for kind, expected in (
            ("issuer:p", -self.naive.minted),
            ("carrier:unicom:p", self.naive.redeemed),
            ("suspense:p", self.naive.suspense),
        ):
            found = sum(self.world.balance(f"{kind}@{n}") for n in range(PARTITIONS))
            assert found == expected

    def teardown(self) -> None:
        self.i4_versions_grow_by_one_and_chains_hold()
        self.i8_the_log_folded_again_gives_the_same_bytes()
        self.i10_every_record_has_one_outcome()
        self.world.drain()
        clearing = sum(self.world.balance(f"clearing:p@{n}") for n in range(PARTITIONS))
        assert clearing == 0

    def i4_versions_grow_by_one_and_chains_hold(self) -> None:
        for partition, outcomes in enumerate(self.world.outcomes):
            version: Counter[str] = Counter()
            chain: Counter[str] = Counter()
            balance: Counter[str] = Counter()
            for (value, _), outcome in zip(self.world.logs[partition], outcomes, strict=True):
                key = key_of(msgspec.json.decode(value)["id"])
                for posting in outcome.postings:
                    version[posting.account] += 1
                    balance[posting.account] += posting.amount
                    chain[posting.account] = link(chain[posting.account], key, posting.amount)
                    assert posting.version == version[posting.account]
                    assert posting.balance == balance[posting.account]
            for name, data in self.world.accounts[partition].items():
                account = unpack(data)
                assert (account.version, account.chain) == (version[name], chain[name])

    def i8_the_log_folded_again_gives_the_same_bytes(self) -> None:
        again = World(PARTITIONS)
        for partition, log in enumerate(self.world.logs):
            for value, arrived_us in log:
                again.fold_record(partition, value, arrived_us)
        assert again.accounts == self.world.accounts
        assert again.shards == self.world.shards
        assert [list(legs) for legs in again.outcomes] == [
            list(legs) for legs in self.world.outcomes
        ]

    def i10_every_record_has_one_outcome(self) -> None:
        for log, outcomes in zip(self.world.logs, self.world.outcomes, strict=True):
            assert len(log) == len(outcomes)
            for outcome in outcomes:
                assert outcome.outcome in {"applied", "refused", "repeat"}
                assert bool(outcome.postings) is (outcome.outcome == "applied")
                assert (outcome.outcome == "refused") <= bool(outcome.reason)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)


def test_i6_nothing_is_applied_past_the_window() -> None:
    world = World()
    world.send(world.open("a", time=at(100)))
    for days in (0, 50, 89.999):
        outcome = world.send(world.earn("a", amount=1, time=at(days)))
        assert outcome.reason == "too_old"
    assert world.send(world.earn("a", amount=1, time=at(90))).outcome == "applied"
    assert RULES.window_us == microseconds(at(10)) - microseconds(at(0))
