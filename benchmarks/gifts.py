"""What the flags cost on a month of many gifts: `python -m benchmarks.gifts`.

Each rule's queries by themselves, in the engine in this process: seconds of the clock and of the
CPU, and by how many bytes the process grew beyond what it took before. People give to ten friends
each, at random times of a month, and one wallet, a shop, gets a share of all and gives as many;
every gift is large enough to be part of a circle.

    python -m benchmarks.gifts --gifts 1000000 --people 100000 --json
"""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import clickhouse_connect
import numpy as np
import pyarrow as pa

from console.compliance.flags import flags
from console.compliance.rules import RULES
from console.settlement.month import month
from flowdrop.output import print_json, print_rows
from sql.migrate import migrate

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

OCTOBER = month("2026-10")
MONTH_US = 31 * 86_400_000_000
FRIENDS = 5  # on either side
COINS_MIN, COINS_MAX = 100, 400
INSERTED = 250_000  # rows per insert


def store(client: Client, gifts: int, people: int, shop_share: float, seed: int) -> None:
    """Store transfers as results of the ledger, without their postings."""
    draw = np.random.default_rng(seed)
    payer = draw.integers(0, people, gifts)
    payee = (payer + draw.integers(1, FRIENDS + 1, gifts) * draw.choice((-1, 1), gifts)) % people
    with_shop = draw.random(gifts) < shop_share
    payer[with_shop & (np.arange(gifts) % 2 == 0)] = people
    payee[with_shop & (np.arange(gifts) % 2 == 1)] = people
    start_us = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) * 1_000_000
    times = np.sort(draw.integers(0, MONTH_US, gifts)) + start_us
    columns = {
        "source_partition": pa.array(np.zeros(gifts, dtype=np.uint16)),
        "source_offset": pa.array(np.arange(gifts, dtype=np.uint64)),
        "event_id": pa.array([f"gift-{number}" for number in range(gifts)]),
        "event_source": pa.array(["bench"] * gifts),
        "type": pa.array(["transfer"] * gifts),
        "subject": pa.array([f"wallet:{number}" for number in payer.tolist()]),
        "program": pa.array(["liuliangbao"] * gifts),
        "time": pa.array(times).cast(pa.timestamp("us", "UTC")),
        "outcome": pa.array(["applied"] * gifts),
        "amount": pa.array(draw.integers(COINS_MIN, COINS_MAX, gifts)),
        "counterparty": pa.array([f"wallet:{number}" for number in payee.tolist()]),
    }
    table = pa.table(columns)
    for first in range(0, gifts, INSERTED):
        client.insert_arrow("ledger_results", table.slice(first, INSERTED))


def measure(client: Client) -> list[dict[str, Any]]:
    """Return what each rule took."""
    rows = []
    for rule in RULES:
        began, cpu, before = time.perf_counter(), time.process_time(), _peak_mb()
        found = flags(client, OCTOBER, [rule])
        rows.append(
            {
                "rule": rule,
                "flags": len(found.flags),
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time() - cpu,
                "grown_mb": _peak_mb() - before,
            }
        )
    return rows


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--gifts", default=1_000_000, show_default=True)
@click.option("--people", default=100_000, show_default=True)
@click.option(
    "--shop", default=0.0, show_default=True, help="Share of gifts to or from one wallet."
)
@click.option("--seed", default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, gifts: int, people: int, shop: float, seed: int, as_json: bool) -> None:
    """Measure what the flags cost."""
    with tempfile.TemporaryDirectory() as folder:
        client = clickhouse_connect.get_client(interface="chdb", path=folder)
        migrate(client)
        store(client, gifts, people, shop, seed)
        rows = measure(client)
        client.close()
    if as_json:
        print_json({"gifts": gifts, "people": people, "shop": shop, "rules": rows})
    else:
        print_rows(rows, title=f"{gifts:,} gifts among {people:,} people, {shop:.1%} with one shop")


if __name__ == "__main__":
    main()
