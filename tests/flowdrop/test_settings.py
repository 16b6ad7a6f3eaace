"""Settings: which layer wins, and what is said of a bad value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from flowdrop.cli import main
from flowdrop.settings import Addresses, load, sources

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("flowdrop_home")


def _source(name: str) -> str:
    found: str = next(row["source"] for row in sources(Addresses) if row["name"] == name)
    return found


def test_the_default_is_a_machine_of_its_own() -> None:
    assert load(Addresses).kafka == "127.0.0.1:9092"
    assert _source("kafka") == "default"


def test_each_layer_wins_over_the_one_below(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = flowdrop_home / "addresses.toml"
    started.write_text('kafka = "started:1"\n')
    assert load(Addresses).kafka == "started:1"
    assert _source("kafka") == str(started)
    chosen = flowdrop_home / "flowdrop.toml"
    chosen.write_text('kafka = "chosen:1"\n')
    assert load(Addresses).kafka == "chosen:1"
    assert _source("kafka") == str(chosen)
    monkeypatch.setenv("FLOWDROP_KAFKA", "said:1")
    assert load(Addresses).kafka == "said:1"
    assert _source("kafka") == "FLOWDROP_KAFKA"


def test_a_bad_value_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWDROP_PARTITIONS", "many")
    shown = CliRunner().invoke(main, ["topics", "show"])
    assert shown.exit_code == 1
    for part in ("partitions", "'many'", "FLOWDROP_PARTITIONS", "flowdrop.toml"):
        assert part in shown.output


def test_the_command_shows_every_setting_and_no_secret() -> None:
    shown = CliRunner().invoke(main, ["settings", "--json"])
    rows = {row["name"]: row for row in json.loads(shown.output)}
    assert {"kafka", "clickhouse", "partitions", "database", "models"} <= rows.keys()
    assert "development-only" not in shown.output
    assert all(row["description"] for row in rows.values())
