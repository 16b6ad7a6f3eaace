"""A warehouse of exposures in a folder, filled as the feed fills it, and kept if wanted.

200 campaigns run for 28 days. The largest has 13 % of all exposures; of the others each has 0.96
times as many as the one before, so that sizes are log-uniform: of 100 million exposures 13 million,
then 3.5 million down to 1,100. Every second person has a profile.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import clickhouse_connect

from benchmarks.machine import say
from sql.client import rows, text
from sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

CAMPAIGNS = tuple(f"campaign-{n}" for n in range(200))  # the largest first
SHARE, STEP = 0.13, 0.96
PARTITIONS = 8
PEOPLE_SHARE = 20  # exposures a person
BLOCK = 1_000_000  # what the feed inserts at most at once
FLIGHTS = 2  # inserts at once: the feed has one for each partition that has something
FEED = {
    "async_insert": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_insert_threads": 1,
}
SECONDS = 0.2  # between looks whether merges are done


@dataclass(frozen=True)
class Size:
    """How much a warehouse holds."""

    rows: int
    block: int = BLOCK

    @property
    def people(self) -> int:
        """How many people there are; not all of them see something."""
        return max(PARTITIONS * 2, self.rows // PEOPLE_SHARE)

    @property
    def lane(self) -> int:
        """Exposures of a partition."""
        return -(-self.rows // PARTITIONS)


def connected(folder: Path) -> Client:
    """Return a client of the engine that keeps its data in a folder."""
    return clickhouse_connect.get_client(interface="chdb", path=str(folder / "warehouse"))


@contextmanager
def warehouse(folder: Path) -> Iterator[Client]:
    """Open a folder's warehouse with today's tables."""
    folder.mkdir(parents=True, exist_ok=True)
    client = connected(folder)
    try:
        migrate(client)
        yield client
    finally:
        client.close()


def fill(client: Client, folder: Path, size: Size) -> dict[str, Any]:
    """Insert what is missing, in ranges of at most a block, and say how far it is.

    A folder that is full is left as it is; one whose filling was cut short goes on.

    Returns:
        Exposures and seconds of the inserts, and whether the folder was full before.
    """
    kept = folder / "filled.json"
    done: dict[str, Any] = {"rows": size.rows, "lane": 0, "exposures": 0, "seconds": 0.0}
    if kept.exists():
        done = json.loads(kept.read_text())
        if done["rows"] != size.rows:
            raise ValueError(f"{folder} has {done['rows']:,} exposures; name another folder")
    if done["lane"] >= size.lane:
        say(f"  {folder} is filled already with {size.rows:,} exposures: used again as it is")
        return {**done, "is_reused": True}
    client.command(text("benchmarks/reach_staged"))
    if not done["lane"]:
        _profiles(client, size)
    began, at_first = time.monotonic(), done["lane"]
    while done["lane"] < size.lane:
        first, end = done["lane"], min(done["lane"] + size.block, size.lane)
        stage(client, size, first, end)
        done["seconds"] += feed(folder, "campaign_events", first, end, size.block)
        done["exposures"] += (end - first) * PARTITIONS
        done["lane"] = end
        kept.write_text(json.dumps(done))
        left = (time.monotonic() - began) / (end - at_first) * (size.lane - end)
        say(
            f"  {end * PARTITIONS:,} of {size.rows:,} exposures, "
            f"{done['exposures'] / done['seconds']:,.0f}/s, {left / 60:.0f} min left"
        )
    client.command(text("benchmarks/reach_drop"), {"table": "staged_events"})
    return {**done, "is_reused": False}


def _profiles(client: Client, size: Size) -> None:
    values = {"people": size.people, "partitions": PARTITIONS}
    for partition in range(PARTITIONS):
        settings = {**FEED, "insert_deduplication_token": f"profiles:{partition}"}
        client.command(
            text("benchmarks/reach_profiles"),
            {**values, "partition": partition},
            settings=settings,
        )


def stage(client: Client, size: Size, first: int, end: int) -> None:
    """Make the exposures of each partition from offset `first` up to `end`."""
    client.command(text("warehouse/clear"), {"table": "staged_events"})
    values = {"rows": size.rows, "people": size.people, "partitions": PARTITIONS}
    for partition in range(PARTITIONS):
        place = {"partition": partition, "block": partition, "first": first, "count": end - first}
        client.command(
            text("benchmarks/reach_stage"), {**values, **place, "share": SHARE, "step": STEP}
        )


def feed(folder: Path, table: str, first: int, end: int, block: int) -> float:
    """Insert what is staged, in ranges of a partition of at most `block`; return the seconds."""
    query = text("benchmarks/reach_feed")
    clients = [connected(folder) for _ in range(FLIGHTS)]
    ranges = [
        (partition, begin, min(begin + block, end))
        for begin in range(first, end, block)
        for partition in range(PARTITIONS)
    ]

    def insert(client: Client, own: Sequence[tuple[int, int, int]]) -> None:
        for partition, begin, stop in own:
            token = f"{table}:campaign.accepted:{partition}:{begin}:{stop}"
            client.command(
                query,
                {"table": table, "block": partition, "first": begin, "end": stop},
                settings={**FEED, "insert_deduplication_token": token},
            )

    began = time.perf_counter()
    with ThreadPoolExecutor(FLIGHTS) as pool:
        parts = [ranges[n::FLIGHTS] for n in range(FLIGHTS)]
        list(pool.map(insert, cycle(clients), parts))
    seconds = time.perf_counter() - began
    for client in clients:
        client.close()
    return seconds


def rest(client: Client) -> float:
    """Wait until nothing is being merged; return the seconds."""
    began = time.perf_counter()
    while rows(client, "benchmarks/reach_merging")[0]["merges"]:
        time.sleep(SECONDS)
    return time.perf_counter() - began


def merge(client: Client, tables: Sequence[str]) -> None:
    """Merge the parts of tables, as a night without inserts does."""
    for table in tables:
        client.command(text("benchmarks/reach_merge"), {"table": table})


def feeding(folder: Path, count: int, blocks: Sequence[int]) -> list[dict[str, Any]]:
    """Insert `count` exposures in ranges of each size, with views behind the table and without."""
    found = []
    for block in blocks:
        own = folder / f"feed-{block}"
        size = Size(count, block)
        with warehouse(own) as client:
            client.command(text("benchmarks/reach_staged"))
            client.command(text("benchmarks/reach_plain"))
            stage(client, size, 0, size.lane)
            rest(client)
            taken = {}
            for table in ("plain_events", "campaign_events"):
                seconds = feed(own, table, 0, size.lane, block)
                taken[table] = (seconds, seconds + rest(client))
        (raw, raw_merged), (fed, fed_merged) = taken["plain_events"], taken["campaign_events"]
        made = size.lane * PARTITIONS
        found.append({
            "rows_an_insert": min(block, size.lane),
            "raw_per_s": round(made / raw),
            "fed_per_s": round(made / fed),
            "of_raw": round(raw / fed, 3),
            "fed_per_s_merged": round(made / fed_merged),
            "of_raw_merged": round(raw_merged / fed_merged, 3),
        })  # fmt: skip
        say(f"  {found[-1]}")
    return found
