"""Lift: what a randomised campaign caused, each treated arm against the control arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.reports.arm_names import arm_name
from console.reports.basis import Asker, NotRandomisedError, Words
from console.reports.campaigns import require
from console.reports.effects import effects
from console.reports.notes import notes
from console.reports.prospects import prospects
from console.reports.split import probability, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.reports.basis import Query
    from console.reports.effects import Effect, Withheld
    from console.reports.prospects import Prospect
    from console.reports.split import SampleRatio

CONTROL_ARMS = ("none", "control", "holdout")
CROSSED = ""  # the query's name for people in more than one arm

Sums = Mapping[str, Any]  # a row of reports/arms

BASIS = Words(
    en="Arms are compared as assigned, whether or not the message arrived. A person counts once, "
    "by what happened from assignment on.",
    zh="按随机分配的组比较，不论消息是否送达。每人只计一次，统计自分配之后发生的行为。",
)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """People assigned to one arm and what they did from assignment on."""

    arm: str
    people: int
    probability: float | None  # of being assigned to it; none when it varied
    visits: int  # people who visited, each once
    visit_rate: float
    conversions: int  # people who converted, each once
    conversion_rate: float
    value_cents: int | None  # revenue of their conversions; none when none gave a value
    value_per_person: float | None  # cents


@dataclass(frozen=True, kw_only=True)
class LiftReport:
    """Arms, effects and the check that lets them be believed."""

    campaign: str
    control: str
    arms: tuple[Arm, ...]  # control first, then by name
    effects: tuple[Effect, ...]  # by arm, then metric; empty when blocked
    withheld: tuple[Withheld, ...]  # the other arms' metrics, likewise
    prospects: tuple[Prospect, ...]  # by arm, while there is no outcome at all
    sample_ratio: SampleRatio | None  # none when the probabilities allow no check
    blocked: Words | None  # why there are no effects
    cautions: tuple[Words, ...]  # what must be known to read the effects
    crossed: int  # people in more than one arm, left out of everything
    basis: Words
    notes: tuple[Words, ...]
    queries: tuple[Query, ...]


def lift(client: Client, campaign: str, control: str | None = None) -> LiftReport:
    """Return the lift report of a randomised campaign.

    Args:
        client: of the warehouse.
        campaign: its name.
        control: the arm to compare with; by default the first of `CONTROL_ARMS` it has.

    Raises:
        NotRandomisedError: when nobody was assigned, or there is no control arm.
        UnknownCampaignError: when no event names the campaign.
        EmptyWarehouseError: when there are no campaign events.
    """
    require(client, (campaign,))
    asker = Asker(client)
    sums = {row["arm"]: row for row in asker.rows("reports/arms", campaign=campaign)}
    crossed = sums.pop(CROSSED, {"people": 0})["people"]
    base = _control(campaign, sorted(sums), control)
    names = [base, *sorted(sums.keys() - {base})]
    of = split({name: sums[name] for name in names})
    told, withheld = effects(sums[base], [sums[name] for name in names[1:]])
    nothing = not any(row["visits"] or row["conversions"] for row in sums.values())
    people = {name: int(sums[name]["people"]) for name in names}
    return LiftReport(
        campaign=campaign,
        control=base,
        arms=tuple(_arm(sums[name]) for name in names),
        effects=() if of.blocked else told,
        withheld=() if of.blocked else withheld,
        prospects=prospects(people, base) if nothing and not of.blocked else (),
        sample_ratio=of.check,
        blocked=of.blocked,
        cautions=of.cautions,
        crossed=crossed,
        basis=BASIS,
        notes=notes((campaign,)),
        queries=asker.asked,
    )


def _control(campaign: str, arms: Sequence[str], asked: str | None) -> str:
    """Return the arm to compare with."""
    if not arms:
        raise NotRandomisedError(
            Words(
                en=f"campaign {campaign} was not randomised: nobody was assigned to an arm, so "
                f"what it caused can't be told; use `flowdrop report reach {campaign}`",
                zh=f"活动 {campaign} 没有随机分组，无法得知它带来了什么；"
                f"可用 `flowdrop report reach {campaign}`。",
            )
        )
    for name in [asked] if asked else CONTROL_ARMS:
        if name in arms:
            return name
    wanted = repr(asked) if asked else " or ".join(CONTROL_ARMS)
    raise NotRandomisedError(
        Words(
            en=f"campaign {campaign} has no control arm {wanted}; its arms are "
            f"{', '.join(arms)}: name the one to compare with by --control",
            zh=f"活动 {campaign} 没有对照组 {wanted.replace(' or ', '、')}，只有"
            f"{'、'.join(arm_name(arm, 'zh') for arm in arms)}；请用 --control 指定用来比较的组。",
        )
    )


def _arm(row: Sums) -> Arm:
    """Return an arm as people read it."""
    people, valued = row["people"], row["conversions_valued"] > 0
    return Arm(
        arm=row["arm"],
        people=people,
        probability=probability(row),
        visits=row["visits"],
        visit_rate=row["visits"] / people,
        conversions=row["conversions"],
        conversion_rate=row["conversions"] / people,
        value_cents=row["value_cents"] if valued else None,
        value_per_person=row["value_cents"] / people if valued else None,
    )
