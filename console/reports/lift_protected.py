"""What of lift tells of a few people, so that an organisation does not see it.

An effect is told where its figures of both arms are: of 50 people or more, 10 or more of whom did
what it is about, and 10 or more of whom did not. What counts people in others' campaigns is
not told at all: the arms' past, effects adjusted for it, and the effect on the whole business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.protection import Implied, Path, Protection, Sum
from console.reporting.viewer import ACTIONS_MIN, PEOPLE_MIN
from console.reports.effects import Withheld
from console.reports.metrics import METRICS
from console.reports.notes import notes
from console.reports.past import DAYS as PRE_DAYS
from console.reports.past import blocked as blocked_by_past

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from console.reports.checks import Exposed
    from console.reports.lift_cost import Cost
    from console.reports.lift_report import LiftReport

TOO_FEW = LocalizedText(
    "fewer than {actions} people of an arm did so or did not, or the arm is of fewer than {people}",
    actions=ACTIONS_MIN,
    people=PEOPLE_MIN,
)
HIDDEN_ARM = LocalizedText("Effects are withheld: too few people are in an arm to be told of.")
UNLIKE = LocalizedText(
    "Effects are withheld: the platform's staff see that the arms may differ in more than the "
    "treatment; ask them."
)


def _sums(found: LiftReport) -> Iterator[Sum]:
    for name, least in (
        ("people", PEOPLE_MIN),
        ("visits", ACTIONS_MIN),
        ("conversions", ACTIONS_MIN),
    ):
        parts = tuple(("arms", n, name) for n in range(len(found.arms)))
        every = sum(getattr(arm, name) for arm in found.arms)
        yield Sum(Implied((name,), every, least, is_told=True), parts)  # the report of sales may
    for n, arm in enumerate(found.arms):
        at: Path = ("arms", n)
        for name, people in (("visits", arm.visits), ("conversions", arm.conversions)):
            rest = None if people == arm.people else ACTIONS_MIN
            yield Sum((*at, "people"), ((*at, name),), rest=rest)


def _finish(left: LiftReport, whole: LiftReport) -> LiftReport:
    """Fill in what is told of effects, by the counts of arms that are left."""
    arms = {arm.arm: arm for arm in left.arms}
    is_whole = len(arms) == len(whole.arms)

    def told(metric: str, *of: str) -> bool:
        return all(name in arms and _is_told(metric, arms[name]) for name in of)

    effects = tuple(one for one in whole.effects if told(one.metric, one.arm, one.control))
    shown = {(one.arm, one.metric) for one in effects}
    exposures = _exposures(whole, set(arms))
    return replace(
        left,
        measured={
            metric: {arm: value for arm, value in own.items() if told(metric, arm)}
            for metric, own in whole.measured.items()
        },
        effects=effects,
        withheld=(
            *(replace(one, why=TOO_FEW) for one in whole.withheld if one.arm in arms),
            *(
                Withheld(arm=one.arm, metric=one.metric, reason="people", why=TOO_FEW)
                for one in whole.effects
                if (one.arm, one.metric) not in shown
            ),
        ),
        adjusted=(),  # by the past, which is in everybody's campaigns, as is the whole business
        before=(),
        of_whole=(),
        costs=tuple(
            one
            for one in whole.costs
            if (one.arm, one.metric) in shown and _is_cost_told(one, left, whole, exposures)
        ),
        exposures=exposures,
        prospects=whole.prospects if is_whole else (),
        sample_ratio=whole.sample_ratio if is_whole else None,
        blocked=_blocked(whole) if is_whole else HIDDEN_ARM,
        cautions=whole.plan.departures,
        notes=notes((whole.campaign,)),
    )


def _is_told(metric: str, arm: Any) -> bool:
    """Return whether what an arm did of a metric is told; nobody's quantile is of a few."""
    of = METRICS[metric]
    people: int | None = getattr(arm, of.counted)
    if arm.people is None or people is None:
        return False
    if of.level is not None:  # a purchase itself, of somebody
        return people >= PEOPLE_MIN / min(of.level, 1 - of.level)
    return of.is_rate or people > 0


def _is_cost_told(
    one: Cost, left: LiftReport, whole: LiftReport, exposures: tuple[Exposed, ...]
) -> bool:
    """Return whether a cost is of enough people, and of all but a few.

    Who knows a price learns from a cost how often it was paid.
    """
    if whole.exposures and not exposures:
        return False
    (people,) = [arm.people for arm in left.arms if arm.arm == one.arm]
    return not any(
        0 < part < PEOPLE_MIN
        for events, own in ((one.priced, one.priced_people), (one.grants, one.wallets))
        for part in (own, events - own, *([people - own] if own else []))
    )


def _blocked(whole: LiftReport) -> LocalizedText | None:
    """Return why there are no effects; what arms did before was in everybody's campaigns."""
    past = blocked_by_past(whole.before)
    return UNLIKE if past and whole.blocked and past.en == whole.blocked.en else whole.blocked


def _exposures(whole: LiftReport, arms: set[str]) -> tuple[Exposed, ...]:
    """Return the exposures of arms; none where few of an arm were exposed, or were not."""
    if any(
        0 < part < PEOPLE_MIN
        for one in whole.exposures
        for part in (one.exposed, one.people - one.exposed, one.exposures - one.exposed)
    ):
        return ()
    return tuple(one for one in whole.exposures if one.arm in arms)


def _refusal(asked: Mapping[str, Any]) -> LocalizedText | None:
    """Refuse what would tell of those people by whom two settings differ."""
    if asked["pre_days"] != PRE_DAYS:
        return LocalizedText("other days before assignment are for the platform's staff only")
    if asked["strata"]:
        return LocalizedText("strata are for the platform's staff only")
    return None


PROTECTION: Protection[Any] = Protection(
    counts={
        "people": PEOPLE_MIN,
        "visits": ACTIONS_MIN,
        "conversions": ACTIONS_MIN,
    },
    derived={
        "visit_rate": ("visits", "people"),
        "conversion_rate": ("conversions", "people"),
        "value_cents": ("conversions",),
        "value_per_person": ("conversions", "people"),
    },
    told=frozenset(
        {
            *("campaign", "control", "arm", "probability", "pre_days", "plan", "goal", "basis"),
            *("queries", "measured", "effects", "withheld", "adjusted", "costs", "of_whole"),
            *("before", "exposures", "prospects", "sample_ratio", "blocked", "cautions"),
        }
    ),
    rows={"arms": "people"},
    sums=_sums,
    finish=_finish,
    refusal=_refusal,
)
