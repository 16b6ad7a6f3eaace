"""Who responds to a campaign: the page's formula, drawn; what can be foreseen; three worlds."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from scenarios.city import people as inhabitants
from scenarios.city.city import chunks
from scenarios.city.draws import uniform
from scenarios.city.foresight import Foresight
from scenarios.city.marketing import AD_EFFECT, FORMS
from scenarios.city.outcomes import outcomes
from scenarios.city.people import ADULT_AGE, Traits, chosen_each, traits
from scenarios.city.plan import WORLDS, Plan, World
from scenarios.city.truth import Truth
from scenarios.city.worlds import (
    BASE,
    EFFECTS,
    KINDS,
    POINTS,
    RESPONSE,
    effect_of,
    kinds,
    leaning,
    shares,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGE = (Path(__file__).parents[2] / "docs" / "city.md").read_text(encoding="utf-8")
EVERYONE = np.arange(3_000)
PLAN = Plan(people=900, days=28, seed=5, partitions=4)

Rows = list[dict[str, Any]]


def truth_of(plan: Plan, folder: Path) -> dict[str, Rows]:
    for _ in chunks(plan, Truth(folder, plan.seed)):
        pass
    return {path.stem: pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[World, dict[str, Rows]]:
    """The truth of the same city in each world."""
    return {
        world: truth_of(PLAN._replace(world=world), tmp_path_factory.mktemp(world))
        for world in WORLDS
    }


# -- the formula -----------------------------------------------------------------------------


def weights(age: int, activity: float, habit: str, carrier: str) -> list[float]:
    """The page's formula, a person at a time."""
    found = []
    for at in range(len(KINDS)):
        points = POINTS.start[at] + POINTS.age[at] * (max(age, 30) - 40) / 20
        points += POINTS.activity[at] * activity
        for name in (habit, carrier):
            points += getattr(POINTS, name, (0.0,) * len(KINDS))[at]
        found.append(math.exp(points))
    return found


def test_each_ones_kind_is_what_the_formula_makes_of_their_draw() -> None:
    known, draws = traits(7, EVERYONE), uniform(7, "people/kind", EVERYONE)
    found = kinds(7, EVERYONE)
    for person in EVERYONE.tolist():
        habit = inhabitants.HABITS[known.habit[person]]
        carrier = inhabitants.CARRIERS[known.carrier[person]]
        each = weights(int(known.age[person]), float(known.activity[person]), habit, carrier)
        below = np.cumsum(each) / sum(each)
        assert found[person] == int((below[:-1] <= draws[person]).sum())
    assert set(found) == set(range(len(KINDS)))


def test_over_all_draws_each_kind_comes_as_often_as_the_formula_says() -> None:
    """Every draw there is, in even steps, for people of the same traits."""
    steps = 10_000
    draws = (np.arange(steps) + 0.5) / steps
    known = traits(3, EVERYONE[:50])
    for own in shares(known):
        found = np.bincount(chosen_each(np.tile(own, (steps, 1)), draws), minlength=len(KINDS))
        assert np.abs(found - own * steps).max() <= 1


@pytest.mark.parametrize("coins", [0, 3, 5, 10, 15, 20, 50, 500])
def test_over_all_luck_people_convert_as_often_as_their_chance_says(
    monkeypatch: pytest.MonkeyPatch, coins: int
) -> None:
    """Luck in even steps for people who are all of one kind: their share is their chance."""
    person, effect = np.arange(2_000), float(effect_of(coins))

    def even(_seed: int, stream: str, index: NDArray[np.int64]) -> NDArray[np.float64]:
        return (index + 0.5) / len(person) if stream.endswith("/luck") else np.zeros(len(index))

    monkeypatch.setattr("scenarios.city.outcomes.uniform", even)
    for kind in range(len(KINDS)):
        alike = np.full(len(person), kind, dtype=np.uint8)
        monkeypatch.setattr("scenarios.city.worlds.kinds", lambda *_, alike=alike: alike)
        found = outcomes(1, 1, person, effect)
        chance = BASE[kind] + effect * RESPONSE[kind]
        assert found.chance == pytest.approx(chance)
        assert abs(found.converts.sum() - chance * len(person)) <= 1
        assert abs(found.visits.sum() - min(1, 3 * chance) * len(person)) <= 1


