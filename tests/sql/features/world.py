"""A small world of which every feature can be counted by hand: ann, bob, cat and dan.

The moment is 1 March 2026 in Asia/Shanghai, and what arrived up to 2 March is known.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

PROGRAM = "liuliangbao"
AS_OF = date(2026, 3, 1)
KNOWN = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = "Asia/Shanghai"
OFFER_DAYS = 28


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class World:
    """A warehouse, and ways to put in what arrived when it happened, or later."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._offset = 0

    def result(self, what: str, person: str, time: str, moved: int = 0, **more: Any) -> None:
        """Add an applied result that moved coins into the person's wallet, or out of it.

        `payee` is a wallet that gets what left this one; every other field is a column.
        """
        self._offset += 1
        payee, arrived = more.pop("payee", ""), more.pop("arrived", time)
        accounts = {person: moved, **({payee: -moved} if payee else {"issuer:x@0": -moved})}
        row = {
            "source_partition": 0,
            "source_offset": self._offset,
            "event_id": str(self._offset),
            "event_source": "tests",
            "type": what,
            "subject": person,
            "program": PROGRAM,
            "time": moment(time),
            "outcome": "applied",
            "amount": abs(moved),
            "counterparty": payee,
            "posting.account": list(accounts),
            "posting.kind": ["wallet", "wallet" if payee else "issuer"],
            "posting.amount": list(accounts.values()),
            "posting.balance": list(accounts.values()),
            "posting.version": [self._offset] * 2,
            "posting.pending": [0, 0],
            "offset": self._offset,
            "arrived": moment(arrived),
        } | more
        self.client.insert("ledger_results", [list(row.values())], column_names=list(row))

    def event(self, what: str, person: str, time: str, campaign: str = "", **more: Any) -> None:
        """Add an event of a campaign or, without one, of a person."""
        self._offset += 1
        row = {
            "id": str(self._offset),
            "type": what,
            "time": moment(time),
            "person": person,
            "source": "tests",
            "campaign": campaign,
            "offset": self._offset,
            "arrived": moment(more.pop("arrived", time)),
        } | more
        self.client.insert("campaign_events", [list(row.values())], column_names=list(row))

    def profile(self, person: str, time: str, arrived: str = "", **attributes: str) -> None:
        self.event("profile", person, time, attributes=attributes, arrived=arrived or time)


def fill(world: World) -> None:
    """Put everything in."""
    _wallets(world)
    _gifts(world)
    _campaigns(world)
    _people(world)


def _wallets(world: World) -> None:
    result = world.result
    result("open", "ann", "2025-10-01 00:00")
    result("verify", "ann", "2025-11-01 00:00", activity="phone")
    result("earn", "ann", "2025-12-20 04:00", 30, activity="purchase", spend=3500)
    result("earn", "ann", "2026-01-05 04:00", 5, activity="check-in")
    result("redeem", "ann", "2026-01-10 04:00", -10, carrier="telecom", mb=10)
    result("verify", "ann", "2026-02-01 00:00", activity="identity")
    result("earn", "ann", "2026-02-10 04:00", 10, activity="game")
    result("packet_send", "ann", "2026-02-12 04:00", -6)
    result("packet_claim", "ann", "2026-02-13 04:00", 3, subject="packet:p@0")
    result("order_fulfil", "ann", "2026-02-14 04:00", -7)
    result("grant", "ann", "2026-02-15 04:00", 50, campaign="c1")
    result(
        "earn", "ann", "2026-02-18 04:00", 99, activity="purchase", spend=9900, event_id="undone"
    )
    result("reverse", "ann", "2026-02-19 04:00", -99, cause="undone", cause_source="tests")
    result("earn", "ann", "2026-02-20 13:00", 20, activity="purchase", spend=2000)  # at 21
    result("redeem", "ann", "2026-02-25 00:00", -30, carrier="unicom", mb=30)
    result("earn", "ann", "2026-02-26 04:00", 7, activity="game", arrived="2026-03-05 00:00")
    result("earn", "ann", "2026-02-27 12:00", 5, activity="check-in")  # at 20
    result("earn", "ann", "2026-03-01 00:00", 1000, activity="purchase", spend=100_000)
    result("earn", "ann", "2026-02-20 04:00", 9, activity="purchase", spend=900, outcome="refused",
           **{f"posting.{name}": [] for name in
              ("account", "kind", "amount", "balance", "version", "pending")})  # fmt: skip
    result("open", "bob", "2026-02-01 00:00")
    result("earn", "bob", "2026-02-27 04:00", 2, activity="purchase", spend=200)
    result("earn", "bob", "2026-02-28 23:59:59", 1, activity="check-in")
    result("open", "cat", "2025-12-01 00:00")
    result("earn", "cat", "2025-12-01 04:00", 10, activity="game")
    result("redeem", "cat", "2025-12-02 00:00", -2, carrier="mobile", mb=2)
    result("redeem", "cat", "2026-02-12 00:00", -1, carrier="mobile", mb=1)
    result("open", "dan", "2026-02-28 00:00")
    result("earn", "dan", "2026-03-20 00:00", 1, activity="check-in")
    result("open", "eve", "2026-03-01 00:00")
    result("earn", "fay", "2026-02-01 00:00", 5, activity="game", program="jd-flow-bank")


