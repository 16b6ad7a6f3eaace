"""A scripted evening in the city: a red packet, two redemptions, a purchase with its rewards.

A tea house sends a red packet for 60 to 82 people, of whom 80 want to draw. Mei redeems at Unicom,
which the demo's rules have closed, and then at Telecom. Tao, who heard of the tea house from her,
buys there: the campaign rewards both, and he buys two songs with coins. All amounts are fixed
except what each guest draws.

Wallets and budgets come before `BEGINS`: replaying the rest after those have arrived ensures that
no coins are sent to a wallet that is not open yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from scenarios.source import Supply, ready
from streams.events import (
    Contact,
    ContactData,
    Conversion,
    ConversionData,
    Earn,
    EarnData,
    Fund,
    FundData,
    Open,
    OpenData,
    OrderData,
    OrderFulfil,
    OrderPlace,
    OrderPlaceData,
    PacketClaim,
    PacketClaimData,
    PacketSend,
    PacketSendData,
    Redeem,
    RedeemData,
    Reward,
    RewardData,
    partition_of,
    shard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.events import Event

PROGRAM, SEED = "liuliangbao", 7
MIDNIGHT = datetime(2026, 1, 7, tzinfo=UTC)
SOURCE = "scenarios/evening"
CAMPAIGN = "tea-house"
BUDGET = f"budget:{CAMPAIGN}"
MEI, TAO = (f"city:{SEED}:{name}" for name in ("mei", "tao"))
RESERVE_COINS, SHARD_COINS = 2_000, 1_000
PACKET_COINS, DRAWS, GUESTS = 600, 60, 80
PURCHASE_CENTS = 4_900
PURCHASE_COINS, FRIEND_COINS = 245, 20  # 5 % of the purchase, and for the friend who told
SONGS, SONGS_COINS = 2, 30
REDEEMED_COINS = 30
REFUSED = "evening/redeem-unicom"  # the id of what a closed gate refuses

BEGINS = MIDNIGHT + timedelta(hours=11, minutes=59)


def supply(until: datetime | None, partitions: int) -> Supply:
    """Return the evening's events before a moment, made ready for this many partitions."""
    events = [
        event
        for event in (*joining(partitions), *evening(partitions))
        if until is None or event.time < until
    ]
    events.sort(key=attrgetter("time"))
    return Supply(len(events), ready(events, partitions))


def packet(partitions: int) -> str:
    """Return the red packet's name: it lives with the reserve that pays for it."""
    return f"packet:{CAMPAIGN}@{partition_of(BUDGET, partitions)}"


def joining(partitions: int) -> Iterator[Event]:
    """Yield what must be in every log before the rest: wallets, and the campaign's coins.

    The reserve pays for the packet and the shard where Tao lives for the rewards.
    """
    for person in (MEI, TAO, *_guests()):
        yield Open(**_said("open", 11 * 60, person), data=OpenData(program=PROGRAM))
    tao = shard(BUDGET, partition_of(TAO, partitions))
    for subject, amount in ((BUDGET, RESERVE_COINS), (tao, SHARD_COINS)):
        data = FundData(program=PROGRAM, campaign=CAMPAIGN, amount=amount)
        yield Fund(**_said("fund", 11 * 60, subject), data=data)
    for person in (MEI, TAO):
        earned = EarnData(program=PROGRAM, activity="game", amount=60)
        yield Earn(**_said("game", 11 * 60 + 30, person), data=earned)


def evening(partitions: int) -> Iterator[Event]:
    """Yield the offer, the packet and its claims, the redemptions, the purchase and its rewards."""
    yield from _offers()
    yield from _packet(packet(partitions))
    yield from _redemptions()
    yield from _purchase()


def _offers() -> Iterator[Event]:
    offer = ContactData(campaign=CAMPAIGN, channel="app", cost=1, until=_at(36 * 60))
    for person in (MEI, TAO, *_guests()):
        yield Contact(**_said("offer", 12 * 60 - 1, person), data=offer)


def _packet(name: str) -> Iterator[Event]:
    sent = PacketSendData(
        program=PROGRAM,
        packet=name,
        amount=PACKET_COINS,
        claims=DRAWS,
        mode="lucky",
        expires=_at(36 * 60),
        message="新年快乐",
        campaign=CAMPAIGN,
    )
    yield PacketSend(**_said("packet", 12 * 60, BUDGET), data=sent)
    for number, guest in enumerate(_guests()):
        claim = PacketClaimData(program=PROGRAM, claimer=guest)
        yield PacketClaim(**_said(f"claim-{number}", 12 * 60 + 1, name), data=claim)


def _redemptions() -> Iterator[Event]:
    for minute, carrier in enumerate(("unicom", "telecom")):
        data = RedeemData(program=PROGRAM, carrier=carrier, amount=REDEEMED_COINS)
        yield Redeem(**_said(f"redeem-{carrier}", 13 * 60 + minute, MEI, alone=True), data=data)


def _purchase() -> Iterator[Event]:
    bought = _said("bought", 14 * 60, TAO, alone=True)
    yield Conversion(**bought, data=ConversionData(campaign=CAMPAIGN, value=PURCHASE_CENTS))
    for rule, to in (("purchase", None), ("friend", MEI)):
        reward = RewardData(
            program=PROGRAM,
            campaign=CAMPAIGN,
            rule=rule,
            conversion=bought["id"],
            value=PURCHASE_CENTS,
            to=to,
        )
        yield Reward(**_said(f"reward-{rule}", 14 * 60 + 1, TAO, alone=True), data=reward)
    order = _said("songs", 14 * 60 + 5, TAO, alone=True)
    placed = OrderPlaceData(program=PROGRAM, item="song", amount=SONGS_COINS, quantity=SONGS)
    yield OrderPlace(**order, data=placed)
    fulfilled = OrderData(program=PROGRAM, order=order["id"])
    yield OrderFulfil(**_said("played", 14 * 60 + 6, TAO, alone=True), data=fulfilled)


def _guests() -> list[str]:
    return [f"city:{SEED}:guest-{number}" for number in range(1, GUESTS + 1)]


def _at(minutes: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minutes)


def _said(what: str, minutes: int, subject: str, *, alone: bool = False) -> dict[str, Any]:
    """Return an event's id, source, time (minutes of the day) and subject.

    The id contains the subject, unless the event is `alone` in its name.
    """
    event_id = f"evening/{what}" if alone else f"evening/{what}/{subject}"
    return {"id": event_id, "source": SOURCE, "time": _at(minutes), "subject": subject}
