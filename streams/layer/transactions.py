"""One transactional producer per partition, and the loop that commits what was folded.

The order of calls, which docs/exactness.md argues for: `init_transactions` before the changelog's
end is read; then for each transaction begin, results, merged changelog, the partition record last,
commit; then, and only then, the source is acknowledged. Whatever a broker that went away may have
left half ended is ended first.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import aiokafka.errors
from confluent_kafka import KafkaError, KafkaException, Producer

from streams.layer.faults import reached
from streams.layer.hanging import EPOCH_MAX, end_hanging, last_transaction
from streams.layer.metrics import (
    ACKNOWLEDGEMENT_SECONDS,
    TRANSACTION_SECONDS,
    TRANSACTIONS_REPEATED,
)
from streams.layer.state import APPLIED_KEY, PartitionState, Pending, applied_record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from concurrent.futures import Executor

    from confluent_kafka import Message
    from faust.types import EventT

    from streams.layer.hanging import Last
    from streams.layer.pace import Pace

REPEATS_MAX = 10
CALL_SECONDS_MAX = 60.0  # then it is called again
IDLE_SECONDS = 1.0  # after which an idle partition checks whether the broker went away
REPEAT_WAIT_SECONDS_MAX = 1.0

log = logging.getLogger(__name__)


class TransactionFailedError(Exception):
    """A transaction that can't be repeated: fenced by a successor, or refused permanently."""


