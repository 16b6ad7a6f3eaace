"""Other people's data comes in, twice, killed in the middle, every tenth row broken.

Through a real broker, worker, feed, warehouse and intake: counts, people, values and coins are
those of a plain pandas reading of the same files (`plain_reading.py`), and each broken row is named
once. The test is one story, told in its order.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pandas as pd
import pytest

from sql.client import connect
from tests.intake import dying, exports, plain_reading, segment_calls, shop
from tests.intake.http.serving import Process
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

ORDERS, CONTACTS, SEEN, GAMES, CALLS = 2_500, 1_500, 2_500, 1_500, 600
SINGLE, A_BATCH = 40, 80  # calls that come one by one, and those of each batch behind them
WALLETS = ("open", "earn")
WHOLE_ROW = {"", "+", "-", "{", "["}  # what is broken is no cell of it


class Feed(NamedTuple):
    """A file, its mapping, and its broken rows by their numbers: where, and what is said of it."""

    mapping: Path
    file: Path
    broken: Mapping[int, tuple[str, str]]

    @property
    def words(self) -> tuple[str, ...]:
        """What the import is asked for."""
        return (str(self.mapping), str(self.file), "--yes", "--skip-rejected")


class World:
    """The parts; the files and calls; what pandas reads in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = Stack(folder)
        orders, contacts = folder / "orders.csv", folder / "contacts.csv"
        app, games = folder / "app.jsonl", folder / "games.parquet"
        shop.write_orders(orders, ORDERS)
        self.feeds = {  # in the order in which they come: wallets before coins
            "app": self._feed(app, exports.APP, exports.write_app(app, SEEN)),
            "shop": self._feed(orders, shop.ORDERS, shop.breaks(ORDERS)),
            "games": self._feed(games, exports.GAMES, exports.write_games(games, GAMES)),
            "mailing": self._feed(
                contacts, exports.CONTACTS, exports.write_contacts(contacts, CONTACTS)
            ),
        }
        self.calls, self.broken_calls = segment_calls.calls(CALLS)
        broken = {name: feed.broken for name, feed in self.feeds.items()}
        self.app = plain_reading.lines(app, broken["app"])
        self.web = plain_reading.calls(self.calls, self.broken_calls)
        rows = plain_reading.table(orders, broken["shop"], encoding="gb18030")
        mailed = plain_reading.table(contacts, broken["mailing"], sep=";")
        assert mailed["gesendet"].str.startswith("27.10.2024 02:").any(), "these were twice"
        parts = [
            plain_reading.of_app(self.app),
            plain_reading.of_orders(rows),
            plain_reading.of_games(plain_reading.parquet(games, broken["games"])),
            plain_reading.of_contacts(mailed),
            plain_reading.of_calls(self.web),
        ]
        self.events = pd.concat(parts, ignore_index=True)

    def _feed(
        self, file: Path, mapping: str, broken: Mapping[int, shop.Break | exports.Break]
    ) -> Feed:
        path = file.with_suffix(".toml")
        path.write_text(mapping, encoding="utf-8")
        return Feed(path, file, {row: (one[0], one.said) for row, one in broken.items()})

    def begin(self) -> None:
        self.stack.start()
        self.stack.worker()
        self.stack.feed()
        kinds = ("flowdrop.campaign.*", "flowdrop.person.*")
        self.key = self.stack.facts(
            *("intake", "keys", "create", "--source", "web", "--rate", "100000"),
            *(f"--type={kind}" for kind in kinds),
        )["key"]
        self.intake = Process(self.stack.env)

    def end(self) -> None:
        if hasattr(self, "intake"):
            self.intake.stop()
        self.stack.stop()

    @property
    def coins(self) -> dict[str, int]:
        """The coins of each wallet, by pandas."""
        moved = self.events[self.events["type"].isin(WALLETS)]
        return {
            str(name): int(coins) for name, coins in moved.groupby("person")["coins"].sum().items()
        }

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        found: Any = connect(self.stack.clickhouse).query(query).result_rows
        return [tuple(row) for row in found]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    try:
        made.begin()
        yield made
    finally:
        made.end()


def test_the_story(world: World) -> None:
    for name in world.feeds:
        killed_in_the_middle(world, name)
    a_killed_intake_loses_nothing(world)
    before = world.stack.accounts()
    for name in world.feeds:
        came_again(world, name)
    each_broken_call_is_named_once(world)
    assert world.stack.accounts() == before, "not even a version is another"
    all_is_as_pandas_reads_it(world)


# -- files ---------------------------------------------------------------------------------------


