"""Traffic for the fault runs: what a seed makes people do, and an account of what was sent.

Wallet events are those of `tests/operations/`: a new operation there comes here too.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from confluent_kafka import KafkaError, KafkaException, Producer
from msgspec.structs import replace

from streams.events import (
    Click,
    ClickData,
    Close,
    OrderRefund,
    PacketClaim,
    Reward,
    encode,
    partition_of,
    topic_of,
)
from tests.operations.clients import CAMPAIGNS
from tests.simulator.plan import Clients

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confluent_kafka import Message

    from streams.events import Event

Sent: TypeAlias = "tuple[str, int, bytes | None, bytes | None]"

PEOPLE_FIRST = 200
PEOPLE_MAX = 50_000
SHARE_NEW = 0.02
SHARE_CLICKS = 0.05
# What hardly ever comes about by chance among so many people.
SHARE_TWICE = 0.1  # of what can be done once, under a name of its own
TWICE = (PacketClaim, OrderRefund, Reward)
SHARE_CLOSED_FULL = 0.2  # of closings: at first without a word about whose the coins are then
COINS_MEAN = 12  # of what people spend; less than they earn, or most would be refused
SHARE_REPEATED = 0.05
SHARE_CONFLICTS = 0.005
SHARE_ASTRAY = 0.01
REMEMBERED = 2_000
LATE_MAX = timedelta(days=7)
FLUSH_SECONDS_MAX = 300.0


class Traffic(Clients):
    """An endless run of events; the same seed gives the same ones.

    Args:
        seed: of everything random.
        partitions: how many the topics have.
        prefix: of ids and wallets, so that two runs have none in common.
        step: the longest time between two events.
    """

    programs = ("liuliangbao", "jd-flow-bank", "unicom-flow-bank", "none")

    def __init__(
        self,
        seed: int,
        partitions: int,
        *,
        prefix: str = "",
        step: timedelta = timedelta(seconds=1),
    ) -> None:
        super().__init__(random.Random(seed), partitions)
        self.step = step
        self.prefix = prefix
        self.wallets.clear()
        self.unopened.clear()
        for _ in range(PEOPLE_FIRST):
            self._come()

    def happenings(self) -> Iterator[Event]:
        """Yield whatever people do; ever more of them."""
        while True:
            if len(self.wallets) < PEOPLE_MAX and self.random.random() < SHARE_NEW:
                self._come()
            if self.random.random() < SHARE_CLICKS:
                yield click(self)
                continue
            event = self.event()
            self.recall(event)
            if isinstance(event, Close) and self.random.random() < SHARE_CLOSED_FULL:
                full = replace(event, data=replace(event.data, to=None))
                yield replace(full, id=f"{event.id}-full")
            yield event
            if isinstance(event, TWICE) and self.random.random() < SHARE_TWICE:
                yield replace(event, **self.head(event.subject))

    def records(self) -> Iterator[Sent]:
        """Yield the events' records, some of them again, altered, or on a wrong partition."""
        recent: deque[Sent] = deque(maxlen=REMEMBERED)
        for event in self.happenings():
            record = self.record_of(event)
            if self.random.random() < SHARE_ASTRAY:
                record = (record[0], self.random.randrange(self.partitions), *record[2:])
            recent.append(record)
            yield record
            if self.random.random() < SHARE_REPEATED:
                yield self.random.choice(recent)
            if self.events and self.random.random() < SHARE_CONFLICTS:
                old = self.random.choice(self.events)
                same = replace(old, time=old.time + timedelta(microseconds=1))
                yield self.record_of(self.random.choice((same, replace(old, source="another"))))

    def late(self, count: int, share_repeated: float) -> Iterator[Sent]:
        """Yield `count` events: a share again, one in three late by up to seven days."""
        waiting: list[tuple[datetime, int, Sent]] = []
        for number, event in enumerate(self.happenings()):
            if number == count:
                break
            record = self.record_of(event)
            arrives = [event.time + self._delay()]
            if self.random.random() < share_repeated:
                arrives.append(event.time + self._delay())
            for order, at in enumerate(arrives):
                heapq.heappush(waiting, (at, 2 * number + order, record))
            while waiting[0][0] < event.time:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]

    def record_of(self, event: Event) -> Sent:
        """Return the record of an event as a client sends it."""
        number = partition_of(event.subject, self.partitions)
        return topic_of(event), number, event.subject.encode(), encode(event)

    def head(self, subject: str) -> dict[str, Any]:
        """Return what every event carries, a little later than the one before."""
        self.count += 1
        self.time += self.step * self.random.random()
        name = f"{self.prefix}e{self.count}"
        return {"id": name, "source": "faults", "time": self.time, "subject": subject}

    def wallet(self) -> str:
        """Return somebody, whether their wallet is open by now or not."""
        return self.random.choice(self.wallets)

    def amount(self) -> int:
        """Return how many coins it is about."""
        return 1 + int(self.random.expovariate(1 / COINS_MEAN))

    def _come(self) -> None:
        name = f"{self.prefix}w:{len(self.wallets)}"
        self.wallets.append(name)
        self.unopened.append(name)

    def _delay(self) -> timedelta:
        kind = self.random.random()
        if kind < 1 / 3:
            return LATE_MAX * self.random.random()
        return self.step * 50 * self.random.random() if kind < 2 / 3 else timedelta(0)


