"""The worker's web views: live balances from committed state, and its health."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import ClientError
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from yarl import URL

from streams.events import partition_of
from streams.layer.metrics import RECOVERY_REMAINING_OFFSETS
from streams.ledger.accounts import kind_of, owner_name, unpack
from streams.ledger.terms import (
    gifts_of,
    holds_of,
    lease_of,
    orders_of,
    packet_of,
    saved_of,
    shares_of,
    sources_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import faust
    from faust.web import Request, Response, View

    from streams.layer.state import PartitionState
    from streams.layer.table import BatchTable
    from streams.layer.watch import Watch
    from streams.ledger.accounts import Account
    from streams.settings import StreamSettings

ROUTED = "X-Flowdrop-Routed"


def attach_balances(app: faust.App, table: BatchTable, settings: StreamSettings) -> None:
    """Serve `/balances/{account}` and `/accounts/{partition}`, wherever the partition lives."""

    @app.page("/balances/{account:.+}")  # a name may hold anything visible, including slashes
    async def balance(self: View, request: Request, account: str) -> Response:
        number = partition_of(owner_name(account), settings.partitions)
        state = _mine(table, number)
        if state is None:
            return await _elsewhere(app, table, self, request, number)
        body = _balance(state, account)
        if body is None:
            return self.json({"error": f"no account {account}"}, status=404)
        return self.json(body)

    @app.page("/accounts/{partition}")
    async def accounts(self: View, request: Request, partition: str) -> Response:
        if not partition.isdecimal() or int(partition) >= settings.partitions:
            last = settings.partitions - 1
            return self.json(
                {"error": f"partition {partition} is not one of 0 to {last}"}, status=404
            )
        number = int(partition)
        state = _mine(table, number)
        if state is None:
            return await _elsewhere(app, table, self, request, number)
        return self.json({"as_of": _as_of(state), "accounts": dict(_positions(state))})


def attach_health(app: faust.App, tables: Sequence[BatchTable], watch: Watch) -> None:
    """Serve `/healthz` (it progresses), `/readyz` (it serves all that is its own), `/metrics`."""
    RECOVERY_REMAINING_OFFSETS.set_function(app.tables.recovery.active_remaining_total)

    @app.page("/healthz")
    async def healthz(self: View, request: Request) -> Response:  # noqa: ARG001
        if words := tables[0].missing():
            return self.json({"status": "waiting", "reason": words})
        if watch.standing_seconds() < watch.stuck_seconds / 2:
            return self.json({"status": "alive"})
        return self.json({"status": "stuck", "reason": watch.reason()}, status=503)

    @app.page("/readyz")
    async def readyz(self: View, request: Request) -> Response:  # noqa: ARG001
        missing = not_ready(app, tables)
        body = {
            "ready": not missing,
            "partitions": sorted(tables[0].store.ready),
            "not_ready": missing,
        }
        return self.json(body, status=503 if missing else 200)

    @app.page("/metrics")
    async def metrics(self: View, request: Request) -> Response:  # noqa: ARG001
        return self.bytes(generate_latest(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def not_ready(app: faust.App, tables: Sequence[BatchTable]) -> list[str]:
    """Say in words what keeps the worker from serving; nothing if it is ready."""
    if app.rebalancing:
        return ["partitions are being assigned to the workers"]
    if not app.tables.actives_ready:
        left = app.tables.recovery.active_remaining_total()
        return [f"state is being rebuilt: {left} changelog offsets to read"]
    return [
        f"{table.name} partition {number}: its state is not complete yet"
        for table in tables
        for number in sorted(table.store.partitions.keys() - table.store.ready)
    ]


def _mine(table: BatchTable, number: int) -> PartitionState | None:
    store = table.store
    return store.partitions.get(number) if number in store.ready else None


async def _elsewhere(
    app: faust.App, table: BatchTable, view: View, request: Request, number: int
) -> Response:
    if request.headers.get(ROUTED):
        return view.json({"error": f"partition {number} is moving, try again"}, status=503)
    owner = owner_of(app, table.store.changelog, number)
    if owner is None:
        return view.json({"error": f"nobody serves partition {number} yet, try again"}, status=503)
    # Byte for byte as requested: a path that is parsed and rebuilt is a different one (`..`,
    # `a/b`).
    url = URL(f"{URL(owner).origin()}{request.rel_url.raw_path_qs}", encoded=True)
    try:
        headers = {ROUTED: "1", "Authorization": request.headers.get("Authorization", "")}
        async with app.http_client.get(url, headers=headers) as answer:
            return view.json(json.loads(await answer.text()), status=answer.status)
    except (ClientError, TimeoutError):  # it has died, and the group has not noticed yet
        return view.json({"error": f"{owner} does not answer, try again"}, status=503)


def owner_of(app: faust.App, changelog: str, number: int) -> str | None:
    """Return the URL of the worker that owns a partition of the table, as last assigned."""
    for url, topics in app.router.tables_metadata().items():
        if number in topics.get(changelog, ()):
            return str(url)
    return None


def _as_of(state: PartitionState) -> dict[str, Any]:
    time = datetime.fromtimestamp(state.committed_time_ms / 1000, UTC)
    return {
        "partition": state.number,
        "offset": state.committed_offset,
        "time": time.isoformat(timespec="milliseconds"),
    }


def _balance(state: PartitionState, name: str) -> dict[str, Any] | None:
    packed = state.committed.get(name.encode())
    if packed is None:
        return None
    account = unpack(name, packed)
    return {
        "account": name,
        "kind": account.kind,
        "program": account.program,
        "state": account.state,
        "tier": (account.tier or "none") if account.kind == "wallet" else None,
        "posted": account.posted,
        "pending": account.pending,
        "available": account.available,
        "version": account.version,
        "terms": _terms(account),
        "as_of": _as_of(state),
    }


_AS_THEY_ARE: dict[str, Callable[[bytes], Any]] = {
    "budget": lambda terms: msgspec.structs.asdict(lease_of(terms)),
    "order": lambda terms: {"orders": list(map(msgspec.structs.asdict, orders_of(terms)))},
    "waiting": lambda terms: {"gifts": list(map(msgspec.structs.asdict, gifts_of(terms)))},
    "share": lambda terms: {"shares": list(map(msgspec.structs.asdict, shares_of(terms)))},
    "reward": lambda terms: {"sources": sources_of(terms)},
}


def _terms(account: Account) -> dict[str, Any]:
    """Return what only accounts of its kind have: a packet's rule, what a wallet holds, ..."""
    match account.kind:
        case "wallet":
            terms: dict[str, list[dict[str, Any]]] = {"holds": [], "orders": []}
            for hold in holds_of(account.terms):
                row = {"key": hold.key.hex(), "source": hold.source, "amount": hold.amount}
                if kind_of(hold.payee) == "merchant":
                    row["merchant"] = hold.payee.removeprefix("merchant:")
                    terms["orders"].append(row)
                else:
                    row |= {"carrier": hold.payee, "until": _iso(hold.until_us)}
                    terms["holds"].append(row)
            return terms
        case "packet":
            packet = packet_of(account.terms)
            return {
                "sender": packet.sender,
                "mode": packet.mode,
                "claims_left": packet.left,
                "claims_made": packet.made,
                "expires": _iso(packet.expires_us),
                "campaign": packet.campaign,
                "group": packet.group,
                "has_code": packet.code != b"",
            }
        case "deposit":
            saved = saved_of(account.terms)
            return {"until": _iso(saved.until_us) if saved.until_us else None}
    read = _AS_THEY_ARE.get(account.kind)
    return {} if read is None else read(account.terms)


def _iso(time_us: int) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_us)).isoformat()


def _positions(state: PartitionState) -> Any:
    for key, packed in state.committed.items():
        if not key.startswith(b"\x00"):
            account = unpack(key.decode(), packed)
            yield account.name, [account.posted, account.pending, account.version]
