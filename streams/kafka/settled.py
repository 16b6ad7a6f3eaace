"""Waiting until nothing moves: all is folded, and all results are in the warehouse."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import click
from confluent_kafka import KafkaException

from flowdrop.answers import NO_ANSWER
from flowdrop.output import say
from sql.client import rows
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)
from streams.kafka.log import last_records
from streams.kafka.topics import ACCOUNTS_CHANGELOG, PEOPLE_CHANGELOG, ends, reader
from streams.layer.state import APPLIED_KEY, PartitionState

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from streams.settings import StreamSettings

POLL_SECONDS = 0.2
CHANGELOGS = {WALLET_TOPIC: ACCOUNTS_CHANGELOG, CAMPAIGN_TOPIC: PEOPLE_CHANGELOG}
TABLES = {
    POSTINGS_TOPIC: "ledger_results",
    ACCEPTED_TOPIC: "campaign_events",
    DEADLETTER_TOPIC: "deadletters",
}


def settled(
    kafka: str, client: Client, worker: str, settings: StreamSettings, wait_seconds: float
) -> dict[str, list[int]]:
    """Return where each partition of the logs ends, once all before is folded and stored.

    Raises:
        click.ClickException: when no worker answers, or a part does not catch up in time.
    """
    ask(f"{worker}/healthz", settings)
    count = settings.partitions
    deadline = time.monotonic() + wait_seconds
    found = {source: _folded(kafka, source, count, deadline, wait_seconds) for source in CHANGELOGS}
    for topic in TABLES:
        _wait_until_stored(kafka, client, topic, count, deadline, wait_seconds)
    return found


def caught_up(kafka: str, client: Client, count: int, wait_seconds: float) -> None:
    """Return once all that the logs hold at this moment is folded and stored, whatever comes after.

    Args:
        kafka: its address.
        client: of the warehouse.
        count: partitions of each topic.
        wait_seconds: the most to wait.

    Raises:
        click.ClickException: naming the part that is behind after so long.
    """
    deadline = time.monotonic() + wait_seconds
    is_said = False
    while True:
        try:
            _catch_up(kafka, client, count, deadline, wait_seconds)
        except KafkaException as error:
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"Kafka at {kafka} has not answered for {wait_seconds:.0f} s, so it is not "
                    "known what was said last; nothing was sent; see `flowdrop status`, then run "
                    "this again"
                ) from error
            if not is_said:
                say(f"Kafka at {kafka} does not answer; waiting for it")
                is_said = True
            time.sleep(POLL_SECONDS)
        else:
            return


def _catch_up(kafka: str, client: Client, count: int, deadline: float, wait_seconds: float) -> None:
    consumer = reader(kafka)
    try:
        until = {
            source: [place.end for place in ends(consumer, source, count)] for source in CHANGELOGS
        }
    finally:
        consumer.close()
    for source, wanted in until.items():
        while behind := _behind(_applied(kafka, CHANGELOGS[source], count), wanted):
            _give_up_after(deadline, wait_seconds, source, *behind)
    for topic in TABLES:
        _wait_until_stored(kafka, client, topic, count, deadline, wait_seconds)


def _behind(folded: list[int], wanted: list[int]) -> tuple[int, int, int] | None:
    """Return the first partition not folded far enough, how far it is, and how far is wanted."""
    pairs = enumerate(zip(folded, wanted, strict=True))
    return next(((number, at, end) for number, (at, end) in pairs if at < end), None)


def _give_up_after(
    deadline: float, wait_seconds: float, source: str, number: int, at: int, end: int
) -> None:
    if time.monotonic() > deadline:
        raise click.ClickException(
            f"the worker is at offset {at:,} of {source} partition {number}, its end is {end:,}, "
            f"and {wait_seconds:.0f} s were not enough; see `flowdrop status`"
        )
    time.sleep(POLL_SECONDS)


def ask(url: str, settings: StreamSettings) -> dict[str, Any]:
    """Return the JSON that a worker answers with.

    Raises:
        click.ClickException: when none answers there.
    """
    token = settings.worker_token.get_secret_value()
    request = urllib.request.Request(  # noqa: S310 - our own setting
        url, headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise click.ClickException(f"{url}: {error.code} {error.read().decode()}") from error
    except NO_ANSWER as error:
        raise click.ClickException(
            f"no worker answers at {url}: {error}; start one with `flowdrop up` or set "
            "FLOWDROP_WORKER"
        ) from error
    return body


def _folded(kafka: str, source: str, count: int, deadline: float, wait_seconds: float) -> list[int]:
    """Return the ends of a log all of whose partitions were folded up to there at one moment.

    The folded offsets are read before the ends. A log only grows, so when they are equal nothing
    was left to fold at the moment between, and no leg was in transit.
    """
    consumer = reader(kafka)
    try:
        while True:
            folded = _applied(kafka, CHANGELOGS[source], count)
            found = [place.end for place in ends(consumer, source, count)]
            behind = _behind(folded, found)
            if behind is None:
                return found
            _give_up_after(deadline, wait_seconds, source, *behind)
    finally:
        consumer.close()


def _applied(kafka: str, changelog: str, count: int) -> list[int]:
    """Return the source offset up to which each partition of a table is committed."""
    applied = [0] * count
    found = last_records(kafka, changelog, count, lambda message: message.key() == APPLIED_KEY)
    for number, message in found.items():
        state = PartitionState(number)
        state.restore([(message.offset() or 0, message.key(), message.value())])
        applied[number] = state.committed_offset
    return applied


def _wait_until_stored(
    kafka: str, client: Client, topic: str, count: int, deadline: float, wait_seconds: float
) -> None:
    wanted = {
        number: message.offset() or 0
        for number, message in last_records(kafka, topic, count).items()
    }
    while True:
        found = rows(client, f"feed/stored_{TABLES[topic]}", topic=topic)
        stored = {row["partition"]: row["stored"] for row in found}
        behind = [number for number, last in wanted.items() if stored.get(number, -1) < last]
        if not behind:
            return
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"the feed is at offset {stored.get(behind[0], -1):,} of {topic} partition "
                f"{behind[0]}, its last record is {wanted[behind[0]]:,}, and "
                f"{wait_seconds:.0f} s were not enough; see `flowdrop status`"
            )
        time.sleep(POLL_SECONDS)
