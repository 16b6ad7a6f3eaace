"""Models on the real data: the same twice, judged beside the baseline, loaded only if trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import click
import numpy as np
import pytest
import skops.io
from sklearn.metrics import roc_auc_score

from features import registry, validation
from features.definitions import NAMES
from features.evaluation import evaluate
from features.learners import LEARNERS, chances, fit
from features.registration import register
from features.rows import build, campaigns, stored
from features.scoring import score
from features.training import train
from features.verdict import Evaluation, deciding, evaluations, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from conftest import Journey, Opener, Warehouse

PROGRAM = "liuliangbao"
AS_OF = date(2017, 10, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def trained(real: Warehouse, folder: Path) -> registry.Metadata:
    for purpose in ("training", "scoring"):
        build(real.client, AS_OF, purpose, PROGRAM)
    metadata, _ = train(real.client, AS_OF, PROGRAM, folder)
    return metadata


@pytest.fixture(scope="module")
def judged(real: Warehouse, folder: Path, trained: registry.Metadata) -> list[Evaluation]:
    assert trained.as_of == AS_OF
    return evaluate(real.client, AS_OF, PROGRAM, folder)


def test_only_campaigns_that_had_ended_were_learned_from(
    real: Warehouse, trained: registry.Metadata
) -> None:
    past = [one for one in campaigns(real.client, AS_OF, PROGRAM) if one.purpose == "training"]
    assert trained.campaigns == [one.campaign for one in past]
    assert max(one.finish for one in past).date() < AS_OF
    assert set(trained.campaigns) == {"cj-27", *(f"cj-{number}" for number in range(1, 14))}


def test_trained_twice_it_is_the_same_model(
    real: Warehouse, folder: Path, trained: registry.Metadata
) -> None:
    again, fresh = train(real.client, AS_OF, PROGRAM, folder)
    assert (again, fresh) == (trained, False)
    before = chances(registry.load(real.client, folder, trained.model_id)[0], rows(real))
    file = folder / trained.model_id / registry.MODEL_FILE
    file.unlink()
    anew, fresh = train(real.client, AS_OF, PROGRAM, folder)
    assert fresh
    assert replace(anew, trained_at=trained.trained_at) == trained
    after = chances(registry.load(real.client, folder, trained.model_id)[0], rows(real))
    assert np.array_equal(before, after)


def rows(real: Warehouse) -> pd.DataFrame:
    return stored(real.client, AS_OF, "scoring", PROGRAM)


def test_other_rows_or_another_date_are_another_model() -> None:
    ids = {
        registry.model_id(program, day, data, "definition")
        for day in (AS_OF, date(2017, 11, 6))
        for data in ("one", "two")
        for program in (PROGRAM, "jd-flow-bank")
    }
    assert len(ids) == 8


def test_metadata_is_read_as_it_was_written(trained: registry.Metadata) -> None:
    assert registry.Metadata.from_json(trained.to_json()) == trained
    assert {"python", "scikit-learn", "skops"} <= set(trained.versions)


def test_the_learner_is_chosen_by_campaigns_it_had_not_seen(trained: registry.Metadata) -> None:
    told = trained.validation
    within = {name: one["within_auc"] for name, one in told["learners"].items()}
    assert set(within) == set(LEARNERS)
    assert trained.learner == max(within, key=within.__getitem__)
    assert set(told["campaigns"]) < set(trained.campaigns)


def test_the_chances_are_calibrated_on_what_was_learned_from(
    real: Warehouse, folder: Path, trained: registry.Metadata
) -> None:
    table = stored(real.client, AS_OF, "training", PROGRAM)
    model, _ = registry.load(real.client, folder, trained.model_id)
    scores, labels = chances(model, table), table["label"].to_numpy(float)
    assert scores.mean() == pytest.approx(labels.mean(), abs=0.01)
    for part in np.array_split(np.argsort(scores), 5):
        assert scores[part].mean() == pytest.approx(labels[part].mean(), abs=0.05)


def test_it_beats_the_baseline_on_campaigns_after_its_date(
    real: Warehouse, folder: Path, judged: list[Evaluation], trained: registry.Metadata
) -> None:
    later = next(one for one in judged if one.scope == "later")
    table = stored(real.client, AS_OF, "later", PROGRAM)
    assert (table["at"] >= np.datetime64(AS_OF)).all()
    assert set(table["campaign"]) == {f"cj-{number}" for number in range(18, 24)}
    table = table[table["campaign"].isin(later.campaigns)]
    assert later.campaigns == ["cj-18", "cj-19"]  # the others are not over on the last day
    model, _ = registry.load(real.client, folder, trained.model_id)
    labels = table["label"].astype(int)
    naive = table["redemption_rate"].fillna(trained.base_rate)
    assert later.auc == pytest.approx(roc_auc_score(labels, chances(model, table)))
    assert later.baseline_auc == pytest.approx(roc_auc_score(labels, naive))
    assert later.auc > 0.78
    assert later.difference_low > 0
    assert later.open_campaigns == ["cj-20", "cj-21", "cj-22", "cj-23"]


def test_campaigns_not_over_are_those_after_and_those_running(judged: list[Evaluation]) -> None:
    found = next(one for one in judged if one.scope == "not_over")
    assert set(found.campaigns) == {f"cj-{number}" for number in range(14, 24)}


def test_evaluations_are_stored_once(
    real: Warehouse, folder: Path, judged: list[Evaluation], trained: registry.Metadata
) -> None:
    evaluate(real.client, AS_OF, PROGRAM, folder)
    found = evaluations(real.client, trained.model_id)
    assert [one.scope for one in found] == ["later", "not_over", "validation"]
    assert {one.scope: one.auc for one in found} == {one.scope: one.auc for one in judged}


def test_on_the_last_day_the_campaigns_held_out_in_training_decide(
    engine: Opener, journey: Journey, tmp_path: Path
) -> None:
    end = np.datetime64(AS_OF)
    today = engine()
    today.fill(
        replace(
            journey,
            baskets=journey.baskets[journey.baskets["time"] < end],
            campaigns=journey.campaigns[journey.campaigns["start"] < end],
            redemptions=journey.redemptions[journey.redemptions["time"] < end],
        )
    )
    build(today.client, AS_OF, "training", PROGRAM)
    metadata, _ = train(today.client, AS_OF, PROGRAM, tmp_path)
    found = evaluate(today.client, AS_OF, PROGRAM, tmp_path)
    decides = deciding(found)
    assert decides is not None
    assert {one.scope for one in found} == {"validation", "not_over"}
    assert decides.scope == "validation"
    assert (
        "campaigns held out before"
        in register(today.client, AS_OF, PROGRAM, tmp_path, force=False).reason
    )
    assert metadata.model_id == decides.model_id


def worse(one: Evaluation) -> Evaluation:
    return replace(one, difference_low=-0.01, evaluated_at=datetime.now(UTC))


def test_the_scope_that_decides_is_later_then_validation(judged: list[Evaluation]) -> None:
    scopes = {one.scope: one for one in judged}
    assert deciding(judged) == scopes["later"]
    few = replace(scopes["later"], redeemers=19)
    assert deciding([few, scopes["not_over"], scopes["validation"]]) == scopes["validation"]
    assert deciding([scopes["not_over"]]) is None


def test_beating_means_the_whole_interval(judged: list[Evaluation]) -> None:
    later = next(one for one in judged if one.scope == "later")
    assert verdict(later)[0]
    assert not verdict(worse(later))[0]
    assert "does not beat" in verdict(worse(later))[1]


def test_registered_scored_and_refused(
    real: Warehouse, folder: Path, judged: list[Evaluation], trained: registry.Metadata
) -> None:
    champion = register(real.client, AS_OF, PROGRAM, folder, force=False)
    assert (champion.model_id, champion.forced) == (trained.model_id, False)
    note = json.loads((folder / champion.model_id / registry.REGISTERED_FILE).read_text())
    assert note["model_id"] == trained.model_id

    done = score(real.client, AS_OF, PROGRAM, folder)
    again = score(real.client, AS_OF, PROGRAM, folder)
    assert done == again
    assert done.people == len(stored(real.client, AS_OF, "scoring", PROGRAM))
    counted = real.client.query("SELECT count(), uniqExact(person) FROM scores").result_rows
    assert counted == [(done.people, done.people)]

    later = next(one for one in judged if one.scope == "later")
    real.client.insert(
        "evaluations",
        [list(worse(later).__dict__.values())],
        column_names=list(Evaluation.__dataclass_fields__),
    )
    with pytest.raises(click.ClickException, match=r"was not registered: AUC .* does not beat"):
        register(real.client, AS_OF, PROGRAM, folder, force=False)
    assert register(real.client, AS_OF, PROGRAM, folder, force=True).forced
    evaluate(real.client, AS_OF, PROGRAM, folder)


def test_a_day_has_the_champion_of_the_newest_date_up_to_it(
    warehouse: Warehouse, folder: Path
) -> None:
    for day in (20, 6, 13):
        (folder / f"m{day}").mkdir()
        registry.enthrone(
            warehouse.client,
            folder,
            registry.Champion(
                PROGRAM, date(2017, 11, day), f"m{day}", "", False, datetime.now(UTC)
            ),
        )
    found = {
        day: registry.champion_on(warehouse.client, date(2017, 11, day), PROGRAM)
        for day in (6, 12, 13)
    }
    assert {day: one.model_id for day, one in found.items()} == {6: "m6", 12: "m6", 13: "m13"}
    with pytest.raises(click.ClickException, match="flowdrop models register"):
        registry.champion_on(warehouse.client, date(2017, 11, 5), PROGRAM)


class Stranger:
    """A type that no model of ours is made of."""


def keep(warehouse: Warehouse, folder: Path, model: Any, metadata: registry.Metadata) -> None:
    """Save a model as training does, and have the registry know it."""
    registry.record(warehouse.client, registry.save(folder, model, metadata))


def test_a_file_with_a_strange_type_is_not_loaded(
    warehouse: Warehouse, trained: registry.Metadata, tmp_path: Path
) -> None:
    keep(warehouse, tmp_path, {"model": Stranger()}, trained)
    with pytest.raises(click.ClickException, match="Stranger; it was not loaded"):
        registry.load(warehouse.client, tmp_path, trained.model_id)


def first_tree(file: Path, change: Callable[[np.ndarray[Any, Any]], None]) -> None:
    """Change the nodes of the first tree in a model's file, and leave the rest as it is."""
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, part in parts.items():
        if name.endswith(".npy"):
            array = np.load(BytesIO(part))
            if array.dtype.names and "left" in array.dtype.names:
                change(array)
                changed = BytesIO()
                np.save(changed, array)
                parts[name] = changed.getvalue()
                break
    else:
        raise AssertionError("there is no tree in it")
    with ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def other_leaves(file: Path) -> None:
    def change(nodes: np.ndarray[Any, Any]) -> None:
        nodes["value"] += 5

    first_tree(file, change)


