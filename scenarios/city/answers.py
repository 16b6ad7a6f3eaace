"""What a city's people do about a drop: the same formula, from what the drop gave to whom.

Each act has its own draw, looked up by person and drop, so that a drop that is answered again is
answered the same: the same ids, times and contents. For a drop a day of the city passes in a
second, or nobody could wait for it: whoever converts does so within 13 seconds.
"""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios.city.draws import uniform
from scenarios.city.marketing import (
    CLICK_SHARE,
    FORMAT_SHARES,
    MEASURED_SHARE,
    VIEWABLE_PIXELS,
    VIEWABLE_SECONDS,
)
from scenarios.city.outcomes import delays, outcomes
from scenarios.city.people import CARRIERS, chosen, traits
from scenarios.city.plan import DAY_US, MINUTE_US, PROGRAM, SECOND_US
from scenarios.city.records import SOURCE, TEXTS
from scenarios.city.worlds import effect_of
from scenarios.source import EPOCH, MICROSECOND
from streams.events import (
    Click,
    ClickData,
    Conversion,
    ConversionData,
    Event,
    Exposure,
    ExposureData,
    Redeem,
    RedeemData,
    Visit,
    VisitData,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from scenarios.city.plan import World

FASTER = DAY_US // SECOND_US  # a drop's days are seconds
DAYS = 14
SPAN = timedelta(seconds=DAYS + 2)  # after which nothing more comes
SHOWN_MAX = 3
CHANNEL = "app"
REDEEM_SHARES = 0.15, 0.60  # of those who got coins: who don't convert, who do


class Asked(NamedTuple):
    """A person of a drop.

    Attributes:
        person: their name.
        arm: into which the drop drew them.
        assigned_us: when, microseconds since 1970.
        contacted: whether they were sent the offer.
        program: of the coins.
        coins: that the ledger gave them; 0 if none.
    """

    person: str
    arm: str
    assigned_us: int
    contacted: bool
    program: str
    coins: int


class TrueArm(NamedTuple):
    """What a drop truly does to the people of an arm.

    Attributes:
        arm: its name.
        people: in it.
        granted: how many got coins.
        rate_without, rate_with: mean chance of converting, if nothing is done, and as it is.
        effect: the difference.
    """

    arm: str
    people: int
    granted: int
    rate_without: float
    rate_with: float
    effect: float


class _Told(NamedTuple):
    """People of one city, as columns."""

    seed: int
    asked: list[Asked]
    person: NDArray[np.int64]
    coins: NDArray[np.int64]
    effect: NDArray[np.float64]


def cities(asked: Sequence[Asked]) -> Iterator[_Told]:
    """Yield a drop's people, city by city."""
    seeds: dict[int, list[Asked]] = {}
    for one in asked:
        seeds.setdefault(int(one.person.split(":")[1]), []).append(one)
    for seed, own in sorted(seeds.items()):
        # of a linked device, the number is its person's
        person = np.array([int(one.person.split(":")[2].partition("/")[0]) for one in own])
        coins = np.array([one.coins for one in own])
        yield _Told(seed, own, person, coins, effect_of(coins))


def answers(drop: str, asked: Sequence[Asked], world: World) -> list[Event]:
    """Return what people do about a drop, in order of time."""
    found: list[Event] = []
    for city in cities(asked):
        found += _bought(drop, city, world)
        found += _looked(drop, city)
    return sorted(found, key=attrgetter("time", "id"))


def truth(drop: str, asked: Sequence[Asked], world: World) -> list[TrueArm]:
    """Return what the drop truly does to the people of each arm, by their chances."""
    rows = []
    for city in cities(asked):
        without = outcomes(city.seed, _name(drop), city.person, 0.0, world).chance
        own = outcomes(city.seed, _name(drop), city.person, city.effect, world).chance
        rows += [
            (one.arm, *pair)
            for one, *pair in zip(city.asked, city.coins > 0, without, own, strict=True)
        ]
    found = []
    for arm in sorted({row[0] for row in rows}):
        granted, without, own = (
            np.array(column) for column in zip(*(r[1:] for r in rows if r[0] == arm), strict=True)
        )
        rates = float(without.mean()), float(own.mean())
        found.append(TrueArm(arm, len(own), int(granted.sum()), *rates, effect=rates[1] - rates[0]))
    return found


def _name(drop: str) -> str:
    return f"drop/{drop}"


def _bought(drop: str, city: _Told, world: World) -> Iterator[Event]:
    """Yield visits and conversions, and what is redeemed of the coins."""
    seed, person = city.seed, city.person
    done = outcomes(seed, _name(drop), person, city.effect, world)
    after = delays(seed, _name(drop), person) // FASTER
    share = np.where(done.converts, REDEEM_SHARES[1], REDEEM_SHARES[0])
    draws = uniform(seed, f"campaign/{_name(drop)}/redeems", person)
    own_program = np.array([one.program == PROGRAM for one in city.asked])
    redeems = (city.coins > 0) & own_program & (draws < share)
    spent_after = _within(seed, drop, "redeem_delay", person)
    carrier = traits(seed, person).carrier
    for at, one in enumerate(city.asked):
        if done.visits[at]:
            before = max(int(after[at]) - MINUTE_US // FASTER, 1)
            yield Visit(**_named(drop, "visit", one, before), data=VisitData(campaign=drop))
        if done.converts[at]:
            bought = ConversionData(campaign=drop, value=int(done.value[at]))
            yield Conversion(**_named(drop, "conversion", one, int(after[at])), data=bought)
        if redeems[at]:
            yield Redeem(
                **_named(drop, "redeem", one, int(spent_after[at])),
                data=RedeemData(
                    program=one.program, carrier=CARRIERS[carrier[at]], amount=one.coins
                ),
            )


def _looked(drop: str, city: _Told) -> Iterator[Event]:
    """Yield what those who were contacted look at, and click on."""
    seed, person = city.seed, city.person

    def draws(number: int, stream: str) -> NDArray[np.float64]:
        return uniform(seed, f"campaign/{_name(drop)}/{stream}/{number}", person)

    shown = (uniform(seed, f"campaign/{_name(drop)}/shown", person) * (SHOWN_MAX + 1)).astype(int)
    for number in range(SHOWN_MAX):
        shape = chosen(FORMAT_SHARES, draws(number, "format"))
        pixels = np.round(np.minimum(draws(number, "pixels") * 1.4, 1.0), 2)
        seconds = np.round(-4.0 * np.log1p(-draws(number, "seconds")), 1)
        measured = draws(number, "measured") < MEASURED_SHARE
        clicks = measured & (pixels >= VIEWABLE_PIXELS[shape])
        clicks &= seconds >= VIEWABLE_SECONDS[shape]
        clicks &= draws(number, "click") < CLICK_SHARE
        after = _within(seed, drop, f"shown_after/{number}", person)
        for at, one in enumerate(city.asked):
            if not one.contacted or shown[at] <= number:
                continue
            creative = TEXTS["creative"][shape[at]]
            yield Exposure(
                **_named(drop, f"exposure/{number}", one, int(after[at])),
                data=ExposureData(
                    campaign=drop,
                    channel=CHANNEL,
                    format=TEXTS["format"][shape[at]],
                    creative=creative,
                    pixels=float(pixels[at]) if measured[at] else None,
                    seconds=float(seconds[at]) if measured[at] else None,
                ),
            )
            if clicks[at]:
                yield Click(
                    **_named(drop, f"click/{number}", one, int(after[at]) + 2 * SECOND_US),
                    data=ClickData(campaign=drop, channel=CHANNEL, creative=creative),
                )


def _within(seed: int, drop: str, stream: str, person: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how long after their assignment each does something, microseconds."""
    draws = uniform(seed, f"campaign/{_name(drop)}/{stream}", person)
    return 1 + (draws * DAYS * SECOND_US).astype(np.int64)


def _named(drop: str, what: str, one: Asked, after_us: int) -> dict[str, Any]:
    """Return an answer's id, source, time and subject: always the same."""
    _, seed, number = one.person.split(":", 2)
    return {
        "id": f"{seed}/answer/{drop}/{what}/{number}",
        "source": SOURCE,
        "time": EPOCH + (one.assigned_us + after_us) * MICROSECOND,
        "subject": one.person,
    }
