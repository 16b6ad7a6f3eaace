"""A Faust table over partition batches: state and results in one transaction per partition."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import faust
from confluent_kafka import KafkaException
from faust.stores import memory

from streams.layer.ends import UndecidedError, ends, wait_decided
from streams.layer.faults import end_process, reached
from streams.layer.fresh import fresh_batches
from streams.layer.metrics import BATCH_RECORDS, READY_PARTITIONS
from streams.layer.state import ChangelogError, Check, PartitionState, accept
from streams.layer.transactions import Committer, TransactionalProducer, TransactionFailedError
from streams.layer.transport import BatchSchema
from streams.layer.watch import LogPartition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable

    from faust.types import TP, AppT, EventT, StreamT

    from streams.layer.batch import Batch
    from streams.layer.pace import Pace

UNCOMMITTED_BYTES_MAX = 32 * 1024 * 1024
UNDECIDED_SECONDS = 60.0  # beyond the longest that Kafka leaves a transaction open

log = logging.getLogger(__name__)


class Work:
    """A batch to fold, without what was folded before, and the state to fold it into."""

    __slots__ = ("batch", "partition", "state")

    def __init__(self, batch: Batch, state: PartitionState) -> None:
        self.batch = batch
        self.state = state
        self.partition = batch.partition


class BatchStore(memory.Store):
    """Keeps one `PartitionState`, one producer and one committer per partition of its table."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.partitions: dict[int, PartitionState] = {}
        self.producers: dict[int, TransactionalProducer] = {}
        self.committers: dict[int, Committer] = {}
        self.restored: dict[int, int] = {}  # up to where each changelog was read
        self.ready: set[int] = set()
        self._readable: dict[int, int] = {}  # ends of the changelogs of what was kept

    @property
    def changelog(self) -> str:
        """The name of the changelog topic."""
        name: str = self.table.changelog_topic.get_topic_name()
        return name

    def next_offset(self, number: int) -> int | None:
        """Return the source offset that partition `number` wants next, `None` while not ready."""
        return self.partitions[number].next_offset if number in self.ready else None

    def begin_at(self, number: int, offset: int) -> None:
        """Begin partition `number`, whose state is empty, at source offset `offset`."""
        self.partitions[number].open.next_offset = offset

    async def places(self, numbers: list[int]) -> dict[int, int]:
        """Return the source offsets to resume at; see `Transport.resume_at`."""
        places = ((number, self.next_offset(number)) for number in numbers)
        return {number: offset for number, offset in places if offset is not None}

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the changelog offset up to which a kept partition need not be read.

        It is ahead of its changelog, but Faust takes an offset that can't be read yet as a sign
        that the changelog lost records: what was sent last may belong to a transaction that is
        still open, or whose marker is still to come.
        """
        producer = self.producers.get(tp.partition)
        readable = self._readable.get(tp.partition)
        if producer is None or producer.changelog_end is None or readable is None:
            return None
        return min(producer.changelog_end, readable - 1)

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
        if mine - self.partitions.keys():
            reached("assigned")
        await asyncio.gather(*(self._lose(number) for number in self.partitions.keys() - mine))
        kept = list(self.partitions)
        await asyncio.gather(*(self._gain(number) for number in mine - self.partitions.keys()))
        await self._look_at_ends(kept)

    async def _lose(self, number: int) -> None:
        self.ready.discard(number)
        del self.partitions[number]
        del self.restored[number]
        del self.producers[number]
        await self.committers.pop(number).stop()

    async def _gain(self, number: int) -> None:
        table: BatchTable = self.table
        producer = TransactionalProducer(
            table.bootstrap,
            f"{self.app.conf.id}-{table.name}-{number}",
            self.changelog,
            number,
            table.outputs,
            table.transaction_timeout_ms,
        )
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(table.executor, producer.open)
            # What is committed behind somebody's open transaction would be missing from the state.
            wait = (table.bootstrap, self.changelog, number, table.undecided_seconds_max)
            await loop.run_in_executor(table.executor, wait_decided, *wait)
        except (TransactionFailedError, UndecidedError) as error:
            table.on_fatal(str(error), error)
        state = self.partitions[number] = PartitionState(number)
        self.restored[number] = 0
        self.producers[number] = producer
        self.committers[number] = Committer(
            state,
            producer,
            name=table.name,
            pace=table.pace,
            interval_s=table.interval_s,
            executor=table.executor,
            on_fatal=table.on_fatal,
        )

    async def _look_at_ends(self, kept: list[int]) -> None:
        """Note up to where the changelogs of kept partitions can be read now.

        Where Kafka does not say, the changelog is read once more, and what it says is not needed.
        """
        table: BatchTable = self.table
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                table.executor, ends, table.bootstrap, self.changelog, kept
            )
        except KafkaException as error:
            log.warning("the end of %s is not known: %s", self.changelog, error)
            found = {}
        for number, end in found.items():
            sent = self.producers[number].changelog_end
            if sent is not None and sent >= end.last:
                table.on_fatal(
                    f"changelog {self.changelog} partition {number} ends at {end.last}, but offset "
                    f"{sent} was written: it was truncated or recreated; restore the topic, or "
                    "delete it to fold the source again",
                    None,
                )
        self._readable = {number: end.stable for number, end in found.items()}

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
                state.restore(records.records(), self.table.check)
            except ChangelogError as error:
                self.table.on_fatal(f"changelog {self.changelog} {error}", error)
            self.restored[state.number] = max(self.restored[state.number], records.end)

    async def on_recovery_completed(
        self,
        active_tps: set[TP],
        standby_tps: set[TP],  # noqa: ARG002
    ) -> None:
        """Refuse a changelog that lost records; note which partitions may be folded and asked.

        Faust 0.15.3 calls this for a recovery that the next rebalance cut short, too: it swallows
        its own RebalanceAgain where it waits for the changelog's end. So only what was read to the
        end is ready; the rest is read on by the recovery that follows.
        """
        try:
            self.ready |= await self._whole(active_tps)
        except Exception as error:  # noqa: BLE001 - Faust would drop it and go on
            self.table.on_fatal(f"changelog {self.changelog}: {error}", error)
        READY_PARTITIONS.labels(self.table.name).set(len(self.ready))
        reached("recovered")

    async def _whole(self, active_tps: set[TP]) -> set[int]:
        """Return the partitions that are now restored whole.

        Refuse a changelog whose beginning was deleted, or that holds state without a place.
        Compaction keeps the newest record of every key and leaves the log's start where it was, so
        a start above zero says that records were deleted, and with them accounts.
        """
        states = {
            tp: state
            for tp in active_tps
            if (state := self.partitions.get(tp.partition)) and tp.partition not in self.ready
        }
        if not states:
            return set()
        starts = await self.app.consumer.earliest_offsets(*states)
        ends = await self.app.consumer.highwaters(*states)
        whole = set()
        for tp, state in states.items():
            if self.partitions.get(tp.partition) is not state:
                continue  # lost again meanwhile
            start = starts[tp]
            if max(start, self.restored[tp.partition]) < ends[tp]:
                continue  # cut short
            if start and state.committed_offset:
                raise ChangelogError(
                    f"partition {tp.partition} was truncated: it begins at {start}, so accounts "
                    "may be missing; restore the topic, or delete it to fold the source again"
                )
            if state.committed and not state.committed_offset:
                raise ChangelogError(
                    f"partition {tp.partition} holds {len(state.committed)} records but none that "
                    "says up to where; restore the topic, or delete it to fold the source again"
                )
            whole.add(tp.partition)
        return whole

    async def on_stop(self) -> None:
        """Stop every committer."""
        await asyncio.gather(*(self._lose(number) for number in list(self.partitions)))


class BatchTable(faust.Table):
    """Partitioned like its source topic; read and written only through `batches`.

    Args:
        app: the Faust app, whose transport is `streams.layer.transport.Transport`.
        source: name of the topic whose batches the table folds.
        outputs: names of all topics that a fold emits to.
        bootstrap: Kafka's address.
        interval_s: least time between two transactions of a partition, in seconds.
        transaction_timeout_ms: Kafka aborts a transaction that stays open for longer.
        check: called at recovery with every key and value; raises `ValueError` with a sentence for
            one that this version can't read.
    """

    # what ends the process when a partition can't go on
    on_fatal: Callable[[str, BaseException | None], NoReturn] = staticmethod(end_process)
    # what keeps it from taking in more, in words, "" while nothing does
    missing: Callable[[], str] = staticmethod(str)

    def __init__(
        self,
        app: AppT,
        *,
        name: str,
        source: str,
        outputs: Collection[str],
        bootstrap: str,
        interval_s: float,
        transaction_timeout_ms: int = 900_000,
        check: Check = accept,
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
        self.outputs = outputs
        self.bootstrap = bootstrap
        self.interval_s = interval_s
        self.transaction_timeout_ms = transaction_timeout_ms
        self.undecided_seconds_max = transaction_timeout_ms / 1000 + UNDECIDED_SECONDS
        self.pace: Pace = app.transport.pace
        self.check = check
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
        reading = fresh_batches(self.app, stream, self.store, self.on_fatal, self.missing)
        async for event, fresh in reading:
            state = self.store.partitions[fresh.partition]
            BATCH_RECORDS.labels(fresh.topic).observe(len(fresh))
            reached("before_fold")
            yield Work(fresh, state)
            state.folded(event, fresh.end, fresh.timestamps_ms[-1] if fresh.timestamps_ms else 0)
            reached("folded")
            committer = self.store.committers[fresh.partition]
            committer.wake()
            await committer.room(UNCOMMITTED_BYTES_MAX)


def positions(app: AppT, tables: Iterable[BatchTable]) -> dict[LogPartition, int]:
    """Return the committed source offset of every partition that should make progress; see `Watch`.

    While partitions are being moved or recovered none is expected to, nor while room is missing.
    """
    if app.rebalancing or app.in_recovery:
        return {}
    return {
        LogPartition(table.source, number): state.committed_offset
        for table in tables
        if not table.missing()
        for number, state in list(table.store.partitions.items())
    }