class TransactionalProducer:
    """A producer whose `transactional.id` names a partition; every method blocks.

    Args:
        bootstrap: Kafka's address.
        transactional_id: the same for whoever holds the partition, so that a successor fences.
        changelog: topic of the changed state.
        number: the partition.
        outputs: the other topics that its transactions write to.
        timeout_ms: Kafka aborts a transaction that stays open for longer; a record that is not
            acknowledged within it has failed.
    """

    def __init__(
        self,
        bootstrap: str,
        transactional_id: str,
        changelog: str,
        number: int,
        outputs: Collection[str],
        timeout_ms: int = 900_000,
    ) -> None:
        self.bootstrap = bootstrap
        self.transactional_id = transactional_id
        self.changelog = changelog
        self.number = number
        self.outputs = outputs
        self.changelog_end: int | None = None
        self._outage = outage = threading.Event()
        self._mine: Last | None = None  # as it was when opened
        self._has_ended_one = False
        self._call_seconds = min(timeout_ms / 1000, CALL_SECONDS_MAX) + 5
        self._retry_seconds = max(REPEATS_MAX * self._call_seconds, timeout_ms / 1000 + 5)
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": timeout_ms,
                "message.timeout.ms": timeout_ms,
                "compression.type": "lz4",
                "linger.ms": 50,  # the commit flushes; this only lets batches grow
                "message.max.bytes": 4_000_000,
                "queue.buffering.max.messages": 1_000_000,
                "error_cb": lambda _: outage.set(),  # not a bound method: it would keep us alive
            }
        )

    def open(self) -> None:
        """Fence whoever held the partition, abort what it left open, and begin.

        Raises:
            TransactionFailedError: when the broker does not let us.
        """
        self._outage.clear()
        last = self._last()
        try:
            self._retry(self._producer.init_transactions)
        except KafkaException as error:
            raise TransactionFailedError(f"{self.transactional_id}: {error}") from error
        self._mine = mine = self._last()
        # Only now is whoever held the partition shut out; what it left open stays open.
        if last is not None and mine is not None:
            is_same = last.producer_id == mine.producer_id
            self._end_hanging(last, mine.epoch - 1 if is_same else EPOCH_MAX)
        self._begin()
        reached("opened")

    def heal(self) -> None:
        """After an outage, end what the broker left hanging; to be called when nothing was sent.

        Raises:
            TransactionFailedError: when the partition has another holder, or Kafka does not let us.
        """
        self._producer.poll(0)  # calls error_cb
        mine = self._mine
        if mine is None or not self._outage.is_set():
            return
        self._outage.clear()  # first: the next one may come meanwhile
        last = self._last()
        if last is None or last[:2] != mine[:2]:
            raise TransactionFailedError(
                f"{self.transactional_id}: fenced: {last} is not its own, which was {mine}"
            )
        # Until it has ended one, `mine` may be that of a successor who came at once.
        self._end_hanging(last, mine.epoch if self._has_ended_one else mine.epoch - 1)

    def _last(self) -> Last | None:
        with self._as_failed():
            return last_transaction(self.bootstrap, self.transactional_id, self._retry_seconds)

    def _end_hanging(self, last: Last, epoch_max: int) -> None:
        topics = [self.changelog, *self.outputs]
        with self._as_failed():
            end_hanging(self.bootstrap, topics, last, epoch_max, self._retry_seconds)

    @contextmanager
    def _as_failed(self) -> Iterator[None]:
        try:
            yield
        except aiokafka.errors.KafkaError as error:
            raise TransactionFailedError(
                f"{self.transactional_id}: can't end what a broker left open: {error!r}"
            ) from error

    def commit(self, pending: Pending) -> None:
        """Put `pending` into a transaction and commit it, repeating it if it had to be aborted.

        Raises:
            TransactionFailedError: when this producer was fenced, or the content is refused, or it
                goes to a topic that isn't among the outputs, which nobody would search for what a
                broker left open.
        """
        if unnamed := pending.topics.difference(self.outputs):
            raise TransactionFailedError(
                f"{self.transactional_id}: a fold emits to {', '.join(sorted(unnamed))}; add it to "
                "the table's outputs"
            )
        last = None
        for repeat in range(REPEATS_MAX):
            sent = False
            try:
                self._send(pending)
                sent = True
                reached("before_commit", self._producer.flush)
                self._retry(self._producer.commit_transaction)
            except KafkaException as error:
                self._abort_or_raise(error, sent=sent)
                last = error
                time.sleep(min(0.1 * 2**repeat, REPEAT_WAIT_SECONDS_MAX))
            else:
                self._has_ended_one = True
                reached("committed")
                # outside the try: what is committed must not be repeated, whatever begin says
                self._begin()
                return
        raise TransactionFailedError(
            f"{self.transactional_id}: aborted {REPEATS_MAX} times, most recently for {last}"
        ) from last

    def close(self) -> None:
        """Abort what is open; a producer that is already fenced has nothing to abort."""
        reached("before_close")
        try:
            self._producer.abort_transaction(self._call_seconds)
        except KafkaException as error:
            log.info("%s: abort on close: %s", self.transactional_id, error)
        reached("closed")

    def _send(self, pending: Pending) -> None:
        reached("before_produce")
        self.heal()
        self._produce(pending.produced)
        reached("mid_produce", self._producer.flush)
        changelog, number = self.changelog, self.number
        self._produce((changelog, value, key, number) for key, value in pending.changes.items())
        last = applied_record(pending)
        self._produce([(changelog, last, APPLIED_KEY, number, self._on_partition_record)])
        reached("produced")

    def _produce(self, records: Iterable[tuple[Any, ...]]) -> None:
        produce = self._producer.produce
        for record in records:
            while True:
                try:
                    produce(*record)
                    break
                except BufferError:
                    self._producer.poll(0.1)

    def _on_partition_record(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.changelog_end = message.offset()

    def _retry(self, call: Callable[..., Any]) -> None:
        """Call until it succeeds or fails permanently; an outage is waited out, within limits."""
        deadline = time.monotonic() + self._retry_seconds
        while True:
            try:
                call(self._call_seconds)
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise
                log.warning("%s: again after %s", self.transactional_id, error)
            else:
                return

    def _abort_or_raise(self, error: KafkaException, *, sent: bool) -> None:
        reason: KafkaError = error.args[0]
        # once a delivery has failed, librdkafka refuses the next produce as _STATE
        refused = not sent and reason.code() == KafkaError._STATE  # noqa: SLF001
        if reason.fatal() or not (reason.txn_requires_abort() or refused):
            raise TransactionFailedError(f"{self.transactional_id}: {error}") from error
        log.warning("%s: aborted and repeated: %s", self.transactional_id, error)
        TRANSACTIONS_REPEATED.inc()
        try:
            self._retry(self._producer.abort_transaction)
        except KafkaException as again:
            raise TransactionFailedError(f"{self.transactional_id}: {again}") from again
        self._has_ended_one = True
        self._begin()

    def _begin(self) -> None:
        try:
            self._producer.begin_transaction()
        except KafkaException as error:
            raise TransactionFailedError(f"{self.transactional_id}: {error}") from error


class Committer:
    """Commits a partition's pending content at most once per interval, while folding continues.

    Args:
        state: the partition's.
        producer: the partition's.
        name: of its table, used to label times.
        pace: gives it its turns.
        interval_s: least time between two transactions, in seconds.
        executor: runs what blocks.
        on_fatal: ends the process, by a reason.
    """

    def __init__(
        self,
        state: PartitionState,
        producer: TransactionalProducer,
        *,
        name: str,
        pace: Pace,
        interval_s: float,
        executor: Executor,
        on_fatal: Callable[[str, BaseException | None], NoReturn],
    ) -> None:
        self.state = state
        self.producer = producer
        self._name = name
        self._pace = pace
        self._interval_s = interval_s
        self._executor = executor
        self._on_fatal = on_fatal
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
                await self._something()
                await self._pace.turn()
                self._work.clear()
                started = loop.time()
                pending = self.state.take()
                self._room.set()
                await self._call(self.producer.commit, pending)
                took = loop.time() - started
                TRANSACTION_SECONDS.labels(self._name).observe(took)
                self._pace.took(took)
                self._acknowledge(self.state.settle())
                ACKNOWLEDGEMENT_SECONDS.labels(self._name).observe(
                    time.monotonic() - pending.began_s
                )
                await asyncio.sleep(max(0.0, started + self._interval_s - loop.time()))
        except asyncio.CancelledError:
            raise
        except TransactionFailedError as error:
            self._on_fatal(str(error), error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the partition can't go on
            self._on_fatal(f"partition {self.state.number}: {error!r}", error)

    async def _something(self) -> None:
        """Wait for work; meanwhile make sure that no outage leaves readers waiting."""
        while not self._work.is_set():
            try:
                await asyncio.wait_for(self._work.wait(), IDLE_SECONDS)
            except TimeoutError:
                await self._call(self.producer.heal)

    async def _call(self, call: Callable[..., None], *args: Any) -> None:
        """Run a blocking call, which ends before its partition is given up."""
        loop = asyncio.get_running_loop()
        self._flight = loop.run_in_executor(self._executor, call, *args)
        await asyncio.shield(self._flight)

    def _acknowledge(self, events: list[EventT]) -> None:
        reached("before_ack")
        for event in events:
            event.ack()
        reached("acked")
