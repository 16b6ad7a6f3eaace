"""Finds out what became of each published record.

The ledger writes a result for each record of its log (`ledger.postings`), which names the record's
offset; Kafka tells the sender that offset. The campaign agent passes an event on once
(`campaign.accepted`) and says nothing about a repeat. Both set aside what they can't take, with its
offset (`deadletters`). Their tables' changelogs record how far they have come.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import click
import msgspec
from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import AdminClient

from flowdrop.output import say
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
)
from streams.kafka.deadletters import headers_of, place_of
from streams.kafka.log import headers, last_records, messages
from streams.kafka.publish.told import CONFLICT, NO_ACCOUNT, NOTHING, WRONG, Told
from streams.kafka.topics import ACCOUNTS_CHANGELOG, PEOPLE_CHANGELOG, WORKER_ID, ends, reader
from streams.layer.state import APPLIED_KEY, PartitionState
from streams.ledger.accounts import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confluent_kafka import Message

    from streams.kafka.publish.records import Record

    LogPartition = tuple[str, int]
    Name = int

CHANGELOGS = {WALLET_TOPIC: ACCOUNTS_CHANGELOG, CAMPAIGN_TOPIC: PEOPLE_CHANGELOG}
RESULTS = (POSTINGS_TOPIC, ACCEPTED_TOPIC, DEADLETTER_TOPIC)

LOOK_SECONDS = 0.2
SAY_SECONDS = 5.0
SILENCE_SECONDS_MAX = 60.0  # of a worker that makes no progress
ABSENCE_SECONDS_MAX = 30.0  # of any worker: one that has died is started again by then
ANSWER_SECONDS_MAX = 15.0


class Judged(msgspec.Struct):
    """What is read from a result; see `streams.ledger.results.Result`."""

    source_offset: int
    event_id: str
    subject: str
    outcome: str
    reason: str = ""
    event_source: str = ""
    type: str = ""

    @property
    def name(self) -> Name:
        """What stands for the event's name."""
        return hash((self.subject, self.event_source, self.event_id))

    @property
    def end(self) -> str:
        """Outcome and reason in one."""
        return f"{self.outcome} {self.reason}".rstrip()

    @property
    def came_wrong(self) -> bool:
        """Whether it was refused for how it arrived."""
        if self.reason == NO_ACCOUNT:
            return kind_of(self.subject) == "wallet"
        return self.reason in WRONG

    @property
    def is_answer(self) -> bool:
        """Whether the event was judged by what it asks for."""
        return self.outcome != "forwarded" and not self.came_wrong


class Named(msgspec.Struct):
    """What is read from an event."""

    id: str
    source: str


_judged = msgspec.json.Decoder(Judged).decode
_named = msgspec.json.Decoder(Named).decode


