"""What targeting gains when the truth is known: `python -m benchmarks.targeting`.

A city's people are drawn straight from its formulas (docs/city.md): the records of a replay say the
same, which a test holds. Each seed is a city. Its fourth campaign, a tea house's 10 coins against
nothing, drawn at random, is learned from; features are what events would show by then. Then a drop
of 10 coins is decided for a fifth of the people, so everyone costs as much:

- `everyone`: the same coins, divided among all people;
- `random`: a fifth of them, by lot;
- `response`: who is most likely to buy when asked, by whichever kind of model does better here;
- `flowdrop`: by the learner that wins the race on the experiment, calibrated;
- `foreseeable`: by Bayes' rule on the true formula and what can be seen, which no model can beat;
- `oracle`: who knows what coins change for each person.

Their true incremental buyers are compared, in the city's three worlds. Where nothing works, drops
of flowdrop's choice are launched with a holdout, over and over, and the lift measured each time.

    python -m benchmarks.targeting --seeds 20 --json
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
import pandas as pd

from benchmarks.tables import markdown
from features.statistics.arms import Proportion
from features.statistics.experiment import compare
from features.uplift.calibration import Calibrated
from features.uplift.experiment import Experiment, experiment
from features.uplift.learners.named import LEARNERS
from features.uplift.race import race
from flowdrop.output import print_json
from flowdrop.progress import progress
from scenarios.city.draws import uniform
from scenarios.city.foresight import Foresight
from scenarios.city.marketing import ELIGIBLE_SHARE, EVERY_DAYS, FIRST_DAY, FORMS
from scenarios.city.outcomes import Outcomes, effects_of, outcomes
from scenarios.city.people import CARRIERS, HOURS, SESSIONS_PER_DAY, People, chosen
from scenarios.city.plan import WORLDS, Plan, World
from scenarios.city.worlds import effect_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Floats = NDArray[np.float64]

PEOPLE, SEEDS = 10_000, 20
SHARE = 0.2  # of the people whom the budget pays for
COINS = 10
TRAINED_ON = 4  # the number of the campaign: a tea house's
BEFORE = 3  # campaigns before it, or before the drop, whose responses are features
WATCHED_DAYS = 28
NIGHT, MORNING = slice(21, 24), slice(4, 8)  # hours
RACED = ("response-linear", "t-linear", "dr-linear", "t-trees")
RESPONSES = ("response-linear", "response-trees")
FOLDS = 3
RULES = ("everyone", "random", "response", "flowdrop", "foreseeable", "oracle")
LOTS = 20  # of `random`, and drops per city where nothing works
HOLDOUT = 0.2


class Campaign(NamedTuple):
    """Who was drawn into which arm of a campaign, and what they did; a row per person drawn."""

    number: int
    person: Numbers
    arm: NDArray[np.uint8]
    effect: Floats
    done: Outcomes


@dataclass(frozen=True)
class City:
    """What happened in one city in the end.

    Attributes:
        world: in which it lies.
        seed: of everything.
        winner: the learner that won the race.
        buyers: true incremental ones by rule, of all that the budget paid for.
        held: of measured lifts, how many intervals held zero.
        drops: how many were measured.
    """

    world: World
    seed: int
    winner: str
    buyers: dict[str, float]
    held: int
    drops: int


def begins(number: int) -> int:
    """Return the day on which a campaign begins."""
    return FIRST_DAY + EVERY_DAYS * (number - 1)


def campaign(people: People, number: int) -> Campaign:
    """Return a campaign of the city, as if everybody had a wallet by then."""
    seed, world = people.plan.seed, people.plan.world
    form = FORMS[(number - 1) % len(FORMS)]
    person = np.arange(people.plan.people)
    asked = uniform(seed, f"campaign/{number}/eligible", person) < ELIGIBLE_SHARE
    person = person[asked & people.consenting(person, begins(number))]
    probabilities = tuple(arm.probability for arm in form.arms)
    arm = chosen(probabilities, uniform(seed, f"campaign/{number}/arm", person))
    effect = effects_of(arm, form.effects)
    return Campaign(number, person, arm, effect, outcomes(seed, number, person, effect, world))


def features(people: People, before: Iterable[Campaign]) -> pd.DataFrame:
    """Return what events show of everyone: profile, hours of activity, earlier responses.

    Hours and activity have to be guessed from events, of which some people have few: they are
    counted from drawn sessions, as the habit spreads them over a day.
    """
    plan = people.plan
    draw = np.random.default_rng([plan.seed, WATCHED_DAYS])
    daily = SESSIONS_PER_DAY * people.activity / people.activity.mean()
    sessions = draw.poisson(WATCHED_DAYS * daily)
    night, morning = (
        draw.binomial(sessions, HOURS[:, hours].sum(axis=1)[people.habit])
        for hours in (NIGHT, MORNING)
    )
    counts = np.zeros((3, plan.people))
    for one in before:
        for at, column in enumerate((one.effect > 0, one.done.visits, one.done.converts)):
            counts[at][one.person] += column
    return pd.DataFrame(
        {
            "age": people.age.astype(np.int64),
            "carrier": np.array(CARRIERS)[people.carrier],
            "sessions": sessions,
            "night_share": night / np.maximum(sessions, 1),
            "morning_share": morning / np.maximum(sessions, 1),
            "offers": counts[0],
            "visits": counts[1],
            "conversions": counts[2],
        }
    )


def city(world: World, seed: int, people: int = PEOPLE) -> City:
    """Learn from a city's experiment, decide a drop by every rule, and tell what each gains."""
    everyone = People(Plan(people, 1, seed, 1, world=world))
    held = [campaign(everyone, number + 1) for number in range(TRAINED_ON)]
    trained = held[-1]
    known = features(everyone, held[:-1][-BEFORE:]).iloc[trained.person]
    data = experiment(known, (trained.arm > 0).astype(np.int64), trained.done.converts * 1.0)
    person = np.arange(people)
    person = person[everyone.consenting(person, begins(TRAINED_ON + 1))]
    new = features(everyone, held[-BEFORE:]).iloc[person]
    chance = {
        coins: outcomes(seed, "drop", person, float(effect_of(coins)), world).chance
        for coins in (0, int(COINS * SHARE), COINS)
    }
    change = chance[COINS] - chance[0]
    winner, scores = _scores(data, new, seed)
    foresight = Foresight(world, seed, people)
    for one in held:
        foresight.learn(one.person, one.effect, one.done)
    scores |= {"foreseeable": foresight.effects(person, float(effect_of(COINS))), "oracle": change}
    count = int(SHARE * len(person))
    responses = [_gained(change, scores[name], count) for name in RESPONSES]
    buyers = {
        "everyone": float((chance[int(COINS * SHARE)] - chance[0]).sum()),
        "random": float(np.mean([_gained(change, lot, count) for lot in _lots(seed, person)])),
        "response": max(responses),
        **{name: _gained(change, scores[name], count) for name in RULES[3:]},
    }
    chosen_few = person[_best(scores["flowdrop"], count)]
    drops = LOTS if world == "nothing" else 0
    zero = sum(_holds_zero(world, seed, chosen_few, number) for number in range(drops))
    return City(world, seed, winner, buyers, zero, drops)


