"""A warehouse to make drops in, with a naive ledger that judges what they publish."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from console.drops.names import SOURCE
from scenarios import complete_journey, hillstrom
from sql.client import connect
from streams.events import (
    Assignment,
    Contact,
    Defund,
    Describe,
    Event,
    Fund,
    Grant,
    decode_campaign,
    decode_wallet,
    encode,
    partition_of,
)
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from clickhouse_connect.driver.client import Client

NUMBERS = itertools.count()
PARTITIONS = 8
PROGRAM = "liuliangbao"
PROGRAMS = Path(__file__).parents[2] / "programs"
NOW = datetime(2026, 11, 23, 15, 0, 0, 123456, tzinfo=UTC)
BATCH = 50_000


class World:
    """A warehouse of its own, and a naive ledger that writes into it what it makes of events."""

    def __init__(self, client: Client, url: str) -> None:
        self.client = client
        self.url = url
        self.balances: dict[str, int] = {}
        self.versions: dict[str, int] = defaultdict(int)
        self.seen: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.offsets = itertools.count()

    def open(self, people: Iterable[str]) -> None:
        """Open wallets."""
        self._results([self._result("open", f"open/{p}", p, 0, posts=[(p, 0)]) for p in people])

    def happen(self, kind: str, person: str) -> None:
        """Freeze, unfreeze or close a wallet."""
        self._results([self._result(kind, f"{kind}/{person}", person, 0)])

    def consent(self, person: str, minute: int, *, granted: bool, channel: str = "*") -> None:
        """Say whether `person` may be contacted, so many minutes after the beginning."""
        self._campaign_rows(
            [
                {
                    "id": f"consent/{person}/{minute}",
                    "type": "consent",
                    "time": NOW - timedelta(days=9) + timedelta(minutes=minute),
                    "person": person,
                    "channel": channel,
                    "granted": granted,
                }
            ]
        )

    def audience(self, name: str, people: Sequence[str]) -> None:
        """Freeze an audience, the best first."""
        self.client.insert(
            "audiences",
            [[PROGRAM, name, NOW.date(), "model", "{}", len(people), 0, f"print-{name}", NOW]],
            column_names=[
                *("program", "name", "as_of", "model_id", "rule"),
                *("size", "opted_out", "fingerprint", "frozen_at"),
            ],
        )
        self.client.insert(
            "audience_members",
            [
                [
                    PROGRAM,
                    name,
                    f"print-{name}",
                    person,
                    round(0.9 - 0.8 * n / len(people), 6),
                    n + 1,
                ]
                for n, person in enumerate(people)
            ],
            column_names=["program", "audience", "fingerprint", "person", "score", "rank"],
        )

    def take(self, published: Iterable[Event]) -> None:
        """Do as the ledger and the feed would with what was published."""
        results, campaign = [], []
        for event in published:
            if isinstance(event, Fund | Defund | Grant):
                results.append(self._judge(event))
            elif isinstance(event, Assignment | Contact | Describe):
                campaign.append(_campaign_row(event))
        self._results(results)
        self._campaign_rows(campaign)

    def _judge(self, event: Fund | Defund | Grant) -> list[Any]:
        kind = type(event).__name__.lower()
        data = event.data
        assert data.amount is not None
        if event.id in self.seen:
            return self._result(kind, event.id, event.subject, data.amount, outcome="repeat")
        self.seen.add(event.id)
        if isinstance(event, Fund):
            payer, payee = f"issuer:{PROGRAM}", event.subject
        elif isinstance(event, Defund):
            payer, payee = event.subject, f"issuer:{PROGRAM}"
            assert self.balances[payer] >= data.amount
        else:
            shard = partition_of(event.subject, PARTITIONS)
            payer, payee = f"budget:{data.campaign}@{shard}", event.subject
            reason = ""
            if payee not in self.balances:
                reason = "unknown_account"
            elif self.balances.get(payer, 0) < data.amount:
                reason = "budget_exhausted"
            if reason:
                return self._result(
                    kind, event.id, payee, data.amount, outcome="refused", reason=reason,
                    campaign=data.campaign,
                )  # fmt: skip
        posts = [(payer, -data.amount), (payee, data.amount)]
        return self._result(
            kind, event.id, event.subject, data.amount, posts=posts, campaign=data.campaign
        )

    def _result(
        self,
        kind: str,
        event_id: str,
        subject: str,
        amount: int,
        *,
        posts: Sequence[tuple[str, int]] = (),
        outcome: str = "applied",
        reason: str = "",
        campaign: str = "",
    ) -> list[Any]:
        partition, offset = partition_of(subject, PARTITIONS), next(self.offsets)
        for account, change in posts:
            self.balances[account] = self.balances.get(account, 0) + change
            self.versions[account] += 1
        kinds = [a.partition(":")[0] if a.startswith(("budget:", "issuer:")) else "wallet"
                 for a, _ in posts]  # fmt: skip
        return [
            partition, offset, event_id, SOURCE, kind, subject, PROGRAM, NOW,
            outcome, reason, amount,
            campaign or event_id.split("/")[1] * (kind in {"fund", "defund", "grant"}),
            [a for a, _ in posts], kinds, [c for _, c in posts],
            [self.balances[a] for a, _ in posts], [self.versions[a] for a, _ in posts],
            "ledger.postings", partition, offset,
        ]  # fmt: skip

    def _results(self, rows: list[list[Any]]) -> None:
        if rows:
            self.client.insert(
                "ledger_results",
                rows,
                column_names=[
                    *(
                        "source_partition",
                        "source_offset",
                        "event_id",
                        "event_source",
                        "type",
                        "subject",
                    ),
                    *("program", "time", "outcome", "reason", "amount", "campaign"),
                    *("posting.account", "posting.kind", "posting.amount", "posting.balance"),
                    *("posting.version", "topic", "partition", "offset"),
                ],
            )

    def _campaign_rows(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        names = [
            *("id", "type", "time", "person", "campaign", "arm", "probability", "channel"),
            *("until", "value", "item", "granted", "source", "offset", "number", "description"),
            "agent",
        ]
        texts = ("campaign", "arm", "channel", "item", "source", "description", "agent")
        defaults = dict.fromkeys(texts, "")
        for start in range(0, len(rows), BATCH):
            self.client.insert(
                "campaign_events",
                [
                    [({**defaults, **row, **self._place(row["person"])}).get(n) for n in names]
                    for row in rows[start : start + BATCH]
                ],
                column_names=names,
            )

    def _place(self, person: str) -> dict[str, int]:
        """Return what the campaign agent and the log add to an event."""
        number = self.numbers.setdefault(person, len(self.numbers) + PARTITIONS)
        return {"offset": next(self.offsets), "number": number}

    def replay(self) -> None:
        """Fill with the real campaigns: Hillstrom's and The Complete Journey's."""
        rows, people = [], []
        for source in (hillstrom.source(), complete_journey.source()):
            for event in source.events:
                kind = type(event).__name__.lower()
                if kind == "open":
                    people.append(event.subject)
                elif kind not in {"earn", "profile", "describe"}:
                    rows.append(_campaign_row(event))
        self._campaign_rows(rows)
        self.open(people)


def _campaign_row(event: Any) -> dict[str, Any]:
    data = event.data
    described = {}
    if isinstance(event, Describe):
        described["description"] = msgspec.json.encode(data).decode()
    fields = ("campaign", "arm", "probability", "channel", "until", "value", "item")
    return {
        "id": event.id,
        "source": event.source,
        "type": type(event).__name__.lower(),
        "time": event.time,
        "person": event.subject,
        **described,
    } | {f: getattr(data, f) for f in fields if getattr(data, f, None) is not None}


class Wire:
    """A publisher that keeps bytes, may break after some events, and decodes what it kept."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.break_after: int | None = None

    def __call__(
        self,
        published: Iterable[Event],
        *,
        on_sent: Callable[[int], object] | None = None,  # noqa: ARG002
    ) -> int:
        for n, event in enumerate(published):
            if n == self.break_after:
                raise ConnectionError("the broker is gone")
            self.sent.append(encode(event))
        return len(self.sent)

    def told(self) -> None:
        """Tell nothing: no worker is there."""

    def events(self) -> list[Event]:
        return [
            (decode_wallet if b'"flowdrop.wallet' in value else decode_campaign)(value)
            for value in self.sent
        ]


def new_world(url: str) -> World:
    """Make a warehouse with tables and without rows in the engine at `url`."""
    name = f"console_{next(NUMBERS)}"
    connect(url).command(f"CREATE DATABASE {name}")
    own = url.removesuffix("default") + name
    client = connect(own)
    add_tables(client)
    return World(client, own)
