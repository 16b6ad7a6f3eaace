"""Quix Streams: a stateful function over a data frame, state in RocksDB with a changelog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import wallet
from benchmarks.engines import Engine
from benchmarks.peers import python_of, why_missing
from benchmarks.place import Place

if TYPE_CHECKING:
    from quixstreams import State

EVENTS_MAX = 200_000


def run(place: Place) -> None:
    """Fold until SIGTERM."""
    from quixstreams import Application

    app = Application(
        broker_address=place.bootstrap,
        consumer_group=place.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=place.folder,
        producer_extra_config={"compression.type": "lz4"},
        loglevel="WARNING",
    )
    events = app.topic(place.source, key_deserializer="str", value_deserializer="bytes")
    results = app.topic(place.results, key_serializer="str", value_serializer="bytes")
    app.dataframe(events).apply(_fold, stateful=True).to_topic(results)
    app.run()


def _fold(value: bytes, state: State) -> bytes:
    event = wallet.decode_event(value)
    result = wallet.fold(state.get("balance", 0), event)
    state.set("balance", result.balance)
    return wallet.encode_result(result)


def _balance(key: bytes, value: bytes) -> tuple[str, int]:
    import json

    return json.loads(key.partition(b"|")[0]), json.loads(value)


def _changelog(place: Place) -> str:
    return f"changelog__{place.group}--{place.source}--default"


ENGINES: tuple[Engine, ...] = (
    Engine(
        name="quixstreams",
        guarantee="exactly once",
        state="RocksDB, changelog",
        command=lambda place: place.argv(__name__, python_of("quixstreams")),
        changelog=_changelog,
        balance=_balance,
        missing=lambda: why_missing("quixstreams"),
        events_max=EVENTS_MAX,
    ),
)

if __name__ == "__main__":
    run(Place.from_argv())
