"""Sorted records are sent, from where an earlier run of them was interrupted, with a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowdrop.output import say
from flowdrop.progress import progress as progress_bar
from flowdrop.settings import Addresses, load
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.publish import Progress, log_of, publish_records, require_topics
from streams.kafka.publish.telling import Telling
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from intake.files.sort import Spool
    from streams.kafka.publish import Record
    from streams.kafka.publish.told import Told

GO_ON = "run it again, and it goes on where it was"
ADVANCE_RECORDS = 500


class Sent(NamedTuple):
    """What was sent: records by this run, records by an earlier one, and what became of these."""

    records: int
    resumed: int
    told: Told | None


def require_log() -> None:
    """Return if Kafka answers and has the topics.

    Raises:
        click.ClickException: when it does not.
    """
    settings = load(StreamSettings)
    require_topics(load(Addresses).kafka, settings.partitions, WALLET_TOPIC, CAMPAIGN_TOPIC)


def publish(
    name: str,
    spool: Spool,
    topics: Sequence[str],
    *,
    wait: bool,
    then: Callable[[Told], object] = lambda _: None,
) -> Sent:
    """Send all records of a spool in the order of time; return once Kafka has them.

    Args:
        name: what tells these records from others: the same name, the same records.
        spool: holds them.
        topics: of each rule.
        wait: whether to wait until a worker has judged them, and to tell what became of them.
        then: is called with that, while the spool still holds the records.

    Raises:
        click.ClickException: when the broker refuses a record.
    """
    bootstrap, partitions = load(Addresses).kafka, load(StreamSettings).partitions
    log = log_of(bootstrap, WALLET_TOPIC, CAMPAIGN_TOPIC)
    progress = Progress({"import": name, "partitions": partitions, "log": log})
    telling = Telling(bootstrap, partitions) if wait else None
    if progress.before:
        say(
            f"an earlier run of this import was interrupted after {progress.before:,} records; "
            "going on behind them"
        )
        if telling is not None:
            telling.include_earlier()

    def on_ack(record: Record, offset: int) -> None:
        progress.on_ack(record)
        if telling is not None:
            telling.on_ack(record, offset)

    with progress_bar() as bar:
        task = bar.add_task(f"publish {name}", total=spool.count)
        records = _records(spool, topics, lambda more: bar.advance(task, more))
        try:
            sent = publish_records(progress.rest(records), bootstrap, on_ack=on_ack, go_on=GO_ON)
        finally:
            progress.save()
    progress.done()
    told = telling.told() if telling is not None else None
    if told is not None:
        then(told)
    return Sent(sent, progress.skipped, told)


def _records(
    spool: Spool, topics: Sequence[str], advance: Callable[[int], object]
) -> Iterator[Record]:
    shown = 0
    for number, one in enumerate(spool.records()):
        if number - shown >= ADVANCE_RECORDS:
            advance(number - shown)
            shown = number
        yield topics[one.rule], one.partition, one.subject, one.value
    advance(spool.count - shown)
