"""One partition: its logs folded again, and everything stored of it compared with that."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from sql.client import connect, rows
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    decode_campaign,
)
from streams.events.times import microseconds
from streams.feed.columns import VALUE_BYTES_MAX
from streams.kafka.deadletters import headers_of, place_of
from streams.kafka.log import batch_of, messages
from streams.kafka.settled import CHANGELOGS, ask
from streams.layer.batch import Batch
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import unpack
from streams.ledger.terms import holds_of
from streams.ledger.trust import MissingKeyError
from streams.reconcile import results
from streams.reconcile.postings import Statement
from streams.reconcile.report import Findings
from streams.worker.agents import check_batch, fold_batch, rules_of
from streams.worker.checks import checks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clickhouse_connect.driver.client import Client

    from streams.layer.state import Pending, Record
    from streams.ledger.accounts import Account
    from streams.settings import StreamSettings

END = 2**63 - 1  # after every offset


class Job(NamedTuple):
    """What to prove, and where it is stored; `ends` are the logs' own of this partition."""

    number: int
    kafka: str
    clickhouse: str
    worker: str
    settings: StreamSettings
    ends: dict[str, int]


class Proof(msgspec.Struct):
    """What became of one partition's records.

    Attributes:
        number: the partition.
        findings: what was compared and what differs.
        accounts: how many there are.
        outcomes: records of wallet.events by `outcome` or `outcome reason`.
        deadletters: records set aside, by source topic.
        campaign: records of campaign.events by what became of them.
        accepted: the sums of the accepted campaign events, as `ledger/campaign_events` forms them.
        in_flight: posted coins of clearing accounts, by program.
    """

    number: int
    findings: Findings = msgspec.field(default_factory=Findings)
    accounts: int = 0
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    deadletters: Counter[str] = msgspec.field(default_factory=Counter)
    campaign: Counter[str] = msgspec.field(default_factory=Counter)
    accepted: Counter[str] = msgspec.field(default_factory=Counter)
    in_flight: Counter[str] = msgspec.field(default_factory=Counter)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Add the time that the block takes to a part of the work."""
        began = time.perf_counter()
        yield
        self.findings.took(part, time.perf_counter() - began)


def prove(job: Job, advance: Callable[[int], object]) -> Proof:
    """Fold a partition's logs again and compare; `advance` is given how many more were folded."""
    proof = Proof(job.number)
    client = connect(job.clickhouse)
    wallets, statement = _fold_wallets(job, proof, client, advance)
    with proof.timed("accounts"):
        _check_accounts(proof, wallets)
        statement.compare(wallets, proof.findings)
    _check_table(job, proof, wallets)
    _check_changelog(job, proof, WALLET_TOPIC, wallets)
    del wallets, statement
    people = _fold_campaigns(job, proof, client, advance)
    _check_changelog(job, proof, CAMPAIGN_TOPIC, people)
    return proof


# -- the ledger --------------------------------------------------------------------------------


def _fold_wallets(
    job: Job, proof: Proof, client: Client, advance: Callable[[int], object]
) -> tuple[dict[bytes, bytes], Statement]:
    rules = rules_of(job.settings)
    state = PartitionState(job.number)
    statement = Statement(job.number, rules.window_us)
    first = 0
    for batch in _stretches(job, proof, WALLET_TOPIC):
        with proof.timed("fold"):
            try:
                fold_batch(Work(batch, state), rules, job.settings.partitions)
            except MissingKeyError as error:
                raise click.ClickException(str(error)) from error
        pending = _settled(state)
        _compare_results(proof, client, batch, pending, statement, first)
        first = batch.end
        advance(len(batch))
    return state.committed, statement


def _stretches(job: Job, proof: Proof, topic: str) -> Iterator[Batch]:
    """Yield a log in sections; the last is empty and ends after everything.

    It is there for what is stored of records that the log does not have, and because a worker folds
    what a partition without records has: the markers of transactions.
    """
    end = job.ends[topic]
    if not end:
        return
    read = messages(job.kafka, topic, job.number, end=end)
    while True:
        with proof.timed("read the log"):
            got = next(read, None)
            batch = batch_of(topic, job.number, got) if got else None
        if batch is None:
            yield Batch(topic, job.number, end, END, [], [], [], [], [], 0)
            return
        yield batch


def _settled(state: PartitionState) -> Pending:
    pending = state.take()
    state.settle()
    return pending


