"""What of lift tells of a few people, so that an organisation does not see it.

An effect is told where its figures of both arms are: of 50 people or more, 10 or more of whom did
what it is about, and 10 or more of whom did not.
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from console.reports.checks import Exposed
    from console.reports.lift_report import LiftReport
    from console.reports.past import Before

TOO_FEW = LocalizedText(
    "fewer than {actions} people of an arm did so or did not, or the arm is of fewer than {people}",
    actions=ACTIONS_MIN,
    people=PEOPLE_MIN,
)
HIDDEN_ARM = LocalizedText("Effects are withheld: too few people are in an arm to be told of.")


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
    before = tuple(
        one
        for one in whole.before
        if told(one.metric, one.arm, whole.control) and _may_be_told(one, whole)
    )
    known = {(one.arm, one.metric) for one in before}
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
        adjusted=tuple(one for one in whole.adjusted if (one.arm, one.metric) in shown & known),
        costs=tuple(one for one in whole.costs if (one.arm, one.metric) in shown),
        of_whole=tuple(one for one in whole.of_whole if (one.arm, one.metric) in shown),
        before=before,
        exposures=_exposures(whole, set(arms)),
        prospects=whole.prospects if is_whole else (),
        sample_ratio=whole.sample_ratio if is_whole else None,
        blocked=whole.blocked if is_whole else HIDDEN_ARM,
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


def _may_be_told(one: Before, whole: LiftReport) -> bool:
    """Return whether what arms did before is of enough people; money goes by conversions."""
    if not METRICS[one.metric].is_rate:
        return all(
            _may_be_told(other, whole)
            for other in whole.before
            if other.arm == one.arm and other.metric == "conversion_rate"
        ) and any(other.metric == "conversion_rate" for other in whole.before)
    people = {arm.arm: arm.people for arm in whole.arms}
    return all(
        not 0 < part < ACTIONS_MIN
        for rate, arm in ((one.treated, one.arm), (one.control, whole.control))
        for part in (round(rate * people[arm]), round((1 - rate) * people[arm]))
    )


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
