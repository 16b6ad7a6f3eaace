"""Reading a partition's batches in order: what was seen is skipped; at a gap it seeks back."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from faust.types import AppT, EventT, StreamT

    from streams.layer.batch import Batch

LOOK_SECONDS = 0.5

log = logging.getLogger(__name__)


class Places(Protocol):
    """Knows how far each partition was read; the only judge of what is new."""

    def next_offset(self, number: int) -> int | None:
        """Return the offset wanted next, or `None` for a partition that is not ours."""

    def begin_at(self, number: int, offset: int) -> None:
        """Begin partition `number`, of which nothing was read yet, at `offset`."""


async def fresh_batches(
    app: AppT,
    stream: StreamT[Any],
    places: Places,
    on_fatal: Callable[[str, BaseException | None], NoReturn],
    missing: Callable[[], str] = str,
) -> AsyncIterator[tuple[EventT, Batch]]:
    """Yield each event of `stream` with the part of its batch that is new.

    Stale and repeated batches are dropped, and a batch that begins after the wanted offset is never
    accepted: the consumer is sent back to the gap. A log that no longer holds the wanted offset
    ends the process, unless nothing was read yet, in which case reading starts where the log does.

    While something is `missing` (in words) no batch is yielded; a rebalance or the end of the app
    gives back what waits, to be fetched again.
    """
    consumer = app.consumer
    sought: dict[int, int] = {}
    async for event in stream.noack().events():
        batch: Batch = event.value
        goes_on = await _nothing_missing(app, missing)
        consumer.was_read(batch)
        if not goes_on:
            consumer.forget(event.message)
            continue
        number = batch.partition
        wanted = places.next_offset(number)
        if wanted is None or event.message.generation_id != app.consumer_generation_id:
            consumer.forget(event.message)
        elif batch.start > wanted:
            consumer.forget(event.message)
            if sought.get(number) == wanted:
                await _check_log_start(app, event, places, wanted, on_fatal)
            sought[number] = wanted
            log.warning(
                "%s: gap from %s to %s, seeking back", event.message.tp, wanted, batch.start
            )
            await consumer.seek_wait({event.message.tp: places.next_offset(number)})
        elif batch.end <= wanted:
            consumer.forget(event.message)
        else:
            sought.pop(number, None)
            yield event, batch.after(wanted - 1)


async def _nothing_missing(app: AppT, missing: Callable[[], str]) -> bool:
    """Wait until nothing is missing; return False when the batch should be given back instead."""
    if not (words := missing()):
        return True
    log.warning("%s", words)
    while missing():
        if app.should_stop or not app.consumer.flow_active:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    log.warning("there is room again, reading resumes")
    return True


async def _check_log_start(
    app: AppT,
    event: EventT,
    places: Places,
    wanted: int,
    on_fatal: Callable[[str, BaseException | None], NoReturn],
) -> None:
    tp = event.message.tp
    first = (await app.consumer.earliest_offsets(tp))[tp]
    if first <= wanted:
        return
    if wanted == 0:
        places.begin_at(tp.partition, first)
        return
    on_fatal(
        f"{tp.topic} partition {tp.partition} was truncated: it begins at {first}, but {wanted} is "
        "the next to read; restore the topic, or wipe what was built from it",
        None,
    )