def _compare_results(
    proof: Proof, client: Client, batch: Batch, pending: Pending, statement: Statement, first: int
) -> None:
    findings = proof.findings
    with proof.timed("results"):
        mine = results.expected(pending.values_to(POSTINGS_TOPIC))
        for row in mine.group_by(["outcome", "reason"]).aggregate([([], "count_all")]).to_pylist():
            proof.outcomes[f"{row['outcome']} {row['reason']}".strip()] += row["count_all"]
    with proof.timed("ask ClickHouse"):
        theirs = results.stored(client, proof.number, first, batch.end)
    letters = _compare_letters(proof, client, WALLET_TOPIC, pending, first, batch.end)
    with proof.timed("results"):
        if difference := results.first_difference(mine, theirs):
            findings.differ("results", f"wallet.events partition {proof.number}, {difference}")
        findings.compared["results"] += mine.num_rows
        _compare_inputs(proof, batch, results.offsets(theirs).tolist() + letters)
    with proof.timed("chains"):
        statement.add(theirs, findings)


def _compare_inputs(proof: Proof, batch: Batch, ended: list[int]) -> None:
    """Compare the offsets of a section of the log with those of results and dead letters."""
    proof.findings.compared["inputs"] += len(batch)
    ended.sort()
    if ended == batch.offsets:
        return
    more, less = Counter(ended), Counter(batch.offsets)
    offset = min((more - less) | (less - more))
    where = f"wallet.events {proof.number}:{offset}"
    if offset not in less:
        proof.findings.differ(
            "inputs", f"{where}: ClickHouse says how it ended, but there is no such record"
        )
    else:
        proof.findings.differ("inputs", f"{where}: ClickHouse has {more[offset]} outcomes for it")


def _compare_letters(
    proof: Proof, client: Client, topic: str, pending: Pending, first: int, end: int
) -> list[int]:
    """Compare a section's dead letters with ClickHouse's; return the offsets of ClickHouse's."""
    with proof.timed("ask ClickHouse"):
        stored = rows(
            client, "ledger/letters", topic=topic, partition=proof.number, first=first, end=end
        )
    mine = [_letter(record) for record in pending.records_to(DEADLETTER_TOPIC)]
    proof.deadletters[topic] += len(mine)
    proof.findings.compared["deadletters"] += len(mine)
    for one, other in zip(_padded(mine, stored), _padded(stored, mine), strict=True):
        if one != other:
            proof.findings.differ(
                "deadletters",
                f"{topic} partition {proof.number}: the fold sets aside {one}, ClickHouse {other}",
            )
            break
    return [row["source_offset"] for row in stored]


def _padded(some: list[Any], others: list[Any]) -> Iterator[Any]:
    return chain(some, [None] * (len(others) - len(some)))


def _letter(record: Record) -> dict[str, Any]:
    headers = headers_of(record.headers or [])
    value = record.value or b""
    return {
        "source_offset": place_of(headers).offset,
        "reason": headers["reason"],
        "detail": headers["detail"],
        "key": zlib.crc32(record.key or b""),
        "value_bytes": len(value),
        "value": zlib.crc32(value[:VALUE_BYTES_MAX]),
    }


def _check_accounts(proof: Proof, state: dict[bytes, bytes]) -> None:
    """Check that the fold's own accounts sum to zero and hold nothing back."""
    sums: Counter[str] = Counter()
    for key, packed in state.items():
        if key.startswith(b"\x00"):
            continue
        name = key.decode()
        account = unpack(name, packed)
        proof.accounts += 1
        sums[account.program] += account.posted
        if account.kind == "clearing":
            proof.in_flight[account.program] += account.posted
            proof.findings.compared["in_flight"] += 1
            if account.pending:
                detail = f"{name}: {account.pending:,} coins are not yet acknowledged"
                proof.findings.differ("in_flight", detail)
        elif account.pending or account.kind in {"wallet", "packet"}:
            _check_held(proof, account)
    proof.findings.compared.update({"sums": proof.accounts, "pending": proof.accounts})
    for program, total in sums.items():
        if total:
            proof.findings.differ(
                "sums", f"partition {proof.number}: accounts of {program} sum to {total:,}"
            )


def _check_held(proof: Proof, account: Account) -> None:
    """Check that what an account holds back matches its holds, and that closed means empty."""
    held = 0
    if account.kind == "wallet":
        held = sum(hold.amount for hold in holds_of(account.terms))
    if account.pending != held:
        detail = f"{account.name}: {account.pending:,} pending, {held:,} held by redemptions"
        proof.findings.differ("pending", detail)
    if account.kind == "packet" and account.state == "closed" and account.posted:
        detail = f"{account.name}: closed with {account.posted:,} coins"
        proof.findings.differ("pending", detail)


