"""The ten invariants under Hypothesis: partitions, legs, repeats, lies, and a naive ledger."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.events import (
    Close,
    Defund,
    DepositAdd,
    DepositCustody,
    DepositReturn,
    DepositWithdraw,
    Earn,
    Expire,
    Freeze,
    Grant,
    Leg,
    OrderCancel,
    OrderFulfil,
    OrderPlace,
    OrderRefund,
    PacketClaim,
    PacketExpire,
    PacketSend,
    PacketShare,
    PointsIn,
    PointsOut,
    Redeem,
    RedeemExpire,
    RedeemFail,
    RedeemSettle,
    Reverse,
    Reward,
    Transfer,
    Unfreeze,
    Verify,
    WaitingRelease,
    WaitingReturn,
    WalletEvent,
    encode,
    partition_of,
)
from streams.events.identity import event_key
from streams.events.times import microseconds
from streams.ledger.accounts import NEVER_NEGATIVE, unpack
from streams.ledger.book import link
from tests.naive_ledger import MONEY_LEGS
from tests.simulator.proof import Evidence, books_differ, differs, judge_of, told_of
from tests.streams.ledger_world import PROGRAMS, RULES, VERIFICATION, Outcome, World, at

PARTITIONS = 3
WALLETS = [f"w:{number}" for number in range(6)]
SHARDS = [f"budget:spring@{number}" for number in range(PARTITIONS)]
BUDGETS = ["budget:spring", *SHARDS]
PACKETS = [f"packet:{number}@{number % PARTITIONS}" for number in range(4)]

# The same program with tiers of verification that bind, so low that they often refuse.
TIERED = msgspec.structs.replace(
    RULES,
    programs=PROGRAMS | {"p": msgspec.structs.replace(PROGRAMS["p"], verification=VERIFICATION)},
)

names = st.sampled_from(WALLETS)
amounts = st.integers(1, 40)
times = st.floats(0, 9).map(at)  # within the window, but for what `jump` does to the clock
later = st.floats(-1, 6).map(lambda days: timedelta(days=days))


class Ledger(RuleBasedStateMachine):
    """Clients, forgers and couriers at a ledger of three partitions."""

    judged_by = RULES

    def __init__(self) -> None:
        super().__init__()
        self.world = World(PARTITIONS, self.judged_by)
        self.judges = [judge_of(self.judged_by, number, PARTITIONS) for number in range(PARTITIONS)]
        self.sent: list[WalletEvent] = []
        self.delivered: list[Any] = []
        for name in WALLETS[:5]:  # or most examples would try nobody's wallet
            self.tell(self.world.open(name))
            self.tell(self.world.earn(name, amount=60))
        self.tell(self.world.fund("budget:spring", 60))

    def tell(self, event: WalletEvent, arrived: datetime | None = None) -> Outcome:
        outcome = self.judged(event, partition_of(event.subject, PARTITIONS), arrived)
        self.sent.append(event)
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

    @rule(name=names, time=times)
    def open(self, name: str, time: datetime) -> None:
        self.tell(self.world.open(name, time=time))

    @rule(name=names, amount=amounts, time=times)
    def earn(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.earn(name, amount=amount, time=time))

    @rule(name=names, time=st.floats(0, 25).map(at))
    def jump(self, name: str, time: datetime) -> None:
        self.tell(self.world.earn(name, amount=1, time=time))

    @rule(name=names, spend=st.integers(0, 5000), time=times)
    def purchase(self, name: str, spend: int, time: datetime) -> None:
        self.tell(self.world.earn(name, "purchase", spend=spend, time=time))

    @rule(name=st.sampled_from(BUDGETS), amount=amounts | st.integers(100, 200), time=times)
    def fund(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.fund(name, amount, time=time))

    @rule(name=st.sampled_from(BUDGETS), amount=st.none() | amounts, time=times)
    def defund(self, name: str, amount: int | None, time: datetime) -> None:
        self.tell(self.world.make(Defund, name, campaign="spring", amount=amount, time=time))

    @rule(name=names, amount=amounts, time=times)
    def grant(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.grant(name, amount, time=time))

    @rule(name=names, to=names, rule=st.sampled_from(["purchase", "first", "friend"]), time=times)
    def reward(self, name: str, to: str, rule: str, time: datetime) -> None:
        terms: dict[str, Any] = {"campaign": "spring", "rule": rule, "conversion": f"by {to}"}
        terms |= {"value": 900} if rule == "purchase" else {}
        terms |= {"to": to} if rule == "friend" else {}
        self.tell(self.world.make(Reward, name, **terms, time=time))

    @rule(name=names, amount=amounts, time=times, days=st.integers(1, 3))
    def expire(self, name: str, amount: int, time: datetime, days: int) -> None:
        before = time - timedelta(days=days)
        self.tell(self.world.make(Expire, name, amount=amount, before=before, time=time))

    @rule(name=names, amount=amounts, time=times)
    def redeem(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.redeem(name, amount, time=time))

    @rule(name=names, amount=st.integers(1, 9), time=times, wait=later)
    def hold(self, name: str, amount: int, time: datetime, wait: timedelta) -> None:
        self.tell(self.world.redeem(name, amount, time=time, until=time + wait))

    @precondition(lambda self: self.held())
    @rule(
        kind=st.sampled_from([RedeemSettle, RedeemFail, RedeemExpire]),
        data=st.data(),
        time=times,
    )
    def resolve(self, kind: type, data: st.DataObject, time: datetime) -> None:
        name, (source, redemption) = data.draw(st.sampled_from(self.held()))
        told = data.draw(st.sampled_from([None, source, "another"]))
        terms = {"redemption": redemption, "redemption_source": told}
        self.tell(self.world.make(kind, name, **terms, time=time))

    def held(self) -> list[tuple[str, tuple[str, str]]]:
        """Each wallet's redemptions that are not resolved, by the event's source and id."""
        return [
            (name, redemption)
            for judge in self.judges
            for name, account in judge.accounts.items()
            for redemption in account["holds"]
        ]

    @rule(
        name=names, quantity=st.integers(1, 3), item=st.sampled_from(["comic", "song"]), time=times
    )
    def order(self, name: str, quantity: int, item: str, time: datetime) -> None:
        amount = quantity * RULES.programs["p"].catalogue[item].price
        terms = {"item": item, "quantity": quantity, "amount": amount}
        self.tell(self.world.make(OrderPlace, name, **terms, time=time))

    @precondition(lambda self: any(isinstance(event, OrderPlace) for event in self.sent))
    @rule(
        kind=st.sampled_from([OrderFulfil, OrderCancel, OrderRefund]),
        data=st.data(),
        time=times,
    )
    def end_order(self, kind: type, data: st.DataObject, time: datetime) -> None:
        order = data.draw(st.sampled_from([e for e in self.sent if isinstance(e, OrderPlace)]))
        told = data.draw(st.sampled_from([None, order.source, "another"]))
        terms = {"order": order.id, "order_source": told}
        self.tell(self.world.make(kind, order.subject, **terms, time=time))

    @rule(name=names, inward=st.booleans(), often=st.integers(1, 20), time=times)
    def points(self, name: str, often: int, time: datetime, *, inward: bool) -> None:
        kind, coins, points = (PointsIn, 2, 5) if inward else (PointsOut, 1, 2)
        terms = {"partner": "tianyi", "points": points * often, "amount": coins * often}
        self.tell(self.world.make(kind, name, **terms, time=time))

    @rule(name=names, amount=st.integers(1, 30), time=times)
    def deposit(self, name: str, amount: int, time: datetime) -> None:
        self.tell(self.world.make(DepositAdd, name, amount=amount, time=time))

    @rule(name=names, month=st.sampled_from(["2026-02", "2026-03", "2026-04"]), time=times)
    def custody(self, name: str, month: str, time: datetime) -> None:
        self.tell(self.world.make(DepositCustody, name, month=month, time=time))

    @rule(kind=st.sampled_from([DepositWithdraw, DepositReturn]), name=names, time=times)
    def end_deposit(self, kind: type, name: str, time: datetime) -> None:
        self.tell(self.world.make(kind, name, time=time))

    @rule(name=names, to=names, amount=amounts, time=times)
    def transfer(self, name: str, to: str, amount: int, time: datetime) -> None:
        self.tell(self.world.transfer(name, to, amount, time=time))

    @rule(
        data=st.data(),
        name=names,
        claims=st.integers(1, 4),
        mode=st.sampled_from(["equal", "lucky"]),
        time=times,
        wait=later,
    )
    def packet_send(
        self,
        data: st.DataObject,
        name: str,
        claims: int,
        mode: str,
        time: datetime,
        wait: timedelta,
    ) -> None:
        here = [p for p in PACKETS if p.endswith(f"@{partition_of(name, PARTITIONS)}")]
        packet = data.draw(st.sampled_from(here) | st.sampled_from(PACKETS))
        amount = data.draw(st.integers(1, 30))
        terms = {"packet": packet, "amount": amount, "claims": claims, "mode": mode}
        terms |= {key: data.draw(st.sampled_from([None, None, "x"])) for key in ("group", "code")}
        self.tell(self.world.make(PacketSend, name, **terms, expires=time + wait, time=time))

    @rule(name=st.sampled_from(BUDGETS), claims=st.integers(1, 3), time=times, wait=later)
    def campaigns_packet(self, name: str, claims: int, time: datetime, wait: timedelta) -> None:
        packet = f"packet:c@{partition_of(name, PARTITIONS)}"
        terms = {"packet": packet, "amount": 12, "claims": claims, "mode": "equal"}
        terms |= {"campaign": "spring", "expires": time + wait}
        self.tell(self.world.make(PacketSend, name, **terms, time=time))

    @precondition(lambda self: any(isinstance(event, PacketSend) for event in self.sent))
    @rule(data=st.data(), sharer=names, wait=later)
    def packet_share(self, data: st.DataObject, sharer: str, wait: timedelta) -> None:
        packets = [event.data for event in self.sent if isinstance(event, PacketSend)]
        packet = data.draw(st.sampled_from(packets))
        time = packet.expires - wait
        self.tell(self.world.make(PacketShare, packet.packet, sharer=sharer, time=time))

    @precondition(lambda self: any(isinstance(event, PacketSend) for event in self.sent))
    @rule(data=st.data(), claimer=names, wait=later)
    def packet_claim(self, data: st.DataObject, claimer: str, wait: timedelta) -> None:
        packets = [event.data for event in self.sent if isinstance(event, PacketSend)]
        packet = data.draw(st.sampled_from(packets))
        time = packet.expires - wait
        shares = [e.id for e in self.sent if isinstance(e, PacketShare)]
        terms = {"share": data.draw(st.sampled_from([None, *shares]))}
        terms |= {key: data.draw(st.sampled_from([None, "x"])) for key in ("group", "code")}
        claim = {"claimer": claimer, **terms, "time": time}
        self.tell(self.world.make(PacketClaim, packet.packet, **claim))

    @rule(name=st.sampled_from(PACKETS), time=times)
    def packet_expire(self, name: str, time: datetime) -> None:
        self.tell(self.world.make(PacketExpire, name, time=time))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), time=times, foreign=st.booleans())
    def reverse(self, data: st.DataObject, time: datetime, *, foreign: bool) -> None:
        kinds = (Earn, Grant, Redeem, Transfer, PointsIn, PointsOut)
        original = data.draw(st.sampled_from([e for e in self.sent if isinstance(e, kinds)]))
        if foreign:
            original = msgspec.structs.replace(original, source="another")
        self.tell(self.world.make(Reverse, original.subject, original=original, time=time))

    @rule(kind=st.sampled_from([Freeze, Unfreeze, Unfreeze]), name=names, time=times)
    def stop(self, kind: type, name: str, time: datetime) -> None:
        self.tell(self.world.make(kind, name, time=time))

    @rule(name=names, tier=st.sampled_from(["none", "phone", "identity"]), time=times)
    def verify(self, name: str, tier: str, time: datetime) -> None:
        self.tell(self.world.make(Verify, name, tier=tier, by="telecom", time=time))

    @rule(name=names, to=st.none() | names, time=times)
    def close(self, name: str, to: str | None, time: datetime) -> None:
        self.tell(self.world.make(Close, name, to=to, time=time))

    @rule(name=names, time=times)
    def waiting_return(self, name: str, time: datetime) -> None:
        self.tell(self.world.make(WaitingReturn, name, time=time))

    @rule(name=names, to=names, time=times)
    def waiting_release(self, name: str, to: str, time: datetime) -> None:
        self.tell(self.world.make(WaitingRelease, name, to=to, time=time))

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
        assert self.world.total("clearing:p") == moving

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
        assert self.world.total("clearing:p") == 0
        for number in range(PARTITIONS):
            clearing = self.world.get(f"clearing:p@{number}")
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


class TieredLedger(Ledger):
    """The same where tiers of verification bind."""

    judged_by = TIERED


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=100, stateful_step_count=80, deadline=None)
TestTieredLedger = TieredLedger.TestCase
TestTieredLedger.settings = settings(max_examples=60, stateful_step_count=80, deadline=None)


def test_i6_nothing_is_applied_past_the_window() -> None:
    world = World()
    world.send(world.open("a", time=at(100)))
    for days in (0, 50, 89.999):
        outcome = world.send(world.earn("a", amount=1, time=at(days)))
        assert outcome.reason == "too_old"
    assert world.send(world.earn("a", amount=1, time=at(90))).outcome == "applied"
    assert RULES.window_us == microseconds(at(10)) - microseconds(at(0))
