"""The commands by their words and their JSON, on the small world."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner

from features import load_training_set
from features.cli import features
from features.sets.catalogue import load
from tests.sql.features.world import PROGRAM, World

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.clickhouse

CATALOGUE = load()
KNOWN = ("--known-at", "2026-06-01")


@pytest.fixture(autouse=True)
def place(address: str, world: World, flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert world
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", address)
    monkeypatch.setenv("FLOWDROP_PROGRAM", PROGRAM)
    return flowdrop_home


def run(*words: str) -> Result:
    return CliRunner().invoke(features, words)


def facts(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_list_has_every_feature_and_label() -> None:
    told = facts("list")
    assert [one["name"] for one in told] == sorted(CATALOGUE.features)
    assert sum(one["in_models"] for one in told) == 19
    assert [one["name"] for one in facts("list", "--labels")] == sorted(CATALOGUE.labels)
    assert "earned_coins_28d" in run("list").output
    assert "redeemed_28d" in run("list", "--labels").output


def test_one_is_shown_with_its_expression() -> None:
    told = facts("show", "gender")
    assert (told["sensitivity"], told["targeting"]) == ("personal", False)
    shown = run("show", "gender").output
    assert "targeting: no" in shown
    assert shown.rstrip().endswith(told["expression"])
    assert facts("show", "redeemed_28d")["window_days"] == 28


def test_a_set_is_exported_with_facts_and_query(tmp_path: Path) -> None:
    to = tmp_path / "sets" / "x.parquet"
    dates = ("--as-of", "2026-02-10", "--as-of", "2026-02-01")
    words = ("export", *dates, *KNOWN, "--label", "redeemed_7d", "--to", str(to))
    told = facts(*words, "--only", "balance", "--only", "tier")
    assert told["rows_by_date"] == {"2026-02-01": 2, "2026-02-10": 3}
    beside = json.loads((tmp_path / "sets" / "x.parquet.json").read_text())
    assert beside["sha256"] == told["sha256"]
    assert [one["name"] for one in beside["features"]] == ["balance", "tier"]
    said = run(*words).output
    assert "5 rows of " in said
    assert "and the label redeemed_7d" in said
    assert "x.parquet.sql" in said


def test_a_set_is_made_and_loaded_from_python(tmp_path: Path) -> None:
    to = tmp_path / "x.parquet"
    known = datetime(2026, 6, 1, tzinfo=UTC)
    wish = {"label": "redeemed_28d", "only": ("balance", "carrier_last")}
    frame = load_training_set(to, as_of=date(2026, 2, 10), known_at=known, **wish)
    assert list(frame.columns) == ["person", "as_of", "balance", "carrier_last", "label"]
    assert frame.attrs["known_at"] == known.isoformat()
    pd.testing.assert_frame_equal(load_training_set(to), frame)


def test_a_set_is_verified_by_making_it_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = str(tmp_path / "x.parquet")
    dates = ("--as-of", "2026-02-10", "--as-of", "2026-02-01")
    facts("export", *dates, *KNOWN, "--label", "redeemed_7d", "--to", to)
    world.result("earn", "bob", "2026-02-05 00:00", 3, activity="game", arrived="2026-06-02 00:00")
    monkeypatch.setenv("FLOWDROP_OFFER_DAYS", "7")  # what is told beside the set counts
    assert facts("verify", to)["is_same"] is True
    assert "made again, 5 rows, the same bytes" in run("verify", to).output
    world.result("earn", "bob", "2026-02-06 00:00", 3, activity="game", arrived="2026-05-31 00:00")
    differs = run("verify", to)
    assert differs.exit_code == 1
    said = " ".join(differs.output.split())
    assert "balance, " in said
    assert "differ; something that had arrived by its known_at was stored after it" in said
    beside = tmp_path / "x.parquet.json"
    told = json.loads(beside.read_text())
    told["features"][0]["window_days"] = 3
    beside.write_text(json.dumps(told))
    assert "is defined otherwise now, in window_days" in " ".join(run("verify", to).output.split())


def test_a_folder_of_ones_own_is_in_the_set(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    to = str(tmp_path / "x.parquet")
    (own / "earns_ever.sql").write_text(
        "-- meaning: times coins were earned\n-- entity: person\n-- grain: one row per person\n"
        "-- source: wallet\n-- window: ever\n-- type: UInt32\n-- kind: count\n-- owner: us\n"
        "-- sensitivity: behaviour\n-- targeting: yes\ncountIf(operation = 'earn')\n"
    )
    words = ("export", "--as-of", "2026-03-01", *KNOWN, "--feature", str(own))
    facts(*words, "--only", "earns_ever", "--to", to)
    [one] = json.loads((tmp_path / "x.parquet.json").read_text())["features"]
    assert one["name"] == "earns_ever"


def test_a_set_that_is_in_order_passes_and_one_that_is_not_stops() -> None:
    words = ("check", "--as-of", "2026-03-01", *KNOWN, "--late-hours", "48", "--rows-change", "1")
    told = facts(*words)
    assert told == {"stops": 0, "findings": []}
    assert "nothing found" in run(*words).output
    stopped = run("check", "--as-of", "2026-02-28", *KNOWN, "--against", "2026-01-01")
    assert stopped.exit_code == 1
    assert "STOP rows: " in stopped.output
    assert "must not be learned from or scored as it is: " in stopped.output


def test_exported_sets_are_checked_as_files(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{day}.parquet") for day in ("2026-02-28", "2026-03-01")]
    for path in paths:
        facts("export", "--as-of", path[-18:-8], *KNOWN, "--to", path)
    told = facts("check", "--set", paths[1], "--against", paths[0], "--late-hours", "48",
                 "--rows-change", "1")  # fmt: skip
    assert told["stops"] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "balanc"), "did you mean balance"),
        (("export", "--as-of", "2026-03-01", "--to", "x.csv"), "ends in .parquet"),
        (("export", "--as-of", "2126-03-01", "--to", "x.parquet"), "choose an earlier date"),
        (("export", "--as-of", "2026-03-01", "--known-at", "2126-01-01", "--to", "x.parquet"),
         "is yet to come"),
        (("export", "--as-of", "2026-03-01", "--known-at", "2000-01-01", "--to", "x.parquet"),
         "begins after"),
        (("export", "--as-of", "2026-05-30", *KNOWN, "--label", "redeemed_7d", "--to", "x.parquet"),
         "would count as a no"),
        (("export", "--as-of", "2026-03-01", "--only", "gender", "--to", "x.parquet"), "--barred"),
        (("export", "--as-of", "2026-03-01", "--feature", "nowhere", "--to", "x.parquet"),
         "neither a folder nor a Python package"),
        (("check",), "name either --as-of DATE or --set FILE"),
        (("check", "--set", "nowhere.parquet"), "make it with `flowdrop features export`"),
        (("check", "--as-of", "2026-03-01", "--against", "yesterday"), "name a date as YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_with_the_remedy(
    words: tuple[str, ...], expected: str
) -> None:
    result = run(*words)
    assert result.exit_code != 0
    assert expected in " ".join(result.output.split())
    assert "Traceback" not in result.output
