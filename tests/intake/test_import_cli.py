"""`flowdrop import` without a broker: guess and check, their words and their figures."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from flowdrop.cli import main
from tests.intake import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("flowdrop_home")
ROWS = 400


def flowdrop(*words: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["import", *map(str, words)])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def facts(*words: object, status: int = 0) -> Any:
    return json.loads(flowdrop(*words, "--json", status=status).stdout)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(shop.ORDERS, encoding="utf-8")
    return path


def test_every_rejected_row_is_named_once_with_its_column(tmp_path: Path, mapping: Path) -> None:
    good = shop.write_orders(tmp_path / "orders.csv", ROWS)
    bad = tmp_path / "bad.csv"
    found = facts("check", mapping, tmp_path / "orders.csv", "--rejects", bad, status=1)
    broken = shop.breaks(ROWS)
    assert found["rejected"] == len(broken)
    assert [one["row"] for one in found["rejects"]] == sorted(broken)
    for one in found["rejects"]:
        how = broken[one["row"]]
        assert how.column in one["column"], one
        assert how.said in one["problem"], one
        assert one["remedy"]
    paid = good[good["状态"] != "已取消"]
    assert [one["events"] for one in found["events"]] == [len(paid), len(paid)]
    assert found["without_event"] == len(good) - len(paid)
    assert found["rows"] == ROWS
    assert found["people"] == paid["会员"].nunique()
    times = pd.to_datetime(paid["下单时间"]).dt.tz_localize("Asia/Shanghai")
    assert pd.Timestamp(found["first"]) == times.min()
    assert pd.Timestamp(found["last"]) == times.max()
    assert (found["encoding"], found["known"], found["too_old"]) == ("gb18030", None, None)
    assert "ClickHouse does not answer" in found["not_asked"]
    back = pd.read_csv(bad, dtype=str)
    assert back["row"].astype(int).tolist() == sorted(broken)
    assert list(back.columns[5:]) == list(shop.HEAD)


def test_rows_that_share_an_id_are_named(tmp_path: Path, mapping: Path) -> None:
    text = shop.ORDERS.replace('["订单号", "行"]', '["行"]')
    mapping.write_text(text, encoding="utf-8")
    shop.orders(ROWS).to_csv(tmp_path / "orders.csv", index=False)
    found = facts("check", mapping, tmp_path / "orders.csv", status=1)
    paid = shop.orders(ROWS).query("状态 != '已取消'")
    names = 2 * len(paid.drop_duplicates(["会员", "行"]))
    assert found["conflicting"] + found["repeats"] == 2 * len(paid) - names
    assert all(one["earlier"] < one["row"] for one in found["conflicts"])
    said = flowdrop("check", mapping, tmp_path / "orders.csv", status=1).stdout
    assert "name more columns as `id`" in said


def test_an_order_of_two_people_is_told_of(tmp_path: Path, mapping: Path) -> None:
    orders = shop.orders(ROWS).query("状态 != '已取消'")
    orders.iloc[:5].assign(会员="m9").pipe(lambda own: pd.concat([orders, own])).to_csv(
        tmp_path / "orders.csv", index=False
    )
    found = facts("check", mapping, tmp_path / "orders.csv")
    assert (found["conflicting"], found["shared"]) == (0, 5)  # though a row is two events
    assert [one["earlier"] for one in found["sharing"]] == [2, 3, 4, 5, 6]
    said = flowdrop("check", mapping, tmp_path / "orders.csv").stdout
    assert "5 ids stand for rows of different people" in said


def test_rejected_rows_come_back_mended(tmp_path: Path, mapping: Path) -> None:
    shop.write_orders(tmp_path / "orders.csv", ROWS)
    bad = tmp_path / "bad.csv"
    flowdrop("check", mapping, tmp_path / "orders.csv", "--rejects", bad, status=1)
    back = pd.read_csv(bad, dtype=str)
    mended = shop.orders(ROWS).iloc[back["row"].astype(int) - 2]
    for name in shop.HEAD:
        back[name] = mended[name].to_numpy()
    back.to_csv(bad, index=False)
    assert facts("check", mapping, bad)["rows"] == len(shop.breaks(ROWS))


@pytest.mark.parametrize("unknown", ["refuse", "keep"])
def test_rejects_are_imported_by_the_same_mapping(tmp_path: Path, unknown: str) -> None:
    mapping, orders, bad = (tmp_path / name for name in ("m.toml", "orders.csv", "bad.csv"))
    mapping.write_text(
        f'feed = "f"\nid = "row"\nperson = "who"\ntime = "day"\nunknown = "{unknown}"\n'
        "[[event]]\ntype = 'visit'\nfields.campaign = \"'c'\"\n"
    )
    orders.write_text("row,who,day\n1,ann,2026-03-01\n2,bob\n3,cat,2026-03-01,oops\n4,,\n")
    assert facts("check", mapping, orders, "--rejects", bad, status=1)["rejected"] == 3
    found = facts("check", mapping, bad, status=1)
    assert (found["rows"], found["rejected"], found["blank"]) == (3, 3, 0)
    assert found["not_named"] == []
    head, *broken = csv.reader(bad.read_text("utf-8-sig").splitlines())
    assert [row[5:] for row in broken] == [
        ["2", "bob"],
        ["3", "cat", "2026-03-01", "oops"],
        ["4", "", ""],
    ]
    mended = [[*row[:6], row[6] or "dan", "2026-03-02"] for row in broken]
    with bad.open("w", newline="") as out:
        csv.writer(out).writerows([head, *mended])
    found = facts("check", mapping, bad)
    assert (found["rows"], found["events"][0]["events"]) == (3, 3)


def test_people_in_nested_json_and_contacts_in_parquet(tmp_path: Path) -> None:
    people, contacts = tmp_path / "people.toml", tmp_path / "contacts.toml"
    people.write_text(shop.PEOPLE)
    contacts.write_text(shop.CONTACTS)
    shop.write_people(tmp_path / "people.jsonl.gz")
    shop.write_contacts(tmp_path / "contacts.parquet")
    found = facts("check", people, tmp_path / "people.jsonl.gz")
    assert [one["events"] for one in found["events"]] == [shop.MEMBERS, shop.MEMBERS]
    found = facts("check", contacts, tmp_path / "contacts.parquet")
    assert found["events"][0]["events"] == shop.MEMBERS
    assert found["first"] == "2024-03-10T07:00:00+00:00"  # New York's clocks went forward at two


@pytest.mark.parametrize("kind", ["csv", "jsonl.gz", "parquet"])
def test_a_guess_can_be_checked(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"file.{kind}"
    {
        "csv": lambda: shop.write_orders(path, 300),
        "jsonl.gz": lambda: shop.write_people(path),
        "parquet": lambda: shop.write_contacts(path),
    }[kind]()
    made = tmp_path / "guessed.toml"
    result = flowdrop("guess", path, "--write", made)
    assert f"flowdrop import check {made} {path}" in result.stderr
    assert re.search("# ", made.read_text(encoding="utf-8"))
    result = CliRunner().invoke(main, ["import", "check", str(made), str(path), "--json"])
    assert "Traceback" not in result.output
    if kind == "csv":
        found = json.loads(result.stdout)
        assert sum(one["events"] for one in found["events"]) > found["rows"] * 0.8
    flowdrop("guess", path, "--write", made, status=1)


def test_a_guess_knows_the_parts_of_an_order(tmp_path: Path) -> None:
    shop.write_orders(tmp_path / "orders.csv", 300)
    text = facts("guess", tmp_path / "orders.csv", "--feed", "shop")["mapping"]
    for line in (
        'feed = "shop"',
        'encoding = "gb18030"',
        'time_zone = "Asia/Shanghai"',
        'person = { column = "会员", type = "member" }',
        'time = { column = "下单时间", format = "iso" }',
        'fields.value = "round(金额 * 100)"',
        'fields.item = "商品"',
    ):
        assert line in text


def test_opening_balances_are_said_with_their_operation(tmp_path: Path, mapping: Path) -> None:
    late = '[late]\nat = 2024-03-20T00:00:00Z\ndays = 13\nactivity = "{}"\n'
    shop.write_orders(tmp_path / "orders.csv", ROWS)
    for activity, said in (("purchase", "allows it"), ("gift", "has no activity")):
        mapping.write_text(
            shop.ORDERS.replace("[[event]]", late.format(activity) + "[[event]]", 1),
            encoding="utf-8",
        )
        found = facts("check", mapping, tmp_path / "orders.csv", status=1)
        assert found["opening"]["flowdrop.wallet.earn"] > 0
        assert said in found["opening_by"][0]


@pytest.mark.parametrize("option", ["--rejects", "--outcomes"])
@pytest.mark.parametrize("place", ["orders.csv", "shop.toml", "link.csv"])
def test_what_is_read_is_not_overwritten(
    tmp_path: Path, mapping: Path, option: str, place: str
) -> None:
    file, made = tmp_path / "orders.csv", tmp_path / "shop.toml"
    shop.write_orders(file, 10)
    made.write_bytes(mapping.read_bytes())
    (tmp_path / "link.csv").symlink_to(file)
    before = file.read_bytes(), made.read_bytes()
    told = flowdrop("run", made, file, "--yes", option, tmp_path / place, status=1).stderr
    assert f"{option} {tmp_path / place} is the file of " in told
    assert (file.read_bytes(), made.read_bytes()) == before


def test_two_files_that_are_written_are_two(tmp_path: Path, mapping: Path) -> None:
    shop.write_orders(tmp_path / "orders.csv", 10)
    words = ("--rejects", tmp_path / "x.csv", "--outcomes", tmp_path / "y" / ".." / "x.csv")
    told = flowdrop("run", mapping, tmp_path / "orders.csv", "--yes", *words, status=1).stderr
    assert "is the file of --outcomes" in told


def test_opening_balances_of_a_day_to_come_are_refused(tmp_path: Path, mapping: Path) -> None:
    shop.write_orders(tmp_path / "orders.csv", 10)
    late = "[late]\nat = 2150-01-01T00:00:00Z\n[[event]]"
    mapping.write_text(shop.ORDERS.replace("[[event]]", late, 1), encoding="utf-8")
    told = flowdrop("check", mapping, tmp_path / "orders.csv", status=1).stderr
    assert "at = 2150-01-01T00:00:00+00:00: it is in the future" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "nowhere.toml", "orders.csv"), "nowhere.toml"),
        (("undo", "some-run"), "Kafka does not answer"),
        (("run", "shop.toml", "orders.csv"), "Kafka does not answer"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(
    tmp_path: Path,
    mapping: Path,
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.write_orders(tmp_path / "orders.csv", 10)
    monkeypatch.chdir(mapping.parent)
    monkeypatch.setenv("FLOWDROP_KAFKA", "127.0.0.1:1")
    result = CliRunner().invoke(main, ["import", *words])
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_no_import_yet(tmp_path: Path) -> None:  # noqa: ARG001
    assert facts("list") == []
