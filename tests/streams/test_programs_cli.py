"""`flowdrop programs`: list, show at a date, check a folder."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from flowdrop.cli import main
from streams.programs import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

GATES = """
[[carriers.mobile.gates]]
closed = "all"
from = 2026-03-02
until = 2026-03-04
assumption = "works on the way to it"

[[carriers.mobile.gates]]
closed = "others"
from = 2026-03-04
assumption = "its own numbers only"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped files, and a gate of liuliangbao that is closed for a time."""
    copied = tmp_path / "programs"
    shutil.copytree(FOLDER, copied)
    path = copied / "liuliangbao.toml"
    path.write_text(path.read_text(encoding="utf-8") + GATES, encoding="utf-8")
    monkeypatch.setenv("FLOWDROP_PROGRAMS", str(copied))
    return copied


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["programs", *words])


@pytest.mark.usefixtures("folder")
def test_list_tells_each_programs_names_carriers_and_changes() -> None:
    rows = {row["program"]: row for row in json.loads(run("list", "--json").stdout)}
    assert list(rows) == sorted(rows)
    assert rows["liuliangbao"] == {
        "program": "liuliangbao",
        "zh": "流量宝",
        "en": "Liuliangbao",
        "owner": "China Telecom",
        "unit": "coin",
        "carriers": ["telecom", "unicom", "mobile"],
        "changes": 2,
    }
    assert rows["ali-flow-wallet"]["changes"] == 0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("at", "gate"),
    [
        ("2026-03-01", "open"),
        (
            "2026-03-02",
            (
                "closed for everyone since 2026-03-02T00:00:00+00:00 until "
                "2026-03-04T00:00:00+00:00; open: telecom, unicom"
            ),
        ),
        (
            "2026-03-04",
            (
                "closed for numbers of other networks since 2026-03-04T00:00:00+00:00; "
                "open: mobile for its own numbers, telecom, unicom"
            ),
        ),
    ],
)
def test_show_says_what_is_closed_since_when_and_what_is_open(at: str, gate: str) -> None:
    body = json.loads(run("show", "liuliangbao", "--at", at, "--json").stdout)
    gates = {row["name"]: row["gate"] for row in body["carriers"]}
    assert gates == {"telecom": "open", "unicom": "open", "mobile": gate}
    assert f"gate {gate}" in run("show", "liuliangbao", "--at", at).stdout


def test_show_says_which_day_is_the_last() -> None:
    def gate(at: str) -> str:
        body = json.loads(run("show", "ali-flow-wallet", "--at", at, "--json").stdout)
        return str(body["carriers"][0]["gate"])

    closed = "closed for everyone: it is the last day of the month"
    assert [gate("2026-03-30T15:59:00Z"), gate("2026-03-30T16:00:00Z")] == ["open", closed]


def test_show_tells_where_each_value_is_from() -> None:
    shown = run("show", "ali-flow-wallet", "--at", "2026-03-05").stdout
    assert "30 MB for 30, 70 MB for 70, 150 MB for 150, 500 MB for 500, 1000 MB for 1000" in shown
    assert "[source: redemption tiers of 30, 70, 150, 500 and 1000 MB]" in shown
    assert "data redeemed then expires 2026-03-31 16:00:00+00:00" in shown
    assert "person close, earn, open" in shown


def test_an_unknown_program_is_named_with_those_there_are() -> None:
    shown = run("show", "flow")
    assert shown.exit_code == 1
    assert "no program 'flow'; name one of ali-flow-wallet, jd-flow-bank" in shown.stderr


def test_check_is_silent_on_files_that_are_right(folder: Path) -> None:
    shown = run("check", str(folder))
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "5 programs, nothing wrong" in shown.stderr
    assert json.loads(run("check", "--json").stdout) == []


def test_check_names_all_that_is_wrong_and_ends_with_1(folder: Path) -> None:
    one, two = folder / "jd-flow-bank.toml", folder / "liuliangbao.toml"
    one.write_text(one.read_text(encoding="utf-8").replace("coins_per_mb = 1", "coins_per_mb = 0"))
    text = two.read_text(encoding="utf-8").replace("until = 2026-03-04", "until = 2026-03-05")
    two.write_text(text)
    shown = run("check", str(folder))
    assert shown.exit_code == 1
    first, second = shown.stdout.splitlines()
    assert first.startswith(f"{one}, line ")
    assert (
        "carriers.jd-telecom.coins_per_mb = 0: it must be a whole number of at least 1; " in first
    )
    line = text[: text.index("from = 2026-03-04")].count("\n") + 1
    assert second.startswith(f"{two}, line {line}: carriers.mobile.gates.1.from = 2026-03-04")
    assert "the dates overlap" in second
    told = json.loads(run("check", str(folder), "--json").stdout)
    assert [problem["line"] for problem in told][1] == line
    assert set(told[0]) == {"file", "line", "key", "value", "what", "remedy"}
