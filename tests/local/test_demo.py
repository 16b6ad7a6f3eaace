"""The frame of the demo: stages in order, times, checks, a clean end whatever happens."""

import json
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from flowdrop.output import print_rows
from local import folder
from local.demo import cli as demo
from local.demo import stages as shipped
from local.demo.cli import told
from local.demo.run import Check, Demo, Stage


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The flowdrop commands that were run, none of them really."""
    ran: list[tuple[str, ...]] = []

    def run(_self: Demo, *command: str, fails: bool = False) -> str:  # noqa: ARG001
        ran.append(command)
        return "{}"

    monkeypatch.setattr(Demo, "run", run)
    return ran


def play(
    monkeypatch: pytest.MonkeyPatch, *stages: Stage, args: tuple[str, ...] = ("--exit",)
) -> Result:
    monkeypatch.setattr(shipped, "STAGES", stages)
    return CliRunner().invoke(demo.demo, args)


def hold(demonstration: Demo) -> None:
    demonstration.check("people", 1_000, 1_000)


def test_status_is_0_only_if_every_check_held(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, ...]]
) -> None:
    assert flowdrop_home.exists()
    result = play(monkeypatch, Stage("one", hold), args=("--exit", "--json"))
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["held"] is True
    assert found["checks"] == [
        {"name": "people", "expected": "1,000", "got": "1,000", "held": True}
    ]
    assert [stage["stage"] for stage in found["stages"]] == ["one"]
    assert calls == [("down",)]

    failing = Stage("two", lambda d: d.check("people", 1_000, 999))
    assert play(monkeypatch, Stage("one", hold), failing).exit_code == 1
    assert play(monkeypatch).exit_code == 1, "no check is no proof"


def test_everything_is_taken_down_when_a_stage_fails(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, ...]]
) -> None:
    assert flowdrop_home.exists()

    def broken(_demo: Demo) -> None:
        raise click.ClickException("no such thing")

    result = play(monkeypatch, Stage("one", hold), Stage("two", broken), Stage("three", hold))
    assert result.exit_code == 1
    assert "Error: no such thing" in result.output
    assert "[3/3]" not in result.output
    assert calls == [("down",)]


def test_an_interrupt_takes_everything_down(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, ...]]
) -> None:
    assert flowdrop_home.exists()

    def interrupted(_demo: Demo) -> None:
        raise KeyboardInterrupt

    assert play(monkeypatch, Stage("one", interrupted)).exit_code == 1
    assert calls == [("down",)]


def test_it_starts_clean(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, ...]]
) -> None:
    folder.prepare(flowdrop_home)
    (flowdrop_home / "data").mkdir()
    result = play(monkeypatch, Stage("one", hold))
    assert result.exit_code == 0
    assert not (flowdrop_home / "data").exists()
    assert calls


def test_it_harms_no_folder_of_others(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, ...]]
) -> None:
    (flowdrop_home / "thesis.tex").touch()
    result = play(monkeypatch, Stage("one", hold))
    assert result.exit_code == 1
    assert "was not made by flowdrop" in result.output
    assert (flowdrop_home / "thesis.tex").exists()
    assert calls == []


def test_commands_are_run_and_read(flowdrop_home: Path) -> None:
    demonstration = Demo(flowdrop_home)
    assert "version" in demonstration.run("--version")
    with pytest.raises(click.ClickException, match="`flowdrop nonsense` failed"):
        demonstration.run("nonsense")
    with pytest.raises(click.ClickException, match="printed no JSON"):
        demonstration.ask("nonsense", fails=True)


def test_stages_are_timed(flowdrop_home: Path) -> None:
    demonstration = Demo(flowdrop_home)
    demonstration.play([Stage("nap", lambda _: time.sleep(0.2))])
    assert demonstration.timings[0].stage == "nap"
    assert 0.2 <= demonstration.timings[0].seconds < 60


def test_the_table_of_checks_fits_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    why = "carrier_closed: the gate of China Mobile is closed to numbers of other networks"
    checks = [
        Check("coins for a purchase of 49.00, 245, and for a friend, 20", "265", "265", True),
        Check("why a redemption was refused", why, why, True),
        Check("people granted coins", "1,000", "999", False),
    ]
    print_rows([told(check) for check in checks], title="Checks")
    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= 80
    words = " ".join(printed.replace("│", " ").split())
    for check in checks[:1]:
        assert f"{check.name}: {check.got}" in words
    assert "people granted coins: 999, not 1,000" in words
    assert "…" not in printed
