"""Audiences: chosen by rule, net of refusals, frozen for good."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import click
import pandas as pd
import pytest

from features.audiences import Member, audience, audiences, members
from features.freezing import Rule, _store, choose, freeze, freeze_listed

if TYPE_CHECKING:
    from conftest import Warehouse

PROGRAM = "liuliangbao"
AS_OF = date(2020, 6, 1)
SCORED = [("ann", 0.9), ("bob", 0.8), ("cat", 0.8), ("dan", 0.3), ("eve", 0.1)]


@pytest.fixture
def scored(warehouse: Warehouse) -> Warehouse:
    warehouse.client.insert_df(
        "scores",
        pd.DataFrame(SCORED[::-1], columns=["person", "score"]).assign(
            program=PROGRAM, as_of=AS_OF, model_id="m"
        ),
    )
    return warehouse


@pytest.mark.parametrize(
    ("rule", "refused", "expected", "opted_out"),
    [
        (Rule(top=2), set(), ["ann", "bob"], 0),
        (Rule(top=2), {"ann", "eve"}, ["bob", "cat"], 1),
        (Rule(top=9), {"cat"}, ["ann", "bob", "dan", "eve"], 1),
        (Rule(min_score=0.8), set(), ["ann", "bob", "cat"], 0),
        (Rule(top=2, min_score=0.85), set(), ["ann"], 0),
        (Rule(min_score=0.8), {"ann", "bob", "cat", "dan"}, [], 3),
    ],
)
def test_a_rule_chooses_the_best_who_did_not_refuse(
    rule: Rule, refused: set[str], expected: list[str], opted_out: int
) -> None:
    found, out = choose(SCORED, refused, rule)
    assert [member.person for member in found] == expected
    assert [member.rank for member in found] == list(range(1, len(expected) + 1))
    assert out == opted_out


def test_a_frozen_audience_is_read_as_it_was_frozen(scored: Warehouse) -> None:
    frozen, fresh = freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=3))
    assert fresh
    assert members(scored.client, PROGRAM, "spring") == [
        Member("ann", 0.9, 1),
        Member("bob", 0.8, 2),
        Member("cat", 0.8, 3),
    ]
    assert (frozen.size, frozen.opted_out, frozen.model_id) == (3, 0, "m")
    assert json.loads(frozen.rule) == {"top": 3, "min_score": None}
    assert audience(scored.client, PROGRAM, "spring").fingerprint == frozen.fingerprint
    assert [one.name for one in audiences(scored.client)] == ["spring"]


def test_the_same_content_again_changes_nothing(scored: Warehouse) -> None:
    first, _ = freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=3))
    again, fresh = freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=3))
    assert not fresh
    assert again.fingerprint == first.fingerprint
    assert len(members(scored.client, PROGRAM, "spring")) == 3
    assert len(audiences(scored.client)) == 1


def test_a_name_with_other_content_is_refused_in_words(scored: Warehouse) -> None:
    freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=3))
    with pytest.raises(click.ClickException, match="choose another name"):
        freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=2))
    scored.consent("ann", "2020-05-01", granted=False)
    with pytest.raises(click.ClickException, match="3 people as of 2020-06-01"):
        freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=3))
    assert len(members(scored.client, PROGRAM, "spring")) == 3


def test_the_latest_word_before_the_date_counts(scored: Warehouse) -> None:
    scored.consent("ann", "2020-01-01", granted=False)
    scored.consent("ann", "2020-02-01", granted=True)  # changed her mind
    scored.consent("bob", "2020-01-01", granted=True)
    scored.consent("bob", "2020-05-31 23:59:59", granted=False)
    scored.consent("cat", "2020-06-01", granted=False)  # not known yet
    scored.consent("dan", "2020-01-01", granted=False, channel="type-a")  # one channel is enough
    frozen, _ = freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=5))
    assert [one.person for one in members(scored.client, PROGRAM, "spring")] == [
        "ann",
        "cat",
        "eve",
    ]
    assert frozen.opted_out == 2


def test_a_freeze_that_died_before_its_end_is_not_seen(scored: Warehouse) -> None:
    """Members without their audience are nobody's; the next freeze of the name is its own."""
    scored.client.insert(
        "audience_members",
        [[PROGRAM, "spring", "of a dead freeze", "zoe", 0.99, 1]],
        column_names=["program", "audience", "fingerprint", "person", "score", "rank"],
    )
    freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=1))
    assert [one.person for one in members(scored.client, PROGRAM, "spring")] == ["ann"]


def test_of_two_freezes_that_raced_the_first_stands(scored: Warehouse) -> None:
    first, _ = freeze(scored.client, "spring", AS_OF, PROGRAM, Rule(top=1))
    late = replace(
        first, fingerprint="0", size=9, frozen_at=first.frozen_at + pd.Timedelta(seconds=1)
    )
    _store(scored.client, late, [Member("zoe", 0.99, 1)])
    assert audience(scored.client, PROGRAM, "spring").size == 1
    assert [one.person for one in members(scored.client, PROGRAM, "spring")] == ["ann"]


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("bad name", Rule(top=1), "letters, digits"),
        ("spring", Rule(), "--top N, --min-score X"),
        ("spring", Rule(min_score=0.95), "the highest 0.9000"),
    ],
)
def test_what_cannot_be_frozen_is_refused_in_words(
    scored: Warehouse, name: str, rule: Rule, words: str
) -> None:
    with pytest.raises(click.ClickException, match=words):
        freeze(scored.client, name, AS_OF, PROGRAM, rule)
    assert audiences(scored.client) == []


def test_nobody_scored_and_nothing_frozen_say_what_to_do(warehouse: Warehouse) -> None:
    with pytest.raises(click.ClickException, match="flowdrop audience score --as-of 2020-06-01"):
        freeze(warehouse.client, "spring", AS_OF, PROGRAM, Rule(top=1))
    with pytest.raises(click.ClickException, match="there are: none yet"):
        members(warehouse.client, PROGRAM, "spring")


def test_people_of_a_list_have_no_score(scored: Warehouse) -> None:
    frozen, fresh = freeze_listed(scored.client, "vips", AS_OF, PROGRAM, ["dan", "ann"])
    assert (fresh, frozen.chosen_by) == (True, "of a list")
    assert members(scored.client, PROGRAM, "vips") == [
        Member("dan", None, 1),
        Member("ann", None, 2),
    ]
    again, fresh = freeze_listed(scored.client, "vips", AS_OF, PROGRAM, ["dan", "ann"])
    assert (fresh, again.fingerprint) == (False, frozen.fingerprint)
