"""What a city does about a drop: valid, the same each time, from what the drop gave to whom."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scenarios.city.answers import REDEEM_SHARES, SPAN, Asked, answers, truth
from scenarios.city.draws import uniform
from scenarios.city.outcomes import VISITS_PER_CONVERSION, outcomes
from scenarios.city.plan import WORLDS, World, name
from scenarios.city.worlds import BASE, RESPONSE, effect_of, kinds
from scenarios.source import EPOCH, MICROSECOND
from streams.events import CampaignEvent, decode_campaign, decode_wallet, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streams.events import Event

SEED, PEOPLE, AT_US = 7, 2_000, 1_770_000_000_000_001
PERSON = np.arange(PEOPLE)
HELD_OUT = PERSON % 4 == 0
REFUSED = PERSON % 10 == 1  # contacted, and given nothing
COINS = np.where(HELD_OUT | REFUSED, 0, np.where(PERSON % 2, 10, 20))


def asked(coins: NDArray[np.int64] = COINS, seed: int = SEED) -> list[Asked]:
    return [
        Asked(
            person=name(seed, number),
            arm="holdout" if HELD_OUT[number] else "treated",
            assigned_us=AT_US,
            contacted=not HELD_OUT[number],
            program="liuliangbao" if coins[number] else "",
            coins=int(coins[number]),
        )
        for number in PERSON.tolist()
    ]


def of(events: list[Event], word: str) -> dict[str, list[Event]]:
    """Those of a kind, by person."""
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.__struct_config__.tag.rpartition(".")[2] == word:
            found.setdefault(event.subject, []).append(event)
    return found


@pytest.fixture(scope="module")
def made() -> list[Event]:
    return answers("spring", asked(), "seen")


def test_they_are_valid_in_order_and_each_has_an_id_of_its_own(made: list[Event]) -> None:
    assert len({event.id for event in made}) == len(made)
    times = [event.time for event in made]
    assert times == sorted(times)
    begin = EPOCH + AT_US * MICROSECOND
    assert begin < times[0] < times[-1] < begin + SPAN
    for event in made:
        decode = decode_campaign if isinstance(event, CampaignEvent) else decode_wallet
        assert decode(encode(event)) == event
    kinds_of = Counter(str(event.__struct_config__.tag).rpartition(".")[2] for event in made)
    assert set(kinds_of) == {"exposure", "click", "visit", "conversion", "redeem"}


def test_the_same_drop_is_answered_the_same_whoever_comes_first(made: list[Event]) -> None:
    assert answers("spring", asked(), "seen") == made
    assert answers("spring", asked()[::-1], "seen") == made
    assert answers("summer", asked(), "seen") != made


def test_whoever_got_nothing_does_as_they_would_have_done(made: list[Event]) -> None:
    """Coins change who is changed by them; of others not an event is different."""
    nothing = answers("spring", asked(np.zeros(PEOPLE, dtype=np.int64)), "seen")
    untouched = {name(SEED, n) for n in PERSON[COINS == 0].tolist()}
    assert [e for e in nothing if e.subject in untouched] == [
        e for e in made if e.subject in untouched
    ]
    assert not of(nothing, "redeem")
    held_out = {name(SEED, n) for n in PERSON[HELD_OUT].tolist()}
    assert not held_out & set(of(made, "exposure"))
    assert held_out & set(of(made, "conversion"))


def test_each_converts_whose_luck_is_below_the_formulas_chance(made: list[Event]) -> None:
    kind, luck = kinds(SEED, PERSON), uniform(SEED, "campaign/drop/spring/luck", PERSON)
    redeems = uniform(SEED, "campaign/drop/spring/redeems", PERSON)
    chance = BASE[kind] + effect_of(COINS) * RESPONSE[kind]
    converted, visited, spent = (of(made, word) for word in ("conversion", "visit", "redeem"))
    for number in PERSON.tolist():
        who = name(SEED, number)
        buys = bool(luck[number] < chance[number])
        assert (who in converted) == buys
        assert (who in visited) == bool(luck[number] < VISITS_PER_CONVERSION * chance[number])
        turns = COINS[number] > 0 and redeems[number] < REDEEM_SHARES[buys]
        assert (who in spent) == turns
    assert {e.data.amount for (e,) in spent.values()} == {10, 20}  # type: ignore[union-attr]


@pytest.mark.parametrize("world", WORLDS)
def test_the_truth_is_the_mean_of_the_chances(world: World) -> None:
    arms = {arm.arm: arm for arm in truth("spring", asked(), world)}
    without = outcomes(SEED, "drop/spring", PERSON, 0.0, world).chance
    own = outcomes(SEED, "drop/spring", PERSON, effect_of(COINS), world).chance
    for arm, at in (("holdout", HELD_OUT), ("treated", ~HELD_OUT)):
        found = arms[arm]
        assert (found.people, found.granted) == (at.sum(), (COINS[at] > 0).sum())
        assert found.rate_without == pytest.approx(without[at].mean())
        assert found.rate_with == pytest.approx(own[at].mean())
    assert arms["holdout"].effect == 0
    assert (arms["treated"].effect > 0) == (world != "nothing")


def test_people_of_several_cities_each_do_as_in_their_own(made: list[Event]) -> None:
    both = answers("spring", [*asked(), *asked(seed=8)], "seen")
    assert [event for event in both if event.subject.startswith("city:7:")] == made
    assert len(both) > 1.8 * len(made)