def test_no_chance_has_to_be_cut_off() -> None:
    chances = BASE[:, None] + np.outer(RESPONSE, list(EFFECTS.values()))
    assert chances.min() > 0
    assert chances.max() < 1


def test_more_coins_never_do_less_and_each_does_less_than_the_one_before() -> None:
    steps = np.diff(effect_of(np.arange(0, 60)))
    assert (steps >= 0).all()
    assert (np.diff(steps) <= 1e-12).all()
    assert effect_of(0) == 0
    for arm in (arm for form in FORMS for arm in form.arms):
        assert arm.effect == (effect_of(arm.coins) if arm.coins else AD_EFFECT * arm.is_treated)


def test_an_arms_effect_is_that_of_the_mean_person() -> None:
    person = np.arange(100_000)
    adults = person[traits(1, person).age >= ADULT_AGE]
    for who in (person, adults):
        assert leaning("seen", 1, 1, who).response.mean() == pytest.approx(1, abs=0.1)


def test_the_page_has_the_formula_as_it_is() -> None:
    table = PAGE.partition("| points |")[2].partition("\n\n")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()[2:]
        if line.startswith("|")
    ]
    assert [tuple(map(float, row[1:])) for row in rows] == list(POINTS)
    table = PAGE.partition("| kind |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| `(\w+)` \| .+ \| (\d+) % \| (-?[\d.]+) \|$", table, re.MULTILINE)
    assert [name for name, _, _ in cells] == list(KINDS)
    assert [float(base) for _, base, _ in cells] == pytest.approx((BASE * 100).tolist())
    assert [float(response) for _, _, response in cells] == RESPONSE.tolist()
    for coins, effect in EFFECTS.items():
        assert f"| {coins} | {100 * effect:.0f} |" in PAGE


# -- the worlds ------------------------------------------------------------------------------


def test_the_worlds_have_the_same_people_in_the_same_arms(
    worlds: dict[World, dict[str, Rows]],
) -> None:
    def same(world: World) -> object:
        found = worlds[world]
        people = [{k: v for k, v in row.items() if k != "kind"} for row in found["people"]]
        return people, [(r["campaign"], r["person"], r["arm"]) for r in found["outcomes"]]

    assert same("seen") == same("unseen") == same("nothing")


def test_where_nothing_works_nothing_works_for_anyone(
    worlds: dict[World, dict[str, Rows]],
) -> None:
    for row in worlds["nothing"]["outcomes"]:
        for number in (1, 2):
            if row[f"chance_{number}"] is not None:
                assert row[f"chance_{number}"] == row["chance_0"]
                assert row[f"converts_{number}"] == row["converts_0"]
                assert row[f"uplift_{number}"] == row[f"foreseen_{number}"] == 0
    for arm in worlds["nothing"]["arms"]:
        assert arm["effect"] == arm["oracle_effect"] == arm["seen_effect"] == 0


def test_the_truth_has_each_ones_kind_and_chances(worlds: dict[World, dict[str, Rows]]) -> None:
    kind = {row["person"]: row["kind"] for row in worlds["seen"]["people"]}
    assert {row["kind"] for row in worlds["unseen"]["people"]} == {None}
    effects = {"drop": EFFECTS[10], "small": EFFECTS[5], "large": EFFECTS[20], "ad": AD_EFFECT}
    arms: dict[str, list[str]] = {}
    for told in worlds["seen"]["arms"]:
        arms.setdefault(told["campaign"], []).append(told["arm"])
    for row in worlds["seen"]["outcomes"]:
        at = KINDS.index(kind[row["person"]])
        for number, name in enumerate(arms[row["campaign"]]):
            expected = BASE[at] + effects.get(name, 0.0) * RESPONSE[at]
            assert row[f"chance_{number}"] == pytest.approx(expected)


