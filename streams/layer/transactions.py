"""One transactional producer a partition, and the loop that commits what was folded.

The order of calls, which docs/exactness.md argues for: `init_transactions` before the changelog's
end is read; then for each transaction begin, results, merged changelog, the partition record last,
commit; then, and only then, the source is acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, Producer

from streams.layer.state import APPLIED_KEY, Headers, PartitionState, Pending, applied_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from confluent_kafka import KafkaError, Message

TRANSACTION_TIMEOUT_MS = 60_000
CALL_TIMEOUT_SECONDS = 65.0
REPEATS_MAX = 10

log = logging.getLogger(__name__)


class TransactionFailedError(Exception):
    """A transaction that can't be repeated: fenced by a successor, or refused for good."""


class TransactionalProducer:
    """A producer whose `transactional.id` names a partition; every method blocks."""

    def __init__(self, bootstrap: str, transactional_id: str, changelog: str, number: int) -> None:
        self.transactional_id = transactional_id
        self.changelog = changelog
        self.number = number
        self.changelog_end: int | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
                "message.timeout.ms": TRANSACTION_TIMEOUT_MS,
                "compression.type": "lz4",
                "linger.ms": 50,  # the commit flushes; this only lets batches grow
                "message.max.bytes": 4_000_000,
                "queue.buffering.max.messages": 1_000_000,
            }
        )

    def open(self) -> None:
        """Fence whoever held the partition, abort what it left open, and begin.

        Raises:
            TransactionFailedError: when the broker does not let us.
        """
        try:
            self._retry(self._producer.init_transactions)
            self._producer.begin_transaction()
        except KafkaException as error:
            raise TransactionFailedError(f"{self.transactional_id}: {error}") from error

    def commit(self, pending: Pending) -> None:
        """Put `pending` into a transaction and commit it, repeating it if it had to be aborted.

        Raises:
            TransactionFailedError: when this producer was fenced or the content is refused.
        """
        for _ in range(REPEATS_MAX):
            try:
                self._send(pending)
                self._retry(self._producer.commit_transaction)
                self._producer.begin_transaction()
            except KafkaException as error:
                self._abort_or_raise(error)
            else:
                return
        raise TransactionFailedError(f"{self.transactional_id}: aborted {REPEATS_MAX} times")

    def close(self) -> None:
        """Abort what is open; a producer that is already fenced has nothing to abort."""
        try:
            self._producer.abort_transaction(CALL_TIMEOUT_SECONDS)
        except KafkaException as error:
            log.info("%s: abort on close: %s", self.transactional_id, error)

    def _send(self, pending: Pending) -> None:
        produce = self._produce
        for topic, partition, key, value, headers in pending.records:
            produce(topic, partition, key, value, headers)
        for key, value in pending.changes.items():
            produce(self.changelog, self.number, key, value, None)
        self._producer.produce(
            self.changelog,
            value=applied_record(pending),
            key=APPLIED_KEY,
            partition=self.number,
            on_delivery=self._on_partition_record,
        )

    def _produce(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None,
    ) -> None:
        while True:
            try:
                if headers:
                    self._producer.produce(topic, value, key, partition, headers=headers)
                else:
                    self._producer.produce(topic, value, key, partition)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def _on_partition_record(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.changelog_end = message.offset()

    def _retry(self, call: Callable[..., Any]) -> None:
        deadline = time.monotonic() + CALL_TIMEOUT_SECONDS
        while True:
            try:
                call(CALL_TIMEOUT_SECONDS)
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise
                log.warning("%s: again after %s", self.transactional_id, error)
            else:
                return

    def _abort_or_raise(self, error: KafkaException) -> None:
        reason: KafkaError = error.args[0]
        if reason.fatal() or not reason.txn_requires_abort():
            raise TransactionFailedError(f"{self.transactional_id}: {error}") from error
        log.warning("%s: aborted and repeated: %s", self.transactional_id, error)
        try:
            self._retry(self._producer.abort_transaction)
            self._producer.begin_transaction()
        except KafkaException as again:
            raise TransactionFailedError(f"{self.transactional_id}: {again}") from again


class Committer:
    """Commits a partition's pending content at most once an interval, while the fold goes on."""

    def __init__(
        self,
        state: PartitionState,
        producer: TransactionalProducer,
        executor: Executor,
        interval_s: float,
        *,
        on_committed: Callable[[list[Any]], None],
        on_failed: Callable[[str, BaseException], None],
    ) -> None:
        self.state = state
        self.producer = producer
        self._executor = executor
        self._interval_s = interval_s
        self._on_committed = on_committed
        self._on_failed = on_failed
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._flight: asyncio.Future[None] | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Say that the open content has grown."""
        self._work.set()

    async def room(self, bytes_max: int) -> None:
        """Wait until less than `bytes_max` waits to be committed."""
        while self.state.open.size_bytes > bytes_max:
            self._room.clear()
            await self._room.wait()

    async def stop(self) -> None:
        """End the loop and abort what is open; the caller has drained it or gives it up."""
        self._task.cancel()
        await asyncio.wait([self._task, *([self._flight] if self._flight else [])])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self.producer.close)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                started = loop.time()
                pending = self.state.take()
                self._room.set()
                self._flight = loop.run_in_executor(self._executor, self.producer.commit, pending)
                # shielded: a transaction that is under way ends before its partition is given up
                await asyncio.shield(self._flight)
                self._on_committed(self.state.settle())
                await asyncio.sleep(max(0.0, started + self._interval_s - loop.time()))
        except asyncio.CancelledError:
            raise
        except TransactionFailedError as error:
            self._on_failed(str(error), error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the partition can't go on
            self._on_failed(f"partition {self.state.number}: {error!r}", error)
