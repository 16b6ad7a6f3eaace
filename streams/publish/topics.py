"""What is looked at before anything is sent: that Kafka answers and has the topics."""

from __future__ import annotations

import click
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

ANSWER_SECONDS_MAX = 5.0


def require_topics(bootstrap: str, partitions: int, *topics: str) -> None:
    """Return if Kafka answers and has `topics` with `partitions` partitions each.

    Raises:
        click.ClickException: when it does not, within `ANSWER_SECONDS_MAX`.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        found = admin.list_topics(timeout=ANSWER_SECONDS_MAX).topics
    except KafkaException as error:
        raise click.ClickException(
            f"Kafka does not answer at {bootstrap}: {error.args[0].str()}; "
            "start it with `flowdrop up` or set FLOWDROP_KAFKA"
        ) from error
    for topic in topics:
        if topic not in found:
            raise click.ClickException(
                f"Kafka at {bootstrap} has no topic {topic}; "
                "create it with `flowdrop topics create`"
            )
        if len(found[topic].partitions) != partitions:
            raise click.ClickException(
                f"topic {topic} has {len(found[topic].partitions)} partitions, but the setting "
                f"partitions is {partitions}; set FLOWDROP_PARTITIONS to the topic's number"
            )
