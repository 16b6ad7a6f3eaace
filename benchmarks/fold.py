"""What folding a batch costs, part by part: `python -m benchmarks.fold`.

CPU microseconds per event, the best of several runs in one process, over batches of one partition
of events of about 255 bytes and 100,000 accounts on 8 partitions. Without a broker: what fetching,
producing and committing cost is the layer's.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from flowdrop.settings import load
from streams import events
from streams.events import OPERATION, encode, partition_of
from streams.events.decoding import read_wallets
from streams.events.identity import event_key
from streams.events.times import microseconds
from streams.layer.batch import Batch
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import pack, unpack
from streams.ledger.book import Book
from streams.ledger.fold import fold
from streams.ledger.recent import digest_of
from streams.ledger.results import encode_results
from streams.ledger.turn import Turn
from streams.settings import StreamSettings
from streams.worker.agents import fold_batch, rules_of
from tests import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import WalletEvent
    from streams.ledger.rules import Rules

PARTITIONS = 8
ACCOUNTS = 100_000
RECORD_BYTES = 255
START = datetime(2026, 3, 1, tzinfo=UTC)
PROGRAM = "liuliangbao"
TIERED = rules_of(
    load(StreamSettings).model_copy(update=keys.SETTINGS)
)  # whose programs bind what people may do to their tier
RULES = msgspec.structs.replace(
    TIERED,
    programs={
        name: msgspec.structs.replace(program, verification={})
        for name, program in TIERED.programs.items()
    },
)


class Client:
    """Makes the events of one partition, of its accounts, with times a millisecond apart."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        names = (f"wallet:{number:08d}" for number in range(ACCOUNTS))
        self.wallets = [name for name in names if partition_of(name, PARTITIONS) == 0]
        self.count = 0

    def head(self, subject: str) -> dict[str, Any]:
        """What every event has; a millisecond passes."""
        self.count += 1
        return {
            "id": f"event-{self.count:012d}",
            "source": "benchmark",
            "time": START + timedelta(milliseconds=self.count),
            "subject": subject,
        }

    def wallet(self) -> str:
        """One at random."""
        return self.random.choice(self.wallets)

    def open(self, name: str) -> WalletEvent:
        """A wallet is opened."""
        return events.Open(**self.head(name), data=events.OpenData(program=PROGRAM))

    def verify(self, name: str) -> WalletEvent:
        """A person is verified, so that no balance limit is reached."""
        data = events.VerifyData(program=PROGRAM, tier="identity", by="telecom")
        return events.Verify(**self.head(name), data=data)

    def earn(self) -> WalletEvent:
        """By a purchase."""
        data = events.EarnData(program=PROGRAM, activity="purchase", spend=100_000)
        return events.Earn(**self.head(self.wallet()), data=data)

    def redeem(self) -> WalletEvent:
        """At once."""
        data = events.RedeemData(program=PROGRAM, carrier="telecom", amount=1)
        return events.Redeem(**self.head(self.wallet()), data=data)

    def transfer(self, to: str) -> WalletEvent:
        """To one wallet from any."""
        data = events.TransferData(program=PROGRAM, to=to, amount=1)
        return events.Transfer(**self.head(self.wallet()), data=data)

    def local(self) -> WalletEvent:
        """From any wallet to any."""
        payer, payee = self.random.sample(self.wallets, 2)
        data = events.TransferData(program=PROGRAM, to=payee, amount=1)
        return events.Transfer(**self.head(payer), data=data)

    def mixed(self) -> WalletEvent:
        """The even load."""
        return self.random.choice((self.earn, self.earn, self.redeem, self.local))()

    def fund(self, amount: int) -> WalletEvent:
        """The shard's budget."""
        data = events.FundData(program=PROGRAM, campaign="spring", amount=amount)
        return events.Fund(**self.head("budget:spring@0"), data=data)

    def grant(self) -> WalletEvent:
        """From one budget."""
        data = events.GrantData(program=PROGRAM, campaign="spring", amount=1)
        return events.Grant(**self.head(self.wallet()), data=data)

    def busy(self) -> WalletEvent:
        """One subject for every event."""
        data = events.RedeemData(program=PROGRAM, carrier="telecom", amount=1)
        return events.Redeem(**self.head(self.wallets[0]), data=data)

    def send(self, claims: int) -> WalletEvent:
        """A packet."""
        data = events.PacketSendData(
            program=PROGRAM,
            packet="packet:new-year@0",
            amount=10 * claims,
            claims=claims,
            mode="lucky",
            expires=START + timedelta(days=1),
        )
        return events.PacketSend(**self.head(self.wallets[0]), data=data)

    def claim(self, number: int) -> WalletEvent:
        """A draw from it."""
        data = events.PacketClaimData(program=PROGRAM, claimer=self.wallets[number])
        return events.PacketClaim(**self.head("packet:new-year@0"), data=data)


