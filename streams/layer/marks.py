"""Committed offsets with a mark beside them, accepted only in the generation they belong to.

A consumer that lost its partitions without knowing (it was paused, it could not reach the broker)
may still act on them. What it commits is refused by the broker, since the group has a newer
generation; so whoever commits before acting knows whether it still may.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    from faust.types import TP

RETRY_SECONDS = 0.1


class LostError(Exception):
    """The group has rebalanced: the partition may be another's by now."""


class Mark(NamedTuple):
    """A committed offset and the text beside it."""

    offset: int
    text: str = ""


async def committed(consumer: Any, places: Iterable[TP]) -> tuple[int, dict[TP, Mark]]:
    """Return the generation that `consumer` is in, and what is committed of `places`.

    The generation is read first: nobody of an earlier one can commit after that.
    """
    thread = consumer._thread  # noqa: SLF001
    coordinator = thread._ensure_consumer()._coordinator  # noqa: SLF001

    async def fetch() -> tuple[int, Mapping[Any, Any]]:
        generation = coordinator.generation
        wanted = [TopicPartition(tp.topic, tp.partition) for tp in places]
        return generation, await coordinator.fetch_committed_offsets(wanted)

    generation, found = await _in_thread(thread, fetch())
    return generation, {
        tp: Mark(found[own].offset, found[own].metadata)
        for tp in places
        if (own := TopicPartition(tp.topic, tp.partition)) in found and found[own].offset >= 0
    }


async def commit(consumer: Any, generation: int, marks: Mapping[TP, Mark]) -> None:
    """Commit offsets with their marks; waits while the broker is away.

    Raises:
        LostError: when the group is in another generation.
    """
    thread = consumer._thread  # noqa: SLF001
    coordinator = thread._ensure_consumer()._coordinator  # noqa: SLF001
    offsets = {TopicPartition(*tp): OffsetAndMetadata(*mark) for tp, mark in marks.items()}

    async def send() -> None:
        while True:
            await coordinator.ensure_coordinator_known()
            if coordinator.generation != generation:
                raise LostError
            try:
                # unlike aiokafka's own `commit`, it asks for the generation before every attempt
                await coordinator._do_commit_offsets(None, offsets)  # noqa: SLF001
            except (
                CommitFailedError,
                IllegalGenerationError,
                RebalanceInProgressError,
                UnknownMemberIdError,
            ) as error:
                raise LostError from error
            except KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    await _in_thread(thread, send())
    thread.tp_last_committed_at.update(dict.fromkeys(marks, time.monotonic()))


async def _in_thread(thread: Any, work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, thread.thread_loop))
