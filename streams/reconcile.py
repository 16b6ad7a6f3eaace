"""Proof that the log, its fold, the Faust table, the changelog and the warehouse agree.

Each partition is folded again from its log by the same code that a worker runs; what comes out is
compared byte by byte with the table rebuilt from the changelog, account by account with the live
table of the worker that owns it, and with the sums of ClickHouse's postings.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sql.client import connect, rows
from streams.agents import check_batch, fold_batch, rules_of
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)
from streams.kafka_log import batch_of, messages
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import unpack
from streams.ledger.results import decode_result
from streams.topics import ACCOUNTS_CHANGELOG, ends, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clickhouse_connect.driver.client import Client
    from confluent_kafka import Consumer

    from streams.layer.state import Pending
    from streams.ledger.fold import Rules
    from streams.settings import StreamSettings

POLL_SECONDS = 0.5


class Position(msgspec.Struct, frozen=True):
    """An account's posted balance and how many postings made it."""

    posted: int
    version: int


class Folded(msgspec.Struct):
    """What folding a partition's logs again gave.

    Attributes:
        number: the partition.
        state: the ledger's state, packed, by key.
        accounts: position by account name.
        programs: program by account name.
        outcomes: records of wallet.events by `outcome` or `outcome reason`.
        deadletters: records set aside, by source topic.
        campaign: records of campaign.events by what became of them.
    """

    number: int
    state: dict[bytes, bytes]
    accounts: dict[str, Position]
    programs: dict[str, str]
    outcomes: Counter[str]
    deadletters: Counter[str]
    campaign: Counter[str]


class Check(msgspec.Struct, frozen=True):
    """One thing that must hold, whether it does, and the first difference if not."""

    name: str
    held: bool
    detail: str


class Report(msgspec.Struct, frozen=True):
    """All checks, and how every input ended."""

    ok: bool
    checks: list[Check]
    inputs: dict[str, int]
    outcomes: dict[str, int]
    deadletters: dict[str, int]
    accounts: int


def reconcile(
    kafka: str,
    clickhouse: str,
    worker: str,
    settings: StreamSettings,
    *,
    wait_seconds: float = 60.0,
    on_progress: Callable[[str, int], object] = lambda _name, _more: None,
) -> Report:
    """Fold the log again and hold everything stored against it.

    Args:
        kafka: bootstrap address.
        clickhouse: URL of the warehouse.
        worker: URL of any worker.
        settings: partitions, programs, window and key of the ledger.
        wait_seconds: how long worker and feed may take to catch up with the log's end.
        on_progress: told the partition's name and how many more records were folded.

    Raises:
        click.ClickException: when a part does not answer or does not catch up.
    """
    client = connect(clickhouse)
    _wait_for_worker(kafka, worker, settings.partitions, wait_seconds)
    _wait_for_feed(kafka, client, settings.partitions, wait_seconds)
    rules = rules_of(settings)
    folds = [
        _fold_partition(kafka, number, rules, settings, on_progress)
        for number in range(settings.partitions)
    ]
    checks = [
        _check_sums(folds),
        _check_changelog(kafka, folds),
        _check_table(worker, folds),
        _check_warehouse_accounts(client, folds),
        _check_warehouse_outcomes(client, folds),
        _check_campaign_events(client, folds),
        _check_deadletters(client, folds),
        _check_in_flight(folds),
    ]
    outcomes: Counter[str] = sum((fold.outcomes for fold in folds), Counter())
    deadletters: Counter[str] = sum((fold.deadletters for fold in folds), Counter())
    campaign: Counter[str] = sum((fold.campaign for fold in folds), Counter())
    return Report(
        ok=all(check.held for check in checks),
        checks=checks,
        inputs={
            WALLET_TOPIC: outcomes.total() + deadletters[WALLET_TOPIC],
            CAMPAIGN_TOPIC: campaign.total() + deadletters[CAMPAIGN_TOPIC],
        },
        outcomes=dict(sorted((outcomes + campaign).items())),
        deadletters=dict(sorted(deadletters.items())),
        accounts=sum(len(fold.accounts) for fold in folds),
    )


# -- waiting until nothing moves ---------------------------------------------------------------


def _wait_for_worker(kafka: str, worker: str, count: int, wait_seconds: float) -> None:
    consumer = reader(kafka)
    deadline = time.monotonic() + wait_seconds
    for number in range(count):
        end = ends(consumer, WALLET_TOPIC, count)[number].end
        while (at := _live(worker, number)["as_of"]["offset"]) < end:
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"the worker is at offset {at:,} of {WALLET_TOPIC} partition {number}, its end "
                    f"is {end:,}, and {wait_seconds:.0f} s were not enough; see `flowdrop status`"
                )
            time.sleep(POLL_SECONDS)
    consumer.close()


