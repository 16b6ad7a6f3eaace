"""What must hold once everything is read: the design's invariants, and the naive judge's opinion.

`problems` takes plain lists, whether they come from the simulator or from a real Kafka.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from streams.events import (
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Leg,
    decode_wallet,
    partition_of,
)
from streams.kafka.deadletters import headers_of, place_of
from streams.layer.batch import Batch
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import kind_of, unpack
from streams.ledger.caps import earned_by
from streams.ledger.recent import entries
from streams.ledger.results import decode_result
from streams.ledger.terms import (
    gifts_of,
    holds_of,
    lease_of,
    orders_of,
    packet_of,
    saved_of,
    shares_of,
    sources_of,
)
from streams.ledger.tiers import spent_by
from streams.worker.agents import fold_batch
from tests.naive_ledger import NEVER_BELOW_ZERO, Judge
from tests.simulator.worker import CHANGELOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.ledger.accounts import Account
    from streams.ledger.results import Result
    from streams.ledger.rules import Rules
    from streams.ledger.terms import Gift, Order
    from tests.naive_ledger import Verdict
    from tests.simulator.run import Simulation

SHOWN_MAX = 5
REFOLD_BATCH = 500
DAY_US = 86_400_000_000
EPOCH_DAY = date(1970, 1, 1)
FIELDS = ("kind", "program", "posted", "pending", "version", "state", "forgotten_us")
SAID = ("sharer", "network", "mb")
LEG_FIELDS = (
    *("program", "step", "payer", "amount", "cause", "cause_source", "campaign"),
    *("asker", "reason", "sequence", "key"),
)


class LogRecord(NamedTuple):
    """A committed record of wallet.events."""

    offset: int
    key: bytes | None
    value: bytes | None
    time_ms: int


class Evidence(NamedTuple):
    """What a run left behind, each a list by partition.

    Attributes:
        logs: wallet.events.
        results: of ledger.postings, in their order there.
        set_aside: offsets of wallet.events that stand in the dead letters, in their order there.
        tables: the workers' live accounts.
        rebuilt: the accounts of the changelog.
    """

    rules: Rules
    logs: list[list[LogRecord]]
    results: list[list[Result]]
    set_aside: list[list[int]]
    tables: list[dict[bytes, bytes]]
    rebuilt: list[dict[bytes, bytes]]


def evidence_of(run: Simulation) -> Evidence:
    partitions = range(run.plan.partitions)
    log, rules = run.broker.log, run.rules
    letters = [log(DEADLETTER_TOPIC, n) for n in partitions]
    return Evidence(
        rules,
        [[LogRecord(*record) for record in log(WALLET_TOPIC, n).records()] for n in partitions],
        [
            [decode_result(value or b"") for _, _, value, _ in log(POSTINGS_TOPIC, n).records()]
            for n in partitions
        ],
        [
            [place_of(headers_of(letter.headers[i])).offset for i, *_ in letter.records()]
            for letter in letters
        ],
        run.tables(),
        [rebuilt(run, n) for n in partitions],
    )


def rebuilt(run: Simulation, number: int) -> dict[bytes, bytes]:
    log = run.broker.log(CHANGELOG, number)
    log.compact()
    state = PartitionState(number)
    state.restore((offset, key, value) for offset, key, value, _ in log.records())
    return state.committed


def problems(evidence: Evidence) -> list[str]:
    """Return what is wrong, as sentences; the first few of each kind."""
    found: list[str] = []
    checks: tuple[Callable[[Evidence], Iterator[str]], ...] = (
        each_input_has_one_result,
        tables_agree,
        versions_and_balances_follow,
        sums_are_zero,
        none_is_overdrawn,
        what_is_issued_is_leased,
        nothing_is_in_flight,
        packets_are_paid_out,
        the_judge_agrees,
    )
    for check in checks:
        for _, sentence in zip(range(SHOWN_MAX), check(evidence), strict=False):
            found.append(f"{check.__name__}: {sentence}")
    return found


def each_input_has_one_result(evidence: Evidence) -> Iterator[str]:
    """Invariant 10, and 3: every record once, in the results or in the dead letters."""
    for number, log in enumerate(evidence.logs):
        seen = [result.source_offset for result in evidence.results[number]]
        for offsets in (seen, evidence.set_aside[number]):
            if any(a >= b for a, b in pairwise(offsets)):
                yield f"partition {number}: results are repeated or out of order"
        counts = Counter(seen + evidence.set_aside[number])
        for record in log:
            if counts[record.offset] != 1:
                yield f"partition {number} offset {record.offset}: {counts[record.offset]} results"
        if len(counts) > len(log):
            extra = sorted(counts.keys() - {record.offset for record in log})
            yield f"partition {number}: results of what is not in the log, offsets {extra[:3]}"


def tables_agree(evidence: Evidence) -> Iterator[str]:
    """Invariants 8 and 9: live = rebuilt = folded again, to the byte."""
    partitions = len(evidence.logs)
    for number, log in enumerate(evidence.logs):
        state = PartitionState(number)
        for start in range(0, len(log), REFOLD_BATCH):
            batch = batch_of(number, log[start : start + REFOLD_BATCH])
            fold_batch(Work(batch, state), evidence.rules, partitions)
            state.open.records.clear()
        changes = state.take().changes
        again = {key: value for key, value in changes.items() if value is not None}
        for name, table in (("live", evidence.tables), ("rebuilt", evidence.rebuilt)):
            for key in again.keys() | table[number].keys():
                if again.get(key) != table[number].get(key):
                    yield f"partition {number}: {name} {key!r} is not what its log gives"


def batch_of(number: int, records: list[LogRecord]) -> Batch:
    return Batch(
        WALLET_TOPIC,
        number,
        records[0].offset,
        records[-1].offset + 1,
        [record.key for record in records],
        [record.value for record in records],
        [record.offset for record in records],
        [record.time_ms for record in records],
        [[] for _ in records],
        0,
    )


def versions_and_balances_follow(evidence: Evidence) -> Iterator[str]:
    """Invariant 4, and 1 and 2 on the way: the results tell each account's whole history."""
    for number, results in enumerate(evidence.results):
        version: Counter[str] = Counter()
        balance: Counter[str] = Counter()
        for result in results:
            posting = result.posting
            for name, amount, after, at in zip(
                posting.account, posting.amount, posting.balance, posting.version, strict=True
            ):
                version[name] += 1
                balance[name] += amount
                if (version[name], balance[name]) != (at, after):
                    yield f"partition {number} offset {result.source_offset}: {name} {at} {after}"
            if sum(posting.amount):
                yield f"partition {number} offset {result.source_offset}: does not sum to zero"
        for name, account in accounts_of(evidence, number):
            if (account.version, account.posted) != (version[name], balance[name]):
                yield f"partition {number}: {name} is not what its postings say"


