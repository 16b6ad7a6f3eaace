"""The job directly on confluent-kafka, with the same guarantee.

One transaction holds results, changed balances and the source's position. This is the loop alone: a
program to run would also have to rebuild its balances, give partitions up, and survive faults.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

from benchmarks import wallet
from benchmarks.engines import Engine
from benchmarks.place import Place

if TYPE_CHECKING:
    from types import FrameType

    from confluent_kafka import Consumer, Producer

INTERVAL_SECONDS = 0.1
FETCH_RECORDS = 10_000


def run(place: Place) -> None:
    """Fold until SIGTERM."""
    from confluent_kafka import Consumer, Producer

    consumer = Consumer(
        {
            "bootstrap.servers": place.bootstrap,
            "group.id": place.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 5,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": place.bootstrap,
            "transactional.id": place.group,
            "compression.type": "lz4",
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.init_transactions()
    consumer.subscribe([place.source])
    running = True

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, end)
    balances: dict[bytes, int] = {}
    while running:
        _transaction(consumer, producer, place, balances)
    consumer.close()


def _transaction(
    consumer: Consumer, producer: Producer, place: Place, balances: dict[bytes, int]
) -> None:
    """Fold what comes within the interval and commit it, if anything came."""
    began = time.monotonic()
    changed: dict[bytes, int] = {}
    is_open = False
    while (left := began + INTERVAL_SECONDS - time.monotonic()) > 0:
        messages: list[Any] = consumer.consume(FETCH_RECORDS, min(left, 0.01))
        if messages and not is_open:
            producer.begin_transaction()
            is_open = True
        for message in messages:
            key = message.key()
            partition = message.partition()
            result = wallet.fold(balances.get(key, 0), wallet.decode_event(message.value()))
            balances[key] = result.balance
            changed[key] = partition
            producer.produce(place.results, wallet.encode_result(result), key, partition)
        producer.poll(0)
    if not is_open:
        return
    for key, partition in changed.items():
        producer.produce(place.changelog, wallet.pack(balances[key]), key, partition)
    producer.send_offsets_to_transaction(
        consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
    )
    producer.commit_transaction()


ENGINES = (
    Engine(
        name="confluent-kafka",
        guarantee="exactly once",
        state="memory, changelog",
        command=lambda place: place.argv(__name__),
        changelog=lambda place: place.changelog,
        makes_changelog=True,
        balance=lambda key, value: (key.decode(), wallet.unpack(value)),
    ),
)

if __name__ == "__main__":
    run(Place.from_argv())
