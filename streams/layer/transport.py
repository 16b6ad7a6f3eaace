"""Faust's aiokafka transport with whole partition batches as its messages.

Faust 0.15.3 hands over one record at a time and filters by a read offset of its own, which drops
what is fetched again after a rebalance. Here a message is a `Batch`, nothing is filtered, and the
only judge of what was seen is the reader: a table's applied offset, a feed's stored offset. After
each rebalance the consumer is put where its readers say, see `Consumer.resume_at`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import ConsumerStoppedError
from faust import Schema
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode.utils.futures import notify

from streams.layer.batch import Batch, drain
from streams.layer.faults import end_process
from streams.layer.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faust.types import AppT

Resume: TypeAlias = "Callable[[list[int]], Awaitable[dict[int, int]]]"

FETCH_WAIT_MS = 5
IDLE_WAIT_MS = 50
PACE_SECONDS = 0.002
UNREAD_BYTES_MAX = 64 * 1024 * 1024
READ_ISOLATION = "read_committed"


class BatchSchema(Schema):
    """Passes a batch through undecoded."""

    def loads_key(self, app: AppT, message: Any, **options: Any) -> None:  # noqa: ARG002
        """Return nothing: the keys are in the batch."""
        return

    def loads_value(self, app: AppT, message: Any, **options: Any) -> Batch:  # noqa: ARG002
        """Return the batch itself."""
        batch: Batch = message.value
        return batch


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches whole record batches, committed ones only."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        consumer._isolation_level = READ_ISOLATION  # noqa: SLF001
        return consumer

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109
        max_records: int | None = None,  # noqa: ARG002
    ) -> dict[TP, list[Batch]]:
        fetcher = consumer._fetcher  # noqa: SLF001
        subscriptions = fetcher._subscriptions  # noqa: SLF001
        deadline = time.monotonic() + (timeout or 0)
        with subscriptions.fetch_context():
            while self.consumer.flow_active:
                if consumer._closed or fetcher._closed:  # noqa: SLF001
                    raise ConsumerStoppedError
                _check_metadata_task(consumer._client._sync_task)  # noqa: SLF001
                if subscriptions.reassignment_in_progress:
                    await subscriptions.wait_for_assignment()
                drained = _drain_all(fetcher, active_partitions)
                left = deadline - time.monotonic()
                if drained or left <= 0:
                    # A waiting fetch leaves out the partitions whose records were just taken, so it
                    # must be short while records come. When none do, a longer one spares both sides
                    # nine in ten empty answers; the broker ends it at the first record.
                    fetcher._fetch_max_wait_ms = FETCH_WAIT_MS if drained else IDLE_WAIT_MS  # noqa: SLF001
                    return drained
                waiter = fetcher._create_fetch_waiter()  # noqa: SLF001
                await asyncio.wait([waiter], timeout=left)
        return {}


def _check_metadata_task(task: asyncio.Task[None]) -> None:
    """End the process when aiokafka's task that keeps the metadata up to date has died.

    It catches OSError, but a loop may answer a write to a connection that was just reset
    differently (uvloop raises a RuntimeError). Nothing reports its death: whoever asks for
    metadata, such as a group's coordinator after an outage of Kafka, waits for ever.
    """
    if task.done() and not task.cancelled():
        end_process("aiokafka no longer learns about the cluster", task.exception())


def _drain_all(fetcher: Any, active: set[TP]) -> dict[TP, list[Batch]]:
    fetched = fetcher._records  # noqa: SLF001
    drained: dict[TP, list[Batch]] = {}
    for aiotp in list(fetched):
        tp = ensure_TP(aiotp)
        if tp not in active:
            if not fetcher._subscriptions.is_assigned(aiotp):  # noqa: SLF001
                del fetched[aiotp]
            continue
        result = fetched[aiotp]
        if not isinstance(result, FetchResult):
            if drained:
                break  # deliver what there is; the error is raised by the next call
            del fetched[aiotp]
            fetcher._notify(fetcher._wait_consume_future)  # noqa: SLF001
            result.check_raise()
            continue
        batch = drain(tp.topic, tp.partition, result)
        del fetched[aiotp]
        fetcher._notify(fetcher._wait_consume_future)  # noqa: SLF001
        if batch is not None:
            drained[tp] = [batch]
    return drained


class Consumer(driver.Consumer):
    """Delivers batches in order, bounded in bytes, and acknowledges by the highest offset.

    `resume_at` maps a topic to a function from partition numbers to the offsets that its reader
    wants next; a partition that it leaves out resumes at the committed offset.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resume_at: dict[str, Resume] = self.transport.resume_at
        self._unread_bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: Batch) -> ConsumerMessage:
        last_ms = record.timestamps_ms[-1] if record.timestamps_ms else 0
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            record.end - 1,
            last_ms / 1000,
            0,
            [],
            None,
            record,
            None,
            None,
            None,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand every fetched batch to its agents; Faust's fetcher service runs this."""
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):  # noqa: SLF001
                async for tp, message in self.getmany(timeout=1.0):
                    if not self._is_changelog_tp(tp):
                        self._unread_bytes += message.value.size_bytes
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
                if self._unread_bytes > UNREAD_BYTES_MAX:
                    self._room.clear()
                    await self.wait_first(self._room.wait(), self.suspend_flow.wait())
                await self.sleep(PACE_SECONDS)
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    def was_read(self, batch: Batch) -> None:
        """Note that an agent took `batch` off its queue, which makes room for more."""
        self.release(batch.size_bytes)

    def hold(self, size_bytes: int) -> None:
        """Count what an agent keeps as unread until it lets go, so that its memory is bounded."""
        self._unread_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        """Make room for as much more."""
        self._unread_bytes = max(0, self._unread_bytes - size_bytes)
        if self._unread_bytes <= UNREAD_BYTES_MAX:
            self._room.set()

    def ack(self, message: Any) -> bool:
        """Note that everything up to the message's offset is done."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        tp = message.tp
        if self.app.topics.acks_enabled_for(message.topic):
            done = self._acked[tp]
            done[:] = [max(message.offset, *done)] if done else [message.offset]
        notify(self._waiting_for_ack)
        return True

    def forget(self, message: Any) -> None:
        """Drop a message that will be fetched again, without moving the committed offset."""
        message.acked = True
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)

    def _new_offset(self, tp: TP) -> int | None:
        done = self._acked[tp]
        return done[0] + 1 if done else None

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Forget what was queued before the rebalance, then let Faust continue."""
        self._acked.clear()
        self._unread_bytes = 0
        self._room.set()
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, then to where the readers say."""
        await super().perform_seek()
        numbers: dict[str, list[int]] = {}
        for tp in self.assignment():
            numbers.setdefault(tp.topic, []).append(tp.partition)
        for topic, places in self.resume_at.items():
            wanted = await places(numbers.get(topic, []))
            seeks = {TP(topic, number): offset for number, offset in wanted.items()}
            await self._check_log_ends(seeks)
            await self.seek_wait(seeks)

    async def _check_log_ends(self, seeks: dict[TP, int]) -> None:
        """Refuse a log that ends before what was read of it: whatever it gets would be skipped."""
        ends = await self.highwaters(*seeks) if seeks else {}
        for tp, wanted in seeks.items():
            if wanted > ends[tp]:
                end_process(
                    f"{tp.topic} partition {tp.partition} ends at {ends[tp]}, but {wanted} is the "
                    "next to read: it was truncated or recreated; restore the topic, or wipe what "
                    "was built from it"
                )


class Transport(driver.Transport):
    """The transport that an app over batches uses: `app.transport = Transport(...)`.

    `pace` limits the transactions per second of all its tables together.
    """

    Consumer = Consumer

    def __init__(self, *args: Any, pace: Pace | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resume_at: dict[str, Resume] = {}
        self.pace = pace or Pace()
