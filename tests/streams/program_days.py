"""One documented day of each program, with amounts reckoned by hand.

A step is an event and what must have come of it: the refusal ('' for none) and the coins that its
subject has posted afterwards. All accounts live on one partition. Times are China's. Each day ends
with what all programs offer, done by two others: every operation of every program is walked.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.operations.clients import KINDS, event_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.events import WalletEvent

CHINA = timezone(timedelta(hours=8))


class Step(NamedTuple):
    """At `time` an event of the operation `kind` for `subject`, and what must come of it.

    In `data` a number for `redemption`, `order`, `share` or `original` says how many steps before
    that was.
    """

    time: str
    kind: str
    subject: str
    data: dict[str, Any]
    reason: str
    balance: int


MING, HUA, LAN, BO, WEI = "ming", "hua", "lan", "bo", "wei"
PACKET, PARCEL = "packet:new-year@0", "packet:parcel@0"
BUDGET = "budget:spring@0"
CAMPAIGN, SUMMER = "summer@24", "budget:summer@24@0"  # a campaign with an @ has no reserve
HARVEST, AUTUMN = "autumn@24", "budget:autumn@24@0"
EVENING = datetime(2024, 3, 10, 22, tzinfo=CHINA)


def common(date: str, carrier: str, more: Sequence[Step] = ()) -> list[Step]:
    """Return what every program offers, on a date at a carrier; `more` before the wallet closes."""

    def at(time: str, kind: str, subject: str, balance: int, reason: str = "", **data: Any) -> Step:
        return Step(f"{date}T{time}", kind, subject, data, reason, balance)

    traffic = {"carrier": carrier, "amount": 30}
    noon, afternoon = (datetime.fromisoformat(f"{date}T{hour}:00+08:00") for hour in (12, 14))
    return [
        at("09:00", "open", LAN, 0),
        at("09:00", "open", BO, 0),
        at("09:01", "fund", SUMMER, 1_000, campaign=CAMPAIGN, amount=1_000),
        at("09:02", "grant", LAN, 300, campaign=CAMPAIGN, amount=300),
        at("09:02", "grant", BO, 60, campaign=CAMPAIGN, amount=60),
        at("09:03", "transfer", LAN, 260, to=BO, amount=40),
        at("10:00", "redeem", LAN, 260, **traffic, until=noon),
        at("10:01", "redeem_settle", LAN, 230, redemption=-1),
        at("10:02", "redeem", LAN, 230, **traffic, until=noon),
        at("10:03", "redeem_fail", LAN, 230, redemption=-1),
        at("10:04", "redeem", LAN, 230, **traffic, until=noon),
        at("12:00", "redeem_expire", LAN, 230, redemption=-1),
        at("12:01", "redeem", BO, 70, **traffic),
        at("12:02", "reverse", BO, 100, original=-1),
        at(
            *("13:00", "packet_send", LAN, 180),
            packet=PARCEL,
            amount=50,
            claims=2,
            mode="equal",
            expires=afternoon,
        ),
        at("13:01", "packet_share", PARCEL, 50, sharer=LAN),
        at("13:02", "packet_claim", PARCEL, 25, claimer=BO, share=-1),
        at("14:00", "packet_expire", PARCEL, 0),  # LAN has 205, BO 125
        at("15:00", "freeze", BO, 125),
        at("15:01", "unfreeze", BO, 125),
        *more,
        at("16:50", "redeem", BO, 95, **traffic),
        at("17:00", "close", BO, 0, to=LAN),  # who has 300
        at("17:01", "reverse", BO, 0, original=-2),  # it can't take them any more: they wait
        at("17:02", "waiting_release", BO, 0, to=LAN),  # who has 330
        at("18:00", "defund", SUMMER, 0, campaign=CAMPAIGN),  # 640, less rewards: burnt
        # Of nobody known: 1,000 at once, 2,000 a day, 50,000 in all; with a phone more.
        at("19:00", "open", WEI, 0),
        at("19:01", "fund", AUTUMN, 60_000, campaign=HARVEST, amount=60_000),
        at("19:02", "grant", WEI, 50_000, campaign=HARVEST, amount=50_000),
        at("19:03", "grant", WEI, 50_000, "over_tier_balance", campaign=HARVEST, amount=1),
        at("19:04", "transfer", WEI, 50_000, "over_tier_transaction", to=LAN, amount=1_001),
        at("19:05", "transfer", WEI, 49_000, to=LAN, amount=1_000),
        at("19:06", "transfer", WEI, 48_000, to=LAN, amount=1_000),
        at("19:07", "transfer", WEI, 48_000, "over_tier_day", to=LAN, amount=1),
        at("19:08", "verify", WEI, 48_000, tier="phone", by=carrier),
        at("19:09", "transfer", WEI, 47_999, to=LAN, amount=1),
        at("19:10", "grant", WEI, 57_999, campaign=HARVEST, amount=10_000),
        at("19:11", "verify", WEI, 57_999, tier="none", by="operator"),
        at("19:12", "transfer", WEI, 57_999, "over_tier_day", to=LAN, amount=1),
    ]


BUYING = [  # what only liuliangbao offers
    Step("2025-03-12T16:00", "order_place", LAN, {"item": "comic", "amount": 6}, "", 205),
    Step("2025-03-12T16:01", "order_cancel", LAN, {"order": -1}, "", 205),
    Step("2025-03-12T16:02", "order_place", LAN, {"item": "song", "amount": 15}, "", 205),
    Step("2025-03-12T16:03", "order_fulfil", LAN, {"order": -1}, "", 190),
    Step("2025-03-12T16:04", "order_refund", LAN, {"order": -2}, "", 205),
    Step(
        *("2025-03-12T16:05", "points_in", LAN),
        {"partner": "tianyi", "points": 5, "amount": 2},
        *("", 207),
    ),
    Step(
        *("2025-03-12T16:06", "points_out", LAN),
        {"partner": "tianyi", "points": 2, "amount": 1},
        *("", 206),
    ),
    Step(
        *("2025-03-12T16:07", "reward", LAN),
        {"campaign": CAMPAIGN, "rule": "first", "conversion": "tea"},
        *("", 256),
    ),
]

LIULIANGBAO = [  # earn by activities, give, redeem at three carriers, buy; never expires
    Step("2024-03-10T08:00", "open", MING, {}, "", 0),
    Step("2024-03-10T08:00", "open", HUA, {}, "", 0),
    Step("2024-03-10T08:05", "earn", MING, {"activity": "check-in"}, "", 5),
    Step("2024-03-10T23:59", "earn", MING, {"activity": "check-in"}, "daily_cap", 5),
    Step("2024-03-10T12:00", "earn", MING, {"activity": "purchase", "spend": 12_345}, "", 128),
    Step("2024-03-10T12:30", "earn", MING, {"activity": "game", "amount": 40}, "", 168),
    Step("2024-03-10T12:31", "earn", MING, {"activity": "game", "amount": 101}, "over_limit", 168),
    Step("2024-03-10T13:00", "earn", MING, {"activity": "invitation"}, "", 188),
    Step("2024-03-10T18:00", "transfer", MING, {"to": HUA, "amount": 60}, "", 128),
    Step("2024-03-10T18:05", "redeem", HUA, {"carrier": "telecom", "amount": 30}, "", 30),
    Step("2024-03-10T18:06", "redeem", MING, {"carrier": "mobile", "amount": 28}, "", 100),
    Step(
        *("2024-03-10T20:00", "redeem", MING),
        {"carrier": "unicom", "amount": 50, "until": EVENING},
        *("", 100),
    ),
    Step("2024-03-10T20:05", "redeem_settle", MING, {"redemption": "liuliangbao-11"}, "", 50),
    Step(
        *("2024-03-10T20:30", "order_place", MING),
        {"item": "song", "quantity": 1, "amount": 15},
        *("", 50),
    ),
    Step("2024-03-10T20:31", "order_fulfil", MING, {"order": "liuliangbao-13"}, "", 35),
    Step("2024-03-11T00:00", "earn", MING, {"activity": "check-in"}, "", 40),
    Step("2025-03-11T09:00", "redeem", MING, {"carrier": "unicom", "amount": 40}, "", 0),
    *common("2025-03-12", "mobile", BUYING),
]

ALI_FLOW_WALLET = [  # tiers at four carriers, and the month's end
    Step("2024-03-30T09:00", "open", MING, {}, "", 0),
    Step("2024-03-30T09:00", "fund", BUDGET, {"campaign": "spring", "amount": 1_000}, "", 1_000),
    Step("2024-03-30T09:01", "grant", MING, {"campaign": "spring", "amount": 395}, "", 395),
    Step("2024-03-30T09:05", "earn", MING, {"activity": "check-in"}, "", 400),
    Step("2024-03-30T10:00", "redeem", MING, {"carrier": "mobile", "amount": 70}, "", 330),
    Step(
        "2024-03-30T10:01", "redeem", MING, {"carrier": "mobile", "amount": 50}, "no_such_tier", 330
    ),
    Step("2024-03-30T10:02", "redeem", MING, {"carrier": "unicom", "amount": 50}, "", 280),
    Step("2024-03-30T10:03", "redeem", MING, {"carrier": "telecom", "amount": 100}, "", 180),
    Step("2024-03-30T23:59", "redeem", MING, {"carrier": "ali-telecom", "amount": 30}, "", 150),
    Step(
        "2024-03-31T00:00",
        "redeem",
        MING,
        {"carrier": "ali-telecom", "amount": 30},
        "last_day",
        150,
    ),
    Step("2024-03-31T09:00", "earn", MING, {"activity": "check-in"}, "", 155),
    Step("2024-03-31T23:59", "redeem", MING, {"carrier": "mobile", "amount": 150}, "last_day", 155),
    Step("2024-04-01T00:00", "redeem", MING, {"carrier": "mobile", "amount": 150}, "", 5),
    *common("2024-04-01", "mobile"),
]

JD_FLOW_BANK = [  # what is bought in the shop earns data for its own numbers
    Step("2024-03-10T09:00", "open", MING, {}, "", 0),
    Step("2024-03-10T09:30", "earn", MING, {"activity": "purchase", "spend": 19_999}, "", 199),
    Step(
        "2024-03-10T09:31",
        "earn",
        MING,
        {"activity": "purchase", "spend": 99},
        "nothing_earned",
        199,
    ),
    Step(
        *("2024-03-10T10:00", "redeem", MING),
        {"carrier": "jd-telecom", "amount": 99, "network": "unicom"},
        *("carrier_closed", 199),
    ),
    Step("2024-03-10T10:01", "redeem", MING, {"carrier": "jd-telecom", "amount": 99}, "", 100),
    Step(
        "2024-03-10T10:02",
        "redeem",
        MING,
        {"carrier": "mobile", "amount": 1},
        "unknown_carrier",
        100,
    ),
    *common("2024-03-11", "jd-telecom"),
]

MOBILE_AILIULIANG = [  # check in, share a red packet, redeem
    Step("2024-03-10T09:00", "open", MING, {}, "", 0),
    Step("2024-03-10T09:00", "open", HUA, {}, "", 0),
    Step("2024-03-10T09:05", "earn", MING, {"activity": "check-in"}, "", 5),
    Step("2024-03-10T09:06", "earn", MING, {"activity": "check-in"}, "daily_cap", 5),
    Step(
        *("2024-03-10T12:00", "packet_send", MING),
        {"packet": PACKET, "amount": 4, "claims": 2, "mode": "equal", "expires": EVENING},
        *("", 1),
    ),
    Step("2024-03-10T12:01", "packet_claim", PACKET, {"claimer": HUA}, "", 2),
    Step("2024-03-10T12:02", "packet_claim", PACKET, {"claimer": HUA}, "already_claimed", 2),
    Step("2024-03-10T22:00", "packet_expire", PACKET, {}, "", 0),
    Step("2024-03-10T22:10", "redeem", MING, {"carrier": "mobile", "amount": 3}, "", 0),
    Step("2024-03-10T22:11", "redeem", HUA, {"carrier": "mobile", "amount": 2}, "", 0),
    *common("2024-03-11", "mobile"),
]

UNICOM_FLOW_BANK = [  # leftover data is put by in parts and taken out whole
    Step("2024-03-10T09:00", "open", MING, {}, "", 0),
    Step("2024-03-10T09:00", "open", HUA, {}, "", 0),
    Step("2024-03-10T09:01", "earn", MING, {"activity": "check-in"}, "operation_closed", 0),
    Step("2024-03-10T09:02", "fund", BUDGET, {"campaign": "spring", "amount": 500}, "", 500),
    Step("2024-03-10T09:03", "grant", MING, {"campaign": "spring", "amount": 500}, "", 500),
    Step("2024-03-10T10:00", "transfer", MING, {"to": HUA, "amount": 200}, "", 300),
    Step(
        *("2024-03-10T11:00", "redeem", HUA),
        {"carrier": "unicom", "amount": 100, "network": "telecom"},
        *("carrier_closed", 200),
    ),
    Step("2024-03-10T11:01", "redeem", HUA, {"carrier": "unicom", "amount": 100}, "", 100),
    Step(
        "2024-03-10T11:02",
        "redeem",
        MING,
        {"carrier": "unicom", "amount": 301},
        "insufficient_balance",
        300,
    ),
    Step("2024-03-10T11:30", "deposit_add", MING, {"amount": 100}, "", 300),  # 1 is the fee
    Step("2024-03-10T11:31", "deposit_add", MING, {"amount": 50}, "", 300),  # 1 again
    Step("2024-03-10T11:32", "deposit_add", MING, {"amount": 1}, "nothing_left", 300),
    Step("2024-03-10T11:40", "deposit_custody", MING, {"month": "2024-03"}, "", 300),  # 5
    Step("2024-03-10T11:41", "deposit_custody", MING, {"month": "2024-03"}, "already_charged", 300),
    Step("2024-03-10T11:50", "close", MING, {"to": HUA}, "has_deposit", 300),
    Step("2024-03-10T11:55", "deposit_withdraw", MING, {}, "", 443),
    Step("2024-03-10T12:00", "close", MING, {"to": HUA}, "", 0),
    *common("2024-03-11", "unicom"),
    Step("2024-03-12T09:00", "deposit_add", LAN, {"amount": 100}, "", 2_331),  # 1 is the fee
    Step("2024-09-08T08:59", "deposit_return", LAN, {}, "not_due", 2_331),
    Step("2024-09-08T09:00", "deposit_return", LAN, {}, "", 2_331),
]

DAYS = {
    "ali-flow-wallet": ALI_FLOW_WALLET,
    "jd-flow-bank": JD_FLOW_BANK,
    "liuliangbao": LIULIANGBAO,
    "mobile-ailiuliang": MOBILE_AILIULIANG,
    "unicom-flow-bank": UNICOM_FLOW_BANK,
}

COMMON = {
    LAN: 2_331,
    BO: 0,
    WEI: 57_999,
    SUMMER: 0,
    AUTUMN: 0,
    PARCEL: 0,
    f"claim:{PARCEL}:{BO}": 0,
}
# What each account has posted at the day's end.
ENDS = {
    "ali-flow-wallet": {
        MING: 5,
        BUDGET: 605,
        "carrier:mobile:ali-flow-wallet@0": 250,
        "carrier:unicom:ali-flow-wallet@0": 50,
        "carrier:telecom:ali-flow-wallet@0": 100,
        "carrier:ali-telecom:ali-flow-wallet@0": 30,
        "issuer:ali-flow-wallet@0": -61_370,
        f"share:{PARCEL}:ali-flow-wallet-28": 0,
        **COMMON,
    },
    "jd-flow-bank": {
        MING: 100,
        "carrier:jd-telecom:jd-flow-bank@0": 129,
        "issuer:jd-flow-bank@0": -60_559,
        f"share:{PARCEL}:jd-flow-bank-21": 0,
        **COMMON,
    },
    "liuliangbao": {
        MING: 0,
        HUA: 30,
        "carrier:telecom:liuliangbao@0": 30,
        "carrier:mobile:liuliangbao@0": 58,
        "carrier:unicom:liuliangbao@0": 90,
        "merchant:music:liuliangbao@0": 15,
        "order:886f4092a0716443:ming": 0,  # it remembers the order
        "issuer:liuliangbao@0": -60_603,
        f"share:{PARCEL}:liuliangbao-32": 0,
        "partner:tianyi:liuliangbao@0": -1,
        "order:2c2c5f4d1393034a:lan": 0,
        "reward:399af258df268a83:lan": 0,
        **COMMON,
        LAN: 2_382,
    },
    "mobile-ailiuliang": {
        MING: 0,
        HUA: 0,
        PACKET: 0,
        f"claim:{PACKET}:{HUA}": 0,
        "carrier:mobile:mobile-ailiuliang@0": 35,
        "issuer:mobile-ailiuliang@0": -60_365,
        f"share:{PARCEL}:mobile-ailiuliang-25": 0,
        **COMMON,
    },
    "unicom-flow-bank": {
        MING: 0,
        HUA: 543,
        BUDGET: 0,
        "deposit:ming": 0,
        "fees:unicom-flow-bank@0": 8,
        "carrier:unicom:unicom-flow-bank@0": 229,
        "issuer:unicom-flow-bank@0": -61_110,
        f"share:{PARCEL}:unicom-flow-bank-32": 0,
        "deposit:lan": 0,
        **COMMON,
    },
}
for name, ends in ENDS.items():
    ends[f"waiting:{name}:{BO}"] = 0


def events_of(program: str, prefix: str = "") -> list[WalletEvent]:
    """Return a program's day as events; `prefix` sets its people, budget and packet apart."""
    return [_event(program, number, step, prefix) for number, step in enumerate(DAYS[program])]


def _event(program: str, number: int, step: Step, prefix: str) -> WalletEvent:
    data = {"program": program, **step.data}
    for field in ("to", "claimer", "sharer"):
        if field in data:
            data[field] = prefix + data[field]
    for field in ("redemption", "order", "share"):
        if isinstance(data.get(field), int):
            data[field] = f"{program}-{number + data[field]}"
    if "original" in data:
        before = number + data["original"]
        data["original"] = _event(program, before, DAYS[program][before], prefix)
    if "campaign" in data:
        data["campaign"] = prefix + data["campaign"]
    if "packet" in data:
        data["packet"] = named(data["packet"], prefix)
    head = {
        "id": f"{program}-{number}",
        "source": "program-days",
        "time": datetime.fromisoformat(step.time).replace(tzinfo=CHINA),
        "subject": named(step.subject, prefix),
    }
    return event_of(KINDS[step.kind], head, **data)


def named(subject: str, prefix: str) -> str:
    """Return an account's name with the prefix: behind the kind that it begins with."""
    kind, colon, name = subject.rpartition(":")
    return f"{kind}{colon}{prefix}{name}"
