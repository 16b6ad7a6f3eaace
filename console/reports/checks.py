"""Whether the arms are treated alike in all but the treatment, beside their sizes in `split`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reports.arm_names import arm_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.split import Split

Row = Mapping[str, Any]  # of reports/lift_exposures


@dataclass(frozen=True, kw_only=True)
class Exposed:
    """An arm's exposures to the campaign, from assignment on."""

    arm: str
    people: int
    exposed: int  # people
    exposures: int
    per_person: float


def exposed(rows: Sequence[Row], names: Sequence[str]) -> tuple[Exposed, ...]:
    """Return the arms' exposures, where there are any, in the order of `names`."""
    by_arm = {row["arm"]: row for row in rows}
    if not any(row["exposures"] for row in rows):
        return ()
    return tuple(
        Exposed(
            arm=name,
            people=row["people"],
            exposed=row["exposed"],
            exposures=row["exposures"],
            per_person=row["exposures"] / row["people"],
        )
        for name in names
        if (row := by_arm.get(name))
    )


def imbalanced(rows: Sequence[Row], control: str) -> tuple[LocalizedText, ...]:
    """Return what exposures after assignment say against the comparison, in words.

    The control arm should not be exposed at all, and treated arms alike. An imbalance is a fault,
    or itself an effect of the treatment.
    """
    from features.statistics.arms import Mean
    from features.statistics.balance import imbalances

    told = []
    by_arm = {row["arm"]: row for row in rows}
    base = by_arm.get(control)
    if base and base["exposed"]:
        told.append(
            LocalizedText(
                "{n:,} of {people:,} people of the control arm {control} were exposed to the "
                "campaign after assignment, so its effect is larger than what is shown here.",
                n=base["exposed"],
                people=base["people"],
                control=arm_name(control),
            )
        )
    treated = sorted(arm for arm in by_arm if arm != control)
    means = {
        arm: Mean(row["people"], row["exposures"], row["exposures_squared"])
        for arm in treated
        if (row := by_arm[arm])["people"] > 1
    }
    if len(means) < 2:  # noqa: PLR2004 - one arm has nothing to be compared with
        return tuple(told)
    first, *others = sorted(means)
    found = imbalances({arm: (means[arm], means[first]) for arm in others})
    told.extend(
        LocalizedText(
            "Arms {first} and {arm} were not exposed alike after assignment ({low:.2f} and "
            "{high:.2f} exposures a person, p = {p:.2g}): a fault, or an effect of the treatment.",
            first=arm_name(first),
            arm=arm_name(one.name),
            low=means[first].value,
            high=means[one.name].value,
            p=one.p_value,
        )
        for one in found
        if not one.ok
    )
    return tuple(told)


def too_many_crossed(crossed: int, people: int) -> tuple[LocalizedText, ...]:
    """Return a caution where many people are in two arms, of all who were assigned."""
    from features.statistics import balance

    if not balance.too_many_crossed(crossed, people):
        return ()
    return (
        LocalizedText(
            "{share:.1f} % of the people were assigned to more than one arm, and 1 % is the most "
            "that is let pass: look for what assigns them twice.",
            share=100 * crossed / people,
        ),
    )


def first_block(of: Split, before: LocalizedText | None) -> LocalizedText | None:
    """Return why effects are withheld: the sizes of the arms first, then what was before."""
    return of.blocked or before
