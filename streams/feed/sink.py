"""One topic's way into its table: fixed ranges, announced, inserted, acknowledged.

A range is announced before it is inserted, in one commit to Kafka: the offset says how far the
table is, the mark beside it where the range ends. Whoever takes the partition over reads both and
inserts the same range under the same token. docs/feed.md argues why that is exact.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from faust.types import TP

from sql.condition import lacks
from streams.feed import columns, metrics
from streams.feed.clickhouse import RefusedError, Rows, UnavailableError, rows_of
from streams.layer import marks
from streams.layer.batch import Batch
from streams.layer.faults import reached
from streams.layer.marks import LostError, Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.feed.clickhouse import Found, Warehouse
    from streams.feed.columns import Columns
    from streams.feed.trouble import Trouble

INSERT_INTERVAL_SECONDS = 0.5
ROWS_MAX = 1_000_000
LOOK_SECONDS = 0.5
LOOKS_INTO_EVERY = 4  # attempts: once is a restart of the engine, four times is something else
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
REPAIRS_MAX = 3
DEADLETTERS = "deadletters"

log = logging.getLogger(__name__)


class Target(NamedTuple):
    """A table, how its topic's batches become its columns, and whether they are results."""

    table: str
    columns_of: Callable[[Batch], Columns]
    in_order: bool = False


class Lane:
    """A partition that is ours: what waits, and how far the table is.

    Attributes:
        number: the partition.
        wanted: the offset to be read next.
        begin: where the next range begins; all before it is stored.
        committed: the offset committed when the partition came to us, `None` if there was none.
        announced: where the range ends that was announced there; it may be stored, or partly.
        waiting: batches between `begin` and `wanted`.
        held_bytes: of the batches from here on that the consumer counts as unread.
        source: the last source offset stored.
        announcing: a commit under way.
    """

    def __init__(self, number: int, mark: Mark | None) -> None:
        self.number = number
        self.committed = mark.offset if mark else None
        self.announced = int(mark.text) if mark and mark.text.isdecimal() else 0
        self.wanted = self.begin = self.committed or 0
        self.waiting: deque[Batch] = deque()
        self.held_bytes = 0
        self.filled = asyncio.Event()
        self.source = -1
        self.announcing: asyncio.Task[None] | None = None
        self.task: asyncio.Task[None] | None = None

    def fixed(self, offset: int) -> bool:
        """Return whether `offset` is in the range that somebody announced before us."""
        return (self.committed or 0) <= offset < self.announced

    def take(self) -> Batch | None:
        """Return the next range, `None` while it has not been read."""
        if not self.waiting:
            return None
        start = self.waiting[0].start
        end = self.wanted
        if self.fixed(start):
            if self.wanted < self.announced:
                return None
            end = self.announced
        elif self.committed is not None and start < self.committed:
            end = min(end, self.committed)
        whole = _joined(list(self.waiting))
        self.waiting.clear()
        if len(whole) > ROWS_MAX:
            end = min(end, whole.offsets[ROWS_MAX])
        if end < whole.end:
            whole, rest = _cut(whole, end)
            self.waiting.append(rest)
        return whole


