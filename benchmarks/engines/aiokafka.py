"""The job directly on aiokafka, same guarantee: whole record batches, one transaction each.

As with confluent-kafka, this is the loop alone.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from benchmarks import wallet
from benchmarks.engines import Engine
from benchmarks.place import Place

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

FETCH_WAIT_MS = 100
BATCH_BYTES = 262_144


async def run(place: Place) -> None:
    """Fold until SIGTERM."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    consumer = AIOKafkaConsumer(
        place.source,
        bootstrap_servers=place.bootstrap,
        group_id=place.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_wait_ms=5,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=place.bootstrap,
        transactional_id=place.group,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
    )
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await consumer.start()
    await producer.start()
    balances: dict[bytes, int] = {}
    while not ended.is_set():
        await _transaction(consumer, producer, place, balances)
    await consumer.stop()
    await producer.stop()


async def _transaction(
    consumer: AIOKafkaConsumer,
    producer: AIOKafkaProducer,
    place: Place,
    balances: dict[bytes, int],
) -> None:
    """Fold one fetch of every partition and commit it."""
    fetched = await consumer.getmany(timeout_ms=FETCH_WAIT_MS)
    if not fetched:
        return
    async with producer.transaction():
        for tp, messages in fetched.items():
            changed: dict[bytes, int] = {}
            results = []
            for message in messages:
                key = message.key
                result = wallet.fold(balances.get(key, 0), wallet.decode_event(message.value))
                balances[key] = changed[key] = result.balance
                results.append((key, wallet.encode_result(result)))
            state = [(key, wallet.pack(balance)) for key, balance in changed.items()]
            await _send(producer, place.results, tp.partition, results)
            await _send(producer, place.changelog, tp.partition, state)
        ends = {tp: messages[-1].offset + 1 for tp, messages in fetched.items()}
        await producer.send_offsets_to_transaction(ends, place.group)


async def _send(
    producer: AIOKafkaProducer, topic: str, partition: int, records: list[tuple[bytes, bytes]]
) -> None:
    batch = producer.create_batch()
    for key, value in records:
        if batch.append(key=key, value=value, timestamp=None) is None:  # full
            await producer.send_batch(batch, topic, partition=partition)
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    await producer.send_batch(batch, topic, partition=partition)


ENGINES = (
    Engine(
        name="aiokafka",
        guarantee="exactly once",
        state="memory, changelog",
        command=lambda place: place.argv(__name__),
        changelog=lambda place: place.changelog,
        makes_changelog=True,
        balance=lambda key, value: (key.decode(), wallet.unpack(value)),
    ),
)

if __name__ == "__main__":
    import uvloop

    uvloop.run(run(Place.from_argv()))