def _wait_for_feed(kafka: str, client: Client, count: int, wait_seconds: float) -> None:
    tables = {
        POSTINGS_TOPIC: "ledger_results",
        ACCEPTED_TOPIC: "campaign_events",
        DEADLETTER_TOPIC: "deadletters",
    }
    deadline = time.monotonic() + wait_seconds
    consumer = reader(kafka)
    for topic, table in tables.items():
        wanted = dict(_last_records(consumer, kafka, topic, count))
        while True:
            found = rows(client, f"feed/stored_{table}", topic=topic)
            stored = {row["partition"]: row["stored"] for row in found}
            behind = [n for n, last in wanted.items() if stored.get(n, -1) < last]
            if not behind:
                break
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"the feed is at offset {stored.get(behind[0], -1):,} of {topic} partition "
                    f"{behind[0]}, its last record is {wanted[behind[0]]:,}, and "
                    f"{wait_seconds:.0f} s were not enough; see `flowdrop status`"
                )
            time.sleep(POLL_SECONDS)
    consumer.close()


def _last_records(
    consumer: Consumer, kafka: str, topic: str, count: int
) -> Iterator[tuple[int, int]]:
    """Yield each partition that has records, with the offset of its last one."""
    for number, (first, end) in enumerate(ends(consumer, topic, count)):
        # the end counts transaction markers: look back a little for the last true record
        for reach in (16, 4096, end):
            start = max(first, end - reach)
            seen = [own for got in messages(kafka, topic, number, start) for own in got]
            if seen:
                yield number, seen[-1].offset() or 0
                break
            if start == first:
                break


def _live(worker: str, number: int) -> dict[str, Any]:
    url = f"{worker}/accounts/{number}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own setting
            body: dict[str, Any] = json.load(answer)
    except (urllib.error.URLError, TimeoutError) as error:
        raise click.ClickException(
            f"no worker answers at {url}: {error}; start one with `flowdrop up` or set "
            "FLOWDROP_WORKER"
        ) from error
    return body


# -- folding again -----------------------------------------------------------------------------


def _fold_partition(
    kafka: str,
    number: int,
    rules: Rules,
    settings: StreamSettings,
    on_progress: Callable[[str, int], object],
) -> Folded:
    state = PartitionState(number)
    folded = Folded(number, {}, {}, {}, Counter(), Counter(), Counter())
    for got in messages(kafka, WALLET_TOPIC, number):
        batch = batch_of(WALLET_TOPIC, number, got)
        fold_batch(Work(batch, state), rules, settings.partitions)
        _count_ledger(_settled(state), folded)
        on_progress(f"{WALLET_TOPIC} {number}", len(batch))
    folded.state = dict(state.committed)
    for key, packed in folded.state.items():
        if not key.startswith(b"\x00"):
            account = unpack(packed)
            name = key.decode()
            folded.accounts[name] = Position(account.posted, account.version)
            folded.programs[name] = account.program
    _fold_campaigns(kafka, number, rules, settings, folded, on_progress)
    return folded


def _fold_campaigns(
    kafka: str,
    number: int,
    rules: Rules,
    settings: StreamSettings,
    folded: Folded,
    on_progress: Callable[[str, int], object],
) -> None:
    state = PartitionState(number)
    for got in messages(kafka, CAMPAIGN_TOPIC, number):
        batch = batch_of(CAMPAIGN_TOPIC, number, got)
        check_batch(Work(batch, state), rules.tolerance_us, settings.partitions)
        sent = Counter(record.topic for record in _settled(state).records)
        folded.campaign["accepted"] += sent[ACCEPTED_TOPIC]
        folded.campaign["forwarded"] += sent[CAMPAIGN_TOPIC]
        folded.deadletters[CAMPAIGN_TOPIC] += sent[DEADLETTER_TOPIC]
        folded.campaign["repeat"] += len(batch) - sent.total()
        on_progress(f"{CAMPAIGN_TOPIC} {number}", len(batch))


def _settled(state: PartitionState) -> Pending:
    pending = state.take()
    state.settle()
    return pending


def _count_ledger(pending: Pending, folded: Folded) -> None:
    for record in pending.records:
        if record.topic == POSTINGS_TOPIC:
            result = decode_result(record.value or b"")
            folded.outcomes[f"{result.outcome} {result.reason}".strip()] += 1
        elif record.topic == DEADLETTER_TOPIC:
            folded.deadletters[WALLET_TOPIC] += 1


