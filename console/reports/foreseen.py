"""What a drop can show before it is launched: power, the smallest effect, days needed.

All of it is from the audience's own past: how many of these people did it, and what they bought, in
a time as long as is planned. The past stands for what the control arm will do; effects are read as
lift reads them, so that neither promises what the other does not find.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from console.i18n import LocalizedText, Names
from console.reporting.figures import lift, money, percent, points, signed_money
from console.reports.basis import NoReportError
from console.reports.metrics import METRICS, Metric, statistic
from features.statistics.arms import CARRIERS_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from console.reports.basis import QueryLog
    from features.statistics.arms import Mean, Ratio
    from features.statistics.foresight import Means, Rates

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
    smallest_difference: float | None  # found with a power of 80 %; none where no rise is
    smallest_lift: float | None  # the same over the base
    lift: float  # asked for
    power: float | None  # of finding it
    days_needed: int | None  # to find it with 80 %; none where 90 days are too few, or not known
    carriers: float | None = None  # of a sum of money: people of an arm expected to bring it

    @property
    def words(self) -> LocalizedText:
        """The same in words."""
        if METRICS[self.metric].kind == "quantile":
            return LocalizedText("not foreseen: of quantiles the past does not say enough")
        if self.base is None:
            return LocalizedText(
                "not foreseen: these people's past has no such outcome, so its rate is not known"
            )
        past = {"base": _figure(self.metric, self.base), "days": self.days}
        if self.power is None:
            return LocalizedText(
                "{base} in {days} days of the past; not foreseen: about {carriers:.0f} people of "
                "an arm are expected to bring it, and with fewer than {least} lift says nothing",
                carriers=self.carriers,
                least=CARRIERS_MIN,
                **past,
            )
        return LocalizedText(
            "{base} in {days} days of the past; {smallest}; {found} of 100 such drops find a lift "
            "of {lift}; {needed}",
            smallest=self._smallest,
            found=round(100 * self.power),
            lift=f"{100 * self.lift:g} %",
            needed=LocalizedText("90 days are too few for 8 of 10 to find it")
            if self.days_needed is None
            else LocalizedText("days needed for 8 of 10: {needed}", needed=self.days_needed),
            **past,
        )

    @property
    def _smallest(self) -> LocalizedText:
        if self.smallest_difference is None or self.smallest_lift is None:
            return LocalizedText("no rise, however large, is found by 8 of 10 such drops")
        values = {
            "least": points(self.smallest_difference)
            if METRICS[self.metric].is_rate
            else signed_money(self.smallest_difference),
            "lift": lift(self.smallest_lift),
        }
        if METRICS[self.metric].is_rate:
            return LocalizedText(
                "8 of 10 such drops find a rise of {least} points, a lift of {lift}", **values
            )
        return LocalizedText(
            "8 of 10 such drops find a rise of {least}, a lift of {lift}", **values
        )


def _figure(metric: str, value: float) -> str:
    return percent(value) if METRICS[metric].is_rate else money(value)


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
    from features.statistics.contrast import ALPHA
    from features.statistics.foresight import power, smallest_rise

    days = min(asked.days or DAYS, PAST_DAYS)
    alpha = ALPHA / len(asked.metrics)
    pasts = [_past(metric, asked, people, window) for window in windows]
    past = pasts[days - 1]
    widening = _widening(asked, alpha, windows[days - 1].get(metric.counted, 0), people)
    chances = [
        power(one.arms, asked.lift * one.base, alpha, widening) if one and one.arms else None
        for one in pasts
    ]
    arms = past.arms if past else None
    smallest = smallest_rise(arms, POWER, alpha, widening) if arms else None
    return Foreseen(
        metric=metric.name,
        audience_people=people,
        treated=asked.treated,
        control=asked.control,
        days=days,
        active_a_day=windows[-1]["active"] / PAST_DAYS,
        base=past.base if past else None,
        alpha=alpha,
        widening=widening,
        smallest_difference=smallest,
        smallest_lift=smallest / past.base if past and smallest is not None else None,
        lift=asked.lift,
        power=chances[days - 1],
        days_needed=next(
            (day for day, chance in enumerate(chances, 1) if chance and chance >= POWER), None
        ),
        carriers=past.carriers if past else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Past:
    """What is known of a metric in a window of the past."""

    base: float
    arms: Rates | Means | None  # none where lift would show no effect
    carriers: float | None


def _past(metric: Metric, asked: Asked, people: int, window: dict[str, int]) -> _Past | None:
    """Return what a window says of a metric; none where nothing is known."""
    from features.statistics.foresight import Means, Rates

    fewest = min(asked.treated, asked.control)
    if metric.kind == "quantile" or min(people, fewest) < 2:  # noqa: PLR2004
        return None
    one = statistic(metric, {"people": people, **window})
    if one is None or one.value <= 0 or one.variance_of_value <= 0:
        return None
    if metric.is_rate:
        arms = Rates(one.value, asked.treated, asked.control)
        return _Past(base=one.value, arms=arms, carriers=None)
    money_arms = Means.like(one, asked.treated, asked.control)
    carriers = cast("Mean | Ratio", one).carriers * fewest / people
    found = money_arms if min(carriers, fewest) >= CARRIERS_MIN else None
    return _Past(base=one.value, arms=found, carriers=carriers)


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
