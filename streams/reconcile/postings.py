"""A partition's accounts according to ClickHouse's results, posting by posting in log order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streams.events.identity import event_key
from streams.ledger.accounts import unpack
from streams.ledger.book import link

if TYPE_CHECKING:
    from streams.reconcile.report import Findings

APPLIED = ("applied", "asked")  # outcomes that move a partition's clock
TIMELESS = ("leg", "rules")  # types that never do, and have no window


NEW = (0, 0, 0, 0)


class Statement(msgspec.Struct):
    """What a partition's stored postings add up to for its accounts.

    Attributes:
        number: the partition.
        window_us: the deduplication window.
        standings: version, posted and pending coins and chain that each account has come to.
        clock_us: the latest time of an event applied so far, or before all of them.
    """

    number: int
    window_us: int
    standings: dict[str, tuple[int, int, int, int]] = {}
    clock_us: int = 0

    def add(self, results: pa.Table, findings: Findings) -> None:
        """Take in the next results, finding gaps, forks and what was applied too late."""
        self._check_window(results, findings)
        standings = self.standings
        standing_of = standings.get
        named = results["event_source"].to_pylist(), results["event_id"].to_pylist()
        keys = list(map(event_key, *named))
        postings = _postings(results)
        for row, account, amount, balance, version, pending in postings:
            last, posted, _, chain = standing_of(account, NEW)
            if version != last + 1:
                findings.differ(
                    "versions",
                    f"{self._place(results, row)}, {account}: version {version:,} comes after "
                    f"{last:,}",
                )
            if balance != posted + amount:
                findings.differ(
                    "balances",
                    f"{self._place(results, row)}, {account} version {version:,}: balance "
                    f"{balance:,} is not {posted:,} and {amount:,}",
                )
            standings[account] = version, balance, pending, link(chain, keys[row], amount, pending)
        findings.compared["versions"] += len(postings)

    def compare(self, state: dict[bytes, bytes], findings: Findings) -> None:
        """Compare what the stored postings add up to with the accounts that the fold made."""
        left = dict.fromkeys(self.standings)
        for key, packed in state.items():
            if key.startswith(b"\x00"):
                continue
            name = key.decode()
            account = unpack(name, packed)
            version, posted, pending, chain = self.standings.get(name, NEW)
            left.pop(name, None)
            if (account.version, account.posted, account.pending) != (version, posted, pending):
                findings.differ(
                    "balances",
                    f"partition {self.number}, {name}: the fold gives {account.posted:,} with "
                    f"{account.pending:,} pending at version {account.version:,}, ClickHouse "
                    f"{posted:,} with {pending:,} at {version:,}",
                )
            if account.chain != chain:
                findings.differ(
                    "chains",
                    f"partition {self.number}, {name}: the account's is {account.chain:016x}, "
                    f"that of its stored postings {chain:016x}",
                )
            findings.compared.update({"balances": 1, "chains": 1})
        for name in left:
            findings.differ(
                "balances", f"partition {self.number}, {name}: only ClickHouse knows it"
            )

    def _place(self, results: pa.Table, row: int) -> str:
        return f"wallet.events {self.number}:{results['source_offset'][row].as_py()}"

    def _check_window(self, results: pa.Table, findings: Findings) -> None:
        applied = results.filter(
            pc.and_(
                pc.is_in(results["outcome"], pa.array(APPLIED)),
                pc.invert(pc.is_in(results["type"], pa.array(TIMELESS))),
            )
        )
        if not applied.num_rows:
            return
        times = applied["time"].to_numpy()
        clocks = np.maximum.accumulate(np.concatenate(([self.clock_us], times)))
        late = np.flatnonzero(times < clocks[:-1] - self.window_us)
        if late.size:
            row = int(late[0])
            days = (clocks[row] - times[row]) / 86_400_000_000
            findings.differ(
                "window",
                f"{self._place(applied, row)}, event "
                f"{applied['event_id'][row].as_py()} of {applied['event_source'][row].as_py()}: "
                f"applied {days:,.1f} days behind the clock",
            )
        self.clock_us = int(clocks[-1])
        findings.compared["window"] += applied.num_rows


def _postings(results: pa.Table) -> list[tuple[int, str, int, int, int, int]]:
    """Return of each posting its result's row, account, amount, balance, version and pending."""
    columns = [
        pc.list_flatten(results[f"posting.{name}"]).to_pylist()
        for name in ("account", "amount", "balance", "version", "pending")
    ]
    rows = pc.list_parent_indices(results["posting.account"].combine_chunks()).to_pylist()
    return list(zip(rows, *columns, strict=True))