class Telling:
    """Notes what is published from now on, and reports what became of it.

    Args:
        bootstrap: Kafka's address.
        partitions: of every topic.
    """

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._offsets: defaultdict[LogPartition, array[int]] = defaultdict(lambda: array("q"))
        self._held: dict[LogPartition, int] = {}  # where a log ended before this publication
        self._names: set[Name] = set()  # of campaign events
        self._outcomes: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._wrong: defaultdict[LogPartition, list[tuple[Name, str]]] = defaultdict(list)
        self._starts = {topic: self._ends(topic) for topic in RESULTS}
        self._stops = self._starts

    def on_ack(self, record: Record, offset: int) -> None:
        """Note a record that Kafka has."""
        topic, partition, key, value = record
        if offset < 0:
            self._outcomes["acknowledged, Kafka does not say where"] += 1
            return
        self._offsets[topic, partition].append(offset)
        if topic == CAMPAIGN_TOPIC and (name := _name_of(key, value)) is not None:
            self._names.add(name)

    def include_earlier(self) -> None:
        """Wait, when asked, for all that the logs hold by now as well: an earlier run's records."""
        self._held = {
            (topic, number): end
            for topic in CHANGELOGS
            for number, end in enumerate(self._ends(topic))
        }

    def told(self) -> Told:
        """Wait until a worker has judged all of it, and return what became of it.

        Raises:
            click.ClickException: when Kafka falls silent.
        """
        if not (self._offsets or self._held):
            return NOTHING
        if untold := self._wait():
            return Told({}, {}, {}, untold)
        self._stops = {topic: self._settled(topic) for topic in RESULTS}
        self._read_postings()
        aside = self._read_deadletters()
        self._read_accepted(aside)
        explained = self._explained()
        return Told(_sorted(self._outcomes), _sorted(explained), _sorted(self._lost), 0)

    # -- how far the workers are -----------------------------------------------------------------

    def _wait(self) -> int:
        """Return how many records are not judged although a worker had the time: 0 if all are."""
        heard = said = time.monotonic()
        before = -1
        while left := self._left():
            now = time.monotonic()
            if left != before:
                before, heard = left, now
            elif now - heard > SILENCE_SECONDS_MAX or (
                now - heard > ABSENCE_SECONDS_MAX and self._none_works()
            ):
                return left
            if now - said > SAY_SECONDS:
                say(f"waiting for the worker, which has {left:,} records to judge")
                said = now
            time.sleep(LOOK_SECONDS)
        return 0

    def _none_works(self) -> bool:
        """Return whether Kafka says that no worker runs; right after its own start it can't say."""
        admin = AdminClient({"bootstrap.servers": self._bootstrap})
        asked = admin.describe_consumer_groups([WORKER_ID], request_timeout=ANSWER_SECONDS_MAX)
        try:
            return not asked[WORKER_ID].result().members
        except KafkaException:
            return False

    def _left(self) -> int:
        """Return how many records no transaction of a worker has covered yet."""
        left = 0
        for topic in {topic for topic, _ in (*self._offsets, *self._held)}:
            applied = self._applied(CHANGELOGS[topic])
            for (own, number), offsets in self._offsets.items():
                if own == topic:
                    left += len(offsets) - bisect_left(offsets, applied.get(number, 0))
            for (own, number), end in self._held.items():
                if own == topic:
                    left += max(0, end - applied.get(number, 0))
        return left

    def _applied(self, changelog: str) -> dict[int, int]:
        """Return the next offset to apply, as each partition of a changelog records it."""
        found = last_records(
            self._bootstrap, changelog, self._partitions, lambda m: m.key() == APPLIED_KEY
        )
        applied = {}
        for number, message in found.items():
            state = PartitionState(number)
            state.restore([(message.offset() or 0, message.key(), message.value())])
            applied[number] = state.committed_offset
        return applied

    def _settled(self, topic: str) -> list[int]:
        """Return where a topic's partitions end, once nothing before that is open any more.

        The changelog's partition may have the marker of a transaction before the others have.
        """
        wanted = self._ends(topic, "read_uncommitted")
        deadline = time.monotonic() + SILENCE_SECONDS_MAX
        while any(end < want for end, want in zip(self._ends(topic), wanted, strict=True)):
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"{topic}: a transaction has been open for {SILENCE_SECONDS_MAX:.0f} s, so "
                    "what became of the events is not known; see `flowdrop reconcile`"
                )
            time.sleep(LOOK_SECONDS)
        return wanted

    def _ends(self, topic: str, isolation: str = "read_committed") -> list[int]:
        consumer = (
            reader(self._bootstrap)
            if isolation == "read_committed"
            else Consumer(
                {
                    "bootstrap.servers": self._bootstrap,
                    "group.id": "flowdrop-reader",
                    "enable.auto.commit": False,
                    "isolation.level": isolation,
                }
            )
        )
        try:
            return [place.end for place in ends(consumer, topic, self._partitions)]
        except KafkaException as error:
            raise click.ClickException(
                f"Kafka at {self._bootstrap} does not say where {topic} ends: "
                f"{error.args[0].str()}; see `flowdrop topics create`"
            ) from error
        finally:
            consumer.close()

    # -- what they said --------------------------------------------------------------------------

    def _mine(self, topic: str) -> Iterator[tuple[int, set[int]]]:
        for (own, number), offsets in list(self._offsets.items()):
            if own == topic:
                yield number, set(offsets)

    def _read(
        self, topic: str, number: int, start: int, stop: int | None = None
    ) -> Iterator[Message]:
        stop = self._stops[topic][number] if stop is None else stop
        if start < stop:
            for got in messages(self._bootstrap, topic, number, start, stop):
                yield from got

    def _since(self, topic: str, number: int) -> Iterator[Message]:
        return self._read(topic, number, self._starts[topic][number])

    def _before(self, topic: str, number: int) -> Iterator[Message]:
        return self._read(topic, number, 0, self._starts[topic][number])

    def _read_postings(self) -> None:
        for number, mine in self._mine(WALLET_TOPIC):
            for message in self._since(POSTINGS_TOPIC, number):
                judged = _judged(message.value() or b"")
                if judged.source_offset in mine:
                    self._outcomes[judged.end] += 1
                    if judged.came_wrong:
                        self._wrong[WALLET_TOPIC, number].append((judged.name, judged.reason))

    def _read_deadletters(self) -> int:
        """Count the records that were set aside; return how many of them are campaign events."""
        campaigns = 0
        mine = {place: set(offsets) for place, offsets in self._offsets.items()}
        for number in range(self._partitions):
            for message in self._since(DEADLETTER_TOPIC, number):
                said = headers_of(headers(message))
                topic, partition, offset = place_of(said)
                if offset not in mine.get((topic, partition), ()):
                    continue
                reason = said["reason"]
                self._outcomes[f"deadletter {reason}"] += 1
                campaigns += topic == CAMPAIGN_TOPIC
                name = _name_of(message.key(), message.value())
                if topic == CAMPAIGN_TOPIC and reason in WRONG and name is not None:
                    self._wrong[topic, partition].append((name, reason))
                else:
                    self._lost[reason] += 1
        return campaigns

    def _read_accepted(self, aside: int) -> None:
        """Count the campaign events that were passed on; those not set aside are repeats."""
        accepted = 0
        for number in range(self._partitions) if self._names else ():
            for message in self._since(ACCEPTED_TOPIC, number):
                accepted += _name_of(message.key(), message.value()) in self._names
        sent = sum(len(mine) for _, mine in self._mine(CAMPAIGN_TOPIC))
        more = {"accepted": accepted, "accepted before": sent - aside - accepted}
        self._outcomes.update({name: count for name, count in more.items() if count > 0})

    # -- what explains it ------------------------------------------------------------------------

    def _explained(self) -> Counter[str]:
        """Return by reason how many arrived wrongly but had been judged; note the rest."""
        explained: Counter[str] = Counter()
        for (topic, number), wrong in self._wrong.items():
            wanted = {name for name, reason in wrong if reason != CONFLICT}
            clashing = {name for name, reason in wrong if reason == CONFLICT}
            answered = ANSWERED[topic](self, number, wanted) if wanted else set()
            clashed = CLASHED[topic](self, number, clashing) if clashing else set()
            for name, reason in wrong:
                has = name in (clashed if reason == CONFLICT else answered)
                (explained if has else self._lost)[reason] += 1
        return explained

    def _answered(self, number: int, wanted: set[Name]) -> set[Name]:
        """Return those of `wanted` that the ledger has answered, ever."""
        results = (_judged(m.value() or b"") for m in self._read(POSTINGS_TOPIC, number, 0))
        return {judged.name for judged in results if judged.is_answer and judged.name in wanted}

    def _passed_on(self, number: int, wanted: set[Name]) -> set[Name]:
        """Return those of `wanted` that the campaign agent has passed on, ever."""
        names = (_name_of(m.key(), m.value()) for m in self._read(ACCEPTED_TOPIC, number, 0))
        return {name for name in names if name in wanted}

    def _refused(self, number: int, wanted: set[Name]) -> set[Name]:
        """Return those of `wanted` that the ledger refused as conflicts before this publication."""
        results = (_judged(m.value() or b"") for m in self._before(POSTINGS_TOPIC, number))
        return {judged.name for judged in results if judged.reason == CONFLICT} & wanted

    def _set_aside(self, number: int, wanted: set[Name]) -> set[Name]:
        """Return those of `wanted` that were set aside as conflicts before this publication."""
        found = set()
        for message in self._before(DEADLETTER_TOPIC, number):
            name = _name_of(message.key(), message.value())
            if name in wanted and headers_of(headers(message))["reason"] == CONFLICT:
                found.add(name)
        return found


ANSWERED: dict[str, Callable[[Telling, int, set[Name]], set[Name]]] = {
    WALLET_TOPIC: Telling._answered,  # noqa: SLF001
    CAMPAIGN_TOPIC: Telling._passed_on,  # noqa: SLF001
}
CLASHED: dict[str, Callable[[Telling, int, set[Name]], set[Name]]] = {
    WALLET_TOPIC: Telling._refused,  # noqa: SLF001
    CAMPAIGN_TOPIC: Telling._set_aside,  # noqa: SLF001
}


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _name_of(key: bytes | None, value: bytes | None) -> Name | None:
    """Return what stands for an event's name, None for bytes that are not an event."""
    try:
        event = _named(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return hash((key, event.source, event.id))
