"""Why somebody is in a drop, or not: read from what was recorded when it was created."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from console.drops.fill import BY_LOT, BY_SCORE
from console.drops.selection import REASONS, TREATED
from console.drops.tables import LeftOutRow, LeftOutSinceRow, MemberRow
from console.i18n import N_, LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.drops.tables import Drop

FACTS = {
    "reason": N_("reason"),
    "rules_met": N_("not left out for"),
    "rank": N_("rank"),
    "score": N_("score"),
    "score_per_coin": N_("score per coin"),
    "least_score_per_coin": N_("price of a coin: the least chosen by score"),
    "chosen_by": N_("chosen by"),
    "chance": N_("chance to be in the drop"),
    "arm": N_("arm"),
    "arm_probability": N_("chance of that arm in the drop"),
    "propensity": N_("chance of what was decided"),
    "left_out_since": N_("left out since"),
}


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What decided about one person; what does not apply or was not kept is none."""

    drop: str
    person: str
    is_in: bool
    reason: str  # why not: the first rule that was not met
    rules_met: list[str]  # those before it, or all: what nobody may be left out by
    rank: int
    score: float | None
    amount: int  # coins for each person treated
    score_per_coin: float | None
    least_score_per_coin: float | None  # of those chosen by score: the price of a coin
    chosen_by: str  # score, exploring, or lot where personalisation is off
    chance: float | None  # to be in the drop at all
    arm: str
    arm_probability: float | None  # of those in the drop
    propensity: float | None  # chance of what was decided: in this arm, or not in the drop
    left_out_since: str  # why a launch left them out


def explained(session: Session, drop: Drop, person: str) -> Explanation:
    """Return what decided about `person` in `drop`.

    Raises:
        click.ClickException: when they were not in its audience.
    """
    member = session.get(MemberRow, (drop.name, person))
    left_out = None if member else session.get(LeftOutRow, (drop.name, person))
    found = member or left_out
    if found is None:
        raise LocalizedError(
            LocalizedText(
                "person {person!r} is not in the audience {audience!r} that drop {name!r} was made "
                "for; `flowdrop drop preview {name} --csv` lists those who are",
                person=person,
                audience=drop.audience,
                name=drop.name,
            )
        )
    reason = left_out.reason if left_out else ""
    met = REASONS[: REASONS.index(reason)] if reason else REASONS
    since = session.get(LeftOutSinceRow, (drop.name, person))
    least = session.scalar(
        select(func.min(MemberRow.score)).where(
            MemberRow.drop == drop.name, MemberRow.chosen_by == BY_SCORE
        )
    )
    chance = found.chance
    share = member.probability if member else 1.0
    decided = None if chance is None else (chance if member else 1 - chance) * share
    is_lot = member is not None and member.chosen_by == BY_LOT
    return Explanation(
        drop=drop.name,
        person=person,
        is_in=member is not None,
        reason=reason,
        rules_met=list(met),
        rank=found.rank,
        score=None if is_lot else found.score,
        amount=drop.amount,
        score_per_coin=None if is_lot or found.score is None else found.score / drop.amount,
        least_score_per_coin=None if least is None else least / drop.amount,
        chosen_by=member.chosen_by if member else "",
        chance=chance,
        arm=member.arm if member else "",
        arm_probability=member.probability if member else None,
        propensity=decided,
        left_out_since=since.reason if since else "",
    )


def sentence(found: Explanation) -> LocalizedText:
    """Return the decision in one sentence."""
    if found.reason:
        return LocalizedText(
            "{person} is not in drop {drop}: {reason}",
            person=found.person,
            drop=found.drop,
            reason=found.reason,
        )
    return LocalizedText(
        "{person} is in drop {drop}, chosen by {way}, {what}",
        person=found.person,
        drop=found.drop,
        way=found.chosen_by,
        what=LocalizedText("granted {n:,} coins", n=found.amount)
        if found.arm == TREATED
        else LocalizedText("held out at random"),
    )
