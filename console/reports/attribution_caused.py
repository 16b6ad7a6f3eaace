"""What the experiments of campaigns say was caused, to stand beside what touches are credited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.i18n import LocalizedText
from console.reports.basis import NotRandomisedError
from console.reports.lift import lift
from console.reports.lift_report import LiftReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from console.reports.basis import Query

METRIC = "conversion_rate"
NOT_RANDOMISED = LocalizedText(
    "unknown, since nobody was assigned to an arm: attribution says what came before a "
    "conversion, which is not its cause"
)


@dataclass(frozen=True, kw_only=True)
class Caused:
    """Conversions that an arm of a campaign caused: people who would not have converted without."""

    campaign: str
    arm: str  # '' where there are no arms, or nothing is said of any
    people: float | None  # as in the lift report; none where that withholds it
    low: float | None  # the ends of its interval there
    high: float | None
    confidence: float | None  # of the interval: a share
    why: LocalizedText | None  # nothing is said


def caused(client: Client, campaigns: tuple[str, ...]) -> tuple[list[Caused], list[Query]]:
    """Return what is known of each campaign, by arm, and the queries that tell it."""
    rows: list[Caused] = []
    queries: list[Query] = []
    for campaign in campaigns:
        try:
            found = lift(client, campaign)
        except NotRandomisedError:
            rows.append(_unknown(campaign, NOT_RANDOMISED))
        else:
            rows += _of(found)
            queries += found.queries
    return rows, queries


def _of(found: LiftReport) -> Iterator[Caused]:
    if found.blocked is not None:
        yield _unknown(found.campaign, found.blocked)
    for effect in found.effects:
        if effect.metric == METRIC:
            yield Caused(
                campaign=found.campaign,
                arm=effect.arm,
                people=effect.increment,
                low=effect.increment_low,
                high=effect.increment_high,
                confidence=effect.confidence,
                why=None,
            )
    for one in found.withheld:
        if one.metric == METRIC:
            yield _unknown(found.campaign, one.why, one.arm)


def _unknown(campaign: str, why: LocalizedText, arm: str = "") -> Caused:
    return Caused(
        campaign=campaign, arm=arm, people=None, low=None, high=None, confidence=None, why=why
    )
