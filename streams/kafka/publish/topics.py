"""Checks before anything is sent: that Kafka answers and has the topics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from confluent_kafka.admin import AdminClient

from streams.kafka.topics import partitions as counted

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_SECONDS_MAX = 5.0
ABSENT_SECONDS_MAX = 1.0  # a broker that has just started may not know all of its topics yet
LOOK_SECONDS = 0.1


def require_topics(bootstrap: str, partitions: int, *topics: str) -> None:
    """Return if Kafka answers and has `topics` with `partitions` partitions each.

    Raises:
        click.ClickException: when it does not, within `ANSWER_SECONDS_MAX`.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    deadline = time.monotonic() + ABSENT_SECONDS_MAX
    while wrong := _first_wrong(
        counted(admin, bootstrap, ANSWER_SECONDS_MAX), bootstrap, partitions, topics
    ):
        if time.monotonic() > deadline:
            raise click.ClickException(wrong)
        time.sleep(LOOK_SECONDS)


def _first_wrong(
    found: Mapping[str, int], bootstrap: str, partitions: int, topics: tuple[str, ...]
) -> str:
    """Return what to do about the first topic that isn't as it should be, or nothing."""
    for topic in topics:
        if topic not in found:
            return (
                f"Kafka at {bootstrap} has no topic {topic}; "
                "create it with `flowdrop topics create`"
            )
        if found[topic] != partitions:
            return (
                f"topic {topic} has {found[topic]} partitions, but the setting "
                f"partitions is {partitions}; set FLOWDROP_PARTITIONS to the topic's number"
            )
    return ""
