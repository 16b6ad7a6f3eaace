"""Bytewax: a stateful map; its state has no changelog, here it is not kept at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import wallet
from benchmarks.engines import Engine
from benchmarks.peers import python_of, why_missing
from benchmarks.place import Place

if TYPE_CHECKING:
    from bytewax.dataflow import Dataflow

FETCH_RECORDS = 10_000


def create(place: Place) -> Dataflow:
    """Return the dataflow: events in, a stateful map per key, results out."""
    import bytewax.operators as op
    from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSource
    from bytewax.connectors.kafka import operators as kop
    from bytewax.dataflow import Dataflow

    def fold(balance: int | None, event: wallet.Event) -> tuple[int, wallet.Result]:
        result = wallet.fold(balance or 0, event)
        return result.balance, result

    flow = Dataflow("wallets")
    source = KafkaSource([place.bootstrap], [place.source], batch_size=FETCH_RECORDS)
    events = op.map(
        "decode", op.input("events", flow, source), lambda m: wallet.decode_event(m.value)
    )
    keyed = op.key_on("account", events, lambda event: event.subject)
    folded = op.stateful_map("fold", keyed, fold)
    out = op.map(
        "encode",
        folded,
        lambda pair: KafkaSinkMessage(pair[0].encode(), wallet.encode_result(pair[1])),
    )
    kop.output(
        "results",
        out,
        brokers=[place.bootstrap],
        topic=place.results,
        add_config={"compression.type": "lz4"},
    )
    return flow


ENGINES: tuple[Engine, ...] = (
    Engine(
        name="bytewax",
        guarantee="none",
        state="memory, no changelog",
        command=lambda place: place.argv(__name__, python_of("bytewax")),
        missing=lambda: why_missing("bytewax"),
    ),
)

if __name__ == "__main__":
    from bytewax.run import cli_main

    cli_main(create(Place.from_argv()))
