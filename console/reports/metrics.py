"""The metrics that lift can be read by: what each is, and an arm's statistic from its sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from console.i18n import LocalizedText, Names
from console.reports.basis import NoReportError
from features.statistics.arms import Mean, Proportion, Quantile, Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.purchases import Purchases

Sums = Mapping[str, Any]  # of an arm: a row of reports/arms
Kind = Literal["binomial", "mean", "ratio", "quantile"]
Statistic = Proportion | Mean | Ratio | Quantile


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is compared between arms; money is in cents."""

    name: str
    kind: Kind
    counted: str  # the sum of those who did it, each person once: `visits` or `conversions`
    level: float | None = None  # of a quantile

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of people; if not, it is money."""
        return self.kind == "binomial"


METRICS = {
    metric.name: metric
    for metric in (
        Metric(name="visit_rate", kind="binomial", counted="visits"),
        Metric(name="conversion_rate", kind="binomial", counted="conversions"),
        Metric(name="value_per_person", kind="mean", counted="conversions"),
        Metric(name="value_per_purchase", kind="ratio", counted="conversions"),
        Metric(name="purchase_p50", kind="quantile", counted="conversions", level=0.5),
        Metric(name="purchase_p90", kind="quantile", counted="conversions", level=0.9),
    )
}
USUAL = ("visit_rate", "conversion_rate", "value_per_person")  # shown where none is chosen


def chosen(field: str, text: str | None) -> tuple[str, ...]:
    """Return the metrics that `text` names, with commas between.

    Raises:
        NoReportError: when one is none, or is named twice, or `text` has no name in it.
    """
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    if text and not names:
        raise NoReportError(
            LocalizedText(
                "{field}: {text} names no metric; use {known}, with commas between",
                field=field,
                text=repr(text),
                known=Names(tuple(METRICS), last="or"),
            )
        )
    for name in names:
        if name not in METRICS:
            raise NoReportError(
                LocalizedText(
                    "{field}: {name} is no metric; use {known}, with commas between",
                    field=field,
                    name=repr(name),
                    known=Names(tuple(METRICS), last="or"),
                )
            )
        if names.count(name) > 1:
            raise NoReportError(
                LocalizedText(
                    "{field}: {name} is named twice; name it once", field=field, name=name
                )
            )
    return names


def statistic(metric: Metric, row: Sums, purchases: Purchases | None = None) -> Statistic | None:
    """Return an arm's statistic; none where it has no value yet, as of one person alone."""
    people = int(row["people"])
    if metric.kind == "binomial":
        return Proportion(row[metric.counted], people)
    if people < 2:  # noqa: PLR2004 - one person has no variance
        return None
    if metric.kind == "mean":
        return Mean(people, row["value_cents"], row["value_cents_squared"])
    if not row["conversions_valued"]:
        return None
    if metric.level is not None:
        return purchases.quantile(metric.level, people) if purchases else None
    return Ratio(
        people,
        *(row["value_cents"], row["value_cents_squared"]),
        *(row["conversions_valued"], row["conversions_valued_squared"], row["value_valued"]),
    )


def quantiles(names: Sequence[str]) -> bool:
    """Return whether one of these metrics is a quantile, which needs every purchase."""
    return any(METRICS[name].kind == "quantile" for name in names)
