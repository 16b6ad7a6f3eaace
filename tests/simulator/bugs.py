"""Bugs to plant: each a sentence, and the part of worker or ledger that has it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import msgspec

from streams.events import WALLET_TOPIC
from streams.layer.state import APPLIED_KEY, PartitionState
from streams.ledger.accounts import pack
from streams.ledger.arrivals import STEPS
from streams.ledger.book import Book
from streams.ledger.fold import fold
from streams.ledger.refusals import CODES
from tests.simulator.kafka import AbortableError
from tests.simulator.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from streams.events import Leg, WalletEvent
    from streams.layer.batch import Batch
    from streams.layer.state import Pending
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn
    from tests.simulator.worker import Slot, Steps


class Bug(NamedTuple):
    """What is wrong, told in a sentence, and how to plant it."""

    name: str
    sentence: str
    worker: type[Worker] = Worker
    planted: Callable[[], AbstractContextManager[Any]] | None = None


BUGS: list[Bug] = []


def in_worker(sentence: str) -> Callable[[type[Worker]], type[Worker]]:
    def register(worker: type[Worker]) -> type[Worker]:
        BUGS.append(Bug(worker.__name__, sentence, worker))
        return worker

    return register


def in_ledger(sentence: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def register(planted: Callable[[], Iterator[None]]) -> Any:
        BUGS.append(Bug(planted.__name__, sentence, Worker, contextmanager(planted)))
        return planted

    return register


# -- in the worker --------------------------------------------------------------------------------


@in_worker("The partition record is left out of the transaction.")
class AppliedOffsetNotStored(Worker):
    def records_of(self, slot: Slot, pending: Pending) -> list[tuple[str, int, tuple[Any, ...]]]:
        records = super().records_of(slot, pending)
        return [record for record in records if record[2][0] != APPLIED_KEY]


@in_worker("The source is acknowledged, and reading goes on there, before the transaction commits.")
class AckBeforeCommit(Worker):
    def before_commit(self, slot: Slot, pending: Pending) -> None:
        self.group.committed[slot.number] = pending.next_offset

    def restored(self, slot: Slot) -> None:
        self.begin_at(slot.number, self.group.committed.get(slot.number, 0))


@in_worker("Changelog and source are read uncommitted.")
class ReadsUncommitted(Worker):
    committed_only = False


@in_worker("Each process has transactional ids of its own, so that none fences another.")
class NoFencing(Worker):
    def transactional_id(self, number: int) -> str:
        return f"flowdrop-accounts-{number}-{self.member}"


@in_worker("Legs are sent after the commit, in no transaction.")
class LegOutsideTheTransaction(Worker):
    def records_of(self, slot: Slot, pending: Pending) -> list[tuple[str, int, tuple[Any, ...]]]:
        records = super().records_of(slot, pending)
        return [record for record in records if record[0] != WALLET_TOPIC]

    def after_commit(self, slot: Slot, pending: Pending) -> Iterable[str]:
        super().after_commit(slot, pending)
        yield "sending legs"
        for topic, to, key, value, headers in pending.records:
            if topic == WALLET_TOPIC:
                self.broker.log(topic, to).append(key, value, self.broker.calendar_ms, headers)


@in_worker("The results commit in one transaction, the changed accounts in the next.")
class TwoTransactions(Worker):
    def commit(self, slot: Slot) -> Steps:
        pending = slot.state.take()
        yield "taken"
        records = self.records_of(slot, pending)
        for only_changelog in (False, True):
            part = [r for r in records if (r[0] not in {WALLET_TOPIC} | TOLD) == only_changelog]
            try:
                yield from self.send(slot, part)
                yield from self.end_transaction(slot)
            except AbortableError as error:
                self.on_fatal("aborted", error)
        slot.state.settle()
        yield from self.after_commit(slot, pending)


TOLD = {"ledger.postings", "deadletters"}


@in_worker("The state of a partition that was lost is used again when it comes back.")
class StateKeptAfterLoss(Worker):
    def lose(self, number: int) -> None:
        self.__dict__.setdefault("kept", {})[number] = self.slots[number].state
        super().lose(number)

    def new_state(self, number: int) -> PartitionState:
        kept: dict[int, PartitionState] = self.__dict__.get("kept", {})
        return kept.get(number) or super().new_state(number)

    def changelog_end(self, number: int) -> int:
        return 0 if number in self.__dict__.get("kept", {}) else super().changelog_end(number)


class Careless(Worker):
    """Judges what a batch brings by a rule of its own."""

    def fresh_batches(self) -> AsyncIterator[tuple[Any, Batch]]:
        return self.take_what_comes()

    async def take_what_comes(self) -> AsyncIterator[tuple[Any, Batch]]:
        while True:
            while not self.queue:
                await _Pause()
            delivery = self.queue.popleft()
            batch = delivery.value
            wanted = self.next_offset(batch.partition)
            if wanted is None or delivery.message.generation_id != self.generation:
                continue
            if (cut := self.cut(batch, wanted)) is not None:
                yield delivery, cut

    def cut(self, batch: Batch, wanted: int) -> Batch | None:
        raise NotImplementedError


class _Pause:
    def __await__(self) -> Iterator[None]:
        yield


@in_worker("A batch that begins after the offset wanted is folded all the same.")
class GapCrossed(Careless):
    def cut(self, batch: Batch, wanted: int) -> Batch | None:
        return batch.after(wanted - 1) if batch.end > wanted else None


@in_worker("A batch that was folded before is folded again.")
class RepeatedBatchNotSkipped(Careless):
    def cut(self, batch: Batch, wanted: int) -> Batch | None:
        if batch.start > wanted:
            self.positions[batch.partition] = wanted
            return None
        return batch


@in_worker("Recovery stops one record before the changelog's end.")
class RecoveryStopsEarly(Worker):
    def changelog_end(self, number: int) -> int:
        # The last offset is the transaction's marker, the one before it the partition record.
        return max(0, super().changelog_end(number) - 2)


@in_worker("The content of a transaction that had to be aborted is not sent again.")
class AbortedAndNotRepeated(Worker):
    def commit(self, slot: Slot) -> Steps:
        pending = slot.state.take()
        yield "taken"
        try:
            yield from self.send(slot, self.records_of(slot, pending))
            yield from self.end_transaction(slot)
        except AbortableError:
            slot.epoch = self.recover(slot)
        slot.state.settle()
        yield from self.after_commit(slot, pending)


@in_worker("The next transaction takes what is folded before the last is settled, and loses it.")
class TakenTwice(Worker):
    def before_commit(self, slot: Slot, pending: Pending) -> None:  # noqa: ARG002
        slot.state.take()


# -- in the ledger --------------------------------------------------------------------------------


@in_ledger("The clearing account does not record which legs have arrived.")
def leg_credited_twice() -> Iterator[None]:
    with (
        patch("streams.ledger.arrivals.with_arrived", lambda terms, *_: terms),
        patch("streams.ledger.arrivals.arrived_from", lambda *_: 0),
    ):
        yield


@in_ledger("An acknowledged leg stays pending at its origin.")
def ack_ignored() -> Iterator[None]:
    with patch.dict(STEPS, {"ack": lambda *_: ""}):
        yield


@in_ledger("A lease is credited to its shard twice.")
def lease_counted_twice() -> Iterator[None]:
    lease = STEPS["lease"]

    def twice(book: Book, leg: Leg, clearing: Account) -> str:
        return lease(book, leg, clearing) or lease(book, leg, clearing)

    with patch.dict(STEPS, {"lease": twice}):
        yield


@in_ledger("What is left of an expired packet goes back to its sender twice.")
def packet_refunded_twice() -> Iterator[None]:
    move = Book.move

    def twice(book: Book, payer: Account, payee: Account, amount: int) -> None:
        move(book, payer, payee, amount)
        if payer.kind == "packet" and payer.state == "closed":
            move(book, payer, payee, amount)

    with patch.object(Book, "move", twice):
        yield


@in_ledger("The last to draw from a packet gets one coin too few.")
def last_draw_off_by_one() -> Iterator[None]:
    from streams.ledger.packets import draw

    def short(name: str, terms: Any, remaining: int, secret: bytes) -> int:
        coins = draw(name, terms, remaining, secret)
        return coins - (terms.left == 1 and coins > 1)

    with patch("streams.ledger.packets.draw", short):
        yield


@in_ledger("A redemption that failed stays open, and frees its coins again when it expires.")
def hold_released_twice() -> Iterator[None]:
    def release(turn: Turn, wallet: Account, hold: Any) -> None:
        wallet.pending -= hold.amount
        turn.amount = hold.amount

    with patch("streams.ledger.holds._end", release):
        yield


@in_ledger("The events that an account remembers are not stored with it.")
def remembered_ids_not_stored() -> Iterator[None]:
    def forgetful(account: Account) -> bytes:
        return pack(msgspec.structs.replace(account, recent=b""))

    with patch("streams.worker.agents.pack", forgetful):
        yield


@in_ledger("A refused event is not remembered, and is judged anew when it is repeated.")
def refusal_not_remembered() -> Iterator[None]:
    with patch("streams.ledger.fold.NEVER_REMEMBERED", frozenset(CODES)):
        yield


@in_ledger("A record on the wrong partition is forwarded, and applied where it stands as well.")
def forwarded_and_applied() -> Iterator[None]:
    def both(turn: Turn, event: WalletEvent, offset: int, arrived_us: int) -> Any:
        result = fold(turn, event, offset, arrived_us)
        if result.outcome == "forwarded":
            with patch.object(Book, "is_elsewhere", lambda *_: False):
                fold(turn, event, offset, arrived_us)
        return result

    with patch("streams.worker.agents.fold", both):
        yield


@in_ledger("A carrier is credited with two coins that nobody has paid.")
def unbalanced_posting() -> Iterator[None]:
    move = Book.move

    def more(book: Book, payer: Account, payee: Account, amount: int) -> None:
        move(book, payer, payee, amount)
        if payee.kind == "carrier":
            payee.posted += 2

    with patch.object(Book, "move", more):
        yield


@in_ledger("A gift that still waits is taken back out of its payee's wallet.")
def waiting_gift_taken_from_the_wallet() -> Iterator[None]:
    with patch("streams.ledger.waiting.take_out", lambda *_: None):
        yield
