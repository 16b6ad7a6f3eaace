"""The one way in which records are published: whatever the broker does, a partition's order holds.

No record is in a partition's log before every earlier one of this sender is. What is not yet
acknowledged is kept, in order. When a producer can't continue (the broker forgot it, a topic was
not known for a moment) it is dropped with all that it had left to send, and a new one sends what is
kept from the start. What is then in the log twice is a repeat, which the ledger and the campaign
agent recognise by its id; nor does it matter that both producers' records may interleave, since
each sends the same ones in the same order.

Kafka's own producer gives up on a record that waits too long (`message.timeout.ms`) and goes on
with those behind it. So this one never gives up on any: it waits for a broker that is away. Nor
does Kafka's idempotence keep the order by itself: from a producer that is new to a partition it
accepts whatever number comes first, so that a second request gets in when the first is refused. So
there is never a second one in flight.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Self

import click
from confluent_kafka import KafkaError, KafkaException, Producer

from flowdrop.output import say
from flowdrop.room import intake_room, require_room

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confluent_kafka import Message

    from streams.kafka.publish.records import Record

    Acknowledged = Callable[[Record, int], object]

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())

KEPT_RECORDS_MAX = 50_000
KEPT_BYTES_MAX = 64 * 1024 * 1024
MESSAGE_BYTES_MAX = 4_000_000
ALONE_BYTES = 100_000  # from here on a record is sent by itself: a topic may refuse it for its size
SILENCE_SECONDS = 5.0  # after which, and each time again, a message says that it waits for Kafka
PRODUCERS_MAX = 10  # one after the other, without any record being acknowledged
PAUSE_SECONDS = 1.0  # before the next
POLL_SECONDS = 0.1
LINGER_MS = 20.0

# What a broker says of a record or a permission: sending it again would get the same answer.
REFUSALS = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.INVALID_MSG_SIZE,
    KafkaError.INVALID_RECORD,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_TIMESTAMP,
    KafkaError.POLICY_VIOLATION,
    KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
# What every record behind a failed one is told: not why.
CONSEQUENCES = {-148, -150, -151, -152}  # fatal for want of a gapless log, or at all; purged


class Sender:
    """Sends records and waits until the broker has them all; use it as a context.

    Args:
        bootstrap: Kafka's address.
        on_ack: called with each record and its offset once the broker has it; records of a
            partition come in their order. The offset is below 0 where Kafka did not report it.
        patience_seconds: how long to wait for a broker that acknowledges nothing; None: for ever.
        go_on: what to do to have the rest sent after a Ctrl-C, for the message while it waits.
        linger_ms: how long Kafka's client gathers records for one request.

    A command calls `send` and `finish`, which wait. What serves others meanwhile calls `offer`, and
    `serve` again and again while `kept_records` says that something is not acknowledged.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        on_ack: Acknowledged | None = None,
        patience_seconds: float | None = None,
        go_on: str = "run it again: what is there already changes nothing",
        linger_ms: float = LINGER_MS,
    ) -> None:
        self.bootstrap = bootstrap
        self.acknowledged = 0
        self._on_ack = on_ack
        self._patience_seconds = patience_seconds
        self._go_on = go_on
        self._kept: defaultdict[tuple[str, int], deque[Record]] = defaultdict(deque)
        self.kept_records = self._kept_bytes = 0
        self._linger_ms = linger_ms
        self._failures: list[KafkaError] = []
        self._producers = 0
        self._producer: Producer | None = None  # none during a pause
        self._pause_ends = 0.0
        self._room = intake_room()
        self._heard = self._said = time.monotonic()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is KeyboardInterrupt:
            say(f"stopped: Kafka has {self.acknowledged:,} of the records; {self._go_on}")

    def send(self, record: Record) -> None:
        """Hand a record over, once there is room for it.

        Raises:
            click.ClickException: when the broker refuses a record, patience runs out, or the disk
            is too full for more.
        """
        require_room(self._room)
        while not self.has_place():
            self.serve(POLL_SECONDS)
        alone = len(record[3] or b"") >= ALONE_BYTES
        if alone:  # if a record is refused, none behind it may be in flight
            self.finish()
        self.offer([record])
        self.serve(0)
        if alone:
            self.finish()

    def finish(self) -> None:
        """Wait until the broker has everything.

        Raises:
            click.ClickException: when the broker refuses a record, or patience runs out.
        """
        while self.kept_records:
            self.serve(POLL_SECONDS)

    def close(self) -> None:
        """Send nothing more, not even what is kept."""
        self._drop()

    def has_place(self, more: int = 1) -> bool:
        """Return whether so many more records may be offered, for how many are kept already."""
        return self.kept_records + more <= KEPT_RECORDS_MAX and self._kept_bytes < KEPT_BYTES_MAX

    def offer(self, records: Sequence[Record]) -> None:
        """Hand records over and wait for nothing; each is smaller than `ALONE_BYTES`."""
        if not self.kept_records:
            self._heard = self._said = time.monotonic()
        for record in records:
            self._kept[record[:2]].append(record)
            self._kept_bytes += len(record[3] or b"")
            self._produce(record)
        self.kept_records += len(records)

    def serve(self, seconds: float) -> None:
        """Hear what the broker says, for so long at most, and go on if a producer can't.

        Raises:
            click.ClickException: when the broker refuses a record, or patience is at its end.
        """
        if self._producer is None:
            self._pause(seconds)
            return
        before = self.acknowledged
        self._poll(self._producer, seconds)
        if self.acknowledged > before:
            self._hear()
        if self._failures:
            self._drop_or_raise()
        elif self.kept_records:
            self._wait()

    def silent_seconds(self) -> float:
        """Return for how long the broker has acknowledged nothing of what it was sent."""
        return time.monotonic() - self._heard if self.kept_records else 0.0

    def missing_room(self) -> str:
        """Return what of the disk keeps us from sending more, in words; "" while there is room."""
        return self._room.missing()

    def _begin(self) -> None:
        """Make a producer; only what the newest one reports counts."""
        failures: list[KafkaError] = []
        self._failures = failures
        pop, told = self._pop, failures.append

        def delivered(error: KafkaError | None, message: Message) -> None:
            if self._failures is not failures:
                return
            if error is None:
                pop(message)
            else:
                told(error)

        self._producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "enable.idempotence": True,
                "enable.gapless.guarantee": True,  # a record that fails ends the producer
                "max.in.flight.requests.per.connection": 1,
                "message.timeout.ms": 0,  # never
                "compression.type": "lz4",
                "linger.ms": self._linger_ms,
                "logger": log,  # what it retries is not news; what persists is reported below
                "message.max.bytes": MESSAGE_BYTES_MAX,
                "queue.buffering.max.messages": 2 * KEPT_RECORDS_MAX,
                "queue.buffering.max.kbytes": 2**21 - 1,  # what is kept is bounded here
                "reconnect.backoff.max.ms": 1_000,
                "on_delivery": delivered,
            }
        )

    def _pop(self, message: Message) -> None:
        """Take the first of those kept of a partition as acknowledged.

        A broker takes an idempotent producer's records in their order only, so whichever it
        acknowledges, the first is among them.
        """
        record = self._kept[message.topic(), message.partition()].popleft()  # type: ignore[index]
        self.kept_records -= 1
        self._kept_bytes -= len(record[3] or b"")
        self.acknowledged += 1
        if self._on_ack is not None:
            self._on_ack(record, _offset(message))

    def _produce(self, record: Record) -> None:
        if self._producer is None:  # the next begins with all that is kept
            return
        topic, partition, key, value = record
        try:
            self._producer.produce(topic, value, key, partition)
        except KafkaException as error:
            self._failures.append(error.args[0])

    def _poll(self, producer: Producer, seconds: float) -> None:
        try:
            producer.poll(seconds)
        except KafkaException as error:  # that ended the producer; the reason comes behind it
            self._failures.append(error.args[0])
            producer.poll(POLL_SECONDS)

    def _hear(self) -> None:
        now = time.monotonic()
        if self._said > self._heard:
            say(f"Kafka at {self.bootstrap} answers again, after {now - self._heard:.0f} s")
        self._heard = self._said = now
        self._producers = 0

    def _wait(self) -> None:
        """Say now and then that we are waiting for Kafka; end when patience runs out."""
        now = time.monotonic()
        silent = now - self._heard
        if self._patience_seconds is not None and silent > self._patience_seconds:
            raise self._ended(f"has acknowledged nothing for {silent:.0f} s")
        if now - self._said >= SILENCE_SECONDS:
            self._said = now
            say(
                f"Kafka at {self.bootstrap} has acknowledged nothing for {silent:.0f} s; waiting "
                f"for it with {self.kept_records:,} records that it does not have. Ctrl-C is "
                f"safe; then {self._go_on}"
            )

    def _drop_or_raise(self) -> None:
        """Drop the producer for a new one after a pause, unless a record of it is refused."""
        reason = _reason(self._failures)
        if reason.code() in REFUSALS:
            raise self._ended(f"refused a record: {reason.str()}") from KafkaException(reason)
        self._drop()
        self._producers += 1
        if self._producers == PRODUCERS_MAX:
            raise self._ended(f"takes nothing: {reason.str()}") from KafkaException(reason)
        self._pause_ends = time.monotonic() + PAUSE_SECONDS

    def _drop(self) -> None:
        """Send nothing more of what the producer has."""
        self._failures = []
        if self._producer is not None:
            self._producer.purge()
        self._producer = None

    def _pause(self, seconds: float) -> None:
        """Wait for so long at most; once the pause is over, send what is kept by a new producer."""
        left = self._pause_ends - time.monotonic()
        if left > seconds:
            time.sleep(seconds)
            return
        time.sleep(max(left, 0.0))
        self._begin()
        for kept in self._kept.values():
            for record in kept:
                self._produce(record)

    def _ended(self, what: str) -> click.ClickException:
        return click.ClickException(
            f"Kafka at {self.bootstrap} {what}; it has {self.acknowledged:,} of the records, see "
            f"`flowdrop status`; then {self._go_on}"
        )


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset


def _reason(failures: list[KafkaError]) -> KafkaError:
    """Return why a producer can't continue: what a record was told, before those behind it."""
    told: list[Any] = [error for error in failures if error.code() not in CONSEQUENCES]
    refused = [error for error in told if error.code() in REFUSALS]
    return (refused or told or failures)[0]
