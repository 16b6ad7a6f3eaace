"""Settings: which layer wins, and what is said of a bad value."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from console.settings import ConsoleSettings
from flowdrop.cli import main
from flowdrop.places import config_file, home
from flowdrop.settings import Addresses, load, sources
from local.kafka.java import bundled, java

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


@pytest.mark.parametrize("nothing", ["", "  ", "\t"])
def test_an_empty_setting_is_an_unset_one_in_every_layer(
    nothing: str, flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWDROP_KAFKA", nothing)
    monkeypatch.setenv("FLOWDROP_PARTITIONS", nothing)  # no number, and no text either
    assert load(Addresses).kafka == "127.0.0.1:9092"
    assert load(ConsoleSettings).partitions == 8
    assert _source("kafka") == "default"
    started, chosen = flowdrop_home / "addresses.toml", flowdrop_home / "flowdrop.toml"
    started.write_text('kafka = "started:1"\n')
    chosen.write_text(f"kafka = {json.dumps(nothing)}\n")
    assert load(Addresses).kafka == "started:1"
    assert _source("kafka") == str(started)


def test_an_empty_folder_or_file_is_the_default_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOWDROP_HOME", "")
    monkeypatch.setenv("FLOWDROP_CONFIG", " ")
    assert home() == tmp_path / ".flowdrop"
    assert config_file() == tmp_path / "flowdrop.toml"


def test_an_empty_java_is_the_one_that_pip_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWDROP_JAVA", "")
    assert java() == bundled()


@pytest.mark.parametrize("variable", ["FLOWDROP_RESTARTS", "FLOWDROP_CRASH_AT"])
def test_an_empty_word_of_supervision_ends_no_worker(variable: str) -> None:
    command = "import streams.layer.metrics, streams.layer.faults"
    done = subprocess.run(
        [sys.executable, "-c", command],
        env=os.environ | {variable: ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
