"""Hand-written results of a ledger, stored as the feed stores them; postings follow by the view."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from console.warehouse import Warehouse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

PROGRAM = "liuliangbao"
PREFIXES = {
    *("budget", "packet", "carrier", "issuer", "clearing", "suspense"),
    *("merchant", "partner", "escrow", "reserve", "backing"),
}


class Posted(NamedTuple):
    """One posting, for naive sums."""

    time: datetime
    program: str
    account: str
    amount: int
    event_id: str


def at(text: str) -> datetime:
    """A time in UTC: 2026-10-01, or 2026-10-01T12:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def kind_of(account: str) -> str:
    prefix = account.partition(":")[0]
    return prefix if prefix in PREFIXES else "wallet"


class Lent(Warehouse):
    """Lends one client, whatever address it was given."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client


class LedgerRows:
    """Collects results with versions and balances as the ledger would give them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.versions: dict[str, int] = defaultdict(int)
        self.balances: dict[str, int] = defaultdict(int)
        self.rows: list[dict[str, Any]] = []
        self.posted: list[Posted] = []
        self.results = 0

    def result(
        self,
        kind: str,
        event_id: str,
        subject: str,
        time: str,
        *moves: tuple[str, int],
        **more: Any,
    ) -> None:
        """Note one result; `moves` are `(account, coins)`."""
        pending = more.pop("pending", [0] * len(moves))
        row = {
            "source_partition": 0,
            "source_offset": self.results,
            "event_id": event_id,
            "event_source": "",
            "type": kind,
            "subject": subject,
            "program": PROGRAM,
            "time": at(time),
            "outcome": "applied",
            "reason": "",
            "amount": max((abs(coins) for _, coins in moves), default=0),
            "activity": "",
            "campaign": "",
            "carrier": "",
            "counterparty": "",
            "network": "",
            "mb": 0,
            "step": "",
            "cause": "",
            "cause_source": "",
            "posting.account": [account for account, _ in moves],
            "posting.kind": [kind_of(account) for account, _ in moves],
            "posting.amount": [coins for _, coins in moves],
            "posting.balance": [],
            "posting.version": [],
            "posting.pending": pending,
            **more,
        }
        self.results += 1
        for account, coins in moves:
            self.versions[account] += 1
            self.balances[account] += coins
            row["posting.version"].append(self.versions[account])
            row["posting.balance"].append(self.balances[account])
            self.posted.append(Posted(row["time"], row["program"], account, coins, event_id))
        self.rows.append(row)

    def gift(self, event_id: str, payer: str, payee: str, time: str, coins: int) -> None:
        """Note a transfer between wallets of one partition."""
        self.result(
            "transfer", event_id, payer, time, (payer, -coins), (payee, coins), counterparty=payee
        )

    def leg(self, step: str, subject: str, time: str, *moves: tuple[str, int], **more: Any) -> None:
        """Note a leg."""
        self.result("leg", f"leg:0:{self.results}:0", subject, time, *moves, step=step, **more)

    def store(self) -> None:
        """Insert what was noted since the last time."""
        columns = list(self.rows[0])
        self.client.insert(
            "ledger_results",
            [[row[name] for name in columns] for row in self.rows],
            column_names=columns,
        )
        self.rows = []
