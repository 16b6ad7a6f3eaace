"""What readers of the results notice while workers come and go.

python -m benchmarks.rebalance [--workers 2 4] [--rounds 6] [--every 5] [--json]

One worker stays. The others join, one each `--every` seconds, and leave again by SIGTERM in the
same rhythm, while events come in at a steady rate. The pause is the longest time between two
results of a partition around one coming or going. A partition needn't have moved if a worker that
stayed had it before, and nobody came, or it has more than its share.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.recovery import Process, make_topics
from local.kafka.node import KafkaNode

PARTITIONS = 8
RATE = 2_000
NAME = "rebalance"


class Results:
    """Reads committed results and notes, for each partition, when each poll brought some."""

    def __init__(self, kafka: str) -> None:
        self.seen: list[list[float]] = [[] for _ in range(PARTITIONS)]
        self.count = 0
        self._stop = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": "watching",
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
            }
        )
        self._consumer.assign([TopicPartition(f"{NAME}.results", n, 0) for n in range(PARTITIONS)])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def pauses(self, begin: float, end: float) -> list[float]:
        """Return each partition's longest wait that ended in the time given, in seconds."""
        return [
            max((b - a for a, b in itertools.pairwise(times) if begin <= b <= end), default=0.0)
            for times in self.seen
        ]

    def _run(self) -> None:
        while not self._stop.is_set():
            now = None
            for message in self._consumer.consume(1_000, 0.05):
                if message.error() is None:
                    now = now or time.monotonic()
                    self.count += 1
                    self.seen[message.partition() or 0].append(now)


class Load:
    """Sends events at a steady rate, round robin over the partitions."""

    def __init__(self, kafka: str) -> None:
        self.sent = 0
        self._producer = Producer({"bootstrap.servers": kafka, "linger.ms": 1})
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join()
        self._producer.flush(30)

    def _run(self) -> None:
        began = time.monotonic()
        while not self._stop.is_set():
            while self.sent < (time.monotonic() - began) * RATE:
                number = self.sent % PARTITIONS
                key = b"key-%d" % (self.sent % 1_000)
                self._producer.produce(f"{NAME}.source", bytes(255), key, number)
                self.sent += 1
            self._producer.poll(0)
            time.sleep(0.002)


def shares(workers: list[Process]) -> dict[int, set[int]]:
    """Return which partitions each worker serves, by its process id."""
    return {worker.process.pid: set(worker.partitions()) for worker in workers}


def moved_without_need(before: dict[int, set[int]], after: dict[int, set[int]]) -> int:
    """Count partitions that a worker who stayed lost although it had no more than its share."""
    stayed = before.keys() & after.keys()
    most = max(map(len, after.values()))
    lost = sum(len(before[pid] - after[pid]) for pid in stayed)
    had_to = sum(max(0, len(before[pid]) - most) for pid in stayed)
    return max(0, lost - had_to)


def measure(count: int, rounds: int, every_s: float) -> dict[str, Any]:
    """Return pauses and needless moves with up to `count` workers coming and going."""
    with tempfile.TemporaryDirectory(prefix="rebalance-") as folder:
        home = Path(folder)
        node = KafkaNode(home / "kafka")
        node.start()
        workers: list[Process] = []
        try:
            make_topics(node.bootstrap, NAME, PARTITIONS)
            workers.append(Process(node.bootstrap, NAME, home, PARTITIONS))
            workers[0].wait_ready()
            load, results = Load(node.bootstrap), Results(node.bootstrap)
            time.sleep(every_s)
            pauses: dict[str, list[float]] = {"join": [], "leave": []}
            needless = 0
            steps = (["join"] * (count - 1) + ["leave"] * (count - 1)) * rounds
            for step in steps[: 2 * rounds]:
                before, began = shares(workers), time.monotonic()
                if step == "join":
                    workers.append(Process(node.bootstrap, NAME, home, PARTITIONS))
                else:
                    workers.pop(1).process.terminate()
                time.sleep(every_s)
                after = shares(workers)
                whole = sum(map(len, after.values())) == PARTITIONS
                needless += moved_without_need(before, after) if whole else 0
                pauses[step] += results.pauses(began, time.monotonic())
                print(f"{step}: {sorted(map(len, after.values()))}", file=sys.stderr)
            load.stop()
            deadline = time.monotonic() + 60
            while results.count < load.sent and time.monotonic() < deadline:
                time.sleep(0.1)
            results.stop()
        finally:
            for worker in workers:
                worker.kill()
            node.stop()
    every = pauses["join"] + pauses["leave"]
    return {
        "workers": count,
        "events": load.sent,
        "results": results.count,
        "pause_median_s": round(statistics.median(every), 2),
        "pause_max_s": round(max(every), 2),
        "join_median_s": round(statistics.median(pauses["join"]), 2),
        "leave_median_s": round(statistics.median(pauses["leave"] or [0]), 2),
        "moved_without_need": needless,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [measure(count, options.rounds, options.every) for count in options.workers]
    if options.json:
        print(json.dumps(found))
        return
    for row in found:
        print(
            f"{row['workers']} workers: pause median {row['pause_median_s']} s, "
            f"max {row['pause_max_s']} s; {row['results']:,} results of {row['events']:,} events; "
            f"{row['moved_without_need']} partitions moved without need"
        )


if __name__ == "__main__":
    main()
