"""The report a regulator reads, and the commands."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result

from console import compliance_cli
from console.compliance.report import ComplianceReport, report
from console.compliance.reserve import bound
from console.compliance.rules import RULES, THRESHOLDS
from console.compliance.text import markdown
from console.i18n import translator
from console.reporting.report import plain
from console.reports.basis import EmptyWarehouseError
from console.settlement.month import month
from flowdrop.cli import main
from tests.console.settlement.ledger_rows import LedgerRows
from tests.console.settlement.october import october

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

LIU = "liuliangbao"


@pytest.fixture(scope="module")
def busy(fresh: Callable[[], Client]) -> LedgerRows:
    """October with a held redemption left open, frozen and closed wallets, and a circle."""
    rows = LedgerRows(fresh())
    october(rows)
    rows.gift("t2", "bob", "ann", "2026-10-07", 110)  # of 100 the day before
    rows.result("redeem", "r9", "ann", "2026-10-13", ("ann", 0), carrier="unicom", pending=[7])
    for name in ("cat", "dan", "eve"):
        rows.result("open", f"open-{name}", name, "2026-09-01", (name, 0))
    rows.result("freeze", "f-cat", "cat", "2026-09-20", ("cat", 0))
    rows.result("freeze", "f-dan", "dan", "2026-10-20", ("dan", 0))
    rows.result("unfreeze", "u-dan", "dan", "2026-10-21", ("dan", 0))
    rows.result("close", "c-eve", "eve", "2026-10-22", ("eve", 0))
    rows.result("earn", "no-2", "zoe", "2026-10-22", outcome="refused", reason="unknown_account")
    rows.result("earn", "no-3", "zoe", "2026-10-23", outcome="refused", reason="unknown_account")
    rows.result("earn", "no-4", "zoe", "2026-11-23", outcome="refused", reason="unknown_account")
    rows.result("earn", "no-5", "zoe", "2026-10-23", outcome="refused", reason="unknown_program",
                program="none")  # fmt: skip
    rows.store()
    return rows


def of(rows: LedgerRows, when: str = "2026-10") -> ComplianceReport:
    return report(rows.client, month(when))


def test_a_programs_month(busy: LedgerRows) -> None:
    ali, liu = of(busy).programs
    assert (ali.program, ali.issued, ali.outstanding, ali.reserve) == (
        "ali-flow-wallet",
        8,
        8,
        None,
    )
    assert (liu.issued, liu.burnt, liu.redeemed) == (20, 140, 90)
    assert liu.by_kind == {
        "budget": 550,
        "carrier": 120,
        "clearing": 0,
        "issuer": -980,
        "packet": 18,
        "suspense": 60,
        "wallet": 232,
    }
    assert sum(liu.by_kind.values()) == 0
    assert (liu.outstanding, liu.in_packets, liu.held) == (232 + 18 + 550 + 60, 18, 7)
    assert (liu.reserve, liu.cover) == (None, None)
    assert (liu.wallets, liu.frozen, liu.closed) == (5, 1, 1)
    assert (liu.frozen_in_month, liu.closed_in_month) == (1, 1)
    assert liu.refusals == {"unknown_account": 2, "insufficient_balance": 1}
    assert liu.flags == {"split_gifts": 0, "circular_gifts": 1, "packet_farms": 0}
    assert of(busy).refusals_elsewhere == {"unknown_program": 1}


def test_the_month_after_keeps_what_stands_and_forgets_what_moved(
    busy: LedgerRows,
) -> None:
    _, liu = of(busy, "2026-11").programs
    assert liu.outstanding == 860 - 5  # the six in an account of no known kind still count
    assert (liu.issued, liu.redeemed, liu.frozen, liu.frozen_in_month) == (0, 5, 1, 0)
    assert liu.refusals == {"unknown_account": 1}


def held(rows: LedgerRows, ends: str) -> int:
    (found,) = of(rows, ends).programs
    return found.held


def test_what_is_held_at_a_months_end_is_not_what_an_event_found_that_came_late(
    fresh: Callable[[], Client],
) -> None:
    """Two holds of November, one of December dated before: each stands until its own end."""
    rows = LedgerRows(fresh())
    rows.result("earn", "e1", "ann", "2026-11-01", ("issuer:liuliangbao@0", -300), ("ann", 300))
    rows.result("redeem", "r1", "ann", "2026-11-29", ("ann", 0), carrier="unicom", pending=[50])
    rows.result("redeem", "r2", "ann", "2026-11-30", ("ann", 0), carrier="unicom", pending=[70])
    rows.store()
    assert held(rows, "2026-11") == 70  # as the ledger tells: what the wallet holds in all
    rows.result("redeem_settle", "s1", "ann", "2026-12-02", ("ann", -50),
                ("carrier:unicom:liuliangbao@0", 50), cause="r1", pending=[20, 0])  # fmt: skip
    rows.result("earn", "e2", "ann", "2026-11-30", ("issuer:liuliangbao@0", -10), ("ann", 10),
                pending=[0, 20])  # fmt: skip
    rows.store()
    assert (held(rows, "2026-11"), held(rows, "2026-12")) == (70, 20)
    # a hold of November that comes when another has been settled, and one that ended in November
    rows.result("redeem", "r3", "ann", "2026-11-28", ("ann", 0), carrier="unicom", pending=[25])
    rows.result("redeem_fail", "f2", "ann", "2026-11-30", ("ann", 0), cause="r2", pending=[5])
    rows.store()
    assert (held(rows, "2026-11"), held(rows, "2026-12")) == (50 + 5, 5)


def test_a_wallet_is_as_its_last_event_of_before_left_it_however_late_that_came(
    fresh: Callable[[], Client],
) -> None:
    rows = LedgerRows(fresh())
    rows.result("open", "o", "ann", "2026-11-01", ("ann", 0))
    rows.result("freeze", "f1", "ann", "2026-11-20", ("ann", 0))
    rows.result("unfreeze", "u1", "ann", "2026-12-02", ("ann", 0))
    rows.result("freeze", "f2", "ann", "2026-12-03", ("ann", 0))
    rows.result("earn", "late", "ann", "2026-11-30", ("issuer:liuliangbao@0", -1), ("ann", 1))
    rows.store()
    frozen = [own.frozen for when in ("2026-11", "2026-12") for own in of(rows, when).programs]
    assert frozen == [1, 1]
    rows.result("unfreeze", "u2", "ann", "2026-11-30", ("ann", 0))
    rows.store()
    frozen = [own.frozen for when in ("2026-11", "2026-12") for own in of(rows, when).programs]
    assert frozen == [0, 0]


def test_the_page_says_it_all(busy: LedgerRows) -> None:
    page = markdown(of(busy), translator("en"))
    for line in (
        "# Compliance report, 2026-10 (UTC)",
        "| issued in the month | 20 |",
        "| outstanding at its end | 860 |",
        "| of which in red packets | 18 |",
        "| unknown_account | 2 |",
        "| circular_gifts | 1 |",
        "Reserve: none is set.",
    ):
        assert line in page.splitlines()
    assert "gift_limit 1,000" in page


def test_a_month_before_everything_is_empty_and_says_so(busy: LedgerRows) -> None:
    found = of(busy, "2026-01")
    assert found.programs == ()
    assert "Nothing had happened by the end of 2026-01." in markdown(found, translator("en"))


def test_an_empty_warehouse_says_so(fresh: Callable[[], Client]) -> None:
    with pytest.raises(EmptyWarehouseError, match="no coins have moved yet"):
        report(fresh(), month("2026-10"))


def test_a_programs_file_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[compliance")
    with pytest.raises(click.ClickException, match=r"p.toml, line 1: .*TOML file"):
        bound(tmp_path, "p")


# -- commands ----------------------------------------------------------------------------------


class Lent:
    """Stands for the way to the warehouse."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @contextmanager
    def client(self) -> Iterator[Client]:
        yield self._client


