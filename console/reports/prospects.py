"""What a campaign can show at best, while nothing has happened yet."""

from __future__ import annotations

from dataclasses import dataclass

from console.i18n import LocalizedText, Names
from console.reports.arm_names import arm_name


@dataclass(frozen=True, kw_only=True)
class Detectable:
    """The smallest rise of a rate that is found."""

    base_rate: float  # assumed of the control arm
    difference: float | None  # none if not even a rise to everybody is


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What an arm and the control arm can show, from their sizes alone."""

    arm: str
    control: str
    people: int
    control_people: int
    power: float  # the share of such experiments that find the rise
    detectable: tuple[Detectable, ...]
    least: int | None  # how many must do it if no control does; none if all are too few
    words: LocalizedText


def prospects(people: dict[str, int], control: str) -> tuple[Prospect, ...]:
    """Return the prospect of each treated arm."""
    return tuple(
        _prospect(arm, control, count, people[control])
        for arm, count in people.items()
        if arm != control
    )


def _prospect(arm: str, control: str, people: int, control_people: int) -> Prospect:
    from features.statistics import prospect  # with scipy, which takes a second

    found = tuple(
        Detectable(base_rate=rate, difference=prospect.detectable(people, control_people, rate))
        for rate in prospect.BASE_RATES
    )
    least = prospect.least(people, control_people)
    return Prospect(
        arm=arm,
        control=control,
        people=people,
        control_people=control_people,
        power=prospect.POWER,
        detectable=found,
        least=least,
        words=_words(arm, control, people, control_people, found, least),
    )


def _words(
    arm: str,
    control: str,
    people: int,
    control_people: int,
    found: tuple[Detectable, ...],
    least: int | None,
) -> LocalizedText:
    of: dict[str, object] = {
        "arm": arm_name(arm),
        "control": arm_name(control),
        "people": people,
        "control_people": control_people,
    }
    if least is None:
        return LocalizedText(
            "{arm} ({people:,}) against {control} ({control_people:,}): too few people for any "
            "outcome, however clear, to count as an effect.",
            **of,
        )
    rises = tuple(
        LocalizedText(
            "{points:.2f} points from {rate:.0f} %",
            points=one.difference * 100,
            rate=one.base_rate * 100,
        )
        for one in found
        if one.difference is not None
    )
    if not rises:
        return LocalizedText(
            "{arm} ({people:,}) against {control} ({control_people:,}): if nobody in {control} did "
            "it, at least {least:,} in {arm} would have to.",
            least=least,
            **of,
        )
    return LocalizedText(
        "{arm} ({people:,}) against {control} ({control_people:,}): eight out of ten such "
        "experiments would detect a rise of about {rises}; a smaller one would often be missed. If "
        "nobody in {control} did it, at least {least:,} in {arm} would have to.",
        rises=Names(rises),
        least=least,
        **of,
    )
