"""Overlap: whom two campaigns both contacted, and what each adds to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.reports.basis import Query, Words

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one campaign adds, after those before it in the stated order."""

    campaign: str
    reach: int  # its own
    incremental: int  # people whom no campaign before it contacted
    cumulative: int


@dataclass(frozen=True, kw_only=True)
class OverlapReport:
    """Two campaigns' people, each person once."""

    a: str
    b: str
    reach_a: int
    reach_b: int
    overlap: int  # in both
    union: int  # in either
    only_a: int
    only_b: int
    share_of_a: float | None  # overlap / reach_a; none when nobody was contacted
    share_of_b: float | None
    share_of_union: float | None
    orders: tuple[tuple[Step, ...], ...]  # a then b, and b then a
    basis: Words
    notes: tuple[Words, ...]
    queries: tuple[Query, ...]


def overlap(client: Client, a: str, b: str) -> OverlapReport:
    """Return the overlap of campaigns `a` and `b`.

    Raises:
        NoReportError: when `a` and `b` are the same.
        UnknownCampaignError: when no event names one of them.
        EmptyWarehouseError: when there are no campaign events.
    """
    raise NotImplementedError
