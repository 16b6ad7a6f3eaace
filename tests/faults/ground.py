"""The ground on which faults are tried: a broker, workers that are started again, a judge."""

from __future__ import annotations

import itertools
import math
import random
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from local.kafka.node import KafkaNode
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.log import messages
from streams.kafka.topics import PEOPLE_CHANGELOG, ends, reader
from streams.layer.state import PartitionState
from streams.settings import StreamSettings
from tests import keys
from tests.faults.judge import Judge, Verdict
from tests.faults.traffic import Sender, Traffic
from tests.stack import Stack, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PARTITIONS = 4
WORKERS = 3
SESSION_SECONDS = 3
RATE = 250.0
SETTLE_SECONDS_MAX = 240.0
READY_SECONDS_MAX = 120.0
POLL_SECONDS = 0.05
SETTINGS = {
    "FLOWDROP_PARTITIONS": str(PARTITIONS),
    "FLOWDROP_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
    "FLOWDROP_STUCK_SECONDS": "20",
    # fewer and larger transactions leave more half done at a kill, and spare a shared machine
    "FLOWDROP_TRANSACTION_INTERVAL_MS": "50",
}

# a dead worker is missed after three seconds, not six
KAFKA_SETTINGS = {"group.min.session.timeout.ms": str(SESSION_SECONDS * 1000)}


