"""A short story of wallets for tests that look at what was stored: every way a record can end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC, partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITIONS = 2
START = datetime(2026, 3, 1, tzinfo=UTC)
PROGRAM = "liuliangbao"
REDEEMED = {"carrier": "unicom", "amount": 5}
PACKET = "packet:gift@0"
LATER = (START + timedelta(days=2)).isoformat()

Raw: TypeAlias = tuple[str, int, bytes | None, bytes | None]


def wallets(partition: int, count: int = 4) -> list[str]:
    """Names of wallets that live on a partition."""
    names = (f"person-{number}" for number in range(1000))
    mine = [name for name in names if partition_of(name, PARTITIONS) == partition]
    return mine[:count]


HERE, NEAR, FROZEN = wallets(0)[:3]
THERE = wallets(1)[0]
SAVER = wallets(0, 5)[4]  # of another program


def event(
    kind: str,
    event_id: str,
    subject: str,
    *,
    minutes: float = 0,
    partition: int | None = None,
    source: str = "test",
    **data: Any,
) -> Raw:
    """A record of wallet.events, on its subject's partition unless another is given."""
    value = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": f"flowdrop.wallet.{kind}",
        "time": (START + timedelta(minutes=minutes)).isoformat(),
        "subject": subject,
        "data": {"program": PROGRAM, **data},
    }
    home = partition_of(subject, PARTITIONS) if partition is None else partition
    return WALLET_TOPIC, home, subject.encode(), json.dumps(value).encode()


def story() -> Iterator[Raw]:
    """Wallets, grants, transfers on a partition and across; a copy of every kind of trouble."""
    for number in range(PARTITIONS):
        shard = f"budget:spring@{number}"
        yield event(
            "fund", f"fund-{number}", shard, partition=number, campaign="spring", amount=900
        )
        for name in wallets(number):
            yield event("open", f"open-{name}", name)
            yield event("earn", f"earn-{name}", name, minutes=1, activity="game", amount=90)
            yield event("grant", f"grant-{name}", name, minutes=2, campaign="spring", amount=10)
    yield event("redeem", "redeemed", HERE, minutes=3, **REDEEMED)
    yield event("transfer", "near", HERE, minutes=4, to=NEAR, amount=7)
    yield event("transfer", "far", HERE, minutes=5, to=THERE, amount=11)
    yield event("transfer", "back", THERE, minutes=6, to=HERE, amount=3)
    yield event("transfer", "near", HERE, minutes=4, to=NEAR, amount=7)  # a repeat
    yield event("transfer", "near", HERE, minutes=4, to=NEAR, amount=8)  # a conflict
    yield event("redeem", "too-much", HERE, minutes=7, carrier="unicom", amount=10**6)
    stray = event("earn", "stray", THERE, minutes=8, partition=0, activity="game", amount=4)
    yield stray  # forwarded
    yield event("earn", "shared", HERE, minutes=9, activity="game", amount=1)
    yield event("earn", "shared", THERE, minutes=9, activity="game", amount=2)
    yield from _new_operations()
    yield WALLET_TOPIC, 0, b"person-x", b'{"id": "broken", "type": "nothing"'
    yield WALLET_TOPIC, 1, b"person-y", b'{"specversion": "1.0", "id": "odd", "type": "nothing"}'
    yield WALLET_TOPIC, 1, b"person-w", b""
    for name in (HERE, THERE):
        yield _saw("visit", name)
        yield _saw("visit", name)  # a repeat
        yield _saw("consent", name, channel="sms", granted=True)
    yield CAMPAIGN_TOPIC, 0, b"person-z", b"no JSON"


def _new_operations() -> Iterator[Raw]:
    """Holds, a packet, a reversal, a reserve that leases to its shards, a frozen wallet."""
    for event_id, amount in (("held", 2), ("settled", 4)):
        basis = {"carrier": "unicom", "amount": amount, "until": LATER}
        yield event("redeem", event_id, HERE, minutes=10, **basis)
    yield event("redeem_settle", "settle", HERE, minutes=11, redemption="settled")
    for event_id in ("ordered", "delivered", "refunded"):
        basis = {"item": "comic", "amount": 6}
        yield event("order_place", event_id, HERE, minutes=11, **basis)
    for order in ("delivered", "refunded"):
        yield event("order_fulfil", f"fulfil-{order}", HERE, minutes=11, order=order)
    yield event("order_refund", "refund", HERE, minutes=11, order="refunded")
    for kind, points in (("points_in", 5), ("points_out", 4)):
        basis = {"partner": "tianyi", "points": points, "amount": 2}
        yield event(kind, kind, HERE, minutes=11, **basis)
    sent = {"packet": PACKET, "amount": 9, "claims": 3, "mode": "equal", "expires": LATER}
    yield event("packet_send", "sent", HERE, minutes=12, **sent)
    yield event("packet_share", "share", PACKET, minutes=12, sharer=NEAR)
    for name, share in ((NEAR, {}), (THERE, {"share": "share"}), (NEAR, {})):
        yield event("packet_claim", f"claim-{name}", PACKET, minutes=13, claimer=name, **share)
    original = json.loads(event("redeem", "redeemed", HERE, minutes=3, **REDEEMED)[3] or b"")
    yield event("reverse", "reversed", HERE, minutes=14, original=original)
    bought = {"campaign": "spring", "conversion": "basket-1"}
    yield event("reward", "reward", NEAR, minutes=14, rule="purchase", value=200, **bought)
    yield event("reward", "reward-friend", NEAR, minutes=14, rule="friend", to=THERE, **bought)
    bank = {"program": "unicom-flow-bank"}
    yield event("open", f"open-{SAVER}", SAVER, **bank)
    for kind, data in (
        ("deposit_add", {"amount": 40}),
        ("deposit_custody", {"month": "2026-03"}),
        ("deposit_withdraw", {}),
        ("deposit_add", {"amount": 30}),
    ):
        yield event(kind, f"{kind}-{data}", SAVER, minutes=14, **bank, **data)
    yield event("fund", "fund-reserve", "budget:autumn", minutes=15, campaign="autumn", amount=400)
    yield event("freeze", "freeze", FROZEN, minutes=16)


def _saw(kind: str, person: str, **data: Any) -> Raw:
    value = {
        "specversion": "1.0",
        "id": f"{kind}-{person}",
        "source": "test",
        "type": f"flowdrop.campaign.{kind}",
        "time": START.isoformat(),
        "subject": person,
        "data": data or {"campaign": "spring"},
    }
    home = partition_of(person, PARTITIONS)
    return CAMPAIGN_TOPIC, home, person.encode(), json.dumps(value).encode()
