"""Stock Faust: `async for event` and a Table in memory with its changelog, at least once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import wallet
from benchmarks.engines import Engine
from benchmarks.place import Place

if TYPE_CHECKING:
    import faust
    from faust.types import StreamT

EVENTS_MAX = 40_000  # some ten seconds


def create(place: Place) -> faust.App:
    """Return the app as Faust's own examples write it; messages are decoded by msgspec."""
    import faust

    app = faust.App(
        place.group,
        broker=f"kafka://{place.bootstrap}",
        store="memory://",
        datadir=place.folder,
        autodiscover=False,
        topic_partitions=place.partitions,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        producer_compression_type="lz4",
        worker_redirect_stdouts=False,
        web_enabled=False,
    )
    events = app.topic(place.source, key_type=bytes, value_type=bytes, value_serializer="raw")
    results = app.topic(place.results, key_type=bytes, value_type=bytes, value_serializer="raw")
    balances = app.Table("balances", key_type=str, value_type=int, default=int)

    @app.agent(events)
    async def wallets(stream: StreamT[Any]) -> None:
        async for value in stream:
            event = wallet.decode_event(value)
            result = wallet.fold(balances[event.subject], event)
            balances[event.subject] = result.balance
            await results.send(key=event.subject.encode(), value=wallet.encode_result(result))

    return app


def _balance(key: bytes, value: bytes) -> tuple[str, int]:
    import json

    return json.loads(key), json.loads(value)


ENGINES = (
    Engine(
        name="faust",
        guarantee="at least once",
        state="memory, changelog",
        command=lambda place: place.argv(__name__),
        changelog=lambda place: place.changelog,
        balance=_balance,
        events_max=EVENTS_MAX,
    ),
)

if __name__ == "__main__":
    from streams.worker.app import run

    run(create(Place.from_argv()))
