"""A recovery that a rebalance cuts short leaves nothing ready, whatever Faust says of it."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import faust
from faust.types import TP

from streams.layer.batch import Batch
from streams.layer.state import APPLIED_KEY, PartitionState, Pending, applied_record
from streams.layer.table import BatchTable
from streams.layer.transport import Transport

END = 30
WHOLE = TP("interrupted-counts-changelog", 0)


class Ends(NamedTuple):
    """What the table asks of Faust's consumer."""

    end: int

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, self.end)


class Event(NamedTuple):
    value: Batch


def part(start: int, end: int) -> Any:
    """Records of the changelog; the last of all is the partition record."""
    offsets = list(range(start, end))
    keys: list[bytes | None] = [b"k%d" % offset for offset in offsets]
    values: list[bytes | None] = [b"v"] * len(offsets)
    if end == END:
        keys[-1], values[-1] = APPLIED_KEY, applied_record(Pending(500, 0))
    times, headers = [0] * len(offsets), [[] for _ in offsets]
    return Event(Batch(WHOLE.topic, 0, start, end, keys, values, offsets, times, headers, 0))


def test_only_what_was_read_to_the_end_is_ready() -> None:
    app = faust.App("interrupted", broker="kafka://nowhere", store="memory://")
    app.transport = Transport(app.conf.broker_consumer, app)
    table = BatchTable(
        app, name="counts", source="source", outputs=(), bootstrap="nowhere", interval_s=1
    )
    store = table.store
    app.consumer = Ends(END)  # type: ignore[assignment]
    state = store.partitions[0] = PartitionState(0)
    store.restored[0] = 0

    async def complete() -> None:
        await store.on_recovery_completed({WHOLE}, set())

    store.apply_changelog_batch([part(0, 20)], bytes, bytes)
    asyncio.run(complete())  # cut short: Faust says that it is done, 10 records before the end
    assert store.ready == set()
    assert store.next_offset(0) is None, "nothing is folded on half a state"
    store.apply_changelog_batch([part(20, END)], bytes, bytes)
    assert len(state.committed) == END - 1, "the recovery that follows is not ignored"
    asyncio.run(complete())
    assert store.ready == {0}
    assert store.next_offset(0) == 500
