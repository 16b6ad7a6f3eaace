"""The events of the wallet job, the same for a given seed, and what must come of them.

The mix of the even load: 70 % earn, 20 % redeem, 10 % transfer to any other wallet (with 8
partitions seven in eight of them to another partition). One in a hundred takes asks for more than
anyone has and is refused. A taker never needs coins that another wallet sent, so every outcome is
known, whatever the order in which legs between partitions arrive. To the bare fold a transfer is a
take; the full ledger credits the payee as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal, NamedTuple

from streams.events import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Shape = Literal["even", "transfers", "merchant", "grants"]
Kind = Literal["open", "fund", "earn", "redeem", "transfer", "grant"]

PROGRAM = "liuliangbao"
CAMPAIGN = "spring"
MERCHANT = "w:merchant"
BUDGET_COINS = 10**12
UNPAYABLE = 10**12  # more than any wallet of the job ever has
EARN_MAX = 100  # what the program lets a game give at once
EARNS, REDEEMS = 0.75, 0.25  # shares of the even load
UNPAYABLE_SHARE = 0.01  # of the takes

# An event is this, filled in: 255 bytes on average.
_ENVELOPE = (
    '{"specversion":"1.0","type":"flowdrop.wallet.%s","id":"b-%08d","source":"benchmarks/wallet",'
    '"time":"2026-01-01T%02d:%02d:%02d.%03dZ","subject":"%s","datacontenttype":"application/json",'
    '"data":{"program":"' + PROGRAM + '",%s,"amount":%d}}'
)
_OPEN = (
    '{"specversion":"1.0","type":"flowdrop.wallet.open","id":"open-%s","source":"benchmarks/wallet"'
    ',"time":"2026-01-01T00:00:00Z","subject":"%s","data":{"program":"' + PROGRAM + '"}}'
)
# People are verified, so that none of the program's limits for others is reached.
_VERIFY = (
    '{"specversion":"1.0","type":"flowdrop.wallet.verify","id":"verify-%s",'
    '"source":"benchmarks/wallet","time":"2026-01-01T00:00:00Z","subject":"%s",'
    '"data":{"program":"' + PROGRAM + '","tier":"identity","by":"telecom"}}'
)
_DETAIL = {
    "earn": '"activity":"game"',
    "redeem": '"carrier":"telecom"',
    "grant": f'"campaign":"{CAMPAIGN}"',
    "fund": f'"campaign":"{CAMPAIGN}"',
}

Record = tuple[int, bytes, bytes]


class Move(NamedTuple):
    """What one event asks for: `amount` coins for or from `account`, sent on to `payee`."""

    kind: Kind
    account: str
    amount: int
    payee: str = ""


@dataclass(frozen=True)
class Job:
    """How many events over how many accounts and partitions, and in which shape.

    `even` is the mix above; `transfers` are between any two wallets, `merchant` from any wallet to
    one; `grants` come from the shards of one campaign's budget.
    """

    events: int = 2_000_000
    accounts: int = 100_000
    partitions: int = 8
    shape: Shape = "even"
    seed: int = 20

    def records(self) -> Iterator[Record]:
        """Yield `(partition, key, value)` of every event."""
        homes = {name: partition_of(name, self.partitions) for name in self.wallets()}
        for number, move in enumerate(self.moves()):
            name = move.account
            yield homes[name], name.encode(), _event(number, move)

    def opening(self) -> Iterator[Record]:
        """Yield what the full ledger needs first: wallets of verified people, coins, budgets."""
        names = self.wallets()
        if self.shape == "merchant":
            names.append(MERCHANT)
        for name in names:
            home = partition_of(name, self.partitions)
            yield home, name.encode(), (_OPEN % (name, name)).encode()
            yield home, name.encode(), (_VERIFY % (name, name)).encode()
        yield from self._purses()

    def _purses(self) -> Iterator[Record]:
        number = self.events
        for name, coins in self.purses().items():
            for amount in _portions(coins, EARN_MAX):
                home = partition_of(name, self.partitions)
                yield home, name.encode(), _event(number, Move("earn", name, amount))
                number += 1
        if self.shape == "grants":
            for home in range(self.partitions):
                name = f"budget:{CAMPAIGN}@{home}"
                move = Move("fund", name, BUDGET_COINS)
                yield home, name.encode(), _event(number, move)
                number += 1

    def purses(self) -> dict[str, int]:
        """Return what each payer must have beforehand, in the shapes that only send."""
        if self.shape not in {"transfers", "merchant"}:
            return {}
        purses: dict[str, int] = {}
        for move in self.moves():
            purses[move.account] = purses.get(move.account, 0) + move.amount
        return purses

    def wallets(self) -> list[str]:
        """Return the names of the accounts."""
        return [f"w:{number:07d}" for number in range(self.accounts)]

    def moves(self) -> Iterator[Move]:
        """Yield what each event asks for, in order."""
        names = self.wallets()
        random = Random(self.seed).random  # noqa: S311 - a repeatable draw, not a secret
        if self.shape == "even":
            yield from _mixed(random, names, self.events)
            return
        for _ in range(self.events):
            name = names[int(random() * self.accounts)]
            if self.shape == "grants":
                yield Move("grant", name, 1)
            elif self.shape == "merchant":
                yield Move("transfer", name, 1, MERCHANT)
            else:
                payee = names[int(random() * self.accounts)]
                yield Move("transfer", name, 1, payee if payee != name else _other(names, name))


@dataclass(frozen=True)
class Expected:
    """What must come of a job: balances by account, how many takes are refused.

    `received` is what the full ledger has also credited to payees.
    """

    balances: dict[str, int]
    received: dict[str, int]
    refused: int


def expected(job: Job) -> Expected:
    """Fold the job in the simplest possible way."""
    balances = job.purses()
    received: dict[str, int] = {}
    refused = 0
    for kind, account, amount, payee in job.moves():
        balance = balances.get(account, 0)
        if kind in {"earn", "grant"}:
            balances[account] = balance + amount
        elif amount > balance:
            balances.setdefault(account, balance)
            refused += 1
        else:
            balances[account] = balance - amount
            if payee:
                received[payee] = received.get(payee, 0) + amount
    return Expected(balances, received, refused)


def _mixed(draw: Callable[[], float], names: list[str], events: int) -> Iterator[Move]:
    coins = [0] * len(names)
    for _ in range(events):
        place = int(draw() * len(names))
        choice, size = draw(), draw()
        purse = coins[place]
        if choice < EARNS or not purse:
            amount = 1 + int(size * EARN_MAX)
            coins[place] = purse + amount
            yield Move("earn", names[place], amount)
            continue
        is_payable = size >= UNPAYABLE_SHARE
        amount = 1 + int(size * (purse - 1)) if is_payable else UNPAYABLE
        coins[place] = purse - amount if is_payable else purse
        if choice < EARNS + REDEEMS:
            yield Move("redeem", names[place], amount)
        else:
            payee = names[int(draw() * len(names))]
            name = names[place]
            yield Move("transfer", name, amount, payee if payee != name else _other(names, name))


def _event(number: int, move: Move) -> bytes:
    seconds, ms = divmod(number, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    detail = f'"to":"{move.payee}"' if move.payee else _DETAIL[move.kind]
    clock = (hour, minute, second, ms)
    return (_ENVELOPE % (move.kind, number, *clock, move.account, detail, move.amount)).encode()


def _other(names: list[str], name: str) -> str:
    return names[0] if names[0] != name else names[1]


def _portions(coins: int, most: int) -> Iterator[int]:
    while coins > 0:
        yield min(coins, most)
        coins -= most
