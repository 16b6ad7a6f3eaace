"""The worker's web views: live balances from committed state, and whether it is well."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yarl import URL

from streams.events import partition_of
from streams.ledger.accounts import unpack

if TYPE_CHECKING:
    import faust
    from faust.web import Request, Response, View

    from streams.layer.state import PartitionState
    from streams.layer.table import BatchTable
    from streams.settings import StreamSettings

ROUTED = "X-Flowdrop-Routed"


def attach_balances(app: faust.App, table: BatchTable, settings: StreamSettings) -> None:
    """Serve `/balances/{account}` and `/accounts/{partition}`, wherever the partition lives."""

    @app.page("/balances/{account}")
    async def balance(self: View, request: Request, account: str) -> Response:
        number = partition_of(account, settings.partitions)
        state = _mine(table, number)
        if state is None:
            return await _elsewhere(app, table, self, request, number)
        body = _balance(state, account)
        if body is None:
            return self.json({"error": f"no account {account}"}, status=404)
        return self.json(body)

    @app.page("/accounts/{partition}")
    async def accounts(self: View, request: Request, partition: str) -> Response:
        number = int(partition)
        state = _mine(table, number)
        if state is None:
            return await _elsewhere(app, table, self, request, number)
        return self.json({"as_of": _as_of(state), "accounts": dict(_positions(state))})

    @app.page("/healthz")
    async def healthz(self: View, request: Request) -> Response:  # noqa: ARG001
        return self.json({"status": "alive"})

    @app.page("/readyz")
    async def readyz(self: View, request: Request) -> Response:  # noqa: ARG001
        owned = sorted(table.store.ready)
        ready = bool(app.tables.actives_ready) and not app.rebalancing
        return self.json({"ready": ready, "partitions": owned}, status=200 if ready else 503)


def _mine(table: BatchTable, number: int) -> PartitionState | None:
    store = table.store
    return store.partitions.get(number) if number in store.ready else None


async def _elsewhere(
    app: faust.App, table: BatchTable, view: View, request: Request, number: int
) -> Response:
    if request.headers.get(ROUTED):
        return view.json({"error": f"partition {number} is moving, ask again"}, status=503)
    owner = owner_of(app, table.store.changelog, number)
    if owner is None:
        return view.json({"error": f"nobody serves partition {number} yet, ask again"}, status=503)
    url = URL(owner).with_path(request.path)
    async with app.http_client.get(url, headers={ROUTED: "1"}) as answer:
        return view.json(json.loads(await answer.text()), status=answer.status)


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
    account = unpack(packed)
    return {
        "account": name,
        "kind": account.kind,
        "program": account.program,
        "state": account.state,
        "posted": account.posted,
        "pending": account.pending,
        "available": account.available,
        "version": account.version,
        "as_of": _as_of(state),
    }


def _positions(state: PartitionState) -> Any:
    for key, packed in state.committed.items():
        if not key.startswith(b"\x00"):
            account = unpack(packed)
            yield key.decode(), [account.posted, account.pending, account.version]