def accounts_of(evidence: Evidence, number: int) -> Iterator[tuple[str, Account]]:
    for key, packed in evidence.tables[number].items():
        if not key.startswith(b"\x00"):
            yield key.decode(), unpack(key.decode(), packed)


def sums_are_zero(evidence: Evidence) -> Iterator[str]:
    """Invariant 1."""
    for number in range(len(evidence.tables)):
        sums: Counter[str] = Counter()
        for _, account in accounts_of(evidence, number):
            sums[account.program] += account.posted
        for program, coins in sums.items():
            if coins:
                yield f"partition {number}: program {program} sums to {coins}"


def none_is_overdrawn(evidence: Evidence) -> Iterator[str]:
    """Invariant 2."""
    for number in range(len(evidence.tables)):
        for name, account in accounts_of(evidence, number):
            if account.kind in NEVER_BELOW_ZERO and account.posted - account.pending < 0:
                yield f"partition {number}: {name} has {account.posted} - {account.pending}"


def what_is_issued_is_leased(evidence: Evidence) -> Iterator[str]:
    """A bound program issues on a partition what that has leased, and no more."""
    bound = {name for name, program in evidence.rules.programs.items() if program.reserve}
    for number in range(len(evidence.tables)):
        for name, account in accounts_of(evidence, number):
            if account.kind == "issuer" and account.program in bound and account.posted < 0:
                yield f"{name} has issued {-account.posted} more than it leased"


