"""Dead letters: records set aside with their place, a reason and their bytes, never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.events import DEADLETTER_TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.layer.state import Headers, PartitionState

DETAIL_CHARS_MAX = 500


class Place(NamedTuple):
    """Where a record stood."""

    topic: str
    partition: int
    offset: int


def set_aside(
    state: PartitionState,
    place: Place,
    key: bytes | None,
    value: bytes | None,
    reason: str,
    detail: str,
) -> None:
    """Send a record to the dead letters, in the transaction of its partition.

    The dead letter's key and value are the record's own, to the byte; the rest is in its headers.
    """
    headers: Headers = [
        ("topic", place.topic.encode()),
        ("partition", str(place.partition).encode()),
        ("offset", str(place.offset).encode()),
        ("reason", reason.encode()),
        ("detail", detail[:DETAIL_CHARS_MAX].encode()),
    ]
    if value is None:
        headers.append(("null", b"1"))
    state.emit(DEADLETTER_TOPIC, place.partition, key, value, headers)


def headers_of(headers: Iterable[tuple[str, str | bytes | None]]) -> dict[str, str]:
    """Return a record's headers as text by name."""
    return {
        name: value.decode() if isinstance(value, bytes) else value or "" for name, value in headers
    }


def place_of(headers: Mapping[str, str]) -> Place:
    """Return where the record of a dead letter stood.

    Raises:
        KeyError: when a header is missing.
        ValueError: when one is not a number.
    """
    return Place(headers["topic"], int(headers["partition"]), int(headers["offset"]))
