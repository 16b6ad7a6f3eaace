"""What workers have said of events since some place, by the events' names.

Whoever publishes more than fits in memory, or in several runs, asks for these when all is judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)
from streams.kafka.deadletters import headers_of, place_of
from streams.kafka.log import headers, messages
from streams.kafka.publish.progress import log_of
from streams.kafka.publish.telling import RESULTS, Judged, Named
from streams.kafka.topics import ends, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from confluent_kafka import Message

    Since = Mapping[str, Sequence[int]]

LEG = "leg"  # what another partition sent on: no client's event


class Answer(NamedTuple):
    """What was said of an event: applied, refused, repeat, accepted or deadletter.

    Attributes:
        topic: of the event.
        reason: why it was refused or set aside; of a repeat, what the first was refused for.
        detail: of one that was set aside, the sentence that says where and why.
    """

    topic: str
    subject: bytes
    source: str
    id: str
    outcome: str
    reason: str = ""
    detail: str = ""


_judged = msgspec.json.Decoder(Judged).decode
_named = msgspec.json.Decoder(Named).decode


def ends_now(bootstrap: str, partitions: int) -> dict[str, list[int]]:
    """Return where each partition of the results' topics ends, by the topics' ids.

    Raises:
        confluent_kafka.KafkaException: when Kafka does not answer.
    """
    names = log_of(bootstrap, *RESULTS)
    consumer = reader(bootstrap)
    try:
        return {
            names[topic]: [place.end for place in ends(consumer, topic, partitions)]
            for topic in RESULTS
        }
    finally:
        consumer.close()


def answers(bootstrap: str, since: Since) -> Iterator[Answer]:
    """Yield what was said since what `ends_now` returned, each partition in its order.

    Raises:
        click.ClickException: when Kafka falls silent.
    """
    for topic, name in log_of(bootstrap, *RESULTS).items():
        for number, start in enumerate(since[name]):
            for got in messages(bootstrap, topic, number, start):
                for message in got:
                    if (found := _READ[topic](message)) is not None:
                        yield found


def _of_postings(message: Message) -> Answer | None:
    judged = _judged(message.value() or b"")
    if judged.outcome == "forwarded" or judged.type == LEG:
        return None
    return Answer(
        WALLET_TOPIC,
        judged.subject.encode(),
        judged.event_source,
        judged.event_id,
        judged.outcome,
        judged.reason,
    )


def _of_accepted(message: Message) -> Answer | None:
    event = _named(message.value() or b"")
    return Answer(CAMPAIGN_TOPIC, message.key() or b"", event.source, event.id, "accepted")


def _of_deadletters(message: Message) -> Answer | None:
    try:
        event = _named(message.value() or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # nothing that has a name
    said = headers_of(headers(message))
    topic = place_of(said).topic
    key = message.key() or b""
    return Answer(
        topic, key, event.source, event.id, "deadletter", said["reason"], said.get("detail", "")
    )


_READ: dict[str, Callable[[Message], Answer | None]] = {
    POSTINGS_TOPIC: _of_postings,
    ACCEPTED_TOPIC: _of_accepted,
    DEADLETTER_TOPIC: _of_deadletters,
}
