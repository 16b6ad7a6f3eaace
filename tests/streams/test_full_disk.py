"""A disk that fills under everything: first the feed waits, then the workers, and publishing is
refused; with room all goes on by itself.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pytest
from confluent_kafka import Producer

from flowdrop.room import MB
from sql.client import connect
from streams.events import Earn, EarnData, Event, Open, OpenData
from streams.feed.trouble import PLACE
from streams.kafka.publish import record_of
from tests.faults.tries import Disk
from tests.stack import Stack, Worker, ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

REPEAT = int(os.environ.get("FLOWDROP_FAULTS_REPEAT", "1"))
PARTITIONS = 2
COINS = {Open: 0, Earn: 5}  # of a check-in
FEED_MB, INTAKE_MB = 150, 100
DISK_BYTES = 600 * 1024**2
START = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = [f"person:{number}" for number in range(400)]


class Small(NamedTuple):
    """A stack whose disk is small, and everything that was sent to it."""

    stack: Stack
    worker: Worker
    sent: list[Event]

    def send(self) -> None:
        """Send a day's earnings as another client would, who looks at no disk of ours."""
        day = len(self.sent) // len(PEOPLE)
        self._publish([_earned(day, person) for person in PEOPLE])

    def open(self) -> None:
        data = OpenData(program="liuliangbao")
        self._publish(
            [Open(id=f"o/{p}", source="t", time=START, subject=p, data=data) for p in PEOPLE]
        )

    def _publish(self, events: list[Event]) -> None:
        producer = Producer({"bootstrap.servers": self.stack.kafka.bootstrap})
        for event in events:
            topic, partition, key, value = record_of(event, PARTITIONS)
            producer.produce(topic, value, key, partition)
        assert producer.flush(60) == 0
        self.sent.extend(events)

    def folded(self) -> int:
        answers = [self.stack.ask(f"{self.worker.url}/accounts/{n}") for n in range(PARTITIONS)]
        return sum(answer["as_of"]["offset"] for answer in answers)

    def fed(self) -> int:
        """Return how many of our events have a result in ClickHouse."""
        text = "SELECT countIf(type IN ('earn', 'open')) FROM ledger_results"
        return int(connect(self.stack.clickhouse).command(text))

    def troubles(self) -> dict[str, str]:
        path = Path(self.stack.env["FLOWDROP_HOME"]) / PLACE
        return json.loads(path.read_text()) if path.exists() else {}

    def expected(self) -> dict[str, int]:
        """Return each person's coins, by pandas from what was sent."""
        rows = [{"subject": e.subject, "amount": COINS[type(e)]} for e in self.sent]
        return pd.DataFrame(rows).groupby("subject")["amount"].sum().to_dict()

    def whole(self) -> None:
        """Expect that every event is folded and stored, once."""
        wait_for(lambda: self.fed() == len(self.sent), "the feed", 180)
        report = self.stack.facts("reconcile", "--wait", "120")
        assert report["ok"], [check for check in report["checks"] if not check["held"]]
        accounts = self.stack.accounts()
        assert {person: accounts[person][0] for person in PEOPLE} == self.expected()


class Ballast:
    """A file that leaves so much free."""

    def __init__(self, folder: Path, free_mb: int) -> None:
        self._path = folder / "ballast"
        size = shutil.disk_usage(folder).free - free_mb * MB
        with self._path.open("wb") as file:
            for _ in range(size // MB):
                file.write(b"\1" * MB)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._path.unlink()


def _earned(day: int, person: str) -> Earn:
    data = EarnData(program="liuliangbao", activity="check-in")
    time = START + timedelta(days=day, hours=1)
    return Earn(id=f"e/{day}/{person}", source="t", time=time, subject=person, data=data)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("disk") / "small"
    with ExitStack() as ends:
        try:
            ends.enter_context(Disk(folder, DISK_BYTES))
        except PermissionError as error:
            pytest.skip(f"a small disk can't be mounted here: {error}")
        stack = Stack(
            folder,
            {
                "FLOWDROP_PARTITIONS": str(PARTITIONS),
                "FLOWDROP_FEED_FREE_MB": str(FEED_MB),
                "FLOWDROP_INTAKE_FREE_MB": str(INTAKE_MB),
                "FLOWDROP_STUCK_SECONDS": "5",
            },
        )
        ends.callback(stack.stop)
        stack.start()
        small = Small(stack, stack.worker(), [])
        stack.feed()
        small.open()
        small.send()
        small.whole()
        yield small


@pytest.mark.parametrize("_time", range(REPEAT))
def test_the_feed_waits_first_and_goes_on_by_itself(small: Small, _time: int) -> None:
    before = small.fed()
    with Ballast(small.stack.folder, (FEED_MB + INTAKE_MB) // 2):
        wait_for(lambda: shutil.disk_usage(small.stack.folder).free < FEED_MB * MB, "the ballast")
        folded = small.folded()
        small.send()
        wait_for(lambda: small.folded() >= folded + len(PEOPLE), "the worker, which goes on")
        said = wait_for(small.troubles, "the feed's word")
        assert "FLOWDROP_FEED_FREE_MB = 150: waiting for room" in said["ledger_results"]
        assert small.fed() == before
        assert ask(f"{small.worker.url}/healthz") == {"status": "alive"}
    small.whole()
    assert small.troubles() == {}


@pytest.mark.parametrize("_time", range(REPEAT))
def test_then_the_workers_wait_and_publishing_is_refused(small: Small, _time: int) -> None:
    before = small.fed()
    with Ballast(small.stack.folder, INTAKE_MB - 20):
        said = wait_for(
            lambda: (found := ask(f"{small.worker.url}/healthz"))["status"] == "waiting" and found,
            "the worker's word",
        )
        assert "FLOWDROP_INTAKE_FREE_MB = 100: waiting for room" in said["reason"]
        folded = small.folded()
        small.send()
        refused = small.stack.flowdrop("replay", "hillstrom", "--limit", "10", status=1)
        assert "FLOWDROP_INTAKE_FREE_MB = 100: nothing more is published; make room" in refused
        taken = small.stack.begin_worker()  # a rebalance meanwhile: what waits is given back
        wait_for(taken.partitions, "a second worker, which recovers")
        assert small.fed() == before
        taken.stop()
        # longer than a worker may stand still: it rightly waits, and is not ended for it
        wait_for(lambda: small.worker.partitions() == [0, 1], "the first, which has all again")
        assert ask(f"{small.worker.url}/healthz")["status"] == "waiting"
    wait_for(lambda: small.folded() >= folded + len(PEOPLE), "the worker, which goes on")
    assert small.worker.process.poll() is None
    small.whole()
