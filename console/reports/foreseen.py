"""What a drop can show before it is launched: power, the smallest effect, days needed.

All of it is from the audience's own past: how many of these people did it, and what they bought, in
a time as long as is planned. The past stands for what the control arm will do.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.i18n import LocalizedText, Names
from console.reporting.figures import money, percent, points, signed_money
from console.reports.basis import NoReportError
from console.reports.metrics import METRICS, Metric, statistic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from console.reports.basis import QueryLog
    from features.statistics.power import Plan

QUERIES = ("reports/audiences", "reports/power_past")
PAST_DAYS = 90  # of the past that is looked at, and the most that are planned by it
DAYS = 28  # where no end is planned
LIFT = 0.1  # to be found, where none is said to be the smallest that matters
POWER = 0.8
SUMS = (
    *("active", "visits", "conversions", "conversions_valued", "value_cents"),
    *("value_cents_squared", "conversions_valued_squared", "value_valued"),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose past, and how its effect is to be measured."""

    program: str
    audience: str
    treated: int  # people
    control: int
    days: int | None  # planned; none without an end
    lift: float  # to be found
    design: str
    tuned_at: int | None
    metrics: tuple[str, ...]  # goals: they share the risk of an error


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What can be shown of one metric; money is in cents, differences are in the metric's unit."""

    metric: str
    audience_people: int
    treated: int
    control: int
    days: int  # planned, 90 at most
    active_a_day: float  # people of the audience who did anything, on an average day
    base: float | None  # per person in so many days of the past; none where nothing is known
    alpha: float  # shared by the goal metrics
    widening: float  # of the design's interval at the end, over that of a single look
    smallest_difference: float | None  # found with a power of 80 %
    smallest_lift: float | None  # likewise; none where no lift is, however large
    lift: float  # asked for
    power: float | None  # of finding it
    days_needed: int | None  # to find it with 80 %; none where 90 days are too few, or not known

    @property
    def words(self) -> LocalizedText:
        """The same in words."""
        if METRICS[self.metric].kind == "quantile":
            return LocalizedText("not foreseen: of quantiles the past does not say enough")
        if self.base is None or self.smallest_difference is None or self.power is None:
            return LocalizedText(
                "not foreseen: these people's past has no such outcome, so its rate is not known"
            )
        rate = METRICS[self.metric].is_rate
        values = {
            "base": percent(self.base) if rate else money(self.base),
            "days": self.days,
            "least": f"{points(self.smallest_difference)}"
            if rate
            else signed_money(self.smallest_difference),
            "lift": f"{100 * self.lift:g} %",
            "power": percent(self.power, 0),
        }
        if self.days_needed is None:
            return LocalizedText(
                "{base} in {days} days of the past; the smallest difference found in 8 of 10 is "
                "{least}; a lift of {lift} is found in {power}, and 90 days are too few for 8 of "
                "10",
                **values,
            )
        return LocalizedText(
            "{base} in {days} days of the past; the smallest difference found in 8 of 10 is "
            "{least}; a lift of {lift} is found in {power}; days needed: {needed}",
            needed=self.days_needed,
            **values,
        )


def foreseen(log: QueryLog, asked: Asked, now: datetime) -> tuple[Foreseen, ...]:
    """Return what can be shown of each metric.

    Args:
        log: of the report.
        asked: whose past, and how it is measured.
        now: the past is before it.

    Raises:
        click.ClickException: when there is no such audience.
    """
    fingerprint, people = audience(log, asked.program, asked.audience)
    windows = _windows(log, asked, fingerprint, now)
    return tuple(_foreseen(METRICS[name], asked, people, windows) for name in asked.metrics)


def audience(log: QueryLog, program: str, name: str) -> tuple[str, int]:
    """Return a frozen audience's fingerprint and size.

    Raises:
        NoReportError: when there is none.
    """
    known = log.rows("reports/audiences", program=program)
    for row in known:
        if row["name"] == name:
            return row["fingerprint"], row["size"]
    raise NoReportError(
        LocalizedText(
            "audience: {name} is not frozen for program {program}; there are: {known}",
            name=repr(name),
            program=program,
            known=Names(tuple(row["name"] for row in known[:5])) if known else "-",
        )
    )


def _windows(log: QueryLog, asked: Asked, fingerprint: str, now: datetime) -> list[dict[str, int]]:
    """Return sums over the audience for each number of days that just passed, from 1 on."""
    by_day: dict[int, dict[str, int]] = {
        int(row["day"]): row
        for row in log.rows(
            "reports/power_past",
            program=asked.program,
            audience=asked.audience,
            fingerprint=fingerprint,
            at=now,
            days=PAST_DAYS,
        )
    }
    total: dict[str, int] = defaultdict(int)
    found = []
    for day in range(PAST_DAYS):
        for key in SUMS:
            total[key] += int(by_day.get(day, {}).get(key, 0))
        found.append(dict(total))
    return found


def _foreseen(
    metric: Metric, asked: Asked, people: int, windows: Sequence[dict[str, int]]
) -> Foreseen:
    from features.statistics import power
    from features.statistics.contrast import ALPHA

    days = min(asked.days or DAYS, PAST_DAYS)
    alpha = ALPHA / len(asked.metrics)
    plans = [_plan(metric, asked, people, window) for window in windows]
    plan = plans[days - 1]
    widening = _widening(asked, alpha, windows[days - 1].get(metric.counted, 0), people)
    needed = (
        number
        for number, one in enumerate(plans, 1)
        if one is not None
        and power.power(asked.lift * one.mean, one.error, alpha, widening) >= POWER
    )
    return Foreseen(
        metric=metric.name,
        audience_people=people,
        treated=asked.treated,
        control=asked.control,
        days=days,
        active_a_day=windows[-1]["active"] / PAST_DAYS,
        base=plan.mean if plan else None,
        alpha=alpha,
        widening=widening,
        smallest_difference=power.smallest_effect(plan.error, alpha, POWER, widening)
        if plan
        else None,
        smallest_lift=power.smallest_lift(plan, alpha, POWER, widening) if plan else None,
        lift=asked.lift,
        power=power.power(asked.lift * plan.mean, plan.error, alpha, widening) if plan else None,
        days_needed=next(needed, None),
    )


def _plan(metric: Metric, asked: Asked, people: int, window: dict[str, int]) -> Plan | None:
    """Return a metric's mean and variance per person in a window; none where nothing is known."""
    from features.statistics.power import Plan

    if metric.kind == "quantile" or min(people, asked.treated, asked.control) < 2:  # noqa: PLR2004
        return None
    one = statistic(metric, {"people": people, **window})
    if one is None or one.value <= 0 or one.variance_of_value <= 0:
        return None
    return Plan(one.value, one.variance_of_value * people, asked.treated, asked.control)


def _widening(asked: Asked, alpha: float, did: int, people: int) -> float:
    """Return how much wider the design's interval is at the end than that of a single look."""
    from features.statistics import always_valid, group_sequential
    from features.statistics.contrast import upper_quantile

    single = upper_quantile(alpha / 2)
    if asked.design == "group-sequential":
        days = min(asked.days or DAYS, PAST_DAYS)
        looks = group_sequential.looks([(day + 1) / days for day in range(days)], alpha)
        return looks[-1].bound / single
    if asked.design == "always-valid":
        share = (asked.treated + asked.control) / people if people else 1.0
        rho2 = always_valid.rho_squared(asked.tuned_at or 1_000, alpha)
        return always_valid.multiplier(max(1.0, did * share), rho2, alpha) / single
    return 1.0
