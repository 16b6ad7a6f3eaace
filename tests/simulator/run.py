"""One run: a plan, a deterministic scheduler, virtual time, and workers that come and go."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import msgspec

from streams.events import (
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    KeyChange,
    KeyData,
    Leg,
    decode_wallet,
    encode,
)
from streams.ledger.accounts import unpack
from streams.ledger.keys import sign
from streams.ledger.terms import keyring_of
from tests.simulator.kafka import SESSION_TIMEOUT_MS, TRANSACTION_TIMEOUT_MS, Broker, Group
from tests.simulator.worker import CHANGELOG, DiedError, Worker

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.simulator.kafka import Log
    from tests.simulator.plan import CopiedLeg, Fault, Item, KeyStep, Plan, Record

STEPS_IN_VAIN_MAX = 20_000  # without anything committed, once all is published
STEPS_AT_ONCE = 16  # between two looks at whether all is at rest
SLOW_MAX = 2_000  # items that may be published and fetched one by one
REACHED_MAX = 2_000  # steps after which a fault that waits for its place is given up


class Pace:
    """How fast clients publish, and how much a fetch brings; another with each schedule."""

    def __init__(self, random: Random, items: int) -> None:
        few = items < SLOW_MAX
        self.fetch = random.choice((2, 20, 60, 200) if few else (20, 60, 200))  # offsets, about
        self.burst = random.choice((0.1, 10, 30) if few else (10, 30))  # records at once, about
        # Mostly about what the workers keep up with, so that faults meet them all along.
        rate = random.choice((1, 1, 4)) * self.fetch / 40
        self.publish = min(0.5, rate / (1 + self.burst))  # chance that a step is a client's


class Simulation:
    """Runs what is kept of a plan until everything is read, and stands still.

    Attributes:
        stuck: why it did not come to rest, '' if it did.
    """

    def __init__(self, plan: Plan, worker: type[Worker] = Worker) -> None:
        self.plan = plan
        self.make_worker = worker
        self.random = Random(f"{plan.seed}/{plan.schedule}")
        self.pace = Pace(self.random, len(plan.items))
        self.broker = Broker()
        self.group = Group(plan.partitions)
        self.rules = plan.rules
        self.logs = [self.broker.log(WALLET_TOPIC, n) for n in range(plan.partitions)]
        self.workers: dict[int, Worker] = {}
        self.awake_ms: dict[int, int] = {}  # of the paused, when they wake
        self.start_ms: list[int] = []  # when the next workers are started
        self.members = 0
        self.armed: list[tuple[int, Fault]] = []  # the step at which a fault is given up, the fault
        self.waiting: list[CopiedLeg | KeyStep] = []  # for a leg to copy, for a key to be unused
        self.markers_at_ms = 0  # the coordinator writes none before
        self.steps = 0
        self.passed: Counter[str] = Counter()  # steps of workers, and why they ended, by name
        self.stuck = ""

    # -- the scheduler -----------------------------------------------------------------------

    def run(self) -> Simulation:
        for _ in range(self.plan.workers):
            self._start_worker()
        published, items, random, pace = 0, self.plan.items, self.random, self.pace
        while published < len(items):
            if random.random() < pace.publish:
                for _ in range(1 + int(random.expovariate(1 / pace.burst))):
                    if published < len(items):
                        items[published].happen(self)
                        published += 1
            else:
                self._step()
        self._drain()
        return self

    def _drain(self) -> None:
        reached, at = -1, 0
        while not self._is_drained():
            for _ in range(STEPS_AT_ONCE):
                self._step()
            written = sum(log.end for log in self.broker.logs.values())
            if written != reached:
                reached, at = written, self.steps
            elif self.steps - at > STEPS_IN_VAIN_MAX:
                ends = [log.end for log in self.logs]
                self.stuck = f"no rest: nothing more is committed, and the logs end at {ends}"
                return

    def _is_drained(self) -> bool:
        if self.start_ms or self.awake_ms or self.group.joining or self.broker.running:
            return False
        owners = self.group.owners
        return all(
            (worker := self.workers.get(owners.get(log.partition, -1))) is not None
            and (slot := worker.slots.get(log.partition)) is not None
            and slot.ready
            and slot.state.committed_offset == log.end
            for log in self.logs
        )

    def _step(self) -> None:
        """Let time pass, and somebody do one thing."""
        self.steps += 1
        random, broker = self.random, self.broker
        broker.now_ms += random.randrange(3)
        if self.steps % 16 == 0:
            self.group.expire(broker.now_ms)
            broker.time_out()
            self._start_and_wake()
            self._give_up()
            waiting, self.waiting = self.waiting, []
            for item in waiting:
                item.happen(self)
        if broker.running and broker.now_ms >= self.markers_at_ms and random.random() < 0.5:
            ending = broker.ending()
            if ending:
                transaction = random.choice(ending)
                broker.write_marker(transaction, random.randrange(len(transaction.markers)))
                return
        awake = [member for member in self.workers if member not in self.awake_ms]
        if not awake:
            broker.now_ms += 20
            return
        member = random.choice(awake)
        worker = self.workers[member]
        try:
            worker.step()
        except DiedError as reason:
            self.passed[str(reason).partition(":")[0]] += 1
            self._end(member)
            return
        self.passed[worker.last] += 1
        if self.armed:
            self._reach(member, worker.last)

    def _start_worker(self) -> None:
        self.members += 1
        self.workers[self.members] = self.make_worker(
            self.members, self.broker, self.group, self.rules, self.random, self.pace.fetch
        )

    def _end(self, member: int) -> None:
        """A process is gone; the group learns it when its session ends, or it said so itself."""
        del self.workers[member]
        self.awake_ms.pop(member, None)
        self.start_ms.append(self.broker.now_ms + self.random.randrange(2 * SESSION_TIMEOUT_MS))

    def _start_and_wake(self) -> None:
        now_ms = self.broker.now_ms
        for member, at_ms in list(self.awake_ms.items()):
            if at_ms <= now_ms:
                del self.awake_ms[member]
        for at_ms in [at_ms for at_ms in self.start_ms if at_ms <= now_ms]:
            self.start_ms.remove(at_ms)
            self._start_worker()

    # -- faults ------------------------------------------------------------------------------

    def arm(self, fault: Fault) -> None:
        """Let a fault happen at once, or when a worker next does the step that it names."""
        if fault.point:
            self.armed.append((self.steps + REACHED_MAX, fault))
        else:
            self._strike(fault, self._victim())

    def _victim(self) -> int | None:
        awake = [member for member in self.workers if member not in self.awake_ms]
        return self.random.choice(awake) if awake else None

    def _reach(self, member: int, point: str) -> None:
        for waiting in self.armed:
            if waiting[1].point == point:
                self.armed.remove(waiting)
                self._strike(waiting[1], member)
                return

    def _give_up(self) -> None:
        self.armed = [waiting for waiting in self.armed if waiting[0] > self.steps]

    def _strike(self, fault: Fault, member: int | None) -> None:
        getattr(self, "_" + fault.name)(fault, member)

    def _crash(self, _: Fault, member: int | None) -> None:
        if member is not None:
            self._end(member)

    def _pause(self, fault: Fault, member: int | None) -> None:
        if member is not None:
            self.awake_ms[member] = self.broker.now_ms + fault.for_ms

    def _stop(self, _: Fault, member: int | None) -> None:
        """Ask a worker to end in good order."""
        if member is not None:
            self.workers[member].stopping = True

    def _join(self, fault: Fault, _: int | None) -> None:
        """One more worker, for good."""
        if len(self.workers) + len(self.start_ms) < self.plan.partitions + 2:
            self.start_ms.append(self.broker.now_ms + fault.for_ms)

    def _rebalance(self, _: Fault, __: int | None) -> None:
        self.group.reshuffle(self.random)

    def _stray(self, _: Fault, member: int | None) -> None:
        """A consumer fetches from a place where it should not be."""
        worker = self.workers.get(member or 0)
        ready = [n for n, slot in worker.slots.items() if slot.ready] if worker else []
        if worker and ready:
            worker.stray(self.random.choice(ready))

    def _lose_commit(self, _: Fault, member: int | None) -> None:
        if member is not None:
            self.workers[member].commit_calls.append("lost")

    def _lose_answer(self, _: Fault, member: int | None) -> None:
        if member is not None:
            self.workers[member].commit_calls.append("unheard")

    def _abort(self, _: Fault, __: int | None) -> None:
        """The coordinator gives up a transaction, as it does after its timeout."""
        self.broker.time_out(after_ms=-1)

    def _late_markers(self, fault: Fault, _: int | None) -> None:
        self.markers_at_ms = self.broker.now_ms + min(fault.for_ms, TRANSACTION_TIMEOUT_MS)

    def _compact(self, _: Fault, __: int | None) -> None:
        self.broker.log(CHANGELOG, self.random.randrange(self.plan.partitions)).compact()

    # -- what clients and forgers do ---------------------------------------------------------

    def publish(self, item: Record) -> None:
        self._tick(item)
        self.logs[item.partition].append(item.key, item.value, self.broker.calendar_ms)

    def copy_leg(self, item: CopiedLeg) -> None:
        """Append a committed leg again, as soon as there is one."""
        self._tick(item)
        random = Random(item.index)
        for turn in range(len(self.logs)):
            log = self.logs[(item.index + turn) % len(self.logs)]
            offset = self._leg_before(log, 1 + random.randrange(log.end + 1))
            if offset >= 0:
                self._append_copy(item, log, decode_wallet(log.values[offset] or b""))
                return
        self.waiting.append(item)

    def change_key(self, item: KeyStep) -> None:
        """Change a key on every partition; revoke it when what each has committed is without it."""
        self._tick(item)
        signing = [self._signs_with(item.about, number) for number in range(len(self.logs))]
        if item.step == "revoke" and any(signing):
            self.waiting.append(item)
            return
        for number, log in enumerate(self.logs):
            subject = f"keys:ledger@{number}"
            data = KeyData(
                purpose="ledger", step=item.step, about=item.about, key="k1", signature="0" * 64
            )
            head = {"id": f"key:{item.index}", "source": "operator", "subject": subject}
            time = datetime.fromtimestamp(item.time_ms / 1000, UTC)
            event = sign(KeyChange(**head, time=time, data=data), self.rules.rules_keys["k1"])
            log.append(subject.encode(), encode(event), self.broker.calendar_ms)

    def _signs_with(self, key: str, number: int) -> bool:
        worker = self.workers.get(self.group.owners.get(number, -1))
        slot = worker.slots.get(number) if worker else None
        if slot is None or not slot.ready:
            return True  # for all that is known
        name = f"keys:ledger@{number}"
        record = slot.state.committed.get(name.encode())
        return record is None or keyring_of(unpack(name, record).terms).signs == key

    def _append_copy(self, item: CopiedLeg, log: Log, leg: WalletEvent) -> None:
        if not isinstance(leg, Leg):
            return  # a forwarded record: copying it is a client's repeat
        if item.changes:
            head = {k: v for k, v in item.changes.items() if k == "subject"}
            data = {k: v for k, v in item.changes.items() if k != "subject"}
            changed = msgspec.structs.replace(leg.data, **data)
            leg = msgspec.structs.replace(leg, **head, data=changed)
        here = log if item.partition < 0 else self.logs[item.partition]
        here.append(leg.subject.encode(), encode(leg), self.broker.calendar_ms)

    def _leg_before(self, log: Log, offset: int) -> int:
        """The last committed record of a worker before `offset`, -1 if there is none."""
        place = bisect_left(log.transactional, min(offset, log.stable_end)) - 1
        while place >= 0:
            writer = log.writers[log.transactional[place]]
            if writer is not None and writer.state == "committed":
                return log.transactional[place]
            place -= 1
        return -1

    def _tick(self, item: Item) -> None:
        self.broker.calendar_ms = max(self.broker.calendar_ms, item.time_ms)

    # -- what is left ------------------------------------------------------------------------

    def tables(self) -> list[dict[bytes, bytes]]:
        """Each partition's live state, of the worker that owns it."""
        return [
            self.workers[self.group.owners[n]].slots[n].state.committed
            for n in range(self.plan.partitions)
        ]

    def digest(self) -> str:
        """A hash over every log, byte by byte: the same for the same plan."""
        found = hashlib.blake2b(digest_size=16)
        for (topic, partition), log in sorted(self.broker.logs.items()):
            content = (topic, partition, log.keys, log.values, log.times_ms, log.shown)
            found.update(msgspec.msgpack.encode(content))
        return found.hexdigest()


__all__ = ["DEADLETTER_TOPIC", "POSTINGS_TOPIC", "TRANSACTION_TIMEOUT_MS", "Simulation"]
