"""One documented day of each program, with amounts reckoned by hand.

A step is an event and what must have come of it: the refusal ('' for none) and the coins that its
subject has posted afterwards. All accounts live on one partition. Times are China's.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec

from streams.events import WalletEvent, decode_wallet

CHINA = timezone(timedelta(hours=8))


class Step(NamedTuple):
    """At `time` an event of `kind` for `subject`, and what must come of it."""

    time: str
    kind: str
    subject: str
    data: dict[str, Any]
    reason: str
    balance: int


MING, HUA = "ming", "hua"
PACKET = "packet:new-year@0"
BUDGET = "budget:spring@0"
EVENING = "2024-03-10T22:00:00+08:00"

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
]

DAYS = {
    "ali-flow-wallet": ALI_FLOW_WALLET,
    "jd-flow-bank": JD_FLOW_BANK,
    "liuliangbao": LIULIANGBAO,
    "mobile-ailiuliang": MOBILE_AILIULIANG,
    "unicom-flow-bank": UNICOM_FLOW_BANK,
}

# What each account has posted at the day's end.
ENDS = {
    "ali-flow-wallet": {
        MING: 5,
        BUDGET: 605,
        "carrier:mobile:ali-flow-wallet@0": 220,
        "carrier:unicom:ali-flow-wallet@0": 50,
        "carrier:telecom:ali-flow-wallet@0": 100,
        "carrier:ali-telecom:ali-flow-wallet@0": 30,
        "issuer:ali-flow-wallet@0": -1_010,
    },
    "jd-flow-bank": {
        MING: 100,
        "carrier:jd-telecom:jd-flow-bank@0": 99,
        "issuer:jd-flow-bank@0": -199,
    },
    "liuliangbao": {
        MING: 0,
        HUA: 30,
        "carrier:telecom:liuliangbao@0": 30,
        "carrier:mobile:liuliangbao@0": 28,
        "carrier:unicom:liuliangbao@0": 90,
        "merchant:music:liuliangbao@0": 15,
        "order:886f4092a0716443:ming": 0,  # it remembers the order
        "issuer:liuliangbao@0": -193,
    },
    "mobile-ailiuliang": {
        MING: 0,
        HUA: 0,
        PACKET: 0,
        f"claim:{PACKET}:{HUA}": 0,
        "carrier:mobile:mobile-ailiuliang@0": 5,
        "issuer:mobile-ailiuliang@0": -5,
    },
    "unicom-flow-bank": {
        MING: 0,
        HUA: 543,
        BUDGET: 0,
        "deposit:ming": 0,
        "fees:unicom-flow-bank@0": 7,
        "carrier:unicom:unicom-flow-bank@0": 100,
        "issuer:unicom-flow-bank@0": -650,
    },
}


def events_of(program: str, prefix: str = "") -> list[WalletEvent]:
    """Return a program's day as events; `prefix` sets its people, budget and packet apart."""
    return [_event(program, number, step, prefix) for number, step in enumerate(DAYS[program])]


def _event(program: str, number: int, step: Step, prefix: str) -> WalletEvent:
    data = {"program": program, **step.data}
    for field in ("to", "claimer"):
        if field in data:
            data[field] = prefix + data[field]
    if "campaign" in data:
        data["campaign"] = prefix + data["campaign"]
    if "packet" in data:
        data["packet"] = named(data["packet"], prefix)
    value = {
        "id": f"{program}-{number}",
        "source": "program-days",
        "type": f"flowdrop.wallet.{step.kind}",
        "time": datetime.fromisoformat(step.time).replace(tzinfo=CHINA),
        "subject": named(step.subject, prefix),
        "data": data,
    }
    return decode_wallet(msgspec.json.encode(value))


def named(subject: str, prefix: str) -> str:
    """Return an account's name with the prefix: behind the kind that it begins with."""
    kind, colon, name = subject.rpartition(":")
    return f"{kind}{colon}{prefix}{name}"