def _scores(data: Experiment, new: pd.DataFrame, seed: int) -> tuple[str, dict[str, Floats]]:
    """Return who wins the race, and everyone's scores by the winner and by response."""
    found = race(data, {name: LEARNERS[name] for name in RACED}, count=FOLDS, seed=seed)
    made = {"flowdrop": Calibrated(LEARNERS[found.winner], seed)}
    made |= {name: LEARNERS[name](seed) for name in RESPONSES}  # type: ignore[misc]
    scores = {}
    for name, learner in made.items():
        learner.fit(data.features, data.arm, data.outcome, data.propensity)
        scores[name] = np.asarray(learner.predict_effect(new))[:, 0]
    return found.winner, scores


def _best(score: Floats, count: int) -> Numbers:
    return np.argsort(-score, kind="stable")[:count]


def _gained(change: Floats, score: Floats, count: int) -> float:
    """Return the true incremental buyers if those with the best scores are asked."""
    return float(change[_best(score, count)].sum())


def _lots(seed: int, person: Numbers) -> Iterable[Floats]:
    return (uniform(seed, f"lot/{number}", person) for number in range(LOTS))


def _holds_zero(world: World, seed: int, person: Numbers, number: int) -> bool:
    """Launch a drop for people, hold some out, and measure whether zero is within the interval."""
    held_out = uniform(seed, f"holdout/{number}", person) < HOLDOUT
    effect = np.where(held_out, 0.0, float(effect_of(COINS)))
    done = outcomes(seed, f"drop/{number}", person, effect, world).converts
    arms = (Proportion(int(done[at].sum()), int(at.sum())) for at in (~held_out, held_out))
    found = compare(*arms)
    return bool(found.low <= 0 <= found.high)


