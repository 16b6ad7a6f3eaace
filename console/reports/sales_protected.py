"""How the figures of sales relate, so that none tells of a few people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.reporting.protection import Path, Protection, Sum
from console.reporting.viewer import ACTIONS_MIN, PEOPLE_MIN
from console.reports.days import Window
from console.reports.overlapping import overlapping
from console.reports.populations import buyers
from console.reports.refused import NOT_PAID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from console.reporting.population import Population


def _sums(found: Any) -> Iterator[Sum]:
    own = range(1, len(found.sales))
    for n, each in enumerate(found.sales):
        at: Path = ("sales", n)
        yield _among((*at, "purchases"), each.purchases, (*at, "buyers"), each.buyers, ACTIONS_MIN)
        yield Sum((*at, "buyers"), ((*at, "buyers_known"), (*at, "buyers_unlinked")))
        yield _among(
            (*at, "purchases"), each.purchases, (*at, "rewarded"), each.rewarded, ACTIONS_MIN
        )
        bins = tuple((*at, "sharers_by_friends", i) for i in range(len(each.sharers_by_friends)))
        yield Sum((*at, "sharers"), bins)
        for many, few in (
            (("friends", each.friends), ("friends_drew", each.friends_drew)),
            (("friends_drew", each.friends_drew), ("friends_bought", each.friends_bought)),
        ):
            yield _among((*at, many[0]), many[1], (*at, few[0]), few[1], PEOPLE_MIN)
    if own:
        for name in ("purchases", "rewarded"):
            yield Sum(("sales", 0, name), tuple(("sales", n, name) for n in own))
        for name, least in (
            *(("buyers", ACTIONS_MIN), ("sharers", PEOPLE_MIN), ("friends", PEOPLE_MIN)),
            *(("friends_drew", PEOPLE_MIN), ("friends_bought", ACTIONS_MIN)),
        ):
            parts = [("sales", n, name) for n in own]
            whole, *people = (getattr(each, name) for each in found.sales)
            yield from overlapping(("sales", 0, name), whole, parts, people, least)
    for m, rule in enumerate(found.rewards):
        at = ("rewards", m)
        yield _among((*at, "rewards"), rule.rewards, (*at, "purchases"), rule.purchases, 1)
        for n, each in enumerate(found.sales):
            if each.campaign == rule.campaign:
                whole = ("sales", n, "purchases")
                yield _among(whole, each.purchases, (*at, "purchases"), rule.purchases, ACTIONS_MIN)
    yield from _rewarded(found)


def _rewarded(found: Any) -> Iterator[Sum]:
    for n, each in enumerate(found.sales):
        of_buyers = [
            ("rewards", m, "purchases")
            for m, rule in enumerate(found.rewards)
            if rule.rewarded == "buyer" and each.campaign in {"", rule.campaign}
        ]
        if of_buyers:
            yield Sum(("sales", n, "rewarded"), tuple(of_buyers))


def _among(whole: Path, events: int, part: Path, people: int, least: int) -> Sum:
    return Sum(whole, (part,), rest=None if events == people else least)


def _prepare(_client: Client, found: Any) -> Any:
    """Leave out what was refused to a few; of the rest only that it happened is told."""
    many = tuple(each for each in found.refused if each.people >= PEOPLE_MIN)
    notes = tuple(each for each in found.notes if many or each is not NOT_PAID)
    return replace(found, refused=many, notes=notes)


def _finish(left: Any, whole: Any) -> Any:
    """Leave out coins that came back of a few rewards, which follow from how many one has."""
    few = {(each.campaign, each.program, each.rule) for each in whole.rewards if _is_few(each)}
    nothing: Any = {"returned": None, "net": None}
    own = {each.campaign for each in whole.rewards if _is_few(each)}
    return replace(
        left,
        rewards=tuple(
            replace(each, **nothing) if (each.campaign, each.program, each.rule) in few else each
            for each in left.rewards
        ),
        sales=tuple(
            replace(each, rewards_per_purchase=None)
            if own and each.campaign in {"", *own}
            else each
            for each in left.sales
        ),
    )


def _is_few(of: Any) -> bool:
    """Return whether what came back is of fewer rewards than may be told, or all but so few."""
    back = of.returned * of.rewards  # coins, times rewards
    return any(0 < part < ACTIONS_MIN * of.coins for part in (back, of.coins * of.rewards - back))


def _populations(client: Client, found: Any) -> Iterator[Population]:
    told = {each.campaign for each in found.sales if each.purchases or each.buyers}
    window = Window(found.begin, found.end, None)
    yield from buyers(client, found.campaigns, window, found.zone, told)


_ACTIONS = (
    *("purchases", "buyers", "buyers_known", "buyers_unlinked", "sales.rewarded"),
    *("friends_bought", "rewards.rewards"),
)

PROTECTION: Protection[Any] = Protection(
    counts={
        **dict.fromkeys(_ACTIONS, ACTIONS_MIN),
        **dict.fromkeys(("sharers", "friends", "friends_drew", "sharers_by_friends"), PEOPLE_MIN),
    },
    derived={
        "value_cents": ("purchases",),
        "rewards_per_purchase": ("purchases", "rewarded"),
        "friends_bought_share": ("friends_bought", "friends_drew"),
        **dict.fromkeys(("coins", "returned", "net"), ("rewards", "purchases")),
    },
    told=frozenset(
        {
            *("campaigns", "campaign", "advertiser", "begin", "end", "zone", "program", "rule"),
            *("operation", "reason"),  # that it happened to many, not to how many
            *("rewards.rewarded", "basis", "sharing", "notes", "queries"),
        }
    ),
    kept=frozenset({"purchases"}),
    prepare=_prepare,
    sums=_sums,
    finish=_finish,
    populations=_populations,
    advertiser="advertiser",
)
