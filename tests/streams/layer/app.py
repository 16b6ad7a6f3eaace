"""A worker over the layer whose fold anyone can check: the how-manieth of its key a record is.

    python -m tests.streams.layer.app worker -l info

The environment names Kafka, the app's id and the settings. Some values make the worker misbehave.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

from streams.layer.faults import end_process
from streams.layer.table import BatchTable
from streams.layer.transport import BatchSchema
from streams.settings import StreamSettings
from streams.worker.app import create_app, run, serve_web, watch_over

if TYPE_CHECKING:
    import faust
    from faust.types import StreamT

    from streams.layer.table import Work

FORMAT = b"\x01"


def create(name: str, kafka: str, settings: StreamSettings) -> faust.App:
    app = create_app(name, kafka, settings)
    serve_web(app, settings)
    table = BatchTable(
        app,
        name="counts",
        source=f"{name}.source",
        outputs=(f"{name}.results", f"{name}.results.small"),
        bootstrap=kafka,
        interval_s=settings.transaction_interval_ms / 1000,
        transaction_timeout_ms=settings.transaction_timeout_ms,
        check=check,
        partitions=settings.partitions,
    )
    table.undecided_seconds_max = float(
        os.environ.get("TEST_UNDECIDED_SECONDS", table.undecided_seconds_max)
    )
    watch_over(app, kafka, [table], settings)

    @app.agent(app.topic(table.source, schema=BatchSchema()), name="counter")
    async def counter(stream: StreamT[Any]) -> None:
        try:
            async for work in table.batches(stream):
                count(work, f"{name}.results")
                if b"hang" in work.batch.values:
                    await asyncio.Event().wait()
        except Exception as error:  # noqa: BLE001 - Faust would acknowledge the event
            end_process(f"counter: {error!r}", error)

    return app


def check(_key: bytes, value: bytes) -> None:
    if value[:1] != FORMAT:
        raise ValueError(f"count of format {value[:1].hex()}, this version reads 01")


def count(work: Work, results: str) -> None:
    """Count each key and, for each partition, all: two records that must change together."""
    state = work.state
    total = counted(state.get(b"all"))
    for offset, key, value in work.batch.records():
        assert key is not None
        misbehave(work, results, value)
        total += 1
        mine = counted(state.get(key)) + 1
        state.put(key, FORMAT + b"%d" % mine)
        state.emit(results, work.partition, key, b"%d %d %d" % (offset, mine, total))
    state.put(b"all", FORMAT + b"%d" % total)


def counted(value: bytes | None) -> int:
    return int(value[1:]) if value else 0


def misbehave(work: Work, results: str, value: bytes | None) -> None:
    match value:
        case b"raise":
            raise RuntimeError("the fold raised")
        case b"block":
            time.sleep(600)
        case b"too large":
            work.state.emit(results, work.partition, b"k", os.urandom(5_000_000))
        case b"refused":
            work.state.emit(f"{results}.small", work.partition, b"k", os.urandom(5_000))


if __name__ == "__main__":
    run(create(os.environ["TEST_APP"], os.environ["TEST_KAFKA"], StreamSettings()))
