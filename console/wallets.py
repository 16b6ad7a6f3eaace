"""One wallet: its live balance from the worker that owns it, its history from the warehouse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError
from flowdrop.answers import NO_ANSWER
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

ANSWER_SECONDS_MAX = 2.0
PAGE_POSTINGS = 25
NOT_FOUND = 404

Live = dict[str, Any]
"""As the worker answers: account, program, posted, pending, available, version, as_of."""


class WorkerDownError(LocalizedError):
    """No worker answers for the account."""


class UnknownWalletError(LocalizedError):
    """Neither a worker nor the warehouse knows the account."""

    def __init__(self, account: str, alike: list[str]) -> None:
        super().__init__(
            LocalizedText(
                "account {account!r} is unknown; similar accounts are {alike}",
                account=account,
                alike=Names(tuple(alike)),
            )
            if alike
            else LocalizedText("account {account!r} is unknown; check its name", account=account)
        )
        self.alike = alike


@dataclass(frozen=True, kw_only=True)
class Last:
    """An account as the warehouse's last posting left it; coins are the smallest unit."""

    account: str
    kind: str
    program: str
    balance: int
    last_version: int
    last_time: datetime
    first_time: datetime


@dataclass(frozen=True, kw_only=True)
class Posting:
    """What one event added to the account or took from it."""

    version: int
    time: datetime
    type: str
    activity: str
    campaign: str
    counterparty: str
    amount: int
    balance: int
    event_id: str
    event_source: str


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """An account, live and as last known; at least one of the two is present."""

    account: str
    live: Live | None
    worker_down: LocalizedText | None  # the sentence, when no worker answered
    last: Last | None
    postings: tuple[Posting, ...]  # last applied first, one page
    postings_count: int
    offset: int


def live(worker: str, account: str, token: str) -> Live | None:
    """Return the live balance of `account`, or none when its worker does not know it.

    Raises:
        WorkerDownError: when no worker answers at `worker` within `ANSWER_SECONDS_MAX`.
    """
    request = Request(  # noqa: S310 - the address is a setting, and http or https
        f"{worker.rstrip('/')}/balances/{quote(account, safe='')}",
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        with urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310
            found: Live = json.load(answer)
            return found
    except HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        raise WorkerDownError(
            LocalizedText(
                "the worker at {worker} answered {code}; see `flowdrop status`",
                worker=worker,
                code=error.code,
            )
        ) from error
    except NO_ANSWER as error:
        raise WorkerDownError(
            LocalizedText(
                "no worker answers at {worker}; start one with `flowdrop worker` or set "
                "FLOWDROP_WORKER",
                worker=worker,
            )
        ) from error


def wallet(
    client: Client, account: str, ask: Callable[[str], Live | None], offset: int = 0
) -> Wallet:
    """Return `account` with its balance and one page of history.

    Args:
        client: of the warehouse.
        account: its name.
        ask: gives the live balance, see `live`.
        offset: postings to leave out, counted from the last applied.

    Raises:
        UnknownWalletError: when nobody knows the account.
    """
    balance, down = None, None
    try:
        balance = ask(account)
    except WorkerDownError as error:
        down = error.words
    found = rows(client, "wallets/last", account=account)
    last = Last(**found[0]) if found else None
    if balance is None and last is None:
        raise UnknownWalletError(account, alike(client, account))
    page = rows(
        client, "wallets/history", account=account, limit=PAGE_POSTINGS, offset=max(0, offset)
    )
    return Wallet(
        account=account,
        live=balance,
        worker_down=down,
        last=last,
        postings=tuple(Posting(**row) for row in page),
        postings_count=last.last_version if last else 0,
        offset=max(0, offset),
    )


def alike(client: Client, account: str) -> list[str]:
    """Return a few wallets whose names begin as `account` does."""
    prefix, colon, _ = account.partition(":")
    starts = [account, prefix + colon] if colon else [account]
    for start in starts:
        found = [row["account"] for row in rows(client, "wallets/alike", prefix=start)]
        if found:
            return found
    return []