def batch_of(found: list[WalletEvent], start: int) -> Batch:
    """Return events as a worker would fetch them."""
    values: list[bytes | None] = [_padded(encode(event)) for event in found]
    return Batch(
        topic=events.WALLET_TOPIC,
        partition=0,
        start=start,
        end=start + len(found),
        keys=[event.subject.encode() for event in found],
        values=values,
        offsets=list(range(start, start + len(found))),
        timestamps_ms=[microseconds(event.time) // 1000 for event in found],
        headers=[[] for _ in found],
        size_bytes=sum(len(value or b"") for value in values),
    )


def _padded(value: bytes) -> bytes:
    missing = RECORD_BYTES - len(value) - len(b',"trace":""')
    return value[:-1] + b',"trace":"' + b"0" * max(0, missing) + b'"}'


class Run:
    """A partition that folds batches; each is timed, and committed outside of the time."""

    def __init__(self, client: Client, size: int, rules: Rules = RULES) -> None:
        self.client = client
        self.size = size
        self.rules = rules
        self.state = PartitionState(0)
        self.offset = 0
        self.fold([client.open(name) for name in client.wallets])
        if rules is TIERED:
            self.fold([client.verify(name) for name in client.wallets])
        data = events.EarnData(program=PROGRAM, activity="purchase", spend=10**9)
        self.fold([events.Earn(**client.head(name), data=data) for name in client.wallets])

    def fold(self, found: list[WalletEvent]) -> float:
        """Fold a batch; return microseconds per event."""
        batch = batch_of(found, self.offset)
        self.offset += len(found)
        began = time.process_time()
        fold_batch(Work(batch, self.state), self.rules, PARTITIONS)
        took = time.process_time() - began
        self.state.take()
        self.state.settle()
        return took / len(found) * 1e6

    def best(self, make: Callable[[], WalletEvent], batches: int) -> float:
        """Return the lowest microseconds per event of several batches."""
        return min(self.fold([make() for _ in range(self.size)]) for _ in range(batches))

    def parts(self) -> dict[str, float]:
        """Microseconds per event of each part of `fold_batch`, each run by itself."""
        batch = batch_of([self.client.mixed() for _ in range(self.size)], self.offset)
        self.offset += self.size
        read = cast("list[WalletEvent]", read_wallets(batch.keys, batch.values))
        book = Book(0, PARTITIONS, self.state.get, 0)
        turn = Turn(book, RULES)
        found = {"read_wallets": self._time(lambda: read_wallets(batch.keys, batch.values))}
        for name, function in (
            ("microseconds", lambda event: microseconds(event.time)),
            ("event_key", lambda event: event_key(event.source, event.id)),
            ("digest_of", lambda event: digest_of(OPERATION[type(event)], 10**15, event.data)),
        ):
            found[f"  of it: {name}"] = self._time(lambda f=function: [f(event) for event in read])  # type: ignore[misc]
        results = []

        def folds() -> None:
            for event, offset, arrived_ms in zip(
                read, batch.offsets, batch.timestamps_ms, strict=True
            ):
                results.append(fold(turn, event, offset, arrived_ms * 1000))

        began = time.process_time()
        folds()
        found["fold"] = (time.process_time() - began) / self.size * 1e6
        found["encode_results"] = self._time(lambda: encode_results(results))
        changed = list(book.changed.values())
        found["pack"] = self._time(lambda: [pack(account) for account in changed])
        packed = [(account.name, pack(account)) for account in changed]
        found["unpack (in fold)"] = self._time(lambda: [unpack(*own) for own in packed])
        return found

    def _time(self, function: Callable[[], object]) -> float:
        took = []
        for _ in range(5):
            began = time.process_time()
            function()
            took.append(time.process_time() - began)
        return min(took) / self.size * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=4000, help="events per batch")
    parser.add_argument("--batches", type=int, default=20)
    options = parser.parse_args()
    gc.freeze()
    client = Client(options.seed)
    run = Run(client, options.size)
    rows: dict[str, float] = {}
    for name in ("earn", "redeem", "local", "mixed"):
        rows[name] = run.best(getattr(client, name), options.batches)
    merchant = client.wallets[-1]
    rows["hot merchant"] = run.best(lambda: client.transfer(merchant), options.batches)
    run.fold([client.fund(10**9)])
    rows["hot budget"] = run.best(client.grant, options.batches)
    rows["hot subject"] = run.best(client.busy, options.batches)
    run.fold([client.send(10_000)])
    numbers = iter(range(1, 10_001))
    rows["hot packet"] = run.best(lambda: client.claim(next(numbers)), 10_000 // options.size)
    tiered = Run(Client(options.seed), options.size, TIERED)
    rows["mixed, tiers bind"] = tiered.best(tiered.client.mixed, options.batches)
    for name, took in rows.items():
        print(f"{name:20} {took:6.2f} us   {took / rows['mixed']:.2f} of mixed")
    print("parts of mixed:")
    for name, took in run.parts().items():
        print(f"  {name:22} {took:6.2f} us")


if __name__ == "__main__":
    main()
