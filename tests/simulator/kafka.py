"""A model of what the layer relies on in Kafka: logs, transactions, fencing and the consumer group.

Offsets are places in lists, and the markers that end a transaction take offsets of their own. What
a transaction writes stands in the log at once and can be read committed only when its marker stands
there too; the coordinator writes markers one by one, at its own pace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.layer.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from streams.layer.state import Headers

SESSION_TIMEOUT_MS = 300
TRANSACTION_TIMEOUT_MS = 1_500


class FencedError(Exception):
    """Another producer has the transactional id."""


class AbortableError(Exception):
    """The coordinator aborted the transaction, for it took too long; it may be done again."""


class Transaction:
    """Records of one producer in several logs, visible together or never."""

    __slots__ = ("first_offsets", "markers", "started_ms", "state", "transactional_id")

    def __init__(self, transactional_id: str, now_ms: int) -> None:
        self.transactional_id = transactional_id
        self.state = "open"  # then committed or aborted
        self.first_offsets: dict[Log, int] = {}
        self.markers: list[Log] = []  # decided, and still to be written to these
        self.started_ms = now_ms


class Log:
    """One partition of a topic."""

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.keys: list[bytes | None] = []
        self.values: list[bytes | None] = []
        self.times_ms: list[int] = []
        self.headers: list[Headers] = []
        self.shown: list[bool] = []  # False: a marker, or compacted away
        self.writers: list[Transaction | None] = []  # None: a client without transactions
        self.transactional: list[int] = []  # offsets of what has a writer
        self.unstable: dict[Transaction, int] = {}  # without a marker yet: their first offset here

    @property
    def end(self) -> int:
        return len(self.keys)

    @property
    def stable_end(self) -> int:
        """The last stable offset: what is below it is committed or aborted for good."""
        return min(self.unstable.values(), default=self.end)

    def append(
        self,
        key: bytes | None,
        value: bytes | None,
        time_ms: int,
        headers: Headers | None = None,
        writer: Transaction | None = None,
        *,
        shown: bool = True,
    ) -> None:
        if writer is not None and shown and writer not in self.unstable:
            self.unstable[writer] = writer.first_offsets[self] = self.end
        if writer is not None and shown:
            self.transactional.append(self.end)
        self.keys.append(key)
        self.values.append(value)
        self.times_ms.append(time_ms)
        self.headers.append(headers or [])
        self.shown.append(shown)
        self.writers.append(writer)

    def mark(self, transaction: Transaction, time_ms: int) -> None:
        """End a transaction here."""
        del self.unstable[transaction]
        self.append(None, None, time_ms, writer=transaction, shown=False)

    def offsets(self, start: int, end: int, *, committed: bool) -> Iterator[int]:
        """The offsets of `[start, end)` that a reader is shown."""
        shown, writers = self.shown, self.writers
        for offset in range(start, end):
            if shown[offset]:
                writer = writers[offset]
                if writer is None or writer.state == "committed" or not committed:
                    yield offset

    def fetch(self, start: int, count: int, *, committed: bool = True) -> Batch | None:
        """The batch of at most `count` offsets from `start`, None when there is nothing."""
        end = min(start + count, self.stable_end if committed else self.end)
        if end <= start:
            return None
        offsets = list(self.offsets(start, end, committed=committed))
        return Batch(
            self.topic,
            self.partition,
            start,
            end,
            [self.keys[i] for i in offsets],
            [self.values[i] for i in offsets],
            offsets,
            [self.times_ms[i] for i in offsets],
            [self.headers[i] for i in offsets],
            0,
        )

    def records(self) -> list[tuple[int, bytes | None, bytes | None, int]]:
        """Everything committed: (offset, key, value, time in ms)."""
        return [
            (i, self.keys[i], self.values[i], self.times_ms[i])
            for i in self.offsets(0, self.stable_end, committed=True)
        ]

    def compact(self) -> None:
        """Leave the last committed record of each key; offsets stay as they are."""
        seen: set[bytes | None] = set()
        for offset in reversed(list(self.offsets(0, self.stable_end, committed=True))):
            if self.keys[offset] in seen:
                self.shown[offset] = False
            seen.add(self.keys[offset])


class Broker:
    """Every log, and the transaction coordinator."""

    def __init__(self) -> None:
        self.logs: dict[tuple[str, int], Log] = {}
        self.now_ms = 0  # of the machines
        self.calendar_ms = 0  # of the records
        self.epochs: dict[str, int] = {}
        self.running: dict[str, Transaction] = {}  # open, or decided with markers to write
        self.timed_out: dict[str, int] = {}  # the epoch whose transaction took too long

    def log(self, topic: str, partition: int) -> Log:
        key = topic, partition
        if key not in self.logs:
            self.logs[key] = Log(topic, partition)
        return self.logs[key]

    # -- the coordinator ---------------------------------------------------------------------

    def init(self, transactional_id: str) -> int | None:
        """Fence whoever has the id and return its new epoch; None while an old transaction ends."""
        self.epochs[transactional_id] = self.epochs.get(transactional_id, -1) + 1
        self.timed_out.pop(transactional_id, None)
        old = self.running.get(transactional_id)
        if old is None:
            return self.epochs[transactional_id]
        if old.state == "open":
            self._decide(old, "aborted")
        return None

    def produce(
        self, transactional_id: str, epoch: int, log: Log, records: Iterable[tuple[Any, ...]]
    ) -> bool:
        """Append (key, value, headers) in the open transaction; False while the last one ends."""
        self._check(transactional_id, epoch)
        transaction = self.running.get(transactional_id)
        if transaction is None:
            transaction = Transaction(transactional_id, self.now_ms)
            self.running[transactional_id] = transaction
        if transaction.state != "open":
            return False
        for key, value, headers in records:
            log.append(key, value, self.calendar_ms, headers, transaction)
        return True

    def end(self, transactional_id: str, epoch: int, state: str) -> None:
        """Commit or abort; asked again after an answer was lost, it says yes again."""
        self._check(transactional_id, epoch)
        transaction = self.running.get(transactional_id)
        if transaction is not None and transaction.state == "open":
            self._decide(transaction, state)

    def recover(self, transactional_id: str, epoch: int) -> int:
        """A new epoch for the producer whose transaction was aborted because it took too long."""
        if self.timed_out.get(transactional_id) != epoch:
            raise FencedError(transactional_id)
        del self.timed_out[transactional_id]
        return self.epochs[transactional_id]

    def _check(self, transactional_id: str, epoch: int) -> None:
        if self.epochs[transactional_id] != epoch:
            if self.timed_out.get(transactional_id) == epoch:
                raise AbortableError(transactional_id)
            raise FencedError(transactional_id)

    def _decide(self, transaction: Transaction, state: str) -> None:
        transaction.state = state
        transaction.markers = list(transaction.first_offsets)
        if not transaction.markers:
            del self.running[transaction.transactional_id]

    def ending(self) -> list[Transaction]:
        """Transactions that are decided and have markers to be written."""
        return [transaction for transaction in self.running.values() if transaction.markers]

    def write_marker(self, transaction: Transaction, place: int) -> None:
        """Write one of a transaction's markers; with the last it is over."""
        transaction.markers.pop(place).mark(transaction, self.calendar_ms)
        if not transaction.markers:
            del self.running[transaction.transactional_id]

    def time_out(self, after_ms: int = TRANSACTION_TIMEOUT_MS) -> None:
        """Abort what has been open for longer, and fence its producer."""
        for transactional_id, transaction in list(self.running.items()):
            age_ms = self.now_ms - transaction.started_ms
            if transaction.state == "open" and age_ms > after_ms:
                self.timed_out[transactional_id] = self.epochs[transactional_id]
                self.epochs[transactional_id] += 1
                self._decide(transaction, "aborted")


