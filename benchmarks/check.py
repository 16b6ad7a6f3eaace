"""What an engine wrote, compared with what it should have: nobody wins by skipping work."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import wallet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.broker import Read
    from benchmarks.engines import Engine
    from benchmarks.job import Expected, Job

LEDGER_ONLY = ("issuer:", "carrier:", "clearing:", "suspense:", "budget:", "packet:")


class WrongError(Exception):
    """An engine's output is wrong; says what, and how much of it."""


@dataclass
class Tally:
    """What was found in the results.

    Attributes:
        times_ms: when the broker appended each event's result, in the order read.
        opened_ms: when it appended the last result of what came before the job, 0 if nothing did.
        last_ms: when it appended the last result of all, legs included.
        balances: by account, after its last result.
        refused: events that were refused.
        others: results beside the job's own: of what came before it, and of legs.
    """

    events: int
    seen: bytearray = field(init=False)
    times_ms: array[int] = field(default_factory=lambda: array("q"))
    opened_ms: int = 0
    last_ms: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    others: int = 0

    def __post_init__(self) -> None:
        self.seen = bytearray(self.events)

    def count(self, event_id: str, outcome: str, time_ms: int) -> None:
        """Count the result of one of the job's events.

        Raises:
            WrongError: when the event has a result already.
        """
        number = int(event_id[2:])
        if self.seen[number]:
            raise WrongError(f"event {event_id} has two results")
        self.seen[number] = 1
        self.times_ms.append(time_ms)
        self.last_ms = max(self.last_ms, time_ms)
        if outcome != "applied":
            self.refused += 1


def tally_bare(job: Job, records: Iterable[Read]) -> Tally:
    """Read the results of a bare fold."""
    tally = Tally(job.events)
    for record in records:
        result = wallet.decode_result(record.value)
        tally.count(result.id, result.outcome, record.time_ms)
        tally.balances[result.account] = result.balance
    return tally


def tally_ledger(job: Job, records: Iterable[Read]) -> Tally:
    """Read the full ledger's results: of opening, of the job's events, and of legs."""
    from streams.ledger.results import decode_result

    tally = Tally(job.events)
    for record in records:
        result = decode_result(record.value)
        time_ms = record.time_ms
        tally.last_ms = max(tally.last_ms, time_ms)
        for account, balance in zip(result.posting.account, result.posting.balance, strict=True):
            tally.balances[account] = balance
        if result.event_id.startswith("b-") and int(result.event_id[2:]) < job.events:
            if result.type != "leg":
                tally.count(result.event_id, result.outcome, time_ms)
                continue
        elif result.type != "leg":
            tally.opened_ms = max(tally.opened_ms, time_ms)
        tally.others += 1
    return tally


def stored_balances(engine: Engine, records: Iterable[Read]) -> dict[str, int]:
    """Return the balances that a changelog holds, its last record of an account being its state."""
    assert engine.balance is not None
    found: dict[str, int] = {}
    for record in records:
        entry = engine.balance(record.key, record.value)
        if entry is not None:
            found[entry[0]] = entry[1]
    return found


def wanted_balances(expected: Expected, *, is_ledger: bool) -> dict[str, int]:
    """Return what each wallet must have; the full ledger has credited payees as well."""
    if not is_ledger:
        return expected.balances
    names = expected.balances.keys() | expected.received.keys()
    return {name: expected.balances.get(name, 0) + expected.received.get(name, 0) for name in names}


def verify(tally: Tally, expected: Expected, wanted: dict[str, int]) -> None:
    """Compare results with what the job must give.

    Raises:
        WrongError: when a result is missing, a refusal too many or few, or a balance differs.
    """
    found = len(tally.times_ms)
    if found != tally.events:
        raise WrongError(f"{found:,} results for {tally.events:,} events")
    if tally.refused != expected.refused:
        raise WrongError(f"{tally.refused:,} events refused, {expected.refused:,} should have been")
    verify_balances("results", tally.balances, wanted)


def verify_balances(where: str, found: dict[str, int], wanted: dict[str, int]) -> None:
    """Compare wallets' balances; the ledger's own accounts, and empty ones, may exist besides.

    Raises:
        WrongError: naming the first balance that differs.
    """
    wrong = list(_differences(found, wanted))
    if wrong:
        name, has, should = wrong[0]
        raise WrongError(
            f"{len(wrong):,} balances in the {where} are wrong, such as {name}: {has}, not {should}"
        )


def _differences(
    found: dict[str, int], wanted: dict[str, int]
) -> Iterator[tuple[str, int | None, int]]:
    for name, balance in wanted.items():
        if found.get(name) != balance:
            yield name, found.get(name), balance
    for name, balance in found.items():
        if name not in wanted and balance and not name.startswith(LEDGER_ONLY):
            yield name, balance, 0
