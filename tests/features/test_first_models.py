"""A program's first models: little or nothing to learn from ends in a model or in one sentence."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from features.cli import audience, features, models
from features.definitions import FEATURES, NAMES
from features.learners import LEARNERS, chances, fit
from features.measures import compare
from features.rows import Campaign
from features.validation import validate
from flowdrop.output import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from conftest import Warehouse

PROGRAM, OTHER = "liuliangbao", "jd-flow-bank"
GROUPS = {"features": features, "models": models, "audience": audience}
DATE = "2020-06-01"


def table(labels: dict[str, list[int]], people: int | None = None) -> pd.DataFrame:
    """Return rows by campaign; nobody was contacted before, so that much is unknown."""
    rows = [
        {"campaign": campaign, "person": f"p{number % (people or len(told))}", "label": label}
        for campaign, told in labels.items()
        for number, label in enumerate(told)
    ]
    made = pd.DataFrame(rows)
    for one in FEATURES:
        unknown = one.dtype.startswith("Nullable")
        made[one.name] = math.nan if unknown else np.arange(len(made), dtype=float) % 7
    return made.assign(channel="type-a", purchases_7d=3.0)


def half(people: int) -> list[int]:
    return [number % 2 for number in range(people)]


SHAPES = {
    "nothing known of anyone": table({"a": half(60), "b": half(60)}),
    "all redeemers in one campaign": table({"a": half(60), "b": [0] * 40, "c": [0] * 40}),
    "everyone redeemed in one campaign": table({"a": [1] * 40, "b": [0] * 40}),
    "one person": table({f"c{number}": [number % 2] for number in range(50)}, people=1),
    "one person, one who did not": table({"a": [1] * 30, "b": [0] * 30}, people=1),
}


@pytest.mark.parametrize("learner", list(LEARNERS))
@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.filterwarnings("error")
def test_every_learner_fits_what_can_be_fitted(learner: str, shape: str) -> None:
    rows = SHAPES[shape]
    found = chances(fit(learner, rows), rows)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def dated(rows: pd.DataFrame) -> list[Campaign]:
    """Return the campaigns of `rows`, one after the other."""
    names = list(dict.fromkeys(rows["campaign"]))
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return [
        Campaign(
            name,
            "training",
            "type-a",
            start + timedelta(days=10 * number),
            start + timedelta(days=10 * number + 5),
            len(rows[rows["campaign"] == name]),
            int(rows[rows["campaign"] == name]["label"].sum()),
        )
        for number, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    "labels",
    [
        {"a": half(60), "b": [0] * 40},  # a held-out half without any
        {"a": half(60), "b": [1] * 40},  # ... or with nobody else
        {"a": [1] * 40, "b": half(40)},  # a past of one outcome teaches nothing
        {"a": [0] * 40, "b": half(60)},
        {"a": half(60), "b": [1] * 30, "c": [0] * 30, "d": half(20)},
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_held_out_half_of_one_outcome_judges_nothing_and_breaks_nothing(
    labels: dict[str, list[int]],
) -> None:
    rows = table(labels)
    found = validate(rows, dated(rows))
    assert found.chosen in LEARNERS
    assert "NaN" not in json_text([one.__dict__ for one in found.comparisons.values()])


@pytest.mark.filterwarnings("error")
def test_within_campaigns_of_one_outcome_each_nobody_is_comparable() -> None:
    labels = np.array([1, 1, 0, 0])
    score = np.array([0.9, 0.8, 0.2, 0.1])
    groups = np.array(["a", "a", "b", "b"], dtype=object)
    people = np.array(["p", "q", "r", "s"], dtype=object)
    found = compare(labels, score, score[::-1], groups, people, draws=50)
    assert (found.auc, found.difference) == (1.0, 1.0)
    assert found.within_auc is found.within_difference_low is None
    alone = compare(labels[:2], score[:2], score[:2], groups[:2], people[:2], draws=50)
    assert set(alone.__dict__.values()) == {None}


def test_json_has_no_word_for_what_is_no_number() -> None:
    value = {"a": math.nan, "b": [math.inf, (-math.inf, 1.5)], "c": np.float64("nan"), "d": "NaN"}
    assert json_text(value) == '{"a": null, "b": [null, [null, 1.5]], "c": null, "d": "NaN"}'


# -- by the commands -------------------------------------------------------------------------------


@pytest.fixture
def place(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setattr("sql.client.connect", lambda *_: warehouse.client)
    monkeypatch.setenv("FLOWDROP_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FLOWDROP_CONFIG", str(tmp_path / "none.toml"))
    return warehouse


def run(*words: str) -> Result:
    return CliRunner().invoke(GROUPS[words[0]], words[1:])


def strict(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def facts(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return strict(result.stdout)


def people(count: int, prefix: str = "p") -> list[str]:
    return [f"{prefix}{number:03}" for number in range(count)]


def fill(place: Warehouse, program: str, prefix: str) -> None:
    """Two first campaigns without an end: half of the one redeemed, nobody of the other."""
    names = people(60, prefix)
    for name in names:
        place.earn(name, "2020-01-01", spend=100 + len(name), program=program)
    place.contact(f"{prefix}-one", "2020-02-01", None, *names)
    place.contact(f"{prefix}-two", "2020-03-15", None, *names)
    for name in names[::2]:
        place.convert(f"{prefix}-one", name, "2020-02-03")


def test_the_first_campaigns_without_an_end_go_the_whole_way(place: Warehouse) -> None:
    fill(place, PROGRAM, "p")
    built = facts("features", "build", "--as-of", DATE)
    assert (built["training_rows"], built["redeemers"]) == (120, 30)
    trained = facts("models", "train", "--as-of", DATE)
    assert trained["rows"] == 120
    told = run("models", "evaluate", "--as-of", DATE)
    assert told.exit_code == 1
    assert told.output.startswith("Error: there is nothing to evaluate the model of")
    assert told.output.count("\n") == 1
    place.contact("fresh", "2020-06-02", None, *people(60))
    place.earn("p000", "2020-06-03")
    told = run("models", "evaluate", "--as-of", DATE)
    assert "(not over yet: fresh)" in told.output
    champion = facts("models", "register", "--as-of", DATE, "--force")
    assert champion["forced"] is True
    assert facts("audience", "score", "--as-of", DATE)["people"] == 60
    assert facts("audience", "freeze", "first", "--as-of", DATE, "--top", "5")["size"] == 5
    assert strict(run("models", "show", trained["model_id"], "--json").stdout)["sha256"]


def test_a_drop_that_has_just_begun_decides_nothing(place: Warehouse) -> None:
    fill(place, PROGRAM, "p")
    place.contact("over", "2020-06-02", "2020-06-08", *people(60))
    for name in people(60)[::2]:
        place.convert("over", name, "2020-06-04")
    for command in (("features", "build"), ("models", "train")):
        facts(*command, "--as-of", DATE)
    before = facts("models", "evaluate", "--as-of", DATE)
    assert before["decides"] is None  # nothing came after it, so that it is not known to be over
    place.contact("fresh", "2020-06-20", None, *people(60))
    found = facts("models", "evaluate", "--as-of", DATE)
    assert found["decides"] == "later"
    scopes = {one["scope"]: one for one in found["evaluations"]}
    assert (scopes["later"]["campaigns"], scopes["later"]["open_campaigns"]) == (
        ["over"],
        ["fresh"],
    )
    assert scopes["not_over"]["campaigns"] == ["fresh", "over"]
    place.earn("p000", "2020-07-18 00:00:01")  # 28 days later it is a campaign like any other
    place.convert("fresh", "p001", "2020-06-21")
    found = facts("models", "evaluate", "--as-of", DATE)
    scopes = {one["scope"]: one for one in found["evaluations"]}
    assert scopes["later"]["campaigns"] == ["fresh", "over"]
    assert scopes["later"]["open_campaigns"] == []
    assert "later: AUC" in run("models", "evaluate", "--as-of", DATE).output


@pytest.mark.parametrize("redeemed", [0, 5, 60])
def test_too_little_to_learn_from_is_one_sentence(place: Warehouse, redeemed: int) -> None:
    names = people(60)
    for name in names:
        place.earn(name, "2020-01-01")
    place.contact("one", "2020-02-01", None, *names)
    place.contact("two", "2020-03-15", None, *names)
    for name in names[:redeemed]:
        place.convert("one", name, "2020-02-03")
        place.convert("two", name, "2020-03-16")
    facts("features", "build", "--as-of", DATE)
    told = run("models", "train", "--as-of", DATE)
    assert told.exit_code == 1
    assert told.output.startswith("Error: too little to learn from as of 2020-06-01: 2 ended")
    assert f"{2 * redeemed} redemptions in 120 rows" in told.output


def test_no_campaign_is_one_sentence(place: Warehouse) -> None:
    place.earn("ann", "2020-01-01")
    told = run("features", "build", "--as-of", DATE)
    assert (told.exit_code, told.output.count("\n")) == (1, 1)
    assert "there are no contacts" in told.output


def test_two_programs_of_one_date_share_nothing(place: Warehouse) -> None:
    """The second's rows, model, champion, scores and audience leave the first's as they were."""
    kept: dict[str, Any] = {}
    for program, prefix in ((PROGRAM, "p"), (OTHER, "q")):
        fill(place, program, prefix)
    for program in (PROGRAM, OTHER):
        whose = ("--as-of", DATE, "--program", program)
        kept[program] = {
            "build": facts("features", "build", *whose),
            "train": facts("models", "train", *whose),
            "register": facts("models", "register", *whose, "--force"),
            "score": facts("audience", "score", *whose),
            "freeze": facts("audience", "freeze", "best", *whose, "--top", "9"),
        }
    first, second = kept.values()
    assert first["train"]["model_id"] != second["train"]["model_id"]
    for program, prefix in ((PROGRAM, "p"), (OTHER, "q")):
        whose = ("--as-of", DATE, "--program", program)
        assert facts("features", "build", *whose) == kept[program]["build"]
        assert facts("models", "train", *whose) == kept[program]["train"] | {"trained": False}
        assert facts("audience", "score", *whose) == kept[program]["score"]
        again = facts("audience", "freeze", "best", *whose, "--top", "9")
        assert again["fingerprint"] == kept[program]["freeze"]["fingerprint"]
        assert again["frozen"] is False
        shown = facts("audience", "show", "best", "--program", program)["members"]
        assert {one["person"][0] for one in shown} == {prefix}
    listed = {one["model_id"]: one["program"] for one in facts("models", "list")}
    assert listed == {kept[name]["train"]["model_id"]: name for name in kept}
    assert all(one["registered"] for one in facts("models", "list"))


def test_every_feature_is_in_the_shapes() -> None:
    assert all(set(NAMES) <= set(rows.columns) for rows in SHAPES.values())
