"""The producing process of the latency measurement: a steady rate in small ticks.

    python -m benchmarks.paced BOOTSTRAP TOPIC JOB RATE TIMES

It writes to the file TIMES when each event was handed over and when the broker acknowledged it, as
two arrays of doubles, in seconds since 1970. Event 0 was sent before, by whoever started it.
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import Producer

from benchmarks.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, Message

TICK_SECONDS = 0.005
FLUSH_SECONDS_MAX = 30.0


def produce(bootstrap: str, topic: str, job: Job, rate: int) -> tuple[array[float], array[float]]:
    """Produce the job's events at `rate` a second; return when each was sent and acknowledged."""
    sent = array("d", bytes(8 * job.events))
    acked = array("d", bytes(8 * job.events))
    records = list(job.records())
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 1, "compression.type": "none"}
    )

    def acknowledging(number: int) -> Callable[[KafkaError | None, Message], None]:
        def acknowledged(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                raise RuntimeError(f"the broker refused an event: {error.str()}")
            acked[number] = time.time()

        return acknowledged

    began = time.monotonic()
    number = 1
    while number < job.events:
        due = min(1 + int((time.monotonic() - began) * rate), job.events)
        for partition, key, value in records[number:due]:
            sent[number] = time.time()
            producer.produce(topic, value, key, partition, on_delivery=acknowledging(number))
            number += 1
        producer.poll(0)
        time.sleep(TICK_SECONDS)
    producer.flush(FLUSH_SECONDS_MAX)
    sent[0] = acked[0] = sent[1]
    return sent, acked


def main() -> None:
    """Do what the command line says."""
    bootstrap, topic, options, rate, times = sys.argv[1:]
    sent, acked = produce(bootstrap, topic, Job(**json.loads(options)), int(rate))
    with Path(times).open("wb") as file:
        sent.tofile(file)
        acked.tofile(file)


if __name__ == "__main__":
    main()