def _check_table(job: Job, proof: Proof, state: dict[bytes, bytes]) -> None:
    with proof.timed("live table"):
        body = ask(f"{job.worker}/accounts/{job.number}", job.settings)
        _require_rest(WALLET_TOPIC, job, body["as_of"]["offset"])
        live = body["accounts"]
        for key, packed in state.items():
            if key.startswith(b"\x00"):
                continue
            name = key.decode()
            account = unpack(name, packed)
            mine = [account.posted, account.pending, account.version]
            proof.findings.compared["table"] += 1
            if (found := live.pop(name, None)) != mine:
                detail = f"the fold gives {mine} (posted, pending, version), the worker {found}"
                proof.findings.differ("table", f"partition {job.number}, {name}: {detail}")
        for name in live:
            detail = f"only the worker knows it, as {live[name]}"
            proof.findings.differ("table", f"partition {job.number}, {name}: {detail}")


def _check_changelog(job: Job, proof: Proof, topic: str, mine: dict[bytes, bytes]) -> None:
    """Compare a fold's state with the table rebuilt from its changelog, byte for byte."""
    with proof.timed("changelog"):
        state = PartitionState(job.number)
        for got in messages(job.kafka, CHANGELOGS[topic], job.number):
            state.restore((m.offset() or 0, m.key(), m.value()) for m in got)
        _require_rest(topic, job, state.committed_offset)
        proof.findings.compared["changelog"] += len(mine)
        if mine == state.committed:
            return
        key = min(
            k for k in mine.keys() | state.committed.keys() if mine.get(k) != state.committed.get(k)
        )
        proof.findings.differ(
            "changelog",
            f"partition {job.number}, {key.decode(errors='replace')}: "
            f"{_unlike(mine.get(key), state.committed.get(key))}",
        )


SHOWN_BYTES = 16


def _unlike(fold: bytes | None, changelog: bytes | None) -> str:
    """Describe where two different records begin to differ."""
    if fold is None or changelog is None:
        return f"only the {'fold' if changelog is None else 'changelog'} has it"
    pairs = enumerate(zip(fold, changelog, strict=False))
    same = min(len(fold), len(changelog))
    at = next((place for place, (one, other) in pairs if one != other), same)
    one, other = (record[at : at + SHOWN_BYTES].hex() or "its end" for record in (fold, changelog))
    return f"from byte {at:,} on the fold has {one}, the changelog {other}"


def _require_rest(topic: str, job: Job, offset: int) -> None:
    if offset > job.ends[topic]:
        raise click.ClickException(
            f"{topic} partition {job.number} grew from offset {job.ends[topic]:,} to {offset:,} "
            "while it was being reconciled; stop the clients and try again"
        )


# -- campaign events ---------------------------------------------------------------------------


def _fold_campaigns(
    job: Job, proof: Proof, client: Client, advance: Callable[[int], object]
) -> dict[bytes, bytes]:
    checks = checks_of(job.settings)
    state = PartitionState(job.number)
    first = 0
    for batch in _stretches(job, proof, CAMPAIGN_TOPIC):
        with proof.timed("fold"):
            check_batch(Work(batch, state), checks)
        pending = _settled(state)
        with proof.timed("results"):
            _count_campaign(proof, batch, pending)
        _compare_letters(proof, client, CAMPAIGN_TOPIC, pending, first, batch.end)
        first = batch.end
        advance(len(batch))
    return state.committed


def _count_campaign(proof: Proof, batch: Batch, pending: Pending) -> None:
    sent = Counter(record[0] for record in pending.produced)
    proof.campaign["accepted"] += sent[ACCEPTED_TOPIC]
    proof.campaign["forwarded"] += sent[CAMPAIGN_TOPIC]
    proof.campaign["repeat"] += len(batch) - sent.total()
    for value in pending.values_to(ACCEPTED_TOPIC):
        event = decode_campaign(value)
        kind = type(event).__name__.lower()
        name = f"{event.source}|{event.id}|{event.subject}|{kind}"
        proof.accepted["events"] += 1
        proof.accepted["names"] += zlib.crc32(name.encode())
        proof.accepted["times"] += microseconds(event.time)