class Crew:
    """Worker processes that are started again whenever they end, as supervision would."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.workers: list[Worker] = []
        self.deaths: Counter[int] = Counter()

    def begin(self, **env: str) -> Worker:
        """Add one worker."""
        worker = self.stack.begin_worker(**env)
        self.workers.append(worker)
        return worker

    def bury(self) -> list[Worker]:
        """Take out the workers that have ended and return them."""
        dead = [worker for worker in self.workers if worker.process.poll() is not None]
        self.workers = [worker for worker in self.workers if worker not in dead]
        self.deaths.update(worker.process.returncode for worker in dead)
        return dead

    def tend(self, count: int) -> None:
        """Take out the dead, and add workers up to `count`."""
        self.bury()
        while len(self.workers) < count:
            self.begin()

    def ready(self) -> list[Worker]:
        """Return the workers that serve partitions."""
        return [worker for worker in self.workers if worker.partitions()]

    def leave(self, worker: Worker, number: signal.Signals) -> None:
        """Send a worker a signal that ends it, and take it out."""
        worker.process.send_signal(number)
        worker.process.wait(READY_SECONDS_MAX)
        self.bury()

    def stop(self) -> None:
        """End all by SIGTERM."""
        for worker in self.workers:
            worker.process.send_signal(signal.SIGCONT)
            worker.process.terminate()
        for worker in self.workers:
            worker.process.wait(READY_SECONDS_MAX)
        self.workers.clear()


class Ground:
    """A stack under test, its traffic, and what the judge needs of it.

    Args:
        folder: an empty one.
        seed: of the traffic and of when faults strike.
        say: is told in a sentence what goes on.
    """

    def __init__(self, folder: Path, seed: int, say: Callable[[str], object]) -> None:
        self.stack = Stack(folder, SETTINGS)
        self.stack.kafka = KafkaNode(folder / "kafka", settings=KAFKA_SETTINGS)
        self.crew = Crew(self.stack)
        self.random = random.Random(seed)
        self.say = say
        self.traffic = Traffic(seed, PARTITIONS)
        self.records = self.traffic.records()
        self.senders: list[Sender] = []
        self.verdict = Verdict()
        self.deadline = math.inf
        self._people = [PartitionState(number) for number in range(PARTITIONS)]
        self._people_read = [0] * PARTITIONS
        self.judge = Judge(
            self.stack.kafka.bootstrap, StreamSettings(partitions=PARTITIONS, **keys.SETTINGS)
        )

    def __enter__(self) -> Self:
        self.stack.start_kafka()
        return self

    def __exit__(self, *_: object) -> None:
        self.crew.stop()
        self.stack.stop()

    def sender(self, *, good: bool = True) -> Sender:
        """Return a sender whose records the next judgement knows of."""
        sender = Sender(self.stack.kafka.bootstrap, good=good)
        self.senders.append(sender)
        return sender

    def flow(self, rate: float = RATE) -> Sender:
        """Begin the constant traffic; stop it by the sender's `stop`."""
        sender = self.sender()
        sender.begin(self.records, rate)
        return sender

    def until(
        self, condition: Callable[[], Any], what: str, seconds: float = READY_SECONDS_MAX
    ) -> Any:
        """Poll until `condition` gives something; a fault that waits longer is broken."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what} did not come in {seconds:.0f} s"
            time.sleep(POLL_SECONDS)
        return found

    def wait_ready(self, count: int = WORKERS) -> None:
        """Keep `count` workers running and wait until all partitions are served."""

        def served() -> bool:
            self.crew.tend(count)
            owned = [set(worker.partitions() or ()) for worker in self.crew.workers]
            return sorted(itertools.chain(*owned)) == list(range(PARTITIONS))

        self.until(served, "a worker for every partition")

    def settle(self) -> None:
        """End the traffic, let the workers come to the log's end, and judge into `verdict`."""
        for sender in self.senders:
            sender.stop()
        failed: Counter[str] = sum((sender.failed for sender in self.senders), Counter())
        if failed:
            self.say(f"not acknowledged: {dict(failed)}")
        self.until(self._settled, "the log's end", SETTLE_SECONDS_MAX)
        self.verdict.add(self.judge.judge(self.senders, self.accounts()))
        self.senders.clear()

    def appended(self) -> int:
        """Return how many records clients and workers have put into the two logs."""
        return sum(sum(ends_) for ends_ in self._ends().values())

    # -- what the workers say --------------------------------------------------------------------

    def _settled(self) -> bool:
        """Return whether everything is applied, and nothing more was appended by doing so."""
        self.crew.tend(1)
        before = self._ends()
        live = self._live()
        if live is None or any(
            body["as_of"]["offset"] < end
            for body, end in zip(live, before[WALLET_TOPIC], strict=True)
        ):
            time.sleep(0.2)
            return False
        return self._campaigns_done(before[CAMPAIGN_TOPIC]) and self._ends() == before

    def _live(self) -> list[dict[str, Any]] | None:
        for worker in self.crew.ready():
            views = (f"{worker.url}/accounts/{number}" for number in range(PARTITIONS))
            bodies = [self.stack.ask(view) for view in views]
            if all(body and "accounts" in body for body in bodies):
                return bodies
        return None

    def accounts(self) -> dict[str, list[int]]:
        """Return `[posted, pending, version]` of every account, from the live tables."""
        live = self.until(self._live, "the live tables")
        return {name: place for body in live for name, place in body["accounts"].items()}

    def _ends(self) -> dict[str, list[int]]:
        consumer = reader(self.stack.kafka.bootstrap)
        found = {
            topic: [own.end for own in ends(consumer, topic, PARTITIONS)]
            for topic in (WALLET_TOPIC, CAMPAIGN_TOPIC)
        }
        consumer.close()
        return found

    def _campaigns_done(self, wanted: list[int]) -> bool:
        """Return whether all of campaign.events is applied, as the people's changelog says.

        The group's committed offsets don't say it: a worker that died between its transaction and
        the next commit of offsets leaves them behind, and nobody needs them.
        """
        for number, end in enumerate(wanted):
            state = self._people[number]
            start = self._people_read[number]
            for got in messages(self.stack.kafka.bootstrap, PEOPLE_CHANGELOG, number, start):
                state.restore((m.offset() or 0, m.key(), m.value()) for m in got)
                self._people_read[number] = (got[-1].offset() or 0) + 1
            if state.committed_offset < end:
                return False
        return True

    @property
    def is_over(self) -> bool:
        """Whether the time for this fault is up."""
        return time.monotonic() > self.deadline

    def times(self, count: int) -> Iterator[int]:
        """Yield 1, 2, ... `count`, unless the time is up before."""
        return itertools.takewhile(lambda _: not self.is_over, range(1, count + 1))

    def every(self, seconds: float) -> Iterator[float]:
        """Yield the time left, now and then, for so many seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            yield left