# -- what must hold ----------------------------------------------------------------------------


def _check_sums(folds: list[Folded]) -> Check:
    for fold in folds:
        sums: Counter[str] = Counter()
        for name, position in fold.accounts.items():
            sums[fold.programs[name]] += position.posted
        for program, total in sums.items():
            if total:
                detail = f"partition {fold.number}: {program} sums to {total:,}"
                return Check("accounts sum to zero", held=False, detail=detail)
    count = sum(len(fold.accounts) for fold in folds)
    return Check("accounts sum to zero", held=True, detail=f"{count:,} accounts, each partition")


def _check_in_flight(folds: list[Folded]) -> Check:
    name = "nothing is in flight between partitions"
    sums: Counter[str] = Counter()
    for fold in folds:
        for account, position in fold.accounts.items():
            if account.startswith("clearing:"):
                sums[fold.programs[account]] += position.posted
    left = {program: total for program, total in sums.items() if total}
    return Check(name, held=not left, detail=str(left or "0 coins"))


def _check_changelog(kafka: str, folds: list[Folded]) -> Check:
    name = "fold of the log = table rebuilt from its changelog, byte for byte"
    for fold in folds:
        state = PartitionState(fold.number)
        for got in messages(kafka, ACCOUNTS_CHANGELOG, fold.number):
            state.restore(batch_of(ACCOUNTS_CHANGELOG, fold.number, got).records())
        for key in sorted(fold.state.keys() | state.committed.keys()):
            if fold.state.get(key) != state.committed.get(key):
                detail = (
                    f"partition {fold.number}, {key.decode(errors='replace')}: "
                    f"fold {fold.state.get(key)!r}, changelog {state.committed.get(key)!r}"
                )
                return Check(name, held=False, detail=detail)
    return Check(name, held=True, detail=f"{sum(len(f.state) for f in folds):,} records")


def _check_table(worker: str, folds: list[Folded]) -> Check:
    name = "fold of the log = live table of the worker"
    for fold in folds:
        live = {
            account: Position(posted, version)
            for account, (posted, _, version) in _live(worker, fold.number)["accounts"].items()
        }
        difference = _first_difference(fold.accounts, live)
        if difference:
            return Check(name, held=False, detail=f"partition {fold.number}, {difference}")
    return Check(name, held=True, detail=f"{sum(len(f.accounts) for f in folds):,} accounts")


def _check_warehouse_accounts(client: Client, folds: list[Folded]) -> Check:
    name = "fold of the log = sums of ClickHouse's postings"
    stored, gap = {}, ""
    for row in rows(client, "ledger/accounts"):
        stored[row["account"]] = Position(row["posted"], row["version"])
        if row["postings"] != row["version"]:
            gap = gap or f"{row['account']}: {row['postings']} postings, version {row['version']}"
    expected = {
        account: position
        for fold in folds
        for account, position in fold.accounts.items()
        if position.version
    }
    difference = gap or _first_difference(expected, stored)
    return Check(name, held=not difference, detail=difference or f"{len(stored):,} accounts")


def _check_warehouse_outcomes(client: Client, folds: list[Folded]) -> Check:
    name = "every record of wallet.events has one outcome in ClickHouse"
    expected: Counter[str] = sum((fold.outcomes for fold in folds), Counter())
    stored = Counter(
        {
            f"{row['outcome']} {row['reason']}".strip(): row["records"]
            for row in rows(client, "ledger/outcomes")
        }
    )
    difference = _first_difference(expected, stored)
    return Check(name, held=not difference, detail=difference or f"{stored.total():,} records")


def _check_campaign_events(client: Client, folds: list[Folded]) -> Check:
    expected = sum(fold.campaign["accepted"] for fold in folds)
    stored = rows(client, "ledger/campaign_events")[0]["events"]
    return Check(
        "every accepted campaign event is in ClickHouse once",
        held=expected == stored,
        detail=f"{expected:,} accepted, {stored:,} stored",
    )


def _check_deadletters(client: Client, folds: list[Folded]) -> Check:
    name = "every dead letter is in ClickHouse once"
    expected: Counter[str] = sum((fold.deadletters for fold in folds), Counter())
    stored: Counter[str] = Counter()
    for row in rows(client, "ledger/deadletters"):
        stored[row["source_topic"]] += row["records"]
    difference = _first_difference(+expected, +stored)
    return Check(name, held=not difference, detail=difference or f"{stored.total():,} records")


def _first_difference(expected: Any, found: Any) -> str:
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            return f"{key}: expected {expected.get(key)}, found {found.get(key)}"
    return ""
