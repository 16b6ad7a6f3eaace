"""Events as the records that are sent: keyed by subject, on the account's partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from streams.events import Event, encode, partition_of, topic_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Record: TypeAlias = "tuple[str, int, bytes | None, bytes | None]"
"""Topic, partition, key and value."""


def records_of(events: Iterable[Event], partitions: int) -> Iterator[Record]:
    """Yield the `(topic, partition, key, value)` record of each event."""
    return (record_of(event, partitions) for event in events)


def record_of(event: Event, partitions: int) -> tuple[str, int, bytes, bytes]:
    """Return the `(topic, partition, key, value)` record of an event."""
    subject = event.subject
    return topic_of(event), partition_of(subject, partitions), subject.encode(), encode(event)
