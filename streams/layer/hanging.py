"""Ends hanging transactions: Kafka has recorded their end, but a partition lacks the marker.

Kafka answers a commit before its markers stand in every partition, and writes the missing ones when
a broker is back. A starting broker, however, mistakes a partition without a leader for a deleted
one and skips its marker (seen with 4.3.0; docs/exactness.md). Records left open in this way share
the fate of the next transaction of the same `transactional.id`, whatever that is.

So before the next one, the coordinator is asked how the last one ended, and each partition whether
it knows, and the missing markers are written.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.structs import TopicPartition

from streams.layer.metrics import HANGING_ENDED
from streams.layer.requests import (
    DescribeProducers,
    DescribeTransactions,
    Sent,
    WriteTxnMarkers,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

T = TypeVar("T")

ENDING_SECONDS, OUTAGE_SECONDS = 0.05, 0.5  # between two questions
UNKNOWN_ID = 105  # TRANSACTIONAL_ID_NOT_FOUND: nothing was ever written by it
EPOCH_MAX = 2**15 - 1
ENDING = {"PrepareCommit", "PrepareAbort", "PrepareEpochFence"}

log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()  # or as many as there are partitions would ask a lost broker


class Last(NamedTuple):
    """The last transaction of a `transactional.id`, as its coordinator has it."""

    producer_id: int
    epoch: int
    state: str

    @property
    def is_commit(self) -> bool:
        """Whether it was committed; if not, it is aborted, or will be."""
        return self.state == "CompleteCommit"


def last_transaction(bootstrap: str, transactional_id: str, seconds: float) -> Last | None:
    """Return the last transaction of `transactional_id`, once it has ended or if it is open.

    Blocks; brokers that do not answer are asked again for so many seconds.

    Raises:
        aiokafka.errors.KafkaError: what Kafka said last. It needs permission to describe the id.
    """
    return _asked(bootstrap, seconds, functools.partial(_last, transactional_id=transactional_id))


def end_hanging(
    bootstrap: str, topics: Collection[str], last: Last, epoch_max: int, seconds: float
) -> int:
    """Write the markers that a transaction lacks; return in how many partitions.

    Args:
        bootstrap: Kafka's address.
        topics: every topic that it may have written to.
        last: the transaction.
        epoch_max: the producer's last epoch under which nobody writes now, nor will. What is still
            open with it is hanging, and a marker of that epoch can end nothing else: a partition
            that has seen a later one refuses it.
        seconds: how long to try; it blocks.

    Raises:
        aiokafka.errors.KafkaError: what Kafka said last. It needs permission to read the topics
        and, if a marker is missing, to alter the cluster.
    """
    end = functools.partial(_end, topics=topics, last=last, epoch_max=epoch_max)
    return _asked(bootstrap, seconds, end)


def _asked(bootstrap: str, seconds: float, ask: Callable[[AIOKafkaClient], Awaitable[T]]) -> T:
    with _one_at_a_time:
        return asyncio.run(_until(time.monotonic() + seconds, bootstrap, ask))


async def _until(
    deadline: float, bootstrap: str, ask: Callable[[AIOKafkaClient], Awaitable[T]]
) -> T:
    while True:
        client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
        try:
            await client.bootstrap()
            return await ask(client)
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
            log.info("asked again after %r", error)
            await asyncio.sleep(OUTAGE_SECONDS)
        finally:
            await client.close()


async def _last(client: AIOKafkaClient, transactional_id: str) -> Last | None:
    while True:
        node = await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
        response = await client.send(node, Sent(DescribeTransactions, [transactional_id]))
        error, _, state, _, _, producer_id, epoch, *_ = response.states[0]
        if error == UNKNOWN_ID:
            return None
        _check(error)
        if state not in ENDING:
            return Last(producer_id, epoch, state)
        await asyncio.sleep(ENDING_SECONDS)


async def _end(client: AIOKafkaClient, topics: Collection[str], last: Last, epoch_max: int) -> int:
    await client.set_topics(topics)
    if unknown := [topic for topic in topics if not client.cluster.partitions_for_topic(topic)]:
        raise UnknownTopicOrPartitionError(", ".join(unknown))
    count = 0
    for node, partitions in (await _leaders(client, topics)).items():
        found = await _open_in(client, node, partitions, last.producer_id, epoch_max)
        if found:
            log.warning(
                "Kafka lost the markers of a transaction that was %s, in %s: written now",
                "committed" if last.is_commit else "aborted",
                ", ".join(f"{topic}-{number}" for topic, number, *_ in found),
            )
            await _mark(client, node, found, last)
            HANGING_ENDED.inc(len(found))
            count += len(found)
    return count


async def _leaders(
    client: AIOKafkaClient, topics: Collection[str]
) -> dict[int, dict[str, list[int]]]:
    """Return the partitions of `topics`, by broker and topic."""
    found: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for topic in topics:
        for number in client.cluster.partitions_for_topic(topic):
            leader = client.cluster.leader_for_partition(TopicPartition(topic, number))
            if leader < 0:
                raise LeaderNotAvailableError(f"{topic}-{number}")
            found[leader][topic].append(number)
    return found


class Open(NamedTuple):
    """Where a transaction is open: the writer's epoch, and that of the coordinator before it."""

    topic: str
    number: int
    epoch: int
    coordinator_epoch: int


async def _open_in(
    client: AIOKafkaClient,
    node: int,
    partitions: dict[str, list[int]],
    producer_id: int,
    epoch_max: int,
) -> list[Open]:
    wanted: list[tuple[Any, ...]] = [(topic, numbers, {}) for topic, numbers in partitions.items()]
    response = await client.send(node, Sent(DescribeProducers, wanted))
    found = []
    for topic, described, _ in response.topics:
        for number, error, _, producers, _ in described:
            _check(error)
            for its_id, epoch, _, _, coordinator_epoch, open_from, _ in producers:
                if its_id == producer_id and epoch <= epoch_max and open_from >= 0:
                    found.append(Open(topic, number, epoch, max(coordinator_epoch, 0)))
    return found


async def _mark(client: AIOKafkaClient, node: int, found: list[Open], last: Last) -> None:
    markers: list[tuple[Any, ...]] = [
        (
            last.producer_id,
            at.epoch,
            last.is_commit,
            [(at.topic, [at.number], {})],
            at.coordinator_epoch,
            {},
        )
        for at in found
    ]
    response = await client.send(node, Sent(WriteTxnMarkers, markers))
    for _, topics, _ in response.markers:
        for _, partitions, _ in topics:
            for _, error, _ in partitions:
                _check(error)


def _check(error: int) -> None:
    if error:
        raise for_code(error)