class Group:
    """The consumer group's coordinator: who is alive, and who has which partition."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.generation = 0
        self.heard_ms: dict[int, int] = {}  # by member
        self.joined: set[int] = set()
        self.joining = False
        self.owners: dict[int, int] = {}
        self.committed: dict[int, int] = {}

    def join(self, member: int, now_ms: int) -> None:
        """A member has given up what it had and wants its share."""
        self.heard_ms[member] = now_ms
        self.joined.add(member)
        self.joining = True
        self._complete()

    def leave(self, member: int) -> None:
        if self.heard_ms.pop(member, None) is not None:
            self.joined.discard(member)
            self.joining = True
            self._complete()

    def beat(self, member: int, now_ms: int) -> bool:
        """Say that a member lives; False when it is none (any more)."""
        if member not in self.heard_ms:
            return False
        self.heard_ms[member] = now_ms
        return True

    def reshuffle(self, random: Random) -> None:
        """Spread the partitions anew among the members, as if none had had any."""
        members = list(self.heard_ms)
        if members:
            self.joining = True
            self.owners = {n: random.choice(members) for n in range(self.partitions)}

    def expire(self, now_ms: int) -> None:
        """Put out the members that were not heard of."""
        for member, heard_ms in list(self.heard_ms.items()):
            if now_ms - heard_ms > SESSION_TIMEOUT_MS:
                self.leave(member)

    def share(self, member: int) -> set[int]:
        return {number for number, owner in self.owners.items() if owner == member}

    def _complete(self) -> None:
        """Once all have joined: spread the partitions evenly, moving as few as can be."""
        if self.joined != self.heard_ms.keys():
            return
        self.joining = False
        self.joined = set()
        self.generation += 1
        members = sorted(self.heard_ms)
        if not members:
            self.owners = {}
            return
        shares: dict[int, list[int]] = {member: [] for member in members}
        most = -(-self.partitions // len(members))
        homeless = []
        for number in range(self.partitions):
            owner = self.owners.get(number, -1)
            if owner in shares and len(shares[owner]) < most:
                shares[owner].append(number)
            else:
                homeless.append(number)
        for number in homeless:
            min(shares.values(), key=len).append(number)
        self.owners = {number: member for member, share in shares.items() for number in share}