class Sink:
    """Feeds one topic into its table, one lane per partition."""

    def __init__(
        self,
        topic: str,
        target: Target,
        warehouse: Warehouse,
        consumer: Callable[[], Any],
        on_fatal: Callable[[str, BaseException | None], NoReturn],
        trouble: Trouble,
        missing: Callable[[], str] = str,
    ) -> None:
        self.topic = topic
        self.target = target
        self._warehouse = warehouse
        self._consumer = consumer
        self._on_fatal = on_fatal
        self._trouble = trouble
        self._missing = missing
        self._generation = -1
        self._lanes: dict[int, Lane] = {}

    async def places(self, numbers: list[int]) -> dict[int, int]:
        """Begin with the partitions now ours; return what was committed of each."""
        await self.leave()
        ours = [TP(self.topic, number) for number in numbers]
        self._generation, found = await marks.committed(self._consumer(), ours)
        self._lanes = {tp.partition: Lane(tp.partition, found.get(tp)) for tp in ours}
        for lane in self._lanes.values():
            lane.task = asyncio.create_task(self._run(lane))
        return {lane.number: lane.wanted for lane in self._lanes.values()}

    async def leave(self) -> None:
        """Drop every lane; a commit under way finishes first, or it might come after our next."""
        lanes = list(self._lanes.values())
        self._lanes = {}
        for lane in lanes:
            if lane.task is not None:
                lane.task.cancel()
        under_way = [lane.announcing for lane in lanes if lane.announcing is not None]
        tasks = [lane.task for lane in lanes if lane.task is not None]
        await asyncio.gather(*under_way, *tasks, return_exceptions=True)

    def next_offset(self, number: int) -> int | None:
        """Return the offset wanted next of a partition, `None` if it is not ours."""
        lane = self._lanes.get(number)
        return None if lane is None else lane.wanted

    def begin_at(self, number: int, offset: int) -> None:
        """Begin a partition whose log no longer starts at zero."""
        self._lanes[number].wanted = offset

    def add(self, batch: Batch) -> None:
        """Queue a batch; it counts as unread until it is stored, which limits what waits."""
        lane = self._lanes[batch.partition]
        lane.wanted = batch.end
        lane.waiting.append(batch)
        lane.filled.set()
        if not lane.fixed(batch.start):  # that range must be read whole before it can be stored
            lane.held_bytes += batch.size_bytes
            self._consumer().hold(batch.size_bytes)

    def _let_go(self, lane: Lane) -> None:
        """Free the room of what no longer waits."""
        left = min(lane.held_bytes, sum(batch.size_bytes for batch in lane.waiting))
        self._consumer().release(lane.held_bytes - left)
        lane.held_bytes = left

    async def _run(self, lane: Lane) -> None:
        try:
            await self._find_place(lane)
            while True:
                await self._next_range(lane)
        except LostError:
            log.info("%s partition %s: no longer ours", self.topic, lane.number)
        except Exception as error:  # noqa: BLE001 - whatever it is, the range must come again
            self._on_fatal(f"feed of {self.topic} partition {lane.number}: {error}", error)

    async def _find_place(self, lane: Lane) -> None:
        """Compare what was committed with what the table holds; the lower one is believed.

        They differ by records that become no row, unless a table was wiped or restored, or the
        commits expired.
        """
        table = self.target.table
        stored = await self._ask(lane, self._warehouse.stored, table, self.topic, lane.number)
        begin = stored + 1 if lane.committed is None else min(stored + 1, lane.committed)
        if begin != lane.begin:
            lane.waiting.clear()
            self._let_go(lane)
            lane.wanted = lane.begin = begin
            await self._consumer().seek_wait({TP(self.topic, lane.number): begin})
        if self.target.in_order and begin:
            lane.source = await self._ask(
                lane, self._warehouse.source_before, self.topic, lane.number, begin
            )

    async def _next_range(self, lane: Lane) -> None:
        while (batch := lane.take()) is None:
            lane.filled.clear()
            await lane.filled.wait()
        await self._room()
        loop = asyncio.get_running_loop()
        started = loop.time()
        await self._store(lane, batch, uncertain=lane.fixed(batch.start))
        self._trouble.over(self.target.table)
        self._let_go(lane)
        if not len(batch):
            return
        if len(batch) < ROWS_MAX:
            await asyncio.sleep(max(0.0, started + INSERT_INTERVAL_SECONDS - loop.time()))
        if not lane.waiting:
            await self._announce(lane, lane.begin)
            reached("feed_acked")

    async def _store(self, lane: Lane, batch: Batch, *, uncertain: bool = False) -> None:
        """Store a range; one that ClickHouse refuses is halved until the bad record stands alone.

        A half is a range like any other: announced, so that a successor does not halve further.
        """
        content = await asyncio.to_thread(self.target.columns_of, batch)
        source = lane.source
        if self.target.in_order:
            source = columns.check_order(content.table, lane.number, lane.source)
        spoiled = list(content.unreadable)
        try:
            own = rows_of(self.target.table, content.table, batch)
            await self._put(lane, own, uncertain=uncertain)
        except RefusedError as error:
            if len(batch) > 1:
                for half in _halves(batch):
                    await self._store(lane, half)
                return
            log.warning("%s: refused, to the dead letters: %s", own.token, error)
            spoiled.append(columns.Unreadable(batch.offsets[0], "refused_by_feed", str(error)))
        for _, reason, _ in spoiled:
            metrics.BAD_ROWS.labels(self.topic, reason).inc()
        if spoiled:
            letters = rows_of(DEADLETTERS, columns.as_deadletters(batch, spoiled), batch)
            await self._put(lane, letters, uncertain=uncertain)
        lane.source = source
        lane.begin = batch.end

    async def _put(self, lane: Lane, rows: Rows, *, uncertain: bool) -> None:
        """Insert rows exactly once, however often that takes.

        An attempt is uncertain when an earlier one may have stored some of them. The token alone
        does not settle that: an engine killed between a part and its entry in the deduplication
        log has one without the other. So what is there is counted, and corrected if needed.

        Raises:
            RefusedError: ClickHouse has none of them and rejects one of the values.
        """
        if not len(rows.content):
            return
        attempt = repairs = 0
        answered = False
        while True:
            try:
                if uncertain and await self._found(rows) == rows.expected:
                    return
                if answered and repairs == REPAIRS_MAX:
                    log.error("%s: not what it should be, see `flowdrop reconcile`", rows.token)
                    return
                if answered:
                    log.warning("%s: stored in part or twice, inserting it again", rows.token)
                    await self._announce(lane, rows.place["first"], rows.place["end"])
                    await asyncio.to_thread(self._warehouse.clear, rows)
                    metrics.REPAIRS.labels(rows.table).inc()
                    repairs += 1
                    answered = False
                token = f"{rows.token}:{repairs}" if repairs else rows.token
                await self._announce(lane, rows.place["first"], rows.place["end"])
                reached("before_insert")
                with metrics.INSERT_SECONDS.labels(rows.table).time():
                    await asyncio.to_thread(self._warehouse.insert, rows, token)
                metrics.ROWS.labels(rows.table).inc(len(rows.content))
                reached("inserted")
                if not uncertain:
                    return
                answered = True
            except RefusedError as error:
                if await self._ask(lane, self._warehouse.found, rows) == (0, 0):
                    raise
                # the table has rows that a view behind it refuses: only the view can be fixed
                uncertain = True
                attempt = await self._wait(rows.token, error, attempt)
            except UnavailableError as error:
                uncertain = True
                attempt = await self._wait(rows.token, error, attempt)

    async def _found(self, rows: Rows) -> Found:
        return await asyncio.to_thread(self._warehouse.found, rows)

    async def _ask(self, lane: Lane, call: Callable[..., Any], *args: Any) -> Any:
        """Ask ClickHouse until it answers."""
        attempt = 0
        while True:
            try:
                return await asyncio.to_thread(call, *args)
            except UnavailableError as error:
                what = f"{self.topic} partition {lane.number}"
                attempt = await self._wait(what, error, attempt)

    async def _room(self) -> None:
        """Wait while the disk is too full for more; the records wait in Kafka."""
        while words := self._missing():
            self._trouble.tell(self.target.table, words)
            await asyncio.sleep(LOOK_SECONDS)

    async def _wait(self, what: str, error: Exception, attempt: int) -> int:
        metrics.FAILURES.labels(self.topic).inc()
        if attempt % LOOKS_INTO_EVERY == LOOKS_INTO_EVERY - 1:
            await self._look_into(error, attempt + 1)
        delay = BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)]
        log.warning("%s: %s; again in %s s", what, str(error)[:500], delay)
        await asyncio.sleep(delay)
        return attempt + 1

    async def _look_into(self, error: Exception, attempts: int) -> None:
        """Check whether something stored is broken, set that aside, and say what is wrong."""
        table = self.target.table
        try:
            broken = await asyncio.to_thread(self._warehouse.set_aside_broken, table)
        except (UnavailableError, RefusedError):
            broken = []  # it does not answer at all
        if broken:
            self._trouble.last(table, lacks(table, broken))
            return
        words = f"{table} was refused by ClickHouse {attempts} times: {str(error)[:300]}"
        self._trouble.tell(table, f"{words}; retrying until it is accepted")

    async def _announce(self, lane: Lane, offset: int, end: int | None = None) -> None:
        """Commit that all before `offset` is stored, and that the range up to `end` comes next.

        Raises:
            LostError: when the partition may be another's by now.
        """
        place = TP(self.topic, lane.number)
        mark = Mark(offset, "" if end is None else str(end))
        lane.announcing = asyncio.create_task(
            marks.commit(self._consumer(), self._generation, {place: mark})
        )
        # shielded: only its end tells whether the broker has it
        await asyncio.shield(lane.announcing)


