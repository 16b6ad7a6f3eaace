"""Reach: whom campaigns contacted, when, what those people did, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from console.reports.basis import Query, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

BASIS = Words(
    en="Reach counts people contacted, each once. A contact is a message or offer sent; it is not "
    "a viewable impression. Several campaigns give the people in any of them, never a sum. "
    "Days are UTC.",
    zh="触达按人去重计数,统计的是被联系过的人。联系是指已发出的消息或优惠,并不等于可见曝光。"
    "多个活动取并集,绝不相加。日期按 UTC 划分。",
)
AMONG = Words(
    en="Conversions count events of these campaigns by people whom the same campaign had "
    "contacted, from their first contact on. They happened after contact; whether because of it, "
    "only a lift report can say.",
    zh="转化只统计被同一活动联系过的人,自首次联系起发生的转化事件。它们发生在联系之后;"
    "是否由联系引起,只有增量报告能回答。",
)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One UTC day on which anyone was contacted or converted."""

    day: date
    contacted: int  # people contacted that day
    new: int  # of them, for the first time
    cumulative: int  # people contacted up to the end of that day
    conversions: int  # events that day


@dataclass(frozen=True, kw_only=True)
class Conversions:
    """What the people reached did afterwards (see `AMONG`)."""

    count: int  # events
    people: int  # who converted, each once
    value_cents: int | None  # revenue; none when no conversion gave a value
    outside: int  # events of these campaigns that `count` leaves out


@dataclass(frozen=True, kw_only=True)
class Coins:
    """Coins the campaigns granted, in the smallest unit of a program."""

    program: str
    coins: int
    grants: int
    people: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What it cost, as far as the events say."""

    contacts_cents: int | None  # none when no contact gave a cost
    contacts_priced: int  # contacts that gave a cost
    contacts_free_of_price: int  # contacts that gave none
    coins: tuple[Coins, ...]  # by program


@dataclass(frozen=True, kw_only=True)
class CampaignReach:
    """One campaign's own numbers, which overlap with the others'."""

    campaign: str
    reach: int
    contacts: int
    start: datetime | None  # first contact
    end: datetime | None  # latest end of its offers
    conversions: int
    converted: int  # people
    value_cents: int | None


@dataclass(frozen=True, kw_only=True)
class ReachReport:
    """Reach of one campaign or of the union of several."""

    campaigns: tuple[str, ...]
    reach: int  # people contacted by any of them, each once
    contacts: int  # messages and offers sent
    contacts_per_person: float | None
    by_day: tuple[Day, ...]
    conversions: Conversions
    cost: Cost
    by_campaign: tuple[CampaignReach, ...]  # in the order asked
    basis: Words
    among: Words  # whose conversions count
    notes: tuple[Words, ...]
    queries: tuple[Query, ...]


def reach(client: Client, campaigns: Sequence[str]) -> ReachReport:
    """Return the reach report of `campaigns`: their union, and each one's own numbers.

    Raises:
        UnknownCampaignError: when no event names one of them.
        EmptyWarehouseError: when there are no campaign events.
    """
    raise NotImplementedError
