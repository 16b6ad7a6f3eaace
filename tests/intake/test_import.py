"""A shop's files through a real broker, worker, feed and warehouse: coins and counts by pandas.

The tests are one story, told in their order.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sql.client import connect
from tests.intake import shop
from tests.stack import Stack, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(900)]

ROWS = 8_000


class World:
    """The parts, and the shop's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = Stack(folder)
        for name, text in (
            ("orders", shop.ORDERS),
            ("people", shop.PEOPLE),
            ("mail", shop.CONTACTS),
        ):
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        self.orders = shop.write_orders(folder / "orders.csv", ROWS)
        shop.write_people(folder / "people.jsonl.gz")
        self.contacts = shop.write_contacts(folder / "mail.parquet")

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def facts(self, *words: str, status: int = 0) -> Any:
        told = self.stack.flowdrop("import", *words, "--json", status=status)
        return json.JSONDecoder().raw_decode(told)[0]  # behind it stands what was said

    @property
    def paid(self) -> pd.DataFrame:
        return self.orders[self.orders["状态"] != "已取消"]

    def coins(self) -> dict[str, int]:
        """A coin for each whole yuan of an order, by pandas."""
        coins = self.paid["金额"].astype(float).floordiv(1).astype(int)
        found = coins.groupby("member:" + self.paid["会员"]).sum()
        return {str(name): int(amount) for name, amount in found.items()}

    def balances(self) -> dict[str, int]:
        accounts = self.stack.accounts()
        return {name: state[0] for name, state in accounts.items() if name.startswith("member:")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("import"))
    try:
        made.stack.start()
        made.stack.worker()
        made.stack.feed()
        yield made
    finally:
        made.stack.stop()


README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Bring your own data")[2].partition("\n## ")[0]


def test_the_story(world: World) -> None:
    members_join(world)
    rejected_rows_hold_everything_back(world)
    a_killed_import_goes_on(world)
    coins_and_conversions_are_those_of_pandas(world)
    importing_again_changes_nothing(world)
    what_is_refused_is_told_by_row(world)
    contacts_have_the_times_of_their_clock(world)
    a_list_becomes_an_audience(world)
    an_import_is_taken_back(world)
    what_readme_shows_ends_well(world)


def members_join(world: World) -> None:
    found = world.facts("run", world.path("people.toml"), world.path("people.jsonl.gz"), "--yes")
    assert found["sent"]["records"] == 2 * shop.MEMBERS
    assert found["sent"]["told"]["outcomes"] == {
        "accepted": shop.MEMBERS,
        "applied": shop.MEMBERS,
    }
    assert set(world.balances().values()) == {0}


def rejected_rows_hold_everything_back(world: World) -> None:
    told = world.stack.flowdrop(
        *("import", "run", world.path("orders.toml"), world.path("orders.csv"), "--yes"), status=1
    )
    assert "nothing was published" in told
    assert set(world.balances().values()) == {0}


