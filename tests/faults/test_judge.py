"""The judge finds what is wrong: a log folded in memory is judged clean, then spoiled."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)
from streams.kafka.log import batch_of
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import unpack
from streams.people import Attributes, load
from streams.settings import StreamSettings
from streams.worker.agents import check_batch, fold_batch, rules_of
from streams.worker.checks import Checks
from tests import keys
from tests.faults.fuzz import fuzzed
from tests.faults.judge import TOPICS, Judge, Verdict
from tests.faults.traffic import Traffic, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.faults.traffic import Sent

PARTITIONS = 4
SETTINGS = StreamSettings(partitions=PARTITIONS, **keys.SETTINGS)


class Message(NamedTuple):
    """A record as confluent_kafka gives it."""

    where: tuple[str, int, int]
    content: tuple[bytes | None, bytes | None]
    own_headers: Any = None

    def topic(self) -> str:
        return self.where[0]

    def partition(self) -> int:
        return self.where[1]

    def offset(self) -> int:
        return self.where[2]

    def key(self) -> bytes | None:
        return self.content[0]

    def value(self) -> bytes | None:
        return self.content[1]

    def headers(self) -> Any:
        return self.own_headers

    def timestamp(self) -> tuple[int, int]:
        return 1, 4_000_000_000_000


class Stored:
    """All topics in memory, as workers without a fault leave them."""

    def __init__(self, records: Iterable[Sent]) -> None:
        self.topics: dict[tuple[str, int], list[Message]] = defaultdict(list)
        self.live: dict[str, list[int]] = {}
        self.sent: Counter[int] = Counter()
        for topic, number, key, value in records:
            self._append(topic, number, key, value)
            self.sent[fingerprint(topic, number, key, value)] += 1
        states = [PartitionState(number) for number in range(PARTITIONS)]
        others = [PartitionState(number) for number in range(PARTITIONS)]
        done: dict[tuple[str, int], int] = defaultdict(int)
        while any(
            self._fold(state, other, done) for state, other in zip(states, others, strict=True)
        ):
            pass
        for state in states:
            for key, packed in state.committed.items():
                if not key.startswith(b"\x00"):
                    account = unpack(key.decode(), packed)
                    self.live[key.decode()] = [account.posted, account.pending, account.version]

    def _append(
        self, topic: str, number: int, key: bytes | None, value: bytes | None, headers: Any = None
    ) -> None:
        rows = self.topics[topic, number]
        rows.append(Message((topic, number, len(rows)), (key, value), headers))

    def _fold(
        self, state: PartitionState, other: PartitionState, done: dict[tuple[str, int], int]
    ) -> bool:
        rules, number = rules_of(SETTINGS), state.number
        moved = False
        for topic, own in ((WALLET_TOPIC, state), (CAMPAIGN_TOPIC, other)):
            new: Any = self.topics[topic, number][done[topic, number] :]
            if not new:
                continue
            moved = True
            done[topic, number] += len(new)
            work = Work(batch_of(topic, number, new), own)
            if topic == WALLET_TOPIC:
                fold_batch(work, rules, PARTITIONS)
            else:
                check_batch(work, Checks(PARTITIONS, rules.tolerance_us, Attributes(load())))
            pending = own.take()
            own.settle()
            for record in pending.records:
                self._append(*record)
            for key, packed in pending.changes.items() if topic == WALLET_TOPIC else ():
                self._append(ACCOUNTS_CHANGELOG, number, key, packed)
        return moved

    def judged(self) -> Verdict:
        stored = self

        class InMemory(Judge):
            def _read(self, number: int) -> dict[str, list[Any]]:
                return {topic: stored.topics[topic, number] for topic in TOPICS}

        return InMemory("nowhere", SETTINGS).judge([_Sender(self.sent)], self.live)


class _Sender(NamedTuple):
    sent: Any
    good: bool = False

    @property
    def acked(self) -> Any:
        return self.sent


def some(count: int = 1_500) -> Stored:
    return Stored(islice(Traffic(7, PARTITIONS).records(), count))


def first(stored: Stored, topic: str, has: bytes = b"") -> tuple[list[Message], int]:
    """Return the rows of a partition of `topic`, and the place of one with `has` in its value."""
    for number in range(PARTITIONS):
        rows = stored.topics[topic, number]
        for place, message in enumerate(rows):
            if place > 5 and has in (message.value() or b""):
                return rows, place
    raise AssertionError(f"no {has!r} in {topic}")


def drop(topic: str, has: bytes = b"") -> Callable[[Stored], None]:
    def spoil(stored: Stored) -> None:
        rows, place = first(stored, topic, has)
        del rows[place]

    return spoil


def double(topic: str, has: bytes = b"") -> Callable[[Stored], None]:
    def spoil(stored: Stored) -> None:
        rows, place = first(stored, topic, has)
        rows.insert(place, rows[place])

    return spoil


def swap(topic: str) -> Callable[[Stored], None]:
    def spoil(stored: Stored) -> None:
        rows, place = first(stored, topic)
        rows[place], rows[place + 1] = rows[place + 1], rows[place]

    return spoil


def alter_amount(stored: Stored) -> None:
    rows, place = first(stored, POSTINGS_TOPIC, b'"applied"')
    result = json.loads(rows[place].value() or b"")
    result["posting"]["amount"] = [amount + 1 for amount in result["posting"]["amount"]]
    rows[place] = rows[place]._replace(content=(rows[place].key(), json.dumps(result).encode()))


def alter_live(stored: Stored) -> None:
    stored.live["w:1"][0] += 1


def forget_changes(stored: Stored) -> None:
    del stored.topics[ACCOUNTS_CHANGELOG, 0][:]


def never_sent(stored: Stored) -> None:
    stored.sent.pop(next(iter(stored.sent)))


def acknowledged_and_gone(stored: Stored) -> None:
    stored.sent[17] += 1


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (drop(POSTINGS_TOPIC), "lost"),
        (drop(ACCEPTED_TOPIC), "lost"),
        (drop(WALLET_TOPIC, b"wallet.leg"), "lost"),
        (acknowledged_and_gone, "lost"),
        (double(POSTINGS_TOPIC), "doubled"),
        (double(ACCEPTED_TOPIC), "doubled"),
        (never_sent, "doubled"),
        (alter_live, "wrong"),
        (forget_changes, "wrong"),
        (swap(POSTINGS_TOPIC), "broken"),
        (swap(ACCEPTED_TOPIC), "broken"),
        (alter_amount, "broken"),
    ],
)
def test_what_is_spoiled_is_found(spoil: Callable[[Stored], None], found: str) -> None:
    stored = some()
    spoil(stored)
    assert getattr(stored.judged(), found)


def test_what_is_right_is_found_right() -> None:
    verdict = some().judged()
    assert verdict.held, verdict
    assert verdict.events > 1_500
    assert verdict.outcomes["repeat"] > 10
    assert verdict.outcomes["forwarded"] > 3


def test_a_lost_dead_letter_is_found() -> None:
    traffic = Traffic(7, PARTITIONS)
    bent = (fuzzed(traffic.random, record, PARTITIONS) for record in traffic.records())
    stored = Stored(islice(bent, 2_000))
    assert stored.judged().held
    drop(DEADLETTER_TOPIC)(stored)
    assert stored.judged().lost == 1


def test_late_and_repeated_traffic_is_found_right() -> None:
    step = timedelta(days=60) / 8_000
    verdict = Stored(Traffic(3, PARTITIONS, step=step).late(8_000, 0.2)).judged()
    assert verdict.held, verdict
    assert verdict.outcomes["repeat"] > 200


def test_the_same_seed_gives_the_same_records() -> None:
    one, other = (list(islice(Traffic(5, 4).records(), 2_000)) for _ in range(2))
    assert one == other
