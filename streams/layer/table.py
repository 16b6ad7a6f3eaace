"""A Faust table over partition batches: state and results in one transaction a partition."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import faust
from faust.stores import memory

from streams.layer.faults import end_process
from streams.layer.reading import fresh_batches
from streams.layer.state import ChangelogError, PartitionState
from streams.layer.transactions import Committer, TransactionalProducer, TransactionFailedError
from streams.layer.transport import BatchSchema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from faust.types import TP, AppT, EventT, StreamT

    from streams.layer.batch import Batch

UNCOMMITTED_BYTES_MAX = 32 * 1024 * 1024


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

    def begin_at(self, number: int, offset: int) -> None:
        """Begin partition `number`, whose state is empty, at source offset `offset`."""
        self.partitions[number].open.next_offset = offset

    async def places(self, numbers: list[int]) -> dict[int, int]:
        """Return the source offsets to resume at; see `Transport.resume_at`."""
        places = ((number, self.next_offset(number)) for number in numbers)
        return {number: offset for number, offset in places if offset is not None}

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
        app.transport.resume_at[source] = self._places

    @property
    def store(self) -> BatchStore:
        """The table's store."""
        store: BatchStore = self.data
        return store

    async def _places(self, numbers: list[int]) -> dict[int, int]:
        return await self.store.places(numbers)

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
        async for event, fresh in fresh_batches(self.app, stream, self.store, self.on_fatal):
            state = self.store.partitions[fresh.partition]
            yield Work(fresh, state)
            state.folded(event, fresh.end, fresh.timestamps_ms[-1] if fresh.timestamps_ms else 0)
            committer = self.store.committers[fresh.partition]
            committer.wake()
            await committer.room(UNCOMMITTED_BYTES_MAX)
