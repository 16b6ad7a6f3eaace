"""Publish events to Kafka: keyed by subject, on the account's partition, in the order given.

Everything in flowdrop that publishes does it here: replays, launched drops, rules of programs, what
is due, dead letters sent again. (A worker's results go by its transactions, `streams/layer/`.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.kafka.publish.progress import Progress, log_of
from streams.kafka.publish.records import Record, record_of, records_of
from streams.kafka.publish.sender import Sender
from streams.kafka.publish.topics import require_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.events import Event

__all__ = [
    "Progress",
    "Record",
    "Sender",
    "log_of",
    "publish",
    "publish_records",
    "record_of",
    "records_of",
    "require_topics",
]

SHOWN_RECORDS = 500


def publish_records(
    records: Iterable[Record],
    bootstrap: str,
    *,
    on_sent: Callable[[int], object] | None = None,
    on_ack: Callable[[Record, int], object] | None = None,
    patience_seconds: float | None = None,
    go_on: str = "run it again: what is already there changes nothing",
) -> int:
    """Send `(topic, partition, key, value)` records and wait until the broker has them all.

    Args:
        records: what to send, in order; order is kept within a partition, whatever the broker does.
        bootstrap: Kafka's address.
        on_sent: called now and then with how many more were handed over (for a progress bar).
        on_ack: see `Sender`, and likewise the others.
        patience_seconds: how long to wait for a broker that is away; None: for ever.
        go_on: what to do after a Ctrl-C.

    Returns:
        How many records the broker acknowledged: all of them.

    Raises:
        click.ClickException: when the broker refuses a record, or patience runs out.
    """
    handed = shown = 0
    with Sender(bootstrap, on_ack=on_ack, patience_seconds=patience_seconds, go_on=go_on) as sender:
        for record in records:
            sender.send(record)
            handed += 1
            if on_sent and handed - shown >= SHOWN_RECORDS:
                on_sent(handed - shown)
                shown = handed
        sender.finish()
    if on_sent:
        on_sent(handed - shown)
    return sender.acknowledged


def publish(
    events: Iterable[Event],
    bootstrap: str,
    partitions: int,
    *,
    on_sent: Callable[[int], object] | None = None,
    patience_seconds: float | None = None,
) -> int:
    """Send events to their topics; see `publish_records`."""
    return publish_records(
        records_of(events, partitions),
        bootstrap,
        on_sent=on_sent,
        patience_seconds=patience_seconds,
    )
