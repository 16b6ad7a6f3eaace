"""Overlap: whom two campaigns both contacted, and what each adds to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.reports.basis import Asker, NoReportError, Words
from console.reports.campaigns import require
from console.reports.notes import notes
from console.reports.uncounted import uncounted, uncounted_words

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reports.basis import Query


BASIS = Words(
    en="Overlap counts people contacted, each once. A contact is a message or offer sent; it is "
    "not a viewable impression. What a campaign adds depends on the order, so both are given.",
    zh="重叠按被联系的人去重计数。联系是指已发出的消息或优惠，并不等于可见曝光。"
    "一个活动新增多少人取决于先后次序，因此两种次序都给出。",
)


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
    uncounted: tuple[Words, ...]  # what is stored and in no figure, if anything
    notes: tuple[Words, ...]
    queries: tuple[Query, ...]


def overlap(client: Client, a: str, b: str) -> OverlapReport:
    """Return the overlap of campaigns `a` and `b`.

    Raises:
        NoReportError: when `a` and `b` are the same.
        UnknownCampaignError: when no event names one of them.
        EmptyWarehouseError: when there are no campaign events.
    """
    if a == b:
        raise NoReportError(
            Words(
                en=f"overlap needs two campaigns, got {a!r} twice; name another",
                zh=f"重叠需要两个不同的活动，而两次都是 {a!r}；请另选一个。",
            )
        )
    require(client, (a, b))
    asker = Asker(client)
    (row,) = asker.rows("reports/overlap", a=a, b=b)
    reach_a, reach_b, both, either = (row[k] for k in ("reach_a", "reach_b", "overlap", "union"))
    return OverlapReport(
        a=a,
        b=b,
        reach_a=reach_a,
        reach_b=reach_b,
        overlap=both,
        union=either,
        only_a=reach_a - both,
        only_b=reach_b - both,
        share_of_a=_share(both, reach_a),
        share_of_b=_share(both, reach_b),
        share_of_union=_share(both, either),
        orders=(_order(a, reach_a, b, reach_b, either), _order(b, reach_b, a, reach_a, either)),
        basis=BASIS,
        uncounted=uncounted_words(uncounted(asker, (a, b)).values()),
        notes=notes((a, b)),
        queries=asker.asked,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _order(
    first: str, reach_first: int, then: str, reach_then: int, either: int
) -> tuple[Step, Step]:
    """Return what `first` brings, and what `then` adds to it."""
    return (
        Step(campaign=first, reach=reach_first, incremental=reach_first, cumulative=reach_first),
        Step(
            campaign=then,
            reach=reach_then,
            incremental=either - reach_first,
            cumulative=either,
        ),
    )