def nothing_is_in_flight(evidence: Evidence) -> Iterator[str]:
    """Invariant 5, once drained: all that left has come, and each origin knows it."""
    sums: Counter[str] = Counter()
    for number in range(len(evidence.tables)):
        for name, account in accounts_of(evidence, number):
            if account.kind == "clearing":
                sums[account.program] += account.posted
                if account.pending:
                    yield f"{name}: {account.pending} coins are not acknowledged"
    for program, coins in sums.items():
        if coins:
            yield f"{program}: {coins} coins are still on their way"


def packets_are_paid_out(evidence: Evidence) -> Iterator[str]:
    """A closed packet is empty, and nobody has drawn twice from one."""
    for number, results in enumerate(evidence.results):
        for name, account in accounts_of(evidence, number):
            if account.kind == "packet" and account.state == "closed" and account.posted:
                yield f"{name} is closed with {account.posted} coins in it"
        draws = Counter(
            (result.subject, result.counterparty)
            for result in results
            if result.type == "packet_claim" and result.outcome == "applied"
        )
        for (packet, claimer), count in draws.items():
            if count > 1:
                yield f"{claimer} drew {count} times from {packet}"


def the_judge_agrees(evidence: Evidence) -> Iterator[str]:
    """The naive ledger, fed with the same logs, says the same of every record and account."""
    partitions, rules = len(evidence.logs), evidence.rules
    expected_legs: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for number, log in enumerate(evidence.logs):
        judge = judge_of(rules, number, partitions)
        results = {result.source_offset: result for result in evidence.results[number]}
        for offset, key, value, time_ms in log:
            verdict = judge.judge(offset, key, value, time_ms * 1000)
            if (wrong := differs(verdict, results.get(offset))) != "":
                yield f"partition {number} offset {offset}: {wrong}"
            for leg in verdict.legs:
                expected_legs[partition_of(leg["subject"], partitions)].append(leg)
        yield from books_differ(evidence, number, judge)
    for number, log in enumerate(evidence.logs):
        yield from legs_differ(number, log, expected_legs[number])


def judge_of(rules: Rules, number: int, partitions: int) -> Judge:
    return Judge(
        number,
        partitions,
        rules.programs,
        window_us=rules.window_us,
        tolerance_us=rules.tolerance_us,
        ledger_keys=rules.ledger_keys,
        rules_keys=rules.rules_keys,
    )


def differs(verdict: Verdict, result: Result | None) -> str:
    if result is None:
        return "" if verdict.outcome == "set_aside" else f"no result, {verdict.outcome} expected"
    if (verdict.outcome, verdict.reason) != (result.outcome, result.reason):
        expected = f"{verdict.outcome} {verdict.reason}".strip()
        return f"{result.type} {result.outcome} {result.reason}, the judge says {expected}"
    for field in ("amount", "step", "cause", "cause_source", "campaign", *SAID):
        if getattr(verdict, field) != getattr(result, field):
            found, own = getattr(result, field), getattr(verdict, field)
            return f"{result.type} {result.outcome} {field} {found!r}, the judge says {own!r}"
    posting = result.posting
    if not posting.account and not verdict.postings:
        return ""
    columns = [getattr(posting, field) for field in posting.__struct_fields__]
    postings = list(zip(*columns, strict=True))
    expected = [tuple(row[: len(columns)]) for row in verdict.postings]
    if sorted(postings) != sorted(expected):
        return f"{result.type} posted {postings}, the judge says {expected}"
    return ""


_BY_KIND: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "order": lambda terms: {"delivered": by_source(orders_of(terms))},
    "packet": lambda terms: {"packet": msgspec.structs.asdict(packet_of(terms))},
    "reward": lambda terms: {"rewarded": sources_of(terms)},
    "waiting": lambda terms: {"gifts": [as_the_judge(gift) for gift in gifts_of(terms)]},
    "share": lambda terms: {"shares": {one.source: one.sharer for one in shares_of(terms)}},
}