@pytest.fixture
def run(busy: LedgerRows, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(compliance_cli, "Warehouse", lambda: Lent(busy.client))
    return lambda *args: CliRunner().invoke(main, ["compliance", *args])


def facts(found: Result) -> Any:
    assert found.exit_code == 0, found.stderr
    return json.loads(found.stdout)


FRESH = "ledger up to 2026-11-23 00:00:00 UTC · no dead letters · 0 unlinked ids\n"


def test_flags_as_json_csv_and_a_table(run: Callable[..., Result]) -> None:
    (flag,) = facts(run("flags", "--month", "2026-10", "--json"))["flags"]
    assert (flag["rule"], flag["accounts"], flag["coins"]) == (
        "circular_gifts",
        ["ann", "bob"],
        210,
    )
    assert flag["evidence"] == ["t1", "t2"]
    shown = run("flags", "--month", "2026-10", "--csv").stdout
    (row,) = csv.DictReader(io.StringIO(shown))
    assert (row["accounts"], row["evidence"]) == ("ann bob", "t1 t2")
    assert row["first_time"] == flag["first_time"]
    assert run("flags", "--month", "2026-10").stdout == (
        "circular_gifts  liuliangbao  ann bob: 210 coins in 2 events, "
        "2026-10-06 00:00 to 2026-10-07 00:00\n    t1 t2\n" + FRESH
    )


def test_rules_and_thresholds_are_options(run: Callable[..., Result]) -> None:
    found = facts(run("flags", "--month", "2026-10", "--rule", "split_gifts", "--json"))
    assert found["rules"] == ["split_gifts"]
    assert found["flags"] == []
    assert found["thresholds"] == {"gift_limit": 1000, "split_hours": 24, "split_gifts": 3}
    few = run("flags", "--month", "2026-10", "--circle-coins", "111")
    assert (few.stdout, few.exit_code) == (FRESH, 0)
    assert "nothing is flagged in 2026-10" in few.stderr
    shown = run("flags", "--help").stdout
    for name, threshold in THRESHOLDS.items():
        assert f"--{name.replace('_', '-')}" in shown
        assert str(threshold.default) in shown


def test_the_report_as_json_and_as_a_page(run: Callable[..., Result], busy: LedgerRows) -> None:
    printed = facts(run("report", "--month", "2026-10", "--json"))
    assert printed.pop("freshness")["latest_posting"].startswith("2026-")
    assert printed == json.loads(json.dumps(plain(of(busy))))
    assert run("report", "--month", "2026-10").stdout.startswith("# Compliance report, 2026-10")
    only = facts(run("report", "--month", "2026-10", "--program", LIU, "--json"))
    assert [program["program"] for program in only["programs"]] == [LIU]


@pytest.mark.parametrize(
    ("args", "status", "sentence"),
    [
        (("flags", "--month", "soon"), 1, "'soon' is not a month"),
        (("report", "--month", "2026-14"), 1, "'2026-14' is not a month"),
        (("flags", "--month", "2026-10", "--rule", "theft"), 2, "circular_gifts"),
        (("flags", "--month", "2026-10", "--drain-share", "2"), 2, "0<=x<=1"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    run: Callable[..., Result], args: tuple[str, ...], status: int, sentence: str
) -> None:
    found = run(*args)
    assert found.exit_code == status
    assert sentence in found.stderr


def test_the_page_documents_every_rule_and_threshold() -> None:
    from pathlib import Path as Place

    page = (Place(__file__).parents[3] / "docs" / "compliance.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"`{rule.name}`" in page
        for threshold in rule.thresholds:
            option = f"--{threshold.name.replace('_', '-')}"
            assert f"| `{option}` | {threshold.default} | {threshold.help}" in page


@pytest.mark.parametrize("command", ["report", "flags"])
def test_it_speaks_chinese(run: Callable[..., Result], command: str) -> None:
    found = run(command, "--month", "2026-10", "--lang", "zh")
    assert found.exit_code == 0
    assert {"report": "# 合规报告，2026-10（UTC）", "flags": "流量币"}[command] in found.stdout
    text = re.sub(r"`[^`]*`|ann bob", "", found.stdout + found.stderr)
    assert not re.findall(r"[a-z]{3,} [a-z]{3,}", text)
