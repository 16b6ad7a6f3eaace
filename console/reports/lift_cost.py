"""What an effect cost: each one more of it, and what it is of the whole business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reports.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.effects import Effect

Row = Mapping[str, Any]  # of reports/lift_exposures, or reports/arms
MICROCENTS = 1_000_000  # in a cent

NO_COST = LocalizedText(
    "no cost is known: neither contacts nor exposures say what they cost, and no coins with a "
    "known price were granted"
)
NO_FINITE_COST = LocalizedText("no finite cost: the effect's interval includes none")
NOTHING_CAUSED = LocalizedText("no finite cost: nothing was caused")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one more person, or one more unit of revenue, of a treated arm cost."""

    arm: str
    metric: str
    cost_cents: float | None  # of the arm's contacts, exposures and coins; none where not known
    per_cents: float | None  # for one more person, or for one more unit of revenue
    per_low_cents: float | None
    per_high_cents: float | None  # none: no finite cost
    words: LocalizedText | None  # why there is no finite cost
    priced: int  # contacts and exposures of the arm that say what they cost
    priced_people: int  # who had any of those
    grants: int  # of coins to the arm
    wallets: int  # that these went to


@dataclass(frozen=True, kw_only=True)
class OfWhole:
    """What the effect is of the whole business, if everyone in the experiment had been treated."""

    arm: str
    metric: str  # value_per_person: of revenue
    lift: float  # of what everyone bought without the treatment
    low: float
    high: float
    coverage: float  # the share of the whole that the compared arms' people brought


def costs(found: Sequence[Effect], rows: Sequence[Row]) -> tuple[Cost, ...]:
    """Return the cost of one more of each effect that adds up to a total."""
    by_arm = {row["arm"]: row for row in rows}
    return tuple(
        _cost(effect, by_arm.get(effect.arm, {}))
        for effect in found
        if effect.increment is not None
    )


def _spent(row: Row) -> float | None:
    """Return what an arm cost, in cents; none where nothing says."""
    if not row:
        return None
    price, coins = row["coin_microcents"], row["coins"]
    if not row["priced"] and (price is None or not coins):
        return None
    return float(row["cents"]) + float(coins * (price or 0) / MICROCENTS)


def _cost(effect: Effect, row: Row) -> Cost:
    from features.statistics.impact import Increment, cost_per_increment

    spent = _spent(row)
    of = {name: int(row.get(name, 0)) for name in ("priced", "priced_people", "grants", "wallets")}
    if spent is None or effect.increment_low is None or effect.increment_high is None:
        return Cost(
            arm=effect.arm,
            metric=effect.metric,
            cost_cents=None,
            per_cents=None,
            per_low_cents=None,
            per_high_cents=None,
            words=NO_COST,
            **of,
        )
    unit = 1.0 if METRICS[effect.metric].is_rate else 100.0  # cents in a unit of revenue
    ends = (effect.increment or 0.0, effect.increment_low, effect.increment_high)
    per = cost_per_increment(spent, Increment(*(end / unit for end in ends)))
    words = None if per.finite else NOTHING_CAUSED if per.low is None else NO_FINITE_COST
    return Cost(
        arm=effect.arm,
        metric=effect.metric,
        cost_cents=spent,
        per_cents=per.value,
        per_low_cents=per.low,
        per_high_cents=per.high,
        words=words,
        **of,
    )


def of_whole(
    found: Sequence[Effect], arms: Mapping[str, Row], whole_cents: int
) -> tuple[OfWhole, ...]:
    """Return each arm's effect on revenue as a share of all revenue there was meanwhile."""
    from features.statistics.impact import global_lift

    told = []
    for effect in found:
        if METRICS[effect.metric].kind != "mean" or not whole_cents:
            continue
        treated, control = arms[effect.arm], arms[effect.control]
        people = treated["people"] + control["people"]
        one = global_lift(
            float(treated["value_cents"]),
            float(control["value_cents"]),
            float(whole_cents),
            treated_share=treated["people"] / people,
        )
        # What was caused is the difference per person times all of them, so its ends are too.
        scale = one.lift / effect.difference if effect.difference else 0.0
        told.append(
            OfWhole(
                arm=effect.arm,
                metric=effect.metric,
                lift=one.lift,
                low=effect.low * scale,
                high=effect.high * scale,
                coverage=one.coverage,
            )
        )
    return tuple(told)
