"""Where partitions end, for those who read what is committed and for those who read everything.

Between the two lies what is undecided: transactions that are open, or whose markers are still to
come. What has been committed behind an open one can't be read until it ends.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

if TYPE_CHECKING:
    from collections.abc import Collection

ANSWER_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.1
SAY_SECONDS = 5.0

_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]

log = logging.getLogger(__name__)


class UndecidedError(Exception):
    """A transaction has been open for too long; names the partition."""


class End(NamedTuple):
    """A partition's end: `stable` for readers of what is committed, `last` for readers of all."""

    stable: int
    last: int


def ends(bootstrap: str, topic: str, numbers: Collection[int]) -> dict[int, End]:
    """Return the ends of some of a topic's partitions; it blocks.

    Raises:
        KafkaException: when Kafka does not answer.
    """
    if not numbers:
        return {}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    # the stable end first: it never passes the last one, so that equal ends mean what they say
    stable, last = (
        {
            tp.partition: future.result().offset
            for tp, future in admin.list_offsets(
                {TopicPartition(topic, number): _LATEST for number in numbers},
                isolation_level=isolation,
                request_timeout=ANSWER_SECONDS_MAX,
            ).items()
        }
        for isolation in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED)
    )
    return {number: End(stable[number], last[number]) for number in numbers}


def wait_decided(bootstrap: str, topic: str, number: int, seconds: float) -> None:
    """Return once all that a partition holds now is committed or aborted; it blocks.

    Raises:
        UndecidedError: when that takes longer than `seconds`.
    """
    began = said = time.monotonic()
    last: int | None = None
    while True:
        try:
            end = ends(bootstrap, topic, [number])[number]
        except KafkaException as error:
            log.info("the end of %s partition %d is not known: %s", topic, number, error)
        else:
            last = end.last if last is None else last
            if end.stable >= last:
                return
        now = time.monotonic()
        if now - began > seconds:
            raise UndecidedError(
                f"{topic} partition {number} holds a transaction that has been open for "
                f"{now - began:.0f} s, so that its end can't be read; see who else writes to it, "
                "and `kafka-transactions.sh --find-hanging`"
            )
        if now - said > SAY_SECONDS:
            log.warning(
                "%s partition %d: still waiting for an open transaction to end, after %.0f s",
                *(topic, number, now - began),
            )
            said = now
        time.sleep(LOOK_SECONDS)