def killed_in_the_middle(world: World, name: str) -> None:
    """Import a file; kill -9 comes once half of it is in Kafka. Import it again."""
    words = ("import", "run", *world.feeds[name].words)
    events = int((world.events["source"] == name).sum())
    done = subprocess.run(
        [sys.executable, str(Path(dying.__file__)), str(events // 2), *words],
        env=world.stack.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    found = imported(world, name)
    sent = found["sent"]
    assert 0 < sent["resumed"] <= events // 2
    assert sent["resumed"] + sent["records"] == events
    outcomes = {"accepted", "accepted before", "applied", "repeat"}  # a part was sent unnoted
    assert set(sent["told"]["outcomes"]) <= outcomes


def came_again(world: World, name: str) -> None:
    """Import a file once more: it changes nothing."""
    told = imported(world, name)["sent"]["told"]
    assert set(told["outcomes"]) <= {"accepted before", "repeat", "refused too_old"}


def imported(world: World, name: str) -> Any:
    """Import a file to its end; each broken row is named once, and nothing is lost."""
    feed = world.feeds[name]
    told = world.stack.flowdrop("import", "run", *feed.words, "--json")
    found = json.JSONDecoder().raw_decode(told)[0]  # behind it stands what was said
    assert found["rejected"] == len(feed.broken)
    assert [one["row"] for one in found["rejects"]] == sorted(feed.broken)
    for one in found["rejects"]:
        place, said = feed.broken[one["row"]]
        assert place in one["column"] or place in WHOLE_ROW, one
        assert said in one["problem"], one
        assert one["remedy"], one
    assert found["sent"]["told"]["lost"] == {}
    return found


# -- calls ---------------------------------------------------------------------------------------


def requests(world: World) -> Iterator[tuple[str, dict[str, Any], list[int]]]:
    """Yield what is posted, to which address, and which calls it holds."""
    for place, call in enumerate(world.calls[:SINGLE]):
        kind = call["type"] if call["type"] in {"identify", "track"} else "batch"
        yield kind, call if kind != "batch" else {"batch": [call]}, [place]
    for begin in range(SINGLE, CALLS, A_BATCH):
        places = list(range(begin, min(begin + A_BATCH, CALLS)))
        yield "batch", {"batch": [world.calls[place] for place in places]}, places


def post(world: World, kind: str, content: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{world.intake.url}/v1/{kind}",
        json=content | {"sentAt": datetime.now(UTC).isoformat()},
        auth=(world.key, ""),
        timeout=60,
    )


def a_killed_intake_loses_nothing(world: World) -> None:
    """Half of the calls come, the intake is killed; the client does not know, and begins anew."""
    sent = list(requests(world))
    for kind, content, _ in sent[: len(sent) - 4]:
        post(world, kind, content)
    world.intake.kill()
    world.intake.start()
    each_broken_call_is_named_once(world)


def each_broken_call_is_named_once(world: World) -> None:
    named: list[int] = []
    for kind, content, places in requests(world):
        answer = post(world, kind, content)
        told = answer.json()
        assert answer.status_code == (400 if told["refused"] and not told["accepted"] else 200)
        for one in told["events"]:
            if one["outcome"] == "refused":
                row, _, detail = one["detail"].partition(" ")[2].partition(" ")
                place = places[int(row.strip(":,")) - 1]
                assert world.broken_calls[place].said in detail, (place, one)
                named.append(place)
    assert named == sorted(world.broken_calls)


# -- what there is ---------------------------------------------------------------------------------


def all_is_as_pandas_reads_it(world: World) -> None:
    world.stack.flowdrop("reconcile")  # which waits until all is in ClickHouse
    told = world.ask("""
        SELECT source, type, person, toUnixTimestamp64Milli(time), coalesce(value, cost, 0)
        FROM campaign_events FINAL WHERE type != 'opened'
    """)
    moved = world.ask("""
        SELECT event_source, type, subject, toUnixTimestamp64Milli(time), amount
        FROM ledger_results FINAL WHERE outcome = 'applied'
    """)
    of_wallets = world.events["type"].isin(WALLETS)
    head = ["source", "type", "person", "ms"]
    assert_same(told, world.events[~of_wallets][[*head, "cents"]])
    assert_same(moved, world.events[of_wallets][[*head, "coins"]])
    accounts = world.stack.accounts().items()
    live = {name: state[0] for name, state in accounts if name.startswith("member:")}
    assert live == world.coins
    posted = world.ask("""
        SELECT account, sum(amount) FROM postings FINAL WHERE kind = 'wallet' GROUP BY account
    """)
    assert dict(posted) == {name: coins for name, coins in world.coins.items() if coins}
    people_are_those_of_pandas(world)
    assert world.ask("SELECT count() FROM deadletters") == [(0,)], "nothing broken came so far"


def assert_same(told: list[tuple[Any, ...]], wanted: pd.DataFrame) -> None:
    """Compare events: by source and type how many, of how many people, their sums; then each."""
    found = pd.DataFrame(told, columns=list(wanted.columns))
    assert summary(found) == summary(wanted)
    assert sorted(told) == sorted(wanted.itertuples(index=False, name=None))


def summary(frame: pd.DataFrame) -> dict[Any, tuple[int, ...]]:
    worth = frame.columns[-1]
    return {
        key: (len(own), own["person"].nunique(), int(own[worth].sum()), int(own["ms"].sum()))
        for key, own in frame.groupby(["source", "type"])
    }


def people_are_those_of_pandas(world: World) -> None:
    people = world.ask("SELECT person, number FROM people")
    assert sorted(name for name, _ in people) == sorted(world.events["person"].unique())
    assert len({number for _, number in people}) == len(people)
    linked = world.ask("SELECT other, owner FROM linked_people")
    assert dict(linked) == plain_reading.links(world.app, world.web)
    known = world.ask("""
        SELECT source, person, name, argMax(value, (time, partition, offset))
        FROM person_attributes GROUP BY 1, 2, 3
    """)
    found = {tuple(key): json.loads(value) for *key, value in known}
    assert found == plain_reading.attributes(world.app, world.web)
