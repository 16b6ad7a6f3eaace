"""A Faust table over partition batches: state and results in one transaction a partition."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import faust
from faust.stores import memory

from streams.layer.batch import Batch
from streams.layer.faults import end_process
from streams.layer.state import ChangelogError, PartitionState
from streams.layer.transactions import Committer, TransactionalProducer, TransactionFailedError
from streams.layer.transport import BatchSchema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from faust.types import TP, AppT, EventT, StreamT

UNCOMMITTED_BYTES_MAX = 32 * 1024 * 1024

log = logging.getLogger(__name__)


class Work:
    """A batch to fold, without what was folded before, and the state to fold it into."""

    __slots__ = ("batch", "partition", "state")

    def __init__(self, batch: Batch, state: PartitionState) -> None:
        self.batch = batch
        self.state = state
        self.partition = batch.partition


class BatchStore(memory.Store):
    """Keeps one `PartitionState`, one producer and one committer a partition of its table."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.partitions: dict[int, PartitionState] = {}
        self.producers: dict[int, TransactionalProducer] = {}
        self.committers: dict[int, Committer] = {}
        self.ready: set[int] = set()

    @property
    def changelog(self) -> str:
        """The name of the changelog topic."""
        name: str = self.table.changelog_topic.get_topic_name()
        return name

    def next_offset(self, number: int) -> int | None:
        """Return the source offset that partition `number` wants next."""
        state = self.partitions.get(number)
        return state.next_offset if state else None

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the changelog offset up to which a kept partition's state is known."""
        producer = self.producers.get(tp.partition)
        return producer.changelog_end if producer else None

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],  # noqa: ARG002
        newly_assigned: set[TP],  # noqa: ARG002
        generation_id: int = 0,  # noqa: ARG002
    ) -> None:
        """Drop what left, fence and open what came; Faust reads the changelog's end after this."""
        mine = {tp.partition for tp in assigned if tp.topic == self.changelog}
        self.ready &= mine
        await asyncio.gather(*(self._lose(number) for number in self.partitions.keys() - mine))
        await asyncio.gather(*(self._gain(number) for number in mine - self.partitions.keys()))

    async def _lose(self, number: int) -> None:
        del self.partitions[number]
        del self.producers[number]
        await self.committers.pop(number).stop()

    async def _gain(self, number: int) -> None:
        table: BatchTable = self.table
        producer = TransactionalProducer(
            table.bootstrap,
            f"{self.app.conf.id}-{table.name}-{number}",
            self.changelog,
            number,
        )
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(table.executor, producer.open)
        except TransactionFailedError as error:
            table.on_fatal(str(error), error)
        state = self.partitions[number] = PartitionState(number)
        self.producers[number] = producer
        self.committers[number] = Committer(
            state,
            producer,
            table.executor,
            table.interval_s,
            on_committed=self._ack,
            on_failed=table.on_fatal,
        )

    def _ack(self, events: Iterable[EventT]) -> None:
        for event in events:
            event.ack()

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT],
        to_key: Callable[[Any], Any],  # noqa: ARG002
        to_value: Callable[[Any], Any],  # noqa: ARG002
    ) -> None:
        """Apply changelog batches during recovery."""
        for event in batch:
            records: Batch = event.value
            state = self.partitions.get(records.partition)
            if state is None or records.partition in self.ready:
                continue  # lost meanwhile, or kept and therefore ahead of its changelog
            try:
                state.restore(records.records())
            except ChangelogError as error:
                self.table.on_fatal(f"changelog {self.changelog} {error}", error)

    async def on_recovery_completed(
        self,
        active_tps: set[TP],
        standby_tps: set[TP],  # noqa: ARG002
    ) -> None:
        """Note which partitions may be asked."""
        self.ready = {tp.partition for tp in active_tps if tp.partition in self.partitions}

    async def on_stop(self) -> None:
        """Stop every committer."""
        await asyncio.gather(*(self._lose(number) for number in list(self.partitions)))


