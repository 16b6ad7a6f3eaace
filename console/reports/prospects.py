"""What a campaign can show at best, while nothing has happened yet."""

from __future__ import annotations

from dataclasses import dataclass

from console.reports.arm_names import arm_name
from console.reports.basis import Words


@dataclass(frozen=True, kw_only=True)
class Detectable:
    """The smallest rise of a rate that is found."""

    base_rate: float  # supposed of the control arm
    difference: float | None  # none when not even a rise to everybody is


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What an arm and the control arm can show, by their sizes alone."""

    arm: str
    control: str
    people: int
    control_people: int
    power: float  # the share of such experiments that find the rise
    detectable: tuple[Detectable, ...]
    least: int | None  # who must do it when nobody of the control does; none if all are too few
    words: Words


def prospects(people: dict[str, int], control: str) -> tuple[Prospect, ...]:
    """Return the prospect of each treated arm."""
    return tuple(
        _prospect(arm, control, count, people[control])
        for arm, count in people.items()
        if arm != control
    )


def _prospect(arm: str, control: str, people: int, control_people: int) -> Prospect:
    from features import prospect  # with scipy, which takes a second

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
) -> Words:
    en = f"{arm} ({people:,}) against {control} ({control_people:,}): "
    arm_zh, control_zh = arm_name(arm, "zh"), arm_name(control, "zh")
    zh = f"{arm_zh}（{people:,} 人）与{control_zh}（{control_people:,} 人）相比："
    if least is None:
        return Words(
            en=f"{en}so few people that no outcome, however clear, would count as an effect.",
            zh=f"{zh}人数太少，结果再明显也不足以算作效果。",
        )
    rises = [(one.base_rate, one.difference) for one in found if one.difference is not None]
    if rises:
        en += "eight of ten such experiments would find a rise of about " + ", ".join(
            f"{rise * 100:.2f} points from {rate:.0%}".replace("%", " %") for rate, rise in rises
        )
        zh += "此类实验十次中有八次能发现的最小升幅约为：" + "、".join(
            f"基准 {rate:.0%} 时 {rise * 100:.2f} 个百分点" for rate, rise in rises
        )
        en, zh = f"{en}; a smaller one would often be missed. ", f"{zh}；更小的升幅常会漏掉。"
    return Words(
        en=f"{en}If nobody of {control} did it, {least:,} of {arm} would have to.",
        zh=f"{zh}若{control_zh}无人如此，则{arm_zh}至少需有 {least:,} 人。",
    )
