"""Sets as files: the same bytes again whatever has arrived since, and what is told beside them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click
import pandas as pd
import pyarrow.parquet as pq
import pytest

import features
from features.sets import export as exporting
from features.sets.asking import Wish, asked_for
from features.sets.catalogue import load
from features.sets.export import export, schema
from tests.sql.features.world import KNOWN, PROGRAM, World

if TYPE_CHECKING:
    from pathlib import Path

    from features.sets.export import Asked

CATALOGUE = load()
DATES = [date(2026, 2, 1), date(2026, 2, 15), date(2026, 3, 1)]

pytestmark = pytest.mark.clickhouse


def asked(world: World, known: datetime = KNOWN, label: str | None = None) -> Asked:
    dates = [date(2026, 2, 10)] if label else DATES
    return asked_for(world.client, CATALOGUE, dates, known, Wish(program=PROGRAM, label=label))


def test_a_set_built_again_after_late_data_has_the_same_bytes(world: World, tmp_path: Path) -> None:
    first = export(world.client, CATALOGUE, asked(world), tmp_path / "first.parquet")
    for number, day in enumerate((*DATES, date(2026, 2, 27))):
        late = {"arrived": f"2026-07-0{number + 1} 00:00"}
        before = f"{day - timedelta(days=1)} 10:00"
        world.result("earn", "bob", before, 70, activity="purchase", spend=7000, **late)
        world.result("transfer", "ann", before, -3, payee="cat", **late)
        world.result("reverse", "bob", before, -2, cause="16", cause_source="tests", **late)
        world.event("contact", "bob", before, "c9", channel="app", **late)
        world.event("conversion", "bob", before, "c9", channel="app", **late)
        world.event("link", "cat", before, other="ann", linked=True, **late)
        world.profile("bob", before, carrier='"telecom"', **late)
        again = export(world.client, CATALOGUE, asked(world), tmp_path / f"{number}.parquet")
        assert again.sha256 == first.sha256
        assert (tmp_path / f"{number}.parquet").read_bytes() == (
            tmp_path / "first.parquet"
        ).read_bytes()
    now = replace(asked(world, datetime(2026, 8, 1, tzinfo=UTC)))
    assert export(world.client, CATALOGUE, now, tmp_path / "now.parquet").sha256 != first.sha256


def test_the_bytes_do_not_depend_on_slices_or_on_how_rows_come(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_PER_GROUP", 2)
    found = {
        export(
            world.client, CATALOGUE, asked(world), tmp_path / f"{count}.parquet", slices_count=count
        ).sha256
        for count in (1, 2, 7)
    }
    assert len(found) == 1
    file = pq.ParquetFile(tmp_path / "7.parquet")
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
    assert sizes == [2, 2, 1, 2, 2]  # 2, 3 and 4 people


def test_what_is_told_beside_a_set_is_what_is_in_it(world: World, tmp_path: Path) -> None:
    wanted = asked(world, datetime(2026, 6, 1, tzinfo=UTC), "redeemed_28d")
    steps: list[tuple[int, int]] = []
    done = export(
        world.client,
        CATALOGUE,
        wanted,
        tmp_path / "a" / "x.parquet",
        slices_count=3,
        done=lambda number, total: steps.append((number, total)),
    )
    assert steps == [(1, 3), (2, 3), (3, 3)]
    told = json.loads((tmp_path / "a" / "x.parquet.json").read_text())
    assert told["rows"] == done.rows == 3
    assert told["rows_by_date"] == {"2026-02-10": 3}
    assert told["sha256"] == done.sha256
    assert told["label"]["name"] == "redeemed_28d"
    assert [one["name"] for one in told["features"]] == [one.name for one in wanted.features]
    assert {one["source"] for one in told["sources"]} == {"ledger_results", "campaign_events"}
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "x.parquet",
        "x.parquet.json",
        "x.parquet.sql",
    ]


def test_the_query_beside_a_set_gives_its_rows(world: World, tmp_path: Path) -> None:
    done = export(world.client, CATALOGUE, asked(world), tmp_path / "x.parquet")
    statements = (tmp_path / "x.parquet.sql").read_text().split(";\n")
    values: dict[str, str] = {}
    found = []
    for statement in statements:
        lines = [line for line in statement.strip().splitlines() if not line.startswith("--")]
        if lines and lines[0].startswith("SET param_"):
            name, _, value = lines[0].removeprefix("SET param_").partition(" = ")
            values[name] = value.strip("'")
        elif lines:
            found += world.client.query(statement, parameters=values).result_rows
    table = pq.read_table(done.path)
    assert [list(row) for row in found] == [list(row.values()) for row in table.to_pylist()]


def test_a_loaded_set_says_what_it_is(world: World, tmp_path: Path) -> None:
    wanted = asked(world, datetime(2026, 6, 1, tzinfo=UTC), "redeemed_28d")
    done = export(world.client, CATALOGUE, wanted, tmp_path / "x.parquet")
    frame = features.load_training_set(done.path)
    assert list(frame.columns) == schema(wanted.features, wanted.label).names
    assert frame.attrs["label"] == "redeemed_28d"
    assert frame.attrs["as_of"] == ["2026-02-10"]
    assert frame.attrs["sha256"] == done.sha256
    assert frame.attrs["kinds"]["carrier"] == "category"
    assert frame[frame.attrs["features"]].shape == (3, len(wanted.features))
    assert isinstance(frame["carrier"].dtype, pd.CategoricalDtype)
    by_person = frame.set_index("person")
    assert by_person["label"].to_dict() == {"ann": 1, "bob": 0, "cat": 1}
    assert by_person.loc["bob", "age_years"] != by_person.loc["bob", "age_years"]  # not known


def test_a_set_that_was_changed_or_is_none_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    with pytest.raises(click.ClickException, match=r"there is no .*x\.parquet; make it with"):
        features.load_training_set(path)
    export(world.client, CATALOGUE, asked(world), path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(click.ClickException, match="its SHA-256 is"):
        features.load_training_set(path)
    path.with_name("x.parquet.json").write_text("{")
    with pytest.raises(click.ClickException, match=r"make it with .* again"):
        features.load_training_set(path)


def test_an_export_that_fails_leaves_the_old_set(world: World, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    export(world.client, CATALOGUE, asked(world), path)
    before = path.read_bytes()
    broken = replace(CATALOGUE, sources={**CATALOGUE.sources, "wallet": "SELECT nothing"})
    with pytest.raises(Exception, match="nothing"):
        export(world.client, broken, asked(world), path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("known", "label", "expected"),
    [
        (datetime(2026, 2, 20, tzinfo=UTC), None, "begins after 2026-02-20T00:00:00Z"),
        (datetime(2026, 3, 2, tzinfo=UTC), "redeemed_28d", "is not over before 2026-03-29"),
        (datetime(2026, 6, 1, tzinfo=UTC), "redeemed_280d", "no label is named"),
    ],
)
def test_what_cannot_be_known_is_refused(
    world: World, known: datetime, label: str | None, expected: str
) -> None:
    with pytest.raises(click.ClickException, match=expected):
        asked_for(world.client, CATALOGUE, DATES, known, Wish(program=PROGRAM, label=label))


def test_an_expression_that_the_engine_does_not_take_is_named_by_its_file(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "earns_of_ours.sql"
    path.write_text(
        "-- meaning: x\n-- entity: person\n-- grain: one row per person\n-- source: wallet\n"
        "-- window: ever\n-- type: UInt32\n-- kind: count\n-- owner: us\n"
        "-- sensitivity: behaviour\n-- targeting: yes\ncountIf(colour = 'red')\n"
    )
    with pytest.raises(click.ClickException, match="does not take the expression") as caught:
        asked_for(world.client, load([str(tmp_path)]), DATES, KNOWN, Wish(program=PROGRAM))
    assert str(path) in caught.value.message
    assert "features/sources/wallet" in caught.value.message