class BatchTable(faust.Table):
    """Partitioned like its source topic; read and written only through `batches`.

    Args:
        app: the Faust app, whose transport is `streams.layer.transport.Transport`.
        source: name of the topic whose batches the table folds.
        bootstrap: Kafka's address.
        interval_s: least time between two transactions of a partition, in seconds.
        on_fatal: what ends the process when a partition can't go on.
    """

    def __init__(
        self,
        app: AppT,
        *,
        name: str,
        source: str,
        bootstrap: str,
        interval_s: float,
        on_fatal: Callable[[str, BaseException | None], NoReturn] = end_process,
        **options: Any,
    ) -> None:
        super().__init__(
            app,
            name=name,
            schema=BatchSchema(),
            recovery_buffer_size=2,  # with 1 Faust goes on reading the changelog for ever
            **options,
        )
        self.source = source
        self.bootstrap = bootstrap
        self.interval_s = interval_s
        self.on_fatal = on_fatal
        self.executor = ThreadPoolExecutor(
            max_workers=self.partitions, thread_name_prefix=f"{name}-transaction"
        )
        app.tables.add(self)
        app.transport.resume_at[source] = lambda number: self.store.next_offset(number)

    @property
    def store(self) -> BatchStore:
        """The table's store."""
        store: BatchStore = self.data
        return store

    def _new_store(self) -> BatchStore:
        return BatchStore(self._store or "memory://", self.app, self, table_name=self.name)

    def on_key_set(self, key: Any, value: Any) -> NoReturn:  # noqa: ARG002
        """Refuse a write that would send a changelog record of its own."""
        raise TypeError(f"table {self.name}: write through batches(), not by key ({key!r})")

    def on_key_del(self, key: Any) -> NoReturn:
        """Refuse a delete that would send a changelog record of its own."""
        raise TypeError(f"table {self.name}: delete through batches(), not by key ({key!r})")

    async def batches(self, stream: StreamT[Any]) -> AsyncIterator[Work]:
        """Yield each batch once, in order, without gaps; commit what the loop's body folds.

        The body must not await anything, so that a batch is folded whole or not at all.
        """
        consumer = self.app.consumer
        stuck: dict[int, int] = {}
        async for event in stream.noack().events():
            batch: Batch = event.value
            consumer.was_read(batch)
            state = self.store.partitions.get(batch.partition)
            if state is None or event.message.generation_id != self.app.consumer_generation_id:
                consumer.forget(event.message)
                continue
            wanted = state.next_offset
            if batch.start > wanted:
                await self._seek_back(event, batch, wanted, stuck)
                if batch.start > state.next_offset:
                    continue
            stuck.pop(batch.partition, None)
            if batch.end <= wanted:
                consumer.forget(event.message)
                continue
            fresh = batch.after(wanted - 1)
            yield Work(fresh, state)
            last_ms = fresh.timestamps_ms[-1] if fresh.timestamps_ms else 0
            state.folded(event, fresh.end, last_ms)
            committer = self.store.committers.get(batch.partition)
            if committer is not None:
                committer.wake()
                await committer.room(UNCOMMITTED_BYTES_MAX)

    async def _seek_back(
        self, event: EventT, batch: Batch, wanted: int, stuck: dict[int, int]
    ) -> None:
        """Fetch a gap again; end the process if the log no longer holds it."""
        consumer = self.app.consumer
        tp = event.message.tp
        if stuck.get(batch.partition) == wanted:
            first = (await consumer.earliest_offsets(tp))[tp]
            if first > wanted:
                if wanted == 0:  # nothing was folded yet: the log begins where it begins
                    self.store.partitions[batch.partition].open.next_offset = first
                else:
                    self.on_fatal(
                        f"{tp.topic} partition {tp.partition} was truncated: it begins at {first}, "
                        f"but {wanted} is the next to fold; restore the topic or reset the table",
                        None,
                    )
        stuck[batch.partition] = wanted
        log.warning("%s: gap from %s to %s, seeking back", tp, wanted, batch.start)
        consumer.forget(event.message)
        await consumer.seek_wait({tp: self.store.partitions[batch.partition].next_offset})
