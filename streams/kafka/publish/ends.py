"""Where the accepted campaign events end in Kafka, for those who cannot wait long for it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

PROBE_SECONDS_MAX = 0.25
ANSWER_SECONDS_MAX = 1.0


def accepted_ends(kafka: str, count: int) -> list[int] | None:
    """Return the end of each partition of `campaign.accepted`; none when Kafka does not answer.

    Args:
        kafka: its address.
        count: partitions.
    """
    if not _listens(kafka):
        return None
    from confluent_kafka import KafkaException, TopicPartition

    from streams.events import ACCEPTED_TOPIC
    from streams.kafka.topics import reader

    consumer = reader(kafka)
    try:
        places = [TopicPartition(ACCEPTED_TOPIC, number) for number in range(count)]
        found = [
            consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX) for place in places
        ]
    except KafkaException:
        return None
    finally:
        consumer.close()
    return [end for _, end in found]


def _listens(kafka: str) -> bool:
    """Return whether anything listens at the first of Kafka's addresses."""
    place = urlsplit(f"//{kafka.split(',', maxsplit=1)[0]}")
    try:
        with socket.create_connection(
            (place.hostname or "", place.port or 9092), timeout=PROBE_SECONDS_MAX
        ):
            return True
    except (OSError, ValueError):
        return False
