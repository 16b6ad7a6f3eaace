"""Draw who would be in a drop, and say what it could show: nothing is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from console.drops import audience, measurement
from console.drops.fill import Lots
from console.drops.restraint import NO_RESTRAINT, restrained
from console.drops.selection import HOLDOUT, Selection, holdout_size, select
from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError, QueryLog
from console.reports.foreseen import LIFT, Asked, Foreseen, foreseen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from console.drops.measurement import Measurement
    from console.drops.policy import Policy
    from console.drops.restraint import Restraint
    from console.drops.selection import Candidate, Member
    from console.drops.terms import Terms


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Who would be in a drop, how it would be measured, and what that could show.

    Attributes:
        selection: everyone of the audience, in the drop or left out.
        how: it is measured.
        power: by goal metric, as a drop keeps it; none where nobody is held out.
    """

    selection: Selection
    how: Measurement
    power: list[dict[str, Any]] | None


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """What a drop would be if it were created now; coins are the program's smallest unit."""

    audience_people: int
    treated: int
    holdout: int
    cost: int  # coins, if every grant is applied
    budget_left: int
    left_out: dict[str, int]  # people by reason
    approvers: int  # who have to agree before it can be launched
    design: str
    power: list[Foreseen]


def draw(
    client: Client,
    terms: Terms,
    *,
    secret: str,
    now: datetime,
    restraint: Restraint = NO_RESTRAINT,
) -> Drawn:
    """Choose the people of a drop and draw its arms, by terms that were checked.

    Args:
        client: of the warehouse, which knows the audience, consent and wallets.
        terms: of the drop.
        secret: key of the draw.
        now: the time of the draw.
        restraint: what holds for all drops.

    Raises:
        click.ClickException: when the audience does not exist, nobody would be granted anything,
            or it can't be measured so.
    """
    how = measurement.settled(terms.measured, terms.until, now)
    people = audience.candidates(client, terms.program, terms.audience)
    if not people:
        raise LocalizedError(
            LocalizedText(
                "audience: {audience!r} holds nobody; see `flowdrop audience list`, or freeze one "
                "with `flowdrop audience freeze`",
                audience=terms.audience,
            )
        )
    names = [each.person for each in people]
    blocked = restrained(client, terms.name, names, restraint, now)
    blocked |= audience.blocked(client, terms.program, names)
    chosen = select(
        people,
        drop=terms.name,
        budget=terms.budget,
        amount=terms.amount,
        holdout=terms.holdout,
        secret=secret,
        blocked=blocked,
        lots=Lots(terms.explore, audience.impersonal(client)),
    )
    _check_treated(terms, people, chosen)
    found = power(client, terms.program, terms.audience, chosen.members, how, now)
    return Drawn(selection=chosen, how=how, power=found)


def sketched(terms: Terms, drawn: Drawn, policy: Policy) -> Sketch:
    """Return what was drawn in counts and coins."""
    members, left_out = drawn.selection.members, drawn.selection.left_out
    held = sum(each.arm == HOLDOUT for each in members)
    treated = len(members) - held
    return Sketch(
        audience_people=len(members) + len(left_out),
        treated=treated,
        holdout=held,
        cost=treated * terms.amount,
        budget_left=terms.budget - treated * terms.amount,
        left_out=dict(sorted(Counter(each.reason for each in left_out).items())),
        approvers=policy.needed(terms.budget, treated),
        design=drawn.how.design,
        power=[Foreseen(**one) for one in drawn.power or ()],
    )


def power(
    client: Client,
    program: str,
    frozen: str,
    members: Sequence[Member],
    how: Measurement,
    now: datetime,
) -> list[dict[str, Any]] | None:
    """Return what a drop can show, by goal metric; none where nobody is held out.

    Args:
        client: of the warehouse.
        program: whose wallets.
        frozen: name of the audience, whose past says how often what is measured happens.
        members: of both arms.
        how: the drop is measured.
        now: when it begins.
    """
    held = sum(one.arm == HOLDOUT for one in members)
    if not held:
        return None
    found = foreseen(
        QueryLog(client),
        Asked(
            program=program,
            audience=frozen,
            treated=len(members) - held,
            control=held,
            days=measurement.days(how.planned_end, now),
            lift=how.smallest_lift or LIFT,
            design=how.design,
            tuned_at=how.tuned_at,
            metrics=tuple(how.goals),
        ),
        now,
    )
    return [asdict(one) for one in found]


def _check_treated(terms: Terms, people: list[Candidate], chosen: Selection) -> None:
    taken = len(chosen.members)
    if taken - holdout_size(taken, terms.holdout):
        return
    reasons = Counter(person.reason for person in chosen.left_out)
    why = tuple(f"{n:,} {reason}" for reason, n in sorted(reasons.items()))
    raise LocalizedError(
        LocalizedText(
            "audience: of the {people:,} people of {audience!r} nobody would get coins ({why}; "
            "holdout {holdout:g}); choose another audience, program or holdout",
            people=len(people),
            audience=terms.audience,
            why=Names(why) if why else LocalizedText("none left out"),
            holdout=terms.holdout,
        )
    )
