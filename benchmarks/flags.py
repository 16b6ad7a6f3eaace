"""How many of compliance's flags are false alarms: `python -m benchmarks.flags`.

In the simulated city nobody splits a gift or sends coins around, and only its own farm farms red
packets, so each flag of anybody else is a false alarm. The city is folded by its program's rules,
stored in ClickHouse, and flagged month by month: by the thresholds of the rules, and by lower ones,
which show how far from an alarm the city is.

    python -m benchmarks.flags --people 10000 --days 60 --json
"""

from __future__ import annotations

import tempfile
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import clickhouse_connect

from console.compliance.flags import flags
from console.compliance.rules import RULES
from console.settlement.month import Month, month
from flowdrop.output import print_json, print_rows
from flowdrop.settings import load
from scenarios.city import city
from scenarios.city.plan import DAY_US, FARM, FARM_IDS, Plan, name
from sql.migrate import migrate
from streams.events import WALLET_TOPIC, decode_wallet
from streams.events.times import EPOCH, MICROSECOND
from streams.ledger.accounts import pack
from streams.ledger.book import Book
from streams.ledger.fold import fold
from streams.ledger.turn import Turn
from streams.settings import StreamSettings
from streams.worker.agents import rules_of
from tests import keys
from tests.naive_settlement import insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clickhouse_connect.driver.client import Client

    from streams.events import WalletEvent
    from streams.ledger.results import Result

READ_BY_FLAGS = {"transfer", "packet_send", "packet_claim", "reverse", "leg"}
BATCH = 4_000
LEVELS: dict[str, dict[str, int | float]] = {
    "default": {},
    "fewer coins": {"gift_limit": 100, "circle_coins": 10},
    "fewer events": {"split_gifts": 2, "farm_claims": 10, "drain_wallets": 3},
}
"""Thresholds other than the defaults, by a name for them."""


class Alarms(NamedTuple):
    """How many flags there were, out of what.

    Attributes:
        people: with a wallet, without the farm's.
        months: that the city lived, by its days.
        read: applied events of each type that the rules read.
        flags: by level and rule, of all months.
    """

    people: int
    months: float
    read: Counter[str]
    flags: dict[str, Counter[str]]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row per level and rule, with its flags per 1,000 people and month."""
        shown = 1000 / self.people / self.months
        return [
            {"thresholds": level, "rule": rule, "flags": count, "per_1000_and_month": count * shown}
            for level, counts in self.flags.items()
            for rule, count in counts.items()
        ]


def folded(plan: Plan) -> Iterator[Result]:
    """Yield what the ledger makes of a city on one partition, legs right after what sent them."""
    rules = rules_of(load(StreamSettings).model_copy(update=keys.SETTINGS))
    accounts: dict[bytes, bytes] = {}
    offset = clock_us = 0
    for events in _batches(_events(plan)):
        due: list[WalletEvent] = events
        while due:
            book = Book(0, 1, accounts.get, clock_us)
            turn = Turn(book, rules)
            for offset, event in enumerate(due, offset):  # noqa: B020 - goes on where it was
                yield fold(turn, event, offset, (event.time - EPOCH) // MICROSECOND + DAY_US)
            offset += 1
            clock_us = book.clock_us
            accounts |= {name.encode(): pack(one) for name, one in book.changed.items()}
            due = [decode_wallet(value or b"") for _, _, value in book.sent]


def _events(plan: Plan) -> Iterator[WalletEvent]:
    for topic, _, _, value in city.records(plan):
        if topic == WALLET_TOPIC:
            yield decode_wallet(value or b"")


def _batches(events: Iterable[WalletEvent]) -> Iterator[list[WalletEvent]]:
    batch: list[WalletEvent] = []
    for event in events:
        batch.append(event)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def alarms(client: Client, people: int, days: int, seed: int) -> Alarms:
    """Return what the rules flag in a city; `client` is of a warehouse with its tables, empty."""
    plan = Plan(people=people, days=days, seed=seed, partitions=1)
    read: Counter[str] = Counter()
    wallets = 0
    stored: list[Result] = []
    for result in folded(plan):
        if result.outcome == "applied":
            wallets += result.type == "open"
            if result.type in READ_BY_FLAGS:
                read[result.type] += 1
                stored.append(result)
    insert(client, stored)
    found = {level: _flagged(client, plan, given) for level, given in LEVELS.items()}
    return Alarms(wallets - FARM_IDS - 1, days / (365 / 12), read, found)


def _flagged(client: Client, plan: Plan, given: dict[str, int | float]) -> Counter[str]:
    counts = Counter(dict.fromkeys(RULES, 0))
    farm = {name(plan.seed, number) for number in (*plan.machine(FARM), plan.farmer)}
    for when in _months(plan):
        found = flags(client, when, thresholds=given)
        counts.update(flag.rule for flag in found.flags if not farm >= {*flag.accounts})
    return counts


def _months(plan: Plan) -> Iterator[Month]:
    days = range(plan.start_us, plan.start_us + (plan.days + 1) * DAY_US, DAY_US)
    for of in dict.fromkeys(f"{EPOCH + day * MICROSECOND:%Y-%m}" for day in days):
        yield month(of)


@click.command()
@click.option("--people", default=10_000, show_default=True)
@click.option("--days", default=60, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, people: int, days: int, seed: int, as_json: bool) -> None:
    """Count the false alarms of a city."""
    with tempfile.TemporaryDirectory() as folder:
        client = clickhouse_connect.get_client(interface="chdb", path=folder)
        migrate(client)
        found = alarms(client, people, days, seed)
        client.close()
    read = dict(sorted(found.read.items()))
    if as_json:
        facts = {"people": found.people, "months": found.months, "read": read}
        print_json({**facts, "flags": found.rows()})
    else:
        events = ", ".join(f"{count:,} {name}" for name, count in read.items())
        title = f"{found.people:,} people with a wallet, {found.months:.2f} months: {events}"
        print_rows(found.rows(), title=title)


if __name__ == "__main__":
    main()
