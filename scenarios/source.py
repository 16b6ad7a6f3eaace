"""What every scenario is: a number of events, in time order, made ready for Kafka."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from streams.kafka.publish import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenarios.spoil import Record
    from streams.events import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Source(NamedTuple):
    """Events of a data set in time order; `events` is generated as it is read, once."""

    total: int
    events: Iterator[Event]


class Ready(NamedTuple):
    """An event made ready for Kafka.

    Attributes:
        type: its CloudEvents type.
        time_us: when it happened, microseconds since 1970.
        record: topic, partition, key and value.
    """

    type: str
    time_us: int
    record: Record


class Supply(NamedTuple):
    """What a replay takes: some `total` events in time order, generated as they are read, once."""

    total: int
    events: Iterator[Ready]


def supply(source: Source, partitions: int) -> Supply:
    """Return a data set's events made ready for topics with this many partitions."""
    return Supply(source.total, ready(source.events, partitions))


def ready(events: Iterable[Event], partitions: int) -> Iterator[Ready]:
    """Make events ready for topics with this many partitions."""
    for event in events:
        tag = str(event.__struct_config__.tag)
        yield Ready(tag, (event.time - EPOCH) // MICROSECOND, record_of(event, partitions))


def merged(*kinds: Iterable[Event]) -> Iterator[Event]:
    """Merge kinds of events, each in time order, into one time order.

    Among events of the same time the kind named first comes first, so that a wallet is open before
    it earns and a contact precedes what it led to.
    """
    return heapq.merge(*kinds, key=attrgetter("time"))
