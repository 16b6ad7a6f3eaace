"""The tutorial notebook: its cells run, in order, to a promoted model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from features.lifecycle.versions import champion

if TYPE_CHECKING:
    import pytest
    from conftest import Opener

NOTEBOOK = Path(__file__).parents[3] / "docs" / "notebooks" / "own_experiment.ipynb"


def cells() -> list[str]:
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(one["source"]) for one in found if one["cell_type"] == "code"]


def test_it_is_short() -> None:
    lines = [line for cell in cells() for line in cell.splitlines() if line.strip()]
    assert len(lines) < 60


def test_its_outputs_are_left_out() -> None:
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(not one.get("outputs") for one in found)


def test_it_goes_from_a_csv_to_a_champion(
    engine: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mpl.use("agg")
    client = engine().client
    monkeypatch.setattr("sql.client.connect", lambda *_: client)
    monkeypatch.setenv("FLOWDROP_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FLOWDROP_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("TRIAL", str(tmp_path / "trial.csv"))
    names: dict[str, Any] = {}
    for cell in cells():
        exec(compile(cell, str(NOTEBOOK), "exec"), names)
    found = champion(client, "liuliangbao", "visit")
    assert found is not None
    assert found.model_id == names["facts"].model_id
    assert "is better than a rule that knows nothing" in names["champion"].why
    by_carrier = names["effect"].groupby(names["found"].data.features["carrier"].to_numpy()).mean()
    assert by_carrier["unicom"] > by_carrier["mobile"] + 0.05
    assert (tmp_path / "models" / found.model_id / "card.md").exists()
