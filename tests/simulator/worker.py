"""A worker as a machine of small steps, in the order of calls that the layer keeps.

The fold, the state, the partition record and the rule of skips and gaps are the real ones
(`fold_batch`, `PartitionState`, `applied_record`, `fresh_batches`); what stands between them and
Kafka is told again here, each call a step, so that the scheduler may stop, pause or interleave
workers between any two.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NoReturn

from streams.events import WALLET_TOPIC
from streams.layer.fresh import fresh_batches
from streams.layer.state import APPLIED_KEY, PartitionState, applied_record
from streams.layer.table import Work
from streams.worker.agents import fold_batch
from tests.simulator.kafka import AbortableError, FencedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterable
    from random import Random

    from streams.layer.batch import Batch
    from streams.layer.state import Pending
    from streams.ledger.rules import Rules
    from tests.simulator.kafka import Broker, Group

    Steps = Generator[str, None, None]

CHANGELOG = "accounts-changelog"
QUEUED_MAX = 6
UNCOMMITTED_MAX = 1_000  # records that may wait to be committed; then the fold waits


class DiedError(Exception):
    """The process ended; supervision starts another."""


class Message:
    """What Faust wraps a batch in, as far as the layer looks at it."""

    __slots__ = ("generation_id", "tp")

    def __init__(self, generation_id: int, partition: int) -> None:
        self.generation_id = generation_id
        self.tp = Place(WALLET_TOPIC, partition)


class Place:
    """A topic's partition."""

    __slots__ = ("partition", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition

    def __hash__(self) -> int:
        return hash(self.partition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and other.partition == self.partition


class Delivery:
    """A stream event: a batch, and whose generation it is of."""

    __slots__ = ("message", "value")

    def __init__(self, batch: Batch, generation: int) -> None:
        self.value = batch
        self.message = Message(generation, batch.partition)


class Pause:
    """Awaited, it hands control back to the scheduler once."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Consumer:
    """What `fresh_batches` asks of Faust's app, its consumer and its stream."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.consumer = self

    @property
    def consumer_generation_id(self) -> int:
        return self.worker.generation

    def was_read(self, batch: Batch) -> None:
        """Only a measure of memory."""

    def forget(self, message: Message) -> None:
        """Nothing is acknowledged."""

    async def seek_wait(self, places: dict[Place, int | None]) -> None:
        await Pause()
        for place, offset in places.items():
            if offset is not None:
                self.worker.positions[place.partition] = offset

    async def earliest_offsets(self, *places: Place) -> dict[Place, int]:
        await Pause()
        return dict.fromkeys(places, 0)

    def noack(self) -> Consumer:
        return self

    async def events(self) -> AsyncIterator[Delivery]:
        while True:
            while not self.worker.queue:
                await Pause()
            yield self.worker.queue.popleft()


class Slot:
    """One partition that a worker has."""

    def __init__(self, number: int, state: PartitionState) -> None:
        self.number = number
        self.state = state
        self.epoch = -1
        self.ready = False
        self.steps: Steps  # opening it, and then committing for as long as it is ours


class Worker:
    """One process. `step` does one step; a crash is to forget the object."""

    def __init__(
        self,
        member: int,
        broker: Broker,
        group: Group,
        rules: Rules,
        random: Random,
        offsets_a_fetch: int,
    ) -> None:
        self.member = member
        self.broker = broker
        self.group = group
        self.rules = rules
        self.random = random
        self.offsets_a_fetch = offsets_a_fetch
        self.partitions = group.partitions
        self.generation = -1
        self.slots: dict[int, Slot] = {}
        self.positions: dict[int, int] = {}
        self.queue: deque[Delivery] = deque()
        self.revoking = False
        self.stopping = False
        self.fresh = self.fresh_batches()
        self.reading: Any = None
        self.commit_calls: deque[str] = deque()  # what the network does to the next: lost, unheard
        self.last = ""  # the name of the step done last
        group.join(member, broker.now_ms)

    # -- what bugs are planted in ------------------------------------------------------------

    committed_only = True

    def transactional_id(self, number: int) -> str:
        return f"flowdrop-accounts-{number}"

    def fresh_batches(self) -> AsyncIterator[tuple[Any, Batch]]:
        consumer = Consumer(self)
        return fresh_batches(consumer, consumer, self, self.on_fatal)  # type: ignore[arg-type]

    def new_state(self, number: int) -> PartitionState:
        return PartitionState(number)

    def lose(self, number: int) -> None:
        del self.slots[number]

    def changelog_end(self, number: int) -> int:
        return self.broker.log(CHANGELOG, number).end

    def restored(self, slot: Slot) -> None:
        """The changelog is read to its end."""

    def records_of(self, slot: Slot, pending: Pending) -> list[tuple[str, int, tuple[Any, ...]]]:
        """What a transaction holds, in its order: (topic, partition, (key, value, headers))."""
        records = [(topic, to, (key, value, h)) for topic, to, key, value, h in pending.records]
        for key, value in pending.changes.items():
            records.append((CHANGELOG, slot.number, (key, value, None)))
        records.append((CHANGELOG, slot.number, (APPLIED_KEY, applied_record(pending), None)))
        return records

    def before_commit(self, slot: Slot, pending: Pending) -> None:
        """The transaction is about to be sent."""

    def after_commit(self, slot: Slot, pending: Pending) -> Iterable[str]:
        """Acknowledge the source, which only moves the group's offset."""
        self.group.committed[slot.number] = pending.next_offset
        return ()

    # -- one step ----------------------------------------------------------------------------

    def step(self) -> None:
        """Do one of the steps that can be done now.

        Raises:
            DiedError: when the process ends by itself, as a fenced one does.
        """
        choice = self.random.random()
        if choice < 0.2 or not self.slots:
            self.last = self.poll()
        elif choice < 0.4 and not self.revoking:
            self.last = self.fetch()
        elif choice < 0.65:
            self.last = self.fold()
        else:
            slot = self.slots[self.random.choice(list(self.slots))]
            self.last = next(slot.steps)

    def poll(self) -> str:
        """Ask the group; give up everything when it wants us to join again, and take our share."""
        if not self.group.beat(self.member, self.broker.now_ms):
            # Put out, and perhaps not aware of it for long: others may have our partitions.
            self.group.join(self.member, self.broker.now_ms)
        elif self.generation != self.group.generation and not self.group.joining:
            self.assign(self.group.share(self.member))
            return "assigned"
        elif self.group.joining and self.member not in self.group.joined:
            self.revoking = True
            if self.is_drained():
                self.group.join(self.member, self.broker.now_ms)
                return "joined"
        elif self.stopping:
            self.revoking = True
            if self.is_drained():
                self.group.leave(self.member)
                raise DiedError("stopped")
        return "polled"

    def is_drained(self) -> bool:
        return not any(slot.state.open or slot.state.flying for slot in self.slots.values())

    def assign(self, mine: set[int]) -> None:
        self.generation = self.group.generation
        self.revoking = False
        for number in self.slots.keys() - mine:
            self.lose(number)
        for number in sorted(mine - self.slots.keys()):
            slot = self.slots[number] = Slot(number, self.new_state(number))
            slot.steps = self.life_of(slot)
        for number, slot in self.slots.items():
            self.resume(number, slot.state.next_offset)

    def resume(self, number: int, offset: int) -> None:
        """Read on at `offset`; Faust may fetch from elsewhere before its seek is done."""
        if self.random.random() < 0.2:
            self.stray(number)
        self.positions[number] = offset

    def stray(self, number: int) -> None:
        """Fetch a batch from anywhere in the log, as if the position had been there."""
        log = self.broker.log(WALLET_TOPIC, number)
        batch = log.fetch(self.random.randrange(log.stable_end + 1), self.fetch_count())
        if batch is not None:
            self.take(batch)

    def take(self, batch: Batch) -> None:
        self.queue.append(Delivery(batch, self.generation))

    def fetch_count(self) -> int:
        return 1 + int(self.random.expovariate(1 / self.offsets_a_fetch))

    def fetch(self) -> str:
        ready = [number for number, slot in self.slots.items() if slot.ready]
        if not ready or len(self.queue) >= QUEUED_MAX:
            return "idle"
        number = self.random.choice(ready)
        log = self.broker.log(WALLET_TOPIC, number)
        start = self.positions[number]
        batch = log.fetch(start, self.fetch_count(), committed=self.committed_only)
        if batch is None:
            return "idle"
        self.take(batch)
        self.positions[number] = batch.end
        return "fetched"

    def fold(self) -> str:
        """Let the agent take the next batch, if there is one."""
        waiting = any(
            len(slot.state.open.records) > UNCOMMITTED_MAX for slot in self.slots.values()
        )
        if waiting or (self.revoking and not self.queue):
            return "idle"
        if self.reading is None:
            self.reading = self.fresh.__anext__()
        try:
            self.reading.send(None)
        except StopIteration as done:
            self.reading = None
            _, batch = done.value
            state = self.slots[batch.partition].state
            fold_batch(Work(batch, state), self.rules, self.partitions)
            time_ms = batch.timestamps_ms[-1] if batch.timestamps_ms else 0
            state.folded(batch, batch.end, time_ms)  # type: ignore[arg-type]
            return "folded"
        return "idle"

    # -- places, as `fresh_batches` asks for them --------------------------------------------

    def next_offset(self, number: int) -> int | None:
        slot = self.slots.get(number)
        return slot.state.next_offset if slot and slot.ready else None

    def begin_at(self, number: int, offset: int) -> None:
        self.slots[number].state.open.next_offset = offset

    def on_fatal(self, reason: str, error: BaseException | None = None) -> NoReturn:
        raise DiedError(reason) from error

    # -- the life of a partition: open, restore, commit for ever -----------------------------

    def life_of(self, slot: Slot) -> Steps:
        yield from self.open(slot)
        yield from self.restore(slot)
        while True:
            if slot.state.open:
                yield from self.commit(slot)
            yield "waiting"

    def open(self, slot: Slot) -> Steps:
        """Fence whoever had the partition, and wait until what they began has ended."""
        while (epoch := self.broker.init(self.transactional_id(slot.number))) is None:
            yield "opening"
        slot.epoch = epoch
        yield "opened"

    def restore(self, slot: Slot) -> Steps:
        log = self.broker.log(CHANGELOG, slot.number)
        end, position = self.changelog_end(slot.number), 0
        while position < end:
            count = 1 + self.random.randrange(400)
            batch = log.fetch(position, min(count, end - position), committed=self.committed_only)
            if batch is not None:
                slot.state.restore(batch.records())
                position = batch.end
            yield "restoring"
        self.restored(slot)
        slot.ready = True
        self.resume(slot.number, slot.state.next_offset)
        yield "restored"

    def commit(self, slot: Slot) -> Steps:
        pending = slot.state.take()
        yield "taken"
        self.before_commit(slot, pending)
        while True:
            try:
                yield from self.send(slot, self.records_of(slot, pending))
                yield from self.end_transaction(slot)
                break
            except AbortableError:
                yield "aborted"
                slot.epoch = self.recover(slot)
        slot.state.settle()
        yield "settled"
        yield from self.after_commit(slot, pending)
        yield "acknowledged"

    def send(self, slot: Slot, records: list[tuple[str, int, tuple[Any, ...]]]) -> Steps:
        """Produce in a few requests, each for one partition, as a producer does."""
        requests: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
        for topic, to, record in records:
            requests.setdefault((topic, to), []).append(record)
        for (topic, to), batch in requests.items():
            log = self.broker.log(topic, to)
            half = self.random.randrange(len(batch) + 1)
            for part in (batch[:half], batch[half:]):
                while part and not self.produce(slot, log, part):
                    yield "transaction ending"
                yield "sent"

    def produce(self, slot: Slot, log: Any, records: list[tuple[Any, ...]]) -> bool:
        try:
            name = self.transactional_id(slot.number)
            return self.broker.produce(name, slot.epoch, log, records)
        except FencedError as error:
            raise DiedError(f"fenced: {error}") from error

    def end_transaction(self, slot: Slot) -> Steps:
        while True:
            network = self.commit_calls.popleft() if self.commit_calls else ""
            if network != "lost":
                try:
                    self.broker.end(self.transactional_id(slot.number), slot.epoch, "committed")
                except FencedError as error:
                    raise DiedError(f"fenced: {error}") from error
            if not network:
                yield "committed"
                return
            yield "unanswered"

    def recover(self, slot: Slot) -> int:
        try:
            return self.broker.recover(self.transactional_id(slot.number), slot.epoch)
        except FencedError as error:
            raise DiedError(f"fenced: {error}") from error
