"""The commands print what the reports hold."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from console.reporting.documented import page
from console.reporting.found import reports
from console.reporting.report import plain
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach
from flowdrop.cli import main
from sql.client import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

ROOT = Path(__file__).parents[3]
IN_CENTS = "value_per_person_cents"  # what CSV calls it


@pytest.fixture(autouse=True)
def connected(warehouse: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sql.client.connect", lambda: warehouse)


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["report", *args])


def printed(*args: str) -> Any:
    found = run(*args)
    assert found.exit_code == 0, found.stderr
    made = json.loads(found.stdout)
    if isinstance(made, dict):
        assert made.pop("freshness")["dead_letters"] == 0  # see test_freshness.py
    return made


def table(*args: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(*args).stdout)))


def test_json_is_the_report(warehouse: Client) -> None:
    def as_json(report: Any) -> Any:
        return json.loads(json.dumps(plain(report), default=lambda value: value.isoformat()))

    assert printed("reach", "cj-8", "cj-13", "--json") == as_json(
        reach(warehouse, ["cj-8", "cj-13"])
    )
    assert printed("lift", "hillstrom", "--json") == as_json(lift(warehouse, "hillstrom"))
    assert printed("overlap", "cj-8", "cj-13", "--json") == as_json(
        overlap(warehouse, "cj-8", "cj-13")
    )
    assert len(printed("campaigns", "--json")) == 28


def test_the_keys_that_others_rely_on() -> None:
    assert printed("reach", "cj-18", "--json")["reach"] == 1133
    arms = printed("lift", "hillstrom", "--json")["arms"]
    assert {"arm", "people", "visit_rate", "conversion_rate"} <= arms[0].keys()
    both = printed("overlap", "cj-8", "cj-13", "--json")
    assert (both["overlap"], both["union"]) == (862, 1291)


def test_csv_equals_json() -> None:
    by_day = printed("reach", "cj-8", "--json")["by_day"]
    assert table("reach", "cj-8", "--csv") == [
        {key: str(value) for key, value in day.items()} for day in by_day
    ]
    report = printed("lift", "hillstrom", "--json")
    rows = table("lift", "hillstrom", "--csv")
    assert len(rows) == 9
    for row, arm in zip(rows[::3], report["arms"], strict=True):
        assert (row["arm"], row["metric"]) == (arm["arm"], "visit_rate")
        assert float(row["value"]) == arm["visit_rate"]
    effect = next(e for e in report["effects"] if e["metric"] == "value_per_person")
    (row,) = [r for r in rows if (r["arm"], r["metric"]) == (effect["arm"], IN_CENTS)]
    assert float(row["high"]) == effect["high"]
    (row,) = table("overlap", "cj-8", "cj-13", "--csv")
    assert (row["overlap"], row["union"]) == ("862", "1291")
    listed = table("campaigns", "--csv")
    assert [each["start"] for each in listed] == [
        each["start"] for each in printed("campaigns", "--json")
    ]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_hold_the_numbers_uncut(lang: str) -> None:
    text = run("lift", "hillstrom", "--lang", lang).stdout
    for number in ("10.62 %", "18.28 %", "15.14 %", "0.57 %", "1.25 %", "0.88 %", "+7.66"):
        assert number in text
    assert "…" not in text
    text = run("reach", "cj-8", "cj-13", "--lang", lang).stdout
    for number in ("1,291", "1,076", "1,077", "2017-05-08"):
        assert number in text
    text = run("overlap", "cj-8", "cj-13", "--lang", lang).stdout
    assert "80.11 %" in text
    assert "hillstrom" in run("campaigns", "--lang", lang).stdout


def test_lift_says_how_sure_it_is_and_of_what() -> None:
    text = " ".join(run("lift", "hillstrom").stdout.split())
    assert "hundredths (cents) in JSON and CSV" in text
    assert "revenue per person" in text
    assert "total increment" in text
    rows = {(row["arm"], row["metric"]): row for row in table("lift", "hillstrom", "--csv")}
    for effect in printed("lift", "hillstrom", "--json")["effects"]:
        metric = IN_CENTS if effect["metric"] in IN_CENTS else effect["metric"]
        assert float(rows[effect["arm"], metric]["confidence"]) == effect["confidence"]
        assert f"{100 * effect['confidence']:.4g} %" in text


def test_words_are_folded_and_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = run("campaigns").stdout
    assert "…" not in text
    for arm in ("mens", "none", "womens"):
        assert arm in text.split()


def test_the_reach_of_each_campaign_has_its_revenue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # a table, not a record of lines
    text = run("reach", "cj-8", "hillstrom").stdout
    own = printed("reach", "cj-8", "hillstrom", "--json")["by_campaign"][1]
    (line,) = [one for one in text.splitlines() if one.startswith("hillstrom ")]
    assert line.split()[-2:] == [f"{own['converted']:,}", f"{own['value_cents'] / 100:,.2f}"]


def test_chinese_is_chinese() -> None:
    text = run("reach", "hillstrom", "--lang", "zh").stdout
    assert "触达人数" in text
    assert "并不等于可见曝光" in text.replace("\n", "")
    assert "people" not in text
    assert "not a viewable impression" in run("reach", "hillstrom").stdout.replace("\n", " ")


def test_blocked_effects_are_withheld_in_words(
    fresh: Callable[[], Client], insert: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fresh()
    monkeypatch.setattr("sql.client.connect", lambda: client)
    for arm, people in (("control", 400), ("drop", 600)):
        names = [f"{arm}-{n}" for n in range(people)]
        insert(client, "assignment", "spring", names, 0, id=names, arm=arm, probability=0.5)
    text = run("lift", "spring").stdout
    assert "Effects are withheld" in text
    assert "drop against control" not in text


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["lift", "cj-8"], "campaign cj-8 was not randomised"),
        (["reach", "cj8"], "did you mean cj-8"),
        (["overlap", "cj-8", "cj-8"], "needs two campaigns"),
        (["lift", "hillstrom", "--control", "x"], "arms are mens, none, womens"),
    ],
)
def test_a_refusal_is_one_sentence(args: list[str], sentence: str) -> None:
    found = run(*args)
    assert found.exit_code == 1
    assert sentence in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize("command", ["campaigns", "reach", "lift", "overlap"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: flowdrop report {command}" in run(command, "--help").stdout


def test_the_page_of_reports_is_made_of_them() -> None:
    assert (ROOT / "docs" / "reports.md").read_text("utf-8") == page()


def test_every_query_of_a_report_is_a_file() -> None:
    for report in reports().values():
        assert all(text(name) for name in report.queries), report.name


def test_a_refusal_is_in_the_language_of_the_command() -> None:
    refused = run("reach", "cj-88", "--lang", "zh")
    assert refused.exit_code == 1
    assert "没有事件提到活动 'cj-88'；您要找的是 cj-8" in refused.stderr
