"""flowdrop's layer with the bare fold: batches in, one transaction per partition out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import wallet
from benchmarks.engines import Engine
from benchmarks.place import Place

if TYPE_CHECKING:
    import faust
    from faust.types import StreamT

    from streams.layer.table import Work


def create(place: Place) -> faust.App:
    """Return the app, with the worker's own settings."""
    from flowdrop.settings import load
    from streams.layer.table import BatchTable
    from streams.layer.transport import BatchSchema
    from streams.settings import StreamSettings
    from streams.worker.agents import _ends_process
    from streams.worker.app import create_app

    settings = load(StreamSettings).model_copy(
        update={"partitions": place.partitions, "datadir": Path(place.folder)}
    )
    app = create_app(place.group, place.bootstrap, settings)
    app.conf.web_enabled = False
    table = BatchTable(
        app,
        name="balances",
        source=place.source,
        outputs=(place.results,),
        bootstrap=place.bootstrap,
        interval_s=settings.transaction_interval_ms / 1000,
        partitions=place.partitions,
    )

    @app.agent(app.topic(place.source, schema=BatchSchema()), name="wallets")
    @_ends_process
    async def wallets(stream: StreamT[Any]) -> None:
        async for work in table.batches(stream):
            fold_batch(work, place.results)

    return app


def fold_batch(work: Work, results: str) -> None:
    """Fold one batch into its partition's balances, one result per event."""
    state = work.state
    balances: dict[bytes, int] = {}
    for _, key, value in work.batch.records():
        assert key is not None
        assert value is not None
        event = wallet.decode_event(value)
        balance = balances.get(key)
        if balance is None:
            packed = state.get(key)
            balance = wallet.unpack(packed) if packed else 0
        result = wallet.fold(balance, event)
        balances[key] = result.balance
        state.emit(results, work.partition, key, wallet.encode_result(result))
    for key, balance in balances.items():
        state.put(key, wallet.pack(balance))


def _balance(key: bytes, value: bytes) -> tuple[str, int] | None:
    from streams.layer.state import APPLIED_KEY

    return None if key == APPLIED_KEY else (key.decode(), wallet.unpack(value))


ENGINES = (
    Engine(
        name="layer",
        guarantee="exactly once",
        state="memory, changelog",
        command=lambda place: place.argv(__name__),
        changelog=lambda place: place.changelog,
        balance=_balance,
    ),
)


if __name__ == "__main__":
    from streams.worker.app import run

    run(create(Place.from_argv()))