def as_the_judge(gift: Gift) -> dict[str, Any]:
    return {
        "payer": gift.payer,
        "names": (gift.source, gift.id),
        "amount": gift.amount,
        "time_us": gift.since_us,
        "campaign": gift.campaign,
    }


def by_source(orders: list[Order]) -> dict[str, dict[str, Any]]:
    found = [msgspec.structs.asdict(one) for one in orders]
    return {one.pop("source"): one for one in found}


def terms_of(account: Account) -> dict[str, Any]:
    """What only the account's kind has, as the judge keeps it; ids are hashed there."""
    if account.kind == "wallet":
        holds = holds_of(account.terms)
        orders = [hold for hold in holds if kind_of(hold.payee) == "merchant"]
        return {
            "holds": sorted(
                (h.amount, h.payee, h.until_us, h.source) for h in holds if h not in orders
            ),
            "orders": sorted(
                (h.amount, h.payee.removeprefix("merchant:"), h.source) for h in orders
            ),
            "earned": {name: one.coins for name, one in earned_by(account).items()},
            "tier": account.tier or "none",
        }
    if account.kind in {"budget", "issuer"}:
        lease = lease_of(account.terms)
        return {field: getattr(lease, field) for field in lease.__struct_fields__}
    if account.kind == "deposit":
        saved = saved_of(account.terms)
        year, month = divmod(saved.charged, 12)
        return {"until_us": saved.until_us, "charged": (1970 + year, month + 1)}
    read = _BY_KIND.get(account.kind)
    return {} if read is None else read(account.terms)


def books_differ(evidence: Evidence, number: int, judge: Judge) -> Iterator[str]:
    accounts = dict(accounts_of(evidence, number))
    for name in accounts.keys() ^ judge.accounts.keys():
        yield f"partition {number}: {name} exists in one of the two ledgers only"
    for name, account in accounts.items():
        own = judge.accounts.get(name)
        if own is None:
            continue
        held = {
            field: sorted((*hold.values(), source) for (source, _), hold in own[field].items())
            for field in ("holds", "orders")
        }
        earned = {key: coins for key, coins in own["earned"].items() if isinstance(key, str)}
        spent = {(day - EPOCH_DAY).days: coins for day, coins in own["spent"].items() if coins}
        own = own | held | {"earned": earned, "spent": kept(spent, judge)}
        found = {field: getattr(account, field) for field in FIELDS} | terms_of(account)
        found |= {"spent": kept(spent_by(account), judge)}
        for field, value in found.items():
            if own[field] != value:
                yield f"partition {number}: {name} {field} {value}, the judge says {own[field]}"
        if len(entries(account.recent)) != len(own["remembered"]):
            yield f"partition {number}: {name} does not remember what the judge does"


def kept(spent: dict[int, int], judge: Judge) -> dict[int, int]:
    """Return of coins by day those of days, whole in any zone, for which an event may still come.

    The ledger forgets what is before; the judge does not.
    """
    first_us = judge.clock_us - judge.window_us
    return {day: coins for day, coins in spent.items() if (day - 1) * DAY_US >= first_us}


def legs_differ(number: int, log: list[LogRecord], expected: list[dict[str, Any]]) -> Iterator[str]:
    """What the judge says was sent here stands in the log, the first of its id that is genuine."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in log:
        if record.value is not None and b'wallet.leg"' in record.value:
            try:
                leg = decode_wallet(record.value)
            except msgspec.DecodeError:
                continue
            if isinstance(leg, Leg):
                found[leg.id].append(told_of(leg))
    for own in expected:
        if own not in found[own["id"]]:
            yield f"partition {number}: {found[own['id']]} stand there, the judge says {own}"


def told_of(leg: Leg) -> dict[str, Any]:
    """Return a leg as the judge tells it."""
    head = {"id": leg.id, "time": leg.time, "subject": leg.subject}
    return head | {field: getattr(leg.data, field) for field in LEG_FIELDS}
