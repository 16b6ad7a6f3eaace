from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from console.drops.explain import explained
from console.drops.launch import launch
from console.drops.preview import people
from console.drops.register import create
from console.drops.selection import HOLDOUT, TREATED
from console.drops.terms import Terms
from flowdrop.cli import main
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from console.drops.tables import Drop

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"cj:{n}" for n in range(120)]


def make(session: Session, town: World, **changes: Any) -> Drop:
    terms = {"name": "spring", "program": PROGRAM, "budget": 30_000, "amount": 500} | changes
    return create(
        session,
        town.client,
        Terms(audience="all", holdout=0.1, **terms),
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="s",
        who="ann",
        now=NOW,
    )


@pytest.fixture
def town(world: World) -> World:
    world.open(one for one in PEOPLE if one != "cj:9")
    world.consent("cj:5", 1, granted=False)
    world.audience("all", PEOPLE)
    return world


def test_everyone_is_explained_by_what_was_recorded(session: Session, town: World) -> None:
    drop = make(session, town, explore=0.1)
    ways = set()
    for one in people(session, drop):
        found = explained(session, drop, one.person)
        assert (found.is_in, found.arm, found.reason) == (bool(one.arm), one.arm, one.reason)
        assert found.chance is not None
        assert found.propensity is not None
        if found.is_in:
            ways.add(found.chosen_by)
            share = 60 / 67 if one.arm == TREATED else 7 / 67
            assert found.arm_probability == pytest.approx(share)
            assert found.propensity == pytest.approx(found.chance * share)
        else:
            assert found.propensity == pytest.approx(1 - found.chance)
        if found.chosen_by == "score":
            assert found.score_per_coin is not None
            assert found.least_score_per_coin is not None
            assert found.score_per_coin >= found.least_score_per_coin > 0
    assert ways == {"score", "exploring"}
    refused = explained(session, drop, "cj:5")
    assert (refused.reason, refused.rules_met, refused.chance) == ("no_consent", ["minor"], 0.0)
    poor = explained(session, drop, "cj:9")
    assert (poor.reason, poor.rules_met) == ("no_wallet", ["minor", "no_consent"])
    with pytest.raises(click.ClickException, match="not in the audience 'all'"):
        explained(session, drop, "cj:999")


def test_who_switched_personalisation_off_is_drawn_and_may_still_be_contacted(
    session: Session, town: World, wire: Wire
) -> None:
    off = PEOPLE[20:80]
    for one in off:
        town.consent(one, 1, granted=False, channel="personalisation")
    town.consent(off[0], 2, granted=True, channel="personalisation")
    drop = make(session, town)
    inside = [explained(session, drop, one) for one in off[1:]]
    chances = {found.chance for found in inside}
    assert list(chances) == [pytest.approx(67 / 118)]
    drawn = [found for found in inside if found.is_in]
    assert len(drawn) in {33, 34}  # 59 x 67 / 118 is 33.5
    assert {found.chosen_by for found in drawn} == {"lot"}
    assert {found.score for found in drawn} == {None}
    assert explained(session, drop, off[0]).chosen_by != "lot"
    assert {found.arm for found in drawn} == {TREATED, HOLDOUT}
    launch(session, town.client, "spring", publisher=wire, who="bob", now=NOW)
    assert {found.person for found in drawn} <= {event.subject for event in wire.events()}


@pytest.mark.parametrize("explore", [0.0, 0.019, 0.51, float("nan")])
def test_a_share_to_explore_that_is_out_of_range_is_refused(
    session: Session, town: World, explore: float
) -> None:
    with pytest.raises(click.ClickException, match=r"explore: .* is not between 0.02 and 0.5"):
        make(session, town, explore=explore)


def test_the_command_explains_in_words_and_as_json(
    session: Session, town: World, tmp_path: Path
) -> None:
    make(session, town)
    given = {"FLOWDROP_DATABASE": f"sqlite:///{tmp_path / 'deep' / 'console.sqlite'}"}
    run = CliRunner().invoke(main, ["drop", "explain", "spring", "cj:0", "--json"], env=given)
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert (told["person"], told["is_in"], told["chosen_by"]) == ("cj:0", True, "score")
    for lang, word in (("en", "is in drop spring"), ("zh", "在投放 spring 中")):
        run = CliRunner().invoke(
            main, ["drop", "explain", "spring", "cj:0", "--lang", lang], env=given
        )
        assert run.exit_code == 0, run.output
        assert word in run.output
    run = CliRunner().invoke(main, ["drop", "explain", "spring", "cj:9"], env=given)
    assert "no_wallet" in run.output
