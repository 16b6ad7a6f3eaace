"""What a worker says of itself: ready or not and why, its metrics, and refusals in words."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING

import pytest

from local.ports import HOST
from tests.stack import wait_for

if TYPE_CHECKING:
    from tests.streams.layer.conftest import Make
    from tests.streams.layer.world import Worker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def metrics(worker: Worker) -> dict[str, float]:
    with urllib.request.urlopen(f"http://{HOST}:{worker.port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = answer.read().decode().splitlines()
    rows = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def test_a_worker_tells_its_metrics(make_world: Make) -> None:
    world = make_world(stuck_seconds=12)
    worker = world.worker()
    assert worker.get("/readyz") == {"ready": True, "partitions": [0, 1, 2, 3], "not_ready": []}
    world.numbers(1_000)
    world.wait_done()
    table, topic = '{table="counts"}', f'{{topic="{world.source}"}}'
    found = metrics(worker)
    assert found[f"flowdrop_ready_partitions{table}"] == 4
    assert found[f"flowdrop_batch_records_sum{topic}"] == 1_000
    assert found[f"flowdrop_transaction_seconds_count{table}"] >= 4
    assert found[f"flowdrop_acknowledgement_seconds_count{table}"] >= 4
    assert found["flowdrop_recovery_remaining_offsets"] == 0
    assert found["flowdrop_restarts"] == 0
    lag = f'flowdrop_lag_records{{partition="0",topic="{world.source}"}}'
    wait_for(lambda: metrics(worker).get(lag) == 0, "the watch's first look")


def test_a_worker_that_recovers_is_not_ready_and_says_why(make_world: Make) -> None:
    world = make_world()
    world.worker().kill()  # its session lasts on, so that the next one has to wait
    worker = world.worker(wait=False)
    said = wait_for(lambda: worker.get("/readyz"), "the web views")
    assert said["ready"] or said["not_ready"], said
    worker.wait_ready()
