"""The naive ledger against sums done by hand, before it judges anybody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest

from streams import events
from streams.events import decode_wallet, encode, partition_of
from streams.programs import Operation
from tests.naive_ledger import Judge, signature_of
from tests.streams.ledger_world import program

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
PARTITIONS = 2
HERE, THERE = (
    next(f"w:{n}" for n in range(99) if partition_of(f"w:{n}", PARTITIONS) == p) for p in (0, 1)
)
BESIDE = next(f"x:{n}" for n in range(99) if partition_of(f"x:{n}", PARTITIONS) == 0)
CAMPAIGN = next(f"c{n}" for n in range(99) if partition_of(f"budget:c{n}", PARTITIONS) == 0)

KEYS = {"k1": b"s"}


class Courtroom:
    """Two judges, and what the one says was sent to the other."""

    def __init__(self) -> None:
        programs = {"p": program("p", *get_args(Operation))}
        self.judges = [
            Judge(
                n,
                2,
                programs,
                window_us=DAY_US,
                tolerance_us=DAY_US,
                ledger_keys=KEYS,
                rules_keys=KEYS,
            )
            for n in range(PARTITIONS)
        ]
        self.offsets = [0] * PARTITIONS
        self.sent: list[dict[str, Any]] = []
        self.count = 0

    def tell(
        self, kind: type, subject: str, *, at: int = 0, event_id: str = "", **data: Any
    ) -> str:
        self.count += 1
        content = {
            "type": f"flowdrop.wallet.{kind.__struct_config__.tag.rpartition('.')[2]}",
            "specversion": "1.0",
            "id": event_id or f"e{self.count}",
            "source": "hand",
            "time": START + timedelta(minutes=at),
            "subject": subject,
            "data": {"program": "p", **data},
        }
        return self.record(decode_wallet(msgspec.json.encode(content)))

    def record(self, event: Any, where: int = -1) -> str:
        where = partition_of(event.subject, PARTITIONS) if where < 0 else where
        offset = self.offsets[where]
        self.offsets[where] += 1
        arrived_us = int(START.timestamp()) * 1_000_000
        key = event.subject.encode()
        verdict = self.judges[where].judge(offset, key, encode(event), arrived_us)
        assert sum(posting[2] for posting in verdict.postings) == 0
        self.sent += verdict.legs
        return f"{verdict.outcome} {verdict.reason}".strip()

    def deliver(self) -> str:
        """The next leg on its way, as the ledger would write and sign it."""
        own = self.sent.pop(0)
        _, origin, offset, number = own["id"].split(":")
        fields = (
            *("program", "step", "payer", "amount", "cause", "cause_source", "campaign"),
            *("sequence", "key"),
        )
        data = events.LegData(
            partition=int(origin),
            offset=int(offset),
            number=int(number),
            signature="0" * 64,
            **{field: own[field] for field in fields},
        )
        leg = events.Leg(
            id=own["id"], source="s", time=own["time"], subject=own["subject"], data=data
        )
        signed = msgspec.structs.replace(data, signature=signature_of(leg, KEYS["k1"]))
        self.leg = msgspec.structs.replace(leg, data=signed)
        return f"{own['step']} {self.record(self.leg)}"

    def drain(self) -> list[str]:
        done = []
        while self.sent:
            done.append(self.deliver())
        return done

    def coins(self, name: str) -> tuple[int, int]:
        """Posted and pending."""
        account = self.judges[partition_of(name, PARTITIONS)].accounts[name]
        return account["posted"], account["pending"]


@pytest.fixture
def court() -> Courtroom:
    """Three wallets, the first two with 100 coins."""
    court = Courtroom()
    for name in (HERE, THERE, BESIDE):
        assert court.tell(events.Open, name) == "applied"
    for name in (HERE, THERE):
        assert court.tell(events.Earn, name, activity="game", amount=100) == "applied"
    return court


def test_a_transfer_waits_on_clearing_until_it_is_acknowledged(court: Courtroom) -> None:
    assert court.tell(events.Transfer, HERE, to=THERE, amount=30) == "applied"
    assert court.coins(HERE) == (70, 0)
    assert court.coins("clearing:p@0") == (30, 30)
    assert court.deliver() == "transfer applied"
    assert court.coins(THERE) == (130, 0)
    assert court.coins("clearing:p@1") == (-30, 0)
    assert court.record(court.leg) == "refused repeated_leg"
    altered = msgspec.structs.replace(court.leg.data, amount=31)
    forged = msgspec.structs.replace(court.leg, data=altered)
    assert court.record(forged) == "refused forged_leg"
    assert court.deliver() == "ack applied"
    assert court.coins("clearing:p@0") == (30, 0)


def test_a_reserve_leases_a_quarter_to_each_of_two_shards(court: Courtroom) -> None:
    assert court.tell(events.Fund, f"budget:{CAMPAIGN}", campaign=CAMPAIGN, amount=41) == "applied"
    assert court.drain() == ["lease applied"] * 2 + ["ack applied"] * 2
    assert court.coins(f"budget:{CAMPAIGN}") == (21, 0)
    assert court.coins(f"budget:{CAMPAIGN}@0") == court.coins(f"budget:{CAMPAIGN}@1") == (10, 0)
    assert court.tell(events.Grant, THERE, campaign=CAMPAIGN, amount=5) == "applied"
    assert court.sent == [], "half of the chunk is left"
    assert court.tell(events.Grant, THERE, campaign=CAMPAIGN, amount=1) == "applied"
    assert court.drain() == ["lease_ask applied", "lease applied", "ack applied"]
    assert court.coins(f"budget:{CAMPAIGN}@1") == (4 + 21 // 4, 0)
    assert court.tell(events.Grant, THERE, campaign=CAMPAIGN, amount=16) == "asked"
    assert court.drain() == ["ask applied", "grant applied", "ack applied"]
    assert court.coins(f"budget:{CAMPAIGN}") == (0, 0)
    assert court.coins(THERE) == (100 + 5 + 1 + 16, 0)
    assert court.tell(events.Grant, THERE, campaign=CAMPAIGN, amount=9) == "applied"
    assert court.drain() == ["lease_ask applied", "lease applied"]
    assert court.tell(events.Grant, THERE, campaign=CAMPAIGN, amount=1) == (
        "refused budget_exhausted"
    ), "the shard is empty, and knows that the reserve is"


def test_a_held_redemption_is_resolved_once(court: Courtroom) -> None:
    held = {"carrier": "unicom", "amount": 60, "until": START + timedelta(minutes=9)}
    assert court.tell(events.Redeem, HERE, event_id="r", **held) == "applied"
    assert court.coins(HERE) == (100, 60)
    assert court.tell(events.Transfer, HERE, to=BESIDE, amount=41) == "refused insufficient_balance"
    assert court.tell(events.RedeemExpire, HERE, at=8, redemption="r") == "refused not_due"
    assert court.tell(events.Close, HERE) == "refused has_pending"
    assert court.tell(events.RedeemSettle, HERE, redemption="r") == "applied"
    assert court.coins(HERE) == (40, 0)
    assert court.coins("carrier:unicom:p@0") == (60, 0)
    assert court.tell(events.RedeemFail, HERE, redemption="r") == "refused unknown_hold"


def test_a_failed_redemption_can_not_be_reversed(court: Courtroom) -> None:
    data = {"program": "p", "carrier": "unicom", "amount": 60, "until": START + timedelta(1)}
    original = {
        "type": "flowdrop.wallet.redeem",
        "specversion": "1.0",
        "id": "r",
        "source": "hand",
        "time": START,
        "subject": HERE,
        "data": data,
    }
    assert court.record(decode_wallet(msgspec.json.encode(original))) == "applied"
    assert court.tell(events.Reverse, HERE, original=original) == "refused not_settled"
    assert court.tell(events.RedeemFail, HERE, redemption="r") == "applied"
    assert court.coins(HERE) == (100, 0)
    assert court.tell(events.Reverse, HERE, original=original) == "refused unknown_original"


def test_a_packet_in_equal_parts_and_its_rest(court: Courtroom) -> None:
    terms = {"claims": 3, "mode": "equal", "expires": START + timedelta(minutes=9)}
    packet = "packet:a@0"
    assert court.tell(events.PacketSend, HERE, packet=packet, amount=11, **terms) == "applied"
    assert court.tell(events.PacketClaim, packet, claimer=BESIDE, event_id="c") == "applied"
    assert court.coins(BESIDE) == (3, 0)
    assert court.tell(events.PacketClaim, packet, claimer=BESIDE, event_id="c") == "repeat"
    assert court.tell(events.PacketClaim, packet, claimer=BESIDE) == "refused already_claimed"
    assert court.tell(events.PacketClaim, packet, claimer=THERE) == "applied"
    assert court.drain() == ["claim applied", "ack applied"]
    assert court.coins(THERE) == (104, 0)
    assert court.tell(events.PacketExpire, packet, at=8) == "refused not_due"
    assert court.tell(events.PacketClaim, packet, at=9, claimer=HERE) == "refused packet_expired"
    assert court.tell(events.PacketExpire, packet, at=9) == "applied"
    assert court.coins(HERE) == (100 - 11 + 4, 0)
    assert court.coins(packet) == (0, 0)


def test_lucky_draws_leave_one_for_each_and_the_last_takes_the_rest(court: Courtroom) -> None:
    judge = court.judges[0]
    for packet in range(300):
        coins, terms = 20, {"left": 7, "mode": "lucky", "made": 0}
        drawn = []
        while terms["left"]:
            drawn.append(judge.draw(f"packet:{packet}@0", coins, terms))
            assert 1 <= drawn[-1] <= max(1, 2 * coins // terms["left"]) or terms["left"] == 1
            coins -= drawn[-1]
            terms = {"left": terms["left"] - 1, "mode": "lucky", "made": terms["made"] + 1}
            assert coins >= terms["left"]
        assert sum(drawn) == 20


def test_a_transfer_is_taken_back_only_if_the_payee_still_has_it(court: Courtroom) -> None:
    def gift(event_id: str, amount: int) -> dict[str, Any]:
        return {
            "type": "flowdrop.wallet.transfer",
            "specversion": "1.0",
            "id": event_id,
            "source": "hand",
            "time": START,
            "subject": HERE,
            "data": {"program": "p", "to": THERE, "amount": amount},
        }

    for event_id, amount in (("one", 30), ("two", 20)):
        assert court.record(decode_wallet(msgspec.json.encode(gift(event_id, amount)))) == "applied"
    court.drain()
    assert court.tell(events.Reverse, HERE, original=gift("one", 30)) == "asked"
    assert court.drain() == ["reverse_ask applied", "reversal applied", "ack applied"]
    assert (court.coins(HERE), court.coins(THERE)) == ((80, 0), (120, 0))
    assert court.tell(events.Reverse, HERE, original=gift("one", 30)) == "refused already_reversed"
    assert court.tell(events.Redeem, THERE, carrier="unicom", amount=110) == "applied"
    assert court.tell(events.Reverse, HERE, original=gift("two", 20)) == "asked"
    assert court.drain() == ["reverse_ask refused insufficient_balance", "declined applied"]
    assert court.coins(HERE) == (80, 0)
    assert court.tell(events.Reverse, HERE, original=gift("two", 20)) == "asked", "may try again"


def test_a_closed_wallet_is_empty_and_what_comes_later_goes_back(court: Courtroom) -> None:
    assert court.tell(events.Transfer, THERE, to=HERE, amount=7) == "applied"
    assert court.tell(events.Close, HERE) == "refused balance_left"
    assert court.tell(events.Close, HERE, to=BESIDE) == "applied"
    assert court.tell(events.Unfreeze, HERE) == "refused closed"
    assert (court.coins(HERE), court.coins(BESIDE)) == ((0, 0), (100, 0))
    assert court.drain() == ["transfer refused closed", "bounce applied"]
    assert court.coins(THERE) == (100, 0)


def test_a_gift_waits_and_comes_or_goes_back(court: Courtroom) -> None:
    for number, amount in enumerate((30, 20)):
        gift = {"to": "stranger", "amount": amount, "event_id": f"g{number}"}
        assert court.tell(events.Transfer, HERE, **gift) == "applied"
    assert court.drain() == ["transfer applied", "transfer applied", "ack applied", "ack applied"]
    judge = court.judges[partition_of("stranger", PARTITIONS)]
    assert judge.accounts["waiting:p:stranger"]["posted"] == 50
    assert court.tell(events.WaitingReturn, "stranger") == "refused not_due"
    assert court.tell(events.Open, "stranger") == "applied"
    assert court.coins("stranger") == (50, 0)
    assert court.tell(events.WaitingReturn, "stranger") == "refused nothing_waiting"


def test_what_is_remembered(court: Courtroom) -> None:
    assert court.tell(events.Freeze, HERE, event_id="f") == "applied"
    assert court.tell(events.Freeze, HERE, event_id="f") == "repeat"
    assert court.tell(events.Freeze, HERE, event_id="f", reason="x") == "refused conflict"
    assert court.tell(events.Freeze, HERE, event_id="g") == "refused frozen"
    assert court.tell(events.Unfreeze, HERE) == "applied"
    assert court.tell(events.Freeze, HERE, event_id="g") == "repeat frozen"
    early = {"at": 60 * 24 + 1, "event_id": "early"}
    assert court.tell(events.Freeze, HERE, **early) == "refused in_the_future"
    assert court.tell(events.Freeze, HERE, **early) == "refused in_the_future"
    assert court.tell(events.Unfreeze, HERE, at=-60 * 24 - 1) == "refused too_old"
    for number in range(256):
        court.tell(events.Earn, HERE, at=1, event_id=f"n{number}", activity="check-in")
    assert court.tell(events.Freeze, HERE, event_id="f") == "refused forgotten"


def test_the_wrong_partition_forwards_and_keeps_nothing(court: Courtroom) -> None:
    event = events.Open(
        id="o", source="hand", time=START, subject="y", data=events.OpenData(program="p")
    )
    wrong = 1 - partition_of("y", PARTITIONS)
    before = len(court.judges[wrong].accounts)
    assert court.record(event, wrong) == "forwarded"
    assert len(court.judges[wrong].accounts) == before
    assert court.record(event) == "applied"


def test_what_is_no_event_is_set_aside(court: Courtroom) -> None:
    judge = court.judges[0]
    for key, value in ((b"k", None), (b"k", b"{}"), (b"k", b"\xff"), (None, b"x" * 70_000)):
        assert judge.judge(0, key, value, 0).outcome == "set_aside"