def _joined(batches: list[Batch]) -> Batch:
    first, *rest = batches
    if not rest:
        return first
    return Batch(
        first.topic,
        first.partition,
        first.start,
        rest[-1].end,
        [key for batch in batches for key in batch.keys],
        [value for batch in batches for value in batch.values],
        [offset for batch in batches for offset in batch.offsets],
        [time_ms for batch in batches for time_ms in batch.timestamps_ms],
        [headers for batch in batches for headers in batch.headers],
        sum(batch.size_bytes for batch in batches),
    )


def _cut(batch: Batch, at: int) -> tuple[Batch, Batch]:
    """Cut a batch before offset `at`."""
    keep = bisect_left(batch.offsets, at)
    head = Batch(
        batch.topic,
        batch.partition,
        batch.start,
        at,
        batch.keys[:keep],
        batch.values[:keep],
        batch.offsets[:keep],
        batch.timestamps_ms[:keep],
        batch.headers[:keep],
        batch.size_bytes * keep // max(1, len(batch)),
    )
    tail = batch.after(at - 1)
    tail.size_bytes = batch.size_bytes - head.size_bytes
    return head, tail


def _halves(batch: Batch) -> tuple[Batch, Batch]:
    return _cut(batch, batch.offsets[len(batch) // 2])
