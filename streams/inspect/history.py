"""An account as it is now, or as it stood at a moment of the log, with its last postings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sql.client import rows
from streams.events.identity import event_key
from streams.inspect.balances import UnknownAccountError, live_balance
from streams.ledger.refusals import REFUSALS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

NO_CUT = 2**64 - 1
_STATES = {"freeze": "frozen", "close": "closed"}
_REMEDIES = {refusal.name: refusal.remedy for refusal in REFUSALS}


class Shown(msgspec.Struct, frozen=True):
    """An account, where it was read from, and its postings, last applied first.

    Attributes:
        state: open, frozen or closed; None if only postings were asked, which don't say.
        tier: of verification; None for what is not a wallet.
        terms: of a wallet `holds`, its open redemptions, and `orders`, those not delivered; of a
            packet its sender, mode, claims and end; of a budget's shard its lease. ClickHouse knows
            only a wallet's, without `until`, and an order's item instead of its merchant.
        as_of: the partition, offset in wallet.events and time that it reflects.
        source: `worker` or `clickhouse`.
        note: why it isn't the worker's, or why there are no postings; otherwise ''.
    """

    account: str
    kind: str
    program: str
    state: str | None
    tier: str | None
    posted: int
    pending: int
    available: int
    version: int
    terms: dict[str, Any]
    as_of: dict[str, Any]
    source: str
    note: str
    postings: list[dict[str, Any]]


def parse_time(text: str, option: str = "at") -> datetime:
    """Return the moment written as ISO 8601 in an option; without an offset it is UTC.

    Raises:
        click.ClickException: when it is not written so.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise click.ClickException(
            f"--{option} {text!r} is not a time; write it as 2026-03-01 or "
            "2026-03-01T12:00:00+08:00"
        ) from error


def show_live(worker: str, token: str, client: Client | None, account: str, limit: int) -> Shown:
    """Return an account as the worker has it; as ClickHouse has it when no worker answers.

    Args:
        worker: URL of any worker.
        token: the token for its views.
        client: the warehouse, None when it does not answer; postings are left out then.
        account: its name.
        limit: how many postings at most.

    Raises:
        click.ClickException: when there is no such account, or neither answers.
    """
    try:
        body = live_balance(worker, account, token)
    except UnknownAccountError as error:
        if client is None:
            raise
        raise click.ClickException(_unknown(client, account)) from error
    except click.ClickException as error:
        if client is None:
            raise
        return _stored(client, account, NO_CUT, limit, error.message)
    postings = [] if client is None else _postings(client, account, NO_CUT, limit)
    terms = body["terms"]
    if client is not None and (terms.get("holds") or terms.get("orders")):
        held = _held(client, account, body["as_of"]["partition"], NO_CUT)
        for own, name in (("holds", "redemption"), ("orders", "order")):
            names = {event_key(row["source"], row[name]).hex(): row[name] for row in held[own]}
            for row in terms[own]:
                row[name] = names.get(row.pop("key"))
    note = "ClickHouse does not answer, so postings are left out" if client is None else ""
    return Shown(**body, source="worker", note=note, postings=postings)


def show_at(client: Client, account: str, moment: datetime, limit: int) -> Shown:
    """Return an account as it stood when its partition's clock passed `moment`.

    Raises:
        click.ClickException: when there is no such account, or not yet.
    """
    now = _account(client, account, NO_CUT)
    number = now["source_partition"]
    naive = moment.replace(tzinfo=None)
    cut = rows(client, "ledger/cut", partition=number, moment=naive)[0]["cut"]
    if not rows(client, "ledger/account", account=account, cut=cut):
        raise click.ClickException(
            f"account {account!r} had no posting by {moment.isoformat()}; see its first with "
            f"`flowdrop ledger show {account} --postings 1000`"
        )
    return _stored(client, account, cut, limit, "")


def _stored(client: Client, account: str, cut: int, limit: int, note: str) -> Shown:
    row = _account(client, account, cut)
    number = row["source_partition"]
    state = rows(client, "ledger/state", account=account, partition=number, cut=cut)
    known = row["kind"] == "wallet"
    tier = rows(client, "ledger/tier", account=account, partition=number, cut=cut)
    return Shown(
        account=account,
        kind=row["kind"],
        program=row["program"],
        state=_STATES.get(state[0]["type"] if state else "", "open") if known else None,
        tier=(tier[0]["tier"] if tier else "none") if known else None,
        posted=row["posted"],
        pending=row["pending"],
        available=row["posted"] - row["pending"],
        version=row["version"],
        terms=_held(client, account, number, cut) if known else {},
        as_of={
            "partition": number,
            "offset": row["source_offset"],
            "time": _utc(row["time"]),
        },
        source="clickhouse",
        note=note,
        postings=_postings(client, account, cut, limit),
    )


def _account(client: Client, account: str, cut: int) -> dict[str, Any]:
    found = rows(client, "ledger/account", account=account, cut=cut)
    if not found:
        raise click.ClickException(_unknown(client, account))
    return found[0]


def _unknown(client: Client, account: str) -> str:
    """Return an error that there is no such account, with the likeliest remedy."""
    refused = rows(client, "ledger/refused", account=account)
    if refused and (reason := refused[0]["reason"]):
        return (
            f"no account {account!r}: {refused[0]['events']:,} events named it and the last was "
            f"refused as {reason}. {_REMEDIES.get(reason, '')}"
        )
    alike = [row["account"] for row in rows(client, "ledger/alike", account=account)]
    if alike:
        return f"no account {account!r}; did you mean {' or '.join(map(repr, alike))}?"
    return f"no account {account!r}: nothing is posted yet; see `flowdrop status`"


def _held(client: Client, account: str, number: int, cut: int) -> dict[str, Any]:
    return {
        name: rows(client, f"ledger/{name}", account=account, partition=number, cut=cut)
        for name in ("holds", "orders")
    }


def _postings(client: Client, account: str, cut: int, limit: int) -> list[dict[str, Any]]:
    found = rows(client, "ledger/last_postings", account=account, cut=cut, limit=limit)
    return [row | {"time": _utc(row["time"])} for row in found]


def _utc(time: datetime) -> str:
    return time.replace(tzinfo=UTC).isoformat()