def summed(cities: list[City]) -> list[dict[str, Any]]:
    """Return a row per world and rule: medians over the cities, and the range of the ratios."""
    rows = []
    for world in dict.fromkeys(one.world for one in cities):
        own = [one for one in cities if one.world == world]
        for rule in RULES:
            buyers = [one.buyers[rule] for one in own]
            row: dict[str, Any] = {"world": world, "rule": rule}
            row["buyers"] = round(float(np.median(buyers)), 1)
            for other in ("random", "response"):
                ratios = [_ratio(one.buyers[rule], one.buyers[other]) for one in own]
                row[f"of_{other}"] = _spread(ratios)
            rows.append(row)
    return rows


def _ratio(one: float, other: float) -> float | None:
    return one / other if abs(other) > 1e-9 else None


def _spread(ratios: list[float | None]) -> dict[str, float] | None:
    known = [one for one in ratios if one is not None]
    if not known:
        return None
    found = {"median": np.median(known), "least": min(known), "most": max(known)}
    return {name: round(float(value), 3) for name, value in found.items()}


def found_of(cities: list[City]) -> dict[str, Any]:
    """Return what the cities came to, as it is kept and shown."""
    return {
        "rules": [
            {**row, **{key: _shown(row[key]) for key in ("of_random", "of_response")}}
            for row in summed(cities)
        ],
        "races": [
            {"world": world, "won": _won([c for c in cities if c.world == world])}
            for world in dict.fromkeys(one.world for one in cities)
        ],
        "lift": [
            {
                "world": "nothing",
                "drops measured": sum(one.drops for one in cities),
                "zero within the 95 % interval": sum(one.held for one in cities),
            }
        ],
    }


def _shown(spread: dict[str, float] | None) -> str:
    if spread is None:
        return ""
    return f"{spread['median']:.2f} ({spread['least']:.2f} to {spread['most']:.2f})"


def _won(cities: list[City]) -> str:
    won = Counter(one.winner for one in cities)
    return ", ".join(f"{name} {times}" for name, times in won.most_common())


def run(
    worlds: Iterable[World],
    seeds: int,
    people: int,
    *,
    jobs: int = 1,
    step: Callable[[], object] = lambda: None,
) -> list[City]:
    """Return every city of these worlds, several at once."""
    asked = [(world, seed, people) for world in worlds for seed in range(1, seeds + 1)]
    found = []
    with ProcessPoolExecutor(jobs) as pool:
        for one in pool.map(city, *zip(*asked, strict=True)):
            found.append(one)
            step()
    return found


@click.command()
@click.option("--world", type=click.Choice(WORLDS), multiple=True, help="Only this one.")
@click.option("--seeds", default=SEEDS, show_default=True, help="Cities per world.")
@click.option("--people", default=PEOPLE, show_default=True, help="Of each city.")
@click.option("--jobs", default=1, show_default=True, help="Cities at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(world: tuple[World, ...], seeds: int, people: int, jobs: int, *, as_json: bool) -> None:
    """Decide a drop by several rules in cities whose truth is known, and compare what they gain."""
    worlds = world or WORLDS
    with progress() as bar:
        task = bar.add_task("cities", total=len(worlds) * seeds)
        cities = run(worlds, seeds, people, jobs=jobs, step=lambda: bar.advance(task))
    found = found_of(cities)
    if as_json:
        print_json(found)
        return
    click.echo("\n\n".join(markdown(rows) for rows in found.values()))


if __name__ == "__main__":
    main()