def nodes_beyond_the_end(file: Path) -> None:
    """Predicting with it reads memory of others, or ends the process."""

    def change(nodes: np.ndarray[Any, Any]) -> None:
        nodes["left"] = nodes["right"] = 10**9
        nodes["is_leaf"] = 0

    first_tree(file, change)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def nothing_in_it(file: Path) -> None:
    file.write_bytes(b"")


def a_byte_more(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def anothers(file: Path) -> None:
    file.write_bytes(skops.io.dumps({"another": "model"}))


@pytest.fixture(scope="module")
def trees(real: Warehouse, trained: registry.Metadata) -> Any:
    return fit("trees", stored(real.client, trained.as_of, "training", PROGRAM))


@pytest.mark.parametrize(
    "spoil",
    [
        other_leaves,
        nodes_beyond_the_end,
        cut_short,
        nothing_in_it,
        a_byte_more,
        a_folder,
        anothers,
        Path.unlink,
    ],
)
def test_another_file_than_the_one_that_was_written_is_not_loaded(
    warehouse: Warehouse,
    trained: registry.Metadata,
    trees: Any,
    tmp_path: Path,
    spoil: Callable[[Path], None],
) -> None:
    keep(warehouse, tmp_path, trees, trained)
    known = registry.required(warehouse.client, trained.model_id)
    assert registry.intact(tmp_path, known)
    registry.load(warehouse.client, tmp_path, trained.model_id)
    spoil(tmp_path / trained.model_id / registry.MODEL_FILE)
    assert not registry.intact(tmp_path, known), "training makes it anew"
    with pytest.raises(click.ClickException, match="flowdrop models train --as-of 2017-10-30"):
        registry.load(warehouse.client, tmp_path, trained.model_id)
    keep(warehouse, tmp_path, trees, trained)
    registry.load(warehouse.client, tmp_path, trained.model_id)


def test_what_is_beside_the_file_and_not_in_the_registry_is_not_asked(
    warehouse: Warehouse, trained: registry.Metadata, trees: Any, tmp_path: Path
) -> None:
    """Whoever can write a model's file can write its notes as well."""
    keep(warehouse, tmp_path, trees, trained)
    (tmp_path / trained.model_id / registry.METADATA_FILE).write_text('{"features": []}')
    assert registry.load(warehouse.client, tmp_path, trained.model_id)[1] == trained
    registry.save(tmp_path, trees, replace(trained, model_id="redeem-unknown"))
    with pytest.raises(click.ClickException, match="there is no model 'redeem-unknown'"):
        registry.load(warehouse.client, tmp_path, "redeem-unknown")


def test_a_champion_whose_file_is_another_is_none(
    warehouse: Warehouse, trained: registry.Metadata, trees: Any, tmp_path: Path
) -> None:
    keep(warehouse, tmp_path, trees, trained)
    cut_short(tmp_path / trained.model_id / registry.MODEL_FILE)
    with pytest.raises(click.ClickException, match="was not loaded"):
        register(warehouse.client, AS_OF, PROGRAM, tmp_path, force=True)


@pytest.mark.parametrize("name", list(LEARNERS))
def test_every_learner_can_be_saved_and_loaded(
    real: Warehouse, warehouse: Warehouse, name: str, tmp_path: Path, trained: registry.Metadata
) -> None:
    table = stored(real.client, AS_OF, "training", PROGRAM)
    model = fit(name, table)
    keep(warehouse, tmp_path, model, trained)
    loaded, _ = registry.load(warehouse.client, tmp_path, trained.model_id)
    assert np.array_equal(chances(loaded, table), chances(model, table))


def test_every_trusted_type_is_one_that_a_learner_needs(
    real: Warehouse, trained: registry.Metadata
) -> None:
    table = stored(real.client, trained.as_of, "training", PROGRAM)
    needed: set[str] = set()
    for name in LEARNERS:
        needed |= set(skops.io.get_untrusted_types(data=skops.io.dumps(fit(name, table))))
    assert needed == set(registry.TRUSTED)


def test_a_model_of_other_features_is_refused(
    warehouse: Warehouse, trained: registry.Metadata, trees: Any, tmp_path: Path
) -> None:
    keep(warehouse, tmp_path, trees, replace(trained, features=list(NAMES)[1:]))
    with pytest.raises(click.ClickException, match="features other than today's"):
        registry.load(warehouse.client, tmp_path, trained.model_id)


def test_validation_predicts_each_campaign_from_those_that_had_ended(
    real: Warehouse, trained: registry.Metadata
) -> None:
    table = stored(real.client, trained.as_of, "training", PROGRAM)
    past = [one for one in campaigns(real.client, AS_OF, PROGRAM) if one.purpose == "training"]
    dates = {one.campaign: one for one in past}
    splits = list(validation._splits(table, past))
    assert len(splits) == len(trained.validation["campaigns"]) == 7
    for known, held in splits:
        (name,) = set(held["campaign"])
        assert max(dates[one].finish for one in known["campaign"]) < dates[name].start