def a_killed_import_goes_on(world: World) -> None:
    command = (
        *(sys.executable, "-m", "flowdrop", "import", "run", world.path("orders.toml")),
        *(world.path("orders.csv"), "--yes", "--skip-rejected", "--json"),
    )
    notes = world.folder / "home" / "publishing"
    with subprocess.Popen(
        command, env=world.stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not list(notes.glob("*.json")) and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    found = world.facts(*command[4:-1], "--outcomes", world.path("outcomes.csv"))
    assert found["sent"]["resumed"] > 0
    assert found["sent"]["resumed"] + found["sent"]["records"] == 2 * len(world.paid)
    assert found["rejected"] == len(shop.breaks(ROWS))
    assert not found["sent"]["told"]["lost"]
    assert not list(notes.glob("*.json"))
    assert not list((world.folder / "home" / "imports").glob("records-*/*"))
    each_row_has_its_outcome(world)


def each_row_has_its_outcome(world: World) -> None:
    told = pd.read_csv(world.folder / "outcomes.csv")
    rows = set(world.paid.index + 2)
    for tag, outcome in (("wallet.earn", "applied"), ("campaign.conversion", "accepted")):
        own = told[told["type"] == f"flowdrop.{tag}"]
        assert (len(own), set(own["row"])) == (len(rows), rows)
        assert set(own["outcome"]) == {outcome}
    (world.folder / "outcomes.csv").unlink()


def coins_and_conversions_are_those_of_pandas(world: World) -> None:
    assert world.balances() == world.coins()
    client = connect(world.stack.clickhouse)
    query = "SELECT count(), sum(value) FROM campaign_events FINAL WHERE type = 'conversion'"
    cents = int((world.paid["金额"].astype(float) * 100).round().sum())
    wait_for(lambda: client.query(query).result_rows[0] == (len(world.paid), cents), "conversions")
    names = client.query("SELECT DISTINCT item FROM campaign_events WHERE item != ''").result_rows
    assert {name for (name,) in names} == set(world.paid["商品"])


def importing_again_changes_nothing(world: World) -> None:
    checked = world.facts("check", world.path("orders.toml"), world.path("orders.csv"), status=1)
    assert checked["known"] == checked["people"] == shop.MEMBERS
    assert checked["new"] == 0
    assert checked["without_wallet"] == 0
    assert checked["too_old"] == 0
    before = world.stack.accounts()
    found = world.facts(
        *("run", world.path("orders.toml"), world.path("orders.csv"), "--yes", "--skip-rejected"),
        *("--outcomes", world.path("outcomes.csv")),
    )
    told = found["sent"]["told"]
    assert told["lost"] == {}
    assert set(told["outcomes"]) == {"accepted before", "repeat"}
    assert world.stack.accounts() == before
    each_row_has_its_outcome(world)  # as they were first


GAMES = """
feed = "games"
id = "id"
person = { column = "member", type = "member" }
time = "at"
[[event]]
type = "wallet.earn"
fields = { program = "'liuliangbao'", activity = "'game'", amount = "coins" }
[[event]]
type = "campaign.visit"
fields = { campaign = "'spring'" }
"""
GAME_ROWS = """id,member,at,coins
g1,001,2024-03-08T01:00:00Z,50
g2,001,2024-03-08T02:00:00Z,101
g3,002,2024-03-08T03:00:00Z,7
g3,002,2024-03-08T04:00:00Z,8
g4,nobody,2024-03-08T05:00:00Z,1
"""


def what_is_refused_is_told_by_row(world: World) -> None:
    (world.folder / "games.toml").write_text(GAMES)
    (world.folder / "games.csv").write_text(GAME_ROWS)
    words = (world.path("games.toml"), world.path("games.csv"), "--yes", "--skip-rejected")
    checked = world.stack.flowdrop("import", "check", *words[:2], status=1)
    assert re.search(r"people without a wallet *│ 1 would get coins; an \[\[event\]\] of", checked)
    told = world.stack.flowdrop("import", "run", *words, status=1)
    assert "1 over_limit: The amount is more than the activity may give at once." in told
    assert "2 conflict, never judged before: they are lost." in told
    assert "run it again with --outcomes FILE" in told
    found = world.facts("run", *words, "--outcomes", world.path("games-out.csv"), status=1)
    assert found["sent"]["told"]["explained"]["conflict"] == 2
    assert found["sent"]["told"]["lost"] == {"unknown_account": 1}  # it may be opened yet
    rows = pd.read_csv(world.folder / "games-out.csv", keep_default_na=False)
    ends = {
        (row["row"], row["type"].rpartition(".")[2]): (row["outcome"], row["reason"])
        for row in rows.to_dict("records")
    }
    assert ends == {
        **{(row, "visit"): ("accepted", "") for row in (2, 3, 4, 6)},
        (5, "visit"): ("set_aside", "conflict"),
        (2, "earn"): ("applied", ""),
        (3, "earn"): ("refused", "over_limit"),
        (4, "earn"): ("applied", ""),
        (5, "earn"): ("refused", "conflict"),
        (6, "earn"): ("refused", "unknown_account"),
    }
    assert rows[rows["outcome"].isin(["refused", "set_aside"])]["explanation"].ne("").all()


def contacts_have_the_times_of_their_clock(world: World) -> None:
    world.facts("run", world.path("mail.toml"), world.path("mail.parquet"))
    client = connect(world.stack.clickhouse)
    query = """
        SELECT count(), toUnixTimestamp(min(time)), toUnixTimestamp(max(time)), sum(cost)
        FROM campaign_events FINAL WHERE type = 'contact'
    """
    sent = world.contacts["sent"].dt.tz_localize("America/New_York")
    cents = int((world.contacts["cost"] * 100).round().sum())
    wanted = (shop.MEMBERS, int(sent.min().timestamp()), int(sent.max().timestamp()), cents)
    wait_for(lambda: client.query(query).result_rows[0] == wanted, "contacts")


def a_list_becomes_an_audience(world: World) -> None:
    path = world.folder / "vips.csv"
    path.write_text("number,name\n001,x\n999,x\n002,x\n001,x\n,x\n\u200b3,x\n", encoding="utf-8")
    bad = world.path("unmatched.csv")
    found = world.stack.facts(
        *("audience", "import", "vips", str(path), "--type", "member", "--rejects", bad)
    )
    assert (found["size"], found["rows"], found["repeated"], found["unmatched"]) == (2, 6, 1, 3)
    assert [(one["row"], one["value"]) for one in found["rejects"]] == [
        *((3, "999"), (6, ""), (7, "\u200b3")),
    ]
    assert len(pd.read_csv(bad)) == 3
    shown = world.stack.facts("audience", "show", "vips")
    assert [(one["person"], one["score"]) for one in shown["members"]] == [
        *(("member:001", None), ("member:002", None)),
    ]
    told = world.stack.flowdrop("audience", "show", "vips")
    assert "of a list" in told
    assert "0.0000" not in told
    (world.folder / "list.csv").write_text("member:001\nmember:002\n")
    again = world.stack.facts("audience", "import", "others", world.path("list.csv"), "--no-header")
    assert (again["size"], again["unmatched"]) == (2, 0)


def an_import_is_taken_back(world: World) -> None:
    runs = {run["feed"]: run["run"] for run in world.facts("list")}
    assert set(runs) == {"shop", "crm", "mail", "games"}
    world.facts("undo", runs["games"], "--yes", status=1)  # one has no wallet
    games = (world.path("games.toml"), world.path("games.csv"), "--yes", "--skip-rejected")
    told = world.stack.flowdrop("import", "run", *games, status=1)
    assert f"import {runs['games']} was taken back on" in told
    assert "give the mapping another `feed`" in told
    found = world.facts("undo", runs["shop"], "--yes")
    assert found["back"] == {"flowdrop.wallet.earn": len(world.paid)}
    assert found["stay"] == {"flowdrop.campaign.conversion": len(world.paid)}
    assert set(world.balances().values()) == {0}
    client = connect(world.stack.clickhouse)  # as of a day long before they are taken back
    query = (
        "SELECT count() FROM person_attributes_as_of("
        "at = '2024-12-31 00:00:00', known = '2100-01-01 00:00:00')"
    )
    assert client.query(query).result_rows[0][0] > 0
    found = world.facts("undo", runs["crm"], "--yes")
    assert found["back"] == {"flowdrop.person.profile": shop.MEMBERS}
    wait_for(lambda: client.query(query).result_rows == [(0,)], "attributes withdrawn")
    (shop_file := world.folder / "orders.csv").write_bytes(shop_file.read_bytes() + b"\n")
    told = world.stack.flowdrop("import", "undo", runs["shop"], "--yes", status=1)
    assert "has changed" in told


def what_readme_shows_ends_well(world: World) -> None:
    (folder := world.folder / "own").mkdir()
    shop.orders(50).to_csv(folder / "orders.csv", index=False)
    shown = re.findall(r"^flowdrop (.*)$", SECTION, re.MULTILINE)
    assert [words.split()[:2] for words in shown] == [
        ["import", name] for name in ("guess", "check", "run", "undo")
    ]
    for text in shown:
        words = shlex.split(text, comments=True)
        if words[-1] == "RUN":
            words[-1] = world.facts("list")[0]["run"]
        done = subprocess.run(
            [sys.executable, "-m", "flowdrop", *words],
            env=world.stack.env | {"PYTHONPATH": str(Path(__file__).parents[2])},
            cwd=folder,
            input="y\n",
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
