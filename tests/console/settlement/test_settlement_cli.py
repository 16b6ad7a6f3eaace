"""The command prints what the settlement holds."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from console import settlement_cli
from console.reporting.report import plain
from console.settlement.month import month
from console.settlement.statement import statement
from flowdrop.cli import main
from tests.console.settlement.ledger_rows import Lent

if TYPE_CHECKING:
    from tests.console.settlement.ledger_rows import LedgerRows

pytestmark = pytest.mark.clickhouse

UNICOM = ("--party", "carrier:unicom", "--month", "2026-10")
SPRING = ("--party", "advertiser:spring", "--month", "2026-10")
ALL = ("--all", "--month", "2026-10")


@pytest.fixture(autouse=True)
def connected(ledger: LedgerRows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement_cli, "Warehouse", lambda: Lent(ledger.client))


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["settlement", *args])


def printed(*args: str) -> Any:
    found = run(*args, "--json")
    assert found.exit_code == 0, found.stderr
    return json.loads(found.stdout)


def table(*args: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(*args, "--csv").stdout)))


def test_json_is_the_statement(ledger: LedgerRows) -> None:
    made = plain(statement(ledger.client, "advertiser:spring", month("2026-10")))
    told = printed(*SPRING)
    assert told.pop("freshness")["latest_posting"]
    assert told == json.loads(json.dumps(made))


def test_csv_has_a_row_a_line_and_the_balances() -> None:
    assert [(row["line"], row["coins"]) for row in table(*UNICOM)] == [
        *(("opening", "30"), ("redeem", "10"), ("redeem_settle", "90")),
        *(("reverse", "-10"), ("closing", "120"), ("delivered", "0"), ("delivered", "90")),
    ]
    assert [
        (row["network"], row["price"], row["mb"], row["events"]) for row in table(*UNICOM)[-2:]
    ] == [("unicom", "1.0", "0", "2"), ("telecom", "2.0", "45", "1")]
    assert "network" not in table(*SPRING)[0]
    assert "before" not in table(*UNICOM)[0]
    assert {row["party"] for row in table(*UNICOM)} == {"carrier:unicom"}


def test_csv_of_an_advertiser_tells_its_budget() -> None:
    rows = table(*SPRING)
    assert [row["coins"] for row in rows if row["line"] == "closing"] == ["550"]
    told = {row["name"]: (row["before"], row["coins"]) for row in rows if row["line"] == "budget"}
    assert told == {
        "funded": ("1000", "1000"),
        "defunded": ("0", "140"),
        "granted": ("0", "350"),
        "returned": ("0", "40"),
        "in_packets": ("0", "0"),
        "other": ("0", "0"),
        "unspent": ("1000", "550"),
        "net": ("", "310"),
        "in_hand": ("", "120"),
        "unplaced": ("", "60"),
        "spent:redeem_settle": ("", "90"),
        "spent:transfer": ("", "30"),
        "spent:packet_send": ("", "10"),
    }
    exact = {name: int(coins) for name, (_, coins) in told.items()}
    spent = sum(coins for name, coins in exact.items() if name.startswith("spent:"))
    assert exact["granted"] - exact["returned"] == exact["in_hand"] + spent + exact["unplaced"]


def test_the_table_says_what_is_owed_and_how_it_was_counted() -> None:
    found = run(*UNICOM)
    assert "liuliangbao owes carrier:unicom 120 coins" in found.stdout
    assert "calendar month in UTC" in found.stderr
    assert "Delivered in 2026-10" in found.stdout
    assert "the network that the redemption names" in found.stderr
    text = run(*SPRING).stdout
    for fact in (
        *("spent by transfer", "still in wallets", "waiting for a wallet", "unspent", "550"),
        *("withdrawn", "into red packets", "in the reserve"),
    ):
        assert fact in text


def test_a_line_is_opened() -> None:
    rows = printed(*UNICOM, "--line", "redeem_settle")
    assert [(row["event_id"], row["amount"]) for row in rows] == [("s2", 90)]
    assert rows[0]["time"].startswith("2026-10-08")
    assert [row["event_id"] for row in table(*UNICOM, "--postings")] == ["s2", "r3", "undo-r3"]
    assert run(*UNICOM, "--line", "redeem_settle").stdout == (
        "2026-10-08 00:00:00  liuliangbao  redeem_settle  +90  carrier:unicom:liuliangbao@0  "
        "s2 (of r2)  wallet.events 0:15\n\nSeen as platform staff: nothing is hidden.\n"
    )
    few = run(*UNICOM, "--postings", "--limit", "2")
    assert "undo-r3" not in few.stdout
    assert "only the first 2 are listed" in few.stderr


def test_what_was_delivered_to_a_network_is_opened() -> None:
    found = run(*UNICOM, "--network", "telecom", "--price", "2")
    assert found.stdout == (
        "2026-10-08 00:00:00  liuliangbao  redeem_settle  +90  carrier:unicom:liuliangbao@0  "
        "s2 (of r2)  wallet.events 0:15  +45 MB at 2\n"
        "\nSeen as platform staff: nothing is hidden.\n"
    )
    rows = printed(*UNICOM, "--network", "unicom")
    assert [(row["event_id"], row["mb"]) for row in rows] == [("r3", 10), ("undo-r3", -10)]
    assert [row["mb"] for row in table(*UNICOM, "--network", "unicom")] == ["10", "-10"]


def test_all_parties_agree_with_the_ledger() -> None:
    found = printed(*ALL, "--program", "liuliangbao")
    assert sum(row["closing"] for row in found["parties"]) == 0
    assert found["differences"] == []
    assert {row["party"]: row["owed_coins"] for row in table(*ALL)}["carrier:unicom"] == "120"
    shown = run(*ALL)
    assert "as the ledger's accounts do" in shown.stderr
    assert "department:check-in" in shown.stdout
    assert "…" not in shown.stdout


@pytest.mark.parametrize("shape", [(), ("--json",), ("--csv",)])
def test_a_difference_ends_with_status_1_and_its_name(
    ledger: LedgerRows, shape: tuple[str, ...]
) -> None:
    rows = ledger.client.query("SELECT * FROM postings WHERE event_id = 'g1'").result_rows
    ledger.client.command(
        "ALTER TABLE postings DELETE WHERE account = 'ann' AND event_id = 'g1'",
        settings={"mutations_sync": 2},
    )
    try:
        found = run(*ALL, *shape)
    finally:
        ledger.client.insert("postings", rows, settings={"insert_deduplicate": 0})
    assert found.exit_code == 1
    assert "the moved coins of all parties sum to -200, not 0" in found.stderr
    assert run(*ALL, *shape).exit_code == 0


@pytest.mark.parametrize(
    ("args", "status", "sentence"),
    [
        (
            ("--party", "carrier:x", "--month", "2026-10"),
            1,
            "known parties include carrier:telecom, carrier:u",
        ),
        (("--party", "wallets", "--month", "2026-13"), 1, "'2026-13' is not a month"),
        (("--month", "2026-10"), 2, "name one party with --party, or use --all"),
        ((*ALL, "--party", "wallets"), 2, "name one party with --party, or use --all"),
        ((*ALL, "--line", "redeem"), 2, "need one party"),
        ((*ALL, "--network", "unicom"), 2, "need one party"),
        ((*UNICOM, "--network", "unicom", "--postings"), 2, "leave out --line and --postings"),
        ((*UNICOM, "--price", "1"), 2, "name it with --network"),
        ((*UNICOM, "--network", "mobile"), 1, "it delivered to users of telecom, unicom"),
        ((*UNICOM, "--line", "earn"), 1, "its lines are `redeem`, `redeem_settle`, `reverse`"),
    ],
)
def test_what_cannot_be_told_is_one_sentence(
    args: tuple[str, ...], status: int, sentence: str
) -> None:
    found = run(*args)
    assert found.exit_code == status
    assert sentence in found.stderr
    assert found.stdout == ""


def test_an_empty_month_is_said_and_is_no_error() -> None:
    found = run("--party", "carrier:telecom", "--month", "2026-05")
    assert found.exit_code == 0
    assert "no coins moved in 2026-05" in found.stderr
    assert printed("--party", "carrier:telecom", "--month", "2026-05")["programs"] == []
    postings = run("--party", "carrier:telecom", "--month", "2026-05", "--postings", "--csv")
    there = run(*UNICOM, "--postings", "--csv")
    assert postings.stdout == there.stdout.splitlines(keepends=True)[0]
    assert "carrier:telecom has postings from" in postings.stderr


def test_it_speaks_chinese() -> None:
    found = run(*UNICOM, "--lang", "zh")
    for word in (
        "期初",
        "转入",
        "liuliangbao 应付 carrier:unicom 120 流量币",
        "2026-10 提供的流量",
    ):
        assert word in found.stdout
    assert "按 UTC 自然月" in found.stderr
    assert not set(re.findall(r"[a-z]{3,} [a-z]{3,}", found.stdout + found.stderr))
    everyone = run(*ALL, "--lang", "zh")
    assert "结算方" in everyone.stdout
    assert "方案自身账户" in everyone.stdout
    assert "与账本账户一致" in everyone.stderr
    refused = run("--party", "carrier:x", "--month", "2026-10", "--lang", "zh")
    assert "没有结算方 'carrier:x'；有 carrier:" in refused.stderr
