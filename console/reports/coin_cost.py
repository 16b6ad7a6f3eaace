"""What a campaign's coins cost its advertiser: in all, a person reached, a conversion caused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.i18n import LocalizedText, Names
from console.reports.arm_names import arm_name
from console.reports.basis import NotRandomisedError
from console.reports.days import ALWAYS, require_counted
from console.reports.lift import lift
from console.reports.reached import UNION, Contacted, contacted, reached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reports.basis import QueryLog
    from console.reports.effects import Effect

MICROCENTS = 1_000_000  # in a cent
METRIC = "conversion_rate"
NO_PRICE = LocalizedText("price unknown: the description does not say what a coin costs")
NO_PRICES = LocalizedText("price unknown of at least one campaign")
NOBODY = LocalizedText("nobody was reached")
NOT_RANDOMISED = LocalizedText("conversions caused: unknown, since nobody was assigned to an arm")
NO_FINITE_COST = LocalizedText(
    "no finite cost per conversion caused: the interval of their number includes zero"
)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What the coins of a campaign cost; in cents, and none where something is not known."""

    campaign: str  # '' for all together
    coin_microcents: int | None  # the price of a coin, in millionths of a cent
    cost_cents: float | None  # of the coins given that have not come back
    reached: int  # people, as in the reach report
    per_reached_cents: float | None
    caused: float | None  # conversions caused, as in the lift report
    caused_low: float | None  # their 95 % interval
    caused_high: float | None
    per_caused_cents: float | None  # none, too, where it is not finite
    per_caused_low_cents: float | None
    per_caused_high_cents: float | None
    why: tuple[LocalizedText, ...]  # something is not there


def costs(
    client: Client, log: QueryLog, given: Mapping[str, int], prices: Mapping[str, int | None]
) -> tuple[Cost, ...]:
    """Return the cost of each campaign, and of all together where there are several.

    Args:
        client: of the warehouse.
        log: queries it, and records the queries.
        given: coins that each campaign gave and that have not come back.
        prices: of a coin of each campaign, in millionths of a cent.
    """
    require_counted(log)
    people = contacted(reached(log, tuple(given), ALWAYS))
    found = [
        _cost(client, name, coins, prices[name], people.get(name, Contacted()).people)
        for name, coins in given.items()
    ]
    if len(found) > 1:
        found.append(_together(found, people[UNION].people))
    return tuple(found)


def _cost(client: Client, campaign: str, coins: int, price: int | None, reached: int) -> Cost:
    cents = None if price is None else coins * price / MICROCENTS
    own = _reached(campaign, reached, cents)
    own = replace(own, coin_microcents=price, why=() if own.reached else (NOBODY,))
    if price is None:
        own = replace(own, why=(NO_PRICE, *own.why))
    effect = _effect(client, campaign)
    if isinstance(effect, LocalizedText):
        return replace(own, why=(*own.why, effect))
    low, high = effect.increment_low, effect.increment_high
    if effect.increment is None or low is None or high is None:
        return own
    own = replace(own, caused=effect.increment, caused_low=low, caused_high=high)
    if low <= 0:
        return replace(own, why=(*own.why, NO_FINITE_COST))
    if cents is None:
        return own
    return replace(
        own,
        per_caused_cents=cents / effect.increment,
        per_caused_low_cents=cents / high,
        per_caused_high_cents=cents / low,
    )


def _together(found: Sequence[Cost], reached: int) -> Cost:
    known = [each.cost_cents for each in found if each.cost_cents is not None]
    is_known = len(known) == len(found)
    own = _reached(UNION, reached, sum(known) if is_known else None)
    return replace(own, why=() if is_known else (NO_PRICES,))


def _reached(campaign: str, reached: int, cents: float | None) -> Cost:
    return Cost(
        campaign=campaign,
        coin_microcents=None,
        cost_cents=cents,
        reached=reached,
        per_reached_cents=None if cents is None or not reached else cents / reached,
        caused=None,
        caused_low=None,
        caused_high=None,
        per_caused_cents=None,
        per_caused_low_cents=None,
        per_caused_high_cents=None,
        why=(),
    )


def _effect(client: Client, campaign: str) -> Effect | LocalizedText:
    """Return the effect on conversions of a campaign with one treated arm, or why there is none."""
    try:
        found = lift(client, campaign)
    except NotRandomisedError:
        return NOT_RANDOMISED
    if found.blocked is not None:
        return found.blocked
    effects = [each for each in found.effects if each.metric == METRIC]
    if len(effects) > 1:
        return LocalizedText(
            "conversions caused: by arm in the lift report; the coins of {arms} are not told apart",
            arms=Names(tuple(arm_name(each.arm) for each in effects), last="and"),
        )
    if effects:
        return effects[0]
    (why, *_) = [each.why for each in found.withheld if each.metric == METRIC] or [NOT_RANDOMISED]
    return LocalizedText("conversions caused: unknown, since {why}", why=why)
