"""A broker that a module may stop and kill, and worlds on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from local.kafka.node import KafkaNode
from tests.streams.layer.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., World]


# Kafka looks for overdue transactions each 10 s and for what to compact each 15 s
IMPATIENT = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "log.cleaner.backoff.ms": "200",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    node = KafkaNode(tmp_path_factory.mktemp("layer-kafka"), settings=IMPATIENT)
    node.start()
    yield node
    node.stop()


@pytest.fixture
def make_world(node: KafkaNode, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[World] = []
    own = request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-")[:60]

    def make(**settings: object) -> World:
        name = f"{own}-{uuid4().hex[:12]}"  # tests that differ by parameters share the broker
        made.append(World(node.bootstrap, tmp_path, name, **settings))
        return made[-1]

    yield make
    for world in made:
        world.stop()