@pytest.mark.parametrize("world", WORLDS)
def test_no_rule_is_better_than_the_oracle_at_any_budget(
    worlds: dict[World, dict[str, Rows]], world: World
) -> None:
    age = {row["person"]: row["age"] for row in worlds[world]["people"]}
    for campaign in {row["campaign"] for row in worlds[world]["outcomes"]}:
        rows = [row for row in worlds[world]["outcomes"] if row["campaign"] == campaign]
        change = np.array([row["chance_1"] - row["chance_0"] for row in rows])
        best = np.cumsum(np.sort(change)[::-1])
        foreseen = np.array([row["foreseen_1"] for row in rows])
        rules = {
            "foreseen": foreseen,
            "response": np.array([row["chance_1"] for row in rows]),
            "age": -np.array([age[row["person"]] for row in rows]),
            "chance": uniform(9, "rule", np.arange(len(rows))),
        }
        for rule in rules.values():
            found = np.cumsum(change[np.argsort(-rule, kind="stable")])
            assert (found <= best + 1e-9).all()
            seen = np.cumsum(foreseen[np.argsort(-rule, kind="stable")])
            assert (seen <= np.cumsum(np.sort(foreseen)[::-1]) + 1e-9).all()
        arm = next(
            a for a in worlds[world]["arms"] if a["campaign"] == campaign and a["arm"] != "none"
        )
        assert arm["oracle_effect"] >= max(arm["seen_effect"], change.mean()) - 1e-12
        chosen = change[change > 0].sum(), change[foreseen > 0].sum()
        assert (arm["oracle_effect"], arm["seen_effect"]) == pytest.approx(
            tuple(float(one) / len(rows) for one in chosen)
        )


def test_who_can_be_seen_to_respond_does_and_unseen_tells_nothing(
    worlds: dict[World, dict[str, Rows]],
) -> None:
    """The best fifth by what can be seen gains almost twice what anybody does."""

    def fifth(world: World) -> tuple[float, float, float]:
        rows = [row for row in worlds[world]["outcomes"] if row["foreseen_1"] is not None]
        change = np.array([row["chance_1"] - row["chance_0"] for row in rows])
        foreseen = np.array([row["foreseen_1"] for row in rows])
        count = len(rows) // 5
        best = np.argsort(-foreseen, kind="stable")[:count]
        return change[best].mean(), change.mean(), np.sort(change)[-count:].mean()

    seen, mean, oracle = fifth("seen")
    assert oracle > seen > 1.8 * mean
    for campaign in ("city-5-1", "city-5-2"):
        rows = [row for row in worlds["unseen"]["outcomes"] if row["campaign"] == campaign]
        assert len({row["foreseen_1"] for row in rows}) == 1


# -- what can be foreseen --------------------------------------------------------------------


@pytest.mark.parametrize("effect", [0.0, 0.08])
def test_what_is_foreseen_after_a_campaign_is_bayes_rule(effect: float) -> None:
    """Of everybody: what they may do, times how likely each kind is to, one after the other."""
    person = np.arange(200)
    before = shares(traits(4, person))
    done = outcomes(4, 1, person, effect)
    foresight = Foresight("seen", 4, len(person))
    foresight.learn(person, np.full(len(person), effect), done)
    for one in person.tolist():
        joint = []
        for kind in range(len(KINDS)):
            converts = BASE[kind] + effect * RESPONSE[kind]
            visits = min(1.0, 3 * converts)
            if done.converts[one]:
                chance = converts
            else:
                chance = visits - converts if done.visits[one] else 1 - visits
            joint.append(before[one][kind] * chance)
        expected = np.array(joint) / sum(joint)
        assert foresight.odds[one] == pytest.approx(expected, abs=1e-6)
        foreseen = foresight.effects(np.array([one]), 0.1)[0]
        assert foreseen == pytest.approx(float(0.1 * expected @ RESPONSE), abs=1e-6)


def test_over_all_that_may_happen_nothing_is_foreseen_from_nothing() -> None:
    """Each outcome's odds, weighted by how likely it is, are those there were before."""
    effect = 0.1
    known = Traits(
        np.zeros(1, np.uint8),
        np.full(1, 44, np.uint8),
        np.ones(1, np.uint8),
        np.ones(1, np.float32),
    )
    before = shares(known)[0]
    converts = BASE + effect * RESPONSE
    visits = np.minimum(1, 3 * converts)
    after = np.zeros(len(KINDS))
    for converted, visited in ((True, True), (False, True), (False, False)):
        foresight = Foresight("seen", 1, 1)
        foresight.odds[0] = before
        done = outcomes(1, 1, np.arange(1), effect)._replace(
            converts=np.array([converted]), visits=np.array([visited])
        )
        foresight.learn(np.arange(1), np.array([effect]), done)
        own = converts if converted else visits - converts if visited else 1 - visits
        after += float(before @ own) * foresight.odds[0]
    assert after == pytest.approx(before, abs=1e-6)