def _gifts(world: World) -> None:
    world.result("transfer", "ann", "2026-02-22 04:00", -8, payee="bob")
    world.result("transfer", "cat", "2026-02-24 04:00", -4, payee="ann")


def _campaigns(world: World) -> None:
    event = world.event
    event("contact", "ann", "2025-11-01 02:00", "c0", channel="mail", until=moment("2025-11-30"))
    event("conversion", "ann", "2025-11-05 02:00", "c0", channel="mail", value=100)
    event("contact", "ann", "2026-02-14 02:00", "c1", channel="app", until=moment("2026-02-28"))
    event("contact", "d-bob", "2026-02-14 02:00", "c1", channel="app", until=moment("2026-02-28"))
    seen = {"channel": "app", "format": "display"}
    event("exposure", "ann", "2026-02-15 02:00", "c1", pixels=0.6, seconds=2.0, **seen)
    event("click", "ann", "2026-02-15 03:00", "c1", channel="app", id="click")  # at 11
    event("click", "ann", "2026-02-15 05:00", "c1", channel="app", id="click")  # came again
    event("visit", "ann", "2026-02-16 03:30", "c1")  # at 11
    event("conversion", "ann", "2026-02-17 02:00", "c1", channel="app", value=500)
    event("click", "d-bob", "2026-02-20 13:00", "c1", channel="app")  # at 21
    event("conversion", "ann", "2026-02-26 02:00", "c2", value=900)  # before its first contact
    event("contact", "ann", "2026-02-27 02:00", "c2", channel="sms")
    event("exposure", "ann", "2026-02-28 02:00", "c2", pixels=0.2, seconds=9.0, **seen)
    event("contact", "ann", "2026-02-28 03:00", "c3", channel="sms", arrived="2026-03-04 00:00")
    event("visit", "ann", "2026-03-01 00:00", "c2")
    event("conversion", "ann", "2026-02-28 02:00", "nobody", value=70)  # contacted nobody
    event("visit", "cat", "2026-01-10 02:00", "c1")  # at 10, without a contact


def _people(world: World) -> None:
    world.event("link", "bob", "2026-02-05 00:00", other="d-bob", kind="device", linked=True)
    told = {"gender": '"female"', "province": '"Hunan"', "area": '"urban"', "device": '"old"'}
    world.profile("ann", "2026-01-01 00:00", carrier='"unicom"', birth_year="1990", **told)
    world.profile("ann", "2026-02-01 00:00", device='"new"')
    world.profile("ann", "2026-02-02 00:00", carrier='"mobile"', arrived="2026-03-03 00:00")
    world.profile("ann", "2026-03-01 00:00", carrier='"telecom"')
    world.profile("d-bob", "2026-02-06 00:00", device='"phone"')