def click(traffic: Traffic) -> Click:
    data = ClickData(campaign=traffic.random.choice(CAMPAIGNS), channel="sms")
    return Click(**traffic.head(traffic.wallet()), data=data)


# -- sending -----------------------------------------------------------------------------------


class Sender:
    """Sends records and remembers, by hash, which were sent and which Kafka acknowledged.

    Its producer is idempotent and asks for all acknowledgements, so that a retry of its own puts
    nothing into the log twice. `good` says that none of its records may become a dead letter.
    """

    def __init__(self, bootstrap: str, *, good: bool = True) -> None:
        self.good = good
        self.sent: Counter[int] = Counter()
        self.acked: Counter[int] = Counter()
        self.failed: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,  # brokers die here: their silence is no news
                "message.max.bytes": 4_000_000,
                "message.timeout.ms": int(FLUSH_SECONDS_MAX * 1000),
                "reconnect.backoff.max.ms": 500,
            }
        )

    def send(self, records: Iterable[Sent]) -> None:
        """Send as fast as Kafka takes them; returns once all were handed over."""
        for record in records:
            self._send(record)

    def begin(self, records: Iterator[Sent], rate: float) -> None:
        """Send about `rate` records a second from a thread until `stop`."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(records, rate), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the traffic and wait until Kafka has answered for everything."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        left = self._producer.flush(FLUSH_SECONDS_MAX)
        assert not left, f"Kafka answered nothing for {left} records"

    def _run(self, records: Iterator[Sent], rate: float) -> None:
        began = time.monotonic()
        count = 0
        while not self._stopping.is_set():
            due = (time.monotonic() - began) * rate
            while count < due:
                self._send(next(records))
                count += 1
            self._producer.poll(0)
            self._stopping.wait(0.02)

    def _send(self, record: Sent) -> None:
        topic, number, key, value = record
        place = fingerprint(topic, number, key, value)
        while True:
            try:
                self._producer.produce(
                    topic, value, key, number, on_delivery=lambda e, m: self._heard(place, e, m)
                )
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise AssertionError(f"the traffic's producer can't go on: {error}") from error
            else:
                self.sent[place] += 1
                return

    def _heard(self, place: int, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acked[place] += 1
        else:
            self.failed[error.str()] += 1


def fingerprint(topic: str, number: int, key: bytes | None, value: bytes | None) -> int:
    """Return what a record is told by, while this process lives."""
    return hash((topic, number, key, value))
